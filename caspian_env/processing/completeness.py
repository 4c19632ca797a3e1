"""When a month and a year are complete enough to have a mean, and how one missing month may be filled.

Months come as one array over whole calendar years, empty where the rule refuses a mean, so that a year is twelve
neighbours and a gap is seen rather than skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.periods import YearMean

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

# A monthly mean of daily values is missing with 11 missing days or 5 in a row (WMO Guidelines on the Calculation of
# Climate Normals, WMO-No. 1203), and a normal needs 80 % of its years, calendar month by calendar month.
WMO_MISSING_DAYS, WMO_MISSING_RUN, WMO_NORMAL_SHARE = 11, 5, 0.8

# A 2x12 centred mean: half a month at each end, so that it holds every calendar month once.
CENTRED = np.r_[0.5, np.ones(11), 0.5] / 12


class _Binned(NamedTuple):
    """Finite values of a series with the month of each, and the whole calendar years they touch."""

    first: int  # January of the first year, in months since 1970-01
    size: int  # months in all
    month: NDArray[np.int64]  # of each value, from ``first``
    time: NDArray[np.datetime64]
    value: NDArray[np.float64]
    u: NDArray[np.float64]
    estimated: NDArray[np.bool_]


def monthly(series: xr.DataArray, *, min_epochs: int = 1) -> xr.DataArray:
    """Monthly means by the completeness rule that goes with the series' resolution.

    Parameters
    ----------
    series : xarray.DataArray, dims (time,), any unit
        attrs ``resolution``: 'instant' needs ``min_epochs`` a month, 'P1D' follows the WMO rule, 'P1M' is taken as it is.

    Returns
    -------
    xarray.DataArray, dims (time,), same unit
        Every month of the calendar years touched, stamped at its first day; NaN where refused. Coordinates along time:
        ``std_uncertainty`` (errors of one month taken as fully correlated), ``n_valid`` (values in the month),
        ``estimated`` (one of them was estimated by the provider) and ``filled`` (never, until filled here).

    Raises
    ------
    NotComputable
        The resolution is another one.
    """
    resolution = series.attrs.get("resolution")
    if resolution == "instant":
        return from_epochs(series, min_epochs=min_epochs)
    if resolution == "P1D":
        return from_days(series)
    if resolution == "P1M":
        months = from_epochs(series, min_epochs=1)
        if (months["n_valid"].values > 1).any():
            raise NotComputable(str(series.name or "series"), "a month holds two monthly values", "keep one per month")
        return months
    raise NotComputable(
        "monthly mean", f"a series of resolution {resolution!r} has no months", "give epochs, days or months"
    )


def from_epochs(series: xr.DataArray, *, min_epochs: int) -> xr.DataArray:
    """Means of the months that hold at least ``min_epochs`` values; see `monthly`."""
    binned = _binned(series)
    n = np.bincount(binned.month, minlength=binned.size)
    return _month_means(series, binned, n, n >= max(1, min_epochs))


def from_days(
    series: xr.DataArray, *, missing_days: int = WMO_MISSING_DAYS, missing_run: int = WMO_MISSING_RUN
) -> xr.DataArray:
    """Means of the months with fewer than ``missing_days`` days missing, and fewer than ``missing_run`` in a row.

    The rule of WMO-No. 1203 for daily means; see `monthly`. Days before the first and after the last value are missing.
    """
    binned = _binned(series)
    days = binned.time.astype("datetime64[D]")
    if np.unique(days).size != days.size:
        raise NotComputable("monthly mean", "a day holds two daily values", "keep one value per day")
    n = np.bincount(binned.month, minlength=binned.size)
    edges = np.datetime64(binned.first, "M") + np.arange(binned.size + 1)
    starts = edges.astype("datetime64[D]").astype(int)
    length = np.diff(starts)
    gaps = [_longest_gap(days[binned.month == i].astype(int) - starts[i], length[i]) for i in range(binned.size)]
    complete = (length - n < missing_days) & (np.array(gaps, dtype=int) < missing_run)
    return _month_means(series, binned, n, complete)


def _longest_gap(present: NDArray[np.int64], length: int) -> int:
    """Most consecutive days absent from a month, whose days count from 0 and may come in any order."""
    return int(np.diff(np.r_[-1, np.sort(present), length]).max()) - 1


def _binned(series: xr.DataArray) -> _Binned:
    """The finite values of a series, each with its month."""
    values = np.asarray(series.values, dtype=float)
    finite = np.isfinite(values)
    n = int(finite.sum())
    time = series["time"].values[finite]
    u = (
        np.asarray(series["std_uncertainty"].values, float)[finite]
        if "std_uncertainty" in series.coords
        else np.full(n, np.nan)
    )
    status = series["status"].values[finite] == "estimated" if "status" in series.coords else np.zeros(n, bool)
    month = time.astype("datetime64[M]").astype(np.int64)
    if not n:
        return _Binned(0, 0, month, time, values[finite], u, status)
    first = int(month.min()) // 12 * 12
    count = (int(month.max()) // 12 + 1) * 12 - first
    return _Binned(first, count, month - first, time, values[finite], u, status)


def _month_means(
    series: xr.DataArray, binned: _Binned, n: NDArray[np.int64], complete: NDArray[np.bool_]
) -> xr.DataArray:
    """Means of the complete months over whole calendar years."""
    import xarray as xr

    def mean(of: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.bincount(binned.month, weights=of, minlength=binned.size)
        return np.where(complete, sums / np.maximum(n, 1), np.nan)

    estimated = np.bincount(binned.month, weights=binned.estimated, minlength=binned.size) > 0
    time = (np.datetime64(binned.first, "M") + np.arange(binned.size)).astype("datetime64[s]")
    return xr.DataArray(
        mean(binned.value),
        dims="time",
        coords={
            "time": time,
            "std_uncertainty": ("time", mean(binned.u)),
            "n_valid": ("time", n),
            "estimated": ("time", estimated & complete),
            "filled": ("time", np.zeros(binned.size, bool)),
        },
        name=series.name,
        attrs=dict(series.attrs) | {"resolution": "P1M"},
    )


def fill_single_months(months: xr.DataArray, *, min_cycle_years: int) -> xr.DataArray:
    """Fill the only missing month of a year from the mean seasonal cycle and its two neighbours.

    The cycle is the mean, by calendar month, of the months minus their 2x12 centred mean, so a steady rise or fall does
    not enter it; the filled month is its cycle plus the mean departure of the months before and after from theirs.
    A year that misses more than one month stays as it is; so does a month without both neighbours, which keeps the
    last month of a year that is not over from being invented.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), any unit
        As `monthly` returns them.
    min_cycle_years : int
        Fewest values of every calendar month in the cycle; with fewer nothing is filled.

    Returns
    -------
    xarray.DataArray, dims (time,)
        ``filled`` and ``estimated`` are true at a filled month; its uncertainty is the mean of its neighbours'.
    """
    cycle, years = seasonal_cycle(months)
    if months.size == 0 or years.min() < min_cycle_years:
        return months
    value = months.values.copy()
    u = months["std_uncertainty"].values.copy()
    filled = months["filled"].values.copy()
    present = np.isfinite(months.values).reshape(-1, 12)
    for year in np.flatnonzero(present.sum(axis=1) == 11):
        gap = int(year) * 12 + int(np.argmin(present[year]))
        beside = [i for i in (gap - 1, gap + 1) if 0 <= i < value.size and np.isfinite(months.values[i])]
        if len(beside) == 2:
            value[gap] = cycle[gap % 12] + np.mean([months.values[i] - cycle[i % 12] for i in beside])
            u[gap] = np.mean(u[beside])
            filled[gap] = True
    return months.copy(data=value).assign_coords(
        std_uncertainty=("time", u), filled=("time", filled), estimated=("time", filled | months["estimated"].values)
    )


def seasonal_cycle(months: xr.DataArray) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mean departure of each calendar month from the 2x12 centred mean, and how many years it rests on.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), any units
        As `monthly` returns them.

    Returns
    -------
    ndarray (month,), same units; ndarray (month,)
        January to December; zero where it rests on no year.
    """
    values = months.values
    departure = np.full(values.size, np.nan)
    if values.size > 12:
        departure[6:-6] = values[6:-6] - np.lib.stride_tricks.sliding_window_view(values, 13) @ CENTRED
    by_year = departure.reshape(-1, 12)
    years = np.isfinite(by_year).sum(axis=0)
    return np.nansum(by_year, axis=0) / np.maximum(years, 1), years


