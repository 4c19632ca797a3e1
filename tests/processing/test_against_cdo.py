"""Means, climatologies, percentiles and trends beside those of CDO, a program of others for the same sums.

Tolerances: CDO reads cell corners on a sphere and weighs by great-circle areas of whole cells, so that means agree to 1e-4
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
    np.testing.assert_allclose(ours.to_numpy(), cdo(path, "-fldmean").to_numpy().ravel(), atol=1e-4)


@pytest.mark.parametrize("order", ["ascending", "descending"])
@pytest.mark.parametrize(
    ("latitudes", "longitudes"),
    [
        ((36.125, 0.25, 46), (46.125, 0.25, 36)),  # the Caspian
        ((-60.5, 1.0, 31), (-70.5, 1.0, 31)),  # south and west
        ((-29.5, 1.0, 60), (200.5, 1.0, 60)),  # east up to 360
        ((60.5, 1.0, 30), (0.5, 1.0, 360)),  # round the pole
        ((37.0, 2.0, 6), (47.0, 2.0, 4)),  # coarse
    ],
)
def test_fldmean_of_any_layout_and_of_a_part_with_gaps(
    tmp_path: Path, latitudes: tuple[float, float, int], longitudes: tuple[float, float, int], order: str
) -> None:
    """CDO cuts the box along the same edges of cells; rows from north to south have the same mean."""
    rows, columns = (start + step * np.arange(count) for start, step, count in (latitudes, longitudes))
    random = np.random.default_rng(5)
    values = random.normal(10, 5, (4, rows.size, columns.size))
    values[random.random(values.shape) < 0.2] = np.nan
    axes = {
        "time": np.arange("2019-02-27", "2019-03-03", dtype="datetime64[D]").astype("datetime64[ns]"),
        "latitude": (
            "latitude",
            rows[::-1] if order == "descending" else rows,
            {"standard_name": "latitude", "units": "degrees_north"},
        ),
        "longitude": ("longitude", columns, {"standard_name": "longitude", "units": "degrees_east"}),
    }
    made = xr.DataArray(values, axes, ("time", "latitude", "longitude"), "sst", {"units": "degree_Celsius"})
    made.to_netcdf(tmp_path / "in.nc", engine="netcdf4", encoding={"sst": {"_FillValue": -9999.0}})
    south, west = rows[0] - latitudes[1] / 2, columns[0] - longitudes[1] / 2
    for height, width in ((rows.size, columns.size), (3, 4)):
        north, east = south + height * latitudes[1], west + width * longitudes[1]
        ours = zonal_mean(made, weights_of(made, mapping(box(west, south, east, north))), minimum_share=0.1)
        inside = f"{west + 1e-6},{east - 1e-6},{south + 1e-6},{north - 1e-6}"
        theirs = cdo(tmp_path / "in.nc", "-fldmean", f"-sellonlatbox,{inside}").to_numpy().ravel()
        np.testing.assert_allclose(ours.to_numpy(), theirs, atol=1e-4)


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
