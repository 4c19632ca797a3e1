"""The whole content of a catalog as text that both databases write alike and read alike, table by table.

A row is one line of JSON: a list in the order of the table's columns, times as ``2024-11-30 00:00:00[.ffffff]`` in UTC,
numbers with all their digits. Rows come in the order of the primary key, text compared byte by byte, so that the same
content is the same lines on SQLite and PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.complaints import translated
from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.migrate import revisions, schema_change, upgrade
from caspian_env.errors import CatalogError, NewerDatabase

CHUNK_ROWS = 5_000
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """A table as it is written: its name, columns, and which of them hold times or truth values."""

    name: str
    columns: tuple[str, ...]
    times: tuple[str, ...]
    booleans: tuple[str, ...]
    key: tuple[str, ...]


def layouts() -> list[Layout]:
    """The tables of this version, parents before children."""
    return [
        Layout(
            table.name,
            tuple(column.name for column in table.columns),
            tuple(column.name for column in table.columns if isinstance(column.type, t.UtcTime)),
            tuple(column.name for column in table.columns if isinstance(column.type, sa.Boolean)),
            tuple(column.name for column in table.primary_key.columns),
        )
        for table in t.metadata.sorted_tables
    ]


def write_lines(connection: Connection, layout: Layout) -> Iterator[bytes]:
    """The rows of a table, in chunks of whole lines."""
    convert: dict[str, _Convert] = dict.fromkeys(layout.times, _time_text)
    convert |= dict.fromkeys(layout.booleans, bool)
    converters = [(n, convert[name]) for n, name in enumerate(layout.columns) if name in convert]
    for rows in _chunks(connection, layout):
        yield b"".join(_ENCODER.encode(_plain(row, converters)).encode() + b"\n" for row in rows)


def insert_lines(connection: Connection, layout: Layout, lines: Iterable[bytes]) -> None:
    """Insert rows as `write_lines` gives them, in order.

    Raises
    ------
    CatalogError
        When the database does not take them.
    """
    rows: list[tuple[Any, ...]] = []
    try:
        with _inserter(connection, layout) as insert:
            for line in lines:
                rows.append(tuple(json.loads(line)))
                if len(rows) == CHUNK_ROWS:
                    insert(rows)
                    rows = []
            if rows:
                insert(rows)
    except (sa.exc.DBAPIError, connection.dialect.loaded_dbapi.Error) as error:
        if translated(error, connection.engine.url) is not None:
            raise  # the database itself fails, not these rows
        problem = f"the database does not take its rows: {str(error).splitlines()[0]}"
        raise CatalogError(layout.name, problem, "take another backup; nothing was restored") from error


@contextmanager
def loading(catalog: Catalog, revision: str) -> Iterator[Connection]:
    """One transaction that fills an empty database at that schema revision, without triggers, which come back after it.

    Afterwards the database is brought to the schema of this version.

    Raises
    ------
    CatalogError
        When the database holds anything.
    NewerDatabase
        When this version does not know the revision.
    """
    _refuse_content(catalog)
    if revision not in revisions():
        problem = f"its schema revision {revision} is not known to this version"
        raise NewerDatabase("backup", problem, "restore it with the version that wrote it, or a newer one")
    upgrade(catalog, revision)
    with schema_change(catalog) as connection:
        yield connection
        _reset_sequences(connection)
    upgrade(catalog)


def _rows_by_table(connection: Connection) -> dict[str, int]:
    """How many rows each table has, tables without one left out."""
    inspector = sa.inspect(connection)
    counts = {
        name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0
        for name in inspector.get_table_names()
        if name != "alembic_version"
    }
    return {name: count for name, count in counts.items() if count}


def _refuse_content(catalog: Catalog) -> None:
    if catalog.file is not None and not catalog.file.exists():
        return
    with catalog.read() as connection:
        there = _rows_by_table(connection)
    if there:
        problem = (
            f"is not empty: it holds {', '.join(f'{count} rows of {name}' for name, count in list(there.items())[:3])}"
        )
        raise CatalogError(
            catalog.name,
            problem,
            "name an empty database: another home, another address, or a new one in CASPIAN_ENV_DATABASE_URL where that is "
            "set; nothing was changed",
        )


def _chunks(connection: Connection, layout: Layout) -> Iterator[list[Any]]:
    """Rows in the stored form, read with a cursor on the server where there is one."""
    binary = ' COLLATE "C"' if connection.dialect.name == "postgresql" else ""
    kinds = {column["name"]: column["type"] for column in sa.inspect(connection).get_columns(layout.name)}
    order = ", ".join(f"{name}{binary if isinstance(kinds[name], sa.String) else ''}" for name in layout.key)
    statement = f"SELECT {', '.join(layout.columns)} FROM {layout.name} ORDER BY {order}"
    options = {"stream_results": True, "max_row_buffer": CHUNK_ROWS}
    result = connection.exec_driver_sql(statement, execution_options=options)
    while rows := result.fetchmany(CHUNK_ROWS):
        yield list(rows)


def _plain(row: Any, converters: list[tuple[int, _Convert]]) -> list[Any]:
    values = list(row)
    for place, convert in converters:
        if values[place] is not None:
            values[place] = convert(values[place])
    return values


def _time_text(moment: Any) -> str:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    return str(moment)


@contextmanager
def _inserter(connection: Connection, layout: Layout) -> Iterator[Callable[[list[tuple[Any, ...]]], None]]:
    """A way to insert rows in the form of a backup: COPY on PostgreSQL, executemany on SQLite."""
    names = ", ".join(layout.columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(layout.columns))

        def insert_many(rows: list[tuple[Any, ...]]) -> None:
            connection.exec_driver_sql(f"INSERT INTO {layout.name} ({names}) VALUES ({marks})", rows)

        yield insert_many
        return
    driver: Any = connection.connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {layout.name} ({names}) FROM STDIN") as copy:

        def copy_all(rows: list[tuple[Any, ...]]) -> None:
            for row in rows:
                copy.write_row(row)  # the session is in UTC, and so is a time that names no zone

        yield copy_all


def _reset_sequences(connection: Connection) -> None:
    """Let new rows on PostgreSQL be numbered after those that were loaded; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    inspector = sa.inspect(connection)
    for name in inspector.get_table_names():
        for column in inspector.get_columns(name):
            if column.get("autoincrement") and str(column.get("default") or "").startswith("nextval("):
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', '{column['name']}'),"
                    f" (SELECT coalesce(max({column['name']}), 0) + 1 FROM {name}), false)"
                )
