"""Which bytes of the archive the catalog names, and what it needs them for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t


def stored_granules(connection: Connection) -> Sequence[sa.Row[Any]]:
    """Every granule with the answer that first brought it, by dataset and address.

    Rows have dataset_id, sha256, size, state, url and retrieved_at (of the first answer, or None), and needed: whether the
    granule was accepted or an observation of any vintage rests on it.
    """
    g, r = t.granule.c, t.retrieval.c
    first = sa.select(r.granule_id, sa.func.min(r.id).label("id")).where(r.granule_id.is_not(None))
    answer = first.group_by(r.granule_id).subquery()
    used = sa.exists().where(t.observation.c.granule_id == g.id)
    statement = (
        sa.select(
            g.dataset_id, g.sha256, g.size, g.state, r.url, r.retrieved_at,
            sa.or_(g.state == "accepted", used).label("needed"),
        )
        .outerjoin(answer, answer.c.granule_id == g.id)
        .outerjoin(t.retrieval, r.id == answer.c.id)
        .order_by(g.dataset_id, r.url, g.sha256)
    )  # fmt: skip
    return connection.execute(statement).all()


def accepted_addresses(connection: Connection, dataset_id: str) -> set[str]:
    """The addresses whose newest granule was accepted."""
    g, r = t.granule.c, t.retrieval.c
    mine = (r.dataset_id == dataset_id, r.granule_id.is_not(None))
    newest = sa.select(sa.func.max(r.id)).where(*mine).group_by(r.url)
    statement = sa.select(r.url).join(t.granule, g.id == r.granule_id)
    return set(
        connection.execute(statement.where(r.id.in_(newest), g.state == "accepted", r.error.is_(None))).scalars()
    )


def arrivals(connection: Connection, dataset_id: str) -> tuple[int, int]:
    """How many granules of a dataset were accepted, and their bytes."""
    g = t.granule.c
    columns = (sa.func.count(), sa.func.coalesce(sa.func.sum(g.size), 0))
    row = connection.execute(sa.select(*columns).where(g.dataset_id == dataset_id, g.state == "accepted")).one()
    return int(row[0]), int(row[1])


def n_days_observed(connection: Connection, dataset_id: str, start: datetime, end: datetime) -> int:
    """On how many times of [start, end) a daily dataset has a value that is known now."""
    o = t.observation.c
    mine = sa.select(t.series.c.id).where(t.series.c.dataset_id == dataset_id)
    found = sa.select(sa.func.count(sa.distinct(o.time))).where(
        o.series_id.in_(mine), o.known_to.is_(None), o.value.is_not(None), o.time >= start, o.time < end
    )
    return int(connection.execute(found).scalar_one())


def preliminary(
    connection: Connection, dataset_id: str, since: datetime, before: datetime | None = None
) -> tuple[int, Any, Any]:
    """How many values known now are preliminary from a time on (and before another), and the first and last of these."""
    time, wanted = t.observation.c.time, _preliminary(dataset_id, since)
    if before is not None:
        wanted = (*wanted, time < before)
    row = connection.execute(sa.select(sa.func.count(), sa.func.min(time), sa.func.max(time)).where(*wanted)).one()
    return int(row[0]), row[1], row[2]


def preliminary_times(connection: Connection, dataset_id: str, since: datetime) -> list[datetime]:
    """The times, in order, of the values known now that are preliminary."""
    time = t.observation.c.time
    wanted = sa.select(time).where(*_preliminary(dataset_id, since)).distinct().order_by(time)
    return list(connection.execute(wanted).scalars())


def _preliminary(dataset_id: str, since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    s, o = t.series.c, t.observation.c
    mine = sa.select(s.id).where(s.dataset_id == dataset_id)
    return o.series_id.in_(mine), o.time >= since, o.known_to.is_(None), o.status == "preliminary"


def hold_claims(connection: Connection) -> list[str]:
    """Let no run begin until this transaction ends, and name the jobs that go on already.

    On SQLite the one writer is this transaction, and a run begins with a write.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE run IN SHARE ROW EXCLUSIVE MODE")
    column = t.run.c
    rows = connection.execute(sa.select(column.job).where(column.status == "running").order_by(column.id))
    return [row.job for row in rows]
