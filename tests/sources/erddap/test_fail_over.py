"""OISST and ETOPO where their first host does not answer: another server, another layout, the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule, TransportError
from caspian_env.model import Dataset, Window
from caspian_env.processing.conform import conform, cut, grid_fingerprint
from caspian_env.seeds import load_datasets, load_locations
from caspian_env.settings import Settings
from caspian_env.sources import noaa_etopo_2022 as etopo
from caspian_env.sources import noaa_oisst_v2_1 as oisst
from caspian_env.transport import Transport
from caspian_env.wiring import open_platform
from caspian_env.workflows.cube import build_cubes, open_cube
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.observe import STUDY_AREA
from caspian_env.workflows.seed import seed
from tests.mirror_server import serving
from tests.sources.conftest import rows_of
from tests.sources.erddap.conftest import AUGUST, Proxy, live, moved
from tests.sources.erddap.server import products
from tests.sources.independent import mean_by_points
from tests.sources.test_noaa_oisst_v2_1 import PACKED, TIME, day

OISST, ETOPO = "noaa_oisst_v2_1", "noaa_etopo_2022"
NOWHERE = "http://127.0.0.1:9/"  # the discard port: nobody answers
ONE_DAY = Window(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 8, 2, tzinfo=UTC))


def oisst_at(base: str, *folders: str) -> Dataset:
    """OISST with its folders and its stand-in at these addresses; the promise of cells is for the real sea."""
    dataset = load_datasets()[OISST]
    servers = [{**server, "base": base} for server in dataset.options["erddap"]]
    return replace(dataset, hosts=folders, options={"erddap": servers}, finite_cells={})


def final_file(path: Path, value_shift: float = 0.0) -> None:
    """The first day of the server's product as the folders publish it: netCDF-4, packed, global longitudes."""
    made = products()["ncdcOisst21Agg_LonPM180"].isel(time=[0]).rename(latitude="lat", longitude="lon")
    made = (made + value_shift).assign_attrs(product_version="Version v02r01")
    for name, given in (("sst", "Celsius"), ("err", "Celsius"), ("ice", "%"), ("anom", "Celsius")):
        made[name].attrs["units"] = given
    path.parent.mkdir(parents=True, exist_ok=True)
    made.drop_encoding().to_netcdf(
        path, engine="h5netcdf", encoding={**{str(n): PACKED for n in made.data_vars}, "time": TIME}
    )


def test_a_day_is_got_from_erddap_as_preliminary_and_made_final_by_the_file(
    erddap: str, database_url: str, tmp_path: Path
) -> None:
    with live(tmp_path / "home", database_url) as platform:
        outcome = ingest(platform, oisst_at(erddap, f"{NOWHERE}avhrr/"), window=AUGUST)
        assert (outcome.status, outcome.fetched, outcome.first) == ("ok", 3, 12), outcome.problems
        stand_in = rows_of(platform.catalog, OISST)
        assert {row.status for row in stand_in} == {"preliminary"}
        assert {row.std_uncertainty for row in stand_in} == {0.25}
        final_file(tmp_path / "avhrr" / "202608" / day("20260801"))
        with serving(tmp_path) as folders:
            outcome = ingest(platform, oisst_at(erddap, f"{folders.url}/avhrr/"), window=ONE_DAY)
        assert (outcome.status, outcome.revised) == ("ok", 4), outcome.problems
        after = {(row.location, row.time.day): row for row in rows_of(platform.catalog, OISST)}
        for row in stand_in:
            assert after[row.location, row.time.day].value == pytest.approx(row.value, abs=0.01)
        assert {status for (_, number), r in after.items() if number == 1 for status in [r.status]} == {"final"}
        # The stand-in never takes the place of a final value again.
        outcome = ingest(platform, oisst_at(erddap, f"{NOWHERE}avhrr/"), window=AUGUST)
        assert (outcome.status, outcome.written) == ("ok", 0), outcome.problems
        assert {row.status for row in rows_of(platform.catalog, OISST) if row.time.day == 1} == {"final"}


