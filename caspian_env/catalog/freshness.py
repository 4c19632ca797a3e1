"""How far the datasets reach, and when their providers last answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t

ANSWERS = ("new", "same_bytes", "not_modified")


@dataclass(frozen=True, slots=True)
class Contact:
    """The newest answer of a provider, and the newest failure, "there is nothing" and listing since then, UTC."""

    answered_at: datetime | None = None
    failed_at: datetime | None = None
    absent_at: datetime | None = None
    listed_at: datetime | None = None


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
    """When each dataset's provider last gave bytes or confirmed them, and since then failed, had nothing or only listed.

    Knowledge of a dataset only grows, so its newest answer is found from the end of the index on ``known_at``; to look at
    every answer ever given would take seconds in a catalog that is some years old.
    """
    found = {name: _contact(connection, name) for name in connection.execute(sa.select(t.dataset.c.id)).scalars()}
    return {name: contact for name, contact in found.items() if contact != Contact()}


def _contact(connection: Connection, dataset_id: str) -> Contact:
    mine = {"of": dataset_id}
    answer = connection.execute(_newest_answer(), mine).one_or_none()
    if answer is None:
        later = {row[0]: row[1] for row in connection.execute(_others(), mine)}
        return Contact(None, later.get("failed"), later.get("not_published"), later.get("listed"))
    since = {"since": answer.known_at, "run": answer.run_id}
    later = {row[0]: row[1] for row in connection.execute(_others(since=True), mine | since)}
    return Contact(answer.retrieved_at, later.get("failed"), later.get("not_published"), later.get("listed"))


@cache  # asked of every dataset: to put the question costs more than to answer it
def _newest_answer() -> sa.Select[Any]:
    r = t.retrieval.c
    answers = sa.select(r.retrieved_at, r.known_at, r.run_id).where(r.dataset_id == sa.bindparam("of"))
    return answers.where(r.outcome.in_(ANSWERS)).order_by(r.known_at.desc(), r.id.desc()).limit(1)


@cache
def _others(*, since: bool = False) -> sa.Select[Any]:
    """The newest of each outcome that is no answer, of all or of those since the newest answer."""
    r = t.retrieval.c
    newest = sa.type_coerce(sa.func.max(r.retrieved_at), t.UtcTime)
    others = sa.select(r.outcome, newest).where(r.dataset_id == sa.bindparam("of"))
    others = others.where(r.outcome.in_(("failed", "not_published", "listed"))).group_by(r.outcome)
    if not since:
        return others
    # What a collection misses at one address while it gets answers at others does not speak of the source.
    apart = sa.or_(r.outcome != "not_published", r.run_id.is_distinct_from(sa.bindparam("run", type_=sa.Integer)))
    return others.where(r.known_at >= sa.bindparam("since"), apart)
