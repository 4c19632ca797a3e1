"""Promises of every public function of the indicators, on synthetic inputs made from its seed; a new one needs a row here.

The table says what a shift and a change of scale of the first input do to the values: they follow it, stay as they are, or
neither (thresholds, ratios and laws). What else is promised holds for all: times that run backwards are refused or
sorted, nothing and nothing but gaps give no value, one value and equal values give the form or a refusal, another unit is
refused. The days are those of the calendar, with seven to ten of 29 February.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import xarray as xr

from caspian_env import indicators
from caspian_env.errors import NotComputable
from caspian_env.model import IndicatorInput
from caspian_env.wiring import load_seeds
from tests.indicators.synthetic_series import check_form, make

FOLLOWS, STAYS, NEITHER = "follows", "stays", "neither"
# Of each function: what its values do when 0.125 is added to its first input, and when that is doubled.
TABLE = {
    "air_temperature.annual_anomaly": (STAYS, FOLLOWS), "air_temperature.annual_mean": (FOLLOWS, FOLLOWS),
    "air_temperature.midrange_annual_anomaly": (STAYS, NEITHER), "air_temperature.midrange_normal": (NEITHER, NEITHER),
    "air_temperature.normal": (FOLLOWS, FOLLOWS), "air_temperature.trend": (STAYS, FOLLOWS),
    "basin_precipitation.hydrological_anomaly": (STAYS, FOLLOWS), "basin_precipitation.hydrological_total": (NEITHER, FOLLOWS),
    "basin_precipitation.monthly_anomaly": (STAYS, FOLLOWS), "basin_precipitation.monthly_total": (FOLLOWS, FOLLOWS),
    "carbon_dioxide.annual_growth": (STAYS, FOLLOWS), "carbon_dioxide.annual_mean": (FOLLOWS, FOLLOWS),
    "commitments.gap": (NEITHER, NEITHER), "commitments.progress": (NEITHER, NEITHER),
    "commitments.required_cut": (NEITHER, NEITHER), "country_years.change_since": (NEITHER, STAYS),
    "country_years.mean_rate": (NEITHER, STAYS), "country_years.per_head": (NEITHER, FOLLOWS),
    "country_years.published": (FOLLOWS, FOLLOWS), "country_years.share": (NEITHER, FOLLOWS),
    "country_years.share_of_sum": (NEITHER, NEITHER), "country_years.sum_of": (FOLLOWS, NEITHER),
    "drought.spei": (STAYS, NEITHER), "drought.spi": (NEITHER, STAYS),
    "evaporation.from_balance": (STAYS, NEITHER), "evaporation.from_bulk_formula": (NEITHER, NEITHER),
    "evaporation.from_reanalysis": (NEITHER, FOLLOWS), "evaporation.spread_of_three": (STAYS, NEITHER),
    "global_temperature.above_1850_1900": (NEITHER, NEITHER), "heat_and_frost.days_above_percentile": (STAYS, STAYS),
    "heat_and_frost.days_beyond": (NEITHER, NEITHER), "heat_and_frost.freezing_degree_days": (NEITHER, FOLLOWS),
    "heat_and_frost.warm_spell_days": (STAYS, STAYS), "heatwave_years.area": (STAYS, STAYS),
    "heatwave_years.cumulative_intensity": (STAYS, FOLLOWS), "heatwave_years.days": (STAYS, STAYS),
    "heatwave_years.events": (STAYS, STAYS), "ice_severity.by_extent": (NEITHER, NEITHER),
    "ice_severity.by_frost": (NEITHER, STAYS), "inflow.annual": (NEITHER, NEITHER), "inflow.annual_anomaly": (NEITHER, FOLLOWS),
    "inflow.annual_of_four": (NEITHER, NEITHER), "inflow.anomaly_of_four": (NEITHER, NEITHER),
    "inflow.monthly": (NEITHER, FOLLOWS), "inflow.peak_day": (STAYS, STAYS),
    "level_cycle.month_of_maximum": (STAYS, STAYS), "level_cycle.month_of_minimum": (STAYS, STAYS),
    "level_cycle.seasonal_range": (STAYS, FOLLOWS), "level_datum.annual_mean": (STAYS, NEITHER),
    "level_datum.drift": (STAYS, NEITHER), "level_datum.offset": (FOLLOWS, NEITHER),
    "level_extremes.bridged_distance": (STAYS, NEITHER), "level_extremes.distance": (NEITHER, NEITHER),
    "level_extremes.months_below": (STAYS, NEITHER), "level_extremes.rank": (STAYS, STAYS),
    "level_monthly.annual_anomaly": (STAYS, FOLLOWS), "level_monthly.monthly_anomaly": (STAYS, FOLLOWS),
    "level_monthly.monthly_mean": (FOLLOWS, FOLLOWS), "level_rates.acceleration": (STAYS, FOLLOWS),
    "level_rates.curvature": (STAYS, FOLLOWS), "level_rates.rate_since": (STAYS, FOLLOWS),
    "level_thresholds.years_until": (STAYS, NEITHER), "port_loading.draught_deficit": (STAYS, NEITHER),
    "net_precipitation.annual": (NEITHER, NEITHER), "net_precipitation.monthly": (NEITHER, NEITHER),
    "net_precipitation.spread": (NEITHER, NEITHER),
    "port_loading.draught_lost": (STAYS, FOLLOWS), "port_loading.loading_loss": (NEITHER, NEITHER),
    "port_loading.year_of_fall": (STAYS, NEITHER), "port_margins.depth_change": (FOLLOWS, NEITHER),
    "port_margins.draft_max": (NEITHER, NEITHER), "precipitation.annual_anomaly": (NEITHER, FOLLOWS),
    "precipitation.annual_total": (NEITHER, FOLLOWS), "precipitation.normal": (NEITHER, FOLLOWS),
    "precipitation.trend": (STAYS, FOLLOWS), "projections.tracking": (FOLLOWS, NEITHER),
    "regimes.turning_points": (STAYS, STAYS), "sea_ice.first_day": (NEITHER, NEITHER),
    "sea_ice.greatest_extent": (NEITHER, NEITHER), "sea_ice.last_day": (NEITHER, NEITHER),
    "sea_ice.season_length": (NEITHER, NEITHER), "sea_level.above_minimum": (FOLLOWS, NEITHER),
    "sea_level.annual_mean": (FOLLOWS, FOLLOWS), "sea_level.mean_rate": (STAYS, FOLLOWS),
    "sea_level.observed_change": (STAYS, FOLLOWS), "sea_surface.annual_anomaly": (STAYS, FOLLOWS),
    "sea_surface.annual_mean": (FOLLOWS, FOLLOWS), "sea_temperature.monthly_anomaly": (STAYS, FOLLOWS),
    "sea_temperature.monthly_mean": (FOLLOWS, FOLLOWS), "sea_temperature.trend": (STAYS, FOLLOWS),
    "steric_level.of_mixed_layer": (NEITHER, NEITHER), "trace_gases.annual_mean": (FOLLOWS, FOLLOWS),
    "trace_gases.growth_12_months": (STAYS, FOLLOWS), "water_balance.term": (NEITHER, NEITHER),
    "water_mass.anomaly": (NEITHER, FOLLOWS), "water_mass.change": (STAYS, FOLLOWS),
    "wind.greatest": (FOLLOWS, FOLLOWS), "wind.return_level": (FOLLOWS, FOLLOWS), "wind.wind_days": (NEITHER, NEITHER),
}  # fmt: skip
# Functions that no seed names, or that take a relief: where their promises are tested.
ELSEWHERE = {
    "chlorophyll.bloom_area": "test_chlorophyll", "chlorophyll.seasonal_change": "test_chlorophyll",
    "air_temperature.midrange_monthly_mean": "test_air_temperature", "air_temperature.monthly_mean": "test_air_temperature",
    "heatwave_days.heat_days": "test_heatwave_years", "heatwave_days.region_days": "test_heatwave_years",
    "hypsometry.area": "test_hypsometry", "hypsometry.exposed_seabed": "test_hypsometry",
    "hypsometry.volume": "test_hypsometry",
    "marine_heatwaves.climatology": "test_marine_heatwaves", "marine_heatwaves.detect": "test_marine_heatwaves",
    "port_margins.crossing_year": "test_port_margins", "port_margins.days_below": "test_port_margins",
    "port_margins.margin": "test_port_margins", "reference_evaporation.from_months": "test_reference_evaporation",
    "reference_evaporation.monthly_total_from_days": "test_reference_evaporation",
    "shoreline.coast_retreat": "test_shoreline", "shoreline.modelled_retreat": "test_shoreline",
    "shoreline.observed_retreat": "test_shoreline",
    "surges.greatest_departure": "test_surges", "surges.longest_surge": "test_surges", "surges.return_level": "test_surges",
    "surges.surge_days": "test_surges",
}  # fmt: skip
SEEDS = load_seeds()
# Thirty base years, each left out in turn, or TEOS-10.
SLOW = ("heatwave_years.", "heat_and_frost.days_above", "heat_and_frost.warm", "steric_level.", "evaporation.spread")


def functions() -> set[str]:
    found = set()
    for entry in pkgutil.iter_modules(indicators.__path__):
        module = importlib.import_module(f"{indicators.__name__}.{entry.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                found.add(f"{entry.name}.{name}")
    return found


def test_every_function_has_its_row() -> None:
    assert functions() == TABLE.keys() | ELSEWHERE.keys()
    assert not TABLE.keys() & ELSEWHERE.keys()


# Mean and seasonal swing of what a unit stands for here, and how much it scatters.
USUAL = {
    "m": (-27.6, 0.15, 0.05), "degree_Celsius": (15.0, 11.0, 1.0), "mm": (40.0, 15.0, 6.0), "mm d-1": (2.0, 0.8, 0.2),
    "m3 s-1": (8000.0, 2500.0, 300.0), "1e-6": (390.0, 3.0, 0.2), "1": (0.3, 0.2, 0.05), "Mt": (300.0, 0.0, 8.0),
    "TW h": (50.0, 0.0, 3.0), "GW": (20.0, 0.0, 1.0), "m s-1": (5.0, 1.0, 0.3), "hPa": (1018.0, 4.0, 1.0),
}  # fmt: skip


@cache
def series(units: str, resolution: str, grid: bool, datum: str, seed: int) -> xr.DataArray:
    """Season, noise and memory from 1988 to 2025, leap days included; a level rises and falls, and cells differ."""
    step = {"P1D": "D", "P1M": "M", "P1Y": "Y", "instant": "D"}[resolution]
    times = np.arange("1988", "2026", dtype=f"datetime64[{step}]")
    times = times[::10] if resolution == "instant" else times
    mean, swing, scatter = USUAL[units]
    random = np.random.default_rng(seed)
    days = times.astype("datetime64[D]").astype(float)
    shape = (times.size, 4, 5) if grid else (times.size,)
    phase = (2 * np.pi * (days / 365.2425 - 0.3)).reshape(-1, *[1] * (len(shape) - 1))
    values = mean + (swing * np.sin(phase) if resolution != "P1Y" else 0) + random.normal(0, scatter, shape)
    if units == "m":
        mean_of_datum = 0.5 if datum == "dahiti_39" else 0.0  # as DAHITI stands against the Baltic system
        random = np.random.default_rng(0)  # one sea for all that measure it
        years = times.astype("datetime64[Y]").astype(int)
        yearly = random.normal(0, 0.04, np.ptp(years) + 1) + np.where(np.arange(np.ptp(years) + 1) < 17, 0.06, -0.1)
        steps = np.cumsum(yearly)[years - years.min()]
        values = values + mean_of_datum + steps.reshape(-1, *[1] * (len(shape) - 1))
    if units == "1":
        values = np.clip(values, 0.0, 1.0)
    if not grid:
        return make(times, values, units=units, resolution=resolution, datum=datum)
    axes = {"latitude": [43.5, 44.5, 45.5, 46.5], "longitude": [48.5, 49.5, 50.5, 51.5, 52.5]}
    coords = {
        "time": times.astype("datetime64[s]"), **axes, "area": (tuple(axes), np.full((4, 5), 8800.0)),
        "weight": (tuple(axes), np.where(np.arange(20) % 7, 1.0, 0.25).reshape(4, 5)),
    }  # fmt: skip
    attrs = {"units": units, "resolution": resolution, "datum": datum}
    return xr.DataArray(values, coords, ("time", *axes), "synthetic", attrs)


def input_of(taken: IndicatorInput, seed: int) -> xr.DataArray:
    units = "1" if taken.beside else SEEDS.variables[taken.variable].units
    if "population" in taken.variable:
        return series("Mt", "P1Y", False, "none", seed).copy(data=np.linspace(9e6, 1e7, 38)).assign_attrs(units=units)
    made = series(units, str(taken.resolution), taken.grid, taken.datum or "none", seed)
    return made.copy(data=np.full(made.shape, 8.0)) if taken.variable == "wind_reports" else made


class Case:
    """A function with the parameters of its first seed whose base is covered, and synthetic inputs."""

    def __init__(self, name: str) -> None:
        mine = (one for one in SEEDS.indicators.values() if one.function == name)
        self.seed = next(one for one in mine if one.parameters.get("base", [1991])[0] >= 1988)
        module, _, function = name.partition(".")
        self.function = getattr(importlib.import_module(f"{indicators.__name__}.{module}"), function)
        self.inputs = [input_of(taken, number) for number, taken in enumerate(self.seed.inputs)]
        self.names = [taken.argument for taken in self.seed.inputs]

    def __call__(
        self, change: Callable[[xr.DataArray], xr.DataArray] = lambda given: given, every: bool = False
    ) -> xr.Dataset:
        given = [change(one) if every or number == 0 else one for number, one in enumerate(self.inputs)]
        found: xr.Dataset = self.function(**dict(zip(self.names, given, strict=True)), **self.seed.parameters)
        return found


@cache
def case(name: str) -> Case:
    return Case(name)


def form(name: str, found: xr.Dataset) -> None:
    seed = case(name).seed
    check_form(found, seed.units, seed.parameters.get("ci_level", 0.95), uncertain=False)


@cache
def usual(name: str) -> xr.Dataset:
    return case(name)()


def or_refused(name: str, change: Callable[[xr.DataArray], xr.DataArray], every: bool = False) -> xr.Dataset | None:
    try:
        return case(name)(change, every)
    except NotComputable as error:
        assert error.problem
        return None


ALL = [pytest.param(name, marks=[pytest.mark.slow] if name.startswith(SLOW) else []) for name in TABLE]


@pytest.mark.parametrize("name", ALL)
def test_it_gives_values_in_the_form_of_all(name: str) -> None:
    found = usual(name)
    form(name, found)
    assert np.isfinite(found["value"].values).any() or name in REFUSED, set(found["reason"].values)


# Refused with the parameters of their seeds: the rows of the ports are provisional. And the winters here are all alike: the
# synthetic ice reaches everywhere, and the air hardly freezes.
REFUSED = {"port_margins.draft_max", "ice_severity.by_extent", "ice_severity.by_frost"}
# They compare a series with itself, or hand it on in its own unit, whatever that is.
ANY_UNIT = {
    "commitments.gap", "commitments.progress", "commitments.required_cut", "country_years.change_since",
    "country_years.mean_rate", "country_years.published", "trace_gases.annual_mean", "trace_gases.growth_12_months",
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_a_shift_and_another_scale(name: str) -> None:
    units_value = usual(name)
    for what, change, followed in (
        (TABLE[name][0], lambda given: given + 0.125, lambda values: values + 0.125),
        (TABLE[name][1], lambda given: given * 2, lambda values: values * 2),
    ):
        if what == NEITHER:
            continue
        found = case(name)(lambda given, change=change: change(given).assign_attrs(given.attrs))
        expected = followed(units_value["value"].values) if what == FOLLOWS else units_value["value"].values
        np.testing.assert_allclose(found["value"].values, expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", ALL)
def test_times_that_run_backwards_are_refused_or_sorted(name: str) -> None:
    found = or_refused(name, lambda given: given.isel(time=slice(None, None, -1)))
    if found is not None:
        np.testing.assert_allclose(found["value"].values, usual(name)["value"].values, rtol=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_nothing_and_nothing_but_gaps_give_no_value(name: str) -> None:
    for change in (lambda given: given.isel(time=slice(0, 0)), lambda given: given.copy(data=given.values * np.nan)):
        found = or_refused(name, change)
        assert found is None or not np.isfinite(found["value"].values).any()


@pytest.mark.parametrize("name", ALL)
def test_one_value_and_equal_values_give_the_form_or_a_refusal(name: str) -> None:
    for change in (
        lambda given: given.isel(time=slice(0, 1)),
        lambda given: given.copy(data=np.full(given.shape, 0.5)),
    ):
        found = or_refused(name, change)
        if found is not None:
            form(name, found)


@pytest.mark.parametrize("name", ALL)
def test_a_gap_makes_no_value_of_its_own(name: str) -> None:
    """A summer without values: what is computed has the form, and no period is there that was not."""
    found = or_refused(
        name,
        lambda given: given.where(
            (given["time"] < np.datetime64("2004-05")) | (given["time"] > np.datetime64("2004-10"))
        ),
    )
    if found is not None:
        form(name, found)
        if name == "regimes.turning_points":
            return  # it judges the longest stretch without a gap
        assert set(found["period_start"].values) <= {*usual(name)["period_start"].values, np.datetime64("1988")}


@pytest.mark.parametrize("name", ALL)
def test_another_unit_is_refused(name: str) -> None:
    if name in ANY_UNIT:
        return
    with pytest.raises(NotComputable):
        case(name)(lambda given: given.assign_attrs(units="furlong"))
