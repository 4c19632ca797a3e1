"""OSTIA in the GHRSST layout: kelvin, packed, a folder a day of the year."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule, NotPublished
from caspian_env.model import Listing, Window
from caspian_env.processing.conform import conform, cut
from caspian_env.processing.regions import regional_mean
from caspian_env.seeds import load_datasets, load_locations
from caspian_env.sources import ostia as source
from caspian_env.workflows.observe import STUDY_AREA, Weights
from tests.sources.conftest import Collect
from tests.sources.independent import mean_by_points
from tests.sources.masks import wet

ID = "ostia"
BASE = load_datasets()[ID].hosts[0]
PACKED = {"dtype": "int16", "scale_factor": 0.01, "add_offset": 273.15, "_FillValue": np.int16(-32768)}
ERROR = {**PACKED, "add_offset": 0.0}


def name(stem: str) -> str:
    return f"{stem}120000-UKMO-L4_GHRSST-SSTfnd-OSTIA-GLOB-v02.0-fv02.0.nc"


def made_up_day(celsius: float = 12.5, **attrs: str) -> xr.Dataset:
    lat, lon = np.arange(34.125, 50, 0.25, dtype="f4"), np.arange(44.125, 58, 0.25, dtype="f4")
    values = np.full((1, lat.size, lon.size), celsius + 273.15)
    values[:, ~wet(lat, lon)] = np.nan
    dims = ("time", "lat", "lon")
    about = {"id": "OSTIA-UKMO-L4-GLOB-v2.0", "gds_version_id": "2.0", "product_version": "2.0"}
    return xr.Dataset(
        {
            "analysed_sst": (dims, values, {"units": "kelvin", "standard_name": "sea_surface_foundation_temperature"}),
            "analysis_error": (dims, values * 0 + 0.5, {"units": "kelvin"}),
            "mask": (dims, np.ones(values.shape, dtype="i1")),
        },
        {"time": [np.datetime64("2021-10-31T12", "ns")], "lat": lat, "lon": lon},
        about | attrs,
    )


def written(made: xr.Dataset, path: Path) -> Path:
    packed = {
        "analysed_sst": PACKED,
        "analysis_error": ERROR,
        "time": {"dtype": "i4", "units": "seconds since 1981-01-01"},
    }
    made.to_netcdf(path, engine="h5netcdf", encoding={k: v for k, v in packed.items() if k in made.variables})
    return path


class Folders:
    """Directory pages of one host."""

    def __init__(self, pages: Mapping[str, Sequence[str]]) -> None:
        self.pages = pages

    def listing(self, path: str) -> Listing:
        if path not in self.pages:
            raise NotPublished(path, "no such page")
        return Listing(BASE, self.pages[path])


def test_a_file_a_folder_of_the_window(window: Window) -> None:
    refs = list(
        source.list_granules(window, Folders({"2021/": ["303/", "304/", "305/", "306/", "366/", "readme.txt"]}))
    )
    assert [ref.path for ref in refs] == [f"2021/304/{name('20211031')}", f"2021/305/{name('20211101')}"]
    assert [str(ref.window) for ref in refs] == ["2021-10-31/2021-11-01", "2021-11-01/2021-11-02"]


def test_a_day_reaches_the_catalog_in_celsius(tmp_path: Path, window: Window, collect: Collect) -> None:
    path = written(made_up_day(), tmp_path / "granule")
    got = collect(ID, {f"{BASE}2021/304/{name('20211031')}": path.read_bytes()}, window=window)
    assert got.outcome.status == "ok", got.outcome.problems
    row = next(row for row in got.rows if row.location == "caspian_sea")
    assert (row.value, row.std_uncertainty, row.unit) == (
        pytest.approx(12.5, abs=0.006),
        pytest.approx(0.5),
        "degree_Celsius",
    )
    assert np.isnan(source.read_granule(path)["analysed_sst"].values[:, :4]).all()


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (made_up_day(id="JPL-L4-GLOB-MUR"), "does not call itself OSTIA"),
        (made_up_day(gds_version_id="1.7"), "GDS 1.7 and not 2"),
        (made_up_day().where(False), "only fill values"),
        (made_up_day().drop_vars("analysed_sst"), "no variable analysed_sst"),
        (
            xr.concat(
                [made_up_day(), made_up_day().assign_coords(time=[np.datetime64("2021-11-01T12", "ns")])], "time"
            ),
            "2 days",
        ),
    ],
)
def test_another_product_is_refused(tmp_path: Path, made: xr.Dataset, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(written(made, tmp_path / "granule"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "empty"), (b"<html>login</html>", "an HTML page"), (b"\x89HDF\r\n\x1a\n\0", "damaged")],
)
def test_bytes_that_are_no_analysis_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "granule").write_bytes(content)
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule")


def test_a_real_day_of_the_coarser_product_of_the_same_layout(shared: Callable[..., Path]) -> None:
    folder = shared("samples", "ostia")
    (path,) = folder.glob("*OSTIAanom*.nc")
    day = cut(conform(source.read_granule(path)), *STUDY_AREA)
    locations, weights = load_locations(), Weights(load_locations())
    with netCDF4.Dataset(path) as raw:
        lat, lon = (np.asarray(raw[axis][:]) for axis in ("lat", "lon"))
        kelvin = np.ma.filled(raw["analysed_sst"][0].astype(float), np.nan)
    for place, promised in load_datasets()[ID].finite_cells.items():
        ours = regional_mean(day["analysed_sst"], weights.of(place, day))
        assert int(ours["n_cells"][0]) == promised, place
        geometry = locations[place].geometry
        assert geometry is not None
        mean, _ = mean_by_points(kelvin, lat, lon, geometry)
        assert float(ours["value"][0]) == pytest.approx(mean, abs=0.01), place
