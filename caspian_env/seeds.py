"""Reading the seeds: what is true, as files in the folder ``seeds``, into the nouns of the model.

Every entry is built by the fields of its dataclass, so a key that no field has, a value of the wrong type or a name
that no other seed defines is an error that names file, entry and key.
"""

from __future__ import annotations

import csv
import json
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from caspian_env.errors import SeedError
from caspian_env.model import AlertRule, Dataset, Datum, Indicator, IndicatorInput, Location, Retention, Variable
from caspian_env.settings import data_folder

T = TypeVar("T")
Noun = TypeVar("Noun", Variable, Datum, Dataset, Location, Indicator, AlertRule)
Entry = Mapping[str, Any]

_DEFINITION = {
    "id", "title", "function", "method_version", "units", "statistic", "parameters", "citation", "decimals", "note",
    "relative_to_datum", "datum",
}  # fmt: skip
_JUDGED_BY = {
    "stale_source": ("states",), "failed_run": ("states",), "revision": ("times_uncertainty",),
    "threshold": ("indicator", "location", "above or below", "source"),
}  # fmt: skip
POINTS = ("stations.csv", "countries.csv")
_VARIANT = {"suffix", "title", "inputs", "locations", "datum", "parameters", "note"}


def load_variables(folder: Path | None = None) -> dict[str, Variable]:
    """The quantities of ``variables.yaml`` by id; SeedError names what is wrong."""
    return _by_id("variables.yaml", (_build(Variable, e, w) for e, w in _entries(_folder(folder), "variables.yaml")))


def load_datums(folder: Path | None = None) -> dict[str, Datum]:
    """The vertical datums of ``datums.csv`` by id; SeedError names what is wrong."""
    return _by_id("datums.csv", (_build(Datum, e, w) for e, w in _csv_rows(_folder(folder), "datums.csv", Datum)))


def load_locations(folder: Path | None = None) -> dict[str, Location]:
    """The places of ``stations.csv``, ``countries.csv`` and ``regions.yaml`` by id, regions with their polygon.

    Raises
    ------
    SeedError
        When an entry is wrong, a polygon is missing, or an id stands twice.
    """
    folder = _folder(folder)
    points = [_build(Location, e, w) for name in POINTS for e, w in _csv_rows(folder, name, Location)]
    regions = [_region(folder, entry, where) for entry, where in _entries(folder, "regions.yaml")]
    return _by_id(f"{', '.join(POINTS)} and regions.yaml", iter([*regions, *points]))


def load_datasets(folder: Path | None = None) -> dict[str, Dataset]:
    """The datasets of ``datasets/THEME.yaml`` by id; every variable, datum and location they name exists.

    Raises
    ------
    SeedError
        When an entry is wrong or names something that no seed defines.
    """
    folder = _folder(folder)
    known = {"variable": set(load_variables(folder)), "datum": set(load_datums(folder)), "location": _places(folder)}
    datasets = []
    for entry, where, theme in _datasets(folder):
        dataset = _build(Dataset, {"theme": theme, **_mapping(entry, where)}, where)
        for measured in dataset.variables:
            _refer(measured.variable, known["variable"], where, "variables.variable")
            if measured.datum is not None:
                _refer(measured.datum, known["datum"], where, "variables.datum")
        for location in dataset.locations:
            _refer(location, known["location"], where, "locations")
        datasets.append(dataset)
    return _by_id("datasets", iter(datasets))


def load_indicators(folder: Path | None = None) -> dict[str, Indicator]:
    """The variants of ``indicators.yaml`` by id; every series they take is one that a dataset gives.

    A variant's parameters are laid over those of its definition, its note follows the definition's, and its title and
    datum take their place.

    Raises
    ------
    SeedError
        When an entry is wrong, or takes a series that no dataset gives.
    """
    folder = _folder(folder)
    datasets, datums = load_datasets(folder), set(load_datums(folder))
    found = []
    for definition, where in _entries(folder, "indicators.yaml"):
        variants = _known_keys(definition, _DEFINITION | {"variants"}, where).get("variants")
        if not isinstance(variants, list) or not variants:
            raise SeedError(where, "variants is not a list with entries", "give at least one, its suffix may be empty")
        for variant in variants:
            indicator = _variant(definition, variant, where)
            inside = f"{where}: {indicator.id}"
            if indicator.datum is not None:
                _refer(indicator.datum, datums, inside, "datum")
            for taken in indicator.inputs:
                _refer_series(taken, indicator.locations, datasets, inside)
            found.append(indicator)
    return _by_id("indicators.yaml", iter(found))


