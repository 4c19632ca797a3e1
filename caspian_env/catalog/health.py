"""What the doctor and the alerts ask the database about itself and about the runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.complaints import translated
from caspian_env.catalog.sql_files import trigger_files, view_files
from caspian_env.errors import CatalogError


def integrity_problems(connection: Connection, *, full: bool) -> list[str]:
    """What SQLite finds wrong with its file, indexes and foreign keys, one line each; unless ``full``, without observations.

    To look at the pages of some million observations takes half a minute; all other tables together take no second.

    Raises
    ------
    CatalogError
        When the file is too damaged to be examined.
    """
    try:
        if full:
            checks = ["integrity_check(20)"]
        else:
            tables = sa.inspect(connection).get_table_names()
            checks = [f"quick_check('{name}')" for name in tables if name != t.observation.name]
        said = [line for check in checks for line in connection.exec_driver_sql(f"PRAGMA {check}").scalars()]
        found = [line for line in said if line != "ok"][:20]
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20) if full else []
    except sa.exc.DatabaseError as error:
        if translated(error, connection.engine.url, reads=True) is not None:
            raise  # the remedy differs: a damaged file, a full disk
        raise CatalogError("database", f"cannot be read: {error.orig}", "restore the last good backup") from error
    return found + [f"row {row[1]} of {row[0]} names a row of {row[2]} that is not there" for row in orphans]


def open_alert_count(connection: Connection) -> int:
    """How many alerts go on that nobody has acknowledged."""
    column = t.alert.c
    wanted = (column.resolved_at.is_(None), column.acknowledged_at.is_(None))
    return connection.scalar(sa.select(sa.func.count()).select_from(t.alert).where(*wanted)) or 0


def missing_views(connection: Connection) -> list[str]:
    """Views of this version that the database lacks."""
    there = set(sa.inspect(connection).get_view_names())
    return [name for name, _ in view_files() if name not in there]


def missing_triggers(connection: Connection) -> list[str]:
    """Triggers of this version that the database lacks, or that somebody switched off."""
    if connection.dialect.name == "sqlite":
        question = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        question = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    there = set(connection.exec_driver_sql(question).scalars())
    texts = "\n".join(text for _, text in trigger_files(connection.dialect.name))
    wanted = re.findall(r"^CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER (\w+)", texts, flags=re.MULTILINE)
    return [name for name in dict.fromkeys(wanted) if name not in there]


def running(connection: Connection) -> Sequence[sa.Row[Any]]:
    """The runs that say of themselves that they go on: id, job, holder, started_at, heartbeat_at, lease_until."""
    column = t.run.c
    columns: list[sa.ColumnElement[Any]] = [
        column.id, column.job, column.holder, column.started_at, column.heartbeat_at, column.lease_until,
    ]  # fmt: skip
    return connection.execute(sa.select(*columns).where(column.status == "running").order_by(column.id)).all()


def last_runs(connection: Connection, since: datetime) -> Sequence[sa.Row[Any]]:
    """For each job what became of its newest due time, if that lies not before ``since``.

    Not of a freeze: only a person asks for one, and is told at once when it is refused; nothing is due and nothing is lost.
    Rows have id, job, status, cause, error, scheduled_for, started_at, and as ``before`` the status of the run before it.
    """
    column = t.run.c
    order = (column.scheduled_for.desc(), column.attempt.desc())
    place = sa.func.row_number().over(partition_by=column.job, order_by=order).label("place")
    columns = (
        column.id, column.job, column.status, column.cause, column.error, column.scheduled_for, column.started_at,
        sa.func.lead(column.status).over(partition_by=column.job, order_by=order).label("before"),
    )  # fmt: skip
    newest = sa.select(*columns, place).where(
        column.status != "running", column.workflow != "freeze", column.scheduled_for >= since
    ).subquery()  # fmt: skip
    chosen = [newest.c[name.name] for name in columns]
    return connection.execute(sa.select(*chosen).where(newest.c.place == 1).order_by(newest.c.job)).all()


def run_statistics(connection: Connection) -> Sequence[sa.Row[Any]]:
    """For each job and status of its runs: n, their seconds together, and when the last of them ended."""
    column = t.run.c
    if connection.dialect.name == "sqlite":
        seconds = (sa.func.julianday(column.finished_at) - sa.func.julianday(column.started_at)) * 86_400.0
    else:
        seconds = sa.extract("epoch", column.finished_at - column.started_at)
    columns: list[sa.ColumnElement[Any]] = [
        column.job, column.status, sa.func.count().label("n"), sa.func.sum(seconds).label("seconds"),
        sa.type_coerce(sa.func.max(column.finished_at), t.UtcTime).label("last_end"),
    ]  # fmt: skip
    order = (column.job, column.status)
    return connection.execute(sa.select(*columns).group_by(*order).order_by(*order)).all()


def received_bytes(connection: Connection) -> dict[str, int]:
    """Bytes that came from the provider of each dataset, the same ones twice where they came twice."""
    r = t.retrieval.c
    # Most answers are empty, because nothing had changed. They are passed over in one sweep: by the index on the dataset,
    # which a plain GROUP BY would follow, each of them would be looked up.
    name = sa.func.coalesce(r.dataset_id, "").label("name")
    summed = sa.select(name, sa.func.sum(r.bytes_received)).where(r.bytes_received > 0).group_by(name)
    return {row[0]: int(row[1]) for row in sorted(connection.execute(summed).all())}


def archived_bytes(connection: Connection) -> dict[str, int]:
    """Bytes of the accepted granules of each dataset."""
    g = t.granule.c
    summed = sa.select(g.dataset_id, sa.func.sum(g.size)).where(g.state == "accepted").group_by(g.dataset_id)
    return {row[0]: int(row[1]) for row in connection.execute(summed.order_by(g.dataset_id))}


def latest_moment(connection: Connection) -> datetime | None:
    """The newest time of the database's own bookkeeping: when something was retrieved, begun or known from."""
    moments = [
        connection.scalar(sa.select(sa.func.max(column)))
        for column in (
            t.retrieval.c.retrieved_at,
            t.retrieval.c.known_at,
            t.run.c.started_at,
            t.indicator_value.c.known_from,
        )
    ]
    return max((moment for moment in moments if moment is not None), default=None)


