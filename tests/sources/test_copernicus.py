"""Products that are made to order at the Copernicus stores, and the anonymous zarr store of ERA5."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from caspian_env.errors import BadGranule, NotPublished, RefusedAnswer, Unreachable
from caspian_env.formats.copernicus_netcdf import read_copernicus
from caspian_env.formats.mirror_addresses import public_address
from caspian_env.formats.zarr_v2 import arrays_of, piece
from caspian_env.model import Document, GranuleRef, Window
from caspian_env.seeds import load_datasets
from caspian_env.settings import Settings
from caspian_env.sources import arco_era5
from caspian_env.wiring import Platform, open_platform, source_of
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.processes import _inputs, process_order
from caspian_env.workflows.seed import seed
from caspian_env.workflows.zarr_pieces import zarr_piece
from tests.sources.conftest import Collect, rows_of
from tests.sources.masks import at_sea, wet

Find = Callable[..., Path]
DATASETS = load_datasets()
LAND, ERA5, GLOFAS = (DATASETS[name] for name in ("cds_era5_land", "cds_era5", "glofas_discharge"))
KEY = "secret-token-0815"
BOX = (41.0, 60.0, 31.0, 52.5)
YEAR = Window.parse("2026-01-01/2026-12-31")


AROUND_SEA, AROUND_VOLGA = (40.0, 62.0, 30.0, 54.0), (30.0, 62.0, 44.0, 64.0)  # west, east, south, north


def grid(
    variables: dict[str, float],
    times: list[str],
    time: str = "valid_time",
    step: float = 0.5,
    edges: tuple[float, float, float, float] = AROUND_SEA,
) -> xr.Dataset:
    """Encoded: every cell of a variable has one value, and grows by one with each time."""
    west, east, south, north = edges
    latitude, longitude = np.arange(north, south, -step), np.arange(west, east, step)
    shape = (len(times), latitude.size, longitude.size)
    growing = np.arange(len(times), dtype="float32")[:, np.newaxis, np.newaxis]
    data = {n: ((time, "latitude", "longitude"), np.full(shape, v, "float32") + growing) for n, v in variables.items()}
    moments = pd.to_datetime(times).to_numpy().astype("datetime64[ns]")
    ds = xr.Dataset(data, {time: moments, "latitude": latitude, "longitude": longitude})
    for name in variables:
        ds[name].attrs["units"] = {"t2m": "K", "sst": "K", "dis24": "m**3 s**-1"}.get(name, "m")
    return ds


def new_layout(
    variables: dict[str, float],
    times: list[str],
    streams: list[str],
    edges: tuple[float, float, float, float] = AROUND_SEA,
) -> xr.Dataset:
    ds = grid(variables, times, edges=edges).assign_coords(number=0)
    return ds.assign_coords(expver=("valid_time", np.array(streams, dtype="<U4")))


def netcdf(ds: xr.Dataset) -> bytes:
    return bytes(ds.to_netcdf(engine="h5netcdf"))


def zipped(**members: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"data_stream-moda_stepType-{name}.nc", content)
    return memory.getvalue()


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "granule"
    path.write_bytes(content)
    return path


def refs(name: str, window: Window = YEAR) -> list[GranuleRef]:
    return list(source_of(DATASETS[name]).list_granules(window, None))


# ── layouts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_real_file_of_the_store(shared: Find, collect: Collect) -> None:
    path = shared("samples", "era5_land", "era5-land-monthly-temp-feb-2025-global.nc")
    (ref,) = refs("cds_era5_land", Window.parse("2025-02-01/2025-02-02"))
    url = public_address(LAND.hosts[0] + ref.path, ref.form)
    found = collect("cds_era5_land", {url: path.read_bytes()}, window=Window.parse("2025-02-01/2025-02-02"))
    with netCDF4.Dataset(path) as file:
        lat, lon = file["latitude"][:], file["longitude"][:]
        values = file["t2m"][0, (lat >= 36) & (lat <= 48), :][:, (lon >= 46) & (lon <= 55)]
        weights = np.cos(np.deg2rad(lat[(lat >= 36) & (lat <= 48)]))[:, np.newaxis] * np.ones(values.shape[1])
    mean = np.ma.average(values, weights=np.where(np.ma.getmaskarray(values), 0, weights)) - 273.15
    assert found.values("air_temperature", "caspian_box") == {"2025-02-01": pytest.approx(float(mean), abs=0.05)}
    assert {row.status for row in found.rows} == {"final"}


def test_the_legacy_layout_is_read(shared: Find) -> None:
    ds = read_copernicus(shared("samples", "era_interim", "ERA_Interim_2017a.nc"), "x", ("t2m", "tp"), BOX)
    assert ds["t2m"].dims == ("time", "latitude", "longitude") and ds["status"].to_numpy().tolist() == ["final"]
    assert float(ds["latitude"].min()) >= 31 and float(ds["latitude"].max()) <= 52.5
    assert 240 < float(ds["t2m"].min()) < float(ds["t2m"].max()) < 310


def test_streams_tell_final_from_preliminary(tmp_path: Path) -> None:
    path = written(tmp_path, netcdf(new_layout({"t2m": 280.0}, ["2026-01-01", "2026-02-01"], ["0001", "0005"])))
    ds = read_copernicus(path, "x", ("t2m",), BOX)
    assert ds["status"].to_numpy().tolist() == ["final", "preliminary"]


def test_the_old_dimension_of_streams(tmp_path: Path) -> None:
    both = grid({"t2m": 280.0}, ["2026-01-01", "2026-02-01"], "time").expand_dims(expver=[1, 5]).copy(deep=True)
    both["t2m"][0, 1], both["t2m"][1, 0] = np.nan, np.nan
    ds = read_copernicus(written(tmp_path, netcdf(both)), "x", ("t2m",), BOX)
    assert ds["status"].to_numpy().tolist() == ["final", "preliminary"]
    assert ds["t2m"].mean(["latitude", "longitude"]).to_numpy().tolist() == [280.0, 281.0]
    assert ds["t2m"].attrs["units"] == "K"


def test_a_zip_of_two_streams_is_one_granule(collect: Collect) -> None:
    instant = new_layout({"t2m": 280.0, "sst": 285.0}, ["2026-01-01", "2026-02-01"], ["0001", "0005"])
    instant["sst"] = at_sea(instant["sst"])
    totals = new_layout({"tp": 0.001, "e": -0.002}, ["2026-01-01", "2026-02-01"], ["0001", "0005"])
    (ref,) = refs("cds_era5")
    url = public_address(ERA5.hosts[0] + ref.path, ref.form)
    found = collect("cds_era5", {url: zipped(avgua=netcdf(instant), avgad=netcdf(totals))}, window=YEAR)
    assert found.values("air_temperature", "caspian_sea") == pytest.approx({"2026-01-01": 6.85, "2026-02-01": 7.85})
    assert found.values("lwe_precipitation_rate", "caspian_sea")["2026-01-01"] == pytest.approx(1.0)
    assert found.values("lwe_evaporation_rate", "caspian_sea")["2026-01-01"] == pytest.approx(-2.0)
    assert {row.time.month: row.status for row in found.rows} == {1: "final", 2: "preliminary"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<html></html>", "HTML page"),
        (zipped(avgua=b"GRIB...."), "is not netCDF"),
        (zipped(), "without a netCDF member"),
        (netcdf(new_layout({"u10": 1.0}, ["2026-01-01"], ["0001"])), "none of t2m"),
        (netcdf(new_layout({"t2m": 1.0}, ["2026-01-01"], ["0099"])), "expver '0099' is not known"),
        (netcdf(new_layout({"t2m": 1.0}, ["2026-01-01"], ["0001"]))[:-3000], "damaged or truncated"),
        (
            zipped(
                a=netcdf(new_layout({"t2m": 280.0}, ["2026-01-01"], ["0001"])),
                b=netcdf(new_layout({"tp": 0.001}, ["2026-02-01"], ["0001"])),
            ),
            "different times or grids",
        ),
    ],
)
def test_what_is_no_file_of_the_store(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(BadGranule, match=said):
        source_of(ERA5).read_granule(written(tmp_path, content))


def test_an_order_over_another_region_tells_its_area() -> None:
    (ref,) = refs("cds_era5_volga")
    assert ref.form == {"year": "2026", "area": "64/30/44/62"}
    assert _inputs(DATASETS["cds_era5_volga"], ref.form)["area"] == [64.0, 30.0, 44.0, 62.0]
    assert _inputs(ERA5, refs("cds_era5")[0].form)["area"] == [52.5, 41, 31, 60]


def test_orders_are_by_year_and_by_month() -> None:
    years = [ref.form["year"] for ref in refs("cds_era5", Window.parse("2024-06-01/2026-02-01"))]
    assert years == ["2024", "2025", "2026"]
    months = refs("glofas_discharge", Window.parse("2026-01-15/2026-12-15"))
    kinds = {(ref.form["hyear"], ref.form["hmonth"]): (ref.form["product_type"], ref.status) for ref in months}
    assert len(kinds) == 12
    assert kinds["2026", "01"] == ("consolidated", "final") and kinds["2026", "12"] == ("intermediate", "preliminary")


# ── rivers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_channel_is_found_beside_the_point(collect: Collect) -> None:
    month = grid({"dis24": 1.0}, ["2026-01-02", "2026-01-03"], step=0.05)
    for name, discharge in (
        ("volga_mouth", 6000.0),
        ("ural_mouth", 200.0),
        ("terek_mouth", 300.0),
        ("kura_mouth", 400.0),
    ):
        east, north = GLOFAS.options["rivers"][name]
        cell = {"latitude": north + 0.1, "longitude": east - 0.1}
        place = month["dis24"].sel(cell, method="nearest")
        month["dis24"].loc[{"latitude": place["latitude"], "longitude": place["longitude"]}] = [
            discharge,
            discharge + 1,
        ]
    (ref,) = refs("glofas_discharge", Window.parse("2026-01-01/2026-01-20"))
    url = public_address(GLOFAS.hosts[0] + ref.path, ref.form)
    found = collect("glofas_discharge", {url: netcdf(month)}, window=Window.parse("2026-01-01/2026-01-20"))
    # The stamp is the end of the 24 hours that a value is about.
    assert found.values(location="volga_mouth") == {"2026-01-01": 6000.0, "2026-01-02": 6001.0}
    assert found.values(location="kura_mouth")["2026-01-01"] == 400.0
    (note,) = {row.source_note for row in found.rows if row.location == "volga_mouth"}
    assert note is not None and note.startswith("cell 46.8")
    assert {row.status for row in found.rows} == {"preliminary"}


# ── orders, against a server that speaks the interface ───────────────────────────────────────────────────────────────


@pytest.fixture
def ordering(tmp_path: Path, httpserver: HTTPServer) -> Iterator[tuple[Platform, Callable[..., bytes], HTTPServer]]:
    settings = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'x.db'}", keys={"CDS_KEY": KEY})
    dataset = replace(ERA5, hosts=(httpserver.url_for("/api/"),))
    (ref,) = refs("cds_era5")
    with open_platform(settings) as platform:

        def order(seconds: float = 60.0) -> bytes:
            url = dataset.hosts[0] + ref.path
            with process_order(platform, dataset, ref, url, seconds, wait=lambda _: None) as answer:
                assert KEY not in answer.url and answer.url.endswith("execution?year=2026")
                return b"".join(answer.body)

        yield platform, order, httpserver


def accepting(server: HTTPServer, states: list[str], asked: list[Any] | None = None) -> None:
    path = "/api/retrieve/v1"

    def take(request: Request) -> Response:
        assert request.headers["PRIVATE-TOKEN"] == KEY
        if asked is not None:
            asked.append(json.loads(request.data))
        return Response(json.dumps({"jobID": "abc-1", "status": "accepted"}), 201)

    def state(request: Request) -> Response:
        assert request.headers["PRIVATE-TOKEN"] == KEY
        return Response(json.dumps({"jobID": "abc-1", "status": states.pop(0), "message": "no cells"}))

    result = {"asset": {"value": {"href": server.url_for("/store/cut.nc")}}}
    server.expect_request(f"{path}/processes/{ERA5.options['process']}/execution", method="POST").respond_with_handler(
        take
    )
    server.expect_request(f"{path}/jobs/abc-1").respond_with_handler(state)
    server.expect_request(f"{path}/jobs/abc-1/results").respond_with_json(result)


def test_an_order_is_posted_waited_for_and_fetched(ordering: Any) -> None:
    _, order, server = ordering
    asked: list[Any] = []
    accepting(server, ["accepted", "running", "successful"], asked)

    def file(request: Request) -> Response:
        assert "PRIVATE-TOKEN" not in request.headers  # the key is for the store alone
        return Response(b"CDF bytes")

    server.expect_request("/store/cut.nc").respond_with_handler(file)
    assert order() == b"CDF bytes"
    (inputs,) = (one["inputs"] for one in asked)
    assert inputs["variable"][:2] == ["2m_temperature", "sea_surface_temperature"] and inputs["area"] == [
        52.5,
        41.0,
        31.0,
        60.0,
    ]
    assert inputs["data_format"] == "netcdf" and inputs["month"][0] == "01" and inputs["year"] == ["2026"]


def test_an_order_that_fails_says_so(ordering: Any) -> None:
    _, order, server = ordering
    accepting(server, ["running", "failed"])
    with pytest.raises(Unreachable, match="ended as failed: no cells"):
        order()


def test_an_order_that_is_not_done_in_time_is_left(ordering: Any) -> None:
    _, order, server = ordering
    accepting(server, ["running"] * 50)
    with pytest.raises(Unreachable, match="not done yet"):
        order(seconds=2.5)


def test_a_licence_that_was_not_accepted_is_explained(ordering: Any) -> None:
    _, order, server = ordering
    server.expect_request(f"/api/retrieve/v1/processes/{ERA5.options['process']}/execution").respond_with_json(
        {"title": "required licences not accepted"}, status=403
    )
    with pytest.raises(RefusedAnswer) as refused:
        order()
    assert "manage-licences" in refused.value.remedy and "CASPIAN_ENV_CDS_KEY" in refused.value.remedy
    assert ERA5.options["process"] in refused.value.remedy and KEY not in str(refused.value)


def test_without_a_key_it_is_skipped_and_says_how_to_get_one(tmp_path: Path) -> None:
    with open_platform(Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'x.db'}")) as platform:
        for dataset in (ERA5, LAND, GLOFAS):
            skipped = ingest(platform, dataset).skipped
            assert dataset.key is not None and f"CASPIAN_ENV_{dataset.key.setting}" in skipped


# ── the zarr store ───────────────────────────────────────────────────────────────────────────────────────────────────


def store_of(folder: Path, hours: int = 24 * 4 + 1, empty: slice | None = None) -> xr.Dataset:
    """Encoded: a small store of the real layout, one hour of the globe a chunk, longitudes from 0, latitudes from the north."""
    time = np.datetime64("2026-05-01", "ns") + np.arange(hours) * np.timedelta64(1, "h")
    latitude, longitude = np.arange(90, -91, -2.0, dtype="float32"), np.arange(0, 360, 2.0, dtype="float32")
    hour = np.arange(hours, dtype="float32")[:, np.newaxis, np.newaxis]
    north = latitude[np.newaxis, :, np.newaxis] + 0 * longitude
    fields = {"2m_temperature": (290.0 + 0.1 * north + 0 * hour, "K"), "mean_sea_level_pressure": (101000 + hour, "Pa"),
              "sea_surface_temperature": (285.0 + 0 * hour, "K"), "total_precipitation": (0.001 * hour / hours, "m"),
              "evaporation": (-0.0001 + 0 * hour, "m")}  # fmt: skip
    shape = (hours, latitude.size, longitude.size)
    ds = xr.Dataset(coords={"time": time, "latitude": latitude, "longitude": longitude})
    for name, (values, units) in fields.items():
        full = np.broadcast_to(values, shape).astype("float32").copy()
        if empty is not None:
            full[empty] = np.nan
        if name == "sea_surface_temperature":
            full[:, ~wet(latitude, longitude)] = np.nan
        ds[name] = (("time", "latitude", "longitude"), full, {"units": units})
    ds.attrs = {
        "valid_time_start": "1940-01-01",
        "valid_time_stop": "2026-05-01",
        "valid_time_stop_era5t": "2026-05-04",
    }
    chunks = {name: {"chunks": (1, *shape[1:])} for name in fields}
    encoding = {"time": {"units": "hours since 1900-01-01", "dtype": "int64"}, **chunks}
    ds.to_zarr(folder, zarr_format=2, consolidated=True, encoding=encoding)
    return ds


def pages(folder: Path) -> Any:
    class Pages:
        def document(self, path: str, *, form: Any = None) -> Document:
            return Document("https://example.org/", (folder / path.rsplit("/", 1)[1]).read_text(encoding="utf-8"))

    return Pages()


def test_a_piece_is_what_zarr_itself_reads(tmp_path: Path) -> None:
    ds = store_of(tmp_path / "store")
    arrays, attrs = arrays_of((tmp_path / "store" / ".zmetadata").read_text(encoding="utf-8"), "x")
    assert attrs["valid_time_stop"] == "2026-05-01"

    def get(key: str) -> bytes | None:
        file = tmp_path / "store" / key
        return file.read_bytes() if file.exists() else None

    wanted = (slice(3, 30), slice(19, 30), slice(20, 31))
    found = piece(arrays["2m_temperature"], wanted, get, "x")
    np.testing.assert_array_equal(found, ds["2m_temperature"][wanted].to_numpy())
    (tmp_path / "store" / "2m_temperature" / "5.0.0").write_bytes(b"rubbish")
    with pytest.raises(BadGranule, match=r"the chunk 2m_temperature/5\.0\.0 is damaged"):
        piece(arrays["2m_temperature"], wanted, get, "x")
    (tmp_path / "store" / "2m_temperature" / "5.0.0").unlink()
    assert np.isnan(piece(arrays["2m_temperature"], wanted, get, "x")[2]).all()  # a chunk that is not there is fill


def test_days_are_listed_as_far_as_the_store_reaches(tmp_path: Path) -> None:
    store_of(tmp_path / "store", hours=25)
    found = list(arco_era5.list_granules(Window.parse("2026-04-30/2026-06-01"), pages(tmp_path / "store")))
    assert [(f"{ref.window.start:%m-%d}", ref.status) for ref in found if ref.window] == [
        ("04-30", "final"), ("05-01", "final"), ("05-02", "preliminary"), ("05-03", "preliminary"),
    ]  # fmt: skip


def test_a_day_comes_from_the_store_over_http(tmp_path: Path, database_url: str, httpserver: HTTPServer) -> None:
    folder = tmp_path / "store"
    ds = store_of(folder)
    served: list[str] = []

    def serve(request: Request) -> Response:
        key = request.path.partition("zarr-v3/")[2]
        served.append(key)
        file = folder / key
        return Response(file.read_bytes()) if file.is_file() else Response("no", 404)

    httpserver.expect_request(re.compile(r"/ar/.*")).respond_with_handler(serve)
    settings = Settings(home=tmp_path / "home", database_url=database_url)
    with open_platform(settings) as platform:
        seed(platform)
        dataset = replace(platform.seeds.datasets["arco_era5"], hosts=(httpserver.url_for("/"),))
        outcome = ingest(platform, dataset, window=Window.parse("2026-05-01/2026-05-03"))
        assert (outcome.fetched, outcome.problems) == (2, [])
        again = ingest(platform, dataset, window=Window.parse("2026-05-01/2026-05-03"))
        assert (again.written, again.unchanged) == (0, 2)
        rows = rows_of(platform.catalog, "arco_era5")
    # Only the hours of the days, and only of the variables wanted.
    assert {key for key in served if key.startswith("evaporation/")} == {f"evaporation/{n}.0.0" for n in range(49)}
    sea = {(r.variable, r.time.day): r for r in rows if r.location == "caspian_sea"}
    assert sea["air_pressure_at_mean_sea_level", 1].value == pytest.approx((101000 + np.mean(range(24))) / 100)
    rain = ds["total_precipitation"].isel(latitude=0, longitude=0).to_numpy()
    assert sea["lwe_thickness_of_precipitation_amount", 2].value == pytest.approx(rain[25:49].sum() * 1000, rel=1e-5)
    assert sea["lwe_thickness_of_evaporation_amount", 1].value == pytest.approx(-2.4, rel=1e-4)
    assert (sea["air_temperature", 1].status, sea["air_temperature", 2].status) == ("final", "preliminary")


def test_an_empty_hour_is_refused(tmp_path: Path) -> None:
    day = store_of(tmp_path / "store", hours=25, empty=slice(10, 12)).sel(
        latitude=slice(52, 31), longitude=slice(41, 60)
    )
    path = tmp_path / "granule"
    day.to_netcdf(path)
    with pytest.raises(BadGranule, match="2m_temperature is empty in 2 of 24 hours of 2026-05-01"):
        arco_era5.read_granule(path)
    day.isel(time=slice(0, 20)).to_netcdf(tmp_path / "short")
    with pytest.raises(BadGranule, match="20 hours and not the 25"):
        arco_era5.read_granule(tmp_path / "short")


@pytest.mark.parametrize("text", ["{}", "no json", '{"metadata": {"a/.zarray": {"zarr_format": 3}}}'])
def test_what_is_no_store(text: str) -> None:
    with pytest.raises(BadGranule, match="no zarr store"):
        arrays_of(text, "x")


def test_a_time_that_the_store_has_not_reached(tmp_path: Path, httpserver: HTTPServer) -> None:
    folder = tmp_path / "store"
    store_of(folder, hours=25)
    httpserver.expect_request(re.compile(r"/ar/.*")).respond_with_handler(
        lambda request: Response((folder / request.path.partition("zarr-v3/")[2]).read_bytes())
    )
    settings = Settings(home=tmp_path / "home", database_url=f"sqlite:///{tmp_path / 'x.db'}")
    with open_platform(settings) as platform:
        dataset = replace(platform.seeds.datasets["arco_era5"], hosts=(httpserver.url_for("/"),))
        found = list(arco_era5.list_granules(Window.parse("2026-05-03/2026-05-04"), pages(folder)))
        with (
            pytest.raises(NotPublished, match="time axis"),
            zarr_piece(platform, dataset, found[0], dataset.hosts[0] + found[0].path, 60),
        ):
            pass
