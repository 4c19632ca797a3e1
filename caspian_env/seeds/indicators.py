"""Definitions of indicators: an entry is what is computed, each of its variants an indicator of its own.

The id of a variant is the entry's id, an underscore and its suffix; with an empty suffix it is the entry's id. A
variant's parameters are laid over those of its entry, its note follows the entry's, its title, statistic and datum take
their place. An input without a location takes the series at the indicator's own location; one with ``grid: true`` takes
the cells of a gridded dataset.

A variant with ``targets: [ID, …]`` stands once for each of these rows of ``targets.csv``, at the country that promised it:
its suffix is the target's id, an underscore and its own, and the numbers of the pledge are parameters.

A variant with ``port: ID``, ``transect: ID`` or ``projection: ID`` has the facts of that row of its table beneath its own
parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from caspian_env.errors import SeedError
from caspian_env.model import Dataset, Indicator, IndicatorInput
from caspian_env.seeds.entries import Entry, build, by_id, known_keys, refer, themed
from caspian_env.seeds.sourced import Port, Projection, Transect, load_ports, load_projections, load_transects
from caspian_env.seeds.targets import Target, load_targets
from caspian_env.settings import data_folder

_DEFINITION = {
    "id", "title", "function", "method_version", "units", "statistic", "parameters", "citation", "decimals", "note",
    "relative_to_datum", "datum", "why", "uncertainty", "completeness", "limits", "changes",
}  # fmt: skip
_VARIANT = {"suffix", "title", "statistic", "inputs", "locations", "datum", "parameters", "citation", "note", "targets"}
_OF_TARGET = {"target", "valid_from", "valid_to"}
_TABLES: Mapping[str, Callable[[Path], Mapping[str, Port | Transect | Projection]]] = {
    "port": load_ports, "transect": load_transects, "projection": load_projections,
}  # fmt: skip
Rows = Callable[[str], Mapping[str, Any]]


def load_indicators(
    datasets: Mapping[str, Dataset],
    datums: Iterable[str],
    folder: Path | None = None,
    *,
    own: Iterable[tuple[Entry, str]] = (),
    places: Iterable[str] = (),
) -> dict[str, Indicator]:
    """The variants of ``indicators/THEME.yaml`` and of ``own`` entries by id; a dataset gives every series they take.

    ``places`` are the ids of all that is declared: a place that a listing finds is taken where somebody has named it.

    Raises
    ------
    SeedError
        When an entry is wrong, takes a series that no dataset gives, or has an id that is taken.
    """
    folder = folder or data_folder("seeds")
    installed = ((entry, where) for entry, where, _ in themed(folder, "indicators"))
    known, named = set(datums), set(places)

    @cache  # hundreds of variants name rows of these few tables
    def rows(table: str) -> Mapping[str, Any]:
        return load_targets(folder) if table == "targets" else _TABLES[table](folder)

    found = [
        indicator
        for definitions in (installed, own)
        for entry, where in definitions
        for indicator in _variants(entry, where, datasets, known, named, rows)
    ]
    return by_id("indicators", iter(found))


def _variants(
    definition: Any, where: str, datasets: Mapping[str, Dataset], datums: set[str], places: set[str], rows: Rows
) -> Iterator[Indicator]:
    variants = known_keys(definition, _DEFINITION | {"variants"}, where).get("variants")
    if not isinstance(variants, list) or not variants:
        raise SeedError(where, "variants is not a list with entries", "give at least one, its suffix may be empty")
    for variant in (one for given in variants for one in _for_each_target(given, where, rows)):
        indicator = _variant(definition, variant, where, rows)
        inside = f"{where}: {indicator.id}"
        if indicator.datum is not None:
            refer(indicator.datum, datums, inside, "datum")
        for taken in indicator.inputs:
            _refer_series(taken, indicator.locations, datasets, places, inside)
        yield indicator


def _for_each_target(variant: Any, where: str, rows: Rows) -> Iterator[Entry]:
    """The variant as it is, or once for each target that it names, with what the target says laid into it."""
    if not isinstance(variant, dict) or "targets" not in variant:
        yield variant
        return
    targets: Mapping[str, Target] = rows("targets")
    for name in variant["targets"]:
        refer(str(name), targets.keys(), where, "targets")
        target = targets[str(name)]
        laid = {key: value for key, value in variant.items() if key != "targets"}
        yield laid | {
            "suffix": "_".join(filter(None, (target.id, str(variant.get("suffix", ""))))),
            "title": f"{variant.get('title', 'Target')}: {target.country}, {target.title}",
            "locations": [target.country],
            "parameters": {**target.parameters(), **variant.get("parameters", {})},
            **{key: value for key, value in _validity(target).items() if value},
        }


def _validity(target: Target) -> Mapping[str, str]:
    return {"target": target.id, "valid_from": target.valid_from, "valid_to": target.valid_to}


def _variant(definition: Entry, variant: Any, where: str, rows: Rows) -> Indicator:
    variant = known_keys(variant, _VARIANT | set(_TABLES) | _OF_TARGET, f"{where}: a variant")
    suffix, own = variant.get("suffix", ""), dict(variant)
    merged: dict[str, Any] = {key: value for key, value in definition.items() if key != "variants"}
    merged["definition"] = merged.get("id")
    merged["id"] = f"{merged.get('id')}_{suffix}" if suffix else merged.get("id")
    inside = f"{where}: {merged['id']}"
    for key in ("parameters", "inputs"):
        if not isinstance(own.get(key, {}), dict):
            raise SeedError(inside, f"{key} is not a mapping", "write name: value")
    facts = {
        key: value for name in _TABLES if name in own for key, value in _row(rows, name, own[name], inside).items()
    }
    merged["parameters"] = {**merged.get("parameters", {}), **facts, **own.get("parameters", {})}
    merged["note"] = " ".join(filter(None, (merged.get("note"), own.get("note"))))
    merged["inputs"] = [_input(name, given, inside) for name, given in own.get("inputs", {}).items()]
    merged |= {key: own[key] for key in ("title", "statistic", "locations", "datum", *_OF_TARGET) if key in own}
    return build(Indicator, merged, inside)


def _row(rows: Rows, table: str, name: Any, where: str) -> Mapping[str, Any]:
    """The parameters in one row of a table of facts."""
    known = rows(table)
    refer(str(name), known.keys(), where, table)
    parameters: Mapping[str, Any] = known[str(name)].parameters()
    return parameters


def _input(argument: str, given: Any, where: str) -> Entry:
    inside = f"{where}: inputs.{argument}"
    allowed = {f.name for f in fields(IndicatorInput)} - {"argument"}
    return {**known_keys(given, allowed, inside), "argument": argument}


def _refer_series(
    taken: IndicatorInput, own: tuple[str, ...], datasets: Mapping[str, Dataset], places: set[str], where: str
) -> None:
    key = f"inputs.{taken.argument}"
    refer(taken.dataset, datasets.keys(), where, f"{key}.dataset")
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
    if taken.grid and not (dataset.kind == "grid" and dataset.cube):
        raise SeedError(where, f"{key}: {taken.dataset} keeps no grid", "leave out grid, or name a gridded dataset")
    if taken.beside and not taken.grid:
        raise SeedError(where, f"{key}: beside names a field of a grid", "write grid: true, or leave it out")
    pattern = dataset.found_locations
    found = {place for place in places if fnmatchcase(place, pattern)} if pattern else set()
    for location in (taken.location,) if taken.location else own:
        refer(location, {*dataset.locations, *found}, where, f"{key}: location of {taken.dataset}")
