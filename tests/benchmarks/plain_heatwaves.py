"""Marine heatwaves the plain way, one cell and one day of the year at a time: the peer of the vectorised code.

The windows of the first and last days of the base reach beyond it, as those of marineHeatWaves, the program of the authors.
Written from Hobday et al. 2016 (doi:10.1016/j.pocean.2015.12.014) and 2018 (doi:10.5670/oceanog.2018.205) without a look at
what it is compared with.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np


class Event(NamedTuple):
    start: date
    peak: date
    end: date
    intensity_max: float
    intensity_mean: float
    intensity_cumulative: float
    rate_onset: float
    rate_decline: float
    category: int


def slot(day: date) -> int:
    """1..366; 1 March is 61 in every year."""
    return date(2000, day.month, day.day).timetuple().tm_yday


def normals(first: date, values: np.ndarray, base: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    days = [first + timedelta(n) for n in range(len(values))]
    inside = [n for n, day in enumerate(days) if base[0] <= day.year <= base[1]]
    mean, high = np.full(367, np.nan), np.full(367, np.nan)
    for wanted in range(1, 367):
        pool = []
        for n in inside:
            if slot(days[n]) == wanted:
                pool += [values[m] for m in range(n - 5, n + 6) if 0 <= m < len(days)]
        pool = [value for value in pool if not np.isnan(value)]
        if pool and wanted != 60:
            mean[wanted], high[wanted] = np.mean(pool), np.percentile(pool, 90)
    for found in (mean, high):
        found[60] = (found[59] + found[61]) / 2
    smooth = [
        np.array([np.mean([f[(k + w - 1) % 366 + 1] for w in range(-15, 16)]) for k in range(1, 367)])
        for f in (mean, high)
    ]
    return np.concatenate(([np.nan], smooth[0])), np.concatenate(([np.nan], smooth[1]))


def heatwaves(first: date, values: np.ndarray, base: tuple[int, int]) -> list[Event]:
    mean, high = normals(first, values, base)
    days = [first + timedelta(n) for n in range(len(values))]
    hot = [bool(value > high[slot(day)]) for day, value in zip(days, values, strict=True)]
    spells: list[list[int]] = []
    n = 0
    while n < len(hot):
        if not hot[n]:
            n += 1
            continue
        end = n
        while end + 1 < len(hot) and hot[end + 1]:
            end += 1
        if end - n + 1 >= 5:
            if spells and n - spells[-1][1] - 1 <= 2:
                spells[-1][1] = end
            else:
                spells.append([n, end])
        n = end + 1
    events = []
    for start, end in spells:
        above = np.array([values[k] - mean[slot(days[k])] for k in range(start, end + 1)])
        top = int(np.nanargmax(above))
        peak = slot(days[start + top])
        category = int(min(max(np.floor(above[top] / (high[peak] - mean[peak])), 1), 4))

        def outside(beside: int, edge: int, days_between: int, top: float = above[top]) -> float:
            """Rate from half a day outside the event to the peak; unknown without a day there."""
            if not 0 <= beside < len(values):
                return np.nan
            at = [values[k] - mean[slot(days[k])] for k in (edge, beside)]
            return float((top - (at[0] + at[1]) / 2) / (days_between + 0.5))

        events.append(
            Event(
                days[start],
                days[start + top],
                days[end],
                above[top],
                float(np.nanmean(above)),
                float(np.nansum(above)),
                outside(start - 1, start, top),
                outside(end + 1, end, end - start - top),
                category,
            )
        )
    return events
