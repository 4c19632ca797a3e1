"""Levels at posts through the normal path: synthetic workbooks of CASPCOM against pandas, each in its own heights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.formats.mirror_addresses import mirror_name
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed
from tests.sources.old_workbook import old_workbook
from tests.sources.test_caspcom_gauges import LINK, PAGE, ZIP, packed, post, xlsx

POSTS = {"caspcom_baku": -28.0, "caspcom_anzali": -26.075}
KINDS = ("mean_1m", "mean_1y", "anomaly_1y", "rate_10y")


def made_up(seed_of: int) -> pd.Series:
    """Synthetic centimetres above the zero of a post, 1988 to 2023; July 2010 and half of 2023 are missing."""
    months = pd.date_range("1988-01-01", "2023-12-01", freq="MS")
    noise = np.random.default_rng(seed_of).normal(0, 5, len(months))
    season = 15 * np.sin(2 * np.pi * (months.month - 4) / 12)
    values = pd.Series(np.round(100 - 0.4 * np.arange(len(months)) + season + noise, 1), months)
    values["2010-07"] = values["2023-07":] = np.nan
    return values


def workbook(name: str, zero: str, series: pd.Series) -> list:
    return post(name, zero, {
        year: [None if np.isnan(value) else value for value in own] for year, own in series.groupby(series.index.year)
    })  # fmt: skip


@pytest.mark.slow
def test_posts_have_levels_anomalies_and_rates(database_url: str, tmp_path: Path) -> None:
    given = {"caspcom_baku": made_up(1), "caspcom_anzali": made_up(2)}
    whole = packed({
        "AVERAGE/BAKU_av.xls": old_workbook(workbook("Baku", "-28,00", given["caspcom_baku"])),
        "AVERAGE/ANZALI_av.xlsx": xlsx(workbook("Anzali", "-26.075", given["caspcom_anzali"])),
    })  # fmt: skip
    for url, content in ((PAGE, LINK.format("2025/06").encode()), (ZIP, whole)):
        path = tmp_path / "mirror" / mirror_name(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(tmp_path / "mirror"))
    with open_platform(settings) as platform:
        seed(platform)
        assert ingest(platform, platform.seeds.datasets["caspcom_gauges"]).problems == []
        wanted = {f"sl_post_{kind}_{system}" for kind in KINDS for system in ("bs77", "iran")}
        outcome = compute(platform, only=wanted)
        assert outcome.problems == []
        assert "sl_post_mean_1m_bs77 at caspcom_baku" not in outcome.without_data
        assert "sl_post_mean_1m_bs77 at caspcom_aktau" in outcome.without_data
        with platform.catalog.read() as connection:
            rows = [row for name in wanted for row in read_indicator(connection, name)]
    for place, zero in POSTS.items():
        own = {
            kind: {row.period_start.replace(tzinfo=None): row for row in rows
                   if row.location_id == place and row.indicator_id.startswith(f"sl_post_{kind}")}
            for kind in KINDS
        }  # fmt: skip
        check(own, given[place] / 100 + zero)
        assert {row.datum_id for row in own["mean_1y"].values()} == {"BS77" if zero == -28 else "caspcom_iran"}


def check(own: dict, level: pd.Series) -> None:
    """The values of a post against pandas; the year with one missing month is filled and marked."""
    months = {start: row.value for start, row in own["mean_1m"].items() if row.value is not None}
    assert months == pytest.approx(level.dropna().to_dict(), abs=1e-9)
    assert {row.std_uncertainty for row in own["mean_1m"].values() if row.value is not None} == {0.01}
    annual = level.resample("YS").mean()[level.resample("YS").count() == 12]
    years = {start: row.value for start, row in own["mean_1y"].items() if row.value is not None}
    filled = pd.Timestamp("2010-01-01")
    assert years.keys() - set(annual.index) == {filled}
    assert {start: years[start] for start in annual.index} == pytest.approx(annual.to_dict(), abs=1e-9)
    assert own["mean_1y"][pd.Timestamp("2023-01-01")].reason == "6 of 12 months"
    base = np.mean([value for start, value in years.items() if 1991 <= start.year <= 2020])
    anomalies = {start: row.value for start, row in own["anomaly_1y"].items() if row.value is not None}
    assert anomalies == pytest.approx({start: value - base for start, value in years.items()}, abs=1e-9)
    rate = own["rate_10y"][pd.Timestamp("2013-01-01")]
    assert rate.value == pytest.approx(100 * (annual["2022-01-01"] - annual["2013-01-01"]) / 9, abs=1e-7)
    assert rate.ci_low < rate.value < rate.ci_high
