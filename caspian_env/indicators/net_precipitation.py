"""Precipitation less evaporation, of the sea or of the basin of a river: what the sky gives and takes back, in one number.

It is a small difference of two large numbers that nobody measures over water. Products stand side by side and are never
pooled; what two precipitations differ by is told as a value of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import hypot, inf, isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from caspian_env.processing import annual_amounts as amounts
from caspian_env.processing.periods import Result, YearMean, as_dataset, month_span, refusal, result, year_span
from caspian_env.processing.sea_cells import sea_amounts

if TYPE_CHECKING:
    import xarray as xr

UNITS = "mm"

Years = Mapping[int, YearMean]


def monthly(
    precipitation: xr.DataArray,
    evaporation: xr.DataArray,
    *,
    sign: float,
    u_precipitation: float,
    u_evaporation: float,
    cells: Mapping[str, Any],
    ci_level: float,
) -> xr.Dataset:
    """Precipitation less evaporation of each month that both products have.

    Parameters
    ----------
    precipitation, evaporation : xarray.DataArray, dims (time,) or (time, latitude, longitude), mm or mm d-1
        Totals or mean rates of months or days of a region, or their cells with ``area`` and ``weight``.
    sign : float
        -1 where the product counts evaporation as negative.
    u_precipitation, u_evaporation : float
        Standard uncertainty as a share of either amount, independent of one another.
    cells : mapping
        ``smallest_share`` and ``fewest_cells`` of `caspian_env.processing.sea_cells.sea_only_mean`, for inputs of cells; may
        be empty for means of a region.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm, negative where more evaporates than falls; a month that lacks a day is left out.

    Raises
    ------
    NotComputable
        Other units, times that are not ascending, or too few cells in the sea.
    """
    rain, lost = (_months(precipitation, 1.0, cells), _months(evaporation, sign, cells))
    rain, lost = _common(rain, lost)
    rows = []
    for i, month in enumerate(rain["time"].values.astype("datetime64[M]").astype(int)):
        fallen, gone = float(rain.values[i]), float(lost.values[i])
        if isnan(fallen) or isnan(gone):
            continue
        span, u = month_span(int(month)), hypot(u_precipitation * fallen, u_evaporation * gone)
        n = int(min(rain["n_valid"].values[i], lost["n_valid"].values[i]))
        estimated = bool(rain["estimated"].values[i] or lost["estimated"].values[i])
        rows.append(
            result(span, fallen - gone, u, n_valid=n, n_expected=n, used=[span], ci_level=ci_level, estimated=estimated)
        )
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def annual(
    precipitation: xr.DataArray,
    evaporation: xr.DataArray,
    *,
    first_month: int,
    sign: float,
    u_precipitation: float,
    u_evaporation: float,
    cells: Mapping[str, Any],
    ci_level: float,
) -> xr.Dataset:
    """Precipitation less evaporation of each year of twelve months from ``first_month`` on.

    Parameters
    ----------
    first_month : int
        Calendar month in which the year begins, 1 to 12; a year has the number of the calendar year in which it begins.

    Other parameters as for `monthly`; the uncertainty of either is common to the months of a year.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm; a year in which one of the two lacks a month is refused and says which.
    """
    rain = _years(_months(precipitation, 1.0, cells), first_month)
    lost = _years(_months(evaporation, sign, cells), first_month)

    def difference(fallen: float, gone: float) -> tuple[float, float]:
        return fallen - gone, hypot(u_precipitation * fallen, u_evaporation * gone)

    rows = [
        amounts.put_back(_row(year, {"precipitation": rain, "evaporation": lost}, difference, ci_level), first_month)
        for year in _both(rain, lost)
    ]
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def spread(
    precipitation: xr.DataArray,
    other: xr.DataArray,
    *,
    first_month: int,
    u_precipitation: float,
    cells: Mapping[str, Any],
    ci_level: float,
) -> xr.Dataset:
    """How far two products of precipitation are apart in a year: with one evaporation, so far are the differences.

    Parameters as for `annual`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm, of no sign; the uncertainty is that of both products together.
    """
    one, two = (_years(_months(given, 1.0, cells), first_month) for given in (precipitation, other))

    def apart(fallen: float, also: float) -> tuple[float, float]:
        return abs(fallen - also), hypot(u_precipitation * fallen, u_precipitation * also)

    rows = [
        amounts.put_back(
            _row(year, {"precipitation": one, "other product": two}, apart, ci_level, least=0.0), first_month
        )
        for year in _both(one, two)
    ]
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def _months(given: xr.DataArray, sign: float, cells: Mapping[str, Any]) -> xr.DataArray:
    """Monthly amounts of a region, or of its cells that lie wholly in the sea."""
    if given.ndim > 1:
        return sea_amounts(given, sign=sign, **cells)
    months = amounts.month_amounts(given, UNITS)
    return months.copy(data=sign * months.values)


def _years(months: xr.DataArray, first_month: int) -> Years:
    begun = amounts.begun_in_january(months, UNITS, first_month)
    return {year.year: year for year in amounts.year_amounts(begun)}


def _common(one: xr.DataArray, other: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    times = np.intersect1d(one["time"].values, other["time"].values)
    return one.sel(time=times), other.sel(time=times)


def _both(one: Years, other: Years) -> range:
    """From the first year that both touch to the newest of either."""
    if not one or not other:
        return range(0)
    return range(max(min(one), min(other)), max(*one, *other) + 1)


def _row(
    year: int,
    given: Mapping[str, Years],
    of: Callable[[float, float], tuple[float, float]],
    ci_level: float,
    least: float = -inf,
) -> Result:
    """One year made of two amounts; refused where one of them lacks a month."""
    found = {name: years.get(year) for name, years in given.items()}
    months = {name: one.n_months if one else 0 for name, one in found.items()}
    whole = [one for one in found.values() if one is not None and not isnan(one.value)]
    n, span = min(months.values()), year_span(year)
    if len(whole) < len(found):
        reason = ", ".join(f"{name}: {count} of 12 months" for name, count in months.items() if count < 12)
        return refusal(span, reason, n_valid=n, n_expected=12, used=[span])
    value, u = of(*(one.value for one in whole))
    estimated = any(one.estimated for one in whole)
    row = result(span, value, u, n_valid=n, n_expected=12, used=[span], ci_level=ci_level, estimated=estimated)
    return replace(row, ci_low=max(least, row.ci_low))
