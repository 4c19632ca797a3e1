"""Means over a region by another way than the platform's: points in the polygon instead of areas of cut cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape


def mean_by_points(
    values: NDArray[Any], lat: NDArray[Any], lon: NDArray[Any], geometry: Mapping[str, Any], points: int = 24
) -> tuple[float, int]:
    """Mean of (lat, lon) values weighted by the points of each cell in the polygon and the cosine of their latitude.

    Gives also the number of cells with a value that have a point inside.
    """
    weights = point_weights(lat, lon, geometry, points)
    counted = (weights > 0) & np.isfinite(values)
    return float((weights * values)[counted].sum() / weights[counted].sum()), int(counted.sum())


def point_weights(lat: NDArray[Any], lon: NDArray[Any], geometry: Mapping[str, Any], points: int) -> NDArray[Any]:
    """Of each cell the sum of the cosines of latitude of those of its ``points`` by ``points`` that lie in the polygon."""
    region = shape(geometry)
    shapely.prepare(region)
    step_lat, step_lon = abs(float(lat[1] - lat[0])), abs(float(lon[1] - lon[0]))
    inside = (np.arange(points) + 0.5) / points - 0.5
    weights = np.zeros((lat.size, lon.size))
    west, south, east, north = region.bounds
    for i in np.flatnonzero((lat > south - step_lat) & (lat < north + step_lat)):
        for j in np.flatnonzero((lon > west - step_lon) & (lon < east + step_lon)):
            x, y = np.meshgrid(lon[j] + inside * step_lon, lat[i] + inside * step_lat)
            weights[i, j] = (shapely.contains_xy(region, x, y) * np.cos(np.deg2rad(y))).sum()
    return weights
