"""Means, climatologies, percentiles and trends beside those of CDO, a program of others for the same sums.

Tolerances: CDO reads cell corners on a sphere and weighs by great-circle areas of whole cells, so that means agree to 1e-3
of a degree here; sums over time to the last digits of float64 printed to float32; a percentile of a running window to the
distance of neighbouring values, for CDO takes the nearest rank where ours interpolates.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import box, mapping

from caspian_env.processing.cell_trends import cell_trends
from caspian_env.processing.day_of_year import day_of_year, pooled, pools
from caspian_env.processing.zonal import weights_of, zonal_mean

pytestmark = pytest.mark.skipif(shutil.which("cdo") is None, reason="CDO is not installed")
YEARS = (2001, 2012)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> tuple[xr.DataArray, Path]:
    """Twelve years of days on a few cells, synthetic, and the file that CDO reads."""
    time = np.arange(f"{YEARS[0]}-01-01", f"{YEARS[1] + 1}-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    random = np.random.default_rng(11)
    days = np.arange(time.size)
    values = 14 + 9 * np.sin(2 * np.pi * days / 365.25)[:, None, None] + random.normal(0, 1, (time.size, 4, 5))
    axes = {
        "time": time,
        "latitude": ("latitude", 37.125 + np.arange(4) / 4, {"standard_name": "latitude", "units": "degrees_north"}),
        "longitude": ("longitude", 50.125 + np.arange(5) / 4, {"standard_name": "longitude", "units": "degrees_east"}),
    }
    made = xr.DataArray(values, axes, ("time", "latitude", "longitude"), "sst", {"units": "degree_Celsius"})
    path = tmp_path_factory.mktemp("cdo") / "in.nc"
    made.to_netcdf(
        path, engine="netcdf4", encoding={"time": {"units": "days since 1970-01-01", "calendar": "standard"}}
    )
    return made, path


def cdo(path: Path, *operators: str | Path, name: str = "out.nc") -> xr.DataArray:
    out = path.parent / name
    words = ["cdo", "-L", "-s", "-O", "-b", "F64", *operators, *(() if operators[-1:] == (path,) else (path,)), out]
    fine = {**os.environ, "CDO_PCTL_NBINS": "32001"}  # the histogram that CDO takes percentiles from
    subprocess.run(words, check=True, capture_output=True, env=fine)
    with xr.open_dataset(out, engine="netcdf4", decode_times=False) as read:
        return read["sst"].load()


def test_fldmean(field: tuple[xr.DataArray, Path]) -> None:
    cells, path = field
    whole = mapping(box(50.0, 37.0, 51.25, 38.0))
    ours = zonal_mean(cells, weights_of(cells, whole))
    np.testing.assert_allclose(ours.to_numpy(), cdo(path, "-fldmean").to_numpy().ravel(), atol=1e-3)


def test_trend(field: tuple[xr.DataArray, Path]) -> None:
    cells, path = field
    slope = path.parent / "slope.nc"
    subprocess.run(
        ["cdo", "-s", "-O", "-b", "F64", "-trend", path, path.parent / "start.nc", slope],
        check=True,
        capture_output=True,
    )
    with xr.open_dataset(slope, engine="netcdf4", decode_times=False) as read:
        theirs = read["sst"].to_numpy()[0]
    np.testing.assert_allclose(cell_trends(cells)["estimate"].to_numpy(), theirs, rtol=1e-8, atol=1e-14)


def test_ydrunmean_and_ydrunpctl(field: tuple[xr.DataArray, Path]) -> None:
    cells, path = field
    days = day_of_year(cells["time"].to_numpy().astype("datetime64[D]"))
    series = cells.to_numpy().reshape(len(days), -1).T
    mean, high = pooled(series, pools(days, window_days=11), quantile=0.9)
    # Left out: 29 February, which ours takes from its neighbours, and what lies within five days of the ends of the record.
    compared = np.r_[5:59, 60:361]
    theirs = cdo(path, "-ydrunmean,11", name="mean.nc").to_numpy().reshape(366, -1).T
    np.testing.assert_allclose(mean[:, compared], theirs[:, compared], rtol=1e-9)
    parts = ["-ydrunpctl,90,11", path, "-ydrunmin,11", path, "-ydrunmax,11", path]
    theirs = cdo(path, *parts, name="high.nc").to_numpy().reshape(366, -1).T
    np.testing.assert_allclose(high[:, compared], theirs[:, compared], atol=0.25)
    assert np.abs(high - theirs)[:, compared].mean() < 0.03
