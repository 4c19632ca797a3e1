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
    precipitation: xr.DataArray,
    *,
    scale: int,
    calibration: Sequence[int] | None,
    zero: indices.ZeroRule,
    ci_level: float,
) -> xr.Dataset:
    """Standardised precipitation index of the months that end with each month; see `caspian_env.processing.drought.spi`.

    Parameters
    ----------
    precipitation : xarray.DataArray, dims (time,), mm
        Monthly totals, or daily ones, of which a month needs all.
    scale : int
        Months added up.
    calibration : sequence of int, or None
        First and last year whose months fit the law; None is the whole record, whose past changes as it grows.
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
    years = _years(calibration)

    def index(known: xr.DataArray) -> xr.DataArray:
        return indices.spi(known, scale, calibration=years, zero=zero)

    return as_dataset(_rows(months, scale, calibration, index, ci_level), units="1", ci_level=ci_level)


def spei(
    precipitation: xr.DataArray,
    evapotranspiration: xr.DataArray,
    *,
    scale: int,
    calibration: Sequence[int] | None,
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
    years = _years(calibration)

    def index(known: xr.DataArray) -> xr.DataArray:
        return indices.spei(known, scale, calibration=years)

    return as_dataset(_rows(balance, scale, calibration, index, ci_level), units="1", ci_level=ci_level)


def _years(calibration: Sequence[int] | None) -> indices.Calibration:
    return None if calibration is None else (calibration[0], calibration[1])


def _totals(precipitation: xr.DataArray) -> xr.DataArray:
    series = checked(precipitation, "mm")
    if series.attrs["resolution"] != "P1D":
        return completeness.monthly(series)
    months = completeness.from_days(series, missing_days=1, missing_run=1)
    return months.copy(data=months.values * months["n_valid"].values)


def _rows(
    months: xr.DataArray,
    scale: int,
    calibration: Sequence[int] | None,
    index: Callable[[xr.DataArray], xr.DataArray],
    ci_level: float,
) -> list[Result]:
    """One row for each month with an index; one refusal for the newest month where it, or any month, has none."""
    there = np.isfinite(months.values)
    if not there.any():
        return []
    number = months["time"].values.astype("datetime64[M]").astype(int)
    years = calibration or (number[there] // 12 + 1970)[[0, -1]].tolist()
    low, high = ((year - 1970) * 12 for year in (years[0], years[1] + 1))
    fitted = merged(month_span(int(m)) for m in number[there & (number > low - scale) & (number < high)])
    newest = int(number[there].max())

    def refused(reason: str) -> Result:
        n = int(there[number > newest - scale].sum())
        used = [*fitted, month_span(newest - scale + 1, scale)]
        return refusal(month_span(newest), reason, n_valid=n, n_expected=scale, used=used)

    try:
        values = index(months.isel(time=there))
    except NotComputable as unfit:
        return [refused(f"the years {years[0]}-{years[1]} give no law: {unfit.problem}")]
    stamped = values["time"].values.astype("datetime64[M]").astype(int)
    known = np.isfinite(values.values)
    inside = (stamped >= low) & (stamped < high) & known
    per_month = np.bincount(stamped[inside] % 12, minlength=12)
    rows = [
        _row(int(month), float(z), int(per_month[month % 12]), scale, fitted, ci_level)
        for month, z in zip(stamped[known], values.values[known], strict=True)
    ]
    if known[-1]:
        return rows
    whole = there[number > newest - scale].sum() == scale
    reason = (
        "the sums of this calendar month do not differ enough for a law" if whole else "a month of the sum is missing"
    )
    return [*rows, refused(reason)]


def _row(month: int, z: float, years: int, scale: int, fitted: Sequence[Span], ci_level: float) -> Result:
    u = sqrt((1 + z**2 / 2) * _overlap(scale) / years)
    used = [month_span(month - scale + 1, scale), *fitted]
    return result(month_span(month), z, u, n_valid=scale, n_expected=scale, used=used, ci_level=ci_level)


def _overlap(scale: int) -> float:
    """How many yearly sums of ``scale`` months count for one: those of two years share half, and the variance adds up."""
    return 1 + 2 * sum(1 - 12 * lag / scale for lag in range(1, (scale - 1) // 12 + 1))
