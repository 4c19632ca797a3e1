"""A gauge of one's own at the Volga through the normal path: amounts, anomaly and the day of the peak; all synthetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed

DECLARED = """
stations:
  - {id: own_volga, title: Own gauge on the Volga (synthetic), longitude: 47.9, latitude: 46.7, source: Invented for this test}
datasets:
  - id: own_discharge
    title: Daily discharge (synthetic)
    summary: Discharge.
    provider: Own institute
    licence: Internal
    redistributable: false
    citation: Own institute (2026)
    update_frequency: P1D
    publication_delay_days: 1
    coverage_start: "1991-01-01"
    whole_record: true
    locations: [own_volga]
    cannot: Anything, it is invented.
    variables:
      - {name: q, variable: water_volume_transport_in_river_channel, resolution: P1D, units: m3 s-1}
    options: {files: gauge/*.csv, method: invented, time: {column: day}}
indicators:
  - &annual
    id: own_inflow_1y
    title: Inflow by year
    function: inflow.annual
    method_version: "1"
    units: km3
    statistic: sum of the daily discharge
    # 0.04: a gauge of a large river, 3 to 5 %.
    parameters: {plausible: [100, 400], relative_uncertainty: 0.04, ci_level: 0.9}
    citation: none
    decimals: 1
    note: Synthetic.
    variants:
      - inputs: {discharge: {dataset: own_discharge, variable: water_volume_transport_in_river_channel, resolution: P1D}}
        locations: [own_volga]
  - <<: *annual
    id: own_inflow_anomaly_1y
    function: inflow.annual_anomaly
    parameters: {base: [1991, 2020], min_base_share: 0.8, relative_uncertainty: 0.04, ci_level: 0.9}
  - <<: *annual
    id: own_inflow_peak_day
    function: inflow.peak_day
    units: d
    parameters: {day_uncertainty: 3, ci_level: 0.9}
"""
NAMES = ("inflow_1y", "inflow_anomaly_1y", "inflow_peak_day")


def synthetic() -> pd.Series:
    """Thirty-two years with a flood in May; one day is missing in 2005."""
    days = pd.date_range("1991-01-01", "2022-12-31")
    noise = np.random.default_rng(12).uniform(0.8, 1.2, days.size)
    flood = 1 + 2 * np.exp(-(((days.day_of_year.to_numpy() - 140) / 20.0) ** 2))
    flow = pd.Series((5600 * noise * flood).round(1), days)
    return flow.drop(pd.Timestamp("2005-03-03"))


def test_through_the_normal_path(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "own" / "gauge").mkdir(parents=True)
    (tmp_path / "own" / "own.yaml").write_text(DECLARED, encoding="utf-8")
    flow = synthetic()
    table = pd.DataFrame({"day": flow.index.strftime("%Y-%m-%d"), "q": flow.to_numpy()})
    table.to_csv(tmp_path / "own" / "gauge" / "volga.csv", index=False)
    with open_platform(Settings(home=tmp_path / "home", database_url=database_url, local=tmp_path / "own")) as platform:
        seed(platform)
        assert [outcome.problems for outcome in collect(platform, only=["own_discharge"])] == [[]]
        outcome = compute(platform, only={f"own_{name}" for name in NAMES})
        assert (outcome.problems, outcome.without_data, outcome.fetched) == ([], [], 3)
        with platform.catalog.read() as connection:
            rows = {name: {r.period_start.year: r for r in read_indicator(connection, f"own_{name}")} for name in NAMES}
    yearly = (flow * 86400 / 1e9).groupby(flow.index.year).sum().drop(2005)
    assert rows["inflow_1y"][2005].value is None and rows["inflow_1y"][2005].reason == "11 of 12 months"
    found = {year: row.value for year, row in rows["inflow_1y"].items() if year != 2005}
    assert found == pytest.approx(yearly.to_dict(), rel=1e-9)
    assert rows["inflow_1y"][2020].std_uncertainty == pytest.approx(0.04 * yearly[2020])
    normal = yearly.loc[1991:2020].mean()
    assert rows["inflow_anomaly_1y"][2022].value == pytest.approx(yearly[2022] - normal, abs=1e-6)
    peaks = flow.groupby(flow.index.year).idxmax()
    assert rows["inflow_peak_day"][2022].value == peaks[2022].day_of_year
    assert rows["inflow_peak_day"][2005].value is None
