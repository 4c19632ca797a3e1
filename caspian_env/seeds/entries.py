"""From seed files to the nouns of the model: each entry is built by the fields of its dataclass, and refused by name."""

from __future__ import annotations

import csv
import types
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from caspian_env.errors import SeedError, nearest_of
from caspian_env.model import AlertRule, Dataset, Datum, Indicator, Location, Variable

T = TypeVar("T")
Noun = TypeVar("Noun", Variable, Datum, Dataset, Location, Indicator, AlertRule)
Entry = Mapping[str, Any]
Typed = Callable[[Any, str, str], Any]  # of a value, its entry and its key
STATES = ("active", "frozen", "retired")
GIVES = ("sea", "land", "everywhere")


def build(noun: type[T], entry: Any, where: str) -> T:
    """An instance of the dataclass, if the entry has its fields and no other, each of its type."""
    dataclass_type: Any = noun
    known, needed = _fields_of(dataclass_type)
    entry = known_keys(entry, known.keys(), where)
    if missing := sorted(needed - set(entry)):
        raise SeedError(where, f"has no {', '.join(missing)}", "add it")
    return noun(**{key: known[key](value, where, key) for key, value in entry.items()})


@cache
def _fields_of(noun: Any) -> tuple[Mapping[str, Typed], frozenset[str]]:
    """All fields of a dataclass with what makes them of their type, and those that have no default."""
    given, hints = fields(noun), get_type_hints(noun)
    needed = frozenset(f.name for f in given if f.default is MISSING and f.default_factory is MISSING)
    return {f.name: _typed(hints[f.name]) for f in given}, needed


