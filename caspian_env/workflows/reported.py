"""Import of numbers that people report: a CSV that somebody signed for, whole or not at all.

The file begins with ``# signed_by: NAME`` and ``# signed_on: YYYY-MM-DD``. Its columns are quantity, location, period (a year,
a month, or START/END), value, unit, reported_by, reported_on, source, licence, redistributable (yes or no) and note.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from caspian_env.catalog.manual import write_manual_values
from caspian_env.catalog.migrate import require_current
from caspian_env.errors import CaspianError, SettingsError
from caspian_env.model import Window
from caspian_env.seeds.manual import Reportable, load_reportables
from caspian_env.wiring import Platform
from caspian_env.workflows.editions import known_by

COLUMNS = (
    "quantity", "location", "period", "value", "unit", "reported_by", "reported_on", "source", "licence", "redistributable",
    "note",
)  # fmt: skip
NEEDED = COLUMNS[:-1]
SIGNED = ("signed_by", "signed_on")
LARGEST = 10_000_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file."""

    signed_by: str
    new: int
    revised: int
    unchanged: int


def import_reported(platform: Platform, path: Path, *, known_at: datetime | None = None) -> Imported:
    """Read a signed file and store what is new in it.

    Parameters
    ----------
    known_at : datetime, optional
        From when the file was known, UTC; now by default. A file of the past is shown in the reports of its time.

    Raises
    ------
    SettingsError
        When the file is not signed, or a row is wrong, or ``known_at`` lies before the signature or in the future; then
        nothing of it is stored.
    BackwardsKnowledge
        When a number of the file is known from later than ``known_at`` already.
    """
    require_current(platform.catalog)
    content = _bytes(path)
    head, rows = _read(content, path.name)
    shared = {**head, "file_sha256": hashlib.sha256(content).hexdigest()}
    quantities = load_reportables()
    places = set(platform.seeds.locations)
    parsed = [_row(row, f"{path.name}: row {n}", quantities, places) | shared for n, row in enumerate(rows, 1)]
    _in_order(parsed, head["signed_on"], path.name, platform.clock())
    known = known_by(known_at, platform.clock())
    if known and f"{known:%F}" < head["signed_on"]:
        problem = f"{known:%F} lies before signed_on {head['signed_on']}"
        raise SettingsError("--known-at", problem, "a file is known from its signature on, not before")
    keys = [(row["quantity"], row["location_id"], row["period_start"], row["period_end"]) for row in parsed]
    if len(set(keys)) < len(keys):
        raise SettingsError(path.name, "states one number twice", "keep one row for each quantity, place and period")
    with platform.catalog.write() as connection:
        counts = write_manual_values(connection, parsed, known or platform.clock(), archived=known is not None)
    return Imported(head["signed_by"], *counts)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise SettingsError(str(path), "is larger than 10 MB", "is it the right file?")
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(str(path), f"cannot be read: {error.strerror}", "name a CSV file") from error


