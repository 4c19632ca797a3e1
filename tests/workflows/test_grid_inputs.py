"""An indicator that takes a grid: no data without its cube, made once, again when the relief changes, and verified."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.errors import SeedError
from caspian_env.model import GranuleRef, Window, as_utc
from caspian_env.processing.regions import geometry_area_km2
from caspian_env.reports.model import Figure
from caspian_env.seeds import load_datasets, load_datums
from caspian_env.seeds.indicators import load_indicators
from caspian_env.sources import noaa_etopo_2022
from caspian_env.wiring import Platform
from caspian_env.workflows.arguments import Inputs, as_array
from caspian_env.workflows.compute import compute
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.explain import explain
from caspian_env.workflows.fingerprint import fingerprint_of
from caspian_env.workflows.plan import plan
from caspian_env.workflows.report import fill_report
from caspian_env.workflows.verify import verify
from tests.workflows.synthetic_grids import collected, platform_at

ETOPO, LEVELS = "noaa_etopo_2022", "reported_levels"
AREA = "geom_area_reported"
ADDRESS = (
    "www.ngdc.noaa.gov/thredds/fileServer/global/ETOPO2022/60s/60s_surface_elev_netcdf/"
    "ETOPO_2022_v1_60s_N90W180_surface.nc"
)


def publish(mirror: Path, higher: float = 0.0) -> None:
    """A synthetic bowl in place of the bed, 1000 m deep, on a quarter of a degree."""
    lat, lon = np.arange(34.125, 50, 0.25), np.arange(44.125, 58, 0.25)
    r2 = ((lon[None, :] - 51.0) / 3.0) ** 2 + ((lat[:, None] - 41.8) / 5.5) ** 2
    z = (-1000 + 975 * np.clip(r2, 0, 1.1) + higher).astype("f4")
    made = xr.Dataset({"z": (("lat", "lon"), z, {"units": "meters"})}, {"lat": lat, "lon": lon}, {"title": "SYNTHETIC"})
    target = mirror / ADDRESS
    target.parent.mkdir(parents=True, exist_ok=True)
    made.to_netcdf(target, engine="h5netcdf")


def rows(platform: Platform, location: str = "caspian_sea") -> dict[int, Any]:
    with platform.catalog.read() as connection:
        return {row.period_start.year: row for row in read_indicator(connection, AREA, location_id=location)}


def year(number: int) -> Window:
    return Window.parse(f"{number}-01-01/{number + 1}-01-01")


@pytest.fixture
def collected_once(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    # The mirror holds the whole file and no server that cuts it.
    monkeypatch.setattr(
        noaa_etopo_2022, "list_granules", lambda window, http, options: iter([GranuleRef(path=options["whole"])])
    )
    publish(tmp_path / "mirror")
    (tmp_path / "mirror" / "oceanwatch.pifsc.noaa.gov").mkdir()
    with platform_at(tmp_path / "home", database_url, tmp_path / "mirror", synthetic=False) as platform:
        collected(platform, LEVELS)
        collected(platform, ETOPO)
        yield platform


def test_the_map_of_bare_seabed_has_the_shores_of_its_levels(collected_once: Platform) -> None:
    platform = collected_once
    build_cubes(platform, only=[ETOPO])
    compute(platform, only={"geom_exposed_seabed_1995_reported"})

    def seabed() -> Figure:
        with platform.catalog.read() as connection:
            report = fill_report(connection, platform, "annual")
        return next(figure for figure in report.figures if figure.id == "seabed-map")

    now, before = seabed().shores
    assert (now.when, before.when, before.level) == ("2020", "", -26.62)
    assert now.level == pytest.approx(-28.23)
    for shore in (now, before):
        r2 = [((x - 51.0) / 3.0) ** 2 + ((y - 41.8) / 5.5) ** 2 for line in shore.lines for x, y in line]
        assert max(r2) == pytest.approx((shore.level + 1000) / 975, abs=0.03), "where the bowl has that height"
    west, west_before = (min(x for line in shore.lines for x, _ in line) for shore in (now, before))
    assert west_before < west, "the higher shore lies further out"
    (part,) = (platform.settings.home / "cubes").rglob("*.nc")
    part.unlink()
    assert seabed().shores is None, "without its grid the map says so"


def test_from_no_cube_to_a_changed_relief(collected_once: Platform, tmp_path: Path) -> None:
    platform = collected_once
    waiting = compute(platform, only={AREA})
    assert (waiting.fetched, len(waiting.without_data), waiting.problems) == (0, 9, [])
    assert "no data yet for geom_area_reported at caspian_sea" in waiting.notes[0]
    build_cubes(platform, only=[ETOPO])
    assert (compute(platform, only={AREA}).fetched, compute(platform, only={AREA}).unchanged) == (9, 9)
    before = rows(platform)
    assert sorted(before) == [1900, 1977, 1995, 2020]
    assert before[1977].value < before[2020].value < before[1995].value < before[1900].value
    parts = [rows(platform, place)[1977].value for place in ("north_caspian", "middle_caspian", "south_caspian")]
    assert sum(parts) == pytest.approx(before[1977].value, rel=1e-9)
    publish(tmp_path / "mirror", higher=2.0)
    collected(platform, ETOPO)
    assert compute(platform, only={AREA}).fetched == 0, "the cube still shows the relief of before"
    build_cubes(platform, only=[ETOPO])
    assert compute(platform, only={AREA}).fetched == 9
    assert rows(platform)[1977].value < before[1977].value
    old = explain(platform, AREA, year(1977), location="caspian_sea", as_of=before[1977].known_from)
    assert old.fields["value"] == before[1977].value
    verdict = verify(platform, old)
    assert verdict.verified, verdict.differences


def test_a_value_rests_on_its_level_and_on_the_whole_relief(collected_once: Platform) -> None:
    platform = collected_once
    build_cubes(platform, only=[ETOPO])
    compute(platform, only={AREA})
    explained = explain(platform, AREA, year(1977), location="north_caspian")
    used = {(one.argument, one.location_id): [f"{o.time:%Y}" for o in one.observations] for one in explained.inputs}
    assert used == {
        ("level", "caspian_sea"): ["1977"],
        ("bed", "north_caspian"): ["2022"],
        ("sea", "caspian_sea"): ["2022"],
        ("bay", "kara_bogaz_gol"): ["2022"],
    }
    assert verify(platform, explained).verified
    steps = [step for step in plan(platform, only=[LEVELS]) if step.subject == AREA]
    assert steps == []


def test_cells_carry_area_and_weight(collected_once: Platform) -> None:
    platform = collected_once
    build_cubes(platform, only=[ETOPO])
    with platform.catalog.read() as connection:
        found = Inputs(platform).of(connection, platform.seeds.indicators[AREA], "north_caspian")
    assert found is not None
    bed = as_array(next(argument for argument in found if argument.name == "bed"))
    assert bed.dims == ("time", "latitude", "longitude")
    assert bed.attrs == {"units": "m", "resolution": "P1Y", "datum": "EGM2008"}
    assert set(bed.coords) == {"time", "latitude", "longitude", "area", "weight"}
    cell = bed["area"].sel(latitude=45.125, longitude=50.125, method="nearest")
    edges = np.sin(np.deg2rad([45.0, 45.25]))
    assert float(cell) == pytest.approx(6371.0072**2 * np.deg2rad(0.25) * float(edges[1] - edges[0]), rel=1e-9)
    geometry = platform.seeds.locations["north_caspian"].geometry
    assert geometry is not None
    assert float((bed["area"] * bed["weight"]).sum()) == pytest.approx(geometry_area_km2(geometry), rel=1e-9)


def test_another_outline_is_another_fingerprint(collected_once: Platform) -> None:
    platform = collected_once
    build_cubes(platform, only=[ETOPO])
    indicator = platform.seeds.indicators[AREA]
    moved = json.loads(json.dumps(platform.seeds.locations["caspian_sea"].geometry).replace("50.", "50.0", 1))
    place = replace(platform.seeds.locations["caspian_sea"], geometry=moved)
    seeds = replace(platform.seeds, locations={**platform.seeds.locations, "caspian_sea": place})
    prints = []
    for one in (platform, platform, replace(platform, seeds=seeds)):
        with one.catalog.read() as connection:
            found = Inputs(one).of(connection, indicator, "caspian_sea")
        assert found is not None
        prints.append(fingerprint_of(indicator, found, as_utc(platform.clock())))
    assert prints[0] == prints[1] != prints[2]


def test_each_series_is_read_once(collected_once: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    from caspian_env.workflows import arguments

    read: list[int] = []
    real = arguments.read_values

    def counting(connection: Any, series_id: int, **options: Any) -> Any:
        read.append(series_id)
        return real(connection, series_id, **options)

    platform = collected_once
    build_cubes(platform, only=[ETOPO])
    monkeypatch.setattr(arguments, "read_values", counting)
    outcome = compute(platform)
    assert outcome.fetched > 10
    assert len(read) == len(set(read)) == 11, "the reported levels, and the relief of ten regions"


def test_a_grid_is_asked_of_a_gridded_dataset(tmp_path: Path) -> None:
    entry = {
        "id": "example", "title": "t", "function": "port_margins.depth_change", "method_version": "1", "units": "m",
        "statistic": "s", "parameters": {}, "citation": "c", "decimals": 1, "note": "n",
        "variants": [
            {
                "inputs": {
                    "level": {"dataset": LEVELS, "variable": "water_surface_height_above_reference_datum", "grid": True}
                },
                "locations": ["caspian_sea"],
            }
        ],
    }  # fmt: skip
    with pytest.raises(SeedError, match="reported_levels keeps no grid"):
        load_indicators(load_datasets(), load_datums(), own=[(entry, "example.yaml")])
    entry["variants"][0]["port"] = "nowhere"
    with pytest.raises(SeedError, match="port names 'nowhere'"):
        load_indicators(load_datasets(), load_datums(), own=[(entry, "example.yaml")])
    entry["variants"][0]["port"] = "turkmenbashi"
    with pytest.raises(SeedError, match="is no depth with a zero"):
        load_indicators(load_datasets(), load_datums(), own=[(entry, "example.yaml")])
