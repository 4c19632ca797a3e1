"""NetCDF files are read whole or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule
from caspian_env.formats.netcdf import read_netcdf, require_caspian, require_variable


def grid(value: float = 10.0, *, descending: bool = False) -> xr.Dataset:
    lat, lon = np.arange(30.0, 60.0, 2.0), np.arange(0.0, 360.0, 2.0)
    time = np.array(["2001-01-01", "2001-02-01"], dtype="datetime64[ns]")
    values = np.full((time.size, lat.size, lon.size), value)
    made = xr.Dataset({"sst": (("time", "lat", "lon"), values)}, {"time": time, "lat": lat, "lon": lon})
    return made.isel(lat=slice(None, None, -1)) if descending else made


@pytest.mark.parametrize(("engine", "kind"), [("h5netcdf", "NETCDF4"), ("scipy", "NETCDF3_CLASSIC")])
def test_both_kinds_are_read_into_memory(tmp_path: Path, engine: str, kind: str) -> None:
    path = tmp_path / "granule"
    grid(11.0).to_netcdf(path, engine=engine, format=kind)
    read = read_netcdf(path, "ds")
    path.unlink()
    assert float(read["sst"].min()) == float(read["sst"].max()) == 11.0


@pytest.mark.parametrize(("engine", "kind"), [("h5netcdf", "NETCDF4"), ("scipy", "NETCDF3_CLASSIC")])
@pytest.mark.parametrize("share", [0.0005, 0.02, 0.5, 0.98])
def test_a_truncated_file_is_refused(tmp_path: Path, engine: str, kind: str, share: float) -> None:
    whole, path = tmp_path / "whole", tmp_path / "granule"
    grid().to_netcdf(whole, engine=engine, format=kind)
    content = whole.read_bytes()
    path.write_bytes(content[: max(8, int(len(content) * share))])
    with pytest.raises(BadGranule, match="damaged or truncated"):
        read_netcdf(path, "ds")


def test_damage_in_the_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "granule"
    made = grid()
    made["sst"] = made["sst"] + np.random.default_rng(1).random(made["sst"].shape)
    made.to_netcdf(path, engine="h5netcdf", encoding={"sst": {"compression": "gzip", "chunksizes": (1, 15, 180)}})
    content = bytearray(path.read_bytes())
    content[-9000:-1000] = bytes(8000)
    path.write_bytes(content)
    with pytest.raises(BadGranule, match="damaged or truncated"):
        read_netcdf(path, "ds")


def test_a_variable_must_be_there_with_its_dimensions() -> None:
    require_variable(grid(), "sst", ("time", "lat", "lon"), "ds")
    with pytest.raises(BadGranule, match="no variable ice"):
        require_variable(grid(), "ice", ("time", "lat", "lon"), "ds")
    with pytest.raises(BadGranule, match="dimensions"):
        require_variable(grid(), "sst", ("lat", "lon"), "ds")


@pytest.mark.parametrize("descending", [False, True])
def test_the_caspian_must_have_a_value_in_every_month(descending: bool) -> None:
    made = grid(descending=descending)
    require_caspian(made, "sst", "ds")
    box = {
        "lat": made["lat"].where((made["lat"] > 36) & (made["lat"] < 47), drop=True),
        "lon": [46.0, 48.0, 50.0, 52.0, 54.0],
    }
    made["sst"].loc[{**box, "time": "2001-02-01"}] = np.nan
    made["sst"].loc[{"lat": 36.0, "lon": box["lon"], "time": "2001-02-01"}] = np.nan
    with pytest.raises(BadGranule, match="only fill values over the Caspian on 2001-02-01"):
        require_caspian(made, "sst", "ds")


def test_a_grid_elsewhere_is_refused() -> None:
    with pytest.raises(BadGranule, match="does not reach the Caspian"):
        require_caspian(grid().sel(lon=slice(100, 200)), "sst", "ds")
