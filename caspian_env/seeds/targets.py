"""Targets and pledges of states as rows with a validity: ``targets.csv`` and ``pledges.csv``.

A target's ``level_pct`` is what the state allows itself, in per cent of the base; the cut is 100 minus it and stored
nowhere, for "to 70 %" and "by 70 %" have been mixed up before. A field that nobody read in the document is named in
``unconfirmed``; one that is empty must be.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from caspian_env.errors import SeedError
from caspian_env.model import Location
from caspian_env.seeds.entries import build, csv_rows, refer
from caspian_env.settings import data_folder

WORDS: Mapping[str, frozenset[str]] = {
    "base": frozenset({"year", "business_as_usual", "unknown"}),
    "quantity": frozenset({"greenhouse_gases", "methane", "ghg_per_gdp"}),
    "kind": frozenset({"absolute", "intensity", "disputed"}),
    "conditional": frozenset({"yes", "no", "unknown"}),
    "lulucf": frozenset({"included", "excluded", "both", "unknown"}),
    "gwp_set": frozenset({"SAR", "AR4", "AR5", "AR6", "unstated", "unknown"}),
    "mark": frozenset({"P", "S", "U"}),
    "standing": frozenset({"member", "not_member", "unknown", "context"}),
    "scope": frozenset({"global"}),
}
# What may stand empty only where ``unconfirmed`` names it.
_NAMED_WHEN_EMPTY = ("document", "filed_on", "valid_from", "level_pct", "url", "page")
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


@dataclass(frozen=True, slots=True)
class Target:
    """What a state (or the world) said it would emit in a year, since when and until when it says so.

    ``base`` is a ``year`` (``base_year``), ``business_as_usual`` or ``unknown``. ``kind`` is ``absolute``, ``intensity``
    (per unit of product) or ``disputed``. ``lulucf`` tells whether land use is in it; ``both`` where the document gives
    both totals. ``mark`` is P (the document was read), S (press or third party) or U.
    """

    id: str
    country: str
    title: str
    base: str
    quantity: str
    kind: str
    conditional: str
    lulucf: str
    gwp_set: str
    mark: str
    source: str
    target_year: int | None = None
    base_year: int | None = None
    level_pct: float | None = None
    document: str = ""
    filed_on: str = ""
    valid_from: str = ""
    valid_to: str = ""
    url: str = ""
    page: str = ""
    unconfirmed: str = ""
    note: str = ""

    @property
    def cut_pct(self) -> float | None:
        """Per cent below the base, derived."""
        return None if self.level_pct is None else 100.0 - self.level_pct

    @property
    def computable(self) -> bool:
        """Whether progress can be computed from emissions: a base year, a level below the base."""
        return self.base_year is not None and self.level_pct is not None and self.level_pct < 100

    def valid_at(self, day: date | None) -> bool:
        """Whether the state said so on that day; now, for None. A start that is not known is taken as passed.

        A date of which only year or month is known counts from the end of it.
        """
        day = day or date.max
        started = not self.valid_from or whole_date(self.valid_from) <= day
        return started and not (self.valid_to and whole_date(self.valid_to) <= day)

    def parameters(self) -> Mapping[str, Any]:
        """What a method on targets takes from the row.

        Raises
        ------
        SeedError
            When the row has no base year or no level below it.
        """
        if not self.computable:
            raise SeedError(f"targets.csv: {self.id}", "has no base year with a level below it", "name a row that has")
        return {"base_year": self.base_year, "target_year": self.target_year, "level_pct": self.level_pct}


@dataclass(frozen=True, slots=True)
class Pledge:
    """A declaration of many states, and where one of them stands; context for it, never its compliance."""

    id: str
    pledge: str
    theme: str
    scope: str
    country: str
    standing: str
    mark: str
    source: str
    joined_on: str = ""
    note: str = ""

    def valid_at(self, day: date | None) -> bool:
        """Whether the row says something of that day."""
        return not self.joined_on or whole_date(self.joined_on) <= (day or date.max)


Row = TypeVar("Row", Target, Pledge)


def load_targets(folder: Path | None = None) -> dict[str, Target]:
    """The rows of ``targets.csv`` by id; SeedError names what is wrong."""
    found = _table(Target, "targets.csv", folder)
    for target in found.values():
        _check_target(target, f"targets.csv: {target.id}")
    return found


def load_pledges(folder: Path | None = None) -> dict[str, Pledge]:
    """The rows of ``pledges.csv`` by id; SeedError names what is wrong."""
    return _table(Pledge, "pledges.csv", folder)


def whole_date(text: str) -> date:
    """The day that ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD`` names, the last one of it where only a part is known.

    Raises
    ------
    ValueError
        When it is no date.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no date")
    year, month = int(found[1]), int(found[2] or 12)
    return date(year, month, int(found[3] or calendar.monthrange(year, month)[1]))


def _table(noun: type[Row], name: str, folder: Path | None) -> dict[str, Row]:
    folder = data_folder("seeds") if folder is None else folder
    countries = {str(entry["id"]) for entry, _ in csv_rows(folder, "countries.csv", Location)} | {"globe"}
    found: dict[str, Row] = {}
    for entry, where in csv_rows(folder, name, noun):
        row = build(noun, entry, where)
        refer(row.country, countries, where, "country")
        for key, words in WORDS.items():
            if hasattr(row, key):
                refer(getattr(row, key), set(words), where, key)
        for key in ("filed_on", "valid_from", "valid_to", "joined_on"):
            _check_date(getattr(row, key, ""), where, key)
        if row.id in found:
            raise SeedError(where, "stands twice", "give each row an id of its own")
        found[row.id] = row
    return found


def _check_target(target: Target, where: str) -> None:
    unread = set(target.unconfirmed.split())
    if unknown := sorted(unread - {one.name for one in fields(Target)}):
        raise SeedError(where, f"unconfirmed names {', '.join(unknown)}", "name columns, separated by blanks")
    if silent := [n for n in _NAMED_WHEN_EMPTY if getattr(target, n) in ("", None) and n not in unread]:
        raise SeedError(where, f"{', '.join(silent)} is empty", "fill it, or name it in unconfirmed")
    if (target.base == "year") != (target.base_year is not None):
        raise SeedError(where, "base and base_year do not fit", "give a year where the base is one, and only there")
    if target.target_year is None or target.target_year <= (target.base_year or 0):
        raise SeedError(where, "its target year does not follow its base year", "mend the years")
    if target.level_pct is not None and not 0 <= target.level_pct <= 100:
        problem = f"level_pct is {target.level_pct:g}, which is no share of the base that a target allows"
        raise SeedError(where, problem, "write what is allowed, in per cent of the base")
    if target.valid_from and target.valid_to and whole_date(target.valid_to) <= whole_date(target.valid_from):
        raise SeedError(where, "its validity ends before it begins", "mend valid_from or valid_to")


def _check_date(text: str, where: str, key: str) -> None:
    try:
        _ = whole_date(text) if text else None
    except ValueError as error:
        raise SeedError(where, f"{key} is {text!r}", "write YYYY, YYYY-MM or YYYY-MM-DD") from error
