"""``docs/licences.md`` from the metadata of what is installed: ``python -m tests.docs.licences_page > docs/licences.md``."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = [name for name in PROJECT["optional-dependencies"] if name not in ("test", "docs")]
HEAD = """\
# Licences of what it is built on

Made from the metadata of the installed packages by `python -m tests.docs.licences_page`; a test compares the two. What is used
by tests and by the pages alone is not passed on with the platform and stands last. A package under the GPL is found among these
only: what is under the GPL may be used to check results, and no user has to install it.
"""
# What the metadata of a package says in another place than that of the licence.
TOLD = {"pymannkendall": "MIT", "axe-playwright-python": "MIT", "cf-units": "BSD-3-Clause"}


def closure(requirements: Iterable[str]) -> set[str]:
    """Names of everything that these requirements bring on this system, themselves among them, where it is installed."""
    found: set[str] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted, extra = waiting.pop()
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        for chosen in ("", *wanted.extras):
            if (name, chosen) in seen:
                continue
            seen.add((name, chosen))
            try:
                needs = distribution(name).requires or []
            except PackageNotFoundError:
                continue
            found.add(name)
            waiting += [(Requirement(text), chosen) for text in needs]
    return found


def licence(package: Distribution) -> str:
    """The licence in few words: the SPDX expression, else the first line of the text, else the classifiers."""
    about = package.metadata
    name = canonicalize_name(about["Name"])
    if expression := about.get("License-Expression"):
        return str(expression)
    stated = (about.get("License") or "").strip().splitlines()
    if stated and len(stated[0]) < 50 and stated[0].upper() != "UNKNOWN":
        return stated[0]
    classes = [line.split(" :: ")[-1] for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
    return " or ".join(c for c in classes if c != "OSI Approved") or TOLD.get(name) or "not told"


def groups() -> dict[str, dict[str, str]]:
    """Package and licence by what they are needed for; each package in the first group that brings it."""
    optional = PROJECT["optional-dependencies"]
    wanted = {"The platform": PROJECT["dependencies"]}
    wanted |= {f"With `[{name}]`": optional[name] for name in EXTRAS}
    wanted["For tests and these pages alone"] = [*optional["test"], *optional["docs"]]
    told: set[str] = set()
    found = {}
    for title, requirements in wanted.items():
        names = sorted(closure(requirements) - told)
        told.update(names)
        found[title] = {name: licence(distribution(name)) for name in names}
    return found


def page() -> str:
    """The page."""
    lines = [HEAD]
    for title, packages in groups().items():
        lines += [f"## {title}", "", "| package | licence |", "|---|---|"]
        lines += [f"| {name} | {re.sub('[|]', '/', text)} |" for name, text in packages.items()]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page())