def cycle_support(months: xr.DataArray) -> NDArray[np.bool_]:
    """Which months the seasonal cycle is made from: those that lie in 13 present months in a row.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), any units
        As `monthly` returns them.
    """
    present = np.isfinite(months.values).astype(int)
    if present.size < 13:
        return np.zeros(present.size, bool)
    whole = np.convolve(present, np.ones(13, int), mode="valid") == 13
    return np.convolve(whole.astype(int), np.ones(13, int)) > 0


def annual(months: xr.DataArray, *, required: int = 12, independent: bool = False) -> list[YearMean]:
    """Means of the calendar years with at least one observation, in order; months weigh alike.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), any unit
        As `monthly` or `fill_single_months` return them.
    required : int
        Months that must exist (a filled one does); with fewer the mean is NaN.
    independent : bool
        Whether the errors of the months are independent; otherwise they are taken as fully correlated within the year.
    """
    table, u, filled, estimated = (
        np.asarray(column).reshape(-1, 12)
        for column in (months.values, months["std_uncertainty"], months["filled"], months["estimated"])
    )
    finite = np.isfinite(table)
    n = finite.sum(axis=1)
    observed = n - filled.sum(axis=1)
    touched = months["n_valid"].values.reshape(-1, 12).sum(axis=1) > 0
    total = np.maximum(n, 1)
    mean = np.where(n >= required, np.where(finite, table, 0).sum(axis=1) / total, np.nan)
    error = np.where(finite, u, 0)
    error = np.sqrt((error**2).sum(axis=1)) / total if independent else error.sum(axis=1) / total
    return [
        YearMean(
            year=int(year),
            value=float(mean[i]),
            std_uncertainty=float(error[i]),
            n_months=int(observed[i]),
            estimated=bool(estimated[i].any()),
            filled=bool(filled[i].any()),
        )
        for i, year in enumerate(_years(months))
        if touched[i]
    ]


