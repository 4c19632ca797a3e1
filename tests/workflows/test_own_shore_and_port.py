"""Methods without a scheduled source, on an institute's own files: a port, a shoreline and a printed path; all synthetic."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed

# The depth of this port is invented, and said to be confirmed against the chart datum.
DECLARED = """
stations:
  - {id: own_port, title: Own port (synthetic), longitude: 51.1, latitude: 43.6, source: Invented for this test}
variables:
  - {id: own_waterline_distance, long_name: Distance of the waterline along a transect, units: m}
datasets:
  - &gauge
    id: own_gauge_years
    title: Annual levels (synthetic)
    summary: Annual mean levels.
    provider: Own institute
    licence: Internal
    redistributable: false
    citation: Own institute (2026)
    update_frequency: P1Y
    publication_delay_days: 30
    coverage_start: "2015-01-01"
    whole_record: true
    locations: [own_port]
    cannot: Anything, it is invented.
    variables:
      - {name: level, variable: water_surface_height_above_reference_datum, resolution: P1Y, units: m, datum: BS77}
    options: {files: gauge/years-*.csv, method: invented, time: {column: date}}
  - <<: *gauge
    id: own_gauge_days
    update_frequency: P1D
    variables:
      - {name: level, variable: water_surface_height_above_reference_datum, resolution: P1D, units: m, datum: BS77}
    options: {files: gauge/days-*.csv, method: invented, time: {column: date}}
  - <<: *gauge
    id: own_shoreline
    variables:
      - {name: distance, variable: own_waterline_distance, resolution: instant, units: m}
    options: {files: shore/*.csv, method: invented, time: {column: date}}
indicators:
  - &port
    id: own_port_margin
    title: Margin of a ship at the own port
    function: port_margins.margin
    method_version: "1"
    units: m
    statistic: margin at the annual mean level
    parameters: &confirmed
      {depth: 7.7, depth_date: "2026-01-15", depth_uncertainty: 0.26, zero: -28.0, datum: BS77, provisional: false,
       draught: 5.0, clearance: 0.5, min_epochs: 2, annual_uncertainty: 0.01, ci_level: 0.9}
    citation: Own institute (2026)
    decimals: 2
    note: Synthetic.
    variants:
      - inputs: &years
          level: {dataset: own_gauge_years, variable: water_surface_height_above_reference_datum, datum: BS77, resolution: P1Y}
        locations: [own_port]
        datum: BS77
  - <<: *port
    id: own_port_crossing
    function: port_margins.crossing_year
    units: "1"
    parameters: {<<: *confirmed, years: 10}
  - <<: *port
    id: own_port_days_below
    function: port_margins.days_below
    units: percent
    parameters:
      {depth: 7.7, depth_date: "2026-01-15", depth_uncertainty: 0.26, zero: -28.0, datum: BS77, provisional: false,
       draught: 5.0, clearance: 0.5, daily_uncertainty: 0.02, ci_level: 0.9}
    variants:
      - inputs:
          level: {dataset: own_gauge_days, variable: water_surface_height_above_reference_datum, datum: BS77, resolution: P1D}
        locations: [own_port]
        datum: BS77
  - <<: *port
    id: own_path_error
    function: projections.tracking
    parameters:
      {scenario: own path, path: [[2024, -29.0], [2025, -29.16]], path_uncertainty: 0.01, datum: BS77, min_epochs: 2,
       annual_uncertainty: 0.01, ci_level: 0.9}
  - <<: *port
    id: own_shore_rate
    function: shoreline.observed_retreat
    units: m year-1
    parameters: {statistic: end_point_rate, fewest: 2, position_uncertainty: 500.0, ci_level: 0.9}
    variants:
      - inputs:
          position: {dataset: own_shoreline, variable: own_waterline_distance, resolution: instant}
        locations: [own_port]
"""
DATASETS = ["own_gauge_years", "own_gauge_days", "own_shoreline"]
INDICATORS = {"own_port_margin", "own_port_crossing", "own_port_days_below", "own_path_error", "own_shore_rate"}


def prepare(folder: Path) -> None:
    for name in ("gauge", "shore"):
        (folder / name).mkdir(parents=True)
    (folder / "own.yaml").write_text(DECLARED, encoding="utf-8")
    levels = [f"{2016 + n}-01-01,{-28.0 - 0.12 * n + (0.02 if n % 2 else 0.0):.2f}" for n in range(10)]
    (folder / "gauge" / "years-1.csv").write_text("date,level\n" + "\n".join(levels) + "\n", encoding="utf-8")
    start = date(2025, 1, 1)
    days = [f"{start + timedelta(n)},{-31.0 if n < 73 else -29.1 - 0.001 * (n % 7):.3f}" for n in range(365)]
    (folder / "gauge" / "days-1.csv").write_text("date,level\n" + "\n".join(days) + "\n", encoding="utf-8")
    shore = "date,distance\n2006-07-01,0\n2015-07-01,13000\n2025-07-01,28500\n"
    (folder / "shore" / "atyrau.csv").write_text(shore, encoding="utf-8")


def test_through_the_normal_path(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    prepare(folder)
    settings = Settings(home=tmp_path / "home", database_url=database_url, local=folder)
    with open_platform(settings) as platform:
        seed(platform)
        assert [outcome.problems for outcome in collect(platform, only=DATASETS)] == [[], [], []]
        outcome = compute(platform, only=INDICATORS)
        assert (outcome.problems, outcome.fetched, outcome.without_data) == ([], 5, [])
        with platform.catalog.read() as connection:
            rows = {name: read_indicator(connection, name) for name in INDICATORS}
        assert compute(platform, only=INDICATORS).unchanged == 5
    newest = {name: found[-1] for name, found in rows.items()}
    assert all(row.reason is None for row in newest.values())
    level = -28.0 - 0.12 * 9 + 0.02
    assert newest["own_port_margin"].value == pytest.approx(7.7 + level + 28 - 5.5)
    assert newest["own_port_crossing"].value == pytest.approx(2025.5 + (2.2 + level + 28) * 9 / (1.08 - 0.02))
    crossing = newest["own_port_crossing"]
    assert crossing.ci_low < crossing.value < crossing.ci_high
    assert newest["own_port_days_below"].value == pytest.approx(20.0)
    assert [row.value for row in rows["own_path_error"]] == pytest.approx([0.04, level + 29.16])
    assert newest["own_shore_rate"].value == pytest.approx(1500, rel=1e-3)
    assert newest["own_shore_rate"].unit == "m year-1"
