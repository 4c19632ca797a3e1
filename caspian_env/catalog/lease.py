"""Leases: a role that one process has at a time, with a token that grows with every new holder."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.adding import insert
from caspian_env.catalog.ledger import Gone
from caspian_env.errors import LostLease


def acquire_lease(
    connection: Connection, name: str, *, holder: str, now: datetime, seconds: float, gone: Gone
) -> int | None:
    """Take a role that nobody has, or whose holder let it run out or is gone; its token, or None when it is taken."""
    until = now + timedelta(seconds=seconds)
    values = {"name": name, "holder": holder, "token": 1, "lease_until": until}
    first = insert(t.lease, connection.dialect.name).values(values).on_conflict_do_nothing()
    if token := connection.scalar(first.returning(t.lease.c.token)):
        return int(token)
    before = connection.execute(sa.select(t.lease).where(t.lease.c.name == name).with_for_update()).one()
    if before.lease_until >= now and not gone(before.holder):
        return None
    values = {"holder": holder, "token": before.token + 1, "lease_until": until}
    connection.execute(sa.update(t.lease).where(t.lease.c.name == name).values(values))
    return int(before.token) + 1


def renew_lease(connection: Connection, name: str, token: int, *, now: datetime, seconds: float) -> bool:
    """Keep a role; False when another has it."""
    renewed = sa.update(t.lease).where(*_mine(name, token)).values(lease_until=now + timedelta(seconds=seconds))
    return connection.execute(renewed).rowcount == 1


def release_lease(connection: Connection, name: str, token: int, *, now: datetime) -> None:
    """Give a role up, so that another need not wait for it."""
    connection.execute(sa.update(t.lease).where(*_mine(name, token)).values(lease_until=now - timedelta(seconds=1)))


def require_lease(connection: Connection, name: str, token: int) -> None:
    """Make sure, until the transaction ends, that nobody else has the role; LostLease otherwise."""
    mine = sa.select(t.lease.c.token).where(*_mine(name, token)).with_for_update(read=True)
    if connection.scalar(mine) is None:
        raise LostLease(name, "another process has this role now", "")


def lease_holder(connection: Connection, name: str) -> tuple[str, datetime] | None:
    """Who has, or last had, a role, and until when."""
    row = connection.execute(
        sa.select(t.lease.c.holder, t.lease.c.lease_until).where(t.lease.c.name == name)
    ).one_or_none()
    return (row.holder, row.lease_until) if row else None


def _mine(name: str, token: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return t.lease.c.name == name, t.lease.c.token == token
