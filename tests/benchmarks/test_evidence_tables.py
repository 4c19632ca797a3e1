"""docs/evidence.md holds what its script measures: the cheapest of its tables is made again."""

from __future__ import annotations

import re

import pytest

from .evidence_tables import PAGE, SECTIONS, break_search


def kept(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found, f"the page has no table {name}"
    return found[1]


def test_every_table_is_there() -> None:
    for name in SECTIONS:
        assert len(kept(name).splitlines()) > 3


@pytest.mark.slow
def test_a_table_is_the_one_measured() -> None:
    assert break_search() == kept("breaks")
