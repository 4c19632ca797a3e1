"""Precipitation: annual totals, their anomalies, normals and trend, from totals or rates of months or days.

A sum allows no gap: a month of daily values needs every day, and a year all of its months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from caspian_env.processing import annual_amounts as amounts
from caspian_env.processing import climate_normals as climate
from caspian_env.processing.periods import as_dataset

if TYPE_CHECKING:
    import xarray as xr

UNITS, SLOPE_UNITS = "mm", "mm year-1"


def annual_total(precipitation: xr.DataArray, *, relative_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Sum of the twelve monthly totals of each calendar year.

    Parameters
    ----------
    precipitation : xarray.DataArray, dims (time,), mm or mm d-1
        Totals of months or days, or their mean rates.
    relative_uncertainty : float
        Standard uncertainty as a share of the total; common to the months of a year.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm; years with fewer than twelve months are refused.

    Raises
    ------
    NotComputable
        The series is in neither, or not ascending.
    """
    years = amounts.year_amounts(_sums(precipitation))
    rows = amounts.year_rows(years, relative_uncertainty=relative_uncertainty, ci_level=ci_level)
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def annual_anomaly(
    precipitation: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Total of each calendar year less the mean total of the base years.

    Parameters
    ----------
    base : sequence of int
        First and last year of the base period, both included.
    min_base_share : float
        Share of the base years that must have a total (WMO-No. 1203: 0.8).

    Other parameters as for `annual_total`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm; without enough base years one refusal, for the newest year.
    """
    rows = amounts.anomaly_rows(
        amounts.year_amounts(_sums(precipitation)), base=base, min_base_share=min_base_share,
        relative_uncertainty=relative_uncertainty, ci_level=ci_level,
    )  # fmt: skip
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def normal(precipitation: xr.DataArray, *, base: Sequence[int], min_base_share: float, ci_level: float) -> xr.Dataset:
    """Mean total of each calendar month, and of the year, over a base period (WMO-No. 1203).

    Its uncertainty is that of sampling some thirty years. The undercatch of the gauge, which is always of one sign, is not
    in it. Parameters as for `annual_total` and `air_temperature.normal`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Thirteen rows in mm: a month from its first to its last occurrence, and the whole base period.
    """
    rows = climate.normal_rows(
        _sums(precipitation), base, total=True, min_share=min_base_share, common=0.0, ci_level=ci_level
    )
    # A mean total cannot be negative, and neither can the low end of its interval.
    rows = [row if row.reason else replace(row, ci_low=max(0.0, row.ci_low)) for row in rows]
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def trend(precipitation: xr.DataArray, *, years: int, slope: Literal["ols", "sen"], ci_level: float) -> xr.Dataset:
    """Slope through the annual totals of every window of ``years`` calendar years; see `air_temperature.trend`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In mm year-1.
    """
    yearly = {year.year: year.value for year in amounts.year_amounts(_sums(precipitation))}
    rows = climate.trend_rows(yearly, years=years, slope=slope, ci_level=ci_level)
    return as_dataset(rows, units=SLOPE_UNITS, ci_level=ci_level)


def _sums(precipitation: xr.DataArray) -> xr.DataArray:
    """Monthly totals over whole calendar years; NaN where a day is missing."""
    return amounts.month_amounts(precipitation, UNITS)
