"""Area and volume of the sea by level, from the relief of its bed.

A cell belongs to the sea at a level when its lowest part lies lower and it is connected with the deep basin over cells
that do too. Within a cell the bed is taken to be spread evenly between the lowest and the highest of its corners, each
of them the mean of the four cells around it: that stands in for a finer relief.
Areas at a ladder of levels are joined by a monotone curve (PCHIP: Fritsch and Carlson 1980, doi:10.1137/0717021), and
the volume is its integral, so that dV/dL = A holds exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray
    from scipy.interpolate import PchipInterpolator, PPoly

# The sea is 1025 m deep below about -28 m (Caspian Sea State of the Environment 2019, p. 13): a relief that knows its
# bed lies lower than this somewhere, and one that shows the surface of the sea never does.
DEEPEST_AT_LEAST = -900.0
# A filled sea shows as a plain at its level. The real sea gains 4 to 5 % of its area in a metre (16-18 thousand km2).
LARGEST_SHARE_IN_A_METRE = 0.3
M_IN_KM = 1000.0


@dataclass(frozen=True, slots=True)
class Hypsometry:
    """Curves of area (km2) and volume (km3) against level (m), valid from ``lowest`` to ``highest``."""

    areas: PchipInterpolator
    volumes: PPoly
    below: float  # km3 under the lowest level
    lowest: float
    highest: float

    def area(self, level: float) -> float:
        """Area of the water at a level, km2."""
        return float(self.areas(level))

    def volume(self, level: float) -> float:
        """Volume of the water at a level, km3."""
        return self.below + float(self.volumes(level) - self.volumes(self.lowest))

    def widening(self, level: float, *, over: float = 1.0) -> float:
        """Mean dA/dL within half of ``over`` metres of a level, km2 per m: a single step of a chart does not rule it."""
        low, high = max(level - over / 2, self.lowest), min(level + over / 2, self.highest)
        return (self.area(high) - self.area(low)) / (high - low)


def hypsometry(
    bed: xr.DataArray,
    sea: xr.DataArray,
    bay: xr.DataArray,
    *,
    offset: float,
    lowest: float,
    highest: float,
    step: float,
) -> Hypsometry:
    """The curves of one region of the sea.

    Parameters
    ----------
    bed, sea, bay : xarray.DataArray, dims (time, latitude, longitude), m
        The same relief with the ``area`` of each cell (km2) and the ``weight`` in the region, in the whole sea, and in
        the Kara-Bogaz-Gol, which is left out. A shore that lies outside of the outlines belongs to the region of the
        nearest cell inside them.
    offset : float
        What is added to the relief (m) to have it above the datum of the levels.
    lowest, highest, step : float
        The ladder of levels, m.

    Raises
    ------
    NotComputable
        The relief is no single complete field in metres, or shows no bed of the Caspian.
    """
    relief = single_relief(bed)
    name = str(bed.name or "bed")
    region, whole, gulf = (np.asarray(grid["weight"].values, dtype=float) for grid in (bed, sea, bay))
    _refuse_without_bed(relief[whole > 0.5], name)
    levels = np.linspace(lowest, highest, round((highest - lowest) / step) + 1)
    cells = np.asarray(bed["area"].values, dtype=float) * membership(region, whole, gulf)
    open_to_sea = membership(whole, whole, gulf) > 0
    low, high = (corner + offset for corner in spread(relief))
    wet = [connected(open_to_sea & (low <= level), relief) for level in levels]
    areas = [(cells * wet_share(low, high, level))[here].sum() for level, here in zip(levels, wet, strict=True)]
    _refuse_plain(np.array(areas), step, name)
    return from_areas(levels, np.array(areas), float((cells * depth(low, high, lowest))[wet[0]].sum()) / M_IN_KM)


def from_areas(levels: NDArray[np.float64], areas: NDArray[np.float64], below: float) -> Hypsometry:
    """Curves through areas (km2) at ascending levels (m), above a volume (km3) under the lowest of them.

    Parameters
    ----------
    levels, areas : ndarray (level,), m and km2
    """
    from scipy.interpolate import PchipInterpolator

    curve = PchipInterpolator(levels, areas)
    volume = PchipInterpolator(levels, areas / M_IN_KM).antiderivative()
    return Hypsometry(curve, volume, below, float(levels[0]), float(levels[-1]))


def membership(region: NDArray[np.float64], sea: NDArray[np.float64], bay: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of each cell belongs to a region, 0 to 1: what the nearest cell of sea or bay does.

    Parameters
    ----------
    region, sea, bay : ndarray (latitude, longitude)
        Shares of each cell inside the outlines.
    """
    from scipy.ndimage import distance_transform_edt

    known = np.maximum(sea, bay)
    _, nearest = distance_transform_edt(known <= 0.5, return_indices=True)
    own = np.where(bay > sea, 0.0, np.divide(region, sea, out=np.zeros_like(sea), where=sea > 0))
    return np.asarray(np.clip(own[tuple(nearest)], 0.0, 1.0), dtype=float)


