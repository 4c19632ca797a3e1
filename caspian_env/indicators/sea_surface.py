"""Sea surface temperature of a region: annual mean, and anomaly against a base period.

The uncertainty is the product's error of a regional value: its own analysis error where the series carries one, else a
published figure given as parameter. Errors are taken as fully correlated within a year, since the same few sensors and
ships see the whole sea, and as independent between years. How much one year differs from another is no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import completeness
from caspian_env.processing.base_period import base_months, uncovered
from caspian_env.processing.periods import as_dataset, checked, of_year, year_refused

if TYPE_CHECKING:
    import xarray as xr


def annual_mean(sst: xr.DataArray, *, analysis_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Mean temperature of each calendar year whose twelve monthly means exist; months weigh alike.

    Parameters
    ----------
    sst : xarray.DataArray, dims (time,), degree_Celsius
        Daily or monthly means of a region. A month of daily values follows the rule of WMO-No. 1203.
    analysis_uncertainty : float
        Standard uncertainty (degC) of a value that comes without one.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in degree_Celsius; years with fewer than twelve months are refused.

    Raises
    ------
    NotComputable
        The series is not in degree_Celsius, or not ascending.
    """
    means = completeness.annual(_months(sst, analysis_uncertainty))
    rows = [of_year(mean, u=mean.std_uncertainty, ci_level=ci_level) for mean in means]
    return as_dataset(rows, units="degree_Celsius", ci_level=ci_level)


def annual_anomaly(
    sst: xr.DataArray, *, base: Sequence[int], min_base_share: float, analysis_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Mean over the year of the months minus their own normals of the base period.

    Where the record does not cover the base period no anomaly exists at all: that is said once, for the newest year,
    with the years that are there. A mean of other years is another quantity and is not given in its place.

    Parameters
    ----------
    sst : xarray.DataArray, dims (time,), degree_Celsius
        As in `annual_mean`.
    base : sequence of int
        First and last year of the base period, both included.
    min_base_share : float
        Share of the base years that every calendar month needs (WMO-No. 1203: 0.8, 24 years of 30).
    analysis_uncertainty, ci_level : float
        As in `annual_mean`. The error of the normal is added to that of the year.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Anomalies in degree_Celsius.
    """
    months = _months(sst, analysis_uncertainty)
    years = completeness.annual(months)
    normal = completeness.normals(months, base, min_share=min_base_share)
    base_spans = base_months(months, base)
    if reason := uncovered(normal, base, min_base_share, base_spans):
        rows = [year_refused(year, reason, base_spans) for year in years[-1:]]
        return as_dataset(rows, units="degree_Celsius", ci_level=ci_level)
    u_base = float(normal["std_uncertainty"].mean())
    departures = completeness.annual(months - np.tile(normal.values, months.size // 12))
    rows = [
        of_year(
            mean,
            value=departure.value,
            u=sqrt(mean.std_uncertainty**2 + u_base**2),
            ci_level=ci_level,
            also_used=base_spans,
        )
        for mean, departure in zip(years, departures, strict=True)
    ]
    return as_dataset(rows, units="degree_Celsius", ci_level=ci_level)


def _months(sst: xr.DataArray, analysis_uncertainty: float) -> xr.DataArray:
    """Monthly means, with the published error where the product gives none."""
    months = completeness.monthly(checked(sst, "degree_Celsius"))
    u = months["std_uncertainty"].values
    return months.assign_coords(std_uncertainty=("time", np.where(np.isnan(u), analysis_uncertainty, u)))