def _years(months: xr.DataArray) -> NDArray[np.int64]:
    """The calendar years that the months cover."""
    years = months["time"].values[::12].astype("datetime64[Y]").astype(np.int64) + 1970
    return np.asarray(years, dtype=np.int64)


def normals(months: xr.DataArray, base: Sequence[int], *, min_share: float = WMO_NORMAL_SHARE) -> xr.DataArray:
    """Mean of each calendar month over the base years, NaN for a month with fewer than ``min_share`` of them.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), any unit
        As `monthly` returns them.
    base : sequence of int
        First and last year of the base period, both included.

    Returns
    -------
    xarray.DataArray, dims (month,), same unit
        Coordinates ``n_valid`` (years that the normal rests on) and ``std_uncertainty`` (of the mean, the errors of
        different years taken as independent).
    """
    import xarray as xr

    first, last = base
    years = _years(months)
    inside = (years >= first) & (years <= last)
    table = months.values.reshape(-1, 12)[inside]
    finite = np.isfinite(table)
    n = finite.sum(axis=0)
    total = np.maximum(n, 1)
    enough = n >= min_share * (last - first + 1)
    u = np.where(finite, months["std_uncertainty"].values.reshape(-1, 12)[inside], 0)
    return xr.DataArray(
        np.where(enough, np.where(finite, table, 0).sum(axis=0) / total, np.nan),
        dims="month",
        coords={
            "month": np.arange(1, 13),
            "n_valid": ("month", n),
            "std_uncertainty": ("month", np.sqrt((u**2).sum(axis=0)) / total),
        },
    )