def load_alert_rules(folder: Path | None = None) -> dict[str, AlertRule]:
    """The rules of ``alerts.yaml`` by id; SeedError names what is wrong."""
    rules = [(_build(AlertRule, e, w), w) for e, w in _entries(_folder(folder), "alerts.yaml")]
    for rule, where in rules:
        _refer(rule.kind, set(_JUDGED_BY), where, "kind")
        _refer(rule.severity, {"note", "warning", "critical"}, where, "severity")
        for names in _JUDGED_BY[rule.kind]:
            if not any(getattr(rule, name) not in (None, (), "") for name in names.split(" or ")):
                raise SeedError(where, f"a rule of this kind needs {names}", "add it")
    return _by_id("alerts.yaml", (rule for rule, _ in rules))


def load_retention(folder: Path | None = None) -> Retention:
    """The written policy of ``retention.yaml``; SeedError names what is wrong."""
    found = [_build(Retention, e, w) for e, w in _entries(_folder(folder), "retention.yaml")]
    if len(found) != 1 or min(found[0].rejected_days, found[0].unnamed_days, found[0].temporary_hours // 24) < 1:
        raise SeedError("retention.yaml", "is not one policy of a day at the least", "mend the file")
    return found[0]


# ── from entries to nouns ────────────────────────────────────────────────────────────────────────────────────────────


def load_reports(folder: Path | None = None) -> dict[str, Entry]:
    """The report definitions of ``reports.yaml`` by id; SeedError names what is wrong."""
    known = {"id", "title", "level", "surface", "headlines", "reference_levels"}
    return {str(e["id"]): _known_keys(e, known, w) for e, w in _entries(_folder(folder), "reports.yaml")}


def _region(folder: Path, entry: Entry, where: str) -> Location:
    entry = dict(_known_keys(entry, {"id", "title", "kind", "source", "area_km2", "geojson"}, where))
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
    return _build(Location, {**entry, "geometry": geometry}, where)


def _variant(definition: Entry, variant: Any, where: str) -> Indicator:
    variant = _known_keys(variant, _VARIANT, f"{where}: a variant")
    suffix, own = variant.get("suffix", ""), dict(variant)
    merged: dict[str, Any] = {key: value for key, value in definition.items() if key != "variants"}
    merged["id"] = f"{merged.get('id')}_{suffix}" if suffix else merged.get("id")
    inside = f"{where}: {merged['id']}"
    for key in ("parameters", "inputs"):
        if not isinstance(own.get(key, {}), dict):
            raise SeedError(inside, f"{key} is not a mapping", "write name: value")
    merged["parameters"] = {**merged.get("parameters", {}), **own.get("parameters", {})}
    merged["note"] = " ".join(filter(None, (merged.get("note"), own.get("note"))))
    merged["inputs"] = [_input(name, given, inside) for name, given in own.get("inputs", {}).items()]
    merged |= {key: own[key] for key in ("title", "locations", "datum") if key in own}
    return _build(Indicator, merged, inside)


def _input(argument: str, given: Any, where: str) -> Entry:
    inside = f"{where}: inputs.{argument}"
    allowed = {f.name for f in fields(IndicatorInput)} - {"argument"}
    return {**_known_keys(given, allowed, inside), "argument": argument}


def _build(noun: type[T], entry: Any, where: str) -> T:
    """An instance of the dataclass, if the entry has its fields and no other, each of its type."""
    dataclass_type: Any = noun
    known: dict[str, Field[Any]] = {f.name: f for f in fields(dataclass_type)}
    hints = get_type_hints(noun)
    entry = _known_keys(entry, set(known), where)
    needed = {n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING}
    if missing := sorted(needed - set(entry)):
        raise SeedError(where, f"has no {', '.join(missing)}", "add it")
    return noun(**{key: _typed(value, hints[key], where, key) for key, value in entry.items()})


def _typed(value: Any, hint: Any, where: str, key: str) -> Any:
    """The value, if it is of the annotated type; lists become tuples and mappings become dataclasses."""
    if get_origin(hint) in (types.UnionType, Union):
        inner = next(arg for arg in get_args(hint) if arg is not type(None))
        return None if value is None else _typed(value, inner, where, key)
    if is_dataclass(hint) and isinstance(hint, type):
        return _build(hint, value, f"{where}: {key}")
    if get_origin(hint) is tuple and isinstance(value, list):
        return tuple(_typed(item, get_args(hint)[0], where, f"{key}[{n}]") for n, item in enumerate(value))
    wanted = get_origin(hint) or hint
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is tuple or not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        name = {"tuple": "list"}.get(wanted.__name__, wanted.__name__)
        raise SeedError(where, f"{key} is {value!r} and not of type {name}", "mend the value; text needs quotes")
    return value


def _refer(name: str, known: set[str], where: str, key: str) -> None:
    if name not in known:
        raise SeedError(where, f"{key} names {name!r}, which no seed defines", f"known: {', '.join(sorted(known))}")


def _refer_series(taken: IndicatorInput, own: tuple[str, ...], datasets: Mapping[str, Dataset], where: str) -> None:
    key = f"inputs.{taken.argument}"
    _refer(taken.dataset, set(datasets), where, f"{key}.dataset")
    dataset = datasets[taken.dataset]
    fitting = [
        measured
        for measured in dataset.variables
        if measured.variable == taken.variable
        and taken.datum in (None, measured.datum)
        and taken.resolution in (None, measured.resolution)
    ]
    if len(fitting) != 1:
        number = "no series" if not fitting else "several series"
        wanted = " ".join(filter(None, (taken.variable, taken.datum, taken.resolution)))
        raise SeedError(where, f"{key}: {taken.dataset} gives {number} {wanted}", "mend variable, datum or resolution")
    for location in (taken.location,) if taken.location else own:
        _refer(location, set(dataset.locations), where, f"{key}: location of {taken.dataset}")


def _datasets(folder: Path) -> Iterator[tuple[Entry, str, str]]:
    """The entries of every file in the folder ``datasets``, each with its place in words and its theme."""
    files = sorted((folder / "datasets").glob("*.yaml"))
    if not files:
        raise SeedError("datasets", f"{folder} has no folder of them", "is the installation complete?")
    for path in files:
        yield from ((entry, where, path.stem) for entry, where in _entries(folder, f"datasets/{path.name}"))


def _places(folder: Path) -> set[str]:
    tables = [row for name in POINTS for row in _csv_rows(folder, name, Location)]
    rows = [*tables, *_entries(folder, "regions.yaml")]
    return {str(entry.get("id")) for entry, _ in rows}


# ── from files to entries ────────────────────────────────────────────────────────────────────────────────────────────


def _folder(folder: Path | None) -> Path:
    return data_folder("seeds") if folder is None else folder


def _entries(folder: Path, name: str) -> Iterator[tuple[Entry, str]]:
    """The entries of a YAML list, each with its place in words."""
    import yaml

    try:
        content = yaml.safe_load(_text(folder, name))
    except yaml.YAMLError as error:
        raise SeedError(name, f"is not YAML: {' '.join(str(error).split())}", "mend the file") from error
    if not isinstance(content, list):
        raise SeedError(name, "is not a list of entries", "begin each entry with '- id:'")
    for n, entry in enumerate(content, 1):
        named = isinstance(entry, dict) and "id" in entry
        yield entry, f"{name}: {entry['id'] if named else f'entry {n}'}"


def _csv_rows(folder: Path, name: str, noun: type[Any]) -> Iterator[tuple[Entry, str]]:
    """The rows of a table, empty cells left out, numbers read as the dataclass wants them."""
    hints = get_type_hints(noun)
    for n, row in enumerate(csv.DictReader(_text(folder, name).splitlines()), 2):
        where = f"{name}: {row.get('id') or f'line {n}'}"
        if None in row or None in row.values():
            raise SeedError(where, "has another number of cells than the header", "quote cells that hold a comma")
        yield {key: _from_cell(cell, hints.get(key, str), where, key) for key, cell in row.items() if cell}, where


def _from_cell(cell: str, hint: Any, where: str, key: str) -> Any:
    kinds: dict[Any, Callable[[str], Any]] = {int | None: int, float | None: float}
    try:
        return kinds.get(hint, str)(cell)
    except ValueError as error:
        raise SeedError(where, f"{key} is {cell!r} and not a number", "mend the cell") from error


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SeedError(name, f"cannot be read from {folder}: {error}", "is the installation complete?") from error


def _mapping(entry: Any, where: str) -> Entry:
    if not isinstance(entry, dict):
        raise SeedError(where, f"is {entry!r:.60} and not a mapping", "write key: value")
    return entry


def _known_keys(entry: Any, known: set[str], where: str) -> Entry:
    if unknown := sorted(str(key) for key in set(_mapping(entry, where)) - known):
        raise SeedError(where, f"unknown key {', '.join(unknown)}", f"known: {', '.join(sorted(known))}")
    return entry


def _by_id(name: str, nouns: Iterator[Noun]) -> dict[str, Noun]:
    found: dict[str, Noun] = {}
    for noun in nouns:
        if noun.id in found:
            raise SeedError(f"{name}: {noun.id}", "stands twice", "give each entry an id of its own")
        found[noun.id] = noun
    return found
