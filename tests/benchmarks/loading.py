"""Loading: what the catalog adds to a bare executemany or COPY into the very same table."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from caspian_env.catalog import tables as t
from caspian_env.catalog.engine import Catalog, Connection
from caspian_env.catalog.observations import Observed, write_observations
from caspian_env.catalog.reference import series_id

from .timing import Comparison, speed, take_turns

KNOWN, KNOWN_LATER = datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 2, 1, tzinfo=UTC)
START = datetime(1990, 1, 1, tzinfo=UTC)
COLUMNS = tuple(column.name for column in t.observation.columns if column.name != "known_to")


def measure_loading(catalog: Catalog, rows: int, repeats: int) -> list[Comparison]:
    """First loads of new series, and an edition of which 5 % are revised, beside their bare peers."""
    first = [
        Observed(START + timedelta(hours=n), 20.0 + n % 97 / 7, 0.05, 1, "final", source_note=None) for n in range(rows)
    ]
    edition = [replace(row, value=row.value + 1) if n % 20 == 0 else row for n, row in enumerate(first)]
    bare = "bare COPY" if catalog.engine.dialect.name == "postgresql" else "bare executemany"
    changes = "bare UPDATE and INSERT of the changes"
    calls = {
        bare: lambda n: _bare_first(catalog, f"bare {n}", first),
        "ours": lambda n: _ours(catalog, f"ours {n}", first, KNOWN),
        "edition": lambda n: _edition(catalog, n, first, edition),
        changes: lambda n: _bare_changes(catalog, n, first, edition),
    }
    seconds = take_turns(calls, repeats)
    return [
        speed("first load", seconds, "ours", bare, rows, at_least=0.5),
        speed("edition, 5 % revised", seconds, "edition", bare, rows, at_least=0.5),
        speed("edition, beside its changes alone", seconds, "edition", changes, rows),
    ]


def _ours(catalog: Catalog, name: str, observed: list[Observed], known: datetime) -> float:
    series = _series(catalog, name)
    start = time.perf_counter()
    with catalog.write() as connection:
        written = write_observations(
            connection, series, observed, known_at=known, granule_id=1, run_id=1, whole_record=True
        )
    seconds = time.perf_counter() - start
    assert written.first + written.revised + written.unchanged == len(observed)
    return seconds


def _edition(catalog: Catalog, n: int, first: list[Observed], edition: list[Observed]) -> float:
    _ours(catalog, f"edition {n}", first, KNOWN)
    return _ours(catalog, f"edition {n}", edition, KNOWN_LATER)


def _bare_first(catalog: Catalog, name: str, observed: list[Observed]) -> float:
    series = _series(catalog, name)
    with catalog.write() as connection:
        made = _tuples(connection, series, observed, KNOWN, "first")
    start = time.perf_counter()
    with catalog.write() as connection:
        _bare_insert(connection, made)
    return time.perf_counter() - start


def _bare_changes(catalog: Catalog, n: int, first: list[Observed], edition: list[Observed]) -> float:
    """Only what an edition changes, known beforehand and without looking: close, then insert."""
    _bare_first(catalog, f"changes {n}", first)
    series = _series(catalog, f"changes {n}")
    with catalog.write() as connection:
        changed = [new for old, new in zip(first, edition, strict=True) if old.value != new.value]
        made = _tuples(connection, series, changed, KNOWN_LATER, "corrected")
        (later,) = _stored(connection, [KNOWN_LATER])
    start = time.perf_counter()
    with catalog.write() as connection:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        _cursor(connection).executemany(
            f"UPDATE observation SET known_to = {mark} WHERE series_id = {mark} AND time = {mark} AND known_to IS NULL",
            [(later, series, row[1]) for row in made],
        )
        _bare_insert(connection, made)
    return time.perf_counter() - start


def _bare_insert(connection: Connection, made: list[tuple[Any, ...]]) -> None:
    cursor = _cursor(connection)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(COLUMNS))
        cursor.executemany(f"INSERT INTO observation ({', '.join(COLUMNS)}) VALUES ({marks})", made)
        return
    with cursor.copy(f"COPY observation ({', '.join(COLUMNS)}) FROM STDIN") as copy:
        for row in made:
            copy.write_row(row)


def _tuples(
    connection: Connection, series: int, observed: list[Observed], known: datetime, kind: str
) -> list[tuple[Any, ...]]:
    """Rows ready for the driver, made before the clock starts."""
    (known_from,) = _stored(connection, [known])
    given = {"series_id": series, "known_from": known_from, "kind": kind, "granule_id": 1, "run_id": 1}
    times = _stored(connection, [row.time for row in observed])
    return [
        tuple(
            time if name == "time" else given[name] if name in given else getattr(row, name, None) for name in COLUMNS
        )
        for time, row in zip(times, observed, strict=True)
    ]


def _stored(connection: Connection, moments: list[datetime]) -> list[Any]:
    convert = t.UtcTime().process_bind_param
    return [convert(moment, connection.dialect) for moment in moments]


def _cursor(connection: Connection) -> Any:
    connection.exec_driver_sql("SELECT 1")  # begins the transaction
    return connection.connection.cursor()


def _series(catalog: Catalog, name: str) -> int:
    with catalog.write() as connection:
        return series_id(
            connection, dataset="made_up", variable="made_up", location="place_00001", resolution=name, datum=None
        )
