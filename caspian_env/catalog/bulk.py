"""Many rows at the speed of the driver: COPY, executemany and raw cursors, without a conversion for each value.

Rows are tuples in the *stored form*: what the driver itself takes and gives. The two databases differ in times only
(text on SQLite, aware datetimes on PostgreSQL), and stored times of one database can be compared and hashed, so that
a write may look for differences without reading every time back into a datetime.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t

Row = tuple[Any, ...]


def stored_times(connection: Connection, moments: Iterable[datetime]) -> list[Any]:
    """Aware times in the stored form.

    Raises
    ------
    ValueError
        For a naive time.
    """
    aware = [moment if moment.tzinfo is UTC else _in_utc(moment) for moment in moments]
    if connection.dialect.name != "sqlite":
        return aware
    return [moment.replace(tzinfo=None).isoformat(" ") for moment in aware]


def time_of(connection: Connection, stored: Any) -> datetime:
    """A time in the stored form as an aware UTC datetime."""
    moment = t.UtcTime().process_result_value(stored, connection.dialect)
    assert moment is not None
    return moment


def select_rows(connection: Connection, statement: sa.Select[Any], **parameters: Any) -> list[Row]:
    """The rows of a query in the stored form."""
    cursor = connection.execute(statement, parameters).cursor
    assert cursor is not None
    return list(cursor.fetchall())


def select_columns(connection: Connection, statement: sa.Select[Any]) -> dict[str, Any]:
    """The columns of a query by name, times as arrays of naive UTC (``datetime64[us]``).

    On PostgreSQL times travel as the integers that they are, which takes half the time of reading datetimes; for this
    the statement goes to the driver as it is, so that it may hold no expanding parameter (``IN``).
    """
    import numpy as np

    names = list(statement.selected_columns.keys())
    sqlite = connection.dialect.name == "sqlite"
    rows = select_rows(connection, statement) if sqlite else _rows_with_integer_times(connection, statement)
    columns: dict[str, Any] = dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True))
    for column in statement.selected_columns:
        if isinstance(column.type, t.UtcTime):
            values = columns[column.name]
            columns[column.name] = (
                np.array(values, dtype="datetime64[us]") if sqlite
                else np.datetime64("2000", "us") + np.array(values, dtype="timedelta64[us]")
            )  # fmt: skip
    return columns


def _rows_with_integer_times(connection: Connection, statement: sa.Select[Any]) -> list[Row]:
    """Rows from PostgreSQL, times as microseconds since 2000, which is how its binary protocol carries them."""
    from psycopg.types.numeric import Int8BinaryLoader

    compiled = statement.compile(dialect=connection.dialect)
    given = compiled.construct_params()
    parameters = {name: _in_utc(value) if isinstance(value, datetime) else value for name, value in given.items()}
    with _cursor(connection, binary=True) as cursor:
        cursor.adapters.register_loader("timestamptz", Int8BinaryLoader)
        return list(cursor.execute(str(compiled), parameters).fetchall())


def insert_rows(connection: Connection, table: sa.Table, names: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows in the stored form: COPY on PostgreSQL, executemany on SQLite."""
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", list(rows))
        return
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    failure = connection.dialect.loaded_dbapi.Error
    try:
        with _cursor(connection) as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except failure as error:  # as SQLAlchemy would have wrapped it
        raise sa.exc.IntegrityError(statement, None, error) from error


def close_vintages(connection: Connection, series_id: int, closed: Sequence[tuple[Any, Any]]) -> None:
    """Close the open vintages of a series: pairs of time and end of knowledge, in the stored form."""
    if not closed:
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "UPDATE observation o SET known_to = c.until FROM unnest(%s::timestamptz[], %s::timestamptz[]) c(at, until)"
            " WHERE o.series_id = %s AND o.time = c.at AND o.known_to IS NULL",
            ([at for at, _ in closed], [until for _, until in closed], series_id),
        )
        return
    connection.exec_driver_sql(
        "UPDATE observation SET known_to = ? WHERE series_id = ? AND time = ? AND known_to IS NULL",
        [(until, series_id, at) for at, until in closed],
    )


def _cursor(connection: Connection, **options: bool) -> Any:
    """A cursor of the driver inside our transaction, which SQLAlchemy would begin at the first statement of its own."""
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection
    return driver.cursor(**options)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"naive time {moment!r}: the catalog stores UTC")
    return moment.astimezone(UTC)
