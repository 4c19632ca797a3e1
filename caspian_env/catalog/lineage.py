"""From an indicator value down to the bytes it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t


@dataclass(frozen=True, slots=True)
class Bytes:
    """One granule behind a value, as it was first fetched."""

    dataset_id: str
    sha256: str
    url: str
    retrieved_at: datetime
    argument: str
    n_observations: int


def granules_of(connection: Connection, value_ids: Sequence[str]) -> dict[str, list[Bytes]]:
    """The granules behind each indicator value, exact to the vintage that was used, in a stable order."""
    n, o, g = t.indicator_input.c, t.observation.c, t.granule.c
    used = (
        sa.select(n.value_id, n.argument, o.granule_id, sa.func.count().label("n_observations"))
        .join_from(
            t.indicator_input,
            t.observation,
            sa.and_(
                o.series_id == n.series_id, o.time >= n.period_start, o.time < n.period_end,
                o.known_from <= n.known_at, sa.or_(o.known_to.is_(None), o.known_to > n.known_at),
            ),
        )
        .group_by(n.value_id, n.argument, o.granule_id)
    )  # fmt: skip
    found: dict[str, list[Bytes]] = {value_id: [] for value_id in value_ids}
    for start in range(0, len(value_ids), 500):
        chunk = used.where(n.value_id.in_(value_ids[start : start + 500])).subquery()
        statement = sa.select(
            chunk.c.value_id, chunk.c.argument, chunk.c.n_observations, chunk.c.granule_id, g.dataset_id, g.sha256
        ).join(t.granule, g.id == chunk.c.granule_id)
        rows = connection.execute(statement.order_by(chunk.c.value_id, g.dataset_id, g.sha256, chunk.c.argument)).all()
        fetched = first_retrievals(connection, {row.granule_id for row in rows})
        for row in rows:
            url, retrieved_at = fetched[row.granule_id]
            line = Bytes(row.dataset_id, row.sha256, url, retrieved_at, row.argument, row.n_observations)
            found[row.value_id].append(line)
    return found


def first_retrievals(connection: Connection, granule_ids: set[int]) -> dict[int, tuple[str, datetime]]:
    """Address and time of the answer that first brought each granule."""
    r = t.retrieval.c
    found: dict[int, tuple[str, datetime]] = {}
    ids = sorted(granule_ids)
    for start in range(0, len(ids), 500):
        chosen = ids[start : start + 500]
        first = sa.select(sa.func.min(r.id)).where(r.granule_id.in_(chosen)).group_by(r.granule_id)
        for row in connection.execute(sa.select(r.granule_id, r.url, r.retrieved_at).where(r.id.in_(first))):
            found[row.granule_id] = (row.url, row.retrieved_at)
    return found


def newest_granules(connection: Connection) -> dict[str, sa.Row[Any]]:
    """For each dataset its newest observation now known and the granule it came from, by dataset."""
    o, s = t.observation.c, t.series.c
    newest: dict[str, sa.Row[Any]] = {}
    for series in connection.execute(sa.select(s.id, s.dataset_id).order_by(s.id)):
        statement = sa.select(o.time, o.granule_id, t.granule.c.sha256).join(t.granule, t.granule.c.id == o.granule_id)
        last = statement.where(o.series_id == series.id, o.known_to.is_(None)).order_by(o.time.desc()).limit(1)
        row = connection.execute(last).one_or_none()
        if row and (series.dataset_id not in newest or row.time > newest[series.dataset_id].time):
            newest[series.dataset_id] = row
    return newest
