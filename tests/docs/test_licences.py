"""The page of licences is that of the packages, none of them keeps a user from using them, and all can be audited."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .licences_page import PROJECT, closure, groups, licence, page

ROOT = Path(__file__).resolve().parents[2]
PINS = {
    canonicalize_name(name): pinned
    for name, pinned in re.findall(r"^(\S+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
}


def test_the_page_is_made_from_what_is_installed() -> None:
    declared = [Requirement(text).name for text in PROJECT["dependencies"]]
    if any(version(name) != PINS[canonicalize_name(name)] for name in declared):
        pytest.skip("other versions are installed than those that the page was made from")
    assert (ROOT / "docs" / "licences.md").read_text(encoding="utf-8") == page()


def test_the_general_public_licence_is_met_in_tests_alone() -> None:
    *passed_on, tests = groups().items()
    for title, packages in passed_on:
        for name, text in packages.items():
            free_of_it = re.sub(r"LGPL\S*|(?:Lesser|Library) General Public", "", text)
            assert not re.search(r"GPL|General Public", free_of_it), f"{title}: {name} is under {text}"
            assert text != "not told", name
    assert any("GPL" in text or "General Public" in text for text in tests[1].values())


def test_what_a_user_gets_is_pinned_so_that_it_can_be_audited() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#") and not re.fullmatch(r"\S+==\S+", line)] == []
    extras = [text for name, texts in PROJECT["optional-dependencies"].items() if name != "test" for text in texts]
    assert closure([*PROJECT["dependencies"], *extras]) - set(PINS) == set()


def test_a_licence_is_found_wherever_it_is_told() -> None:
    class Package:
        def __init__(self, **told: str) -> None:
            from email.message import Message

            self.metadata = Message()
            self.metadata["Name"] = "made-up"
            for name, text in told.items():
                self.metadata[name.replace("_", "-")] = text

    assert licence(Package(License_Expression="MIT")) == "MIT"
    assert licence(Package(License="BSD\nand a long text")) == "BSD"
    assert licence(Package(Classifier="License :: OSI Approved :: MIT License")) == "MIT License"
    assert licence(Package()) == "not told"
