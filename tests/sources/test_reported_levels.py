"""Reported levels: only those of the whole sea are observations, each with its source."""

from __future__ import annotations

import pytest

from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.settings import data_folder
from caspian_env.sources import reported_levels as source

from .conftest import Altered, Collect

WHOLE = {"place": "caspian_sea"}
NAME = ("reported_levels", "reported_levels.csv")


def test_the_whole_sea_by_year(altered: Altered) -> None:
    read = source.read_granule(altered(*NAME), options=WHOLE)
    assert [str(t)[:10] for t in read["time"].values] == ["2001-01-01", "2002-01-01"]
    assert read["level_m"].values.tolist() == [-27.25, -27.5]
    assert read["level_m"].attrs["units"] == "m"
    assert read["status"].values.tolist() == ["reported", "reported"]
    assert read["source_note"].values.tolist() == [
        "Made-up Bureau, by Made-up Times, 2003-01-02",
        "Made-up Bureau, 2003-01-02; https://example.org/2002; made by hand",
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("2003-01-02,Made-up Bureau,https", "2003-01-02,,https", "2002: no source"),
        ("2003-01-02", "some time ago", "is not the date of a report"),
        ("2001,-27.25", "2002,-27.25", "stands twice"),
        ("level_m", "level", "the header is"),
        ("2001,-27.25", "2001,", "is not a number"),
    ],
)
def test_a_level_without_year_value_or_source_is_refused(altered: Altered, old: str, new: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(altered(*NAME, old, new), options=WHOLE)


def test_a_table_without_the_whole_sea_is_refused(altered: Altered) -> None:
    path = altered(*NAME)
    path.write_text(path.read_text(encoding="utf-8").replace(",caspian_sea,", ",kazakh_sector,"), encoding="utf-8")
    with pytest.raises(BadGranule, match="no row with a value"):
        source.read_granule(path, options=WHOLE)


def test_the_seed_holds_the_published_extremes(window: Window) -> None:
    (ref,) = source.list_granules(window, None, options=WHOLE)  # type: ignore[arg-type]
    scheme, _, name = ref.path.partition(":")
    assert scheme == "seed"
    read = source.read_granule(data_folder("seeds") / name, options=WHOLE)
    levels = dict(zip([int(str(t)[:4]) for t in read["time"].values], read["level_m"].values.tolist(), strict=True))
    assert levels == {1900: -25.74, 1977: -29.01, 1995: -26.62, 2020: -28.23}


def test_the_seed_table_is_collected(collect: Collect) -> None:
    collected = collect("reported_levels", {})
    assert collected.outcome.status == "ok"
    assert {(r.datum, r.status, r.resolution) for r in collected.rows} == {("BS77", "reported", "P1Y")}
