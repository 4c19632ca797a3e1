"""Months and trends of the surface on real files: COBE-SST 2 (1971-2009), ERSST (2010-2020), two days of OISST."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.observations import find_series, read_series
from caspian_env.model import Window
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.explain import explain
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed
from caspian_env.workflows.verify import verify

pytestmark = pytest.mark.slow

PLACES = ("caspian_sea", "north_caspian", "middle_caspian", "south_caspian")


@dataclass(frozen=True)
class Computed:
    platform: Platform

    def values(self, indicator: str, place: str) -> list[Any]:
        with self.platform.catalog.read() as connection:
            return list(read_indicator(connection, indicator, location_id=place))

    def series(self, dataset: str, place: str) -> pd.Series:
        with self.platform.catalog.read() as connection:
            (found,) = find_series(connection, dataset_id=dataset, location_id=place)
            return read_series(connection, found.id)["value"]


@pytest.fixture(scope="module")
def real(real_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Computed]:
    home = tmp_path_factory.mktemp("sea-temperature")
    settings = Settings(home, f"sqlite:///{home / 'caspian.db'}", mirror=str(real_mirror))
    with open_platform(settings) as platform:
        seed(platform)
        for dataset in ("jma_cobe_sst2", "noaa_ersst_v5", "noaa_oisst_v2_1"):
            assert not ingest(platform, platform.seeds.datasets[dataset]).problems
        wanted = {i for i in platform.seeds.indicators if i.startswith(("sst_mean_1m", "sst_anomaly", "sst_trend"))}
        assert compute(platform, only=wanted).problems == []
        yield Computed(platform)


@pytest.mark.parametrize("place", PLACES)
def test_trends_of_the_sub_basins_are_those_of_scipy(real: Computed, place: str) -> None:
    frame = real.series("jma_cobe_sst2", place)
    yearly = frame.groupby(frame.index.year).mean()
    rows = real.values("sst_trend_30y_ols_cobe", place)
    assert [f"{row.period_start:%Y}" for row in rows] == [str(year) for year in range(1971, 1981)]
    for row in rows:
        first = row.period_start.year
        part = yearly.loc[first : first + 29]
        line = stats.linregress(part.index, part)
        assert row.value == pytest.approx(line.slope, rel=1e-6)
        assert row.ci_high - row.value > 0.999 * stats.t.ppf(0.95, 28) * line.stderr
    sen = real.values("sst_trend_30y_sen_cobe", place)[-1]
    assert sen.ci_low <= sen.value <= sen.ci_high and sen.std_uncertainty > 0


@pytest.mark.parametrize("place", PLACES)
def test_monthly_anomalies_are_those_of_pandas(real: Computed, place: str) -> None:
    frame = real.series("jma_cobe_sst2", place)
    base = frame["1981":"2009"]
    normal = base.groupby(base.index.month).mean()
    rows = real.values("sst_anomaly_1m_cobe_1981_2010", place)
    assert len(rows) == 39 * 12
    got = np.array([row.value for row in rows])
    np.testing.assert_allclose(got, frame.to_numpy() - normal.reindex(frame.index.month).to_numpy(), atol=1e-9)
    yearly = {row.period_start.year: row.value for row in real.values("sst_anomaly_1y_cobe_1981_2010", place)}
    assert yearly[2000] == pytest.approx(float(np.mean(got[29 * 12 : 30 * 12])), abs=1e-9)


def test_what_the_records_cannot_answer_is_said_with_its_years(real: Computed) -> None:
    said = {
        "sst_anomaly_1m_cobe": "this record has 19 (within 1991-2009)",
        "sst_anomaly_1m_ersst": "this record has 10 (within 2010-2020)",
        "sst_anomaly_1m_ersst_1961_1990": "this record has none",
        "sst_anomaly_1m_oisst": "this record has none",
        "sst_trend_30y_ols_ersst": "10 of the 30 years 1990-2019 have a value",
        "sst_mean_1m_oisst": "1 of 31 days",
    }
    for indicator, words in said.items():
        rows = real.values(indicator, "south_caspian")
        assert rows and rows[-1].value is None and words in rows[-1].reason, (indicator, rows[-1].reason)


def test_months_carry_interval_completeness_and_lineage_and_come_again_from_the_bytes(real: Computed) -> None:
    rows = real.values("sst_mean_1m_ersst", "caspian_sea")
    assert len(rows) == 128
    assert all((row.n_valid, row.n_expected, row.std_uncertainty, row.ci_level) == (1, 1, 0.7, 0.9) for row in rows)
    for indicator, period in (
        ("sst_anomaly_1m_cobe_1981_2010", "2003-08-01/2003-09-01"),
        ("sst_trend_30y_ols_cobe", "1980-01-01/2010-01-01"),
    ):
        explained = explain(real.platform, indicator, Window.parse(period), location="middle_caspian")
        assert explained.fields["value"] is not None
        verdict = verify(real.platform, explained)
        assert verdict.verified, verdict.differences