def test_days_of_a_server_that_fails_are_missed(erddap: str, database_url: str, tmp_path: Path) -> None:
    """The servers stand in together, so that what one of them would have had is missing."""
    with live(tmp_path / "home", database_url) as platform:
        dataset = oisst_at(erddap, f"{NOWHERE}avhrr/")
        first, second = dataset.options["erddap"]
        half = replace(dataset, options={"erddap": [first, {**second, "base": NOWHERE}]})
        longer = Window(AUGUST.start, AUGUST.end + timedelta(days=1))
        outcome = ingest(platform, half, window=longer)
        assert (outcome.status, outcome.fetched) == ("partial", 3), outcome.problems
        (problem,) = outcome.problems
        assert problem.startswith(f"the listing broke off after 3 granules: {NOWHERE}")
        assert ingest(platform, half, window=AUGUST).problems == [], "the other has every day of it"


def test_both_layouts_lie_on_one_grid(erddap: str, tmp_path: Path) -> None:
    final_file(tmp_path / "file")
    piece = products()["ncdcOisst21Agg_LonPM180"][["sst", "err", "ice"]].isel(time=[0])
    piece.drop_encoding().to_netcdf(tmp_path / "piece", engine="scipy", format="NETCDF3_CLASSIC")
    file, cut_out = (cut(conform(oisst.read_granule(tmp_path / name)), *STUDY_AREA) for name in ("file", "piece"))
    assert grid_fingerprint(file) == grid_fingerprint(cut_out)
    np.testing.assert_allclose(file["sst"], cut_out["sst"], atol=0.006)
    assert cut_out["ice"].attrs["units"] == "1"
    assert cut_out.attrs["product_version"] == "Version v02r01"


def test_a_stand_in_of_another_version_is_refused(tmp_path: Path) -> None:
    piece = products()["ncdcOisst21Agg_LonPM180"][["sst"]].isel(time=[0]).assign_attrs(title="OISST, version 3")
    piece.drop_encoding().to_netcdf(tmp_path / "piece", engine="scipy", format="NETCDF3_CLASSIC")
    with pytest.raises(BadGranule, match="version 'unknown'"):
        oisst.read_granule(tmp_path / "piece")


def test_without_any_server_the_folders_failure_is_told(proxy: Proxy, tmp_path: Path) -> None:
    proxy.faults = [("", "reload")]
    dataset = oisst_at(proxy.base, f"{NOWHERE}avhrr/")
    with (
        Transport(Settings(home=tmp_path, database_url="sqlite://"), sleep=lambda seconds: None) as transport,
        pytest.raises(TransportError, match=r"127\.0\.0\.1:9/avhrr"),
    ):
        list(oisst.list_granules(AUGUST, transport.bound(dataset.hosts), options=dataset.options))
    assert len(proxy.asked) == 2


# ── bathymetry ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_bed_reaches_catalog_and_cube_so_that_hypsometry_can_be_computed(
    erddap: str, database_url: str, tmp_path: Path
) -> None:
    dataset = moved(ETOPO, [erddap], whole=None)
    with live(tmp_path / "home", database_url) as platform:
        outcome = ingest(platform, dataset)
        assert (outcome.status, outcome.first) == ("ok", 10), outcome.problems
        assert ingest(platform, dataset).written == 0
        rows = rows_of(platform.catalog, ETOPO)
        assert {(r.variable, r.datum, r.unit, f"{r.time:%F}") for r in rows} == {
            ("bedrock_altitude", "EGM2008", "m", "2022-01-01")
        }
        assert build_cubes(platform, only=[ETOPO]).status == "ok"
        with open_cube(platform, ETOPO) as cube:
            bed = cube["bedrock_altitude"].isel(time=0).load()
    given = products()["ETOPO_2022_v1_60s"]["z"].sel(latitude=slice(35.99, 48.01), longitude=slice(45.99, 56.01))
    np.testing.assert_array_equal(bed.to_numpy(), given.to_numpy())
    areas = [float((bed < level).sum()) for level in (-900, -500, -100, -29)]
    assert 0 < areas[0] < areas[1] < areas[2] < areas[3]


