"""Days above a percentile of their time of the year, without a jump at the edges of the base period.

A year inside the base has helped to make its own threshold and exceeds it too rarely. Zhang et al. (2005,
doi:10.1175/JCLI3366.1) leave it out: one of the other years takes its place, for each of them in turn, and the results
are averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Days = NDArray[np.datetime64]

DAYS = 365
FEBRUARY_29 = 59  # counted from 0


@dataclass(frozen=True, slots=True)
class Base:
    """Values of the base years by day of the year without 29 February, with the days around each; NaN if missing."""

    first: int
    windows: Numbers  # (years, 365, window)


def calendar_day(days: Days) -> NDArray[np.int64]:
    """Day of the year from 0 to 364; 29 February has that of the 28th.

    Parameters
    ----------
    days : ndarray (day,), datetime64[D]
    """
    year = days.astype("datetime64[Y]")
    number = (days - year.astype("datetime64[D]")).astype(np.int64)
    length = ((year + 1).astype("datetime64[D]") - year.astype("datetime64[D]")).astype(np.int64)
    return np.asarray(number - ((length == 366) & (number >= FEBRUARY_29)), dtype=np.int64)


def base_windows(days: Days, values: Numbers, base: Sequence[int], *, window_days: int) -> Base:
    """The base years with the days around each day; days just outside the base count where they exist.

    Parameters
    ----------
    days, values : numpy.ndarray (day,)
        Without a day left out; NaN where a value is missing.
    base : sequence of int
        First and last year, both included.
    window_days : int
        Odd number of days.
    """
    year = days.astype("datetime64[Y]")
    leap_day = (days - year.astype("datetime64[D]")).astype(int) == FEBRUARY_29
    february = days.astype("datetime64[M]").astype(int) % 12 == 1
    kept = ~(leap_day & february)
    first, last = base
    count, half = last - first + 1, window_days // 2
    padded = np.full(count * DAYS + 2 * half, np.nan)
    years = year[kept].astype(int) + 1970
    position = (years - first) * DAYS + calendar_day(days[kept]) + half
    inside = (position >= 0) & (position < padded.size)
    padded[position[inside]] = values[kept][inside]
    windows = np.lib.stride_tricks.sliding_window_view(padded, window_days)
    return Base(first, windows.reshape(count, DAYS, window_days).copy())


def thresholds(windows: Numbers, quantile: float) -> Numbers:
    """Quantile of each day of the year, type 8 of Hyndman and Fan (1996, doi:10.2307/2684934), as ETCCDI's.

    Parameters
    ----------
    windows : numpy.ndarray (years, 365, window)
        NaN where a value is missing.
    """
    pooled = np.sort(windows.transpose(1, 0, 2).reshape(DAYS, -1), axis=1)  # missing ones come last
    n = np.isfinite(pooled).sum(axis=1)
    position = np.clip((n + 1 / 3) * quantile + 1 / 3 - 1, 0, np.maximum(n - 1, 0))
    below = position.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(n - 1, 0))
    row = np.arange(DAYS)
    low, high = pooled[row, below], pooled[row, above]
    return np.asarray(low + (high - low) * (position - below))


def over_years(
    base: Base, years: Sequence[int], count: Callable[[int, Numbers], float], *, quantile: float, bootstrap: bool
) -> dict[int, float]:
    """A count for each year, given the year and its thresholds; averaged over the replacements within the base.

    Parameters
    ----------
    count : callable
        From a year and 365 thresholds to a number.
    bootstrap : bool
        Whether years of the base are replaced; otherwise all have the one threshold of the whole base.
    """
    fixed = thresholds(base.windows, quantile)
    length = len(base.windows)
    found = {}
    for year in years:
        own = year - base.first
        if not bootstrap or not 0 <= own < length:
            found[year] = count(year, fixed)
            continue
        others = [other for other in range(length) if other != own]
        replaced = base.windows.copy()
        counts = []
        for other in others:
            replaced[own] = base.windows[other]
            counts.append(count(year, thresholds(replaced, quantile)))
        found[year] = float(np.mean(counts))
    return found


def jackknife(
    base: Base, years: Sequence[int], count: Callable[[int, Numbers], float], quantile: float
) -> dict[int, float]:
    """Standard error of each count from the choice of the base years: every one of them is left out once."""
    n = len(base.windows)
    counts = []
    for out in range(n):
        rest = Base(base.first, np.delete(base.windows, out, axis=0))
        counts.append(list(over_years(rest, years, count, quantile=quantile, bootstrap=False).values()))
    spread = np.asarray(counts, dtype=float).reshape(n, len(years)).var(axis=0)
    return {year: float(np.sqrt((n - 1) * v)) for year, v in zip(years, spread, strict=True)}
