"""What moved: values that providers changed, and the indicator values that changed since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.observations import known_at

_revision = sa.table(
    "v_revision",
    sa.column("dataset_id", sa.String), sa.column("variable_id", sa.String), sa.column("location_id", sa.String),
    sa.column("time", t.UtcTime), sa.column("old_value", sa.Double), sa.column("new_value", sa.Double),
    sa.column("kind", sa.String), sa.column("known_at", t.UtcTime), sa.column("datum", sa.String),
    sa.column("unit", sa.String), sa.column("old_granule_sha256", sa.String), sa.column("new_granule_sha256", sa.String),
)  # fmt: skip


def moved_values(
    connection: Connection, *, dataset: str | None = None, since: datetime | None = None
) -> Sequence[sa.Row[Any]]:
    """Every value that a provider changed or took back, as in ``v_revision``, by series, moment of knowledge and time.

    Only those of ``dataset`` and known from ``since`` on, where given: a large catalog finds these without reading all.
    """
    column = _revision.c
    order = (column.dataset_id, column.variable_id, column.location_id, column.datum, column.known_at, column.time)
    columns: list[sa.ColumnElement[Any]] = list(_revision.columns)
    statement = sa.select(*columns).order_by(*order)
    if dataset is not None:
        statement = statement.where(column.dataset_id == dataset)
    if since is not None:
        statement = statement.where(column.known_at >= since)
    return connection.execute(statement).all()


def counted_revisions(connection: Connection, as_of: datetime | None = None) -> Sequence[sa.Row[Any]]:
    """Per dataset, variable and kind: how many values moved until ``as_of``, the greatest change, and the last moment."""
    column = _revision.c
    group = (column.dataset_id, column.variable_id, column.kind)
    change = sa.func.max(sa.func.abs(column.new_value - column.old_value))
    last = sa.func.max(column.known_at, type_=t.UtcTime)
    statement = sa.select(*group, sa.func.count(), change, last).group_by(*group).order_by(*group)
    return connection.execute(statement.where(column.known_at <= as_of) if as_of else statement).all()


def counted_flags(connection: Connection, as_of: datetime | None = None) -> Sequence[sa.Row[Any]]:
    """Per dataset, flag and status: how many values are known now or were at ``as_of``."""
    o, s = t.observation.c, t.series.c
    group = (s.dataset_id, o.qc_flag, o.status)
    statement = sa.select(*group, sa.func.count()).join_from(t.observation, t.series, s.id == o.series_id)
    return connection.execute(statement.where(*known_at(as_of)).group_by(*group).order_by(*group)).all()


def moved_indicators(connection: Connection, since: datetime | None = None) -> Sequence[sa.Row[Any]]:
    """Every closed vintage of an indicator value and the one that followed it, if any, by indicator, location and period.

    Rows have id, value, std_uncertainty and status of both (``old_…``, ``new_…``), kind and reason of the new, and known_at.
    """
    old, new = t.indicator_value.alias("old"), t.indicator_value.alias("new")
    same = ("indicator_id", "location_id", "period_start", "period_end")
    columns: list[sa.ColumnElement[Any]] = [old.c[name] for name in (*same, "unit")]
    columns += [new.c.kind, new.c.reason, old.c.known_to.label("known_at")]
    for name in ("id", "value", "std_uncertainty", "status"):
        columns += [old.c[name].label(f"old_{name}"), new.c[name].label(f"new_{name}")]
    follows = sa.and_(*(old.c[name] == new.c[name] for name in same), new.c.known_from == old.c.known_to)
    statement = sa.select(*columns).select_from(old.outerjoin(new, follows)).where(old.c.known_to.is_not(None))
    if since is not None:
        statement = statement.where(old.c.known_to >= since)
    order = (*(old.c[name] for name in same), old.c.known_to)
    return connection.execute(statement.order_by(*order)).all()


def inputs_of_values(connection: Connection, value_ids: Iterable[str]) -> dict[str, list[sa.Row[Any]]]:
    """Windows and moment of knowledge of the inputs of each value, with the identity of their series."""
    n, s = t.indicator_input.c, t.series.c
    columns: list[sa.ColumnElement[Any]] = [n.value_id, n.period_start, n.period_end, n.known_at]
    columns += [s.dataset_id, s.variable_id, s.location_id, sa.func.nullif(s.datum_id, "none").label("datum")]
    statement = sa.select(*columns).join_from(t.indicator_input, t.series, s.id == n.series_id)
    ids = sorted(set(value_ids))
    found: dict[str, list[sa.Row[Any]]] = {value_id: [] for value_id in ids}
    for start in range(0, len(ids), 500):
        chunk = statement.where(n.value_id.in_(ids[start : start + 500]))
        for row in connection.execute(chunk.order_by(n.value_id, n.argument, n.period_start)):
            found[row.value_id].append(row)
    return found
