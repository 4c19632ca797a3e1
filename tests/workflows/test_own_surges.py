"""Surges and windy days on an institute's own hourly gauge, through the normal path; all synthetic."""

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
  - {id: own_lagan, title: Own gauge (synthetic), longitude: 47.4, latitude: 45.4, source: Invented for this test}
variables:
  - {id: own_wind, long_name: Wind speed at 10 m, units: m s-1}
datasets:
  - id: own_gauge
    title: Six-hourly levels and wind (synthetic)
    summary: Levels and wind.
    provider: Own institute
    licence: Internal
    redistributable: false
    citation: Own institute (2026)
    update_frequency: P1D
    publication_delay_days: 1
    coverage_start: "2010-01-01"
    whole_record: true
    locations: [own_lagan]
    cannot: Anything, it is invented.
    variables:
      - {name: level, variable: water_surface_height_above_reference_datum, resolution: instant, units: m, datum: BS77}
      - {name: wind, variable: own_wind, resolution: instant, units: m s-1}
    options: {files: gauge/*.csv, method: invented, time: {column: time}}
indicators:
  - &surge
    id: own_surge_days
    title: Surge days
    function: surges.surge_days
    method_version: "1"
    units: d
    statistic: days at least 0.30 m above the mean of the month
    # 0.30 m: Nesterov et al. 2018. 0.01 m: required uncertainty of a level, WMO-No. 8.
    parameters: &count {direction: surge, threshold: 0.3, fewest_per_day: 4, value_uncertainty: 0.01, ci_level: 0.9}
    citation: Nesterov et al. 2018
    decimals: 0
    note: Synthetic.
    variants: &level
      - inputs:
          level: {dataset: own_gauge, variable: water_surface_height_above_reference_datum, datum: BS77, resolution: instant}
        locations: [own_lagan]
  - <<: *surge
    id: own_set_down_days
    parameters: {<<: *count, direction: set_down}
  - <<: *surge
    id: own_surge_height
    function: surges.greatest_departure
    units: m
    parameters: {direction: surge, fewest_per_day: 4, value_uncertainty: 0.01, ci_level: 0.9}
  - <<: *surge
    id: own_surge_hours
    function: surges.longest_surge
    units: h
  - <<: *surge
    id: own_surge_10y
    function: surges.return_level
    units: m
    parameters: {direction: surge, return_years: 10, fewest_per_day: 4, ci_level: 0.9}
  - <<: *surge
    id: own_surge_100y
    function: surges.return_level
    units: m
    parameters: {direction: surge, return_years: 100, fewest_per_day: 4, ci_level: 0.9}
  - <<: *surge
    id: own_wind_days
    function: wind.wind_days
    parameters: {threshold: 15.0, fewest_per_day: 4, value_uncertainty: 0.5, ci_level: 0.9}
    variants:
      - inputs: {wind: {dataset: own_gauge, variable: own_wind, resolution: instant}}
        locations: [own_lagan]
"""
NAMES = ("surge_days", "set_down_days", "surge_height", "surge_hours", "surge_10y", "surge_100y", "wind_days")
INDICATORS = {f"own_{name}" for name in NAMES}


def synthetic() -> pd.DataFrame:
    """Twelve years of a falling level with one surge each November, growing by a centimetre a year; wind with it."""
    time = pd.date_range("2012-01-01", "2023-12-31 18:00", freq="6h")
    level, wind = -27.5 - 0.07 * np.arange(time.size) / 1461, np.full(time.size, 6.0)
    for year in range(2012, 2024):
        start = time.get_loc(pd.Timestamp(year, 11, 10))
        level[start : start + 8] += 0.9 + 0.01 * ((year * 7) % 12)
        wind[start] = 18.0
    return pd.DataFrame({"time": time.strftime("%Y-%m-%d %H:%M"), "level": level.round(3), "wind": wind})


def test_through_the_normal_path(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "own" / "gauge").mkdir(parents=True)
    (tmp_path / "own" / "own.yaml").write_text(DECLARED, encoding="utf-8")
    made = synthetic()
    made.to_csv(tmp_path / "own" / "gauge" / "lagan.csv", index=False)
    settings = Settings(home=tmp_path / "home", database_url=database_url, local=tmp_path / "own")
    with open_platform(settings) as platform:
        seed(platform)
        assert [outcome.problems for outcome in collect(platform, only=["own_gauge"])] == [[]]
        outcome = compute(platform, only=INDICATORS)
        assert (outcome.problems, outcome.without_data, outcome.fetched) == ([], [], 7)
        with platform.catalog.read() as connection:
            rows = {name: read_indicator(connection, f"own_{name}") for name in NAMES}
    assert [row.value for row in rows["surge_days"]] == [2.0] * 12
    assert [row.value for row in rows["set_down_days"]] == [0.0] * 12
    assert [row.value for row in rows["surge_hours"]] == [48.0] * 12
    assert [row.value for row in rows["wind_days"]] == [1.0] * 12
    level = made.set_index(pd.to_datetime(made["time"]))["level"]
    departure = level - level.groupby(level.index.to_period("M")).transform("mean")
    known = departure.groupby(departure.index.year).max()
    assert [row.value for row in rows["surge_height"]] == pytest.approx(known.tolist(), abs=1e-6)
    (ten,) = rows["surge_10y"]
    assert ten.ci_low < ten.value < ten.ci_high
    assert known.median() < ten.value < known.max() + 0.1
    (hundred,) = rows["surge_100y"]
    assert hundred.value is None
    assert hundred.reason == "the record has 12 years; ask for more than 1 and at most 48"
    assert {row.datum_id for row in rows["surge_days"]} == {"BS77"}