@cache  # every command reads the seeds, thousands of values of a few dozen types
def _typed(hint: Any) -> Typed:
    """What gives a value back if it is of the annotated type; lists become tuples and mappings become dataclasses."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        inner = _typed(next(arg for arg in arguments if arg is not type(None)))
        return lambda value, where, key: None if value is None else inner(value, where, key)
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda value, where, key: build(hint, value, f"{where}: {key}")
    wanted = origin or hint
    if origin is tuple:
        item = _typed(arguments[0])
        return lambda value, where, key: (
            tuple(item(one, where, f"{key}[{n}]") for n, one in enumerate(value))
            if isinstance(value, list)
            else _refuse(value, wanted, where, key)
        )

    def checked(value: Any, where: str, key: str) -> Any:
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            _refuse(value, wanted, where, key)
        return value

    return checked


def _refuse(value: Any, wanted: type, where: str, key: str) -> NoReturn:
    name = {"tuple": "list"}.get(wanted.__name__, wanted.__name__)
    remedy = {float: "write a number with a decimal point, without quotes", str: "mend the value; text needs quotes"}
    raise SeedError(where, f"{key} is {value!r} and not of type {name}", remedy.get(wanted, "mend the value"))


def refer(name: str, known: AbstractSet[str], where: str, key: str) -> None:
    """Nothing, if the name is known; SeedError tells the names that are."""
    if name not in known:
        raise SeedError(where, f"{key} names {name!r}, which no seed defines", nearest_of([name], sorted(known)))


def refer_all(dataset: Dataset, where: str, *, variables: set[str], datums: set[str], locations: set[str]) -> None:
    """Nothing, if every quantity, datum, place and kind of mask that a dataset names is known."""
    for gives in {dataset.gives, *(measured.gives for measured in dataset.variables)} - {""}:
        refer(gives, set(GIVES), where, "gives")
    for measured in dataset.variables:
        refer(measured.variable, variables, where, "variables.variable")
        if measured.datum is not None:
            refer(measured.datum, datums, where, "variables.datum")
    for location in dataset.locations:
        refer(location, locations, where, "locations")


def check_state(dataset: Dataset, where: str, known: AbstractSet[str]) -> None:
    """Nothing, if a dataset is active, or says since when it is frozen or retired and names a dataset as successor."""
    refer(dataset.state, set(STATES), where, "state")
    if dataset.successor is not None:
        refer(dataset.successor, known - {dataset.id}, where, "successor")
    if (dataset.state == "active") != (dataset.state_since is None):
        problem = "is active and has a state_since" if dataset.state == "active" else f"is {dataset.state} since when?"
        raise SeedError(where, problem, "state_since is the day, month or year from which it is frozen or retired")
    if dataset.state == "active" and dataset.successor is not None:
        raise SeedError(
            where, "is active and has a successor", "say since when it is frozen or retired, or take it away"
        )
    if dataset.state_since is not None and not _is_date(dataset.state_since):
        raise SeedError(
            where, f"state_since is {dataset.state_since!r}", 'write it as "2024-07-01", "2024-07" or "2024"'
        )


def _is_date(text: str) -> bool:
    """Whether it is a day, a month or a year of ISO 8601."""
    try:
        date.fromisoformat(text + "-01" * (2 - text.count("-")))
    except ValueError:
        return False
    return len(text) in (4, 7, 10)


def entries(folder: Path, name: str) -> Iterator[tuple[Entry, str]]:
    """The entries of a YAML list, each with its place in words."""
    return listed(document(folder, name), name)


def themed(folder: Path, name: str) -> Iterator[tuple[Entry, str, str]]:
    """The entries of every ``name/THEME.yaml``, each with its place in words and its theme."""
    files = sorted((folder / name).glob("*.yaml"))
    if not files:
        raise SeedError(name, f"{folder} has no folder of them", "is the installation complete?")
    for path in files:
        yield from ((entry, where, path.stem) for entry, where in entries(folder, f"{name}/{path.name}"))


def document(folder: Path, name: str) -> Any:
    """What a YAML file holds; SeedError when it cannot be read."""
    import yaml

    try:
        # The same loader in C where PyYAML was built with it: ten times faster, and every command reads the seeds.
        return yaml.load(_text(folder, name), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        said = " ".join(str(error).replace('in "<unicode string>",', "at").split())
        raise SeedError(
            name, f"is not YAML: {said}", "mend the file; spaces at the beginning of a line count"
        ) from error


def listed(content: Any, name: str) -> Iterator[tuple[Entry, str]]:
    """The entries of a list, each with its place in words; SeedError when it is none."""
    if not isinstance(content, list):
        raise SeedError(name, "is not a list of entries", "begin each entry with '- id:'")
    for n, entry in enumerate(content, 1):
        named = isinstance(entry, dict) and "id" in entry
        yield entry, f"{name}: {entry['id'] if named else f'entry {n}'}"


def csv_rows(folder: Path, name: str, noun: type[Any]) -> Iterator[tuple[Entry, str]]:
    """The rows of a table, empty cells left out, numbers read as the dataclass wants them."""
    dataclass_type: Any = noun
    hints = get_type_hints(dataclass_type)
    for n, row in enumerate(csv.DictReader(_text(folder, name).splitlines()), 2):
        where = f"{name}: {row.get('id') or f'line {n}'}"
        if None in row or None in row.values():
            raise SeedError(where, "has another number of cells than the header", "quote cells that hold a comma")
        yield {key: _from_cell(cell, hints.get(key, str), where, key) for key, cell in row.items() if cell}, where


def text_rows(folder: Path, name: str) -> Iterator[tuple[dict[str, str], str]]:
    """The rows of a table as text, empty cells as they are."""
    for n, row in enumerate(csv.DictReader(_text(folder, name).splitlines()), 2):
        where = f"{name}: line {n}"
        if None in row or None in row.values():
            raise SeedError(where, "has another number of cells than the header", "quote cells that hold a comma")
        yield row, where


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


def mapping(entry: Any, where: str) -> Entry:
    """The entry, if it is a mapping; SeedError when it is not."""
    if not isinstance(entry, dict):
        raise SeedError(where, f"is {entry!r:.60} and not a mapping", "write key: value")
    return entry


def known_keys(entry: Any, known: AbstractSet[str], where: str) -> Entry:
    """The entry, if it is a mapping of known keys; SeedError names the others."""
    found = mapping(entry, where)
    if unknown := sorted(str(key) for key in set(found) - known):
        raise SeedError(where, f"unknown key {', '.join(unknown)}", nearest_of(unknown, sorted(known)))
    return found


def whole_words(entry: Any, where: str) -> None:
    """SeedError where words given by language were cut: in ``{en: …, ru: Для тех, кто …}`` a comma ends what has no quotes."""
    parts = entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ()
    if isinstance(entry, dict) and "en" in entry and (cut := [key for key, words in entry.items() if words is None]):
        raise SeedError(where, f"{cut[0]!r} is no language: a comma cut the words", "write them in quotes")
    for part in parts:
        whole_words(part, where)


def by_id(name: str, nouns: Iterator[Noun]) -> dict[str, Noun]:
    """The nouns by their id; SeedError when one stands twice."""
    found: dict[str, Noun] = {}
    for noun in nouns:
        if noun.id in found:
            raise SeedError(f"{name}: {noun.id}", "stands twice", "give each entry an id of its own")
        found[noun.id] = noun
    return found
