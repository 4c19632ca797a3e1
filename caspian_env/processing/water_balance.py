"""Terms of the water balance of the sea by calendar year: volumes of rivers, depths over the sea, change of the level.

A cubic kilometre is a million divided by the area (km2) millimetres over the sea. The level of a turn of the year is the mean
of its December and January, so that the change of a year lies between the same days as its sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import completeness
from caspian_env.processing.periods import Result, Span, checked, month_span, refusal, result, year_span

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

SECONDS_PER_DAY, M3_PER_KM3, MM_PER_M = 86_400.0, 1e9, 1e3


@dataclass(frozen=True, slots=True)
class YearSum:
    """A sum over a calendar year, NaN where a month is missing; months that exist, and the windows that it was made from."""

    year: int
    value: float
    n_months: int
    used: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """An uncertain number of a balance: its value and standard uncertainty, normal."""

    value: float
    u: float


def mm_from_km3(volume: float, area_km2: float) -> float:
    """Depth (mm) of a volume (km3) over an area (km2)."""
    return 1e6 * volume / area_km2


def annual_volumes(discharge: xr.DataArray) -> list[YearSum]:
    """Volume (km3) of each calendar year from daily or monthly discharge (m3 s-1); twelve months make a year.

    Raises
    ------
    NotComputable
        Other units, or neither daily nor monthly.
    """
    months = completeness.monthly(checked(discharge, "m3 s-1"))
    return _year_sums(months, SECONDS_PER_DAY / M3_PER_KM3)


def annual_depths(rate: xr.DataArray) -> list[YearSum]:
    """Depth (mm) of each calendar year from daily or monthly rates (mm d-1); twelve months make a year.

    Raises
    ------
    NotComputable
        Other units, or neither daily nor monthly.
    """
    return _year_sums(completeness.monthly(checked(rate, "mm d-1")), 1.0)


def _year_sums(months: xr.DataArray, per_day: float) -> list[YearSum]:
    start = months["time"].values.astype("datetime64[M]")
    length = ((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")).astype(float)
    table = (np.asarray(months.values, float) * length * per_day).reshape(-1, 12)
    touched = months["n_valid"].values.reshape(-1, 12).sum(axis=1) > 0
    years = start[::12].astype("datetime64[Y]").astype(int) + 1970
    return [
        YearSum(int(year), float(row.sum()), int(np.isfinite(row).sum()), (year_span(int(year)),))
        for year, row, some in zip(years, table, touched, strict=True)
        if some
    ]


def level_changes(level: xr.DataArray, *, min_epochs: int) -> list[YearSum]:
    """Change of the level (mm) from one turn of the year to the next, for each year between two that are known.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Epochs or months.
    min_epochs : int
        Fewest epochs in a month.

    Returns
    -------
    list of YearSum
        ``n_months`` counts those of the four months about the two turns that exist; the change needs all four.
    """
    months = completeness.monthly(checked(level, "m"), min_epochs=min_epochs)
    if not months.size:
        return []
    index = months["time"].values.astype("datetime64[M]").astype(int)
    known = {int(i): float(v) for i, v in zip(index, months.values, strict=True) if np.isfinite(v)}
    found = []
    for year in range(int(index[0]) // 12 + 1970, int(index[-1]) // 12 + 1971):
        january = (year - 1970) * 12
        four = (january - 1, january, january + 11, january + 12)
        there = [month for month in four if month in known]
        change = np.nan
        if len(there) == len(four):
            before, after = known[four[0]] + known[four[1]], known[four[2]] + known[four[3]]
            change = (after - before) / 2 * MM_PER_M
        if there:
            found.append(YearSum(year, change, len(there), tuple(month_span(month) for month in there)))
    return found


def total(parts: Sequence[Sequence[YearSum]]) -> list[YearSum]:
    """Sum of several series of years, for the years that any of them touches; NaN where one of them has none."""
    tables = [{one.year: one for one in part} for part in parts]
    years = sorted(set().union(*tables)) if tables else []
    found = []
    for year in years:
        there = [table[year] for table in tables if year in table]
        value = sum(one.value for one in there) if len(there) == len(tables) else np.nan
        months = min(one.n_months for one in there) if len(there) == len(tables) else 0
        found.append(YearSum(year, float(value), months, tuple(span for one in there for span in one.used)))
    return found


def loss(rate: xr.DataArray, sign: int) -> xr.DataArray:
    """A rate of evaporation with its loss positive; ``sign`` is -1 where the dataset has it negative."""
    return rate.copy(data=sign * np.asarray(rate.values, dtype=float))


def sum_row(one: YearSum, u: float, *, ci_level: float) -> Result:
    """The row of a year with standard uncertainty ``u``; refused where a month is missing."""
    period = year_span(one.year)
    if isnan(one.value):
        reason = f"{one.n_months} of 12 months" if one.n_months else "a term of the sum has no value in the year"
        return refusal(period, reason, n_valid=one.n_months, n_expected=12, used=one.used)
    return result(period, one.value, u, n_valid=one.n_months, n_expected=12, used=one.used, ci_level=ci_level)


def propagated(
    factors: Mapping[str, Factor],
    formula: Callable[[Mapping[str, Any]], Any],
    *,
    draws: int,
    seed: int,
    level: float,
) -> tuple[float, float, float, float]:
    """Value of a formula, and its standard uncertainty and interval by Monte Carlo (JCGM 101:2008).

    Parameters
    ----------
    factors : mapping of str to Factor
        Independent and normal.
    formula : callable
        From the factors, as numbers or as arrays of draws, to the result.
    draws, seed : int
        How many draws, and their seed; the same seed gives the same numbers.
    level : float
        Probability content of the interval between percentiles.

    Returns
    -------
    tuple of float
        Value at the factors' values, standard deviation of the draws, lower and upper end.
    """
    if draws < 2:
        raise NotComputable("Monte Carlo", f"{draws} draws have no scatter", "draw some thousands")
    source = np.random.default_rng(seed)
    drawn = {name: source.normal(one.value, one.u, draws) for name, one in factors.items()}
    value = float(formula({name: one.value for name, one in factors.items()}))
    made = np.asarray(formula(drawn), dtype=float)
    low, high = np.quantile(made, [0.5 - level / 2, 0.5 + level / 2])
    return value, float(made.std(ddof=1)), min(value, float(low)), max(value, float(high))