def archive_growth(connection: Connection, since: datetime) -> tuple[int, datetime | None]:
    """Bytes that came since then, and when the first of all bytes came."""
    r = t.retrieval.c
    first_of = sa.select(r.granule_id, sa.func.min(r.retrieved_at).label("first")).where(r.granule_id.is_not(None))
    born = first_of.group_by(r.granule_id).subquery()
    first = sa.type_coerce(born.c.first, t.UtcTime)
    grown = sa.select(sa.func.coalesce(sa.func.sum(t.granule.c.size), 0)).join(
        born, born.c.granule_id == t.granule.c.id
    )
    bytes_since = connection.scalar(grown.where(first >= since)) or 0
    return int(bytes_since), connection.scalar(sa.select(sa.type_coerce(sa.func.min(r.retrieved_at), t.UtcTime)))


def great_revisions(connection: Connection, since: datetime, times: float) -> Sequence[sa.Row[Any]]:
    """Values replaced since then by one more than ``times`` standard uncertainties (of the old one) away, counted.

    Rows are a series and a moment each: dataset_id, variable_id, location_id, datum_id, known_at, n_values, first and last
    time, and the greatest change in standard uncertainties.
    """
    old, new, s, r = t.observation.alias("old"), t.observation.alias("new"), t.series.c, t.retrieval.c
    follows = sa.and_(
        old.c.series_id == new.c.series_id, old.c.time == new.c.time, old.c.known_to == new.c.known_from
    )  # fmt: skip
    came = sa.select(r.granule_id).where(r.outcome == "new", r.known_at >= since, r.granule_id.is_not(None))
    ratio = sa.func.abs(new.c.value - old.c.value) / old.c.std_uncertainty
    identity = (s.dataset_id, s.variable_id, s.location_id, s.datum_id)
    statement = (
        sa.select(
            *identity, new.c.known_from.label("known_at"), sa.func.count().label("n_values"),
            sa.func.min(new.c.time).label("first"), sa.func.max(new.c.time).label("last"),
            sa.func.max(ratio).label("most"),
        )
        .join_from(new, old, follows)
        .join(t.series, s.id == new.c.series_id)
        .where(new.c.granule_id.in_(came), new.c.known_from >= since, old.c.std_uncertainty > 0, ratio > times)
        .group_by(*identity, new.c.known_from)
        .order_by(*identity, new.c.known_from)
    )  # fmt: skip
    return connection.execute(statement).all()
