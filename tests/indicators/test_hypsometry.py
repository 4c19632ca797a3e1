"""Area, volume and exposed seabed on the real relief of ETOPO1 at 0.1 degree, and on what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely.geometry
import xarray as xr
from numpy.testing import assert_allclose
from scipy import ndimage
from scipy.interpolate import RegularGridInterpolator
from synthetic_series import by_start, check_form, make, months

from caspian_env.indicators import hypsometry
from caspian_env.processing.conform import conform, cut
from caspian_env.seeds import load_locations
from caspian_env.seeds.indicators import load_indicators
from caspian_env.wiring import load_seeds
from caspian_env.workflows.grid_arguments import over_region
from caspian_env.workflows.weights import STUDY_AREA, Weights

SEEDS = load_seeds().indicators
PARAMETERS = {name: dict(SEEDS[name].parameters) for name in SEEDS if name.startswith("geom_")}
Reliefs = Callable[[str], xr.DataArray]


@pytest.fixture(scope="module")
def etopo1(shared: Callable[..., Path]) -> xr.DataArray:
    with xr.open_dataset(shared("geometry", "etopo1_0p1deg.grd"), engine="netcdf4") as opened:
        raw = opened["z"].isel(lon=slice(0, 3600)).sel(lat=slice(34, 50), lon=slice(44, 58)).load()
    heights = cut(conform(raw.to_dataset()), *STUDY_AREA)["z"]
    return heights.expand_dims(time=[np.datetime64("2022-01-01", "us")])


@pytest.fixture(scope="module")
def over(etopo1: xr.DataArray) -> Reliefs:
    weights = Weights(load_locations())
    return lambda place: over_region(etopo1, place, weights).assign_attrs(units="m").rename("bed")


def levels(*pairs: tuple[int, float], datum: str = "BS77") -> xr.DataArray:
    years, values = zip(*pairs, strict=True)
    return make([f"{y}-01-01" for y in years], values, units="m", resolution="P1Y", datum=datum)


def computed(name: str, level: xr.DataArray, over: Reliefs, place: str = "caspian_sea") -> xr.Dataset:
    function = getattr(hypsometry, SEEDS[name].function.partition(".")[2])
    arguments = (level, over(place), over("caspian_sea"), over("kara_bogaz_gol"))
    result: xr.Dataset = function(*arguments, **PARAMETERS[name])
    return result


def test_areas_of_the_real_sea_are_those_that_are_printed(over: Reliefs) -> None:
    result = computed("geom_area_reported", levels((2006, -27.0), (2020, -28.0), (2021, -29.0)), over)
    check_form(result, "km2")
    at27, at28, at29 = result["value"].to_numpy()
    assert 386_000 * 0.97 <= at27 <= 393_000 * 1.03, "SoE 2019, p. 13: 392 600; az-mariner.az: 386 400 km2"
    assert at28 == pytest.approx(378_667, rel=0.03), "the GSHHG shoreline, which stands for about -28 m"
    assert 16_000 * 0.8 <= (at27 - at29) / 2 <= 18_000 * 1.25, "printed 16-18 thousand km2 per m"
    assert (result["std_uncertainty"] > 0.03 * result["value"]).all()


def test_area_agrees_with_a_finer_count_of_cells(over: Reliefs, etopo1: xr.DataArray) -> None:
    """An independent way: the relief interpolated to 0.02 degree, its whole metres spread, cells counted."""
    lat, lon = etopo1["latitude"].to_numpy(), etopo1["longitude"].to_numpy()
    fine_lat, fine_lon = np.arange(36.2, 47.8, 0.02), np.arange(46.2, 55.8, 0.02)
    grid = np.stack(np.meshgrid(fine_lat, fine_lon, indexing="ij"), axis=-1)
    heights = RegularGridInterpolator((lat, lon), etopo1.to_numpy()[0].astype(float))(grid)
    heights += np.random.default_rng(1).uniform(-0.5, 0.5, heights.shape)
    bay = shapely.geometry.shape(load_locations()["kara_bogaz_gol"].geometry).buffer(0.15)
    open_to_sea = ~shapely.contains_xy(bay, grid[..., 1], grid[..., 0])
    cell = 6371.0072**2 * np.deg2rad(0.02) * np.diff(np.sin(np.deg2rad(np.r_[fine_lat - 0.01, fine_lat[-1] + 0.01])))
    for level in (-29.0, -27.0):
        labels, _ = ndimage.label((heights <= level) & open_to_sea)
        wet = labels == labels[np.unravel_index(np.argmin(heights), heights.shape)]
        peer = float((wet.sum(axis=1) * cell).sum())
        found = computed("geom_area_reported", levels((2000, level)), over)["value"].item()
        assert found == pytest.approx(peer, rel=0.03)


def test_sub_basins_have_the_published_shares(over: Reliefs) -> None:
    places = ("north_caspian", "middle_caspian", "south_caspian")
    level = levels((2006, -27.0))
    areas = [computed("geom_area_reported", level, over, place)["value"].item() for place in places]
    volumes = [computed("geom_volume_reported", level, over, place)["value"].item() for place in places]
    whole = [computed(name, level, over)["value"].item() for name in ("geom_area_reported", "geom_volume_reported")]
    assert_allclose([sum(areas), sum(volumes)], whole, rtol=1e-6)  # curves add up at their nodes, and nearly between
    # State of the Environment 2019, p. 13: 25, 36, 39 % of the area; az-mariner.az: 0.5, 33.9, 65.6 % of the volume.
    assert_allclose(np.array(areas) / whole[0], [0.25, 0.36, 0.39], atol=0.035)
    assert_allclose(np.array(volumes) / whole[1], [0.005, 0.339, 0.656], atol=0.025)
    assert whole[1] == pytest.approx(78_700, rel=0.10)


def test_parts_by_nearest_shore_make_up_the_whole(over: Reliefs) -> None:
    places = SEEDS["geom_exposed_seabed_1995_reported"].locations[-5:]
    assert [place.partition("_")[0] for place in places] == ["sector"] * 5
    level = levels((2024, -29.2))
    for name in ("geom_area_reported", "geom_exposed_seabed_1995_reported"):
        parts = [computed(name, level, over, place)["value"].item() for place in places]
        assert sum(parts) == pytest.approx(computed(name, level, over)["value"].item(), rel=0.01)
    kaz = computed("geom_area_reported", levels((2008, -27.2), (2023, -29.02)), over, "sector_kaz")["value"].to_numpy()
    # The waters of Kazakhstan, daryo.uz citing Garysh Sapary; ETOPO1 has steps near -28 and -29 m and loses too much.
    assert kaz[0] == pytest.approx(113_866, rel=0.03)
    assert kaz[1] == pytest.approx(105_745, rel=0.15)


def test_a_fall_costs_volume_and_lays_seabed_bare(over: Reliefs) -> None:
    pairs = [(1995, -26.62), (2006, -27.0), (2016, -28.0), (2020, -28.23), (2024, -29.0)]
    area = computed("geom_area_reported", levels(*pairs), over)["value"].to_numpy()
    volume = computed("geom_volume_reported", levels(*pairs), over)["value"].to_numpy()
    bare = computed("geom_exposed_seabed_1995_reported", levels(*pairs), over)["value"].to_numpy()
    height = np.array([value for _, value in pairs])
    assert_allclose(np.diff(volume), (area[1:] + area[:-1]) / 2 * np.diff(height) / 1000, rtol=0.05)
    assert_allclose(bare, area[0] - area, atol=1e-6)
    assert (np.diff(bare) > 0).all()
    assert bare[0] == 0
    chart = by_start(computed("geom_exposed_seabed_chart_datum_reported", levels(*pairs), over))
    assert chart["2006-01-01"]["reason"].item().startswith("the level stood above the reference of -28.00 m")
    assert chart["2016-01-01"]["value"].item() == 0


def test_what_cannot_be_read_off_the_curve_is_refused(over: Reliefs) -> None:
    result = computed("geom_area_reported", levels((1800, -19.0), (2200, -40.0)), over)
    assert [str(r) for r in result["reason"].values] == [
        "the level -19.00 m lies outside of the curve, -36 to -20 m",
        "the level -40.00 m lies outside of the curve, -36 to -20 m",
    ]
    other = computed("geom_volume_reported", levels((2000, -27.0), (2001, -27.0), datum="dahiti_39"), over)
    assert [str(r) for r in other["reason"].values] == ["needs the datum BS77, this series is in dahiti_39"]
    monthly = make(months("2001-01", 23), np.full(23, -27.5), units="m", resolution="P1M", datum="BS77")
    assert [str(r) for r in computed("geom_area_reported", monthly, over)["reason"].values] == ["", "11 of 12 months"]
    assert computed("geom_area_reported", monthly[:0], over).sizes["period"] == 0


def test_larger_errors_make_a_larger_uncertainty(over: Reliefs) -> None:
    arguments: tuple[Any, ...] = (
        levels((2006, -27.0)),
        *(over(p) for p in ("caspian_sea", "caspian_sea", "kara_bogaz_gol")),
    )
    plain = PARAMETERS["geom_area_reported"]
    for name in ("relief_uncertainty", "definition_uncertainty", "annual_uncertainty"):
        some, more = (
            hypsometry.area(*arguments, **plain | {name: plain[name] * times})["std_uncertainty"].item()
            for times in (1, 9)
        )
        assert more > some


def test_the_seeds_name_one_relief() -> None:
    seeds = load_seeds()
    assert load_indicators(seeds.datasets, seeds.datums).keys() >= PARAMETERS.keys()
    grids = {given.dataset for name in PARAMETERS for given in SEEDS[name].inputs if given.grid}
    assert grids == {"noaa_etopo_2022"}
