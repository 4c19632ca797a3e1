"""The year as a circle of 366 days: pooling the days around each, and smoothing round the circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAYS, FEBRUARY_29 = 366, 60


def day_of_year(daily: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """1..366 for days (datetime64[D]), where 1 March is day 61 in every year.

    Parameters
    ----------
    daily : ndarray (day,), datetime64[D]
    """
    import numpy as np

    year = daily.astype("datetime64[Y]")
    day = (daily - year.astype("datetime64[D]")).astype(np.int64) + 1
    number = year.astype(np.int64) + 1970
    leap = (number % 4 == 0) & ((number % 100 != 0) | (number % 400 == 0))
    counted: NDArray[np.int64] = day + (~leap & (day >= FEBRUARY_29))
    return counted


def reach(inside: NDArray[np.bool_], *, window_days: int) -> slice:
    """The positions of a base period and of the half window on either side of it, as far as the record goes.

    Parameters
    ----------
    inside : numpy.ndarray (day,)
        Whether each day, none left out, lies in the base period; one at least does.
    """
    import numpy as np

    first, last = np.flatnonzero(inside)[[0, -1]].tolist()
    return slice(max(first - window_days // 2, 0), last + window_days // 2 + 1)


def pools(
    days: NDArray[np.int64], *, window_days: int, inside: NDArray[np.bool_] | None = None
) -> list[NDArray[np.int64]]:
    """For each day of the year, the positions within a centred window of it; beyond the ends there is nothing.

    Parameters
    ----------
    days : numpy.ndarray (day,)
        Day of the year of each position, without a day left out.
    inside : numpy.ndarray (day,), optional
        Whether a day may be the centre of a window: those of a base period. Its neighbours beyond the period count, as in the
        program of Hobday et al. (2016), so that the first days of January are no poorer than others.
    """
    import numpy as np

    around = np.arange(window_days) - window_days // 2
    found = []
    for day in range(1, DAYS + 1):
        centres = np.flatnonzero((days == day) if inside is None else (days == day) & inside)
        positions = (centres[:, np.newaxis] + around).ravel()
        found.append(positions[(positions >= 0) & (positions < days.size)])
    return found


def pooled(
    values: NDArray[np.float64], pools: list[NDArray[np.int64]], *, quantile: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and quantile of the pool of each day of the year, (cell, 366); NaN where a pool has no value.

    29 February, which has a quarter of the values, is the mean of its neighbours.

    Parameters
    ----------
    values : numpy.ndarray (cell, day)
        NaN where a day is missing.
    pools : list of numpy.ndarray
        As `pools` gives them.
    """
    import numpy as np

    mean, high = np.full((2, len(values), DAYS), np.nan)
    complete = ~np.isnan(values).any(axis=1)
    gappy = np.flatnonzero(~complete & ~np.isnan(values).all(axis=1))
    whole = np.ascontiguousarray(values[complete])
    for day, pool in enumerate(pools):
        if not pool.size or day == FEBRUARY_29 - 1:
            continue
        if len(whole):
            sample = whole[:, pool]
            mean[complete, day] = sample.mean(axis=1)
            high[complete, day] = _quantile(sample, quantile)
        if gappy.size:
            sample = values[gappy][:, pool]
            some = ~np.isnan(sample).all(axis=1)
            mean[gappy[some], day] = np.nanmean(sample[some], axis=1)
            high[gappy[some], day] = np.nanquantile(sample[some], quantile, axis=1)
    for found in (mean, high):
        found[:, FEBRUARY_29 - 1] = (found[:, FEBRUARY_29 - 2] + found[:, FEBRUARY_29]) / 2
    return mean, high


def smoothed(yearly: NDArray[np.float64], *, days: int) -> NDArray[np.float64]:
    """The centred running mean of an odd number of days round the circle of the year, (cell, 366)."""
    import numpy as np

    half = days // 2
    padded = np.concatenate((yearly[:, -half:], yearly, yearly[:, :half]), axis=1)
    running: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(padded, days, axis=1).mean(axis=2)
    return running


def _quantile(sample: NDArray[np.float64], quantile: float) -> NDArray[np.float64]:
    """The quantile along the second axis, linear between order statistics; many times faster than ``numpy.quantile``."""
    import numpy as np

    position = (sample.shape[1] - 1) * quantile
    below = int(position)
    above = min(below + 1, sample.shape[1] - 1)
    parted = np.partition(sample, (below, above), axis=1)
    low = parted[:, below]
    interpolated: NDArray[np.float64] = low + (parted[:, above] - low) * (position - below)
    return interpolated
