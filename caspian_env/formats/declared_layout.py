"""The layout of a table as somebody has declared it, refused where it contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from caspian_env.errors import SeedError


@dataclass(frozen=True, slots=True)
class Time:
    """Where a row says when: one ``column``, or whole numbers in ``year``, ``month`` and ``day``.

    ``format`` is that of ``strptime``, ISO 8601 if left out; ``zone`` is the time zone of moments, UTC if left out.
    """

    column: str | None = None
    format: str | None = None
    zone: str | None = None
    year: str | None = None
    month: str | None = None
    day: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words, and what they mean in the catalog; words that are not named mean themselves."""

    column: str
    names: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers; ``uncertainty`` names the one with its standard uncertainty."""

    name: str
    resolution: str
    units: str | None = None
    uncertainty: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How the files of one dataset are laid out.

    ``zero`` is added to a column, in its units: the height of a post's zero above the datum. ``missing`` are cells that
    mean "no value", as empty ones always do. ``method`` tells how the numbers were made.
    """

    dataset: str
    files: str
    method: str
    time: Time
    columns: tuple[Column, ...]
    locations: tuple[str, ...]
    grid: bool = False
    whole_record: bool = False
    default_status: str = "final"
    place: Words | None = None
    status: Words | None = None
    notes: tuple[str, ...] = ()
    zero: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8-sig"
    header_row: int = 1
    sheet: str | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        for wrong, remedy in _contradictions(self):
            raise SeedError(f"{self.dataset}: options", wrong, remedy)


def _contradictions(layout: Layout) -> Iterator[tuple[str, str]]:
    time = layout.time
    if (time.column is None) == (time.year is None) or (time.day and not time.month):
        yield "time names neither one column nor year, month and day", "write time: {column: …} or {year: …, month: …}"
    if time.zone and any(column.resolution != "instant" for column in layout.columns):
        yield "time.zone shifts moments, and days, months and years are none", "leave it out"
    if time.zone:
        try:
            ZoneInfo(time.zone)
        except (KeyError, ValueError, OSError):
            yield f"time.zone {time.zone!r} is no time zone", "write for example Asia/Aqtau"
    if layout.place is None and len(layout.locations) != 1 and not layout.grid:
        yield "there are several locations and no column that tells them apart", "write place: {column: …}"
    if layout.place and (unknown := set(layout.place.names.values()) - set(layout.locations)):
        yield f"place.names leads to {', '.join(map(str, sorted(unknown)))}", "name a location of the dataset"
    if not layout.method.strip():
        yield "method is empty", "say how the numbers were made: instrument, standard, laboratory"
    if unknown := set(layout.zero) - {column.name for column in layout.columns}:
        yield f"zero names {', '.join(sorted(unknown))}, which is no column of a variable", "mend the name"
    if any(isinstance(zero, bool) or not isinstance(zero, int | float) for zero in layout.zero.values()):
        yield "zero is not a number", "write for example {level: -28.0}"
    if len(layout.separator) != 1 or len(layout.decimal) != 1 or layout.separator == layout.decimal:
        yield "separator and decimal are not two different signs", "quote them"
    if layout.header_row < 1:
        yield "header_row is not a row", "rows are counted from 1"
