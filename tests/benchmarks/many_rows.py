"""A catalog with millions of made-up observations, filled inside the database in seconds, and its latest-only twin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.engine import Catalog, Connection
from caspian_env.catalog.ledger import Task, claim
from caspian_env.catalog.observations import known_at
from caspian_env.catalog.sql_files import create_triggers

DAYS = 10_957  # thirty years
FIRST_DAY = datetime(1996, 1, 1, tzinfo=UTC)
AS_OF = FIRST_DAY + timedelta(days=DAYS + 60)  # every day is known, some late revisions are not yet
MEASURED = 1  # the series that is read; it always has all thirty years

made_day = sa.Table(
    "made_day", sa.MetaData(),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    *(sa.Column(name, t.UtcTime) for name in ("time", "first", "second", "third")),
)  # fmt: skip

latest_only = sa.Table(
    "latest_only", sa.MetaData(),
    *(
        sa.Column(column.name, column.type, nullable=column.nullable, primary_key=column.name in ("series_id", "time"))
        for column in t.observation.columns
        if column.name not in ("known_from", "known_to", "kind")
    ),
    sqlite_with_rowid=False,
)  # fmt: skip

# One value in twenty has a second vintage, one in a hundred a third.
REVISIONS = "CASE WHEN (s.id * 31 + d.n * 17) % 20 <> 0 THEN 0 WHEN d.n / 20 % 5 = 0 THEN 2 ELSE 1 END"
FILL = f"""
INSERT INTO observation (series_id, time, known_from, known_to, value, std_uncertainty, qc_flag, status, kind,
                         granule_id, run_id)
SELECT s.id, d.time,
       CASE v.n WHEN 0 THEN d.first WHEN 1 THEN d.second ELSE d.third END,
       CASE WHEN v.n = {REVISIONS} THEN NULL WHEN v.n = 0 THEN d.second ELSE d.third END,
       ((s.id * 7919 + d.n * 10477 + v.n * 13) % 30011) / 1000.0, 0.05, 1, 'final',
       CASE v.n WHEN 0 THEN 'first' ELSE 'corrected' END, 1, 1
FROM {{source}}
WHERE v.n <= {REVISIONS} AND (s.id = {MEASURED} OR d.n < :days) {{more}}
"""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a catalog was filled with."""

    observations: int
    vintages: int
    revised: int
    series: int

    def __str__(self) -> str:
        return (
            f"{self.observations:,} observations ({self.revised / self.observations:.1%} of them with two or three"
            f" vintages) of {self.series:,} series, {self.vintages:,} rows"
        )


