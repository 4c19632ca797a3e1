"""Regions of the institute: adding a polygon, and the means of a cube over it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import SeedError, SettingsError, nearest_of
from caspian_env.formats.disk import writing
from caspian_env.processing.regions import geometry_area_km2
from caspian_env.processing.zonal import zonal_mean
from caspian_env.seeds.own_regions import FOLDER, averaged_over, feature_of
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, load_seeds
from caspian_env.workflows.cube import open_cube
from caspian_env.workflows.weights import weights_of

if TYPE_CHECKING:
    import xarray as xr

REMOVED = ".geojson.removed"  # what the outline of a region that was removed ends in
_ID = re.compile(r"[a-z][a-z0-9_]{1,40}")


def add_region(
    settings: Settings, file: Path, *, name: str | None = None, title: str = "", source: str = "",
    datasets: Sequence[str] = (),
) -> Path:  # fmt: skip
    """Put a polygon among the institute's own regions, and return where it lies now.

    Parameters
    ----------
    file : Path
        GeoJSON with one polygon or multipolygon, degrees east and north.
    name : str, optional
        Its id; the name of the file by default.
    datasets : sequence of str
        Gridded datasets that are averaged over it from the next collection on.

    Raises
    ------
    SeedError
        When the file holds no valid polygon, the id is no id or is taken, or a dataset has no grid.
    """
    name = name or file.stem.lower().replace("-", "_").replace(" ", "_")
    if not _ID.fullmatch(name):
        raise SeedError(name, "is no id", "name it with --id, in small Latin letters, digits and underscores")
    seeds = load_seeds(own=settings.own_files)
    taken = seeds.locations.get(name)
    if taken is not None and not taken.awaits_outline:
        own = settings.own_files / FOLDER / f"{name}.geojson"
        remedy = "choose another; the institute's name makes a good prefix"
        if own.exists():  # values over the old outline would stand beside those over the new one under one name
            remedy = (
                f"a new outline is a new region, with another id; caspian-env region remove {name} takes {own} away"
            )
        raise SeedError(name, "the id is taken", remedy)
    if (old := settings.own_files / FOLDER / f"{name}{REMOVED}").exists():
        raise SeedError(
            name, "was removed, and what was computed over it stays", f"choose another id; its outline is {old}"
        )
    averaged_over(seeds.datasets, name, tuple(datasets))
    feature = feature_of(file, str(file))
    given = feature.get("properties") or {}
    properties = {
        "title": title or str(given.get("title") or (taken.title if taken else given.get("name")) or name),
        "source": source or str(given.get("source") or f"{file.name}, added by hand"),
        "area_km2": round(geometry_area_km2(feature["geometry"]), 1),
        "datasets": list(datasets),
    }
    target = settings.own_files / FOLDER / f"{name}.geojson"
    text = json.dumps(
        {"type": "Feature", "properties": properties, "geometry": feature["geometry"]}, ensure_ascii=False
    )
    with writing(target.parent, "a region"):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.with_suffix(".part").write_text(text + "\n", encoding="utf-8")
        target.with_suffix(".part").replace(target)
    return target


def remove_region(settings: Settings, name: str) -> Path:
    """Take a polygon of the institute out of use; its outline is kept beside under another name, which is returned.

    Values over it stay in the catalog, so that its id is not taken again: two outlines would stand under one name.

    Raises
    ------
    SeedError
        When the institute has no such region.
    """
    folder = settings.own_files / FOLDER
    file = folder / f"{name}.geojson"
    if not _ID.fullmatch(name) or not file.is_file():
        own = ", ".join(sorted(path.stem for path in folder.glob("*.geojson"))) or "none"
        raise SeedError(name, "is no region of the institute's own", f"its own are: {own}; those of the seeds stay")
    kept = folder / f"{name}{REMOVED}"
    with writing(folder, "a region"):
        file.replace(kept)
    return kept


def reach_of(file: Path) -> str:
    """How far a polygon of the institute reaches and how large it is, in words: latitude before longitude shows there."""
    feature = feature_of(file, str(file))
    corners = list(_corners(feature["geometry"]["coordinates"]))
    (west, east), (south, north) = ((min(axis), max(axis)) for axis in zip(*corners, strict=True))
    area = feature["properties"]["area_km2"]
    return f"from {west:g} to {east:g} E and from {south:g} to {north:g} N, {area:.0f} km2"


def _corners(rings: Any) -> Iterator[tuple[float, float]]:
    if isinstance(rings[0], int | float):
        yield rings[0], rings[1]
        return
    for ring in rings:
        yield from _corners(ring)


def region_means(
    platform: Platform, dataset: str, region: str, *, variable: str | None = None, as_of: datetime | None = None
) -> xr.DataArray:
    """The area mean of a cube over a region at every time, (time), as the cube is known now or was known.

    Raises
    ------
    SettingsError
        When there is no such region or variable.
    CatalogError
        When there is no cube.
    """
    place = platform.seeds.locations.get(region)
    if place is None or place.geometry is None:
        known = [name for name, one in platform.seeds.locations.items() if one.geometry]
        raise SettingsError(region, "is no region", nearest_of([region], known, "caspian-env region"))
    with open_cube(platform, dataset, as_of) as cube:
        names = [str(name) for name in cube.data_vars if cube[name].dims == ("time", "latitude", "longitude")]
        name = variable or names[0]
        if name not in names:
            raise SettingsError(name, f"is no variable of the cube of {dataset}", f"it has {', '.join(names)}")
        return zonal_mean(cube[name], weights_of(platform).of(region, cube))
