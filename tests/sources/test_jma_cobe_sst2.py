"""COBE-SST 2: the whole record in one file, with the encodings of the copy at NOAA PSL."""

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
from caspian_env.sources import jma_cobe_sst2 as source
from caspian_env.workflows.observe import STUDY_AREA, Weights
from tests.sources.conftest import Collect
from tests.sources.independent import mean_by_points
from tests.sources.masks import wet

ID = "jma_cobe_sst2"
URL = "https://downloads.psl.noaa.gov/Datasets/COBE2/sst.mon.mean.nc"
FILL = np.float32(1e20)


def made_up_months(months: tuple[str, ...] = ("2001-01", "2001-02", "2001-03")) -> xr.Dataset:
    lat, lon = np.arange(69.5, 25, -1, dtype="f4"), np.arange(20.5, 90, dtype="f4")
    values = (
        np.full((len(months), lat.size, lon.size), 11.5, dtype="f4") + np.arange(len(months), dtype="f4")[:, None, None]
    )
    values[:, ~wet(lat, lon)] = np.nan
    return xr.Dataset(
        {"sst": (("time", "lat", "lon"), values, {"units": "degC", "dataset": "COBE-SST2 Sea Surface Temperature"})},
        {"time": np.array(months, dtype="datetime64[ns]"), "lat": lat, "lon": lon},
        {"dataset_title": "COBE-SST2 Sea Surface Temperature and Ice"},
    )


def written(made: xr.Dataset, path: Path) -> Path:
    encoding = {
        "sst": {"missing_value": FILL, "_FillValue": FILL},
        "time": {"dtype": "f8", "units": "days since 1891-01-01"},
    }
    made.to_netcdf(path, engine="h5netcdf", encoding={k: v for k, v in encoding.items() if k in made.variables})
    return path


def test_the_one_file_is_listed(window: Window) -> None:
    (ref,) = source.list_granules(window, None)
    assert load_datasets()[ID].hosts[0] + ref.path == URL


def test_months_reach_the_catalog_and_fills_do_not(tmp_path: Path, collect: Collect) -> None:
    path = written(made_up_months(), tmp_path / "granule")
    assert np.isnan(source.read_granule(path)["sst"].sel(lat=slice(90, 60))).all()
    got = collect(ID, {URL: path.read_bytes()})
    assert got.outcome.status == "ok", got.outcome.problems
    assert got.values(location="caspian_sea") == pytest.approx(
        {"2001-01-01": 11.5, "2001-02-01": 12.5, "2001-03-01": 13.5}
    )


def test_a_masked_sea_breaks_the_promise_of_cells(tmp_path: Path, collect: Collect) -> None:
    made = made_up_months()
    made["sst"] = made["sst"].where(made["lat"] < 45)
    got = collect(ID, {URL: written(made, tmp_path / "granule").read_bytes()}, twice=False)
    assert got.outcome.rejected == 1
    assert "finite cells in north_caspian where the seed promises 15" in got.outcome.problems[0]


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (made_up_months(("2001-01", "2001-03")), "time axis"),
        (made_up_months().drop_vars("sst"), "no variable sst"),
        (made_up_months().where(made_up_months()["time"] != np.datetime64("2001-02-01")), "Caspian on 2001-02-01"),
        (made_up_months().drop_attrs(), "does not call itself COBE-SST2"),
    ],
)
def test_what_is_not_the_record_is_refused(tmp_path: Path, made: xr.Dataset, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(written(made, tmp_path / "granule"))


@pytest.mark.parametrize(("keep", "problem"), [(0, "empty"), (3000, "damaged or truncated")])
def test_a_cut_file_is_refused(tmp_path: Path, keep: int, problem: str) -> None:
    path = written(made_up_months(), tmp_path / "granule")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(path)


def test_real_months(shared: Callable[..., Path]) -> None:
    path = shared("archive", "2020-04", "downloads.psl.noaa.gov", "Datasets", "COBE2", "sst.mon.mean.nc")
    months = cut(conform(source.read_granule(path)), *STUDY_AREA)
    assert months.sizes["time"] == 468
    locations, weights = load_locations(), Weights(load_locations())
    for place, promised in load_datasets()[ID].finite_cells.items():
        ours = regional_mean(months["sst"], weights.of(place, months))
        assert int(ours["n_cells"].min()) == promised, place
        geometry = locations[place].geometry
        assert geometry is not None
        august = months["sst"].sel(time="1998-08-01").to_numpy()
        mean, _ = mean_by_points(
            august, months["latitude"].to_numpy(), months["longitude"].to_numpy(), geometry, points=60
        )
        assert float(ours["value"].sel(time="1998-08-01")) == pytest.approx(mean, abs=0.01), place
