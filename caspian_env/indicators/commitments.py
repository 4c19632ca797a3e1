"""What states promised against what a source says they emit: progress, gap, and the cut still needed each year.

A target is a row of ``targets.csv``: the level that is allowed in a year, in per cent of a base year. The base is that of
the series that is measured, never a number printed elsewhere; so all numbers of one result are of one source and edition.
"""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import TYPE_CHECKING

from caspian_env.processing import pledged
from caspian_env.processing.country_series import by_year, unfit_base
from caspian_env.processing.periods import Result, as_dataset, refusal, result, year_span

if TYPE_CHECKING:
    import xarray as xr


def progress(
    emissions: xr.DataArray, *, base_year: int, target_year: int, level_pct: float, ci_level: float
) -> xr.Dataset:
    """How much of the promised cut is made, 100 (E_base - E_t) / (E_base - E_target).

    Below zero where emissions lie above the base; over 100 where they lie below the target.

    Parameters
    ----------
    emissions : xarray.DataArray, dims (time,), any units
        One value a year.
    base_year, target_year : int
        The years of the pledge.
    level_pct : float
        Emissions allowed in the target year, in per cent of the base year.
    ci_level : float
        Kept for the form; sources state no uncertainty of emissions.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Percent, for every year after the base year; refused where the base is missing or the target does not lie below
        it.

    Raises
    ------
    NotComputable
        The series is not yearly, or not ascending.
    """

    def compute(value: float, base: float, allowed: float, year: int) -> float | str:
        return 100 * (base - value) / (base - allowed)

    return _each_year(emissions, base_year, level_pct, compute, "percent", ci_level)


def gap(emissions: xr.DataArray, *, base_year: int, target_year: int, level_pct: float, ci_level: float) -> xr.Dataset:
    """How far emissions lie above what the target allows, E_t - E_target; below zero where they are less.

    Parameters
    ----------
    emissions : xarray.DataArray, dims (time,), any units
        One value a year.
    base_year, target_year : int
        The years of the pledge.
    level_pct : float
        Emissions allowed in the target year, in per cent of the base year.
    ci_level : float
        Kept for the form.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In the units of the emissions, for every year after the base year; refused as progress is.

    Raises
    ------
    NotComputable
        The series is not yearly, or not ascending.
    """

    def compute(value: float, base: float, allowed: float, year: int) -> float | str:
        return pledged.gap(value, allowed)

    return _each_year(emissions, base_year, level_pct, compute, str(emissions.attrs.get("units")), ci_level)


def required_cut(
    emissions: xr.DataArray, *, base_year: int, target_year: int, level_pct: float, ci_level: float
) -> xr.Dataset:
    """The same share cut in every year that would lead to the target, 1 - (E_target / E_t)^(1 / (T - t)).

    Parameters
    ----------
    emissions : xarray.DataArray, dims (time,), any units
        One value a year.
    base_year, target_year : int
        The years of the pledge; T is the second.
    level_pct : float
        Emissions allowed in the target year, in per cent of the base year.
    ci_level : float
        Kept for the form.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Percent year-1, zero where emissions are at or below the target; refused for a target of zero, which no constant
        share reaches, in and after the target year, and as progress is.

    Raises
    ------
    NotComputable
        The series is not yearly, or not ascending.
    """

    def compute(value: float, base: float, allowed: float, year: int) -> float | str:
        if year >= target_year:
            return f"the target year {target_year} is not after {year}"
        if value <= allowed:
            return 0.0
        if allowed <= 0:
            return "no constant yearly share leads to zero"
        ratio: float = (allowed / value) ** (1 / (target_year - year))
        return 100 * (1 - ratio)

    return _each_year(emissions, base_year, level_pct, compute, "percent year-1", ci_level)


def _each_year(
    emissions: xr.DataArray,
    base_year: int,
    level_pct: float,
    compute: Callable[[float, float, float, int], float | str],
    units: str,
    ci_level: float,
) -> xr.Dataset:
    """A number or a reason for every year after the base year."""
    years = by_year(emissions, str(emissions.attrs.get("units")))
    base = years.get(base_year)
    rows = [
        _row(year, value, base, base_year, level_pct, compute, ci_level)
        for year, value in years.items()
        if year > base_year
    ]
    return as_dataset(rows, units=units, ci_level=ci_level)


def _row(
    year: int,
    value: float,
    base: float | None,
    base_year: int,
    level_pct: float,
    compute: Callable[[float, float, float, int], float | str],
    ci_level: float,
) -> Result:
    span = year_span(year)
    if (why := unfit_base(base, base_year)) or base is None:
        return refusal(span, why, n_valid=1, n_expected=2, used=[span])
    used = [year_span(base_year), span]
    if level_pct >= 100:
        return refusal(span, "the target does not lie below its base", n_valid=2, n_expected=2, used=used)
    found = compute(value, base, pledged.allowed(base, level_pct), year)
    if isinstance(found, str):
        return refusal(span, found, n_valid=2, n_expected=2, used=used)
    return result(span, found, nan, n_valid=2, n_expected=2, used=used, ci_level=ci_level)
