"""Reading thirty years as of a date, beside a plain table that holds nothing but the newest values."""

from __future__ import annotations

from typing import Any

import pandas as pd
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.bulk import select_columns
from caspian_env.catalog.engine import Catalog, Connection
from caspian_env.catalog.observations import known_at, read_series

from .many_rows import AS_OF, DAYS, MEASURED, latest_only
from .timing import Comparison, cost, take_turns

NAMES = ("value", "std_uncertainty", "qc_flag", "status", "granule_id", "run_id", "source_note")
HISTORY = """
SELECT time, value, std_uncertainty, qc_flag, status, known_from FROM v_observation_history
WHERE dataset_id = 'made_up' AND variable_id = 'made_up' AND location_id = 'place_00001' AND resolution = 'P1D'
AND known_from <= :as_of AND (known_to IS NULL OR known_to > :as_of) ORDER BY time
"""


def measure_reading(few: Catalog, many: Catalog, repeats: int) -> list[Comparison]:
    """As-of queries beside the latest-only table, and with many other series beside few."""
    with few.read() as beside_few, many.read() as beside_many:
        calls = {
            "read_series as of": lambda _: _whole(read_series(beside_many, MEASURED, as_of=AS_OF)),
            "latest-only table, read the same way": lambda _: _whole(read_latest(beside_many)),
            "SQL as of": lambda _: _whole(fetch(beside_many, as_of_statement())),
            "SQL on the latest-only table": lambda _: _whole(fetch(beside_many, latest_statement())),
            "v_observation_history as of": lambda _: _whole(fetch(beside_many, history_statement())),
            "read_series, 10 others": lambda _: _whole(read_series(beside_few, MEASURED, as_of=AS_OF)),
            "SQL, 10 others": lambda _: _whole(fetch(beside_few, as_of_statement())),
        }
        take_turns(calls, 2)  # warms the caches
        seconds = take_turns(calls, repeats)
    by_sql, latest = "SQL as of", "SQL on the latest-only table"
    by_us, same_way = "read_series as of", "latest-only table, read the same way"
    return [
        cost("as-of query, in SQL", seconds, by_sql, latest, at_most=1.5),
        cost("as-of query, `read_series`", seconds, by_us, same_way, at_most=1.5),
        cost("as-of query, `v_observation_history`", seconds, "v_observation_history as of", latest, at_most=1.5),
        cost("1,000 other series, in SQL", seconds, by_sql, "SQL, 10 others", at_most=1.2),
        cost("1,000 other series, `read_series`", seconds, by_us, "read_series, 10 others", at_most=1.2),
    ]


def plans(catalog: Catalog, label: str) -> list[tuple[str, str]]:
    """Title and text of the plan of each query; on PostgreSQL as it was executed."""
    statements = {
        f"as of a date, {label}": as_of_statement(),
        f"latest-only table, {label}": latest_statement(),
        f"v_observation_history as of a date, {label}": history_statement(),
    }
    with catalog.read() as connection:
        return [(title, _plan(connection, statement)) for title, statement in statements.items()]


def as_of_statement() -> sa.Select[Any]:
    """The question that `read_series` asks."""
    column = t.observation.c
    chosen = sa.select(column.time, column.known_from, *(column[name] for name in NAMES))
    return chosen.where(column.series_id == MEASURED, *known_at(AS_OF)).order_by(column.time)


def latest_statement() -> sa.Select[Any]:
    """The same question to the table of newest values, which knows no vintages."""
    column = latest_only.c
    chosen = sa.select(column.time, *(column[name] for name in NAMES))
    return chosen.where(column.series_id == MEASURED).order_by(column.time)


def history_statement() -> sa.TextClause:
    """The documented question of a researcher, through the view."""
    return sa.text(HISTORY).bindparams(sa.bindparam("as_of", AS_OF, t.UtcTime))


def read_latest(connection: Connection) -> pd.DataFrame:
    """What `read_series` would be without vintages."""
    frame = pd.DataFrame(select_columns(connection, latest_statement())).set_index("time")
    frame["std_uncertainty"] = frame["std_uncertainty"].astype(float)
    return frame


def fetch(connection: Connection, statement: sa.Executable) -> list[Any]:
    """The rows as the driver gives them."""
    cursor = connection.execute(statement).cursor
    assert cursor is not None
    return list(cursor.fetchall())


def _whole(found: list[Any] | pd.DataFrame) -> None:
    assert len(found) == DAYS


def _plan(connection: Connection, statement: Any) -> str:
    compiled = statement.compile(dialect=connection.dialect)
    word, last = (
        ("EXPLAIN QUERY PLAN ", -1) if connection.dialect.name == "sqlite" else ("EXPLAIN (ANALYZE, BUFFERS) ", 0)
    )
    processed = {
        name: t.UtcTime().process_bind_param(value, connection.dialect) if value == AS_OF else value
        for name, value in compiled.construct_params().items()
    }
    parameters: Any = tuple(processed[name] for name in compiled.positiontup) if compiled.positional else processed
    lines = [str(row[last]) for row in connection.exec_driver_sql(word + compiled.string, parameters)]
    return "\n".join(lines)
