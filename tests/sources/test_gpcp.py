"""GPCP 2.3: names with the day of their making, preliminary months and final ones, an error for each cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.processing.conform import conform, cut
from caspian_env.processing.regions import regional_mean
from caspian_env.seeds import load_datasets, load_locations
from caspian_env.sources import gpcp as source
from caspian_env.workflows.observe import STUDY_AREA, Weights
from tests.sources.conftest import Collect
from tests.sources.pages import Pages

DATASET = load_datasets()["gpcp"]
BASE = DATASET.hosts[0]
FINAL, PRELIMINARY = "gpcp_v02r03_monthly_d", "gpcp_v02r03-preliminary_monthly_d"


def made_up(value: float = 0.8, month: str = "2024-03-01") -> xr.Dataset:
    lat, lon = np.arange(-88.75, 90, 2.5, dtype="f4"), np.arange(1.25, 360, 2.5, dtype="f4")
    rate = np.full((1, lat.size, lon.size), value, dtype="f4")
    dims = ("time", "latitude", "longitude")
    bounds = np.stack((lat - 1.25, lat + 1.25), axis=1)
    return xr.Dataset(
        {
            "precip": (dims, rate, {"units": "mm/day", "long_name": "NOAA Climate Data Record (CDR) of GPCP"}),
            "precip_error": (dims, rate * 0.25, {"units": "mm/day"}),
            "lat_bounds": (("latitude", "nv"), bounds),
        },
        {
            "time": [np.datetime64(month, "ns")],
            "latitude": ("latitude", lat, {"units": "degrees_north", "bounds": "lat_bounds"}),
            "longitude": ("longitude", lon, {"units": "degrees_east"}),
        },
    )


def written(made: xr.Dataset, path: Path) -> bytes:
    packing = {name: {"_FillValue": np.float32(-9999)} for name in ("precip", "precip_error") if name in made}
    made.to_netcdf(path, engine="h5netcdf", encoding={**packing, "time": {"units": "days since 1970-01-01"}})
    return path.read_bytes()


def test_of_a_month_the_newest_final_file_is_listed_or_else_the_newest_preliminary() -> None:
    names = [
        f"{FINAL}202401_c20240407.nc", f"{FINAL}202401_c20250101.nc", f"{PRELIMINARY}202401_c20260101.nc",
        f"{PRELIMINARY}202402_c20240310.nc", f"{PRELIMINARY}202402_c20240312.nc", f"{FINAL}202413_c20240310.nc",
        f"{FINAL}202403_c20240607.nc.md5", "index.html",
    ]  # fmt: skip
    http = Pages(BASE, {"": ["1979/", "2024/", "doc/"], "2024/": names})
    refs = list(source.list_granules(Window.parse("2024-01-31/2024-04-01"), http))
    assert [(ref.path, ref.status) for ref in refs] == [
        (f"2024/{FINAL}202401_c20250101.nc", "final"), (f"2024/{PRELIMINARY}202402_c20240312.nc", "preliminary"),
    ]  # fmt: skip
    assert http.asked == ["", "2024/"]


def test_a_final_month_takes_the_place_of_the_preliminary_one(tmp_path: Path, collect: Collect) -> None:
    url = f"{BASE}2024/{PRELIMINARY}202403_c20240410.nc"
    first = collect(DATASET.id, {url: written(made_up(0.8), tmp_path / "a")})
    assert first.outcome.status == "ok", first.outcome.problems
    row = first.rows[1]
    assert (row.location, row.value, row.std_uncertainty, row.status) == (
        "caspian_sea", pytest.approx(0.8), pytest.approx(0.2), "preliminary",
    )  # fmt: skip
    url = f"{BASE}2024/{FINAL}202403_c20240607.nc"
    again = collect(DATASET.id, {url: written(made_up(0.7), tmp_path / "b")})
    assert again.outcome.revised == 2
    assert {(round(row.value, 6), row.status, row.unit) for row in again.rows} == {(0.7, "final", "mm d-1")}


def test_fills_are_no_zeros(tmp_path: Path) -> None:
    made = made_up()
    made["precip"] = made["precip"].where(made["latitude"] < 42)
    written(made, tmp_path / "granule")
    read = source.read_granule(tmp_path / "granule")
    assert np.isnan(read["precip"].sel(latitude=43.75)).all()
    assert float(read["precip"].sel(latitude=41.25, longitude=51.25)[0]) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (made_up().drop_vars("precip"), "no variable precip"),
        (made_up().rename(latitude="y"), "has dimensions"),
        (made_up().where(False), "no value around the Caspian"),
        (xr.concat([made_up(), made_up(month="2024-04-01")], "time", data_vars="minimal"), "2 months"),
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


def test_the_seed_warns_rightly_of_rain_over_the_sea(shared: Callable[..., Path]) -> None:
    """A real year of version 2.2, flat binary: some 400 mm on the sea, where 200 to 250 are published."""
    content = shared("samples", "gpcp", "gpcp_v2.2_psg.1987").read_bytes()
    rate = np.frombuffer(content, ">f4", offset=576).reshape(12, 72, 144).astype(np.float64)
    rate = np.where(rate == -99999, np.nan, rate)
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    year = xr.Dataset(
        {"precip": (("time", "lat", "lon"), rate, {"units": "mm/day"})},
        {
            "time": np.arange("1987-01", "1988-01", dtype="datetime64[M]").astype("datetime64[ns]"),
            "lat": 88.75 - 2.5 * np.arange(72),
            "lon": 1.25 + 2.5 * np.arange(144),
        },
    )
    area = cut(conform(year), *STUDY_AREA)
    mean = regional_mean(area["precip"], Weights(load_locations()).of("caspian_sea", area))["value"].to_numpy()
    assert 366 <= float((mean * days).sum()) <= 427
