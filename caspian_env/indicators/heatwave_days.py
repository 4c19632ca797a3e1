"""Each day of a region in marine heatwave: which share of its area, in which category, how far above the climatology.

Detected cell by cell as in `marine_heatwaves` and then summed with exact cell areas, so that years can be counted in
more than one way from one detection. The same is done again with parts of the base period left out, by which the
uncertainty of every count is known.
"""

from __future__ import annotations

import hashlib
import weakref
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.indicators.marine_heatwaves import (
    BLOCK_CELLS,
    CATEGORIES,
    FILL_DAYS,
    JOIN_DAYS,
    MIN_DAYS,
    QUANTILE,
    SMOOTH_DAYS,
    WINDOW_DAYS,
)
from caspian_env.processing.cluster import each
from caspian_env.processing.day_of_year import DAYS, day_of_year, pooled, pools, reach, smoothed
from caspian_env.processing.spells import fill_short_gaps, spells

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class RegionDays:
    """Every day of a region: the share of its area that was observed, and the mean over that."""

    days: Days
    observed: Numbers
    mean: Numbers


@dataclass(frozen=True, slots=True)
class HeatDays:
    """What each day of a region has of heatwaves, as a mean over the area that is known on it.

    ``usable``: share of the area that is known once short gaps are filled. ``share`` (day, category): area in an event, by
    the category of that day. ``starts``: area whose event begins.
    ``excess``: degree_Celsius above the climatology, zero outside of events. ``reached`` (year): area with any such day.
    """

    days: Days
    usable: Numbers
    share: Numbers
    starts: Numbers
    excess: Numbers
    reached: dict[int, float]


def region_days(sst: xr.DataArray) -> RegionDays:
    """How much of a region each day shows.

    Parameters
    ----------
    sst : xarray.DataArray, dims (time, latitude, longitude), any unit
        With coordinates ``area`` (km2) and ``weight`` (share of each cell inside the region).

    Raises
    ------
    NotComputable
        The cells are not daily, or the days not ascending and unique.
    """
    given, areas = _given_days(sst), (sst["area"] * sst["weight"]).values
    chosen, whole = areas > 0, max(float(areas.sum()), np.finfo(float).tiny)
    values, weight = sst.values[:, chosen].T, areas[chosen]
    known = np.isfinite(values)
    seen = _over_cells(weight, known)
    total = _over_cells(weight, np.where(known, values, 0.0))
    days = _axis(given)
    observed, mean = np.zeros(days.size), np.full(days.size, np.nan)
    if given.size:
        at = (given - given[0]).astype(np.int64)
        observed[at] = seen / whole
        mean[at] = np.divide(total, seen, out=np.full(given.size, np.nan), where=seen > 0)
    return RegionDays(days, observed, mean)


def heat_days(
    sst: xr.DataArray, base: tuple[int, int], *, detrended: bool, ice_below: float, groups: int
) -> tuple[HeatDays, ...]:
    """Heatwaves of every day with the whole base period, and then with each of its ``groups`` parts left out.

    Computed once for the same cells and options, as several counts are made of it.

    Parameters
    ----------
    sst : xarray.DataArray, dims (time, latitude, longitude), degree_Celsius
        As in `region_days`; the base period is in it.
    base : (int, int)
        First and last year, both included.
    detrended : bool
        Whether the straight line through the base years, the season taken out, is subtracted from each cell first.
    ice_below : float
        A cell colder than this is taken for ice, where there is no heatwave (degC).
    groups : int
        Parts of consecutive base years, as equal as can be.
    """
    return _found(_Cells(sst), base, detrended, ice_below, groups)


class _Cells:
    """Cells as a key: equal where their content is. It does not keep them alive, so that a cache stays small."""

    __slots__ = ("_cells", "_digest")

    def __init__(self, cells: xr.DataArray) -> None:
        self._cells = weakref.ref(cells)
        content = hashlib.blake2b(digest_size=16)
        for part in (cells.values, cells["time"].values, cells["area"].values, cells["weight"].values):
            content.update(np.ascontiguousarray(part).view(np.uint8).data)
        self._digest = (cells.shape, content.digest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Cells) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    @property
    def cells(self) -> xr.DataArray:
        found = self._cells()
        assert found is not None, "whoever asks holds the cells"
        return found


@lru_cache(maxsize=16)
def _found(key: _Cells, base: tuple[int, int], detrended: bool, ice_below: float, groups: int) -> tuple[HeatDays, ...]:
    days, values, weight = _inside(key.cells)
    parts = np.array_split(np.arange(base[0], base[1] + 1), groups)
    shared = (days, values, weight, base, detrended, ice_below)
    return tuple(each(_detected, shared, [np.array([], dtype=np.int64), *parts]))


