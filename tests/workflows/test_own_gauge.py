"""A six-hourly gauge and anemometer of one's own through the normal path: surges, extremes, days of wind; all synthetic."""

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
  - {id: own_post, title: Own post (synthetic), longitude: 49.9, latitude: 45.0, source: Invented for this test}
datasets:
  - id: own_post_six_hourly
    title: Level and wind every six hours (synthetic)
    summary: Level and wind.
    provider: Own institute
    licence: Internal
    redistributable: false
    citation: Own institute (2026)
    update_frequency: P1D
    publication_delay_days: 1
    coverage_start: "2001-01-01"
    whole_record: true
    locations: [own_post]
    cannot: Anything, it is invented.
    variables:
      - {name: level, variable: water_surface_height_above_reference_datum, resolution: instant, units: m, datum: BS77}
      - {name: wind, variable: wind_speed, resolution: instant, units: m s-1}
    options: {files: post/*.csv, method: invented, time: {column: time}}
indicators:
  - &surge
    id: own_surge_days
    title: Days of surge
    function: surges.surge_days
    method_version: "1"
    units: d
    statistic: days on which the level is 0.3 m or more above the mean of its month
    parameters: {direction: surge, threshold: 0.3, fewest_per_day: 4, value_uncertainty: 0.02, ci_level: 0.9}
    citation: Nesterov et al. 2018
    decimals: 0
    note: Synthetic.
    variants:
      - inputs:
          level:
            {dataset: own_post_six_hourly, variable: water_surface_height_above_reference_datum, resolution: instant}
        locations: [own_post]
  - <<: *surge
    id: own_set_down_days
    parameters: {direction: set_down, threshold: 0.3, fewest_per_day: 4, value_uncertainty: 0.02, ci_level: 0.9}
  - <<: *surge
    id: own_surge_longest
    function: surges.longest_surge
    units: h
  - <<: *surge
    id: own_surge_greatest
    function: surges.greatest_departure
    units: m
    parameters: {direction: surge, fewest_per_day: 4, value_uncertainty: 0.02, ci_level: 0.9}
  - <<: *surge
    id: own_surge_return_20y
    function: surges.return_level
    units: m
    parameters: {direction: surge, return_years: 20, fewest_per_day: 4, ci_level: 0.9}
  - <<: *surge
    id: own_wind_days
    function: surges.wind_days
    parameters: {threshold: 15, fewest_per_day: 4, value_uncertainty: 0.5, ci_level: 0.9}
    variants:
      - inputs: {wind: {dataset: own_post_six_hourly, variable: wind_speed, resolution: instant}}
        locations: [own_post]
"""
NAMES = ("surge_days", "set_down_days", "surge_longest", "surge_greatest", "surge_return_20y", "wind_days")


def synthetic() -> pd.DataFrame:
    """Eleven years of a falling level with surges of some days after strong wind; half a day is missing in 2006."""
    times = pd.date_range("2001-01-01", "2011-12-31 18:00", freq="6h")
    rng = np.random.default_rng(5)
    wind = rng.gamma(4.0, 1.6, times.size).round(1)
    pushed = pd.Series(wind * rng.choice([-1, 1], times.size), times).ewm(halflife=4).mean().to_numpy()
    level = -27.0 - 0.1 * (np.arange(times.size) / 1461) + 0.1 * pushed + rng.normal(0, 0.02, times.size)
    table = pd.DataFrame({"level": level.round(3), "wind": wind}, times)
    return table.drop(table.loc["2006-03-03 06:00":"2006-03-03 12:00"].index)


def test_through_the_normal_path(tmp_path: Path) -> None:
    (tmp_path / "own" / "post").mkdir(parents=True)
    (tmp_path / "own" / "own.yaml").write_text(DECLARED, encoding="utf-8")
    table = synthetic()
    table.rename_axis("time").to_csv(tmp_path / "own" / "post" / "post.csv", date_format="%Y-%m-%dT%H:%M:%S")
    settings = Settings(home=tmp_path / "home", database_url=f"sqlite:///{tmp_path / 'own.db'}", local=tmp_path / "own")
    with open_platform(settings) as platform:
        seed(platform)
        assert [outcome.problems for outcome in collect(platform, only=["own_post_six_hourly"])] == [[]]
        outcome = compute(platform, only={f"own_{name}" for name in NAMES})
        assert (outcome.problems, outcome.without_data, outcome.fetched) == ([], [], len(NAMES))
        with platform.catalog.read() as connection:
            rows = {name: {r.period_start.year: r for r in read_indicator(connection, f"own_{name}")} for name in NAMES}

    level = table["level"]
    departure = level - level.groupby([level.index.year, level.index.month]).transform("mean")
    whole = [year for year in range(2001, 2012) if year != 2006]
    for name in NAMES[:4] + NAMES[5:]:
        assert rows[name][2006].value is None, "a count allows no missing day"
        assert sorted(year for year, row in rows[name].items() if row.value is not None) == whole
    for year in whole:
        own = departure[str(year)]
        beyond = own[own >= 0.3]
        assert rows["surge_days"][year].value == beyond.index.normalize().nunique() > 0
        assert rows["set_down_days"][year].value == own[own <= -0.3].index.normalize().nunique()
        assert rows["surge_greatest"][year].value == pytest.approx(own.max(), abs=1e-6)  # told to a micrometre
        runs = (own >= 0.3).astype(int).groupby((own < 0.3).cumsum()).sum()
        assert rows["surge_longest"][year].value == 6 * runs.max()
        wind = table["wind"][str(year)].resample("D").max()
        assert rows["wind_days"][year].value == (wind >= 15).sum()
        assert rows["wind_days"][year].ci_low <= rows["wind_days"][year].value <= rows["wind_days"][year].ci_high
    (extreme,) = rows["surge_return_20y"].values()
    greatest = [departure[str(year)].max() for year in whole]
    assert extreme.ci_low < extreme.value < extreme.ci_high
    assert np.median(greatest) < extreme.value < 2 * max(greatest)
    assert (extreme.n_valid, extreme.n_expected) == (10, 11)
