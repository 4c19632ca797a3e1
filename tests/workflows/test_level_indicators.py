"""The indicators of the level through the normal path: real DAHITI file, printed levels, refusals, lineage, vintages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed
from tests.workflows.conftest import rows

MODULES = (
    "level_monthly", "level_datum", "level_rates", "level_extremes", "level_cycle", "level_thresholds", "regimes",
)  # fmt: skip
DATASETS = ["dahiti_water_level", "reported_levels"]
NEWEST = {  # newest value of each, or the beginning of the reason why it is refused
    "sl_mean_1m_dahiti": (-28.20, 0.01), "sl_anomaly_1m_dahiti": (-1.62, 0.01), "sl_anomaly_1y_dahiti": (-1.37, 0.01),
    "sl_datum_offset_dahiti": (0.543, 0.001), "sl_datum_drift_dahiti": "2 years in common",
    "sl_mean_1y_dahiti_bs77": (-28.70, 0.01), "sl_rate_since_1995_dahiti": (-7.7, 0.1),
    "sl_rate_since_2005_dahiti": (-10.4, 0.1), "sl_acceleration_dahiti": (-7.2, 0.1),
    "sl_curvature_30y_dahiti": (-0.49, 0.01), "sl_below_max1995_reported": (1.61, 0.001),
    "sl_below_max1995_dahiti_bs77": (2.08, 0.01), "sl_above_min1977_dahiti_bs77": (0.31, 0.01), "sl_rank_dahiti": (1, 0),
    "sl_months_below_min1977_dahiti_bs77": (0, 0), "sl_cycle_range_dahiti": (37.9, 0.1),
    "sl_cycle_month_max_dahiti": (6, 0), "sl_cycle_month_min_dahiti": (1, 0), "sl_years_to_2900_dahiti": (2.5, 0.1),
    "sl_years_to_3000_dahiti": (10.7, 0.1), "sl_years_to_3240_dahiti": (30.3, 0.1), "sl_years_to_3400_dahiti": (43.5, 0.1),
    "regime_turning_points_dahiti": (2005, 0),
}  # fmt: skip


@pytest.fixture
def platform(database_url: str, real_mirror: Path, tmp_path: Path) -> Iterator[Platform]:
    """Real levels as collected, nothing computed yet."""
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(real_mirror))
    with open_platform(settings) as opened:
        seed(opened)
        assert [outcome.problems for outcome in collect(opened, only=DATASETS)] == [[], []]
        yield opened


def of_these_modules(platform: Platform) -> set[str]:
    return {i.id for i in platform.seeds.indicators.values() if i.function.partition(".")[0] in MODULES}


def test_every_level_indicator_comes_out_with_what_a_value_carries(platform: Platform) -> None:
    known = of_these_modules(platform)
    outcome = compute(platform, only=known)
    assert outcome.problems == []
    assert known - {name.partition(" at ")[0] for name in outcome.without_data} == set(NEWEST)
    assert all("gwm" in name or name.startswith("sl_post_") for name in outcome.without_data)
    told = {}
    for name in NEWEST:
        with platform.catalog.read() as connection:
            found = read_indicator(connection, name)
        values = [row for row in found if row.value is not None]
        told[name] = values[-1].value if values else found[-1].reason
    for name, expected in NEWEST.items():
        if isinstance(expected, str):
            assert told[name].startswith(expected), name
        else:
            assert told[name] == pytest.approx(expected[0], abs=expected[1] or 1e-12), name
    lacking = rows(
        platform.catalog,
        "SELECT indicator_id, period_start FROM v_indicator WHERE std_uncertainty IS NULL OR ci_low > value OR ci_high < value"
        " OR ci_level IS NULL OR n_valid = 0 OR n_valid > n_expected OR datum IS NULL OR licence = '' OR run_id IS NULL",
    )
    assert lacking == []
    assert compute(platform, only=known).unchanged == len(NEWEST)


def test_a_bridged_level_says_its_datum_and_leads_to_both_files(platform: Platform) -> None:
    assert compute(platform, only={"sl_mean_1y_dahiti_bs77", "sl_datum_offset_dahiti"}).problems == []
    found = rows(
        platform.catalog,
        "SELECT i.datum, i.status, l.url FROM v_indicator i JOIN v_lineage l ON l.indicator_id = i.indicator_id"
        " AND l.period_start = i.period_start AND l.period_end = i.period_end"
        " WHERE i.indicator_id = 'sl_mean_1y_dahiti_bs77'",
    )
    assert {row[:2] for row in found} == {("BS77", "estimated")}
    assert {url.partition(":")[0] for *_, url in found} == {"https", "seed"}
    (offset,) = rows(
        platform.catalog,
        "SELECT value, std_uncertainty, n_valid, n_expected, status, datum FROM v_indicator"
        " WHERE indicator_id = 'sl_datum_offset_dahiti'",
    )
    assert offset[0] == pytest.approx(0.543, abs=0.001)
    assert offset[1] == pytest.approx(0.0212, abs=0.0001)
    assert offset[2:] == (2, 30, "estimated", "dahiti_39")


def test_another_assumption_makes_a_new_vintage_and_keeps_the_old(platform: Platform) -> None:
    assert compute(platform, only={"sl_datum_offset_dahiti"}).problems == []
    definition = platform.seeds.indicators["sl_datum_offset_dahiti"]
    changed = replace(definition, parameters=dict(definition.parameters) | {"scatter": 0.05}, method_version="2")
    indicators = dict(platform.seeds.indicators) | {definition.id: changed}
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    later = replace(platform, seeds=replace(platform.seeds, indicators=indicators), clock=lambda: tomorrow)
    assert compute(later, only={definition.id}).revised == 1
    with platform.catalog.read() as connection:
        old, new = read_indicator(connection, definition.id, history=True)
    assert (old.value, old.method_version, new.method_version) == (new.value, "1", "2")
    assert (old.std_uncertainty, new.std_uncertainty) == pytest.approx((0.03 / 2**0.5, 0.05 / 2**0.5))


OWN = """\
datasets:
  - id: own_gauge_level
    title: Annual level of the sea (synthetic)
    summary: Invented annual means in the Baltic system.
    provider: Own institute
    licence: Internal
    redistributable: false
    citation: Own institute (2026)
    update_frequency: P1Y
    publication_delay_days: 60
    coverage_start: "1993-01-01"
    whole_record: true
    locations: [caspian_sea]
    cannot: Anything real.
    variables:
      - {name: level, variable: water_surface_height_above_reference_datum, resolution: P1Y, units: m, datum: BS77}
    options: {files: gauge/years-*.csv, method: Synthetic, time: {column: date, format: "%Y-%m-%d"}}
