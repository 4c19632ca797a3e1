"""Means over the cells that lie wholly in the sea: a cell of the coast is half land, and a model gives it one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.annual_amounts import month_amounts

if TYPE_CHECKING:
    import xarray as xr


def sea_only_mean(cells: xr.DataArray, *, smallest_share: float, fewest_cells: int) -> xr.DataArray:
    """Area-weighted mean over the cells of which at least ``smallest_share`` lies in the region.

    Parameters
    ----------
    cells : xarray.DataArray, dims (time, latitude, longitude)
        With coordinates ``area`` (km2) and ``weight`` (share of the cell inside the region).
    smallest_share : float
        1 for cells wholly inside.
    fewest_cells : int
        Fewest such cells for a mean; a coarse grid may have none.

    Returns
    -------
    xarray.DataArray, dims (time,)
        NaN where one of the cells has no value; attributes are kept.

    Raises
    ------
    NotComputable
        When the grid has fewer such cells.
    """
    import xarray as xr

    name = str(cells.name or "cells")
    inside = cells["weight"].values >= smallest_share - 1e-6
    if (n := int(inside.sum())) < fewest_cells:
        problem = f"{n} of its cells lie wholly in the sea, {fewest_cells} are needed"
        raise NotComputable(name, problem, "take a finer grid")
    area = cells["area"].values[inside]
    values = cells.transpose("time", "latitude", "longitude").values[:, inside].astype(float) @ area / area.sum()
    return xr.DataArray(
        values, dims="time", coords={"time": cells["time"].values}, attrs=dict(cells.attrs), name=name
    ).assign_coords(std_uncertainty=("time", np.full(values.size, np.nan)))


def sea_amounts(cells: xr.DataArray, *, sign: float, smallest_share: float, fewest_cells: int) -> xr.DataArray:
    """Monthly amounts (mm) over the cells that lie wholly in the sea, positive where water leaves.

    Parameters
    ----------
    cells : xarray.DataArray, dims (time, latitude, longitude), mm or mm d-1
        As for `sea_only_mean`.
    sign : float
        -1 where the product counts what leaves the water as negative.
    """
    mean = sea_only_mean(cells, smallest_share=smallest_share, fewest_cells=fewest_cells)
    return month_amounts(mean.copy(data=mean.values * sign), "mm")
