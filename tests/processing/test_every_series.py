"""Promises of every function of the processing that takes a series with its times, on synthetic ones of forty years.

The table says what a shift and a change of scale do to the values. Times that run backwards are refused or sorted; nothing,
nothing but gaps, one value and equal values give no number out of the blue. The years hold ten leap days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import NotComputable
from caspian_env.processing import (
    annual_amounts,
    annual_levels,
    climate_normals,
    completeness,
    country_series,
    daily_years,
    datum_bridge,
    drought,
    level_years,
    periods,
)
from tests.indicators.synthetic_series import make

FOLLOWS, STAYS, NEITHER = "follows", "stays", "neither"
BASE = [1991, 2020]
RULES = {"min_epochs": 2, "min_cycle_years": 5, "annual_uncertainty": 0.03, "ci_level": 0.9}
AMOUNT = {"base": BASE, "min_base_share": 0.8, "relative_uncertainty": 0.0, "ci_level": 0.9}


def values_of(rows: Iterable[Any]) -> list[float]:
    return [float(row.value) for row in rows]


def normals_of(months: xr.DataArray) -> list[float]:
    given = climate_normals.with_uncertainty(months, 0.2)
    return values_of(climate_normals.normal_rows(given, BASE, total=False, min_share=0.8, common=0.0, ci_level=0.9))


def yearly_of(months: xr.DataArray) -> dict[int, float]:
    return {year.year: year.value for year in completeness.annual(months)}


def offset_of(level: xr.DataArray) -> float:
    rows = level_years.annual_rows(level, **RULES)
    other = [row for row in level_years.annual_rows(series("P1Y", "m"), **RULES) if not row.reason]
    return float(datum_bridge.offset(datum_bridge.overlap(rows, other), scatter=0.03, fewest=6, plausible=None).value)


# Of each: resolution and unit of its series, its values, and what they do under a shift and under another scale.
SERIES: dict[str, tuple[str, str, Callable[[xr.DataArray], Any], str, str]] = {
    "annual_amounts.anomaly_rows": ("P1M", "mm", lambda s: values_of(annual_amounts.anomaly_rows(
        annual_amounts.year_amounts(annual_amounts.month_amounts(s, "mm")), **AMOUNT)), STAYS, FOLLOWS),
    "annual_amounts.month_amounts": ("P1D", "mm d-1", lambda s: annual_amounts.month_amounts(s, "mm"), NEITHER, FOLLOWS),
    "annual_amounts.month_totals": ("P1D", "mm", annual_amounts.month_totals, NEITHER, FOLLOWS),
    "annual_amounts.year_amounts": ("P1M", "mm", lambda s: values_of(annual_amounts.year_amounts(
        annual_amounts.month_amounts(s, "mm"))), NEITHER, FOLLOWS),
    "annual_amounts.year_rows": ("P1M", "m3 s-1", lambda s: values_of(annual_amounts.year_rows(
        annual_amounts.year_amounts(annual_amounts.month_amounts(s, "km3")), relative_uncertainty=0.1, ci_level=0.9)),
        NEITHER, FOLLOWS),
    "annual_levels.annual_levels": ("instant", "m", lambda s: values_of(annual_levels.annual_levels(
        s, min_epochs=2, annual_uncertainty=0.03)), FOLLOWS, FOLLOWS),
    "annual_levels.as_printed": ("P1Y", "m", lambda s: values_of(annual_levels.as_printed(s, 0.03)), FOLLOWS, FOLLOWS),
    "climate_normals.month_rows": ("P1D", "m", lambda s: values_of(climate_normals.month_rows(
        completeness.monthly(s), ci_level=0.9)), FOLLOWS, FOLLOWS),
    "climate_normals.normal_rows": ("P1M", "m", lambda s: normals_of(completeness.monthly(s)), FOLLOWS, FOLLOWS),
    "climate_normals.trend_rows": ("P1M", "m", lambda s: values_of(climate_normals.trend_rows(
        yearly_of(completeness.monthly(s)), years=30, slope="ols", ci_level=0.9)), STAYS, FOLLOWS),
    "climate_normals.year_table": ("P1M", "m", lambda s: climate_normals.year_table(
        completeness.monthly(s), *BASE).ravel(), FOLLOWS, FOLLOWS),
    "completeness.annual": ("P1M", "m", lambda s: list(yearly_of(completeness.monthly(s)).values()), FOLLOWS, FOLLOWS),
    "completeness.cycle_support": ("P1M", "m", lambda s: completeness.cycle_support(
        completeness.monthly(s)).astype(float), STAYS, STAYS),
    "completeness.fill_single_months": ("P1M", "m", lambda s: completeness.fill_single_months(
        completeness.monthly(s), min_cycle_years=5), FOLLOWS, FOLLOWS),
    "completeness.from_days": ("P1D", "m", completeness.from_days, FOLLOWS, FOLLOWS),
    "completeness.from_epochs": ("instant", "m", lambda s: completeness.from_epochs(s, min_epochs=2), FOLLOWS, FOLLOWS),
    "completeness.monthly": ("P1D", "m", completeness.monthly, FOLLOWS, FOLLOWS),
    "completeness.normals": ("P1M", "m", lambda s: completeness.normals(completeness.monthly(s), BASE), FOLLOWS, FOLLOWS),
    "completeness.seasonal_cycle": ("P1M", "m", lambda s: completeness.seasonal_cycle(completeness.monthly(s))[0],
                                    STAYS, FOLLOWS),
    "country_series.by_year": ("P1Y", "m", lambda s: list(country_series.by_year(s, "m").values()), FOLLOWS, FOLLOWS),
    "daily_years.day_axis": ("P1D", "m", lambda s: daily_years.day_axis(s)[1], FOLLOWS, FOLLOWS),
    "datum_bridge.offset": ("P1Y", "m", offset_of, FOLLOWS, NEITHER),
    "drought.spei": ("P1M", "mm", lambda s: drought.spei(s, 3, calibration=None), STAYS, STAYS),
    "drought.spi": ("P1M", "mm", lambda s: drought.spi(s, 3, calibration=None), NEITHER, STAYS),
    "level_years.annual_rows": ("instant", "m", lambda s: values_of(level_years.annual_rows(s, **RULES)), FOLLOWS, FOLLOWS),
    "periods.checked": ("P1D", "m", lambda s: periods.checked(s, "m"), FOLLOWS, FOLLOWS),
}  # fmt: skip


MEAN = {"m": (-27.6, 0.3), "mm": (60.0, 20.0), "mm d-1": (2.0, 0.6), "m3 s-1": (8000.0, 2000.0)}


def series(resolution: str, units: str) -> xr.DataArray:
    """Synthetic season and noise, 1985 to 2024: every day, tenth day, month or year."""
    step = {"P1D": "D", "instant": "D", "P1M": "M", "P1Y": "Y"}[resolution]
    times = np.arange("1985", "2025", dtype=f"datetime64[{step}]")
    times = times[::10] if resolution == "instant" else times
    mean, swing = MEAN[units]
    turn = 2 * np.pi * times.astype("datetime64[D]").astype(float) / 365.2425
    noise = np.random.default_rng(5).normal(0, 0.1 * swing, times.size)
    return make(times, mean + swing * np.sin(turn) + noise, units=units, resolution=resolution)


def numbers(name: str, given: xr.DataArray) -> np.ndarray:
    return np.asarray(SERIES[name][2](given), dtype=float).ravel()


@pytest.mark.parametrize("name", SERIES)
def test_a_series_shifted_or_in_another_scale(name: str) -> None:
    resolution, units, _, shift, scale = SERIES[name]
    given = series(resolution, units)
    plain = numbers(name, given)
    assert np.isfinite(plain).any()
    for change, what in (
        (lambda of: of + 0.125, shift),
        (lambda of: of * 2, scale),
    ):
        if what != NEITHER:
            found = numbers(name, given.copy(data=change(given.values)))
            np.testing.assert_allclose(found, change(plain) if what == FOLLOWS else plain, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", SERIES)
def test_a_series_that_runs_backwards_is_refused_or_sorted(name: str) -> None:
    given = series(*SERIES[name][:2])
    try:
        found = numbers(name, given[::-1])
    except NotComputable:
        return
    np.testing.assert_allclose(np.sort(found), np.sort(numbers(name, given)), rtol=1e-12)


@pytest.mark.parametrize("name", SERIES)
def test_a_series_of_nothing_or_of_gaps_has_no_values(name: str) -> None:
    given = series(*SERIES[name][:2])
    for empty in (given[:0], given.copy(data=np.full(given.size, np.nan))):
        try:
            found = numbers(name, empty)
        except NotComputable:
            continue
        assert not np.isfinite(found).any() or not found.any()


@pytest.mark.parametrize("name", SERIES)
def test_a_gap_makes_no_number_of_its_own(name: str) -> None:
    """Half a year without values: no more numbers than before, and of one value or equal ones a form or a refusal."""
    given = series(*SERIES[name][:2])
    hole = (given["time"] >= np.datetime64("2004-03")) & (given["time"] < np.datetime64("2004-09"))
    for changed in (given.where(~hole), given[:1], given.copy(data=np.full(given.size, 2.0))):
        try:
            found = numbers(name, changed)
        except NotComputable:
            continue
        assert np.isfinite(found).sum() <= np.isfinite(numbers(name, given)).sum()


def test_leap_days_are_days() -> None:
    days = series("P1D", "mm d-1")
    ones = days.copy(data=np.ones(days.size))
    amounts = annual_amounts.month_amounts(ones, "mm").to_series()
    assert amounts["2024-02-01"] == 29
    assert amounts["2023-02-01"] == 28
    without = ones.where(ones["time"] != np.datetime64("2024-02-29"))
    assert np.isnan(annual_amounts.month_amounts(without, "mm").to_series()["2024-02-01"]), "a sum allows no gap"
    assert completeness.from_days(without).to_series()["2024-02-01"] == 1, "a mean does"
    axis, _ = daily_years.day_axis(days)
    assert axis.size == 40 * 365 + 10
