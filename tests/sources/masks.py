"""Where a made-up grid has values: as real ones, none on land or none on the open sea."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import shape

from caspian_env.seeds import load_locations


@cache
def _waters() -> shapely.Geometry:
    places = load_locations()
    waters = shapely.union_all([shape(places[name].geometry) for name in ("caspian_sea", "kara_bogaz_gol")])
    shapely.prepare(waters)
    return waters


def wet(latitude: ArrayLike, longitude: ArrayLike, *, wholly: bool = False) -> NDArray[np.bool_]:
    """Which cells (latitude, longitude) of an even grid touch the Caspian or lie wholly in it."""
    south, west = np.meshgrid(np.asarray(latitude, float), np.asarray(longitude, float), indexing="ij")
    half_y, half_x = abs(np.diff(south[:2, 0])[0]) / 2, abs(np.diff(west[0, :2])[0]) / 2
    cells = shapely.box(west - half_x, south - half_y, west + half_x, south + half_y)
    return shapely.contains_properly(_waters(), cells) if wholly else shapely.intersects(_waters(), cells)


def at_sea(field: xr.DataArray) -> xr.DataArray:
    """The same without its values in cells that do not touch the sea; the last two dims are latitude and longitude."""
    y, x = field.dims[-2:]
    return field.where(xr.DataArray(wet(field[y], field[x]), dims=(y, x))).assign_attrs(field.attrs)


def on_land(grid: xr.Dataset) -> xr.Dataset:
    """The same without its values in cells that lie wholly in the sea; dims with ``lat`` and ``lon``."""
    sea = xr.DataArray(wet(grid["lat"], grid["lon"], wholly=True), dims=("lat", "lon"))
    return grid.where(~sea)
