"""CRU TS: releases in folders that nobody can guess, decades in gzip, and cells that stand on no station."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule, NotPublished
from caspian_env.model import Window
from caspian_env.seeds import load_datasets
from caspian_env.sources import cru_ts as source
from tests.sources.conftest import Collect
from tests.sources.pages import Pages

DATASET = load_datasets()["cru_ts"]
BASE = DATASET.hosts[0]
FILL = np.float32(9.96921e36)
RUN = "cru_ts_4.09/cruts.2503051245.v4.09/"
DECADE = Window.parse("2021-01-01/2031-01-01")


def made_up(name: str, value: float, units: str, *, months: int = 3, version: str = "4.09") -> xr.Dataset:
    """Land west of 50 E; two stations behind each cell but one, which in the second month has none."""
    lat, lon = np.arange(30.25, 60, 0.5, dtype="f4"), np.arange(40.25, 60, 0.5, dtype="f4")
    values = np.full((months, lat.size, lon.size), value, dtype="f4") + np.arange(months, dtype="f4")[:, None, None]
    values[:, :, (lon > 50) & (lon < 53)] = np.nan
    stations = np.full(values.shape, 2, dtype="i4")
    stations[1:2, np.searchsorted(lat, 40), np.searchsorted(lon, 48)] = 0
    stations[0, np.searchsorted(lat, 40), np.searchsorted(lon, 51)] = 0  # over water, where nothing is infilled
    stations[2:, np.searchsorted(lat, 57), :] = 0  # far away
    dims = ("time", "lat", "lon")
    about = {"units": units, "long_name": name}
    time = (np.arange("2021-01", "2024-01", dtype="datetime64[M]").astype("datetime64[D]") + 15)[:months]
    return xr.Dataset(
        {name: (dims, values, about), "stn": (dims, stations, {"description": "number of stations"})},
        {"time": time.astype("datetime64[ns]"), "lat": lat, "lon": lon},
        {"title": f"CRU TS{version} Mean Temperature"},
    )


def packed(made: xr.Dataset, path: Path) -> bytes:
    """As the provider: netCDF-3 with unlimited time, in gzip."""
    encoding = {n: {"_FillValue": FILL} for n in made.data_vars if n != "stn"}
    encoding["time"] = {"dtype": "f4", "units": "days since 1900-1-1", "calendar": "gregorian"}
    made.to_netcdf(path, engine="scipy", format="NETCDF3_CLASSIC", unlimited_dims=["time"], encoding=encoding)
    return gzip.compress(path.read_bytes(), mtime=0)


def address(variable: str, release: str = RUN, version: str = "4.09", years: str = "2021.2024") -> str:
    return f"{BASE}{release}{variable}/cru_ts{version}.{years}.{variable}.dat.nc.gz"


def test_the_newest_release_is_found_by_its_listings() -> None:
    decades = [f"cru_ts4.10.{years}.tmp.dat.nc.gz" for years in ("1901.2025", "2011.2020", "2021.2025")]
    run = "cru_ts_4.10/cruts.2604011200.v4.10/"
    http = Pages(
        BASE,
        {
            "": ["cru_ts_4.9/", "cru_ts_4.10/", "cru_ts_4.09/", "cru_cy_4.10/", "index.html"],
            "cru_ts_4.10/": ["cruts.2603011200.v4.10/", "cruts.2604011200.v4.10/", "Release_Notes.txt"],
            f"{run}tmp/": [*decades, "cru_ts4.10.2021.2025.tmp.dat.gz", "cru_ts4.10.2021.2025.tmp.stn.gz"],
        },
    )
    refs = list(source.list_granules(Window.parse("2020-12-01/2021-03-01"), http, options={"variables": ["tmp"]}))
    assert [ref.path for ref in refs] == [f"{run}tmp/{name}" for name in decades[1:]], "never the whole century"
    assert str(refs[1].window) == "2021-01-01/2026-01-01"
    for folders, problem in (({"": ["cru_cy_4.10/"]}, "no release"), ({**http.folders, "cru_ts_4.10/": []}, "yet")):
        with pytest.raises(NotPublished, match=problem):
            list(source.list_granules(DECADE, Pages(BASE, folders), options=DATASET.options))


def test_climatology_in_place_of_stations_is_marked(tmp_path: Path, collect: Collect) -> None:
    files = {
        address("tmp"): packed(made_up("tmp", 10, "degrees Celsius"), tmp_path / "tmp"),
        address("pre"): packed(made_up("pre", 20, "mm/month"), tmp_path / "pre"),
        address("pet"): packed(made_up("pet", 3, "mm/day").drop_vars("stn"), tmp_path / "pet"),
    }
    got = collect(DATASET.id, files, window=DECADE)
    assert got.outcome.status == "ok", got.outcome.problems
    assert got.values("air_temperature") == pytest.approx({"2021-01-01": 10, "2021-02-01": 11, "2021-03-01": 12})
    status = {variable: [r.status for r in got.rows if r.variable == variable] for variable in got_variables(got.rows)}
    assert status["air_temperature"] == ["final", "estimated", "final"]
    assert status["lwe_thickness_of_precipitation_amount"] == ["final", "estimated", "final"]
    assert set(status["potential_evapotranspiration_rate"]) == {"estimated"}
    assert {row.unit for row in got.rows} == {"degree_Celsius", "mm", "mm d-1"}


def got_variables(rows: list) -> set[str]:
    return {row.variable for row in rows}


def test_a_release_replaces_the_one_before_as_a_new_edition(tmp_path: Path, collect: Collect) -> None:
    collect(DATASET.id, {address("tmp"): packed(made_up("tmp", 10, "degrees Celsius"), tmp_path / "a")}, window=DECADE)
    newer = address("tmp", "cru_ts_4.10/cruts.2604011200.v4.10/", "4.10", "2021.2025")
    content = packed(made_up("tmp", 10.5, "degrees Celsius", months=4, version="4.10"), tmp_path / "b")
    got = collect(DATASET.id, {newer: content}, window=DECADE)
    assert (got.outcome.first, got.outcome.revised) == (1, 3)
    assert list(got.values().values()) == pytest.approx([10.5, 11.5, 12.5, 13.5])


def test_fills_are_no_values_and_the_version_is_that_of_the_title(tmp_path: Path) -> None:
    (tmp_path / "granule").write_bytes(packed(made_up("tmp", 10, "degrees Celsius"), tmp_path / "a"))
    read = source.read_granule(tmp_path / "granule", options=DATASET.options)
    assert np.isnan(read["tmp"].sel(lon=51.25)).all()
    assert float(read["tmp"].max()) == 12
    assert read.attrs["product_version"] == "4.09"


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (made_up("tmp", 1, "degrees Celsius").drop_attrs(), "does not call itself CRU TS"),
        (made_up("vap", 1, "hPa"), "holds 0 of the variables tmp, pre, pet"),
        (made_up("tmp", 1, "degrees Celsius").rename(lat="y"), "has dimensions"),
    ],
)
def test_another_product_or_layout_is_refused(tmp_path: Path, made: xr.Dataset, problem: str) -> None:
    (tmp_path / "granule").write_bytes(packed(made, tmp_path / "a"))
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule", options=DATASET.options)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"<html>down</html>", "an HTML page in place of gzip"),
        (gzip.compress(b"<html>down</html>"), "something else than netCDF"),
        (gzip.compress(bytes(1000))[:-9], "gzip data are damaged"),
        (gzip.compress(b"CDF\x01\0\0\0\x03\0\0\0\x0a\0\0\0\x05"), "damaged or truncated netCDF"),
    ],
)
def test_what_is_no_packed_grid_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "granule").write_bytes(content)
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule", options=DATASET.options)
