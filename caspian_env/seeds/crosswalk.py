"""Which frameworks an indicator speaks to: ``crosswalk.csv``, a row for each definition, and what their codes mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caspian_env.errors import SeedError
from caspian_env.seeds.entries import build, csv_rows, refer
from caspian_env.settings import data_folder

FRAMEWORKS = ("theme", "sdg", "tehran", "gcos", "wmo")


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a definition belongs: COP29 themes, SDG, Tehran Convention, GCOS essential variable, WMO headline indicator.

    Several themes stand with a space between them, several codes of another framework with a semicolon.
    """

    definition: str
    source: str
    theme: str = ""
    sdg: str = ""
    tehran: str = ""
    gcos: str = ""
    wmo: str = ""
    note: str = ""

    def codes(self, framework: str) -> tuple[str, ...]:
        """What it belongs to in a framework; empty where it has no place there."""
        written = str(getattr(self, framework))
        return tuple(written.split() if framework == "theme" else filter(None, written.split("; ")))


@dataclass(frozen=True, slots=True)
class Code:
    """One theme, target, article or variable of a framework, and what it is about."""

    framework: str
    code: str
    title: str
    source: str


def load_frameworks(folder: Path | None = None) -> dict[str, dict[str, Code]]:
    """The codes of each framework in the order of ``frameworks.csv``; SeedError names a framework that is none."""
    found: dict[str, dict[str, Code]] = {name: {} for name in FRAMEWORKS}
    for entry, where in csv_rows(data_folder("seeds") if folder is None else folder, "frameworks.csv", Code):
        row = build(Code, entry, where)
        refer(row.framework, set(FRAMEWORKS), where, "framework")
        found[row.framework][row.code] = row
    return found


def load_crosswalk(folder: Path | None = None) -> dict[str, Crossing]:
    """The rows by definition; SeedError names what is wrong, as a code that ``frameworks.csv`` does not have."""
    known, found = load_frameworks(folder), dict[str, Crossing]()
    for entry, where in csv_rows(data_folder("seeds") if folder is None else folder, "crosswalk.csv", Crossing):
        row = build(Crossing, entry, where)
        for framework in FRAMEWORKS:
            for code in row.codes(framework):
                refer(code, set(known[framework]), where, framework)
        if row.definition in found:
            raise SeedError(f"crosswalk.csv: {row.definition}", "stands twice", "give each definition one row")
        found[row.definition] = row
    return found
