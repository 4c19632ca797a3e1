"""Three representative rows in every table, as far as the database at hand has its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from caspian_env.catalog.tables import UtcTime, metadata

START = datetime(2020, 1, 1, 6, 30, 0, 250_000, tzinfo=UTC)
DAY = timedelta(days=1)
Rows = dict[str, list[dict[str, Any]]]


def fill(connection: sa.Connection) -> Rows:
    """Insert the rows and return them as they were meant, by table."""
    inspector = sa.inspect(connection)
    there = {name: {c["name"] for c in inspector.get_columns(name)} for name in inspector.get_table_names()}
    written: Rows = {}
    # The parts of a value and of an edition are written before it, which the database demands.
    for table in sorted(metadata.sorted_tables, key=lambda table: table.name in ("indicator_value", "report_edition")):
        if table.name in there:
            rows = [_row(table, number, written) for number in (1, 2, 3)]
            written[table.name] = [{k: v for k, v in row.items() if k in there[table.name]} for row in rows]
            for row in written[table.name]:
                connection.execute(sa.insert(table).values(row))
    for number, outcome in ((2, "ok"), (3, "failed")):  # only a run that goes on may write
        connection.execute(
            sa.text("UPDATE run SET status = :outcome WHERE id = :id"), {"outcome": outcome, "id": number}
        )
    return written


def content(connection: sa.Connection) -> dict[str, list[Mapping[str, Any]]]:
    """Every row of every table as the database has it, in a stable order."""
    found = {}
    for name in sa.inspect(connection).get_table_names():
        if name != "alembic_version":
            rows = connection.execute(sa.text(f"SELECT * FROM {name}")).mappings()
            found[name] = sorted((dict(row) for row in rows), key=lambda row: str(sorted(row.items())))
    return found


def _row(table: sa.Table, number: int, written: Rows) -> dict[str, Any]:
    row = {column.name: _value(column, number, written) for column in table.columns}
    if table.name == "run":
        row["status"] = "running"
    if table.name == "report_value":
        row |= {"value": None} if number == 3 else {"reason": None}
    if table.name == "report_edition":
        row |= {"corrects": None, "erratum": None, "reason": None} if number == 1 else {"corrects": _edition_id(1)}
    if table.name == "indicator_value":
        refused = number == 3
        row |= {"value": None if refused else number + 0.1, "reason": "too few months" if refused else None}
        row |= dict.fromkeys(("ci_low", "ci_high", "ci_level"))
        row |= {} if refused else {"ci_low": number + 0.05, "ci_high": number + 0.2, "ci_level": 0.9}
    return row


def _value(column: sa.Column[Any], number: int, written: Rows) -> Any:
    for key in column.foreign_keys:
        parent, _, name = key.target_fullname.partition(".")
        if parent == "indicator_value":
            return f"{number:032}"
        if parent == "report_edition":
            return _edition_id(number)
        return written[parent][number - 1][name]
    if column.name in ("known_to", "finished_at") and number == 3:
        return None
    if words := _allowed(column):
        return words[number % len(words)]
    return _plain(column, number)


def _edition_id(number: int) -> str:
    return f"edition {number}"


def _plain(column: sa.Column[Any], number: int) -> Any:
    if isinstance(column.type, UtcTime):
        later = DAY if column.name.endswith(("_to", "_end", "until")) else timedelta(0)
        return START + 30 * number * DAY + later
    if isinstance(column.type, sa.Boolean):
        return number == 1
    if isinstance(column.type, sa.Integer):
        return number
    if isinstance(column.type, sa.Float):
        return number + 0.1
    if column.table.name == "indicator_value" and column.name == "id":
        return f"{number:032}"
    if column.table.name == "report_edition" and column.name == "id":
        return _edition_id(number)
    length = getattr(column.type, "length", None)
    return (str(number) * length if length else f"{column.name} {number}: “Каспий”")[:length]


def _allowed(column: sa.Column[Any]) -> list[Any]:
    """The words or numbers that a CHECK of the table allows."""
    for constraint in column.table.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            found = re.fullmatch(rf"{column.name} IN \((.+)\)", str(constraint.sqltext))
            if found:
                return [word.strip("'") if "'" in word else int(word) for word in found[1].split(", ")]
    return []
