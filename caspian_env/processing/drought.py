"""Standardised drought indices: precipitation (SPI) and climatic water balance (SPEI) over k months.

Both laws are fitted by unbiased probability-weighted moments, as L-moments (Hosking and Wallis 1997,
doi:10.1017/CBO9780511529443), each calendar month for itself, on a calibration period.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Literal

import numpy as np

from caspian_env.errors import NotComputable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Law = Callable[[Numbers], Numbers]  # probability not to be exceeded

ZeroRule = Literal["upper", "center"]
Calibration = tuple[int, int] | None

FEWEST_YEARS = 20
"""Fewest values of a calendar month in the calibration (WMO-No. 1090, SPI User Guide: at least 20 to 30 years)."""

LIMIT = 3.0
"""Indices are cut off here: some thirty years resolve nothing rarer."""


def spi(
    precip_monthly: xr.DataArray,
    scale: int,
    *,
    calibration: Calibration,
    zero: ZeroRule = "center",
    limit: float = LIMIT,
) -> xr.DataArray:
    """Standardised precipitation index: the k-month sum as a standard normal score of its calendar month.

    A gamma law of the sums above zero, and the share of dry ones beside it (McKee et al. 1993; fit and treatment of zero
    after Stagge et al. 2015, doi:10.1002/joc.4267).

    Parameters
    ----------
    precip_monthly : xarray.DataArray, dims (time,), e.g. mm
        Monthly sums, one per month and ascending; a missing month is NaN or left out.
    scale : int
        Months added up, the stamped one the last of them.
    calibration : (int, int) or None
        First and last year whose months fit the law; None is the whole record.
    zero : {'center', 'upper'}
        A dry sum gets the middle of the probability that dry sums have, or its upper end.
    limit : float
        Where the index is cut off; infinite for never.

    Returns
    -------
    xarray.DataArray, dims (time,), units 1
        Every month from first to last; NaN where a month of the sum is missing, and in a calendar month whose sums give no law,
        as fewer than three of them above zero do in a desert's summer.

    Raises
    ------
    NotComputable
        Negative precipitation, two values in a month, a calendar month with fewer than twenty years to fit, or no calendar
        month with a law.
    """
    if bool((precip_monthly < 0).any()):
        raise NotComputable("SPI", "a precipitation sum is negative", "give sums of precipitation")
    name = f"standardized_precipitation_index_{scale}m"
    return _standardised(precip_monthly, scale, calibration, lambda past: _gamma_with_zeros(past, zero), limit, name)


def spei(balance: xr.DataArray, scale: int, *, calibration: Calibration, limit: float = LIMIT) -> xr.DataArray:
    """Standardised precipitation-evapotranspiration index: the same for precipitation minus potential evaporation.

    A log-logistic law with three parameters (Vicente-Serrano et al. 2010, doi:10.1175/2009JCLI2909.1). Parameters,
    result and refusals as for `spi`; the balance may be negative.
    """
    name = f"standardized_precipitation_evapotranspiration_index_{scale}m"
    return _standardised(balance, scale, calibration, _log_logistic, limit, name)


def _standardised(
    series: xr.DataArray, scale: int, calibration: Calibration, law: Callable[[Numbers], Law], limit: float, name: str
) -> xr.DataArray:
    import xarray as xr
    from scipy.special import ndtri

    if scale < 1:
        raise NotComputable(name, f"{scale} months have no sum", "give at least one")
    months, sums = _running_sums(series, scale)
    years = months // 12 + 1970
    first, last = calibration or (-inf, inf)
    index = np.full(sums.size, np.nan)
    lawless: NotComputable | None = None
    for calendar_month in range(12):
        chosen = (months % 12 == calendar_month) & np.isfinite(sums)
        past = sums[chosen & (years >= first) & (years <= last)]
        if past.size < FEWEST_YEARS:
            raise NotComputable(name, f"a calendar month has {past.size} years to fit", f"give at least {FEWEST_YEARS}")
        try:
            index[chosen] = ndtri(law(past)(sums[chosen]))
        except NotComputable as no_law:  # the other calendar months have theirs
            lawless = no_law
    if lawless is not None and np.isnan(index).all():
        raise lawless
    times = months.astype("datetime64[M]").astype("datetime64[ns]")
    return xr.DataArray(
        np.clip(index, -limit, limit), dims="time", coords={"time": times}, name=name, attrs={"units": "1"}
    )


def _running_sums(series: xr.DataArray, scale: int) -> tuple[NDArray[np.int64], Numbers]:
    """Every month from first to last, counted from January 1970, and the sum of the k months that end with it."""
    stamped = series["time"].values.astype("datetime64[M]").astype(np.int64)
    if stamped.size == 0 or not (np.diff(stamped) > 0).all():
        raise NotComputable(
            str(series.name or "series"), "it is no series of ascending months", "give one value a month"
        )
    months = np.arange(stamped[0], stamped[-1] + 1)
    values = np.full(months.size, np.nan)
    values[stamped - stamped[0]] = series.values
    if months.size < scale:
        return months, np.full(months.size, np.nan)
    sums = np.lib.stride_tricks.sliding_window_view(values, scale).sum(axis=1)
    return months, np.r_[np.full(scale - 1, np.nan), sums]


def l_moments(values: Numbers) -> tuple[float, float, float]:
    """First two sample L-moments and L-skewness, from unbiased probability-weighted moments.

    Parameters
    ----------
    values : array, shape (n,), any unit
        At least three, none missing.

    Raises
    ------
    NotComputable
        Fewer than three values, a missing one, or all of them equal.
    """
    x, n = np.sort(values), values.size
    if not np.isfinite(x).all():
        raise NotComputable("L-moments", "a value is missing", "leave it out")
    if n < 3 or x[-1] - x[0] <= 1e-12 * np.abs(x).max():
        raise NotComputable("L-moments", "the values do not differ", "there is no law to fit")
    rank = np.arange(n)
    b0 = x.mean()
    b1 = (rank / (n - 1) * x).mean()
    b2 = (rank * (rank - 1) / ((n - 1) * (n - 2)) * x).mean()
    l2 = 2 * b1 - b0
    return float(b0), float(l2), float((6 * b2 - 6 * b1 + b0) / l2)


def gamma_parameters(mean: float, l2: float) -> tuple[float, float]:
    """Shape and scale of the gamma law with these L-moments, by the rational approximations of Hosking (1990)."""
    t = l2 / mean
    if t < 0.5:
        z = np.pi * t**2
        shape = (1 - 0.3080 * z) / (z - 0.05812 * z**2 + 0.01765 * z**3)
    else:
        z = 1 - t
        shape = z * (0.7213 - 0.5947 * z) / (1 - 2.1817 * z + 1.2113 * z**2)
    return float(shape), float(mean / shape)


def _gamma_with_zeros(past: Numbers, zero: ZeroRule) -> Law:
    from scipy.special import gammainc

    wet = past[past > 0]
    mean, l2, _ = l_moments(wet)
    shape, scale = gamma_parameters(mean, l2)
    dry, n = past.size - wet.size, past.size
    share = dry / n if zero == "upper" else dry / (n + 1)
    at_zero = share if zero == "upper" else (dry + 1) / (2 * (n + 1))

    def probability(sums: Numbers) -> Numbers:
        above = share + (1 - share) * gammainc(shape, np.maximum(sums, 0) / scale)
        return np.where(sums > 0, above, at_zero)

    return probability


def log_logistic_parameters(mean: float, l2: float, skewness: float) -> tuple[float, float, float]:
    """Location, scale and shape of the generalised logistic law with these L-moments (Hosking and Wallis 1997, A.7)."""
    k = -skewness
    if abs(k) < 1e-6:
        return mean, l2, 0.0
    scale = l2 * np.sin(k * np.pi) / (k * np.pi)
    return float(mean - scale * (1 / k - np.pi / np.sin(k * np.pi))), float(scale), float(k)


def _log_logistic(past: Numbers) -> Law:
    location, scale, k = log_logistic_parameters(*l_moments(past))

    def probability(sums: Numbers) -> Numbers:
        reduced = (sums - location) / scale
        if k:
            with np.errstate(divide="ignore"):
                reduced = -np.log(np.maximum(1 - k * reduced, 0)) / k  # beyond its bound the law is certain
        from scipy.special import expit

        return np.asarray(expit(reduced))

    return probability
