"""Tables whose layout somebody has declared: which column is what, how its times and numbers are written.

Every complaint names row and column, because a person will have to mend the file.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from caspian_env.errors import BadGranule
from caspian_env.formats.declared_layout import Column, Layout, Time, Words
from caspian_env.formats.workbooks import Cell, column_letter, is_workbook, sheet_rows
from caspian_env.model import STATUSES

if TYPE_CHECKING:
    import xarray as xr

PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?")
NOTE_CHARACTERS = 600  # as many as the catalog keeps with a value
MEND = "mend the file, and leave it in the folder"


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    place: str
    time: datetime
    values: Mapping[str, float]
    status: str
    note: str


def read_declared(content: bytes, layout: Layout) -> xr.Dataset:
    """The table, CSV or workbook, as its layout says it is.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        Every column in its own units, NaN where there is no value; ``status`` and ``source_note``.

    Raises
    ------
    BadGranule
        When a column is missing, a cell cannot be read, or two rows are about one place and time.
    """
    header, body = _cells(content, layout)
    given = [column for column in layout.columns if not (column.optional and column.name not in header)]
    numbers = [name for column in given for name in (column.name, column.uncertainty) if name]
    for name in dict.fromkeys([*numbers, *_naming_columns(layout)]):
        if header.count(name) != 1:
            problem = f"row {layout.header_row} names {'no' if name not in header else 'more than one'} column {name!r}"
            raise BadGranule(layout.dataset, problem, f"it names {', '.join(filter(None, header))[:200]}")
    rows = [_row(number, cells, numbers, layout) for number, cells in body]
    kept = [row for row in rows if any(math.isfinite(value) for value in row.values.values())]
    if not kept:
        raise BadGranule(layout.dataset, "there is no row with a value", MEND)
    return _dataset(kept, given, numbers, layout)


def _naming_columns(layout: Layout) -> list[str]:
    time = layout.time
    named = [time.column, time.year, time.month, time.day, *layout.notes]
    named += [words.column for words in (layout.place, layout.status) if words]
    return [name for name in named if name]


def _cells(content: bytes, layout: Layout) -> tuple[list[str], list[tuple[int, dict[str, Cell]]]]:
    """The header, and the rows below it that are not empty, each with its number."""
    rows = list(_sheet(content, layout) if is_workbook(content) else _text(content, layout))
    before = [cells for number, cells in rows if number <= layout.header_row]
    if not before or rows[len(before) - 1][0] != layout.header_row:
        raise BadGranule(layout.dataset, f"there is no row {layout.header_row} with the names of columns", MEND)
    header = ["" if cell is None else str(cell).strip() for cell in before[-1]]
    body = []
    for number, cells in rows[len(before) :]:
        if all(cell is None or not str(cell).strip() for cell in cells):
            continue
        if len(cells) != len(header):
            problem = f"row {number} has {len(cells)} cells where the header has {len(header)}"
            raise BadGranule(layout.dataset, problem, "was the file cut off, or is the separator another?")
        body.append((number, dict(zip(header, cells, strict=True))))
    return header, body


def _sheet(content: bytes, layout: Layout) -> Iterator[tuple[int, Sequence[Cell]]]:
    yield from enumerate(sheet_rows(content, layout.dataset, sheet=layout.sheet), 1)


def _text(content: bytes, layout: Layout) -> Iterator[tuple[int, Sequence[Cell]]]:
    try:
        text = content.decode(layout.encoding)
    except (UnicodeDecodeError, LookupError) as error:
        problem = f"the text cannot be read as {layout.encoding}: {error}"
        raise BadGranule(
            layout.dataset, problem, "save it as UTF-8, or write its encoding into the options, e.g. cp1251"
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.separator, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise BadGranule(layout.dataset, f"row {reader.line_num} is no CSV: {error}", MEND) from error


def _row(number: int, cells: Mapping[str, Cell], numbers: Sequence[str], layout: Layout) -> _Row:
    def refuse(column: str | None, problem: str) -> BadGranule:
        letter = f" ({column_letter(list(cells).index(column))})" if column and column in cells else ""
        return BadGranule(layout.dataset, f"row {number}, column {column}{letter}: {problem}", MEND)

    values = {}
    for name in numbers:
        try:
            values[name] = _number(cells[name], layout) + float(layout.zero.get(name, 0.0))
        except ValueError as error:
            raise refuse(name, str(error)) from error
    try:
        time = _moment(cells, layout.time)
    except (ValueError, OverflowError) as error:
        raise refuse(layout.time.column or layout.time.year, str(error)) from error
    place = _word(cells, layout.place) if layout.place else layout.locations[0]
    if layout.place and place not in layout.locations:
        raise refuse(layout.place.column, f"{place!r} is no location of the dataset")
    status = (_word(cells, layout.status) or layout.default_status) if layout.status else layout.default_status
    if layout.status and status not in STATUSES:
        raise refuse(layout.status.column, f"{status!r} is no status; known: {', '.join(STATUSES)}")
    told = [f"{name}: {str(cells[name]).strip()}" for name in layout.notes if str(cells[name] or "").strip()]
    note = "; ".join([layout.method, *told])
    if len(note) > NOTE_CHARACTERS:
        raise refuse(layout.notes[-1] if layout.notes else None, f"method and notes have {len(note)} characters")
    return _Row(number, place, time, values, status, note)


def _number(cell: Cell, layout: Layout) -> float:
    """The number in a cell, NaN where there is none; ValueError when it is no number."""
    if cell is None or (isinstance(cell, str) and cell.strip() in ("", *layout.missing)):
        return math.nan
    if isinstance(cell, float):
        return math.nan if cell in _numbers(layout.missing) else cell
    point = re.escape(layout.decimal)
    text = str(cell).strip()
    if isinstance(cell, datetime) or not re.fullmatch(
        rf"[+-]?(\d+{point}?\d*|{point}\d+)([eE][+-]?\d+)?", text, re.ASCII
    ):
        raise ValueError(f"{text!r} is not a number")
    return float(text.replace(layout.decimal, "."))


def _numbers(words: Sequence[str]) -> set[float]:
    found = set()
    for word in words:
        try:
            found.add(float(word))
        except ValueError:
            continue  # a word such as "n/a" stands for itself
    return found


def _moment(cells: Mapping[str, Cell], time: Time) -> datetime:
    """The naive moment in UTC; ValueError when there is none."""
    if time.column is None:
        year, month, day = (_whole(cells[name]) if name else 1 for name in (time.year, time.month, time.day))
        return datetime(year, month, day)
    cell = cells[time.column]
    if isinstance(cell, float):  # years alone, as workbooks hold them
        cell = str(int(cell)) if cell.is_integer() else str(cell)
    moment = cell if isinstance(cell, datetime) else _parsed(str(cell or "").strip(), time.format)
    if time.zone and moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(time.zone))
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _parsed(text: str, format_: str | None) -> datetime:
    try:
        if format_:
            return datetime.strptime(text, format_)  # naive means UTC or the declared zone
        if partial := PARTIAL_DATE.fullmatch(text):
            return datetime(int(partial[1]), int(partial[2] or 1), 1)
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time like {format_ or 'YYYY-MM-DD'}") from error


def _whole(cell: Cell) -> int:
    try:
        number = float(str(cell).strip())
    except ValueError:
        number = math.nan
    if not number.is_integer():
        raise ValueError(f"{cell!r} is not a whole number")
    return int(number)


def _word(cells: Mapping[str, Cell], words: Words) -> str:
    cell = cells[words.column]
    text = (
        "" if cell is None else str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
    )
    return str(words.names.get(text, text))


def _dataset(rows: Sequence[_Row], given: Sequence[Column], numbers: Sequence[str], layout: Layout) -> xr.Dataset:
    import numpy as np
    import xarray as xr

    known: dict[tuple[str, datetime], int] = {}
    for row in rows:
        if (first := known.setdefault((row.place, row.time), row.number)) != row.number:
            problem = f"rows {first} and {row.number} are both about {row.place} at {row.time:%Y-%m-%d %H:%M}"
            raise BadGranule(layout.dataset, problem, "keep one of them; repeats of one sample are averaged before")
    times = sorted({row.time for row in rows})
    places = [place for place in layout.locations if any(row.place == place for row in rows)]
    row_of, column_of = ({label: n for n, label in enumerate(axis)} for axis in (times, places))
    at = tuple(np.array([[row_of[row.time], column_of[row.place]] for row in rows]).T)
    table = xr.Dataset(coords={"time": np.asarray(times, dtype="datetime64[us]"), "location": places})
    units = {name: column.units or "" for column in given for name in (column.name, column.uncertainty) if name}
    for name in numbers:
        values = np.full((len(times), len(places)), np.nan)
        values[at] = [row.values[name] for row in rows]
        table[name] = (("time", "location"), values, {"units": units[name]})
    for name, words in (("status", [row.status for row in rows]), ("source_note", [row.note for row in rows])):
        texts = np.full((len(times), len(places)), "", dtype=object)
        texts[at] = words
        table[name] = (("time", "location"), texts)
    return table
