"""Surface temperature of the sea month by month: means, anomalies against a named base, and trends of annual means.

The uncertainty of a month is the product's error of a regional value, as in `sea_surface`; that of a trend comes from the
scatter around its line alone, since an error that stays for decades does not tilt it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from caspian_env.indicators.marine_heatwaves import WINDOW_DAYS, climatology
from caspian_env.processing import climate_normals as climate
from caspian_env.processing import completeness
from caspian_env.processing.base_period import base_months, pooled_span, uncovered
from caspian_env.processing.day_of_year import day_of_year
from caspian_env.processing.periods import Result, Span, as_dataset, checked, refused_once, result

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

UNITS, SLOPE_UNITS = "degree_Celsius", "degree_Celsius year-1"


def monthly_mean(sst: xr.DataArray, *, analysis_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Mean temperature of each calendar month; a month of daily values follows the rule of WMO-No. 1203.

    Parameters
    ----------
    sst : xarray.DataArray, dims (time,), degree_Celsius
        Daily or monthly means of a region.
    analysis_uncertainty : float
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
    return as_dataset(
        climate.month_rows(_months(sst, analysis_uncertainty), ci_level=ci_level), units=UNITS, ci_level=ci_level
    )


def monthly_anomaly(
    sst: xr.DataArray, *, base: Sequence[int], min_base_share: float, analysis_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Departure of each calendar month from what is usual for it in the base period.

    From daily values: the mean, over the days of the month, of each day minus its climatology, which is pooled over
    eleven days of all base years and smoothed over 31 (see `marine_heatwaves.climatology`), so that a month without its
    last days is not too cold. From monthly values: the month minus the mean of its calendar month.

    Parameters
    ----------
    sst : xarray.DataArray, dims (time,), degree_Celsius
        Daily or monthly means of a region.
    base : sequence of int
        First and last year of the base period, both included.
    min_base_share : float
        Share of the base years that every calendar month needs (WMO-No. 1203: 0.8, 24 years of 30).
    analysis_uncertainty, ci_level
        As in `monthly_mean`. The error of the normal is added to that of the month.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Anomalies in degree_Celsius. Where the record does not cover the base there is one refusal, for the newest month.
    """
    months = _months(sst, analysis_uncertainty)
    rows = climate.month_rows(months, ci_level=ci_level)
    normal = completeness.normals(months, base, min_share=min_base_share)
    spans = base_months(months, base)
    if reason := uncovered(normal, base, min_base_share, spans):
        return as_dataset(refused_once(rows, reason, spans), units=UNITS, ci_level=ci_level)
    daily = sst.attrs["resolution"] == "P1D"
    spans = (*spans, pooled_span(base, WINDOW_DAYS)) if daily else spans
    departures = _of_days(sst, base) if daily else months - np.tile(normal.values, months.size // 12)
    found = dict(zip(departures["time"].values.astype("datetime64[M]").astype(int), departures.values, strict=True))
    u_normal = normal["std_uncertainty"].values
    anomalies = []
    for row in rows:
        month = int(row.period[0].astype("datetime64[M]").astype(int))
        u = sqrt(row.std_uncertainty**2 + u_normal[month % 12] ** 2)
        anomalies.append(row if row.reason else _departed(row, float(found[month]), u, spans, ci_level))
    return as_dataset(anomalies, units=UNITS, ci_level=ci_level)


def trend(
    sst: xr.DataArray, *, years: int, slope: Literal["ols", "sen"], analysis_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Slope through the annual means of every window of ``years`` calendar years, with the memory of the residuals.

    Least squares with an effective number of values, its lag-1 correlation freed from small-sample bias (Santer et al.
    2000, doi:10.1029/1999JD901105), or Sen's slope, whose interval is widened likewise.

    Parameters
    ----------
    sst, analysis_uncertainty, ci_level
        As in `monthly_mean`.
    years : int
        Length of the window, at least ten; 80 % of its years need twelve months, and one must lie in its first and one
        in its last tenth.
    slope : {'ols', 'sen'}
        The estimator. The standard uncertainty of Sen's slope is half its interval, divided by the normal quantile.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In degree_Celsius year-1.

    Raises
    ------
    NotComputable
        The series is not in degree_Celsius, or not ascending, or the window is shorter than ten years.
    """
    yearly = {mean.year: mean.value for mean in completeness.annual(_months(sst, analysis_uncertainty))}
    rows = climate.trend_rows(yearly, years=years, slope=slope, ci_level=ci_level)
    return as_dataset(rows, units=SLOPE_UNITS, ci_level=ci_level)


def _months(sst: xr.DataArray, analysis_uncertainty: float) -> xr.DataArray:
    """Monthly means, with the published error where the product gives none."""
    months = completeness.monthly(checked(sst, UNITS))
    months.attrs["source_resolution"] = sst.attrs["resolution"]
    return climate.with_uncertainty(months, analysis_uncertainty)


def _of_days(sst: xr.DataArray, base: Sequence[int]) -> xr.DataArray:
    """Monthly means of the days minus their climatology, stamped at the first of each month."""
    seas = climatology(_over(sst, base), (base[0], base[1]))["seas"].values
    days: NDArray[np.datetime64] = sst["time"].values.astype("datetime64[D]")
    return completeness.monthly(sst.copy(data=sst.values - seas[day_of_year(days) - 1]))


def _over(sst: xr.DataArray, base: Sequence[int]) -> xr.DataArray:
    """The days of a series, with missing ones where it does not reach the ends of the base period."""
    plain = sst.reset_coords(drop=True)
    days = plain["time"].values.astype("datetime64[D]")
    first = min(days[0], np.datetime64(f"{base[0]}-01-01"))
    last = max(days[-1], np.datetime64(f"{base[1]}-12-31"))
    whole = np.arange(first, last + 1).astype("datetime64[ns]")
    return plain.assign_coords(time=days.astype("datetime64[ns]")).reindex(time=whole)


def _departed(row: Result, value: float, u: float, spans: Sequence[Span], ci_level: float) -> Result:
    return result(
        row.period, value, u, n_valid=row.n_valid, n_expected=row.n_expected, used=[*row.used, *spans],
        ci_level=ci_level, estimated=row.estimated,
    )  # fmt: skip
