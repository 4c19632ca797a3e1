"""Drought indices over k months: of precipitation (SPI), and of precipitation less potential evapotranspiration (SPEI)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import completeness
from caspian_env.processing import drought as indices
from caspian_env.processing.periods import Result, Span, as_dataset, checked, merged, month_span, refusal, result

if TYPE_CHECKING:
    import xarray as xr


def spi(
    precipitation: xr.DataArray, *, scale: int, calibration: Sequence[int], zero: indices.ZeroRule, ci_level: float
) -> xr.Dataset:
    """Standardised precipitation index of the months that end with each month; see `caspian_env.processing.drought.spi`.

    Parameters
    ----------
    precipitation : xarray.DataArray, dims (time,), mm
        Monthly totals, or daily ones, of which a month needs all.
    scale : int
        Months added up.
    calibration : sequence of int
        First and last year whose months fit the law.
    zero : {'center', 'upper'}
        What a dry sum gets.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values without unit, from -3 to 3, stamped with the last month of each sum. The uncertainty is that of a law fitted
        to few years, in the normal approximation ``sqrt((1 + z**2 / 2) / n)``, where sums of more than a year overlap and
        count for fewer; for skewed rain it is too small, by a sixth at z = -0.8 for a gamma law of shape 2 and thirty years.

    Raises
    ------
    NotComputable
        The series is not in mm, not ascending, or negative.
    """
    months = _totals(precipitation)
    if (months.values < 0).any():
        raise NotComputable("SPI", "a precipitation total is negative", "give totals of precipitation")
    first, last = calibration

    def index(known: xr.DataArray) -> xr.DataArray:
        return indices.spi(known, scale, calibration=(first, last), zero=zero)

    return as_dataset(_rows(months, scale, calibration, index, ci_level), units="1", ci_level=ci_level)


def spei(
    precipitation: xr.DataArray,
    evapotranspiration: xr.DataArray,
    *,
    scale: int,
    calibration: Sequence[int],
    ci_level: float,
) -> xr.Dataset:
    """The same of precipitation less potential evapotranspiration of a land surface; not for the sea.

    Parameters
    ----------
    precipitation : xarray.DataArray, dims (time,), mm
        As for `spi`.
    evapotranspiration : xarray.DataArray, dims (time,), mm d-1
        Monthly means of the rate.

    Other parameters and the result as for `spi`.
    """
    import xarray as xr

    rain = _totals(precipitation)
    rate = completeness.monthly(checked(evapotranspiration, "mm d-1"))
    rain, rate = xr.align(rain, rate, join="inner")
    starts = rain["time"].values.astype("datetime64[M]")
    days = ((starts + 1).astype("datetime64[D]") - starts.astype("datetime64[D]")).astype(int)
    balance = rain.copy(data=rain.values - rate.values * days)
    first, last = calibration

    def index(known: xr.DataArray) -> xr.DataArray:
        return indices.spei(known, scale, calibration=(first, last))

    return as_dataset(_rows(balance, scale, calibration, index, ci_level), units="1", ci_level=ci_level)


def _totals(precipitation: xr.DataArray) -> xr.DataArray:
    series = checked(precipitation, "mm")
    if series.attrs["resolution"] != "P1D":
        return completeness.monthly(series)
    months = completeness.from_days(series, missing_days=1, missing_run=1)
    return months.copy(data=months.values * months["n_valid"].values)


def _rows(
    months: xr.DataArray,
    scale: int,
    calibration: Sequence[int],
    index: Callable[[xr.DataArray], xr.DataArray],
    ci_level: float,
) -> list[Result]:
    """One row for each month whose sum is whole; where the law cannot be fitted, one refusal for the newest month."""
    there = np.isfinite(months.values)
    if not there.any():
        return []
    number = months["time"].values.astype("datetime64[M]").astype(int)
    low, high = ((year - 1970) * 12 for year in (calibration[0], calibration[1] + 1))
    fitted = merged(month_span(int(m)) for m in number[there & (number > low - scale) & (number < high)])
    newest = int(number[there].max())
    try:
        values = index(months.isel(time=there))
    except NotComputable as unfit:
        reason = f"the years {calibration[0]}-{calibration[1]} give no law: {unfit.problem}"
        n = int(there[number > newest - scale].sum())
        used = [*fitted, month_span(newest)]
        return [refusal(month_span(newest), reason, n_valid=n, n_expected=scale, used=used)]
    stamped = values["time"].values.astype("datetime64[M]").astype(int)
    inside = (stamped >= low) & (stamped < high) & np.isfinite(values.values)
    per_month = np.bincount(stamped[inside] % 12, minlength=12)
    return [
        _row(int(month), float(z), int(per_month[month % 12]), scale, fitted, ci_level)
        for month, z in zip(stamped, values.values, strict=True)
        if np.isfinite(z)
    ]


def _row(month: int, z: float, years: int, scale: int, fitted: Sequence[Span], ci_level: float) -> Result:
    u = sqrt((1 + z**2 / 2) * _overlap(scale) / years)
    used = [month_span(month - scale + 1, scale), *fitted]
    return result(month_span(month), z, u, n_valid=scale, n_expected=scale, used=used, ci_level=ci_level)


def _overlap(scale: int) -> float:
    """How many yearly sums of ``scale`` months count for one: those of two years share half, and the variance adds up."""
    return 1 + 2 * sum(1 - 12 * lag / scale for lag in range(1, (scale - 1) // 12 + 1))
