"""Deep cells against a loop over the cells of the real ETOPO1, and gaps, edges and coarser reliefs on made-up ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.processing.depth_mask import deep_cells


def grid(latitude: np.ndarray, longitude: np.ndarray) -> xr.DataArray:
    return xr.DataArray(
        np.zeros((latitude.size, longitude.size)),
        {"latitude": latitude, "longitude": longitude},
        ("latitude", "longitude"),
    )


def relief(heights: np.ndarray, latitude: np.ndarray, longitude: np.ndarray) -> xr.DataArray:
    coords = {"time": [np.datetime64("2022-01-01", "s")], "latitude": latitude, "longitude": longitude}
    return xr.DataArray(heights[np.newaxis], coords, ("time", "latitude", "longitude"), attrs={"units": "m"})


@pytest.mark.parametrize("step", [0.25, 0.0833])
def test_against_a_loop_over_the_real_bed(shared: Callable[..., Path], step: float) -> None:
    """A quarter of a degree holds several heights of the tenth-degree relief; a twelfth often none, and takes the nearest."""
    with xr.open_dataset(shared("geometry", "etopo1_0p1deg.grd"), engine="netcdf4") as opened:
        raw = opened["z"].sel(lat=slice(42, 47.5), lon=slice(46, 54)).load()
    lat, lon, heights = raw["lat"].values.astype(float), raw["lon"].values.astype(float), raw.values.astype(float)
    cells = grid(np.arange(43.0, 47.0, step), np.arange(47.0, 53.0, step))
    found = deep_cells(cells, relief(heights, lat, lon), surface=-28.0, least_depth=5.0)
    expected = np.zeros_like(found)
    for i, north in enumerate(cells["latitude"].values):
        for j, east in enumerate(cells["longitude"].values):
            near_lat, near_lon = np.abs(lat - north) < step / 2 - 1e-9, np.abs(lon - east) < step / 2 - 1e-9
            own = heights[np.ix_(near_lat, near_lon)]
            if not own.size:
                own = heights[np.abs(lat - north).argmin(), np.abs(lon - east).argmin()]
            expected[i, j] = np.max(own) <= -33.0
    edges = (found != expected).sum()  # a height on the edge of two cells belongs to one of them here and to none there
    assert edges <= 0.02 * found.size
    assert 0.1 < found.mean() < 0.9


def test_a_gap_is_not_deep_and_the_limit_is() -> None:
    axis = np.array([44.0, 44.5])
    heights = np.array([[-33.0, -32.99], [np.nan, -500.0]])
    found = deep_cells(grid(axis, axis), relief(heights, axis, axis), surface=-28.0, least_depth=5.0)
    assert found.tolist() == [[True, False], [False, True]]