def _detected(
    days: Days,
    values: Numbers,
    weight: Numbers,
    base: tuple[int, int],
    detrended: bool,
    ice_below: float,
    left_out: NDArray[np.int64],
) -> HeatDays:
    number, year = day_of_year(days), days.astype("datetime64[Y]").astype(np.int64) + 1970
    in_base = (year >= base[0]) & (year <= base[1])
    inside, near = np.flatnonzero(in_base), reach(in_base, window_days=WINDOW_DAYS)
    kept, remaining = ~np.isin(year[inside], left_out), ~np.isin(year[near], left_out)
    pooled_days = pools(number[near], window_days=WINDOW_DAYS, inside=in_base[near])
    around = [pool[remaining[pool]] for pool in pooled_days]
    years, first = np.unique(year, return_index=True)
    share, area = np.zeros((days.size, len(CATEGORIES))), np.zeros(days.size)
    starts, excess, reached, known_area = np.zeros(days.size), np.zeros(days.size), np.zeros(years.size), 0.0
    for start in range(0, len(values), BLOCK_CELLS):
        block = slice(start, start + BLOCK_CELLS)
        cells, w = values[block], weight[block]
        ice = cells < ice_below
        if detrended:
            slope = _slopes(cells[:, inside[kept]], number[inside[kept]], inside[kept].astype(float))
            cells = cells - slope[:, np.newaxis] * (np.arange(days.size) - inside.mean())
        mean, high = pooled(np.ascontiguousarray(cells[:, near]), around, quantile=QUANTILE)
        seas, thresh = (smoothed(raw, days=SMOOTH_DAYS)[:, number - 1] for raw in (mean, high))
        filled = fill_short_gaps(cells, max_days=FILL_DAYS)
        runs = spells((filled > thresh) & ~ice, min_days=MIN_DAYS, join_days=JOIN_DAYS)
        edges = np.zeros((len(cells), days.size + 1), dtype=np.int8)
        edges[runs.cell, runs.first], edges[runs.cell, runs.last + 1] = 1, -1
        hot = edges[:, :-1].cumsum(axis=1, dtype=np.int8).astype(bool)
        above, distance = filled - seas, thresh - seas
        # A day of a joined gap may lie below the threshold or be missing: it counts as a day of the lowest category.
        ratio = np.divide(above, distance, out=np.ones_like(above), where=hot & np.isfinite(above))
        category = np.where(hot, np.clip(np.floor(ratio), 1, len(CATEGORIES)), 0).astype(np.int8)
        for n in range(len(CATEGORIES)):
            share[:, n] += _over_cells(w, category == n + 1)
        np.add.at(starts, runs.first, w[runs.cell])
        excess += _over_cells(w, np.where(hot & np.isfinite(above), above, 0.0))
        reached += _over_cells(w, np.logical_or.reduceat(hot, first, axis=1))
        area += _over_cells(w, np.isfinite(filled) & np.isfinite(thresh))
        known_area += float(w[np.isfinite(thresh).any(axis=1)].sum())
    known = np.where(area > 0, area, np.nan)
    of_area = reached / known_area if known_area else np.full(years.size, np.nan)
    return HeatDays(
        days, area / max(float(weight.sum()), np.finfo(float).tiny), share / known[:, np.newaxis], starts / known,
        excess / known, dict(zip(years.tolist(), of_area.tolist(), strict=True)),
    )  # fmt: skip


def _slopes(values: Numbers, number: NDArray[np.int64], position: Numbers) -> Numbers:
    """Least-squares slope of every cell (per day) beside a mean for each day of the year; zero where it has none."""
    above, below = np.zeros(len(values)), np.zeros(len(values))
    for day in range(1, DAYS + 1):
        here = np.flatnonzero(number == day)
        if here.size < 2:
            continue
        part = values[:, here]
        there = np.isfinite(part)
        n = np.maximum(there.sum(axis=1, keepdims=True), 1)
        step = np.where(there, position[here], 0.0)
        centred = np.where(there, position[here] - step.sum(axis=1, keepdims=True) / n, 0.0)
        above += (centred * np.where(there, part, 0.0)).sum(axis=1)
        below += (centred**2).sum(axis=1)
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _over_cells(weight: Numbers, marks: NDArray[np.float64] | NDArray[np.bool_]) -> Numbers:
    """Weighted sum over the cells of each day, day by day: a matrix product has other last digits when days are added."""
    total: Numbers = (weight[:, np.newaxis] * marks).sum(axis=0)
    return total


def _inside(sst: xr.DataArray) -> tuple[Days, Numbers, Numbers]:
    """Every day from the first to the last, the values (cell, day) of the cells in the region, and their areas, km2."""
    given, areas = _given_days(sst), (sst["area"] * sst["weight"]).values
    chosen, days = areas > 0, _axis(given)
    values = np.full((int(chosen.sum()), days.size), np.nan)
    values[:, (given - given[0]).astype(np.int64)] = sst.values[:, chosen].T
    return days, values, areas[chosen]


def _given_days(sst: xr.DataArray) -> Days:
    if sst.attrs.get("resolution") != "P1D" or sst.dims[0] != "time":
        raise NotComputable("marine heatwaves", "the cells are not daily means along time", "give daily means")
    given: Days = sst["time"].values.astype("datetime64[D]")
    if (np.diff(given) < np.timedelta64(1, "D")).any():
        raise NotComputable("marine heatwaves", "the days are not ascending, each once", "sort them and remove repeats")
    return given


def _axis(given: Days) -> Days:
    return np.arange(given[0], given[-1] + 1) if given.size else given
