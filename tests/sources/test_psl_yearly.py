"""Yearly files of NOAA PSL that grow in place: Reanalysis 1 and 2, CPC."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.seeds import load_datasets
from caspian_env.sources import psl_yearly as source
from tests.sources.conftest import Collect
from tests.sources.masks import on_land
from tests.sources.pages import Pages

DATASETS = load_datasets()
R1, R2, CPC = (DATASETS[name] for name in ("ncep_reanalysis", "ncep_reanalysis2", "cpc_global"))
BASE = R1.hosts[0]
YEAR = Window.parse("2021-01-01/2022-01-01")
FILL = np.float32(-9.96921e36)
TITLES = {"ncep_reanalysis": "NCEP-NCAR Reanalysis 1", "ncep_reanalysis2": "NCEP-DOE AMIP-II Reanalysis"}


def made_up(name: str, step: float, days: float, every_hours: int, units: str, start: float, title: str) -> xr.Dataset:
    """A grid that is the same everywhere and rises by one with each time step; latitudes descend."""
    lat, lon = np.arange(60, 24, -step, dtype="f4"), np.arange(30, 70, step, dtype="f4")
    count = round(days * 24 / every_hours)
    time = np.datetime64("2021-01-01", "ns") + np.arange(count) * np.timedelta64(every_hours, "h")
    values = np.broadcast_to(start + np.arange(count, dtype="f4")[:, None, None], (count, lat.size, lon.size)).copy()
    return xr.Dataset(
        {name: (("time", "lat", "lon"), values, {"units": units})},
        {"time": time, "lat": lat, "lon": lon},
        {"dataset_title": title, "Conventions": "COARDS"},
    )


def written(made: xr.Dataset, path: Path, *, packed: bool = False, epoch: str = "1800-01-01 00:00:0.0") -> bytes:
    """As PSL writes: float with a fill, or 16 bits with scale and offset as the old files of Reanalysis 1."""
    name = next(iter(made.data_vars))
    short = {"dtype": "i2", "scale_factor": 1.0, "add_offset": 119765.0, "missing_value": np.int16(32766)}
    encoding = {
        name: short if packed else {"_FillValue": FILL, "missing_value": FILL},
        "time": {"dtype": "f8", "units": f"hours since {epoch}"},
    }
    made.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    return path.read_bytes()


def sea_level_pressure(days: float, **changes: str) -> xr.Dataset:
    return made_up("slp", 2.5, days, 6, changes.get("units", "Pascals"), 101500, changes.get("title", TITLES[R1.id]))


def test_each_year_of_each_variable_is_listed_and_nothing_else() -> None:
    http = Pages(
        BASE,
        {
            "ncep.reanalysis/surface/": ["slp.2020.nc", "slp.2021.nc", "slp.2022.nc", "slp.mon.nc", "pres.sfc.2021.nc"],
            "ncep.reanalysis/surface_gauss/": [
                "air.2m.gauss.2021.nc",
                "airX2m.gauss.2021.nc",
                "air.2m.gauss.2021.nc.md5",
            ],
        },
    )
    refs = list(source.list_granules(YEAR, http, options=R1.options))
    assert [ref.path for ref in refs] == [
        "ncep.reanalysis/surface/slp.2021.nc", "ncep.reanalysis/surface_gauss/air.2m.gauss.2021.nc",
    ]  # fmt: skip
    assert {(str(ref.window), ref.status, ref.base) for ref in refs} == {(str(YEAR), "final", BASE)}


def test_a_file_that_grew_adds_days_and_changes_none(tmp_path: Path, collect: Collect) -> None:
    url = f"{BASE}ncep.reanalysis/surface/slp.2021.nc"
    first = collect(R1.id, {url: written(sea_level_pressure(2.75), tmp_path / "a", packed=True)}, window=YEAR)
    # The mean of four analyses that rise by 1 Pa; the third day lacks its last one.
    assert first.values(location="caspian_sea") == pytest.approx({"2021-01-01": 1015.015, "2021-01-02": 1015.055})
    again = collect(R1.id, {url: written(sea_level_pressure(4), tmp_path / "b", packed=True)}, window=YEAR)
    assert (again.outcome.first, again.outcome.revised) == (4, 0), "two days at two places"
    assert list(again.values(location="caspian_box")) == ["2021-01-01", "2021-01-02", "2021-01-03", "2021-01-04"]
    assert {row.unit for row in again.rows} == {"hPa"}


def test_variables_of_several_files_meet_in_one_dataset(tmp_path: Path, collect: Collect) -> None:
    folder = f"{BASE}ncep.reanalysis2/gaussian_grid/"
    files = {}
    for stem, name, units, start in (
        ("air.2m.gauss", "air", "degK", 290),
        ("uwnd.10m.gauss", "uwnd", "m/s", -3),
        ("vwnd.10m.gauss", "vwnd", "m/s", 2),
    ):
        made = made_up(name, 1.875, 1, 6, units, start, TITLES[R2.id]).expand_dims(level=[2.0], axis=1)
        files[f"{folder}{stem}.2021.nc"] = written(made, tmp_path / stem)
    got = collect(R2.id, files, window=YEAR)
    assert got.outcome.status == "ok", got.outcome.problems
    found = {row.variable: (row.value, row.unit) for row in got.rows if row.location == "caspian_sea"}
    assert found == {
        "air_temperature": (pytest.approx(291.5 - 273.15, abs=1e-4), "degree_Celsius"),
        "eastward_wind": (pytest.approx(-1.5), "m s-1"),
        "northward_wind": (pytest.approx(3.5), "m s-1"),
    }


def test_cpc_is_a_mean_of_the_land_and_fills_are_no_zeros(tmp_path: Path, collect: Collect) -> None:
    made = made_up("precip", 0.5, 2, 24, "mm", 3, "CPC GLOBAL PRCP V1.0 RT")
    made = made.assign_coords(lat=made["lat"] - 0.25, lon=made["lon"] + 0.25)
    sea = ((made["lon"] > 49.5) & (made["lon"] < 53)).broadcast_like(made["precip"])
    made["precip"] = made["precip"].where(~sea)
    got = collect(
        CPC.id, {f"{BASE}cpc_global_precip/precip.2021.nc": written(made, tmp_path / "p", epoch="1900-01-01")}
    )
    assert len(got.outcome.problems) == 1, "that the folder of the temperatures is missing is told"
    assert got.values() == pytest.approx({"2021-01-01": 3, "2021-01-02": 4})
    assert {row.location for row in got.rows} == {"caspian_box"}
    read = source.read_granule(tmp_path / "p", options=CPC.options)
    assert np.isnan(read["precip"].sel(lon=51.25)).all()


def test_only_days_without_a_value_over_land_are_left_out(tmp_path: Path, collect: Collect) -> None:
    made = made_up("tmax", 0.5, 3, 24, "degC", 20, "CPC GLOBAL TEMP V1.0")
    made = on_land(made.where(made["time"] < np.datetime64("2021-01-03")))
    got = collect(CPC.id, {f"{BASE}cpc_global_temp/tmax.2021.nc": written(made, tmp_path / "t")})
    assert list(got.values("air_temperature_maximum")) == ["2021-01-01", "2021-01-02"]


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (sea_level_pressure(1, title=TITLES[R2.id]), "calls itself 'NCEP-DOE"),
        (sea_level_pressure(1).drop_attrs(), "calls itself 'nothing'"),
        (sea_level_pressure(1).rename(slp="pres"), "holds 0 of the variables slp, air"),
        (sea_level_pressure(1).assign(air=lambda made: made["slp"]), "holds 2 of the variables"),
        (sea_level_pressure(1).expand_dims(level=[10.0, 2.0], axis=1), "several levels"),
        (sea_level_pressure(1).rename(lat="y"), "has dimensions"),
        (sea_level_pressure(1).isel(time=[0, 0, 1, 2, 3]), "no series of 4 times a day"),
        (sea_level_pressure(1).assign_coords(lat=lambda made: -made["lat"]), "does not reach the Caspian"),
        (sea_level_pressure(1).isel(time=[]), "no series of 4 times a day"),
    ],
)
def test_another_product_or_layout_is_refused(tmp_path: Path, made: xr.Dataset, problem: str) -> None:
    made.to_netcdf(tmp_path / "granule", engine="h5netcdf", encoding={"time": {"units": "hours since 1800-01-01"}})
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule", options=R1.options)


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "empty"), (b"<html>down</html>", "an HTML page"), (b"\x89HDF\r\n\x1a\n\0", "damaged or truncated")],
)
def test_bytes_that_are_no_grid_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "granule").write_bytes(content)
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule", options=R1.options)


def test_a_truncated_year_is_refused(tmp_path: Path) -> None:
    content = written(sea_level_pressure(20), tmp_path / "granule")
    (tmp_path / "granule").write_bytes(content[: len(content) // 2])
    with pytest.raises(BadGranule, match="damaged or truncated"):
        source.read_granule(tmp_path / "granule", options=R1.options)
