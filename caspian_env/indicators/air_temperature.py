"""Air temperature: monthly and annual means, normals, anomalies and trends.

The mean of a day is that of 24 hours or half the sum of its extremes, which differ by some tenths of a degree: functions
that begin with ``midrange_`` take the two extremes, the others a mean as it was given. Errors of one thermometer are
taken as common to all of its values, so that no averaging makes them smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import climate_normals as climate
from caspian_env.processing import completeness
from caspian_env.processing.periods import as_dataset, checked, merged, month_span, of_year, year_refused

if TYPE_CHECKING:
    import xarray as xr

UNITS, SLOPE_UNITS = "degree_Celsius", "degree_Celsius year-1"


def monthly_mean(temperature: xr.DataArray, *, value_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Mean of each calendar month; a month of daily values follows the rule of WMO-No. 1203.

    Parameters
    ----------
    temperature : xarray.DataArray, dims (time,), degree_Celsius
        Daily or monthly means.
    value_uncertainty : float
        Standard uncertainty (degC) of a value that comes without one.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in degree_Celsius; months with too many missing days are refused.

    Raises
    ------
    NotComputable
        The series is not in degree_Celsius, or not ascending.
    """
    rows = climate.month_rows(_months(temperature, value_uncertainty), ci_level=ci_level)
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def annual_mean(temperature: xr.DataArray, *, value_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Mean of the twelve monthly means of each calendar year; parameters and refusals as for `monthly_mean`."""
    means = completeness.annual(_months(temperature, value_uncertainty))
    rows = [of_year(mean, u=mean.std_uncertainty, ci_level=ci_level) for mean in means]
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def normal(
    temperature: xr.DataArray, *, base: Sequence[int], min_base_share: float, value_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Mean of each calendar month, and of the year, over a base period (WMO-No. 1203).

    Parameters
    ----------
    temperature, value_uncertainty, ci_level
        As for `monthly_mean`.
    base : sequence of int
        First and last year, both included.
    min_base_share : float
        Share of the base years that a calendar month needs (WMO-No. 1203: 0.8); with fewer it is refused.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Thirteen rows in degree_Celsius: a month from its first to its last occurrence, and the whole base period.
    """
    rows = climate.normal_rows(
        _months(temperature, value_uncertainty),
        base,
        total=False,
        min_share=min_base_share,
        common=value_uncertainty,
        ci_level=ci_level,
    )
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def annual_anomaly(
    temperature: xr.DataArray, *, base: Sequence[int], min_base_share: float, value_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Mean over the year of the months minus their normals; refused once, for the newest year, where there is no normal.

    Parameters as for `normal`. The uncertainty holds the error of a value twice, for the year and for the normal: where
    it stays the same for decades it would cancel, so it is on the large side.
    """
    months = _months(temperature, value_uncertainty)
    years = completeness.annual(months)
    table = climate.year_table(months, base[0], base[1])
    start = (base[0] - 1970) * 12
    spans = merged(month_span(start + int(i)) for i in np.flatnonzero(np.isfinite(table.ravel())))
    normals = climate.normal_rows(
        months, base, total=False, min_share=min_base_share, common=value_uncertainty, ci_level=ci_level
    )
    if years and (reason := normals[-1].reason):
        return as_dataset([year_refused(years[-1], reason, spans)], units=UNITS, ci_level=ci_level)
    cycle = np.array([row.value for row in normals[:12]])
    departures = completeness.annual(months - np.tile(cycle, months.size // 12))
    rows = [
        of_year(
            mean,
            value=departure.value,
            u=sqrt(mean.std_uncertainty**2 + normals[-1].std_uncertainty ** 2),
            ci_level=ci_level,
            also_used=spans,
        )
        for mean, departure in zip(years, departures, strict=True)
    ]
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def trend(
    temperature: xr.DataArray, *, years: int, slope: Literal["ols", "sen"], value_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Slope through the annual means of every window of ``years`` calendar years, with the memory of the residuals.

    Least squares with an effective number of values (Santer et al. 2000, doi:10.1029/1999JD901105), or Sen's slope.

    Parameters
    ----------
    temperature, value_uncertainty, ci_level
        As for `monthly_mean`.
    years : int
        Length of the window, at least ten; 80 % of its years need twelve months.
    slope : {'ols', 'sen'}
        The estimator.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In degree_Celsius year-1. The error of the thermometer is no part of it: one that stays does not tilt the line.
    """
    means = completeness.annual(_months(temperature, value_uncertainty))
    yearly = {mean.year: mean.value for mean in means}
    rows = climate.trend_rows(yearly, years=years, slope=slope, ci_level=ci_level)
    return as_dataset(rows, units=SLOPE_UNITS, ci_level=ci_level)


def midrange_monthly_mean(
    highest: xr.DataArray, lowest: xr.DataArray, *, value_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """As `monthly_mean`, where the mean of a day is half the sum of its highest and lowest temperature."""
    return monthly_mean(_midrange(highest, lowest), value_uncertainty=value_uncertainty, ci_level=ci_level)


def midrange_annual_anomaly(
    highest: xr.DataArray,
    lowest: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    value_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """As `annual_anomaly`, where the mean of a day is half the sum of its highest and lowest temperature."""
    return annual_anomaly(
        _midrange(highest, lowest),
        base=base,
        min_base_share=min_base_share,
        value_uncertainty=value_uncertainty,
        ci_level=ci_level,
    )


def midrange_normal(
    highest: xr.DataArray,
    lowest: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    value_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """As `normal`, where the mean of a day is half the sum of its highest and lowest temperature."""
    return normal(
        _midrange(highest, lowest),
        base=base,
        min_base_share=min_base_share,
        value_uncertainty=value_uncertainty,
        ci_level=ci_level,
    )


def _midrange(highest: xr.DataArray, lowest: xr.DataArray) -> xr.DataArray:
    """Half the sum of the extremes, at the times that both have."""
    high, low = checked(highest, UNITS), checked(lowest, UNITS)
    if high.attrs["resolution"] != low.attrs["resolution"]:
        raise NotComputable("midrange", "the two extremes are of different resolutions", "give both by day or by month")
    times = np.intersect1d(high["time"].values, low["time"].values)
    high, low = high.sel(time=times), low.sel(time=times)
    u = (high["std_uncertainty"].values + low["std_uncertainty"].values) / 2
    either = (high["status"].values == "estimated") | (low["status"].values == "estimated")
    return high.copy(data=(high.values + low.values) / 2).assign_coords(
        std_uncertainty=("time", u), status=("time", np.where(either, "estimated", high["status"].values))
    )


def _months(temperature: xr.DataArray, value_uncertainty: float) -> xr.DataArray:
    months = completeness.monthly(checked(temperature, UNITS))
    months = climate.with_uncertainty(months, value_uncertainty)
    months.attrs["source_resolution"] = temperature.attrs["resolution"]
    return months