def test_the_global_file_stands_in_for_the_server(proxy: Proxy, tmp_path: Path) -> None:
    proxy.faults = [("", "reload")]
    dataset = moved(ETOPO, [proxy.base])
    with Transport(Settings(home=tmp_path, database_url="sqlite://")) as transport:
        (ref,) = etopo.list_granules(AUGUST, transport.bound(dataset.hosts), options=dataset.options)
    assert ref.path.endswith("ETOPO_2022_v1_60s_N90W180_surface.nc")
    assert (ref.protocol, ref.base) == ("http", None)


def test_a_mirror_that_holds_the_global_file_alone_gives_the_bed(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "mirror" / str(load_datasets()[ETOPO].options["whole"]).removeprefix("https://")
    path.parent.mkdir(parents=True)
    relief().to_netcdf(path, engine="h5netcdf")
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(tmp_path / "mirror"))
    with open_platform(settings) as platform:
        seed(platform)
        outcome = ingest(platform, platform.seeds.datasets[ETOPO])
    assert (outcome.problems, outcome.first) == ([], 10)


def relief(**changed: float) -> xr.Dataset:
    """A relief as the global files have it (lat, lon, z), with the bed, the level or the coverage changed."""
    made = products()["ETOPO_2022_v1_60s"].rename(latitude="lat", longitude="lon")
    if "flat" in changed:
        made["z"] = made["z"].where(made["z"] > -28, changed["flat"])
    if "shallower" in changed:
        made["z"] = made["z"] * changed["shallower"]
    if "north" in changed:
        made = made.where(made["lat"] < changed["north"])
    return made


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (relief(flat=-29.0), "no bed of the Caspian: -29 m at the deepest, 100 % flat"),
        (relief(shallower=0.5), "no bed of the Caspian: -51. m"),
        (relief(north=45.0), "has gaps there"),
        (relief().sel(lat=slice(30, 35)), "does not cover the Caspian"),
        (relief().rename(z="elevation"), "no heights z"),
    ],
)
def test_a_grid_without_the_bed_of_the_sea_is_refused(tmp_path: Path, made: xr.Dataset, problem: str) -> None:
    made.drop_encoding().to_netcdf(tmp_path / "granule", engine="h5netcdf")
    with pytest.raises(BadGranule, match=problem):
        etopo.read_granule(tmp_path / "granule", options={})


def test_the_reader_on_a_real_relief_of_the_same_layout(shared: Callable[..., Path]) -> None:
    """ETOPO1 resampled to 0.1 degree, not ETOPO 2022: no real bytes of that one are at hand."""
    path = shared("geometry", "etopo1_0p1deg.grd")
    bed = cut(conform(etopo.read_granule(path, options={})), *STUDY_AREA)["z"]
    assert float(bed.min()) == -1025
    assert (bed.attrs["vertical_datum"], str(bed["time"].values[0])[:10]) == ("EGM2008", "2022-01-01")
    geometry = load_locations()["caspian_sea"].geometry
    assert geometry is not None
    axes = (bed[name].to_numpy() for name in ("latitude", "longitude"))
    mean, cells = mean_by_points(
        bed.isel(time=0).transpose("latitude", "longitude").to_numpy(), *axes, geometry, points=6
    )
    assert mean == pytest.approx(-216.71, abs=0.5)
    assert cells > 4000


def test_coarse_real_relief_would_be_flat(shared: Callable[..., Path], tmp_path: Path) -> None:
    """The real relief with the sea filled to -29 m, as coarse products have it."""
    with xr.open_dataset(shared("geometry", "etopo1_0p1deg.grd"), engine="netcdf4") as opened:
        made = opened.sel(lat=slice(30, 53), lon=slice(40, 61)).load()
    made["z"] = made["z"].clip(min=-29)
    made.drop_encoding().to_netcdf(tmp_path / "granule", engine="h5netcdf")
    with pytest.raises(BadGranule, match="no bed of the Caspian"):
        etopo.read_granule(tmp_path / "granule", options={})
