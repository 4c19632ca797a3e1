"""Strong wind of a station by the normal path: made-up yearly files of GSOD, their days counted again in a few lines of pandas.

The speeds are synthetic: whole m/s as observers report them, with a windy winter, eight reports a day. In one year two days
rest on three reports, in another a day is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.formats.mirror_addresses import mirror_name
from caspian_env.model import Window
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.handed_on import kept_back
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed
from tests.sources.test_noaa_gsod import ANZALI, address, year

PLACE = "ghcn_IRM00040718"
FEW, GAP = 1999, 2003
NAMES = {"wind_days_10_gsod", "wind_days_15_gsod", "wind_greatest_1y_gsod", "wind_return_50y_gsod"}


def reported() -> pd.DataFrame:
    """Highest and mean speed (m/s) and the number of reports of every day of 1990-2012."""
    days = pd.date_range("1990-01-01", "2012-12-31")
    random = np.random.default_rng(40718)
    winter = 1 + 0.5 * np.cos(2 * np.pi * (days.day_of_year - 15) / 365.25)
    table = pd.DataFrame({"highest": np.floor(random.gamma(4, 1.6 * winter)), "reports": 8}, index=days)
    table["average"] = table["highest"] / 2
    table.loc[[f"{FEW}-02-03", f"{FEW}-06-07"], "reports"] = 3
    return table.drop(pd.Timestamp(f"{GAP}-05-05"))


def files(table: pd.DataFrame) -> dict[str, bytes]:
    """As the provider writes them, in tenths of a knot."""
    knots = (table[["highest", "average"]] * 3600 / 1852).round(1).assign(reports=table["reports"])
    found = {}
    for of, rows in knots.groupby(knots.index.year):
        days = [(f"{day:%F}", row.highest, row.average, int(row.reports)) for day, row in rows.iterrows()]
        found[address(ANZALI, of)] = year(ANZALI, days).encode()
    return found


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    for name, content in files(reported()).items():
        path = tmp_path / "mirror" / mirror_name(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(tmp_path / "mirror"))
    with open_platform(settings) as opened:
        seed(opened)
        outcome = ingest(opened, opened.seeds.datasets["noaa_gsod"], window=Window.parse("1990-01-01/2013-01-01"))
        assert (outcome.problems, outcome.new_granules) == ([], 23)
        yield opened


def rows(platform: Platform, indicator: str) -> dict[str, tuple[float | None, str]]:
    """Value and reason by the year in which the period begins."""
    with platform.catalog.read() as connection:
        found = read_indicator(connection, indicator)
    assert {row.location_id for row in found} == {PLACE}
    return {f"{row.period_start:%Y}": (row.value, row.reason or "") for row in found}


@pytest.mark.slow
def test_windy_days_agree_with_a_few_lines_of_pandas(platform: Platform) -> None:
    outcome = compute(platform, only=NAMES)
    assert outcome.problems == []
    table = reported()
    whole = table[(table.index.year != FEW) & (table.index.year != GAP)]
    for name, threshold in (("wind_days_10_gsod", 10), ("wind_days_15_gsod", 15)):
        counted = (whole["highest"] >= threshold).groupby(whole.index.year).sum()
        assert counted.min() > 0
        got = rows(platform, name)
        assert {at: value for at, (value, _) in got.items() if value is not None} == {
            str(at): float(n) for at, n in counted.items()
        }
        assert got[str(FEW)][1].startswith("363 of 365 days have enough values")
        assert got[str(GAP)][1].startswith("364 of 365 days have enough values")
    greatest = whole["highest"].groupby(whole.index.year).max()
    got = rows(platform, "wind_greatest_1y_gsod")
    assert [value for value, _ in got.values() if value is not None] == greatest.tolist()
    ((again, reason),) = rows(platform, "wind_return_50y_gsod").values()
    assert reason in (None, "")
    assert again is not None
    assert greatest.max() - 3 < again < greatest.max() + 8


def test_what_repeats_a_row_is_kept_back_and_a_count_is_not(platform: Platform) -> None:
    known = platform.seeds.indicators
    assert kept_back(platform.seeds, known["wind_greatest_1y_gsod"]) == ("noaa_gsod",)
    assert kept_back(platform.seeds, known["wind_days_15_gsod"]) == ()
