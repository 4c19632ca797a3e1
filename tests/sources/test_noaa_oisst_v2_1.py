"""OISST: which day to fetch, final before preliminary, and what a day must hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule, NotPublished
from caspian_env.model import Listing, Window
from caspian_env.processing.conform import conform, cut
from caspian_env.processing.regions import regional_mean
from caspian_env.seeds import load_datasets, load_locations
from caspian_env.sources import noaa_oisst_v2_1 as source
from caspian_env.workflows.observe import STUDY_AREA, Weights
from tests.sources.independent import mean_by_points

PACKED = {"dtype": "int16", "scale_factor": np.float32(0.01), "add_offset": np.float32(0), "_FillValue": np.int16(-999)}
TIME = {"dtype": "float32", "units": "days since 1978-01-01 12:00:00"}
BASE = "https://example.org/avhrr/"


class Folders:
    """Directory pages of one host, as transport would read them."""

    def __init__(self, pages: Mapping[str, Sequence[str]]) -> None:
        self.pages, self.asked = pages, []

    def listing(self, path: str) -> Listing:
        self.asked.append(path)
        if path not in self.pages:
            raise NotPublished(path, "no such page")
        return Listing(BASE, self.pages[path])


def day(stem: str, *, preliminary: bool = False) -> str:
    return f"oisst-avhrr-v02r01.{stem}{'_preliminary' if preliminary else ''}.nc"


def made_up_day(*, version: str = "Version v02r01", days: int = 1) -> xr.Dataset:
    lat, lon = np.arange(35.125, 49, 0.25, dtype="f4"), np.arange(44.125, 57, 0.25, dtype="f4")
    time = np.datetime64("2001-02-03T12", "ns") + np.arange(days) * np.timedelta64(1, "D")
    shape = (days, 1, lat.size, lon.size)
    dims = ("time", "zlev", "lat", "lon")
    sst = np.full(shape, np.nan)
    sst[:, :, 10:40, 15:30] = 7.25
    return xr.Dataset(
        {
            "sst": (dims, sst, {"units": "Celsius"}),
            "anom": (dims, sst * 0, {"units": "Celsius"}),
            "err": (dims, sst * 0 + 0.3, {"units": "Celsius"}),
            "ice": (dims, sst * 0 + 0.2, {"units": "%"}),
        },
        {"time": time, "zlev": [0.0], "lat": lat, "lon": lon},
        {"product_version": version},
    )


def written(made: xr.Dataset, path: Path) -> Path:
    packed = {str(name): PACKED for name in made.data_vars}
    made.to_netcdf(path, engine="h5netcdf", encoding={**packed, "time": TIME})
    return path


@pytest.mark.parametrize("slash", ["/", ""])
def test_only_months_and_days_of_the_window_are_listed(window: Window, slash: str) -> None:
    pages = {
        "": [f"202109{slash}", f"202110{slash}", f"202111{slash}", f"202112{slash}", "readme.txt", "2021"],
        "202110/": [day("20211030"), day("20211031"), "index.html"],
        "202111/": [day("20211101", preliminary=True), day("20211102", preliminary=True)],
    }
    http = Folders(pages)
    found = list(source.list_granules(window, http))
    assert http.asked == ["", "202110/", "202111/"]
    assert [(g.path, g.status, g.base) for g in found] == [
        ("202110/oisst-avhrr-v02r01.20211031.nc", "final", BASE),
        ("202111/oisst-avhrr-v02r01.20211101_preliminary.nc", "preliminary", BASE),
    ]
    assert [str(g.window) for g in found] == ["2021-10-31/2021-11-01", "2021-11-01/2021-11-02"]


@pytest.mark.parametrize("backwards", [False, True])
def test_the_final_day_is_taken_where_both_exist(window: Window, backwards: bool) -> None:
    both = sorted([day("20211031"), day("20211031", preliminary=True)], reverse=backwards)
    found = list(source.list_granules(window, Folders({"": ["202110/"], "202110/": both})))
    assert [(g.path, g.status) for g in found] == [(f"202110/{day('20211031')}", "final")]


def test_values_are_decoded_and_ice_is_a_fraction(tmp_path: Path) -> None:
    read = source.read_granule(written(made_up_day(), tmp_path / "granule"))
    assert set(read.data_vars) == {"sst", "err", "ice"}
    assert read["sst"].dims == ("time", "zlev", "lat", "lon")
    assert str(read["time"].values[0])[:13] == "2001-02-03T12"
    assert float(read["sst"].max()) == pytest.approx(7.25, abs=1e-5)
    assert int(read["sst"].notnull().sum()) == 30 * 15
    assert (read["sst"].attrs["units"], read["ice"].attrs["units"]) == ("Celsius", "1")
    assert "v02r01" in read.attrs["product_version"]


def test_a_day_without_its_error_is_read(tmp_path: Path) -> None:
    assert set(source.read_granule(written(made_up_day()[["sst"]], tmp_path / "granule")).data_vars) == {"sst"}


def test_a_day_without_the_caspian_is_refused(tmp_path: Path) -> None:
    made = made_up_day()
    made["sst"][:] = np.nan
    with pytest.raises(BadGranule, match="only fill values over the Caspian on 2001-02-03"):
        source.read_granule(written(made, tmp_path / "granule"))


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (made_up_day(version="Version v02r02"), "v02r02"),
        (made_up_day(version=""), "'unknown'"),
        (made_up_day(days=2), "2 days and not one"),
        (made_up_day().drop_vars("sst"), "no variable sst"),
        (made_up_day().isel(zlev=0), "dimensions"),
    ],
)
def test_another_product_is_refused(tmp_path: Path, made: xr.Dataset, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(written(made, tmp_path / "granule"))


def test_an_empty_object_is_refused(tmp_path: Path) -> None:
    (tmp_path / "granule").touch()
    with pytest.raises(BadGranule, match="empty"):
        source.read_granule(tmp_path / "granule")


@pytest.mark.parametrize(
    ("vintage", "stem", "variables"),
    [("2020-05", "19810901", {"sst"}), ("2021-11", "20211025", {"sst", "err", "ice"})],
)
def test_real_days(shared: Callable[..., Path], vintage: str, stem: str, variables: set[str]) -> None:
    product = "data/sea-surface-temperature-optimum-interpolation/v2.1/access/avhrr"
    path = shared("archive", vintage, "www.ncei.noaa.gov", *product.split("/"), stem[:6], day(stem))
    read = source.read_granule(path)
    assert set(read.data_vars) == variables
    assert str(read["time"].values[0])[:13] == f"{stem[:4]}-{stem[4:6]}-{stem[6:]}T12"
    sea = read["sst"].sel(lat=slice(36, 47.5), lon=slice(46, 55))
    assert int(sea.notnull().sum()) == 719
    assert 5 < float(sea.min()) < float(sea.max()) < 32
    area, weights = cut(conform(read), *STUDY_AREA), Weights(load_locations())
    for place, promised in load_datasets()["noaa_oisst_v2_1"].finite_cells.items():
        ours = regional_mean(area["sst"], weights.of(place, area))
        assert promised <= int(ours["n_cells"][0]) < 1.05 * promised, place
        geometry = load_locations()[place].geometry
        assert geometry is not None
        axes = (read[axis].to_numpy() for axis in ("lat", "lon"))
        mean, _ = mean_by_points(read["sst"][0, 0].to_numpy(), *axes, geometry)
        assert float(ours["value"][0]) == pytest.approx(mean, abs=0.01), place
