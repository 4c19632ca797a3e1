"""Layout of the synthetic grids against the real files, and the sea inside them against what is known of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from caspian_env.demo import ersst, oisst, sea_surface

PROJECT = Path(__file__).resolve().parents[2]
REAL_OISST = (
    "archive/2021-11/www.ncei.noaa.gov/data/sea-surface-temperature-optimum-interpolation/v2.1/access/avhrr/202110/"
    "oisst-avhrr-v02r01.20211025.nc"
)
REAL_ERSST = "archive/2020-09/downloads.psl.noaa.gov/Datasets/noaa.ersst.v5/sst.mnmean.nc"
CHANGES_WITH_THE_DATA = {"actual_range"}


def layout(path: Path) -> dict[str, object]:
    """Dimensions, types, packing and attributes of every variable, as netCDF-C sees them."""
    with netCDF4.Dataset(path) as file:
        found: dict[str, object] = {"unlimited": [d.name for d in file.dimensions.values() if d.isunlimited()]}
        for name, variable in file.variables.items():
            attributes = {
                key: (str(variable.getncattr(key)), np.asarray(variable.getncattr(key)).dtype.kind)
                for key in variable.ncattrs()
                if key not in CHANGES_WITH_THE_DATA
            }
            found[name] = (str(variable.dtype), variable.dimensions, attributes)
        return found


def test_oisst_layout_is_the_real_one(editions: dict[int, Path], shared: Callable[..., Path]) -> None:
    ours = editions[1] / oisst.address(date(2024, 7, 1), True)
    real = shared(*REAL_OISST.split("/"))
    assert layout(ours) == layout(real)
    for engine in ("h5netcdf", "netcdf4"):
        with xr.open_dataset(ours, engine=engine) as a, xr.open_dataset(real, engine=engine) as b:
            assert dict(a.sizes) == dict(b.sizes)
            assert a["lat"].equals(b["lat"])
            assert a["lon"].equals(b["lon"])
            assert a["sst"].encoding["scale_factor"] == b["sst"].encoding["scale_factor"]
            assert a.attrs["product_version"] == b.attrs["product_version"]
            assert a["time"].values[0] == np.datetime64("2024-07-01T12:00")


def test_ersst_layout_is_the_real_one(editions: dict[int, Path], shared: Callable[..., Path]) -> None:
    ours, real = editions[1] / ersst.ADDRESS, shared(*REAL_ERSST.split("/"))
    assert layout(ours) == layout(real)
    with xr.open_dataset(ours) as a, xr.open_dataset(real) as b:
        assert a["lat"].equals(b["lat"])
        assert a["lon"].equals(b["lon"])
        assert a.attrs["product_version"] == b.attrs["product_version"]
        assert str(a["time"].values[0])[:10] == "1981-01-01"
        assert a["sst"].isel(time=0).notnull().sum() == a["sst"].isel(time=-1).notnull().sum() == 11


def test_water_stands_where_the_provider_has_it(shared: Callable[..., Path]) -> None:
    lines = shared("samples", "oisst_caspian_mask.txt").read_text(encoding="utf-8").splitlines()
    rows = dict(line.split() for line in lines if not line.startswith("#"))
    lat, lon = np.array([float(row) for row in rows]), 46.125 + 0.25 * np.arange(36)
    real = np.array([[cell == "#" for cell in row] for row in rows.values()])
    ours = sea_surface.is_sea(lat, lon)
    assert real.sum() == 719
    assert (ours & real).sum() > 0.95 * real.sum()
    assert (ours & ~real).sum() < 0.05 * real.sum()


@pytest.mark.parametrize("region", ["caspian_sea", "north_caspian", "middle_caspian", "south_caspian"])
def test_every_part_of_the_sea_is_covered(region: str) -> None:
    shapely = pytest.importorskip("shapely")
    text = (PROJECT / "seeds" / "regions" / f"{region}.geojson").read_text(encoding="utf-8")
    found = json.loads(text)
    geometry = shapely.geometry.shape((found["features"][0] if "features" in found else found)["geometry"])
    lat, lon = 36.125 + 0.25 * np.arange(48), 45.125 + 0.25 * np.arange(40)
    east, north = np.meshgrid(lon, lat)
    inside = shapely.contains_xy(geometry, east, north)
    assert inside.sum() > 100
    assert sea_surface.is_sea(lat, lon)[inside].mean() > 0.95


def _read(folder: Path, day: date) -> xr.Dataset:
    with xr.open_dataset(folder / oisst.address(day, True), engine="h5netcdf") as file:
        return file.isel(time=0, zlev=0).load()


def test_seasons_gradient_and_ice(editions: dict[int, Path]) -> None:
    winter, summer = _read(editions[1], date(2024, 1, 20)), _read(editions[1], date(2024, 8, 5))
    box = {"lat": slice(36, 48), "lon": slice(46, 55)}
    assert int(winter["sst"].notnull().sum()) == int(winter["sst"].sel(box).notnull().sum()) > 700
    north, south = winter["sst"].sel(lat=slice(45, 47)).mean(), winter["sst"].sel(lat=slice(37, 39)).mean()
    assert -0.5 <= float(north) < 3 < 8 < float(south) < 13
    assert 24 < float(summer["sst"].mean()) < 30
    assert int(summer["ice"].notnull().sum()) == 0
    ice = winter["ice"].to_series().dropna()
    assert len(ice) > 5
    assert ice.min() >= 0.15 - 1e-6
    assert ice.max() <= 0.95 + 1e-6
    assert ice.index.get_level_values("lat").min() > 44.5
    assert float(winter["err"].min()) > 0.1


def test_anomaly_is_the_temperature_less_its_climatology(editions: dict[int, Path]) -> None:
    # The same day of the year: 2024 has a leap day.
    first, second = _read(editions[1], date(2024, 5, 10)), _read(editions[1], date(2025, 5, 11))
    ours = [day["sst"].astype(float) - day["anom"].astype(float) for day in (first, second)]
    np.testing.assert_allclose(ours[0], ours[1], atol=0.02)


def test_the_sea_warms_as_published(editions: dict[int, Path]) -> None:
    with xr.open_dataset(editions[1] / ersst.ADDRESS) as file:
        means = file["sst"].mean(["lat", "lon"]).groupby("time.year").mean().to_series()
    slope = np.polyfit(means.index.to_numpy(dtype=float), means.to_numpy(dtype=float), 1)[0]
    assert slope == pytest.approx(sea_surface.WARMING, abs=0.015)
    assert means.loc[1989:2019].mean() == pytest.approx(sea_surface.MEAN, abs=0.6)


def test_the_two_grids_agree(editions: dict[int, Path]) -> None:
    at = {"lat": slice(41.5, 42.5), "lon": slice(49.5, 50.5)}
    days = sea_surface.days(date(2024, 6, 1), date(2024, 6, 30))
    daily = [float(_read(editions[1], day)["sst"].sel(at).mean()) for day in days]
    with xr.open_dataset(editions[1] / ersst.ADDRESS) as file:
        monthly = float(file["sst"].sel(lat=42, lon=50, time="2024-06-01"))
    assert np.mean(daily) == pytest.approx(monthly, abs=0.2)
