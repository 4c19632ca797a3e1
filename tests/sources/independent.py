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
    region = shape(geometry)
    shapely.prepare(region)
    step_lat, step_lon = abs(float(lat[1] - lat[0])), abs(float(lon[1] - lon[0]))
    inside = (np.arange(points) + 0.5) / points - 0.5
    total = weight = 0.0
    cells = 0
    west, south, east, north = region.bounds
    for i in np.flatnonzero((lat > south - step_lat) & (lat < north + step_lat)):
        for j in np.flatnonzero((lon > west - step_lon) & (lon < east + step_lon)):
            x, y = np.meshgrid(lon[j] + inside * step_lon, lat[i] + inside * step_lat)
            share = float((shapely.contains_xy(region, x, y) * np.cos(np.deg2rad(y))).sum())
            if share and np.isfinite(values[i, j]):
                cells, weight, total = cells + 1, weight + share, total + share * float(values[i, j])
    return total / weight, cells
