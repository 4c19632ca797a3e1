"""docs/verification.md shows the published figures beside what is computed now, and explains what does not agree."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from .facts import PAGE, Fact, table
from .tables import FACTS, WITHOUT_DATA, without_data


def kept(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found, f"the page has no table {name}"
    return found[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", FACTS)
def test_the_page_shows_what_is_computed(name: str, shared: Callable[..., Path]) -> None:
    for needed in ("archive", "geometry", "samples", "reference"):
        shared(needed)
    facts = FACTS[name]()
    assert kept(name) == table(facts), "run: python -m tests.published --write"
    for fact in facts:
        assert fact.agrees or fact.why, f"{fact.quantity}: {fact.apart:+g} {fact.unit} apart, and nothing says why"
        assert fact.interval is None or fact.interval[0] <= fact.ours <= fact.interval[1]
        assert fact.interval is None or "interval at 9" in fact.how, f"{fact.quantity}: what does its interval include?"


def test_what_has_no_data_is_told_once_with_the_reason() -> None:
    assert kept("published-without-data") == without_data()
    assert len({quantity for quantity, *_ in WITHOUT_DATA}) == len(WITHOUT_DATA)
    assert all(why for *_, why in WITHOUT_DATA)


def test_a_figure_agrees_within_what_it_may_be_apart() -> None:
    def fact(ours: float, **other: float) -> Fact:
        return Fact("made up", -1.5, "nobody", ours, "m", "synthetic", other.get("within", 0.0), 1, "another series")

    assert fact(-1.54).agrees, "it rounds to what is printed"
    assert not fact(-1.56).agrees
    assert fact(-1.6, within=0.1).row()[2:5] == ["-1.6", "-0.1", "yes, within 0.1"]
    assert fact(-2.0).row()[-2:] == ["no", "synthetic; another series"]
    assert "another series" not in fact(-1.5).row()[-1]
