"""The pages of methods are those that seeds and docstrings make, with the same headings and nothing left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from caspian_env.wiring import load_seeds
from caspian_env.workflows.methods import HEADINGS, NOT_WRITTEN, method_pages
from tests.command_line import ROOT

INDICATORS = load_seeds().indicators
PAGES = method_pages(INDICATORS.values())
FOLDER = ROOT / "docs" / "methods"
HOW = "caspian-env indicators --pages docs/methods"


def test_there_is_a_page_for_each_definition_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(PAGES), HOW
    assert {indicator.definition for indicator in INDICATORS.values()} == set(PAGES) - {"README"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_made_from_the_seeds(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text == PAGES[name], HOW
    if name != "README":
        assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(HEADINGS)
        assert NOT_WRITTEN not in text


def test_a_page_names_every_variant_with_its_series() -> None:
    for indicator in INDICATORS.values():
        page = Path(FOLDER / f"{indicator.definition}.md").read_text(encoding="utf-8")
        assert all(f"| `{indicator.id}` | {given.argument} | `{given.dataset}` |" in page for given in indicator.inputs)
