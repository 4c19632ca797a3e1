"""Reading the seeds: what is true, as files in the folder ``seeds``, into the nouns of the model.

Every entry is built by the fields of its dataclass, so a key that no field has, a value of the wrong type or a name
that no other seed defines is an error that names file, entry and key.
"""

from __future__ import annotations

import json
from pathlib import Path

from caspian_env.errors import SeedError
from caspian_env.model import AlertRule, Dataset, Datum, Location, Retention, Variable
from caspian_env.seeds.entries import (
    Entry,
    build,
    by_id,
    check_state,
    csv_rows,
    entries,
    known_keys,
    mapping,
    refer,
    refer_all,
    text_rows,
    themed,
    whole_words,
)
from caspian_env.seeds.local import told_to_its_reader
from caspian_env.settings import data_folder

_JUDGED_BY = {
    "stale_source": ("states",), "failed_run": ("states",), "partial_run": (), "revision": ("times_uncertainty",),
    "edition": (), "threshold": ("indicator", "location", "above or below", "source"),
}  # fmt: skip
AWAITED = "awaited_regions.csv"  # regions by name, whose outline an institute adds
POINTS = ("stations.csv", "countries.csv")
_TABLES = (*POINTS, AWAITED)


def load_variables(folder: Path | None = None) -> dict[str, Variable]:
    """The quantities of ``variables.yaml`` by id; SeedError names what is wrong."""
    return by_id("variables.yaml", (build(Variable, e, w) for e, w in entries(_folder(folder), "variables.yaml")))


def load_datums(folder: Path | None = None) -> dict[str, Datum]:
    """The vertical datums of ``datums.csv`` by id; SeedError names what is wrong."""
    return by_id("datums.csv", (build(Datum, e, w) for e, w in csv_rows(_folder(folder), "datums.csv", Datum)))


def load_locations(folder: Path | None = None) -> dict[str, Location]:
    """The places of ``stations.csv``, ``countries.csv`` and ``regions.yaml`` by id, regions with their polygon.

    Those of ``awaited_regions.csv`` are regions without one until an institute adds it.

    Raises
    ------
    SeedError
        When an entry is wrong, a polygon is missing, or an id stands twice.
    """
    folder = _folder(folder)
    points = [build(Location, e, w) for name in _TABLES for e, w in csv_rows(folder, name, Location)]
    regions = [_region(folder, entry, where) for entry, where in entries(folder, "regions.yaml")]
    return by_id(f"{', '.join(_TABLES)} and regions.yaml", iter([*regions, *points]))


def load_datasets(folder: Path | None = None) -> dict[str, Dataset]:
    """The datasets of ``datasets/THEME.yaml`` by id; every variable, datum and location they name exists.

    Raises
    ------
    SeedError
        When an entry is wrong or names something that no seed defines.
    """
    folder = _folder(folder)
    known = {
        "variables": set(load_variables(folder)), "datums": set(load_datums(folder)), "locations": _places(folder),
    }  # fmt: skip
    datasets = []
    for entry, where, theme in themed(folder, "datasets"):
        dataset = told_to_its_reader(build(Dataset, {"theme": theme, **mapping(entry, where)}, where))
        refer_all(dataset, where, **known)
        datasets.append((dataset, where))
    found = by_id("datasets", (dataset for dataset, _ in datasets))
    for dataset, where in datasets:
        check_state(dataset, where, set(found))
    return found


def load_alert_rules(folder: Path | None = None) -> dict[str, AlertRule]:
    """The rules of ``alerts.yaml`` by id; SeedError names what is wrong."""
    rules = [(build(AlertRule, e, w), w) for e, w in entries(_folder(folder), "alerts.yaml")]
    for rule, where in rules:
        refer(rule.kind, set(_JUDGED_BY), where, "kind")
        refer(rule.severity, {"note", "warning", "critical"}, where, "severity")
        for names in _JUDGED_BY[rule.kind]:
            if not any(getattr(rule, name) not in (None, (), "") for name in names.split(" or ")):
                raise SeedError(where, f"a rule of this kind needs {names}", "add it")
    return by_id("alerts.yaml", (rule for rule, _ in rules))


def load_retention(folder: Path | None = None) -> Retention:
    """The written policy of ``retention.yaml``; SeedError names what is wrong."""
    found = [build(Retention, e, w) for e, w in entries(_folder(folder), "retention.yaml")]
    if len(found) != 1 or min(found[0].rejected_days, found[0].unnamed_days, found[0].temporary_hours // 24) < 1:
        raise SeedError("retention.yaml", "is not one policy of a day at the least", "mend the file")
    return found[0]


# ── from entries to nouns ────────────────────────────────────────────────────────────────────────────────────────────


def load_reports(folder: Path | None = None) -> dict[str, Entry]:
    """The report definitions of ``reports.yaml`` by id; SeedError names what is wrong."""
    known = {"id", "title", "audience", "languages", "rows", "headlines", "sections"}
    found = [(known_keys(e, known, w), w) for e, w in entries(_folder(folder), "reports.yaml")]
    for entry, where in found:
        whole_words(entry, where)
    return {str(entry["id"]): entry for entry, _ in found}


def _region(folder: Path, entry: Entry, where: str) -> Location:
    entry = dict(known_keys(entry, {"id", "title", "kind", "source", "area_km2", "geojson"}, where))
    name = str(entry.pop("geojson", None) or f"regions/{entry.get('id')}.geojson")
    path = folder / name if (folder / name).is_file() else folder / "regions" / name
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        feature = content["features"][0] if content["type"] == "FeatureCollection" else content
        geometry = feature["geometry"] if feature["type"] == "Feature" else feature
        if geometry["type"] not in ("Polygon", "MultiPolygon"):
            raise SeedError(where, f"geojson: {name} holds a {geometry['type']}", "a region is a polygon")
    except OSError as error:
        raise SeedError(where, f"geojson: {name} cannot be read", "add the polygon") from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise SeedError(where, f"geojson: {name} is not GeoJSON ({error!r})", "mend the file") from error
    return build(Location, {**entry, "geometry": geometry}, where)


def _places(folder: Path) -> set[str]:
    tables = [row for name in _TABLES for row in csv_rows(folder, name, Location)]
    rows = [*tables, *entries(folder, "regions.yaml")]
    return {str(entry.get("id")) for entry, _ in rows}


def _folder(folder: Path | None) -> Path:
    return data_folder("seeds") if folder is None else folder


def load_uncovered(folder: Path | None = None) -> list[dict[str, str]]:
    """Addresses that no dataset reads, by the rows of ``not_covered.csv``.

    Each row has the columns pattern, what it is, since when, what is read instead, and the reason; an unknown cell is ''.

    Raises
    ------
    SeedError
        When the table cannot be read or a row has another number of cells.
    """
    return [row for row, _ in text_rows(folder or data_folder("seeds"), "not_covered.csv")]
