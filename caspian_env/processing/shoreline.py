"""Where a shoreline lies on a transect, and how fast it moves: from a profile of the bed, or from given positions.

The statistics are those of the Digital Shoreline Analysis System (Himmelstoss et al. 2018, doi:10.3133/ofr20181179):
net movement, end-point rate and linear regression rate. Positions grow seawards: a retreat of the sea is positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.statistics import LEVEL, interval

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

Line = tuple[Sequence[float], Sequence[float]]  # landward and seaward end, each longitude and latitude in degrees
EARTH_RADIUS_KM = 6371.0072  # radius of the sphere with the area of the ellipsoid, as for areas of cells


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement or a rate with its standard uncertainty (k=1), interval and degrees of freedom."""

    estimate: float
    std_uncertainty: float
    ci_low: float
    ci_high: float
    dof: float


@dataclass(frozen=True, slots=True)
class Slope:
    """Fall of the bed seawards, tan(beta), with its standard uncertainty and the points it rests on."""

    estimate: float
    std_uncertainty: float
    n_points: int


def net_movement(years: ArrayLike, positions: ArrayLike, *, u_position: float, level: float = LEVEL) -> Movement:
    """Distance between the oldest and the youngest shoreline (NSM), in the unit of the positions.

    Parameters
    ----------
    years, positions : array_like, shape (n,)
        Decimal years, in any order, and positions along the transect; n >= 2.
    u_position : float
        Standard uncertainty of one position.
    level : float
        Probability content of the interval.

    Raises
    ------
    NotComputable
        Fewer than two dates, a date twice, or a missing position.
    """
    _, place = _ordered(years, positions)
    moved, u = float(place[-1] - place[0]), u_position * sqrt(2.0)
    return Movement(moved, u, *interval(moved, u, level), dof=inf)


def end_point_rate(years: ArrayLike, positions: ArrayLike, *, u_position: float, level: float = LEVEL) -> Movement:
    """Net movement over the time between the two shorelines (EPR), per year; see `net_movement`."""
    when, place = _ordered(years, positions)
    span = float(when[-1] - when[0])
    rate, u = float(place[-1] - place[0]) / span, u_position * sqrt(2.0) / span
    return Movement(rate, u, *interval(rate, u, level), dof=inf)


def regression_rate(years: ArrayLike, positions: ArrayLike, *, level: float = LEVEL) -> Movement:
    """Slope of the least-squares line through all shorelines (LRR), per year; at least three of them.

    The scatter about the line is taken as independent from one shoreline to the next.
    """
    when, place = _ordered(years, positions, fewest=3)
    line = _line(when, place)
    return Movement(line[0], line[1], *interval(*line, level, when.size - 2), dof=float(when.size - 2))


def profile(
    bed: xr.DataArray, start: tuple[float, float], end: tuple[float, float], *, spacing_km: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Heights of the bed along a transect, by distance from its landward end.

    Parameters
    ----------
    bed : xarray.DataArray, dims (latitude, longitude), m
        Ascending axes; heights between cells are interpolated in both directions.
    start, end : (longitude, latitude), degrees
        Landward and seaward end.
    spacing_km : float
        Distance of the points.

    Returns
    -------
    distance (km), height (m)
    """
    from scipy.interpolate import RegularGridInterpolator

    (lon0, lat0), (lon1, lat1) = start, end
    length = _distance_km(start, end)
    n = max(2, round(length / spacing_km) + 1)
    share = np.linspace(0.0, 1.0, n)
    points = np.column_stack((lat0 + share * (lat1 - lat0), lon0 + share * (lon1 - lon0)))
    axes = bed["latitude"].values, bed["longitude"].values
    inside = all(a[0] <= p.min() and p.max() <= a[-1] for a, p in zip(axes, points.T, strict=True))
    if not inside:
        raise NotComputable(str(bed.name or "bed"), "the transect leaves the relief", "give one that holds it")
    return share * length, np.asarray(RegularGridInterpolator(axes, np.asarray(bed.values, dtype=float))(points))


def side_by_side(first: Line, last: Line, *, every_km: float) -> list[Line]:
    """Lines from the first to the last, both included, evenly spaced, at either end at most ``every_km`` apart."""
    apart = max(_distance_km((a[0], a[1]), (b[0], b[1])) for a, b in zip(first, last, strict=True))
    shares = np.linspace(0.0, 1.0, max(1, ceil(apart / every_km)) + 1)
    ends = [np.asarray(a)[None, :] + shares[:, None] * np.subtract(b, a) for a, b in zip(first, last, strict=True)]
    return [(landward, seaward) for landward, seaward in zip(*(side.tolist() for side in ends), strict=True)]


def middle_slope(slopes: Sequence[Slope | str], *, min_share: float) -> Slope | str:
    """The median of the slopes, the gentler of two in the middle; or why there is none, in one clause.

    Parameters
    ----------
    slopes : sequence of Slope or str
        As `bed_slope` gives them.
    min_share : float
        Share of them that must be slopes.
    """
    known = sorted((slope for slope in slopes if isinstance(slope, Slope)), key=lambda slope: slope.estimate)
    needed = max(1, ceil(min_share * len(slopes) - 1e-9))
    if len(known) < needed:
        return f"the bed falls seawards along {len(known)} of {len(slopes)} transects, {needed} are needed"
    return known[(len(known) - 1) // 2]


def bed_slope(
    distance: NDArray[np.float64], height: NDArray[np.float64], *, lowest: float, highest: float, fewest: int
) -> Slope | str:
    """Mean fall of the bed between two heights along a profile, or why there is none, in one clause.

    Parameters
    ----------
    distance, height : ndarray (n,), km and m
        From land to sea.
    lowest, highest : float
        Heights between which the shoreline moves, m.
    fewest : int
        Points that must lie between them.
    """
    shore = (height >= lowest) & (height <= highest)
    if shore.sum() < fewest:
        return f"{int(shore.sum())} of {fewest} points of the profile lie between {lowest:g} and {highest:g} m"
    slope, u = _line(distance[shore] * 1000.0, height[shore])
    if not slope < -2 * u:
        return f"the bed does not fall seawards: its slope is {-slope:.1e} with an uncertainty of {u:.1e}"
    return Slope(-slope, u, int(shore.sum()))


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Least-squares slope and its standard error."""
    centred = x - x.mean()
    scatter = float(centred @ centred)
    slope = float(centred @ y) / scatter
    left = y - y.mean() - slope * centred
    error = sqrt(float(left @ left) / (x.size - 2) / scatter) if x.size > 2 else nan
    return slope, error


def _ordered(
    years: ArrayLike, positions: ArrayLike, fewest: int = 2
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    when, place = np.asarray(years, dtype=float), np.asarray(positions, dtype=float)
    if when.shape != place.shape or when.ndim != 1 or when.size < fewest:
        raise NotComputable("shoreline", f"{when.size} shorelines, {fewest} are needed", "give more of them")
    if not (np.isfinite(when).all() and np.isfinite(place).all()) or np.unique(when).size != when.size:
        raise NotComputable("shoreline", "a date stands twice or a position is missing", "give one position a date")
    order = np.argsort(when)
    return when[order], place[order]


def _distance_km(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Great-circle distance of two points (longitude, latitude), km."""
    (lon0, lat0), (lon1, lat1) = np.deg2rad(start), np.deg2rad(end)
    half = np.sin((lat1 - lat0) / 2) ** 2 + np.cos(lat0) * np.cos(lat1) * np.sin((lon1 - lon0) / 2) ** 2
    return float(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half)))
