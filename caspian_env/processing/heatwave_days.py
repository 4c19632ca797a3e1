"""The days of marine heatwaves in one series, by calendar year, and how far they depend on the choice of base years.

Every array has a row for the normals of the base and one for each resampling of its years, so that one pass over the days
gives the numbers and their scatter. See `marine_heatwaves` for what a heatwave is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from caspian_env.processing.day_of_year import DAYS, FEBRUARY_29, day_of_year, smoothed
from caspian_env.processing.marine_heatwaves import (
    CATEGORIES,
    FILL_DAYS,
    JOIN_DAYS,
    MIN_DAYS,
    QUANTILE,
    SMOOTH_DAYS,
    WINDOW_DAYS,
    climatology,
)
from caspian_env.processing.spells import fill_short_gaps, spells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Marks = NDArray[np.bool_]
    Days = NDArray[np.datetime64]

Quantity = Literal["events", "days", "category_days", "intensity_max", "intensity_cumulative"]


@dataclass(frozen=True, slots=True)
class Normals:
    """Seasonal mean and 90th percentile by day of the year, (row, 366); the first row is that of the whole base."""

    seas: Numbers
    thresh: Numbers


@dataclass(frozen=True, slots=True)
class HeatwaveDays:
    """Which days lie in a heatwave, which begin one, and how warm they are, (row, day)."""

    inside: Marks
    begins: Marks
    intensity: Numbers  # above the seasonal mean
    category: NDArray[np.int64]  # of the day, 1 to 4


def normals(days: Days, values: Numbers, base: Sequence[int], *, resamples: int, seed: int) -> Normals:
    """Normals of the base, and of bases whose years are drawn from it with replacement.

    Parameters
    ----------
    days, values : numpy.ndarray (day,)
        Every day from the first to the last; NaN where a value is missing.
    base : sequence of int
        First and last year, both included.
    resamples, seed : int
        How many bases are drawn, and the seed of the draw; the same seed gives the same numbers.
    """
    import xarray as xr

    series = xr.DataArray(values, dims="time", coords={"time": days.astype("datetime64[ns]")})
    whole = climatology(series, (base[0], base[1]))
    drawn = _resampled(days, values, base, np.random.default_rng(seed), resamples)
    return Normals(
        np.vstack((whole["seas"].to_numpy(), drawn.seas)), np.vstack((whole["thresh"].to_numpy(), drawn.thresh))
    )


def _resampled(days: Days, values: Numbers, base: Sequence[int], draw: np.random.Generator, resamples: int) -> Normals:
    """Normals of drawn bases; a year is drawn with the days around its edges that lie in the base."""
    years = base[1] - base[0] + 1
    windows = _windows(days, values, base)
    there = np.isfinite(windows)
    sums, counts = np.where(there, windows, 0.0).sum(axis=2), there.sum(axis=2)
    flat = windows.reshape(DAYS, -1)
    order = np.argsort(flat, axis=1)  # missing ones come last
    ranked = np.take_along_axis(flat, order, axis=1)
    year_of = order // windows.shape[2]
    known = np.isfinite(ranked)
    seas, thresh = np.empty((2, resamples, DAYS))
    for n in range(resamples):
        weight = np.bincount(draw.integers(0, years, years), minlength=years)
        seas[n] = sums @ weight / np.maximum(counts @ weight, 1)
        thresh[n] = _weighted_quantile(ranked, weight[year_of] * known)
    for found in (seas, thresh):
        found[:, FEBRUARY_29 - 1] = (found[:, FEBRUARY_29 - 2] + found[:, FEBRUARY_29]) / 2
    return Normals(smoothed(seas, days=SMOOTH_DAYS), smoothed(thresh, days=SMOOTH_DAYS))


def _windows(days: Days, values: Numbers, base: Sequence[int]) -> Numbers:
    """Values around each day of the year in each base year, (366, years, window); nothing from outside of the base."""
    year = days.astype("datetime64[Y]").astype(int) + 1970
    inside = (year >= base[0]) & (year <= base[1])
    half = WINDOW_DAYS // 2
    padded = np.pad(values[inside], half, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_DAYS)
    table = np.full((DAYS, base[1] - base[0] + 1, WINDOW_DAYS), np.nan)
    table[day_of_year(days[inside]) - 1, year[inside] - base[0]] = around
    return table


def _weighted_quantile(ranked: Numbers, weight: NDArray[np.int64]) -> Numbers:
    """Quantile of each row of ascending values that stand as often as their weight says; linear between ranks."""
    reached = weight.cumsum(axis=1)
    position = np.maximum(reached[:, -1] - 1, 0) * QUANTILE
    below = np.floor(position)
    row = np.arange(len(ranked))
    last = ranked.shape[1] - 1
    low, high = (
        ranked[row, np.minimum((reached <= rank[:, np.newaxis]).sum(axis=1), last)]
        for rank in (below, np.minimum(below + 1, np.maximum(reached[:, -1] - 1, 0)))
    )
    return np.asarray(low + (high - low) * (position - below))


def heatwave_days(days: Days, values: Numbers, normal: Normals) -> HeatwaveDays:
    """The days of heatwaves by each row of the normals; gaps of up to five days are interpolated.

    Parameters
    ----------
    days, values : numpy.ndarray (day,)
        Every day from the first to the last; NaN where a value is missing.
    """
    number = day_of_year(days) - 1
    filled = fill_short_gaps(values[np.newaxis], max_days=FILL_DAYS)
    seas, thresh = normal.seas[:, number], normal.thresh[:, number]
    inside, begins = marked(filled > thresh)  # a comparison with NaN is false
    intensity = filled - seas
    with np.errstate(invalid="ignore", divide="ignore"):
        times = np.nan_to_num(np.floor(intensity / (thresh - seas)), nan=1.0, posinf=len(CATEGORIES), neginf=1.0)
    return HeatwaveDays(inside, begins, intensity, np.clip(times, 1, len(CATEGORIES)).astype(np.int64))


def marked(above: Marks) -> tuple[Marks, Marks]:
    """Days inside a heatwave and days on which one begins, (row, day), from the days above the threshold."""
    runs = spells(above, min_days=MIN_DAYS, join_days=JOIN_DAYS)
    begins = np.zeros(above.shape, dtype=bool)
    begins[runs.cell, runs.first] = True
    edges = np.zeros((above.shape[0], above.shape[1] + 1), dtype=np.int8)
    edges[runs.cell, runs.first] += 1
    edges[runs.cell, runs.last + 1] -= 1
    return edges[:, :-1].cumsum(axis=1).astype(bool), begins


def by_year(found: HeatwaveDays, starts: NDArray[np.int64], quantity: Quantity, category: int | None) -> Numbers:
    """A quantity of each calendar year, (row, year); the highest intensity of a year without a heatwave is -inf.

    Parameters
    ----------
    starts : numpy.ndarray (year,)
        Position of the first day of each year.
    category : int or None
        For ``category_days`` the category of the days that count.
    """
    if quantity == "events":
        return np.add.reduceat(found.begins, starts, axis=1, dtype=float)
    if quantity == "days":
        return np.add.reduceat(found.inside, starts, axis=1, dtype=float)
    if quantity == "category_days":
        return np.add.reduceat(found.inside & (found.category == category), starts, axis=1, dtype=float)
    if quantity == "intensity_max":
        return np.maximum.reduceat(np.where(found.inside, found.intensity, -np.inf), starts, axis=1)
    return np.add.reduceat(np.where(found.inside, np.nan_to_num(found.intensity), 0.0), starts, axis=1)


def without_trend(days: Days, values: Numbers, base: Sequence[int]) -> Numbers:
    """The values without the straight line of the base years, which is drawn on beyond them; the mean of the base stays.

    Values and times are both taken as departures from the mean of each day of the year, so that neither the season nor gaps
    in it tilt the line.
    """
    year = days.astype("datetime64[Y]").astype(int) + 1970
    inside = (year >= base[0]) & (year <= base[1]) & np.isfinite(values)
    number = day_of_year(days)[inside]
    count = np.maximum(np.bincount(number, minlength=DAYS + 1), 1)
    x = (days - days[0]).astype(float)

    def departure(of: Numbers) -> Numbers:
        return np.asarray(of - (np.bincount(number, of, minlength=DAYS + 1) / count)[number])

    run = departure(x[inside])
    slope = float(departure(values[inside]) @ run) / float(run @ run)
    return np.asarray(values - slope * (x - x[inside].mean()))