def fill(catalog: Catalog, observations: int, others: int, *, twin: bool = True) -> Filled:
    """Fill an empty catalog: one series of thirty years, and ``others`` that share the rest of the observations.

    Without ``twin`` the latest-only table holds the series that is read and no other: half the disk, the same question.

    PostgreSQL gets the rows day after day, all series mixed, as daily grids bring them, which is the harder case; the
    latest-only table gets them series after series, which is its best. SQLite keeps both in the order of their keys.
    """
    days = min(DAYS, max(1, (observations - DAYS) // others))
    with catalog.write() as connection:
        _reference(connection, 1 + others)
        connection.execute(sa.text("CREATE TABLE made_vintage (n INTEGER)"))
        connection.execute(sa.text("INSERT INTO made_vintage VALUES (0), (1), (2)"))
        made_day.create(connection)
        connection.execute(sa.insert(made_day), [_day(n) for n in range(DAYS)])
    with _in_a_hurry(catalog) as connection, _without_checks(connection):
        for part in _parts(connection):
            connection.execute(sa.text(part), {"days": days})
    with _in_a_hurry(catalog) as connection:
        latest_only.create(connection)
        names = [column.name for column in latest_only.columns]
        chosen = sa.select(*(t.observation.c[name] for name in names)).where(*known_at(AS_OF))
        if not twin:
            chosen = chosen.where(t.observation.c.series_id == MEASURED)
        ordered = chosen.order_by(t.observation.c.series_id, t.observation.c.time)
        connection.execute(sa.insert(latest_only).from_select(names, ordered))
        count = sa.text("SELECT count(*), count(known_to) FROM observation WHERE kind = 'first'")
        first, revised = connection.execute(count).one()
        vintages = connection.scalar(sa.text("SELECT count(*) FROM observation"))
    _finish(catalog)
    return Filled(first, vintages or 0, revised, 1 + others)


def _parts(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":  # CROSS keeps this order of loops, which is that of the key
        return [FILL.format(source="series s CROSS JOIN made_day d CROSS JOIN made_vintage v", more="")]
    source, order = "series s, made_day d, made_vintage v", "ORDER BY d.n, s.id, v.n"
    return [
        FILL.format(source=source, more=f"AND d.n >= {start} AND d.n < {start + 365} {order}")
        for start in range(0, DAYS, 365)
    ]


def _day(n: int) -> dict[str, object]:
    time = FIRST_DAY + timedelta(days=n)
    return {
        "n": n, "time": time, "first": time + timedelta(days=2), "second": time + timedelta(days=40),
        "third": time + timedelta(days=400),
    }  # fmt: skip


def _reference(connection: Connection, n_series: int) -> None:
    connection.execute(sa.insert(t.variable).values(id="made_up", long_name="made up", units="1"))
    connection.execute(sa.insert(t.datum).values(id="none", title="none", source="made up"))
    connection.execute(
        sa.insert(t.dataset).values(
            id="made_up", title="synthetic", summary="", provider="nobody", kind="table", licence="public",
            redistributable=True, citation="nobody", update_frequency="P1D", publication_delay_days=1,
            whole_record=True, state="active",
        )
    )  # fmt: skip
    names = [f"place_{n:05}" for n in range(1, n_series + 1)]
    connection.execute(
        sa.insert(t.location), [{"id": name, "title": name, "kind": "station", "source": "made up"} for name in names]
    )
    connection.execute(
        sa.insert(t.series),
        [
            {"dataset_id": "made_up", "variable_id": "made_up", "location_id": name, "resolution": "P1D",
             "datum_id": "none"}
            for name in names
        ],
    )  # fmt: skip
    task = Task("ingest:made_up", "ingest", "made_up", code_version="0", settings_hash="0")
    claim(connection, task, holder="made up", now=FIRST_DAY, lease_seconds=1e9, gone=lambda holder: False)
    connection.execute(
        sa.insert(t.granule),
        [{"dataset_id": "made_up", "sha256": letter * 64, "size": 1, "state": "accepted"} for letter in "ab"],
    )


@contextmanager
def _in_a_hurry(catalog: Catalog) -> Iterator[Connection]:
    """A transaction for made-up rows: no journal on SQLite; no triggers and foreign keys, much memory on PostgreSQL."""
    with catalog.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA journal_mode = OFF")  # the next connection goes back to WAL
            driver.execute("PRAGMA synchronous = OFF")
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '256MB'")
                connection.exec_driver_sql("SET LOCAL work_mem = '64MB'")
            yield connection
    catalog.dispose()


@contextmanager
def _without_checks(connection: Connection) -> Iterator[None]:
    """Take indexes and triggers of the observations away while rows are made, and put all of them back."""
    back: list[str] = []
    if connection.dialect.name == "sqlite":
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'observation'"
        for name in connection.scalars(sa.text(triggers)).all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        indexes = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'observation' AND sql > ''"
    else:
        key = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'pk_observation'"
        for name, definition in connection.execute(sa.text(key)).all():
            connection.exec_driver_sql(f"ALTER TABLE observation DROP CONSTRAINT {name}")
            back.append(f"ALTER TABLE observation ADD CONSTRAINT {name} {definition}")
        indexes = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'observation'"
    for name, definition in connection.execute(sa.text(indexes)).all():
        connection.exec_driver_sql(f"DROP INDEX {name}")
        back.append(definition)
    yield
    for statement in back:
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "sqlite":
        create_triggers(connection)


def _finish(catalog: Catalog) -> None:
    """What autovacuum does on PostgreSQL by itself; SQLite plans without."""
    if catalog.engine.dialect.name == "postgresql":
        with catalog.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE) observation, latest_only")
