"""GPCC: decades of the full data and months of the first guess, netCDF inside gzip."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule, NotPublished
from caspian_env.model import Window
from caspian_env.processing.conform import conform, cut
from caspian_env.processing.regions import regional_mean
from caspian_env.seeds import load_datasets, load_locations
from caspian_env.sources import gpcc as source
from caspian_env.workflows.observe import STUDY_AREA, Weights
from tests.sources.conftest import Collect
from tests.sources.independent import mean_by_points
from tests.sources.masks import on_land
from tests.sources.pages import Pages

FULL, GUESS = load_datasets()["gpcc"], load_datasets()["gpcc_first_guess"]
BASE = FULL.hosts[0]
FILL = np.float32(-99999.99)


def made_up(variable: str, months: list[str], millimetres: float = 20.0, **attrs: str) -> xr.Dataset:
    """Latitudes descend, longitudes -180..180; rain grows eastward; the sea is empty."""
    lat, lon = np.arange(59.5, 25, -1, dtype="f4"), np.arange(30.5, 70, dtype="f4")
    values = np.full((len(months), lat.size, lon.size), millimetres, dtype="f4") + (lon - 50)[None, None, :]
    values += np.arange(len(months), dtype="f4")[:, None, None]
    about = {"units": "mm/month", "long_name": "gpcc full data monthly product version 2022, precipitation per grid"}
    made = xr.Dataset(
        {variable: (("time", "lat", "lon"), values, about | attrs), "s": (("time", "lat", "lon"), values * 0 + 1)},
        {"time": np.array(months, dtype="datetime64[ns]"), "lat": lat, "lon": lon},
        {"title": "GPCC Full Data Monthly Product Version 2022"} if variable == "precip" else {},
    )
    return on_land(made)


def packed(made: xr.Dataset, path: Path, engine: str = "h5netcdf") -> bytes:
    name = next(iter(made.data_vars))
    encoding = {name: {"_FillValue": FILL}, "time": {"dtype": "i4", "units": "days since 1891-01-01"}}
    made.to_netcdf(path, engine=engine, format="NETCDF3_CLASSIC" if engine == "scipy" else None, encoding=encoding)
    return gzip.compress(path.read_bytes(), mtime=0)


def test_the_newest_edition_counts_and_only_decades_of_the_window() -> None:
    names = [f"full_data_monthly_v2022_{first}_{first + 9}_10.nc.gz" for first in (1891, 2001, 2011)]
    http = Pages(
        BASE,
        {
            "": ["GPCC_DI/", "first_guess/", "full_data_monthly_v2020/", "full_data_monthly_v2022/", "html/"],
            "full_data_monthly_v2022/10/": [*names, "readme.txt", "full_data_monthly_v2022_2011_2020_025.nc.gz"],
        },
    )
    refs = list(source.list_granules(Window.parse("2010-12-01/2011-02-01"), http, options=FULL.options))
    assert [ref.path for ref in refs] == [f"full_data_monthly_v2022/10/{name}" for name in names[1:]]
    assert str(refs[1].window) == "2011-01-01/2021-01-01"
    with pytest.raises(NotPublished, match="no edition"):
        list(source.list_granules(Window.parse("2010-01-01/2011-01-01"), Pages(BASE, {"": []}), options=FULL.options))


def test_first_guesses_are_listed_by_year() -> None:
    http = Pages(
        BASE,
        {
            "first_guess/": ["2023/", "2024/", "readme/"],
            "first_guess/2024/": ["first_guess_monthly_2024_01.nc.gz", "first_guess_monthly_2024_02.nc.gz"],
        },
    )
    (ref,) = source.list_granules(Window.parse("2024-02-03/2024-03-01"), http, options=GUESS.options)
    assert (ref.path, str(ref.window)) == (
        "first_guess/2024/first_guess_monthly_2024_02.nc.gz",
        "2024-02-01/2024-03-01",
    )
    assert http.asked == ["first_guess/", "first_guess/2024/"]


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
def test_a_month_reaches_the_catalog_as_its_total_on_land(tmp_path: Path, collect: Collect, engine: str) -> None:
    content = packed(made_up("p", ["2024-02-01"]), tmp_path / "a.nc", engine)
    got = collect(GUESS.id, {f"{BASE}first_guess/2024/first_guess_monthly_2024_02.nc.gz": content})
    assert got.outcome.status == "ok", got.outcome.problems
    (row,) = got.rows
    made, geometry = made_up("p", ["2024-02-01"]), load_locations()["caspian_box"].geometry
    assert geometry is not None
    mean, _ = mean_by_points(made["p"].to_numpy()[0], made["lat"].to_numpy(), made["lon"].to_numpy(), geometry, 40)
    assert row.value == pytest.approx(mean, abs=0.01)
    assert (row.unit, row.status, row.resolution, str(row.time.date())) == ("mm", "estimated", "P1M", "2024-02-01")


def test_an_axis_that_runs_ahead_of_the_data_gives_no_values(tmp_path: Path, collect: Collect) -> None:
    """As in a public copy of the monitoring product: months on the axis to 2025-12, fill after 2021-04."""
    made = made_up("precip", ["2020-10-01", "2020-11-01", "2020-12-01"])
    made["precip"] = made["precip"].where(made["time"] < np.datetime64("2020-12-01"))
    url = f"{BASE}full_data_monthly_v2022/10/full_data_monthly_v2022_2011_2020_10.nc.gz"
    got = collect(FULL.id, {url: packed(made, tmp_path / "a.nc")})
    assert list(got.values()) == ["2020-10-01", "2020-11-01"]
    assert any("1 of 3 means refused" in note for note in got.outcome.notes), got.outcome.notes
    (tmp_path / "granule").write_bytes(packed(made.isel(time=[2]), tmp_path / "b.nc"))
    with pytest.raises(BadGranule, match="no month has a value around the Caspian"):
        source.read_granule(tmp_path / "granule", options=FULL.options)


def test_the_edition_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "granule").write_bytes(packed(made_up("precip", ["2020-10-01"]), tmp_path / "a.nc"))
    read = source.read_granule(tmp_path / "granule", options=FULL.options)
    assert read.attrs["product_version"] == "2022"
    assert np.isnan(read["precip"].sel(lat=41.5, lon=51.5)).all(), "the sea stays empty"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"<html>down</html>", "an HTML page in place of gzip"),
        (gzip.compress(b"<html>down</html>"), "something else than netCDF"),
        (gzip.compress(b"CDF\x01" + b"\0" * 40), "has no p over time"),
        (gzip.compress(bytes(1000))[:-9], "gzip data are damaged"),
    ],
)
def test_what_is_no_packed_grid_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "granule").write_bytes(content)
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule", options=GUESS.options)


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (made_up("p", ["2024-02-01"], units="mm/day"), "is in 'mm/day'"),
        (made_up("precip", ["2024-02-01"]), "has no p over"),
        (made_up("p", ["2024-02-01"]).isel(time=0), "has no p over"),
    ],
)
def test_another_layout_is_refused(tmp_path: Path, made: xr.Dataset, problem: str) -> None:
    made.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    (tmp_path / "granule").write_bytes(gzip.compress((tmp_path / "a.nc").read_bytes()))
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule", options=GUESS.options)


def test_the_box_has_land_enough_for_a_mean_on_a_real_mask(shared: Callable[..., Path]) -> None:
    """A grid of one degree that is empty over the sea of HadISST still sees more than half of the box."""
    with xr.open_dataset(shared("samples", "masks", "ls_hadisst1.nc"), decode_times=False) as raw:
        (name,) = (str(n) for n in raw.data_vars if {"lat", "lon"} <= {str(d)[:3] for d in raw[n].dims})
        cells = conform(raw[[name]].isel(time=0, drop=True))[name].load()
    at_sea = float(cells.sel(latitude=42.0, longitude=50.5, method="nearest"))
    land = cells.where(cells != at_sea).expand_dims(time=[np.datetime64("2020-01-01")]).to_dataset(name="p")
    area = cut(land, *STUDY_AREA)
    mean = regional_mean(area["p"], Weights(load_locations()).of("caspian_box", area))
    assert 0.5 < float(mean["area_share"][0]) < 0.75