indicators:
  - &entry
    id: own_datum_offset
    title: Offset against own gauges
    function: level_datum.offset
    method_version: "1"
    units: m
    statistic: mean difference
    parameters:
      {datum: BS77, scatter: 0.03, fewest_overlaps: 6, plausible: [0.3, 0.7], min_epochs: 2, min_cycle_years: 5,
       annual_uncertainty: 0.03, ci_level: 0.9}
    citation: Own institute (2026)
    decimals: 2
    relative_to_datum: false
    note: Synthetic.
    variants:
      - inputs:
          level:
            {dataset: dahiti_water_level, variable: water_surface_height_above_reference_datum,
             datum: dahiti_39, resolution: instant}
          reference:
            {dataset: own_gauge_level, variable: water_surface_height_above_reference_datum,
             datum: BS77, resolution: P1Y}
        locations: [caspian_sea]
  - <<: *entry
    id: own_datum_drift
    function: level_datum.drift
    units: mm year-1
    parameters:
      {datum: BS77, fewest_years: 10, min_share: 0.8, min_epochs: 2, min_cycle_years: 5, annual_uncertainty: 0.03,
       ci_level: 0.9}
"""


def test_own_gauges_make_the_offset_more_than_provisional(database_url: str, real_mirror: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    (folder / "gauge").mkdir(parents=True)
    (folder / "own.yaml").write_text(OWN, encoding="utf-8")
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(real_mirror), local=folder)
    with open_platform(settings) as platform:
        seed(platform)
        assert [outcome.problems for outcome in collect(platform, only=DATASETS)] == [[], []]
        compute(platform, only={"sl_mean_1y_dahiti"})
        means = rows(
            platform.catalog, "SELECT period_start, value FROM v_indicator WHERE indicator_id = 'sl_mean_1y_dahiti'"
        )
        lines = [
            f"{start:%Y-%m-%d},{value - 0.55 + (0.02 if n % 2 else -0.02):.4f}"
            for n, (start, value) in enumerate(means)
        ]
        (folder / "gauge" / "years-1.csv").write_text("date,level\n" + "\n".join(lines) + "\n", encoding="utf-8")
        assert [outcome.problems for outcome in collect(platform, only=["own_gauge_level"])] == [[]]
        assert compute(platform, only={"own_datum_offset", "own_datum_drift"}).problems == []
        with platform.catalog.read() as connection:
            (offset,), (drift,) = (read_indicator(connection, f"own_datum_{name}") for name in ("offset", "drift"))
    assert offset.value == pytest.approx(0.55, abs=1e-4)
    assert offset.std_uncertainty < 0.005
    assert (offset.n_valid, offset.status) == (len(means), "final")
    assert drift.ci_low < 0 < drift.ci_high
