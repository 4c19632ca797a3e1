"""How far the datasets reach, and when their providers last answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t

ANSWERS = ("new", "same_bytes", "not_modified")


@dataclass(frozen=True, slots=True)
class Contact:
    """The newest answer of a provider, the newest failure, and when it last said that there is nothing, UTC."""

    answered_at: datetime | None = None
    failed_at: datetime | None = None
    absent_at: datetime | None = None


def newest_observations(connection: Connection) -> Sequence[sa.Row[Any]]:
    """For each series its dataset, resolution and the newest time that is now known; without one, None.

    Every stored value is finite (``ck_observation_value_finite``) and lies inside the region of its series.
    """
    s, o = t.series.c, t.observation.c
    newest = sa.select(sa.func.max(o.time)).where(o.series_id == s.id, o.known_to.is_(None)).scalar_subquery()
    columns: list[sa.ColumnElement[Any]] = [
        s.dataset_id, s.variable_id, s.location_id, s.resolution, sa.type_coerce(newest, t.UtcTime).label("newest"),
    ]  # fmt: skip
    return connection.execute(sa.select(*columns).order_by(s.id)).all()


def contacts(connection: Connection) -> dict[str, Contact]:
    """When each dataset's provider last gave bytes or confirmed them, failed, and had nothing at an address."""
    r = t.retrieval.c
    columns: list[sa.ColumnElement[Any]] = [
        sa.type_coerce(sa.func.max(sa.case((r.outcome.in_(outcomes), r.retrieved_at))), t.UtcTime)
        for outcomes in (ANSWERS, ("failed",), ("not_published",))
    ]
    rows = connection.execute(sa.select(r.dataset_id, *columns).group_by(r.dataset_id))
    return {row[0]: Contact(*row[1:]) for row in rows}
