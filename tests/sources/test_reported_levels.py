"""Reported levels: only those of the whole sea are observations, each with its source."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import BadGranule, NotPublished
from caspian_env.model import Window
from caspian_env.settings import Settings, data_folder
from caspian_env.sources import reported_levels as source
from caspian_env.wiring import open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed

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
    (ref,) = source.list_granules(window, None, options=WHOLE)
    scheme, _, name = ref.path.partition(":")
    assert scheme == "seed"
    read = source.read_granule(data_folder("seeds") / name, options=WHOLE)
    levels = dict(zip([int(str(t)[:4]) for t in read["time"].values], read["level_m"].values.tolist(), strict=True))
    assert levels == {1900: -25.74, 1977: -29.01, 1995: -26.62, 2020: -28.23}


def test_a_row_is_not_in_the_table_of_a_day_before_its_report() -> None:
    table = (data_folder("seeds") / "reported_levels.csv").read_bytes()
    whole, kazakh = WHOLE, {"place": "kazakh_sector"}
    assert source.published_by(table, date(2026, 3, 10), options=kazakh) == table
    then = source.published_by(table, date(2026, 3, 9), options=whole)
    assert then == b"".join(line for line in table.splitlines(keepends=True) if b"2026-03-10" not in line)
    for day, options in ((date(2026, 3, 9), kazakh), (date(2021, 7, 29), whole)):
        with pytest.raises(NotPublished, match=f"was published by {day}"):
            source.published_by(table, day, options=options)


@pytest.mark.parametrize("dataset", ["reported_levels", "reported_levels_kazakh"])
def test_a_level_is_known_from_its_report_on(database_url: str, tmp_path: Path, dataset: str) -> None:
    """The archive's past is collected with the levels of that past, and those printed since come with a later day."""
    (tmp_path / "mirror").mkdir()
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(tmp_path / "mirror"))
    with open_platform(settings) as platform:
        seed(platform)
        found = []
        for day in (datetime(2024, 11, 28, tzinfo=UTC), datetime(2026, 8, 28, tzinfo=UTC)):
            outcome = ingest(platform, platform.seeds.datasets[dataset], known_at=day)
            assert outcome.problems == []
            statement = f"SELECT time FROM v_observation WHERE dataset_id = '{dataset}' ORDER BY time"
            found.append([str(row[0])[:4] for row in ask(platform.catalog, statement).rows])
    whole = ["1900", "1977", "1995", "2020"]
    assert found == ([whole, whole] if dataset == "reported_levels" else [[], ["2025"]])


def test_the_seed_table_is_collected(collect: Collect) -> None:
    collected = collect("reported_levels", {})
    assert collected.outcome.status == "ok"
    assert {(r.datum, r.status, r.resolution) for r in collected.rows} == {("BS77", "reported", "P1Y")}
