"""CHIRPS 3: yearly files of months that grow in place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.seeds import load_datasets, load_locations
from caspian_env.sources import chirps_v3 as source
from tests.sources.conftest import Collect
from tests.sources.independent import mean_by_points
from tests.sources.pages import Pages

DATASET = load_datasets()["chirps_v3"]
BASE, FOLDER = DATASET.hosts[0], "monthly/global/netcdf/by_year/"


def made_up(months: int, units: str = "mm/month") -> xr.Dataset:
    """0.05 degree around the sea; rain grows eastward, the sea is a fill, which CHIRPS writes as -9999."""
    lat, lon = np.arange(34.025, 50, 0.05), np.arange(44.025, 58, 0.05)
    values = np.broadcast_to(lon - 30, (months, lat.size, lon.size)) + np.arange(months)[:, None, None]
    sea = (lat[:, None] > 37) & (lat[:, None] < 46) & (lon[None, :] > 50) & (lon[None, :] < 53)
    values = np.where(sea, -9999.0, values).astype("f4")
    time = np.arange("2024-01", "2025-01", dtype="datetime64[M]").astype("datetime64[ns]")[:months]
    axes = {"time": time, "latitude": lat.astype("f4"), "longitude": lon.astype("f4")}
    return xr.Dataset({"precip": (("time", "latitude", "longitude"), values, {"units": units})}, axes)


def written(made: xr.Dataset, path: Path, fill: float | None = -9999.0) -> bytes:
    encoding = {"precip": {"_FillValue": None if fill is None else np.float32(fill), "zlib": True}}
    made.to_netcdf(path, engine="h5netcdf", encoding={**encoding, "time": {"units": "days since 1980-01-01"}})
    return path.read_bytes()


def test_the_years_of_the_window_are_listed() -> None:
    names = ["chirps-v3.0.2023.monthly.nc", "chirps-v3.0.2024.monthly.nc", "chirps-v3.0.monthly.nc", "old/"]
    refs = list(source.list_granules(Window.parse("2024-05-01/2024-06-01"), Pages(BASE, {FOLDER: names})))
    assert [(ref.path, str(ref.window)) for ref in refs] == [(FOLDER + names[1], "2024-01-01/2025-01-01")]


def test_a_year_grows_by_a_month_and_the_sea_is_left_out(tmp_path: Path, collect: Collect) -> None:
    url = f"{BASE}{FOLDER}chirps-v3.0.2024.monthly.nc"
    first = collect(DATASET.id, {url: written(made_up(2), tmp_path / "a")})
    assert first.outcome.status == "ok", first.outcome.problems
    made, geometry = made_up(1), load_locations()["caspian_box"].geometry
    assert geometry is not None
    land = made["precip"].where(made["precip"] >= 0).to_numpy()[0]
    mean, _ = mean_by_points(land, made["latitude"].to_numpy(), made["longitude"].to_numpy(), geometry, 4)
    assert first.values() == pytest.approx({"2024-01-01": mean, "2024-02-01": mean + 1}, abs=0.01)
    again = collect(DATASET.id, {url: written(made_up(3), tmp_path / "b")})
    assert (again.outcome.first, again.outcome.revised) == (1, 0)
    assert {(row.unit, row.resolution, row.status) for row in again.rows} == {("mm", "P1M", "final")}


def test_a_fill_that_no_attribute_names_is_no_value(tmp_path: Path) -> None:
    written(made_up(1), tmp_path / "named")
    written(made_up(1), tmp_path / "unnamed", fill=None)
    named, unnamed = (source.read_granule(tmp_path / name) for name in ("named", "unnamed"))
    xr.testing.assert_equal(named, unnamed)
    assert float(unnamed["precip"].min()) > 0


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (made_up(1, units="mm/pentad"), "is in 'mm/pentad'"),
        (made_up(1).rename(precip="rain"), "no variable precip"),
        (made_up(1).rename(latitude="y"), "has dimensions"),
        (made_up(1).where(False), "no month has a value"),
    ],
)
def test_another_layout_is_refused(tmp_path: Path, made: xr.Dataset, problem: str) -> None:
    made.to_netcdf(tmp_path / "granule", engine="h5netcdf")
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule")


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "empty"), (b"<html>down</html>", "an HTML page"), (b"\x89HDF\r\n\x1a\n\0", "damaged or truncated")],
)
def test_bytes_that_are_no_grid_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "granule").write_bytes(content)
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule")
