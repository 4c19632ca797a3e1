"""Which cells of a grid lie over water of some depth, from a finer relief of the bed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.conform import cell_bounds
from caspian_env.processing.hypsometry import single_relief

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


def deep_cells(cells: xr.DataArray, bed: xr.DataArray, *, surface: float, least_depth: float) -> NDArray[np.bool_]:
    """Cells no part of which is known to be shallower than ``least_depth``.

    A cell is as shallow as the highest bed whose centre lies in it; one without any, on a coarser relief, is as the nearest.
    A gap of the relief counts as dry: what is not known to be deep is not taken to be.

    Parameters
    ----------
    cells : xarray.DataArray, dims (..., latitude, longitude)
        The grid asked for, its axes ascending.
    bed : xarray.DataArray, dims (time, latitude, longitude), m
        One complete field of heights above the datum of ``surface``.
    surface : float
        Level of the water, m.
    least_depth : float
        In m.

    Returns
    -------
    numpy.ndarray (latitude, longitude)

    Raises
    ------
    NotComputable
        The relief is no single field in metres.
    """
    heights = np.nan_to_num(single_relief(bed), nan=np.inf)
    at, nearest = {}, {}
    for axis in ("latitude", "longitude"):
        bounds, own, centres = cell_bounds(cells, axis), cells[axis].values, bed[axis].values
        place = np.searchsorted(bounds[:, 0], centres, side="right") - 1
        inside = (place >= 0) & (centres < bounds[np.maximum(place, 0), 1])
        at[axis] = np.where(inside, place, -1)
        nearest[axis] = np.abs(centres[np.newaxis] - own[:, np.newaxis]).argmin(axis=1)
    rows, columns = (at[axis] >= 0 for axis in ("latitude", "longitude"))
    highest = np.full((cells.sizes["latitude"], cells.sizes["longitude"]), -np.inf)
    within = np.ix_(at["latitude"][rows], at["longitude"][columns])
    np.maximum.at(highest, within, heights[np.ix_(rows, columns)])
    around = heights[np.ix_(nearest["latitude"], nearest["longitude"])]
    highest = np.where(np.isneginf(highest), around, highest)
    deep: NDArray[np.bool_] = surface - highest >= least_depth
    return deep
