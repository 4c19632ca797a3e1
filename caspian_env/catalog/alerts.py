"""Alerts: one for each rule and subject while its condition goes on; acknowledged by a person, resolved when it is over."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.adding import insert
from caspian_env.errors import CatalogError


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that a rule found: whom it concerns, and what to say about it."""

    rule: str
    subject: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What one look at all conditions changed."""

    raised: int = 0
    going_on: int = 0
    resolved: int = 0


def record_conditions(
    connection: Connection, found: Iterable[Condition], *, judged: Collection[str], now: datetime
) -> Changes:
    """Raise what is new, renew what goes on, and resolve what is over.

    Parameters
    ----------
    judged : collection of str
        Rules that could be judged; an open alert of another rule stays as it is.
    """
    before = {(row.rule, row.subject): row for row in open_alerts(connection)}
    seen: set[tuple[str, str]] = set()
    raised = 0
    for condition in found:
        key = (condition.rule, condition.subject)
        seen.add(key)
        if key in before:
            values = {"severity": condition.severity, "message": condition.message, "last_seen": now}
            connection.execute(sa.update(t.alert).where(t.alert.c.id == before[key].id).values(values))
        else:
            raised += _raise(connection, condition, now)
    over = [row.id for key, row in before.items() if key not in seen and row.rule in judged]
    if over:
        connection.execute(sa.update(t.alert).where(t.alert.c.id.in_(over)).values(resolved_at=now))
    return Changes(raised, len(seen & before.keys()), len(over))


def open_alerts(connection: Connection) -> Sequence[sa.Row[Any]]:
    """The alerts whose condition goes on, oldest first."""
    return connection.execute(sa.select(t.alert).where(t.alert.c.resolved_at.is_(None)).order_by(t.alert.c.id)).all()


def all_alerts(connection: Connection, limit: int | None = None) -> Sequence[sa.Row[Any]]:
    """The alerts of all times, or the newest ``limit`` of them, newest first."""
    return connection.execute(sa.select(t.alert).order_by(t.alert.c.id.desc()).limit(limit)).all()


def undelivered(connection: Connection, channel: str) -> Sequence[sa.Row[Any]]:
    """The open alerts that nobody has acknowledged and that a channel has not carried yet, oldest first."""
    return [
        row
        for row in open_alerts(connection)
        if row.acknowledged_at is None and channel not in json.loads(row.delivered)
    ]


def record_delivery(connection: Connection, ids: Collection[int], channel: str, now: datetime) -> None:
    """Remember that a channel has carried these alerts."""
    for row in connection.execute(sa.select(t.alert.c.id, t.alert.c.delivered).where(t.alert.c.id.in_(ids))).all():
        delivered = json.dumps(json.loads(row.delivered) | {channel: now.isoformat()}, sort_keys=True)
        connection.execute(sa.update(t.alert).where(t.alert.c.id == row.id).values(delivered=delivered))


def acknowledge(connection: Connection, alert_id: int, *, by: str, now: datetime) -> sa.Row[Any]:
    """Note that a person takes care, so that it is told to nobody else, and return the alert.

    Raises
    ------
    CatalogError
        When there is no such alert, or another person has acknowledged it before.
    """
    row = connection.execute(sa.select(t.alert).where(t.alert.c.id == alert_id)).one_or_none()
    if row is None:
        raise CatalogError(f"alert {alert_id}", "does not exist", "caspian-env alerts lists them")
    if row.acknowledged_by is not None:
        problem = f"was acknowledged by {row.acknowledged_by} on {row.acknowledged_at:%F %H:%M} UTC"
        raise CatalogError(f"alert {alert_id}", problem, "")
    values = {"acknowledged_at": now, "acknowledged_by": by}
    connection.execute(sa.update(t.alert).where(t.alert.c.id == alert_id).values(values))
    return connection.execute(sa.select(t.alert).where(t.alert.c.id == alert_id)).one()


def _raise(connection: Connection, condition: Condition, now: datetime) -> int:
    """Add an alert unless another check was faster; 1 if it was added."""
    same = (t.alert.c.rule == condition.rule, t.alert.c.subject == condition.subject)
    first: datetime | None = connection.scalar(sa.select(sa.func.min(t.alert.c.first_seen)).where(*same))
    values = {
        "rule": condition.rule, "subject": condition.subject, "severity": condition.severity,
        "message": condition.message, "raised_at": now, "first_seen": first or now, "last_seen": now,
    }  # fmt: skip
    added = insert(t.alert, connection.dialect.name).values(**values).on_conflict_do_nothing().returning(t.alert.c.id)
    return int(connection.scalar(added) is not None)
