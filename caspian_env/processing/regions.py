"""Regions on grids: how much of each cell lies inside a polygon, and means that know how much of it was seen.

Areas are those of a sphere. In the plane of longitude and sin(latitude), Lambert's cylindrical equal-area projection,
a cell is a rectangle and its area is exactly proportional to that on the sphere, sin(upper) - sin(lower) times its
width, so that cutting a polygon there gives exact weights. The edges of a polygon, straight in longitude and latitude,
are densified before the projection: what remains is below 1 m at any point of an edge.

On the ellipsoid WGS 84 areas are larger, by 0.04 % at 37 N and 0.27 % at 47 N; a mean temperature of the whole sea moves
by about 0.002 degree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caspian_env.errors import NotComputable, SeedError

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

# Radius of the sphere with the area of the ellipsoid (GRS 80: Moritz 2000, J. Geodesy 74, doi:10.1007/s001900050278).
AUTHALIC_RADIUS_KM = 6371.0072
_DENSE_DEGREES = 0.05
_SAME_DEGREES = 1e-4


def geometry_area_km2(geometry: Mapping[str, Any] | BaseGeometry) -> float:
    """Area on the sphere of a polygon or multipolygon (longitude and latitude in degrees), km2.

    Raises
    ------
    SeedError
        When the geometry is no valid polygon.
    """
    return float(_equal_area(geometry).area) * AUTHALIC_RADIUS_KM**2


def cell_areas(latitude_bounds: NDArray[np.float64], longitude_bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area of every cell (latitude, longitude) on the sphere, km2; bounds (n, 2) in degrees, either edge first."""
    import numpy as np

    heights = np.abs(np.diff(np.sin(np.deg2rad(latitude_bounds)), axis=1))
    widths = np.abs(np.diff(np.deg2rad(longitude_bounds), axis=1))
    areas: NDArray[np.float64] = heights * widths.T * AUTHALIC_RADIUS_KM**2
    return areas


def cell_weights(
    latitude_bounds: NDArray[np.float64],
    longitude_bounds: NDArray[np.float64],
    geometry: Mapping[str, Any] | BaseGeometry,
) -> xr.DataArray:
    """Area of the part of each cell that lies inside a polygon, on the sphere.

    Parameters
    ----------
    latitude_bounds, longitude_bounds : ndarray (n, 2), degrees
        Edges of the cells, as `conform.cell_bounds` gives them; either edge first, the axes in either order.
    geometry : mapping or shapely geometry
        A GeoJSON Polygon or MultiPolygon in the same longitudes; holes count as outside.

    Returns
    -------
    DataArray (latitude, longitude), km2
        With the area of the whole polygon as the scalar coordinate `region_area`: a grid that ends inside the region
        does not observe all of it.

    Raises
    ------
    SeedError
        When the geometry is no valid polygon.
    """
    import numpy as np
    import shapely

    region = _equal_area(geometry)
    # An edge named the other way round would make every cell empty or, worse, only some of them.
    y, x = np.sin(np.deg2rad(np.sort(latitude_bounds, axis=1))), np.deg2rad(np.sort(longitude_bounds, axis=1))
    west, south, east, north = region.bounds
    rows = np.flatnonzero((y[:, 1] > south) & (y[:, 0] < north))
    columns = np.flatnonzero((x[:, 1] > west) & (x[:, 0] < east))
    cells = shapely.box(x[columns, 0], y[rows, 0][:, np.newaxis], x[columns, 1], y[rows, 1][:, np.newaxis])
    areas = np.zeros((len(y), len(x)))
    areas[np.ix_(rows, columns)] = _areas_inside(cells, region) * AUTHALIC_RADIUS_KM**2
    return labelled_weights(areas, region.area * AUTHALIC_RADIUS_KM**2, latitude_bounds, longitude_bounds)


def labelled_weights(
    areas: NDArray[np.float64],
    region_area: float,
    latitude_bounds: NDArray[np.float64],
    longitude_bounds: NDArray[np.float64],
) -> xr.DataArray:
    """Areas of cells inside a region (km2) as `cell_weights` gives them."""
    import numpy as np
    import xarray as xr

    return xr.DataArray(
        areas,
        dims=("latitude", "longitude"),
        coords={
            "latitude": np.mean(latitude_bounds, axis=1),
            "longitude": np.mean(longitude_bounds, axis=1),
            "region_area": region_area,
        },
        attrs={"long_name": "area of the cell inside the region", "units": "km2"},
        name="weights",
    )


def _areas_inside(cells: NDArray[np.object_], region: BaseGeometry) -> NDArray[np.float64]:
    """Area of each rectangle inside a region; only those that its edge runs through are cut, to the same last digit."""
    import numpy as np
    import shapely

    shapely.prepare(region)
    inside = shapely.contains_properly(region, cells)
    cut = shapely.intersects(region, cells) & ~inside
    areas = np.zeros(cells.shape)
    areas[inside] = shapely.area(cells[inside])
    areas[cut] = shapely.area(shapely.intersection(cells[cut], region))
    return areas


