"""Carbon dioxide in the air: annual mean and annual growth. Context only: no causal arrow to the sea level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import completeness
from caspian_env.processing.periods import as_dataset, checked, month_span, of_year, refusal, result, year_span

if TYPE_CHECKING:
    import xarray as xr


def annual_mean(mole_fraction: xr.DataArray, *, published_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Mean of the twelve monthly mole fractions of each calendar year.

    Parameters
    ----------
    mole_fraction : xarray.DataArray, dims (time,), 1e-6
        Monthly means.
    published_uncertainty : float
        The provider's standard uncertainty (ppm) of an annual mean. The errors of the months, propagated as
        independent, count where they are larger: they know nothing of the scale that all months share.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in 1e-6 (ppm); years with fewer than twelve months are refused. ``estimated`` where the provider
        interpolated a month.

    Raises
    ------
    NotComputable
        The series is not in 1e-6, or not ascending.
    """
    months = completeness.monthly(checked(mole_fraction, "1e-6"))
    rows = [
        of_year(mean, u=float(np.fmax(mean.std_uncertainty, published_uncertainty)), ci_level=ci_level)
        for mean in completeness.annual(months, independent=True)
    ]
    return as_dataset(rows, units="1e-6", ci_level=ci_level)


def annual_growth(deseasonalised: xr.DataArray, *, published_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Growth in a calendar year: mean of its December and the January after it, minus the same of a year before.

    Parameters
    ----------
    deseasonalised : xarray.DataArray, dims (time,), 1e-6
        Monthly means without their seasonal cycle.
    published_uncertainty : float
        The provider's standard uncertainty (ppm year-1) of an annual growth; the errors of the four months, propagated
        as independent, count where they are larger.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Growth in 1e-6 year-1 (ppm per year) for every year with data; refused where one of its four months is missing.

    Raises
    ------
    NotComputable
        The series is not in 1e-6, or not ascending.
    """
    months = completeness.monthly(checked(deseasonalised, "1e-6"))
    at = {int(month): i for i, month in enumerate(months["time"].values.astype("datetime64[M]").astype(int))}
    rows = []
    for mean in completeness.annual(months):
        january = (mean.year - 1970) * 12
        span = year_span(mean.year)
        used = [month_span(january - 1, 2), month_span(january + 11, 2)]
        four = months.isel(time=[at[i] for i in (january - 1, january, january + 11, january + 12) if i in at])
        n = int(np.isfinite(four.values).sum())
        if n < 4:
            rows.append(refusal(span, f"{n} of 4 months", n_valid=n, n_expected=4, used=used))
            continue
        growth = float(four.values[2:].mean() - four.values[:2].mean())
        u = float(np.fmax(np.sqrt((four["std_uncertainty"].values ** 2).sum()) / 2, published_uncertainty))
        estimated = bool(four["estimated"].values.any())
        rows.append(result(span, growth, u, n_valid=4, n_expected=4, used=used, ci_level=ci_level, estimated=estimated))
    return as_dataset(rows, units="1e-6 year-1", ci_level=ci_level)
