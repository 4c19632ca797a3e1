"""Gases in the air of the globe: annual means, and growth over twelve months. Context: no country is told from another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import completeness
from caspian_env.processing.periods import as_dataset, checked, month_span, of_year, result

if TYPE_CHECKING:
    import xarray as xr


def annual_mean(mole_fraction: xr.DataArray, *, ci_level: float) -> xr.Dataset:
    """Mean of the twelve monthly mole fractions of each calendar year.

    Parameters
    ----------
    mole_fraction : xarray.DataArray, dims (time,), 1e-6 or 1e-9
        Monthly means with the provider's uncertainty.
    ci_level : float
        Probability content of the interval. The uncertainties of the months are taken as wholly correlated (their mean),
        for the network and its scale are the same in all of them.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In the units of the series; years with fewer than twelve months are refused.

    Raises
    ------
    NotComputable
        The series is not ascending.
    """
    units = str(mole_fraction.attrs.get("units"))
    months = completeness.monthly(checked(mole_fraction, units))
    rows = [of_year(mean, u=mean.std_uncertainty, ci_level=ci_level) for mean in completeness.annual(months)]
    return as_dataset(rows, units=units, ci_level=ci_level)


def growth_12_months(trend: xr.DataArray, *, ci_level: float) -> xr.Dataset:
    """Growth of the deseasonalised curve over twelve months, trend(t) - trend(t - 12 months).

    Parameters
    ----------
    trend : xarray.DataArray, dims (time,), 1e-6 or 1e-9
        Monthly values of the provider's own trend curve.
    ci_level : float
        Probability content of the interval; the uncertainties of the two months are taken as independent.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Growth in the units of the series a year, for every month that has one twelve months before it.

    Raises
    ------
    NotComputable
        The series is not ascending.
    """
    units = str(trend.attrs.get("units"))
    checked(trend, units)
    month = trend["time"].values.astype("datetime64[M]").astype(int)
    at = {int(m): i for i, m in enumerate(month) if np.isfinite(trend.values[i])}
    u = trend["std_uncertainty"].values
    rows = []
    for m, i in at.items():
        before = at.get(m - 12)
        if before is None:
            continue
        growth = float(trend.values[i] - trend.values[before])
        spread = float(np.hypot(u[i], u[before]))
        used = [month_span(m - 12), month_span(m)]
        rows.append(result(month_span(m), growth, spread, n_valid=2, n_expected=2, used=used, ci_level=ci_level))
    return as_dataset(rows, units=f"{units} year-1", ci_level=ci_level)