def connected(low: NDArray[np.bool_], heights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of the cells that lie low, those joined by their sides or corners to the deepest of them.

    Parameters
    ----------
    low : ndarray (latitude, longitude)
        Which cells lie low.
    heights : ndarray (latitude, longitude), m
        Of the bed.
    """
    from scipy.ndimage import label

    if not low.any():
        return low
    labels, _ = label(low, structure=np.ones((3, 3), dtype=int))
    deepest = np.unravel_index(np.argmin(np.where(low, heights, np.inf)), heights.shape)
    return np.asarray(labels == labels[deepest])


def spread(heights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest corner of each cell, m; a relief in whole metres is uncertain by half of one besides.

    Parameters
    ----------
    heights : ndarray (latitude, longitude), m
        Of the middle of each cell.
    """
    padded = np.pad(heights, 1, mode="edge")
    corners = (padded[:-1, :-1] + padded[1:, :-1] + padded[:-1, 1:] + padded[1:, 1:]) / 4.0
    four = np.stack((corners[:-1, :-1], corners[1:, :-1], corners[:-1, 1:], corners[1:, 1:]))
    margin = 0.5 if (heights == np.round(heights)).all() else 0.0
    return four.min(axis=0) - margin, four.max(axis=0) + margin


def wet_share(low: NDArray[np.float64], high: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Share of each cell below a level, 0 to 1.

    Parameters
    ----------
    low, high : ndarray (latitude, longitude), m
        As `spread` gives them.
    level : float
        In m.
    """
    width = np.maximum(high - low, 1e-6)
    return np.asarray(np.clip((level - low) / width, 0.0, 1.0), dtype=float)


def depth(low: NDArray[np.float64], high: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Mean depth of water in each cell at a level, its dry part counted as zero, m.

    Parameters
    ----------
    low, high : ndarray (latitude, longitude), m
        As `spread` gives them.
    level : float
        In m.
    """
    share = wet_share(low, high, level)
    mean: NDArray[np.float64] = share * (level - low - share * (high - low) / 2.0)
    return mean


def single_relief(bed: xr.DataArray) -> NDArray[np.float64]:
    """The one field of a relief, (latitude, longitude), m.

    Raises
    ------
    NotComputable
        It is no single field in metres.
    """
    name = str(bed.name or "bed")
    if bed.dims != ("time", "latitude", "longitude") or bed.sizes["time"] != 1:
        raise NotComputable(name, f"it is no single field on latitude and longitude: {dict(bed.sizes)}", "give one")
    if bed.attrs.get("units") != "m":
        raise NotComputable(name, f"its units are {bed.attrs.get('units')!r}, not 'm'", "convert it first")
    return np.asarray(bed.values[0], dtype=float)


def _refuse_without_bed(inside: NDArray[np.float64], name: str) -> None:
    if inside.size == 0 or not np.isfinite(inside).all():
        raise NotComputable(name, "the relief does not cover the sea, or has gaps there", "give a complete one")
    if inside.min() > DEEPEST_AT_LEAST:
        problem = f"the relief shows no bed of the Caspian, {inside.min():.0f} m at the deepest"
        raise NotComputable(name, problem, "take one that holds its depths")


def _refuse_plain(areas: NDArray[np.float64], step: float, name: str) -> None:
    largest = float(np.diff(areas).max() / max(areas[-1], 1.0))
    if largest > LARGEST_SHARE_IN_A_METRE * max(step, 1.0):
        problem = f"the area leaps by {100 * largest:.0f} % within {step:g} m: a plain in place of the bed"
        raise NotComputable(name, problem, "take a relief that holds the depths of the Caspian")