def _read(content: bytes, name: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SettingsError(name, "is not UTF-8 text", "save it as CSV UTF-8") from error
    said = [line[1:].partition(":") for line in lines if line.startswith("#")]
    head = {key.strip(): value.strip() for key, _, value in said if key.strip() in SIGNED}
    if missing := [key for key in SIGNED if not head.get(key)]:
        raise SettingsError(name, f"has no line '# {missing[0]}: …'", "who signs for these numbers, and when?")
    _day(head["signed_on"], name, "signed_on")
    reader = csv.DictReader(line for line in lines if line.strip() and not line.startswith("#"))
    given = reader.fieldnames or []
    if unknown := [one for one in given if one not in COLUMNS] or [one for one in NEEDED if one not in given]:
        raise SettingsError(name, f"has other columns ({unknown[0]!r})", f"give {','.join(COLUMNS)}")
    rows = list(reader)
    if not rows:
        raise SettingsError(name, "holds no row", "is it the right file?")
    return head, rows


def _row(row: Mapping[str, str], where: str, known: Mapping[str, Reportable], places: set[str]) -> dict[str, Any]:
    if empty := [name for name in NEEDED if not (row.get(name) or "").strip()]:
        raise SettingsError(where, f"{empty[0]} is empty", "every number says who reported it, when and where")
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    quantity = known.get(cells["quantity"])
    if quantity is None:
        raise SettingsError(where, f"quantity {cells['quantity']!r} is not known", f"known: {', '.join(known)}")
    if cells["location"] not in places:
        raise SettingsError(where, f"location {cells['location']!r} is not known", "e.g. KAZ, globe, caspian_sea")
    if cells["unit"] != quantity.unit:
        raise SettingsError(where, f"unit is {cells['unit']!r}, not {quantity.unit!r}", "convert the value first")
    if cells["redistributable"] not in ("yes", "no"):
        raise SettingsError(where, f"redistributable is {cells['redistributable']!r}", "write yes or no")
    _day(cells["reported_on"], where, "reported_on")
    window = _period(cells["period"], where)
    return {
        "quantity": quantity.id, "location_id": cells["location"], "period_start": window.start, "period_end": window.end,
        "value": _value(cells["value"], quantity, where), "unit": quantity.unit,
        "redistributable": cells["redistributable"] == "yes",
        **{name: cells[name] for name in ("reported_by", "reported_on", "source", "licence", "note")},
    }  # fmt: skip


def _value(text: str, quantity: Reportable, where: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise SettingsError(where, f"value {text!r} is not a number", "write it with a decimal point") from error
    if not (math.isfinite(value) and quantity.low <= value <= quantity.high):
        between = f"{quantity.low:g} to {quantity.high:g} {quantity.unit}"
        raise SettingsError(where, f"value {text} is no {quantity.title} ({between})", "check the number and its unit")
    return value


def _period(text: str, where: str) -> Window:
    try:
        if "/" in text:
            return Window.parse(text)
        year, _, month = text.partition("-")
        first = datetime(int(year), int(month or 1), 1, tzinfo=UTC)
        last = datetime(first.year + first.month // 12, first.month % 12 + 1, 1, tzinfo=UTC)
        return Window(first, last if month else first.replace(year=first.year + 1))
    except (ValueError, CaspianError) as error:
        raise SettingsError(where, f"period is {text!r}", "write 2024, 2024-05 or 2024-01-01/2024-07-01") from error


def _in_order(rows: list[dict[str, Any]], signed_on: str, name: str, now: datetime) -> None:
    """Refuse days that cannot be: a period begins, is reported, and is signed for, in this order and not in the future."""
    # A signature east of Greenwich may bear the day that begins there before it does in UTC.
    if date.fromisoformat(signed_on) > (now + timedelta(days=1)).date():
        raise SettingsError(name, f"signed_on is {signed_on}, in the future", "write the day of the signature")
    for n, row in enumerate(rows, 1):
        where, reported_on = f"{name}: row {n}", row["reported_on"]
        if reported_on > signed_on:
            raise SettingsError(
                where, f"reported_on is {reported_on}, after signed_on {signed_on}", "correct the one or the other"
            )
        if row["period_start"].date() > date.fromisoformat(reported_on):
            begins = f"the period begins on {row['period_start']:%Y-%m-%d}, after reported_on {reported_on}"
            raise SettingsError(where, begins, "a plan or a forecast is no reported number")


def _day(text: str, where: str, key: str) -> None:
    try:
        # fromisoformat takes 20240229 and 2024-W09-4 too, which do not sort as text among the others.
        plain = date.fromisoformat(text).isoformat() == text
    except ValueError as error:
        raise SettingsError(where, f"{key} is {text!r}", "write YYYY-MM-DD") from error
    if not plain:
        raise SettingsError(where, f"{key} is {text!r}", "write YYYY-MM-DD")
