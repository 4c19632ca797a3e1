"""From an indicator value down to the bytes it was made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.observations import known_at


@dataclass(frozen=True, slots=True)
class Bytes:
    """One granule behind a value, as it was first fetched."""

    dataset_id: str
    sha256: str
    url: str
    retrieved_at: datetime
    argument: str
    n_observations: int


@dataclass(frozen=True, slots=True)
class Origin:
    """A granule, and the answer and run that brought it into the vintage in question."""

    dataset_id: str
    sha256: str
    size: int
    media_type: str | None
    product_version: str | None
    retrieval_id: int
    url: str
    retrieved_at: datetime
    known_at: datetime
    http_status: int | None
    etag: str | None
    last_modified: str | None
    run_id: int
    code_version: str


def values_of_period(
    connection: Connection, indicator_id: str, start: datetime, end: datetime, *, location_id: str | None = None,
    as_of: datetime | None = None,
) -> Sequence[sa.Row[Any]]:  # fmt: skip
    """Values and refusals of an indicator for exactly this period, by location: known now, or at ``as_of``."""
    column = t.indicator_value.c
    wanted = [column.indicator_id == indicator_id, column.period_start == start, column.period_end == end]
    wanted += [column.location_id == location_id] if location_id else []
    statement = sa.select(t.indicator_value).where(*wanted, *known_at(as_of, t.indicator_value))
    return connection.execute(statement.order_by(column.location_id)).all()


def inputs_of(connection: Connection, value_id: str) -> Sequence[sa.Row[Any]]:
    """What a value was made from: argument, series with its identity, windows and the moment of knowledge, in order."""
    n, s = t.indicator_input.c, t.series.c
    columns: list[sa.ColumnElement[Any]] = [n.argument, n.series_id, n.period_start, n.period_end, n.known_at]
    columns += [s.dataset_id, s.variable_id, s.location_id, s.resolution, s.datum_id, t.variable.c.units]
    statement = (
        sa.select(*columns)
        .join_from(t.indicator_input, t.series, s.id == n.series_id)
        .join(t.variable, t.variable.c.id == s.variable_id)
    )
    order = (n.argument, n.series_id, n.period_start)
    return connection.execute(statement.where(n.value_id == value_id).order_by(*order)).all()


def digits_of(connection: Connection, series_id: int, as_of: datetime) -> dict[datetime, str | None]:
    """What each quality test said of the observations known at a moment, one digit a test."""
    column = t.observation.c
    statement = sa.select(column.time, column.qc_tests).where(column.series_id == series_id, *known_at(as_of))
    return {row.time: row.qc_tests for row in connection.execute(statement)}


def overrides_of(connection: Connection, series_id: int, as_of: datetime) -> dict[datetime, str]:
    """The observations whose flag at a moment was one set by a person, with name and reason."""
    column = t.qc_override.c
    wanted = (column.series_id == series_id, *known_at(as_of, t.qc_override))
    rows = connection.execute(sa.select(column.time, column.set_by, column.reason).where(*wanted))
    return {row.time: f"{row.set_by}: {row.reason}" for row in rows}


def run_of(connection: Connection, run_id: int) -> sa.Row[Any]:
    """One execution: workflow, times, code version, settings hash."""
    return connection.execute(sa.select(t.run).where(t.run.c.id == run_id)).one()


def origins_of(connection: Connection, used: set[tuple[int, int]]) -> dict[tuple[int, int], Origin]:
    """For each pair of granule and writing run: the bytes, and the answer that had brought them by then.

    Bytes that a provider returned to after others came twice; the run tells which of the two answers is meant.
    """
    g, r = t.granule.c, t.retrieval.c
    columns = (
        r.granule_id, r.run_id, g.dataset_id, g.sha256, g.size, g.media_type, g.product_version,
        r.id.label("retrieval_id"), r.url, r.retrieved_at, r.known_at, r.http_status, r.etag, r.last_modified,
        t.run.c.code_version,
    )  # fmt: skip
    statement = (
        sa.select(*columns)
        .join_from(t.retrieval, t.granule, g.id == r.granule_id)
        .join(t.run, t.run.c.id == r.run_id)
        .where(r.outcome == "new")
        .order_by(r.id)
    )
    runs: dict[int, list[int]] = {}
    for granule_id, run_id in used:
        runs.setdefault(granule_id, []).append(run_id)
    found: dict[tuple[int, int], Origin] = {}
    ids = sorted(runs)
    for start in range(0, len(ids), 500):
        for row in connection.execute(statement.where(r.granule_id.in_(ids[start : start + 500]))):
            origin = Origin(**{name: getattr(row, name) for name in Origin.__slots__})
            # A later run can have written too without an answer of its own: a flag set by a person.
            found |= {(row.granule_id, run): origin for run in runs[row.granule_id] if row.run_id <= run}
    return found


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
            first = fetched[row.granule_id]
            line = Bytes(row.dataset_id, row.sha256, first.url, first.retrieved_at, row.argument, row.n_observations)
            found[row.value_id].append(line)
    return found


class First(NamedTuple):
    """The answer that first brought a granule: its address, when it came, and from when on it counts as known."""

    url: str
    retrieved_at: datetime
    known_at: datetime

    @property
    def from_an_archive(self) -> bool:
        """Whether it was collected long after it had become known."""
        return self.retrieved_at - self.known_at > timedelta(days=1)


def first_retrievals(connection: Connection, granule_ids: set[int]) -> dict[int, First]:
    """The answer that first brought each granule."""
    r = t.retrieval.c
    found: dict[int, First] = {}
    ids = sorted(granule_ids)
    for start in range(0, len(ids), 500):
        chosen = ids[start : start + 500]
        first = sa.select(sa.func.min(r.id)).where(r.granule_id.in_(chosen)).group_by(r.granule_id)
        columns = (r.granule_id, r.url, r.retrieved_at, r.known_at)
        for row in connection.execute(sa.select(*columns).where(r.id.in_(first))):
            found[row.granule_id] = First(row.url, row.retrieved_at, row.known_at)
    return found


def known_datasets(connection: Connection, as_of: datetime | None = None) -> set[str]:
    """The datasets of which any observation is known now, or was at ``as_of``."""
    o, s = t.observation.c, t.series.c
    known = sa.exists().where(o.series_id == s.id, *known_at(as_of))
    return set(connection.scalars(sa.select(s.dataset_id).distinct().where(known)))


def newest_granules(
    connection: Connection, datasets: Collection[str], as_of: datetime | None = None
) -> dict[str, sa.Row[Any]]:
    """The newest observation of each of these datasets known now, or at ``as_of``, and the granule it came from, by dataset."""
    o, s = t.observation.c, t.series.c
    newest: dict[str, sa.Row[Any]] = {}
    columns: list[sa.ColumnElement[Any]] = [o.time, o.granule_id, t.granule.c.sha256]
    for series in connection.execute(sa.select(s.id, s.dataset_id).where(s.dataset_id.in_(datasets)).order_by(s.id)):
        statement = sa.select(*columns).join(t.granule, t.granule.c.id == o.granule_id)
        last = statement.where(o.series_id == series.id, *known_at(as_of)).order_by(o.time.desc()).limit(1)
        row = connection.execute(last).one_or_none()
        if row and (series.dataset_id not in newest or row.time > newest[series.dataset_id].time):
            newest[series.dataset_id] = row
    return newest
