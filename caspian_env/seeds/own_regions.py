"""Polygons that an institute adds: ``regions/ID.geojson`` in the folder of its own declarations, a Feature each.

Its properties are ``title``, ``source``, ``area_km2`` and ``datasets``, the gridded datasets that are averaged over it from
the next collection on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from caspian_env.errors import SeedError, nearest_of
from caspian_env.model import Dataset, Location
from caspian_env.seeds.entries import build, known_keys

FOLDER = "regions"
_PROPERTIES = {"title", "source", "area_km2", "datasets"}


def feature_of(path: Path, where: str) -> Mapping[str, Any]:
    """The one Feature of a GeoJSON file, whose geometry is a polygon.

    Raises
    ------
    SeedError
        When the file cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        features = content["features"] if content["type"] == "FeatureCollection" else [content]
        if len(features) != 1:
            raise SeedError(where, f"holds {len(features)} features", "give one polygon or multipolygon a file")
        feature: dict[str, Any] = features[0]
        if feature["type"] in ("Polygon", "MultiPolygon"):
            feature = {"type": "Feature", "properties": {}, "geometry": feature}
        if feature["type"] != "Feature" or feature["geometry"]["type"] not in ("Polygon", "MultiPolygon"):
            raise SeedError(where, "holds no polygon", "a region is a polygon in degrees east and north")
    except OSError as error:
        raise SeedError(where, f"cannot be read: {error}", "name a GeoJSON file") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SeedError(where, f"is not GeoJSON ({error!r})", "mend the file") from error
    return feature


def own_regions(folder: Path) -> dict[str, tuple[Location, tuple[str, ...]]]:
    """The regions of the institute by id, each with the datasets that are averaged over it; SeedError names the file."""
    found = {}
    for path in sorted((folder / FOLDER).glob("*.geojson")):
        where = f"{folder.name}/{FOLDER}/{path.name}"
        feature = feature_of(path, where)
        stated = dict(known_keys(feature.get("properties") or {}, _PROPERTIES, where))
        datasets = tuple(stated.pop("datasets", ()))
        entry = {"id": path.stem, "kind": "region", "geometry": feature["geometry"], **stated}
        found[path.stem] = (build(Location, entry, where), datasets)
    return found


def averaged_over(datasets: Mapping[str, Dataset], region: str, wanted: tuple[str, ...]) -> dict[str, Dataset]:
    """Datasets that are averaged over one more region; SeedError when one of those wanted has no grid."""
    gridded = [one.id for one in datasets.values() if one.kind == "grid"]
    if unknown := [name for name in wanted if name not in gridded]:
        raise SeedError(region, f"{', '.join(unknown)} is no gridded dataset", nearest_of(unknown, gridded))
    return {
        name: replace(one, locations=(*one.locations, region))
        if name in wanted and region not in one.locations
        else one
        for name, one in datasets.items()
    }
