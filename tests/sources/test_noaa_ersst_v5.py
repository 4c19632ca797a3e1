"""ERSST: the whole record in one file, month after month, with a Caspian."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule
from caspian_env.processing.conform import conform, cut
from caspian_env.processing.regions import regional_mean
from caspian_env.seeds import load_datasets, load_locations
from caspian_env.sources import noaa_ersst_v5 as source
from caspian_env.workflows.observe import STUDY_AREA, Weights
from tests.sources.independent import mean_by_points

FILL = np.float32(-9.96921e36)


def made_up_months(months: tuple[str, ...] = ("2001-01", "2001-02", "2001-03")) -> xr.Dataset:
    lat, lon = np.arange(88, -89, -2, dtype="f4"), np.arange(0, 360, 2, dtype="f4")
    time = np.array(months, dtype="datetime64[ns]")
    values = np.full((time.size, lat.size, lon.size), 12.5, dtype="f4")
    values[:, :10] = np.nan
    return xr.Dataset(
        {"sst": (("time", "lat", "lon"), values, {"units": "degC"})},
        {"time": time, "lat": lat, "lon": lon},
        {"product_version": "Version 5"},
    )


def written(made: xr.Dataset, path: Path) -> Path:
    encoding = {
        "sst": {"missing_value": FILL, "_FillValue": FILL},
        "time": {"dtype": "f8", "units": "days since 1800-01-01"},
    }
    made.to_netcdf(path, engine="h5netcdf", encoding={k: v for k, v in encoding.items() if k in made.variables})
    return path


def test_months_in_the_providers_own_order(tmp_path: Path) -> None:
    read = source.read_granule(written(made_up_months(), tmp_path / "granule"))
    assert [str(t)[:10] for t in read["time"].values] == ["2001-01-01", "2001-02-01", "2001-03-01"]
    assert read["sst"].dims == ("time", "lat", "lon")
    assert (read["sst"].attrs["units"], read.attrs["product_version"]) == ("degC", "Version 5")
    assert float(read["lat"][0]) == 88
    assert np.isnan(read["sst"].values[:, :10]).all()


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (made_up_months(("2001-01", "2001-03")), "time axis"),
        (made_up_months(("2001-01-15", "2001-02-15")), "time axis"),
        (made_up_months().assign_attrs(product_version="Version 6"), "'Version 6' and not 'Version 5'"),
        (made_up_months().drop_vars("sst"), "no variable sst"),
        (made_up_months().where(made_up_months()["time"] != np.datetime64("2001-02-01")), "Caspian on 2001-02-01"),
    ],
)
def test_what_is_not_the_record_is_refused(tmp_path: Path, made: xr.Dataset, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(written(made, tmp_path / "granule"))


def test_real_months(shared: Callable[..., Path]) -> None:
    path = shared("archive", "2020-09", "downloads.psl.noaa.gov", "Datasets", "noaa.ersst.v5", "sst.mnmean.nc")
    read = source.read_granule(path)
    assert read.sizes["time"] == 128
    assert (str(read["time"].values[0])[:10], str(read["time"].values[-1])[:10]) == ("2010-01-01", "2020-08-01")
    sea = read["sst"].sel(lat=slice(46, 38), lon=slice(48, 52))
    assert 0 < float(sea.min()) < float(sea.max()) < 30
    area = cut(conform(read), *STUDY_AREA)
    location = load_locations()["caspian_sea"]
    ours = regional_mean(area["sst"], Weights(load_locations()).of("caspian_sea", area))
    assert int(ours["n_cells"].min()) == 15 > load_datasets()["noaa_ersst_v5"].finite_cells["caspian_sea"]
    assert location.geometry is not None
    axes = (read[axis].to_numpy() for axis in ("lat", "lon"))
    mean, _ = mean_by_points(read["sst"][7].to_numpy(), *axes, location.geometry, points=100)
    assert float(ours["value"][7]) == pytest.approx(mean, abs=0.01)
