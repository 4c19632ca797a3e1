"""What the editions of a granule have stated so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t


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
