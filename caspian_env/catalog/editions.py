"""What the editions of a granule have stated so far, and which edition a series is in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.observations import known_at


class Stated(NamedTuple):
    """A series of which a value is known that came from certain addresses."""

    id: int
    variable_id: str
    location_id: str


def series_from(connection: Connection, dataset_id: str, urls: Sequence[str], location_id: str | None) -> list[Stated]:
    """The series of a dataset, at one place or at all, that hold a value known now from one of these addresses."""
    series, observation, retrieval = t.series.c, t.observation.c, t.retrieval.c
    granules = sa.select(retrieval.granule_id).where(
        retrieval.url.in_(urls), retrieval.dataset_id == dataset_id, retrieval.granule_id.is_not(None)
    )
    stated = sa.exists().where(
        observation.series_id == series.id, observation.known_to.is_(None), observation.granule_id.in_(granules)
    )
    wanted = [series.dataset_id == dataset_id, stated]
    if location_id is not None:
        wanted.append(series.location_id == location_id)
    found = sa.select(series.id, series.variable_id, series.location_id).where(*wanted).order_by(series.id)
    return [Stated(*row) for row in connection.execute(found)]


class SeriesEdition(NamedTuple):
    """The edition that a series is in: the newest granule that opened one of the values known of it."""

    product_version: str | None
    sha256: str
    known_at: datetime
    retrieved_at: datetime


def edition_of_series(
    connection: Connection, dataset_id: str, variable_id: str, location_id: str, as_of: datetime | None = None
) -> SeriesEdition | None:
    """The edition of a whole record as known now or at ``as_of``; None where nothing of the series is known.

    An edition withdraws what it does not state, so all values of such a series are in it; one that repeats a value
    leaves it with the granule that stated it first.
    """
    o, s, g, r = t.observation.c, t.series.c, t.granule.c, t.retrieval.c
    newest = (
        sa.select(sa.func.max(o.granule_id))
        .join_from(t.observation, t.series, s.id == o.series_id)
        .where(s.dataset_id == dataset_id, s.variable_id == variable_id, s.location_id == location_id, *known_at(as_of))
    )
    statement = (
        sa.select(g.product_version, g.sha256, r.known_at, r.retrieved_at)
        .join_from(t.granule, t.retrieval, r.granule_id == g.id)
        .where(g.id == newest.scalar_subquery())
        .order_by(r.id)
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    return SeriesEdition(*row) if row else None
