"""Parts of cubes in vintages, and what was believed of each time of a gridded dataset.

The granule behind an observation says which file of the provider is current for its time, now and as of any date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.observations import TICK, known_at


@dataclass(frozen=True, slots=True)
class Believed:
    """From when until when one granule stood for one time of a dataset, and which run brought it."""

    time: datetime
    known_from: datetime
    known_to: datetime | None
    granule_id: int
    sha256: str
    status: str
    run_id: int


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a cube; the fields are the columns of table ``cube_part``."""

    period_start: datetime
    period_end: datetime
    sha256: str
    size: int
    fingerprint: str
    n_granules: int


def read_believed(connection: Connection, dataset_id: str, year: int | None = None) -> list[Believed]:
    """Every granule that ever stood for a time of a dataset, or of a year of it, by time and knowledge.

    One row stands for all regions.
    """
    observation, granule, series = t.observation.c, t.granule.c, t.series.c
    columns = (
        observation.time, observation.known_from, observation.known_to, observation.granule_id, granule.sha256,
        observation.status, observation.run_id,
    )  # fmt: skip
    statement = (
        sa.select(*columns)
        .distinct()
        .select_from(t.observation)
        .join(t.series, series.id == observation.series_id)
        .join(t.granule, granule.id == observation.granule_id)
        .where(series.dataset_id == dataset_id)
        .order_by(observation.time, observation.known_from, observation.granule_id)
    )
    if year is not None:
        first, next_first = _edges(year)
        statement = statement.where(observation.time >= first, observation.time < next_first)
    return [Believed(*row) for row in connection.execute(statement)]


def last_changes(connection: Connection, dataset_id: str) -> dict[int, datetime]:
    """The moment of the last change of what is known of a dataset, by year of valid time.

    Years are looked up one by one, those with an open part together: to ask each value for its year takes three times as long.
    """
    o, s, p = t.observation.c, t.series.c, t.cube_part.c
    moments = (sa.func.max(o.known_from), sa.func.max(o.known_to))
    together = (
        sa.select(p.period_start, *moments)
        .join_from(t.cube_part, t.series, s.dataset_id == p.dataset_id)
        .join(t.observation, sa.and_(o.series_id == s.id, o.time >= p.period_start, o.time < p.period_end))
        .where(p.dataset_id == dataset_id, p.known_to.is_(None))
        .group_by(p.period_start)
    )
    found = {row[0].year: row[1:] for row in connection.execute(together)}
    alone = (
        sa.select(*moments).join_from(t.series, t.observation, s.id == o.series_id).where(s.dataset_id == dataset_id)
    )
    for year in _years(connection, dataset_id) - found.keys():
        first, next_first = _edges(year)
        found[year] = connection.execute(alone.where(o.time >= first, o.time < next_first)).one()
    return {year: max(filter(None, row)) for year, row in sorted(found.items()) if any(row)}


def _years(connection: Connection, dataset_id: str) -> set[int]:
    """Every year from the first to the last observation of a dataset."""
    o, s = t.observation.c, t.series.c
    edges = [
        sa.select(edge(o.time)).where(o.series_id == s.id).correlate(t.series).scalar_subquery()
        for edge in (sa.func.min, sa.func.max)
    ]
    rows = connection.execute(sa.select(*edges).where(s.dataset_id == dataset_id)).all()
    known = [row for row in rows if row[0] is not None]
    return set(range(min(row[0] for row in known).year, max(row[1] for row in known).year + 1)) if known else set()


def _edges(year: int) -> tuple[datetime, datetime]:
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def read_parts(connection: Connection, dataset_id: str, *, as_of: datetime | None = None) -> Sequence[sa.Row[Any]]:
    """The parts of a cube as they are known now or were known at ``as_of``, by period."""
    column = t.cube_part.c
    wanted = (column.dataset_id == dataset_id, *known_at(as_of, t.cube_part))
    return connection.execute(sa.select(t.cube_part).where(*wanted).order_by(column.period_start)).all()


def first_known(connection: Connection, dataset_id: str) -> datetime | None:
    """From when on there is any part of a cube, or None."""
    column = t.cube_part.c
    first: datetime | None = connection.scalar(
        sa.select(sa.func.min(column.known_from)).where(column.dataset_id == dataset_id)
    )
    return first


def last_part_change(connection: Connection, dataset_id: str, *, as_of: datetime | None = None) -> datetime | None:
    """The moment of the last change of what is known of a cube, by ``as_of`` if given; None if there never was one."""
    column = t.cube_part.c
    moments: list[datetime] = []
    for changed in (column.known_from, column.known_to):
        wanted = [column.dataset_id == dataset_id, *([changed <= as_of] if as_of else [])]
        moment = connection.scalar(sa.select(sa.func.max(changed)).where(*wanted))
        moments += [moment] if moment is not None else []
    return max(moments, default=None)


def write_part(
    connection: Connection, dataset_id: str, part: Part, *, known_at_moment: datetime, run_id: int
) -> datetime:
    """Open a vintage of a part in place of the one that is open, and return the start of its knowledge."""
    since = close_part(connection, dataset_id, part.period_start, known_at_moment=known_at_moment)
    values = {name: getattr(part, name) for name in Part.__slots__}
    connection.execute(sa.insert(t.cube_part).values(dataset_id=dataset_id, known_from=since, run_id=run_id, **values))
    return since


def close_part(
    connection: Connection, dataset_id: str, period_start: datetime, *, known_at_moment: datetime
) -> datetime:
    """Close the open vintage of a part, if there is one, and return the end of its knowledge."""
    column = t.cube_part.c
    mine = (column.dataset_id == dataset_id, column.period_start == period_start, column.known_to.is_(None))
    opened_at = connection.scalar(sa.select(column.known_from).where(*mine))
    if opened_at is None:
        return known_at_moment
    until: datetime = max(known_at_moment, opened_at + TICK)
    connection.execute(sa.update(t.cube_part).where(*mine).values(known_to=until))
    return until
