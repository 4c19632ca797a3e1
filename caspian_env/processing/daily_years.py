"""Daily values as whole calendar years or seasons, so that a missing day is seen rather than skipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.periods import Span

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Days = NDArray[np.datetime64]

MonthDay = tuple[int, int]


def day_axis(series: xr.DataArray) -> tuple[Days, Numbers]:
    """Every day of the calendar years with a value, and the values; NaN where there is none.

    Parameters
    ----------
    series : xarray.DataArray, dims (time,), any unit
        attrs ``resolution`` 'P1D'.

    Raises
    ------
    NotComputable
        Not daily, not ascending, or two values in a day.
    """
    if series.attrs.get("resolution") != "P1D":
        raise NotComputable(str(series.name or "series"), "it is not daily", "counts of days need one value a day")
    values = np.asarray(series.values, dtype=float)
    there = np.isfinite(values)
    given = series["time"].values[there].astype("datetime64[D]")
    if not given.size:
        return np.array([], dtype="datetime64[D]"), np.array([], dtype=float)
    if (np.diff(given) < np.timedelta64(0, "D")).any():
        raise NotComputable(str(series.name or "series"), "its times are not ascending", "sort it")
    if np.unique(given).size != given.size:
        raise NotComputable(str(series.name or "series"), "a day holds two daily values", "keep one value per day")
    years = given[[0, -1]].astype("datetime64[Y]")
    days = np.arange(years[0].astype("datetime64[D]"), (years[1] + 1).astype("datetime64[D]"))
    axis = np.full(days.size, np.nan)
    axis[(given - days[0]).astype(np.int64)] = values[there]
    return days, axis


def daily_maximum(
    series: xr.DataArray, *, fewest: int, reports: xr.DataArray | None = None
) -> tuple[Days, Numbers, NDArray[np.bool_]]:
    """The highest value of every day of the calendar years with a value, where enough was measured to know it.

    Parameters
    ----------
    series : xarray.DataArray, dims (time,), any unit
        Values at their own step (attrs ``resolution`` 'instant'), or the highest of each day ('P1D').
    fewest : int
        Values that a day must have; of daily values the reports, where ``reports`` tells them.
    reports : xarray.DataArray, dims (time,), 1, optional
        How many reports the highest of each day was taken from. Left out, daily values are taken as they are.

    Returns
    -------
    tuple of numpy.ndarray, dims (day,)
        The days, the highest values (NaN where there is none or too little), and whether a day has any value.

    Raises
    ------
    NotComputable
        As `day_axis`; also of the reports.
    """
    if series.attrs.get("resolution") == "instant":
        there = np.isfinite(series.values)
        given, place = np.unique(series["time"].values[there].astype("datetime64[D]"), return_inverse=True)
        highest = np.full(given.size, -np.inf)
        np.maximum.at(highest, place, series.values[there])
        daily = series.isel(time=np.zeros(given.size, dtype=int)).copy(data=highest)
        series = daily.assign_coords(time=given.astype("datetime64[s]")).assign_attrs(resolution="P1D")
        enough = given[np.bincount(place, minlength=given.size) >= fewest]
    elif reports is not None:
        counted, n = day_axis(reports)
        enough = counted[n >= fewest]  # a day without a count has too few
    else:
        enough = series["time"].values.astype("datetime64[D]")
    days, values = day_axis(series)
    return days, np.where(np.isin(days, enough), values, np.nan), np.isfinite(values)


def stretches(days: Days, *, start: MonthDay, end: MonthDay) -> Iterator[tuple[Span, slice]]:
    """Each yearly stretch from ``start`` to ``end`` (both included, month and day) with its place in ``days``.

    A stretch that begins after it ends in the calendar crosses the new year; it may lie partly beyond the ends of ``days``.

    Parameters
    ----------
    days : ndarray (day,), datetime64[D]
        As `day_axis` gives them: none is missing between the first and the last.
    """
    if not days.size:
        return
    first, last = (int(day.astype("datetime64[Y]").astype(int)) + 1970 for day in days[[0, -1]])
    crosses = int(start > end)
    for year in range(first, last + 1 + crosses):
        begin = np.datetime64(f"{year - crosses:04d}-{start[0]:02d}-{start[1]:02d}", "D")
        stop = np.datetime64(f"{year:04d}-{end[0]:02d}-{end[1]:02d}", "D") + 1
        low, high = (int((edge - days[0]).astype(int)) for edge in (begin, stop))
        span = (begin.astype("datetime64[s]"), stop.astype("datetime64[s]"))
        yield span, slice(max(low, 0), max(min(high, days.size), 0))
