"""Weights against areas written down independently, and a real field of the Caspian Sea."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
import xarray as xr

from caspian_env.errors import NotComputable, SeedError
from caspian_env.processing.conform import cell_bounds, conform, cut
from caspian_env.processing.regions import (
    _areas_inside,
    _equal_area,
    cell_areas,
    cell_weights,
    geometry_area_km2,
    regional_mean,
)
from caspian_env.seeds import load_locations

RADIUS = 6371.0072
SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "regions"


def zone(west: float, east: float, south: float, north: float) -> float:
    """Area of a box between two meridians and two parallels on the sphere, km2."""
    height = np.sin(np.radians(north)) - np.sin(np.radians(south))
    return float(RADIUS**2 * np.radians(east - west) * height)


def edges(start: float, stop: float, step: float) -> np.ndarray:
    lower = np.arange(start, stop, step)
    return np.column_stack((lower, lower + step))


def field(values, latitude, longitude) -> xr.DataArray:
    values = np.asarray(values, float)
    times = np.datetime64("2020-01-01", "us") + np.arange(len(values)) * np.timedelta64(1, "D")
    coords = {"time": times, "latitude": latitude, "longitude": longitude}
    return xr.DataArray(values, coords, ("time", "latitude", "longitude"), attrs={"units": "degree_Celsius"})


def sea() -> dict:
    return json.loads((SEEDS / "caspian_sea.geojson").read_text(encoding="utf-8"))["geometry"]


# An edge along a parallel keeps its latitude, so that a box has an exact area.
@pytest.mark.parametrize(
    "box", [(46.0, 54.0, 36.0, 48.0), (47.13, 53.29, 37.61, 46.02), (50.1, 50.2, 40.1, 40.2), (49.9, 50.6, 41.0, 41.5)]
)
def test_weights_of_a_box_are_exact(box: tuple[float, float, float, float]) -> None:
    latitude, longitude = edges(35, 50, 0.5), edges(44, 56, 0.25)
    weights = cell_weights(latitude, longitude, shapely.box(box[0], box[2], box[1], box[3]))
    expected = np.zeros((len(latitude), len(longitude)))
    for row, (south, north) in enumerate(latitude):
        for column, (west, east) in enumerate(longitude):
            inner = max(west, box[0]), min(east, box[1]), max(south, box[2]), min(north, box[3])
            if inner[0] < inner[1] and inner[2] < inner[3]:
                expected[row, column] = zone(*inner)
    np.testing.assert_allclose(weights.values, expected, rtol=1e-6, atol=1e-7)
    assert float(weights.sum()) == pytest.approx(zone(*box), rel=1e-6)
    assert float(weights["region_area"]) == pytest.approx(zone(*box), rel=1e-6)
    assert weights.dims == ("latitude", "longitude")
    assert weights.attrs["units"] == "km2"


def test_edges_in_either_order_make_the_same_cells() -> None:
    """Descending rows once gave empty cells, or a part of them, and a mean of those without a word."""
    latitude, longitude = edges(36.0, 47.0, 0.5), edges(46.0, 55.0, 0.5)
    region = shapely.box(47.3, 37.1, 53.2, 44.4)
    ours = cell_weights(latitude, longitude, region)
    turned = cell_weights(latitude[::-1, ::-1], longitude[::-1, ::-1], region)
    np.testing.assert_array_equal(turned.to_numpy()[::-1, ::-1], ours.to_numpy())
    assert float(ours.sum()) == pytest.approx(geometry_area_km2(region))
    assert (cell_areas(latitude[::-1, ::-1], longitude[:, ::-1]) > 0).all()


def test_the_whole_sphere_has_its_area() -> None:
    assert geometry_area_km2(shapely.box(-180, -90, 180, 90)) == pytest.approx(4 * np.pi * RADIUS**2, rel=1e-12)


def test_an_oblique_edge_is_straight_in_longitude_and_latitude() -> None:
    triangle = shapely.Polygon([(46, 36), (54, 36), (54, 47)])
    # area of the triangle by the integral of sin(latitude of the edge) over longitude
    x = np.linspace(46, 54, 100_001)
    strips = np.sin(np.radians(36 + (x - 46) * 11 / 8)) - np.sin(np.radians(36))
    expected = RADIUS**2 * np.trapezoid(strips, np.radians(x))
    assert geometry_area_km2(triangle) == pytest.approx(expected, rel=1e-6)


def test_holes_and_several_parts() -> None:
    ring = shapely.box(46, 36, 50, 40).difference(shapely.box(47, 37, 48, 38))
    geometry = shapely.union_all([ring, shapely.box(52, 44, 53, 45)])
    assert geometry.geom_type == "MultiPolygon"
    weights = cell_weights(edges(35, 47, 1), edges(45, 55, 1), geometry.__geo_interface__)
    expected = zone(46, 50, 36, 40) - zone(47, 48, 37, 38) + zone(52, 53, 44, 45)
    assert float(weights.sum()) == pytest.approx(expected, rel=1e-9)
    assert float(weights.sel(latitude=37.5, longitude=47.5)) == 0
    assert int((weights > 0).sum()) == 16


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [50, 42]},
        {"type": "Polygon", "coordinates": [[[46, 36], [54, 47], [54, 36], [46, 47], [46, 36]]]},
        shapely.Polygon(),
    ],
)
def test_what_is_no_polygon_is_refused(geometry: dict) -> None:
    with pytest.raises(SeedError, match="not a valid polygon"):
        cell_weights(edges(35, 47, 1), edges(45, 55, 1), geometry)


def test_mean_renormalises_over_the_cells_seen() -> None:
    weights = cell_weights(edges(40, 42, 1), edges(50, 52, 1), shapely.box(50, 40, 52, 41.5))
    south, north = zone(0, 1, 40, 41), zone(0, 1, 41, 41.5)
    values = [[[1, 2], [3, 4]], [[1, np.nan], [3, 4]], [[np.inf, np.nan], [3, 4]], np.full((2, 2), np.nan)]
    mean = regional_mean(field(values, [40.5, 41.5], [50.5, 51.5]), weights)
    total = 2 * south + 2 * north
    assert mean["value"].values[:2] == pytest.approx(
        [(south * 3 + north * 7) / total, (south + north * 7) / (south + 2 * north)], rel=1e-12
    )
    assert np.isnan(mean["value"].values[2:]).all()
    assert mean["n_cells"].values.tolist() == [4, 3, 2, 0]
    assert mean["n_cells"].dtype == np.int64
    assert mean["area_share"].values == pytest.approx([1, 1 - south / total, 2 * north / total, 0], abs=1e-12)
    assert mean["reason"].values.tolist() == [
        "",
        "",
        "33 % of the region's area was observed, 50 % is needed",
        "0 % of the region's area was observed, 50 % is needed",
    ]
    assert mean["value"].attrs["units"] == "degree_Celsius"


def test_the_least_share_is_a_parameter() -> None:
    weights = cell_weights(edges(40, 42, 1), edges(50, 52, 1), shapely.box(50, 40, 52, 42))
    one_cell = field([[[5, np.nan], [np.nan, np.nan]]], [40.5, 41.5], [50.5, 51.5])
    assert regional_mean(one_cell, weights, minimum_share=0.2)["value"].values.tolist() == [5]
    assert regional_mean(one_cell, weights, minimum_share=0.3)["reason"].item().startswith("25 % of")
    nothing = one_cell.where(one_cell > 9)
    assert np.isnan(regional_mean(nothing, weights, minimum_share=0.0)["value"].item())


def test_a_grid_that_ends_inside_the_region_does_not_see_all_of_it() -> None:
    weights = cell_weights(edges(40, 42, 1), edges(50, 52, 1), shapely.box(50, 40, 56, 42))
    mean = regional_mean(field([[[1, 1], [1, 1]]], [40.5, 41.5], [50.5, 51.5]), weights)
    assert mean["area_share"].item() == pytest.approx(1 / 3)
    assert np.isnan(mean["value"].item())


def test_cells_outside_do_not_count() -> None:
    weights = cell_weights(edges(40, 42, 1), edges(50, 52, 1), shapely.box(50, 40, 51, 41))
    mean = regional_mean(field([[[7, 1e20], [np.nan, -1e20]]], [40.5, 41.5], [50.5, 51.5]), weights)
    assert mean["value"].item() == pytest.approx(7, rel=1e-12)
    assert (mean["n_cells"].item(), mean["reason"].item()) == (1, "")


def test_another_grid_or_shape_is_refused() -> None:
    weights = cell_weights(edges(40, 42, 1), edges(50, 52, 1), shapely.box(50, 40, 52, 42))
    good = field(np.ones((1, 2, 2)), [40.5, 41.5], [50.5, 51.5])
    with pytest.raises(NotComputable, match="differ in latitude"):
        regional_mean(good.assign_coords(latitude=[41.5, 40.5]), weights)
    with pytest.raises(NotComputable, match="differ in longitude"):
        regional_mean(good.isel(longitude=[0]), weights)
    with pytest.raises(NotComputable, match="dimensions latitude, longitude"):
        regional_mean(good.isel(time=0), weights)
    transposed = regional_mean(good.transpose("longitude", "time", "latitude"), weights)
    assert transposed["value"].item() == pytest.approx(1)


@pytest.mark.parametrize("step", [0.25, 2.0])
def test_the_same_sea_on_any_layout(step: float) -> None:
    """Descending latitudes and longitudes of 0..360 give the mean of the plain layout."""
    latitude, longitude = np.arange(30 + step / 2, 50, step), np.arange(-60 + step / 2, 60, step)
    values = np.add.outer(latitude, longitude / 10)[np.newaxis]
    plain = xr.Dataset({"sst": (("time", "lat", "lon"), values)}, {"time": [np.datetime64("2020-01-01", "us")]})
    plain = plain.assign_coords(lat=latitude, lon=longitude)
    turned = plain.isel(lat=slice(None, None, -1)).assign_coords(lon=longitude % 360).sortby("lon")
    means = []
    for ds in map(conform, (plain, turned)):
        area = cut(ds, 46.2, 54.9, 36.5, 47.2)
        weights = cell_weights(cell_bounds(area, "latitude"), cell_bounds(area, "longitude"), sea())
        means.append(regional_mean(area["sst"], weights))
        assert float(weights.sum()) == pytest.approx(geometry_area_km2(sea()), rel=1e-9)
    assert means[0].equals(means[1])
    assert 36 + 4.6 < means[0]["value"].item() < 47 + 5.5


def test_oisst_mean_of_the_whole_sea(shared: Callable[..., Path]) -> None:
    """Against 20 x 20 points per cell of the raw file, in its own order and units, land points counted out."""
    import h5py

    path = shared(
        "archive", "2021-11", "www.ncei.noaa.gov", "data", "sea-surface-temperature-optimum-interpolation", "v2.1",
        "access", "avhrr", "202110", "oisst-avhrr-v02r01.20211025.nc",
    )  # fmt: skip
    with h5py.File(path) as file:
        lat, lon = file["lat"][500:560].astype(float), file["lon"][180:224].astype(float)
        packed = file["sst"][0, 0, 500:560, 180:224]
    inner = (np.arange(20) - 9.5) / 80
    x, y = np.meshgrid((lon[:, None] + inner).ravel(), (lat[:, None] + inner).ravel())
    inside = shapely.contains_xy(shapely.geometry.shape(sea()), x, y) * np.cos(np.radians(y))
    fraction = inside.reshape(60, 20, 44, 20).sum(axis=(1, 3)) / 400
    seen = packed != -999
    expected = (fraction * packed)[seen].sum() * 0.01 / fraction[seen].sum()

    with xr.open_dataset(path, engine="h5netcdf") as raw:
        area = cut(conform(raw), 46.2, 54.9, 36.5, 47.2).load()
    weights = cell_weights(cell_bounds(area, "latitude"), cell_bounds(area, "longitude"), sea())
    mean = regional_mean(area["sst"], weights)
    # 400 points tell the fraction of a cell to some 0.2 %, over 700 cells the mean to far below 0.001 degree
    assert mean["value"].item() == pytest.approx(expected, abs=1e-3)
    assert mean["area_share"].item() == pytest.approx(fraction[seen].sum() / fraction.sum(), abs=1e-3)
    assert mean["n_cells"].item() == pytest.approx(int((fraction[seen] > 0).sum()), abs=3)
    assert mean["time"].values[0] == np.datetime64("2021-10-25T12:00")


def test_a_mean_does_not_depend_on_the_times_beside_it() -> None:
    """A file that grows in place must not look revised in the last digit."""
    rng = np.random.default_rng(20211031)
    bounds = edges(0, 7, 1)
    weights = cell_weights(bounds, bounds, shapely.box(0.3, 0.2, 6.6, 6.9))
    values = 1015 + 10 * rng.random((200, 7, 7))
    values[rng.random(values.shape) < 0.1] = np.nan
    grown = field(values, weights["latitude"].to_numpy(), weights["longitude"].to_numpy())
    whole = regional_mean(grown, weights)["value"].to_numpy()
    for count in range(1, 200):
        np.testing.assert_array_equal(regional_mean(grown[:count], weights)["value"].to_numpy(), whole[:count])


def test_cells_inside_are_not_cut_and_keep_every_digit() -> None:
    """Cutting only the cells on the outline gives the bits that cutting all of them gives."""
    edges = np.arange(36.0, 48.01, 0.25), np.arange(46.0, 56.01, 0.25)
    latitude, longitude = (np.column_stack((edge[:-1], edge[1:])) for edge in edges)
    y, x = np.sin(np.deg2rad(latitude)), np.deg2rad(longitude)
    cells = shapely.box(x[:, 0], y[:, 0][:, None], x[:, 1], y[:, 1][:, None])
    for name in ("caspian_sea", "south_caspian"):
        geometry = load_locations()[name].geometry
        assert geometry is not None
        region = _equal_area(geometry)
        np.testing.assert_array_equal(_areas_inside(cells, region), shapely.area(shapely.intersection(cells, region)))
    whole = cell_areas(np.array([[-90.0, 90.0]]), np.array([[-180.0, 180.0]]))
    assert whole.item() == pytest.approx(4 * np.pi * 6371.0072**2)
