"""What an institute declares beside the installed seeds: its own quantities, datums, places, datasets, reports.

Every ``*.yaml`` (or ``*.yml``) of its folder is a mapping with any of the lists ``variables``, ``datums``, ``stations``,
``datasets``, ``indicators`` and ``reports``, whose entries have the fields of the model as the installed seeds have. What
is declared joins what is installed and replaces nothing of it: an id that is already taken is an error. Regions are
polygons, a GeoJSON file each: see `own_regions`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from caspian_env.errors import SeedError
from caspian_env.model import Dataset, Datum, Location, Variable
from caspian_env.seeds.entries import (
    Entry,
    build,
    check_state,
    document,
    known_keys,
    listed,
    mapping,
    refer_all,
    whole_words,
)
from caspian_env.seeds.own_regions import averaged_over, own_regions

READER = "local_file"
HOST = "local:"  # the institute's folder, as transport knows it
_ID = re.compile(r"[a-z][a-z0-9_]*")
_DURATION = re.compile(r"P([1-9][0-9]*[DWMY]|T[1-9][0-9]*H)")  # what `processing.durations` understands
LISTS = {"variables", "datums", "stations", "datasets", "indicators", "reports"}
REPORT = {"id", "title", "audience", "languages", "rows", "headlines", "sections"}


@dataclass(frozen=True, slots=True)
class Declared:
    """Quantities, datums, places and datasets by id, and definitions of indicators."""

    variables: dict[str, Variable] = field(default_factory=dict)
    datums: dict[str, Datum] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    reports: dict[str, Entry] = field(default_factory=dict)
    indicators: tuple[tuple[Entry, str], ...] = ()  # definitions as they are written, each with its place in words


def load_local(folder: Path, installed: Declared) -> Declared:
    """What is installed and what the folder declares; the same as installed where there is no folder.

    Raises
    ------
    SeedError
        When a file or entry is wrong, an id is taken, or a dataset names something that nobody defines.
    """
    known = Declared(
        dict(installed.variables),
        dict(installed.datums),
        dict(installed.locations),
        dict(installed.datasets),
        dict(installed.reports),
    )
    given: list[tuple[Entry, str]] = []
    indicators: list[tuple[Entry, str]] = []
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        name = f"{folder.name}/{path.name}"
        content = known_keys(document(folder.parent, name), LISTS, name)
        for entry, where in listed(content.get("variables", []), f"{name}: variables"):
            _add(known.variables, build(Variable, entry, where), where)
        for entry, where in listed(content.get("datums", []), f"{name}: datums"):
            _add(known.datums, build(Datum, entry, where), where)
        for entry, where in listed(content.get("stations", []), f"{name}: stations"):
            _add(known.locations, _station(entry, where), where)
        given += listed(content.get("datasets", []), f"{name}: datasets")
        indicators += listed(content.get("indicators", []), f"{name}: indicators")
        for entry, where in listed(content.get("reports", []), f"{name}: reports"):
            _add_report(known.reports, entry, where)
    added: list[tuple[Dataset, str]] = []
    for entry, where in given:  # a dataset may use what a file after its own defines
        dataset = _dataset(entry, where)
        refer_all(
            dataset, where, variables=set(known.variables), datums=set(known.datums), locations=set(known.locations)
        )
        _add(known.datasets, dataset, where)
        added.append((dataset, where))
    for dataset, where in added:  # a successor may stand after what it follows
        check_state(dataset, where, set(known.datasets))
    for name, (region, wanted) in own_regions(folder).items():
        if name in known.locations and known.locations[name].awaits_outline:
            del known.locations[name]
        _add(known.locations, region, f"{folder.name}/regions/{name}.geojson")
        known.datasets.update(averaged_over(known.datasets, name, wanted))
    return replace(known, indicators=tuple(indicators))


def _add(known: dict[str, Any], noun: Any, where: str) -> None:
    if noun.id in known:
        raise SeedError(where, f"the id {noun.id} is taken", "choose another; the institute's name makes a good prefix")
    known[noun.id] = noun


def _add_report(known: dict[str, Entry], entry: Any, where: str) -> None:
    report = known_keys(mapping(entry, where), REPORT, where)
    if missing := [key for key in ("id", "title", "sections") if not report.get(key)]:
        raise SeedError(where, f"has no {', '.join(missing)}", "add it; docs/reports.md has an example")
    if report["id"] in known:
        raise SeedError(
            where, f"the id {report['id']} is taken", "choose another; the institute's name makes a good prefix"
        )
    whole_words(report, where)
    known[report["id"]] = report


def _station(entry: Any, where: str) -> Location:
    station = build(Location, {"kind": "station", **mapping(entry, where)}, where)
    if station.kind != "station" or station.longitude is None or station.latitude is None:
        raise SeedError(where, "is no station with longitude and latitude", "add them, in degrees east and north")
    return station


def _dataset(entry: Any, where: str) -> Dataset:
    defaults = {"kind": "table", "module": READER, "hosts": [HOST], "theme": "local"}
    dataset = build(Dataset, {**defaults, **mapping(entry, where)}, where)
    _check_words(dataset, where)
    return told_to_its_reader(dataset)


def told_to_its_reader(dataset: Dataset) -> Dataset:
    """The dataset; where the institute's files are read, its options also say what its entry says of columns and places."""
    return replace(dataset, options=_told(dataset)) if dataset.module == READER else dataset


def _check_words(dataset: Dataset, where: str) -> None:
    """Nothing, if id, cadence, resolutions and first day can be used; each would else fail later, far from its file."""
    if not _ID.fullmatch(dataset.id):
        raise SeedError(where, f"{dataset.id!r} is no id", "write small Latin letters, digits and underscores")
    words = {"update_frequency": dataset.update_frequency}
    words.update({f"resolution of {measured.name}": measured.resolution for measured in dataset.variables})
    for key, word in words.items():
        if not _DURATION.fullmatch(word) and (key == "update_frequency" or word != "instant"):
            raise SeedError(where, f"{key} is {word!r}, no duration", "write for example P1D, P10D or P1M")
    try:
        date.fromisoformat(dataset.coverage_start)
    except ValueError as error:
        problem = f"coverage_start is {dataset.coverage_start!r}, no day"
        raise SeedError(where, problem, 'write it as "2024-07-01"') from error


def _told(dataset: Dataset) -> Mapping[str, Any]:
    columns = [
        {
            "name": m.name,
            "units": m.units,
            "uncertainty": m.uncertainty,
            "resolution": m.resolution,
            "optional": m.optional,
        }
        for m in dataset.variables
    ]
    told: dict[str, Any] = {"dataset": dataset.id, "grid": dataset.kind == "grid", "whole_record": dataset.whole_record}
    told["default_status"] = dataset.default_status
    return {**dataset.options, **told, "columns": columns, "locations": list(dataset.locations)}
