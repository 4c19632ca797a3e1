"""Every public function of the processing stands in a table of promises, or is named with the test that holds it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

from caspian_env import processing
from tests.processing.test_every_series import SERIES
from tests.processing.test_every_statistic import ARRAYS

# No statistic of a series, or parts of the indicators: the tests (below tests/) that hold them.
ELSEWHERE = {
    "indicators/test_every_function.py": (  # through the indicators that are made of them
        "annual_amounts.begun_in_january", "annual_amounts.days_of", "annual_amounts.put_back", "annual_levels.other_datum",
        "balance_years.balance_years", "balance_years.span_of", "climate_normals.with_uncertainty",
        "country_series.unfit_base", "daily_years.stretches", "datum_bridge.bridge", "datum_bridge.combined",
        "datum_bridge.moved", "datum_bridge.overlap", "datum_bridge.shifted", "level_years.members",
        "falling_level.year_fallen", "level_years.newest_refused", "level_years.rate_result", "level_years.whole_windows",
        "level_years.year_of",
        "open_water.bulk_evaporation", "open_water.specific_humidity", "periods.as_dataset", "periods.days_in",
        "periods.merged", "periods.month_span", "periods.of_year", "periods.refusal", "periods.refused_once",
        "periods.result", "periods.year_refused", "periods.year_span",
        "pledged.allowed", "pledged.gap",
        "sea_cells.sea_amounts", "sea_cells.sea_only_mean", "steric.steric_height", "water_balance.over_area",
        "water_balance.volumes"),
    "indicators/test_hypsometry.py": ("hypsometry.single_relief",),
    "indicators/test_wind.py": ("daily_years.daily_maximum", "extreme_values.return_row"),
    "indicators/test_shoreline.py": ("shoreline.middle_slope", "shoreline.side_by_side"),
    "indicators/test_heat_and_frost.py": (
        "percentile_days.base_windows", "percentile_days.calendar_day", "percentile_days.jackknife",
        "percentile_days.over_years", "percentile_days.thresholds"),
    "indicators/test_marine_heatwaves.py": (
        "day_of_year.day_of_year", "day_of_year.pooled", "day_of_year.pools", "day_of_year.reach", "day_of_year.smoothed",
        "spells.fill_short_gaps", "spells.spells"),
    "processing/test_base_period.py": (
        "base_period.base_months", "base_period.pooled_span", "base_period.uncovered", "base_period.years_needed"),
    "processing/test_cell_trends.py": ("cell_trends.false_discovery",),
    "processing/test_cf_dataset.py": (
        "cf_attributes.dataset_attrs", "cf_attributes.definition_attrs", "cf_attributes.indicator_attrs",
        "cf_attributes.series_attrs", "cf_dataset.cf_dataset"),
    "processing/test_conform.py": (
        "conform.cell_bounds", "conform.conform", "conform.cut", "conform.grid_fingerprint", "conform.stamp"),
    "processing/test_depth_mask.py": ("depth_mask.deep_cells",),
    "processing/test_waterline.py": ("waterline.waterline",),
    "processing/test_drought.py": ("drought.gamma_parameters", "drought.log_logistic_parameters"),
    "processing/test_durations.py": ("durations.later",),
    "processing/test_edition_scale.py": ("edition_scale.scale_break",),
    "processing/test_evapotranspiration.py": (
        "evapotranspiration.daylight_hours", "evapotranspiration.extraterrestrial_radiation",
        "evapotranspiration.mean_saturation_pressure", "evapotranspiration.monthly_soil_heat",
        "evapotranspiration.net_radiation", "evapotranspiration.penman_monteith",
        "evapotranspiration.psychrometric_constant", "evapotranspiration.radiation_from_sunshine",
        "evapotranspiration.saturation_pressure", "evapotranspiration.wind_at_2m"),
    "processing/test_gates.py": (
        "gates.annual_means", "gates.check_gates", "gates.impossible_years", "gates.offsets", "gates.physical_flags",
        "gates.series_faults"),
    "processing/test_hypsometric_curves.py": (
        "hypsometry.connected", "hypsometry.depth", "hypsometry.from_areas", "hypsometry.hypsometry",
        "hypsometry.membership", "hypsometry.spread", "hypsometry.wet_share"),
    "processing/test_likelihood.py": (
        "likelihood.of_exceeding", "likelihood.words", "rounding.places_of", "rounding.to_uncertainty"),
    "processing/test_promised_cells.py": ("promised_cells.broken_promise", "promised_cells.ground"),
    "processing/test_qc.py": ("qc.as_digits", "qc.flag", "qc.flag_tests", "qc.roll_up", "qc_thresholds.checked"),
    "processing/test_qc_newest.py": ("qc_newest.placed", "qc_newest.test_of"),
    "processing/test_regions.py": (
        "regions.area_mean", "regions.cell_areas", "regions.cell_weights", "regions.geometry_area_km2",
        "regions.labelled_weights", "regions.regional_mean"),
    "processing/test_shoreline_rates.py": ("shoreline.bed_slope", "shoreline.profile"),
    "processing/test_statistics.py": ("statistics.interval",),
    "processing/test_units.py": ("units.convert", "units.is_difference", "units.to_units"),
    "processing/test_zonal.py": ("zonal.area_fraction", "zonal.area_percentiles", "zonal.weights_of", "zonal.zonal_mean"),
    "test_cubes.py": ("describe.coverage", "describe.describe", "describe.period_ends", "describe.resolution_of"),
    "workflows/test_on_a_cluster.py": ("cluster.connected", "cluster.each"),
}  # fmt: skip


# Held by what is made of them: no test imports them by themselves.
THROUGH_OTHERS = {
    "indicators/test_every_function.py", "indicators/test_hypsometry.py", "indicators/test_shoreline.py",
    "indicators/test_marine_heatwaves.py", "indicators/test_wind.py", "processing/test_likelihood.py",
    "processing/test_qc.py", "processing/test_qc_newest.py", "processing/test_cf_dataset.py", "test_cubes.py",
}  # fmt: skip


def functions() -> set[str]:
    found = set()
    for entry in pkgutil.iter_modules(processing.__path__):
        module = importlib.import_module(f"{processing.__name__}.{entry.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                found.add(f"{entry.name}.{name}")
    return found


def test_every_function_has_its_row() -> None:
    elsewhere = [name for names in ELSEWHERE.values() for name in names]
    assert sorted(functions()) == sorted([*ARRAYS, *SERIES, *elsewhere])
    tests = Path(__file__).resolve().parents[1]
    for file, names in ELSEWHERE.items():
        text = (tests / file).read_text(encoding="utf-8")
        assert all(name.partition(".")[0] in text for name in names) or file in THROUGH_OTHERS, file
