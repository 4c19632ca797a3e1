"""ERDDAP: asked by what it says about itself, understood when it fails, and left for another server."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule, TransportError, Unreachable
from caspian_env.formats.erddap import Box, product_at, spans
from caspian_env.model import Dataset, GranuleRef, Window
from caspian_env.seeds import load_datasets, load_locations
from caspian_env.settings import Settings
from caspian_env.transport import Transport
from caspian_env.wiring import source_of
from caspian_env.workflows.ingest import ingest
from tests.sources.conftest import rows_of
from tests.sources.erddap.conftest import AUGUST, GARBLED, OUTAGE, Proxy, live, moved
from tests.sources.erddap.server import products, warm
from tests.sources.independent import mean_by_points

CORAL, MUR, CHLOROPHYLL = "noaa_coraltemp_v3_1", "jpl_mur_v4_1", "noaa_viirs_chlorophyll_dineof"
NOWHERE = "http://127.0.0.1:9/erddap/griddap/"  # the discard port: nobody answers


def listed(dataset: Dataset, window: Window, tmp_path: Path) -> list[GranuleRef]:
    with Transport(Settings(home=tmp_path, database_url="sqlite://"), sleep=lambda seconds: None) as transport:
        return list(source_of(dataset).list_granules(window, transport.bound(dataset.hosts)))


def test_the_order_of_the_axes_is_that_of_the_server(erddap: str, tmp_path: Path) -> None:
    (ref, *_) = listed(moved(CHLOROPHYLL, [erddap]), AUGUST, tmp_path)
    assert ref.path == (
        "noaacwNPPN20VIIRSDINEOFDaily.nc?chlor_a%5B(2026-08-01T12:00:00Z):1:(2026-08-01T12:00:00Z)%5D%5B0:1:0%5D"
        "%5B(48):1:(36)%5D%5B(46):1:(56)%5D"
    )
    assert (ref.base, ref.protocol, ref.status) == (erddap, "griddap", "final")


def test_latitudes_go_the_way_of_the_axis_and_a_window_is_clipped_to_it(erddap: str, tmp_path: Path) -> None:
    with Transport(Settings(home=tmp_path, database_url="sqlite://")) as transport:
        http = transport.bound([erddap])
        coral = product_at(http, erddap, "dhw_5km", "CRW_SST")
        assert coral.axes == (("time", 5), ("latitude", 32), ("longitude", 28))
        assert spans(http, coral, Box(46, 99, 36, 48)) == {"latitude": "[(48):1:(36)]", "longitude": "[(46):1:(57.75)]"}
        mur = product_at(http, erddap, "jplMURSST41", "analysed_sst")
        assert spans(http, mur, Box(46, 56, 0, 48, 5))["latitude"] == "[(34.025):5:(48)]"
        with pytest.raises(TransportError, match="does not reach"):
            spans(http, mur, Box(0, 10, 36, 48))


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2026-08-02", "2026-08-06", [2, 3, 5]),  # the fourth does not exist and is not replaced by its neighbour
        ("2020-01-01", "2026-08-03", [1, 2]),
        ("2026-08-06", "2027-01-01", [6]),
        ("2026-08-06T13:00", "2027-01-01", []),
        ("2020-01-01", "2021-01-01", []),
    ],
)
def test_the_window_is_clipped_to_the_moments_that_exist(
    erddap: str, tmp_path: Path, start: str, end: str, found: list[int]
) -> None:
    window = Window(*(datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (start, end)))
    refs = listed(moved(CORAL, [erddap]), window, tmp_path)
    assert [ref.window.start.day for ref in refs if ref.window] == found


def test_the_newest_days_of_a_product_that_settles_are_preliminary(erddap: str, tmp_path: Path) -> None:
    window = Window(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC))
    refs = listed(moved(MUR, [erddap]), window, tmp_path)
    assert [ref.status for ref in refs] == ["final"] * 5 + ["preliminary"] * 7


@pytest.mark.parametrize(("dataset_id", "product"), [(CORAL, "dhw_5km"), (MUR, "jplMURSST41")])
def test_values_of_a_day_reach_the_catalog(
    erddap: str, database_url: str, tmp_path: Path, dataset_id: str, product: str
) -> None:
    dataset = moved(dataset_id, [erddap])
    with live(tmp_path / "home", database_url) as platform:
        first = ingest(platform, dataset, window=AUGUST)
        assert (first.status, first.fetched, first.first) == ("ok", 3, 12), first.problems
        again = ingest(platform, dataset, window=AUGUST)
        assert (again.status, again.written) == ("ok", 0), again.problems
        rows = rows_of(platform.catalog, dataset_id)
    given = products()[product][dataset.variables[0].name].isel(time=0)
    stride = int(dataset.options.get("stride", 1))
    taken = given.sortby("latitude").sel(latitude=slice(36, 48), longitude=slice(46, 56))
    taken = taken.isel(latitude=slice(None, None, stride), longitude=slice(None, None, stride))
    for row in rows:
        if row.time.day == 1:
            geometry = load_locations()[row.location].geometry
            assert geometry is not None
            lat, lon = taken["latitude"].to_numpy(), taken["longitude"].to_numpy()
            mean, _ = mean_by_points(taken.to_numpy(), lat, lon, geometry)
            assert row.value == pytest.approx(mean, abs=0.02), row.location
            assert (row.unit, row.qc_flag in (1, 2, 3)) == ("degree_Celsius", True)


def test_chlorophyll_is_averaged_both_ways_and_is_an_estimate(erddap: str, database_url: str, tmp_path: Path) -> None:
    with live(tmp_path / "home", database_url) as platform:
        outcome = ingest(platform, moved(CHLOROPHYLL, [erddap]), window=AUGUST)
        assert outcome.status == "ok", outcome.problems
        rows = rows_of(platform.catalog, CHLOROPHYLL)
    assert {row.status for row in rows} == {"estimated"}
    by_name = {row.variable: row.value for row in rows if row.location == "caspian_sea" and row.time.day == 2}
    plain = by_name["mass_concentration_of_chlorophyll_a_in_sea_water"]
    geometric = 10 ** by_name["common_logarithm_of_mass_concentration_of_chlorophyll_a_in_sea_water"]
    assert 0 < geometric < plain < 1.1 * geometric


@pytest.mark.parametrize("fault", ["reload", "html"])
def test_a_server_that_does_not_serve_is_left_for_the_next(
    erddap: str, proxy: Proxy, tmp_path: Path, fault: str
) -> None:
    proxy.faults = [("", fault)]
    refs = listed(moved(CORAL, [NOWHERE, proxy.base, erddap]), AUGUST, tmp_path)
    assert {ref.base for ref in refs} == {erddap}
    assert len(proxy.asked) == 1


def test_an_unknown_dataset_may_be_known_again_later(proxy: Proxy, tmp_path: Path) -> None:
    proxy.faults = [("", "reload")]
    with pytest.raises(Unreachable, match="retired, or the server is loading") as failure:
        listed(moved(CORAL, [proxy.base]), AUGUST, tmp_path)
    assert failure.value.transient


def test_a_moved_dataset_is_followed(proxy: Proxy, database_url: str, tmp_path: Path) -> None:
    proxy.faults = [("", "redirect")]
    with live(tmp_path / "home", database_url) as platform:
        outcome = ingest(platform, moved(CORAL, [proxy.base]), window=AUGUST)
    assert (outcome.status, outcome.fetched) == ("ok", 3), outcome.problems


@pytest.mark.parametrize(
    ("faults", "problem"),
    [
        ([(".nc", "garbled")], "not published"),  # the dataset is known, so nothing is there
        ([(".nc", "reload"), (".dds", "reload")], "retired, or the server is loading"),
        ([(".nc", "html")], "something else than netCDF"),
        ([(".nc", "truncated")], "received .* bytes, expected"),
    ],
)
def test_a_piece_that_fails_is_told_apart_and_stored_nowhere(
    proxy: Proxy, tmp_path: Path, faults: list[tuple[str, str]], problem: str
) -> None:
    dataset = moved(CORAL, [proxy.base])
    one_day = Window(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 8, 2, tzinfo=UTC))
    with live(tmp_path / "home", f"sqlite:///{tmp_path / 'caspian.db'}") as platform:
        refs = listed(dataset, one_day, tmp_path)
        assert len(refs) == 1

        def spoil(ref: GranuleRef) -> bool:
            proxy.faults = faults  # after the listing
            return True

        outcome = ingest(platform, dataset, window=one_day, wanted=spoil)
        assert (outcome.status, outcome.fetched, outcome.rejected) == ("failed", 0, 0)
        (told,) = outcome.problems
        assert re.search(problem, told), told
        proxy.faults = []
        assert ingest(platform, dataset, window=one_day).status == "ok"


def test_a_piece_is_taken_from_the_next_server(erddap: str, proxy: Proxy, tmp_path: Path) -> None:
    proxy.faults = [(".nc", "html")]
    with live(tmp_path / "home", f"sqlite:///{tmp_path / 'caspian.db'}") as platform:
        outcome = ingest(platform, moved(MUR, [proxy.base, erddap]), window=AUGUST)
    assert (outcome.status, outcome.fetched) == ("ok", 3), outcome.problems


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "empty"), (OUTAGE, "an HTML page"), (GARBLED, "text in place"), (b"CDF\x01\0\0", "damaged")],
)
def test_bytes_that_are_no_piece_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "granule").write_bytes(content)
    with pytest.raises(BadGranule, match=problem):
        source_of(load_datasets()[MUR]).read_granule(tmp_path / "granule")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda made: made.rename(analysed_sst="sst"), "only sst"),
        (lambda made: made.where(False), "only fill values"),
        (lambda made: made.isel(time=[0, 1]), "no moment of a grid"),
        (lambda made: made.expand_dims(depth=[0.0, 5.0], axis=1), "several levels along depth"),
    ],
)
def test_another_layout_is_refused(tmp_path: Path, change, problem: str) -> None:
    made = products()["jplMURSST41"].isel(latitude=slice(0, 40), longitude=slice(60, 100))
    made = change(made if "moment" in problem else made.isel(time=[0]))
    made.to_netcdf(tmp_path / "granule", engine="scipy", format="NETCDF3_CLASSIC")
    with pytest.raises(BadGranule, match=problem):
        source_of(load_datasets()[MUR]).read_granule(tmp_path / "granule")


def test_another_server_gives_the_same_variable_by_another_name(tmp_path: Path) -> None:
    lat, lon = np.arange(36.25, 48, 0.5), np.arange(46.25, 56, 0.5)
    dims = ("time", "latitude", "longitude")
    made = xr.Dataset(
        {"analysed_sst": (dims, warm(lat, lon)[None], {"units": "degree_C"})},
        {"time": [np.datetime64("2026-08-01T12", "ns")], "latitude": lat, "longitude": lon},
    )
    made.to_netcdf(tmp_path / "granule", engine="scipy", format="NETCDF3_CLASSIC")
    read = source_of(load_datasets()[CORAL]).read_granule(tmp_path / "granule")
    assert list(read.data_vars) == ["CRW_SST"]
    np.testing.assert_allclose(read["CRW_SST"][0], warm(lat, lon))


def test_the_servers_of_the_seeds_are_among_their_hosts() -> None:
    for dataset in load_datasets().values():
        for server in dataset.options.get("servers", ()):
            assert server["base"] in dataset.hosts, dataset.id
