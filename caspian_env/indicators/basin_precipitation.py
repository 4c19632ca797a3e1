"""Precipitation on the basin of a river: amounts of months and of hydrological years, and their anomalies.

A hydrological year of the Volga begins in April, so that its snow is in the same year as its flood; it has the number of the
calendar year in which it begins. A sum allows no gap. What falls on the basin reaches the sea one to three months later in
summer, and later in winter (Arpe et al. 2012, doi:10.5194/hess-16-19-2012): no value here is moved for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import annual_amounts as amounts
from caspian_env.processing import climate_normals as climate
from caspian_env.processing.base_period import years_needed
from caspian_env.processing.periods import Result, as_dataset, refused_once, result, year_span

if TYPE_CHECKING:
    import xarray as xr

UNITS = "mm"


def monthly_total(precipitation: xr.DataArray, *, relative_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Amount of each calendar month.

    Parameters
    ----------
    precipitation : xarray.DataArray, dims (time,), mm or mm d-1
        Totals of months or days, or their mean rates, over the basin.
    relative_uncertainty : float
        Standard uncertainty as a share of the amount.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Amounts in mm; a month that lacks a day is refused.

    Raises
    ------
    NotComputable
        The series is in neither unit, or not ascending.
    """
    months = _months(precipitation, relative_uncertainty)
    return as_dataset(climate.month_rows(months, ci_level=ci_level), units=UNITS, ci_level=ci_level)


def monthly_anomaly(
    precipitation: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Amount of each calendar month less its mean amount in the base years.

    Parameters
    ----------
    base : sequence of int
        First and last year of the base period, both included.
    min_base_share : float
        Share of the base years that a calendar month must have (WMO-No. 1203: 0.8).

    Other parameters as for `monthly_total`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In mm; where a calendar month lacks base years, its newest one is refused and says how many there are.
    """
    months = _months(precipitation, relative_uncertainty)
    rows: list[Result] = []
    for month in range(12):
        same = climate.month_rows(months.isel(time=slice(month, None, 12)), ci_level=ci_level)
        rows += _less_normal(same, base, min_base_share, ci_level)
    return as_dataset(sorted(rows, key=lambda row: row.period), units=UNITS, ci_level=ci_level)


def hydrological_total(
    precipitation: xr.DataArray, *, first_month: int, relative_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Sum of the twelve months of each hydrological year.

    Parameters
    ----------
    first_month : int
        Calendar month in which the year begins, 1 to 12.

    Other parameters as for `monthly_total`; the uncertainty is common to the months of a year.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm; years with fewer than twelve months are refused.
    """
    years = amounts.year_amounts(amounts.begun_in_january(_amounts(precipitation), UNITS, first_month))
    rows = amounts.year_rows(years, relative_uncertainty=relative_uncertainty, ci_level=ci_level)
    return as_dataset([amounts.put_back(row, first_month) for row in rows], units=UNITS, ci_level=ci_level)


def hydrological_anomaly(
    precipitation: xr.DataArray,
    *,
    first_month: int,
    base: Sequence[int],
    min_base_share: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Sum of each hydrological year less the mean sum of those that begin in the base years.

    Parameters as for `hydrological_total` and `monthly_anomaly`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm; without enough base years one refusal, for the newest year.
    """
    years = amounts.year_amounts(amounts.begun_in_january(_amounts(precipitation), UNITS, first_month))
    rows = amounts.anomaly_rows(
        years, base=base, min_base_share=min_base_share, relative_uncertainty=relative_uncertainty, ci_level=ci_level
    )
    return as_dataset([amounts.put_back(row, first_month) for row in rows], units=UNITS, ci_level=ci_level)


def _amounts(precipitation: xr.DataArray) -> xr.DataArray:
    """Monthly amounts; NaN where a day is missing."""
    return amounts.month_amounts(precipitation, UNITS)


def _months(precipitation: xr.DataArray, relative_uncertainty: float) -> xr.DataArray:
    """Monthly amounts with their uncertainty."""
    months = _amounts(precipitation)
    return months.assign_coords(std_uncertainty=("time", relative_uncertainty * np.abs(months.values)))


def _less_normal(rows: Sequence[Result], base: Sequence[int], min_base_share: float, ci_level: float) -> list[Result]:
    """Amounts of one calendar month less their mean in the base years; without enough of these, one refusal."""
    first, last = year_span(base[0])[0], year_span(base[1])[1]
    inside = [row for row in rows if not row.reason and first <= row.period[0] < last]
    length = base[1] - base[0] + 1
    needed, spans = years_needed(base, min_base_share), [row.period for row in inside]
    if len(inside) < needed:
        reason = (
            f"the base period {base[0]}-{base[1]} needs {needed} of {length} years of this month, this record has"
            f" {len(inside)}"
        )
        return refused_once(rows, reason, spans)
    normal = float(np.mean([row.value for row in inside]))
    u_normal = float(np.mean([row.std_uncertainty for row in inside])) / sqrt(len(inside))
    return [
        row if row.reason else result(
            row.period, row.value - normal, sqrt(row.std_uncertainty**2 + u_normal**2), n_valid=row.n_valid,
            n_expected=row.n_expected, used=[row.period, *spans], ci_level=ci_level, estimated=row.estimated,
        )
        for row in rows
    ]  # fmt: skip