def regional_mean(field: xr.DataArray, weights: xr.DataArray, *, minimum_share: float = 0.5) -> xr.Dataset:
    """Area mean over a region, refused where too little of it was observed.

    Parameters
    ----------
    field : DataArray (time, latitude, longitude)
        Any unit, which the mean keeps; NaN is not observed.
    weights : DataArray (latitude, longitude), km2
        From `cell_weights`, on the grid of the field. Cells that are NaN are left out, the others keep their weight
        among themselves.
    minimum_share : float
        Least share of the region's area that must be observed.

    Returns
    -------
    Dataset (time)
        `value`, `n_cells` (cells observed at least in part of the region), `area_share` (observed area over the
        region's area) and `reason`, empty or why `value` is NaN.

    Raises
    ------
    NotComputable
        When the field has other dimensions, or lies on another grid than the weights.
    """
    import numpy as np
    import xarray as xr

    field = _on_grid(field, weights)
    area = weights.to_numpy()
    inside = area > 0
    found = area_mean(field.to_numpy()[:, inside], area[inside], float(weights["region_area"]), minimum_share)
    return xr.Dataset(
        {
            "value": ("time", found.value, {"units": field.attrs["units"]} if "units" in field.attrs else {}),
            "n_cells": ("time", found.n_cells),
            "area_share": ("time", found.area_share, {"units": "1"}),
            "reason": ("time", np.array(found.reason, dtype=object)),
        },
        coords={"time": field["time"]},
    )


@dataclass(frozen=True, slots=True)
class AreaMean:
    """Area means by time, how many cells and how much of the region they rest on, and why one is NaN."""

    value: NDArray[np.float64]
    n_cells: NDArray[np.int64]
    area_share: NDArray[np.float64]
    reason: list[str]


def area_mean(
    cells: NDArray[Any], area: NDArray[np.float64], region_area: float, minimum_share: float = 0.5
) -> AreaMean:
    """Means of the cells of a region: the numbers of `regional_mean`.

    Parameters
    ----------
    cells : ndarray (time, cell)
        NaN is not observed.
    area : ndarray (cell), km2
        Of each cell inside the region.
    region_area : float, km2
        Of the whole region.
    """
    import numpy as np

    seen_values = cells.astype(np.float64)
    finite = np.isfinite(seen_values)
    # Each time is summed by itself, cells in order: a matrix product gives other last digits when a file has more times,
    # and every value of a file that has grown would look revised.
    observed = np.ascontiguousarray(np.where(finite, area, 0.0)).sum(axis=1)
    totals = np.ascontiguousarray(np.where(finite, seen_values * area, 0.0)).sum(axis=1)
    share = observed / region_area
    enough = share >= minimum_share
    value = np.full(len(share), np.nan)
    np.divide(totals, observed, out=value, where=enough & (observed > 0))
    reason = ["" if good else _too_little(part, minimum_share) for part, good in zip(share, enough, strict=True)]
    return AreaMean(value, finite.sum(axis=1).astype(np.int64), share, reason)


def _too_little(share: float, minimum: float) -> str:
    return f"{100 * share:.0f} % of the region's area was observed, {100 * minimum:.0f} % is needed"


def _on_grid(field: xr.DataArray, weights: xr.DataArray) -> xr.DataArray:
    """The field as (time, latitude, longitude), after making sure that it lies on the grid of the weights."""
    import numpy as np

    if set(field.dims) != {"time", "latitude", "longitude"}:
        found = ", ".join(map(str, field.dims))
        raise NotComputable(
            "regional mean", f"the field has dimensions {found}", "time, latitude, longitude are needed"
        )
    for axis in ("latitude", "longitude"):
        ours, theirs = field[axis].to_numpy(), weights[axis].to_numpy()
        if ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=0, atol=_SAME_DEGREES):
            raise NotComputable("regional mean", f"field and weights differ in {axis}", "weigh the grid of this field")
    return field.transpose("time", "latitude", "longitude")


def _equal_area(geometry: Mapping[str, Any] | BaseGeometry) -> BaseGeometry:
    """The polygon in the plane of longitude and sin(latitude), radians and 1."""
    import numpy as np
    import shapely
    from shapely.geometry import shape

    region = shape(geometry)
    if region.geom_type not in ("Polygon", "MultiPolygon") or region.is_empty or not region.is_valid:
        problem = "it is empty" if region.is_empty else shapely.is_valid_reason(region)
        raise SeedError("region", f"not a valid polygon ({region.geom_type}: {problem})", "repair its geometry")

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        radians = np.deg2rad(points)
        return np.column_stack((radians[:, 0], np.sin(radians[:, 1])))

    return shapely.transform(shapely.segmentize(region, _DENSE_DEGREES), project)
