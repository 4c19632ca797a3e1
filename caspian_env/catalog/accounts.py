"""What the ledger says of a job as a whole: how far it is accounted for, what it brought, by which timetable it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.ledger import running_jobs


@dataclass(frozen=True, slots=True)
class Account:
    """How far a job is accounted for: its newest due time with its last attempt.

    ``cause`` is why that attempt did not do everything, ``done_since`` when the newest run began that got through, and
    ``running`` whether one goes on, whoever asked.
    """

    scheduled_for: datetime | None = None
    status: str | None = None
    attempt: int = 0
    ended_at: datetime | None = None
    done_since: datetime | None = None
    running: bool = False
    cause: str | None = None


def account(connection: Connection, job: str) -> Account:
    """How far the due times of a job are accounted for."""
    column = t.run.c
    mine = (column.job == job, column.origin == "scheduled")
    newest = connection.execute(
        sa.select(column.scheduled_for, column.status, column.cause, column.attempt, column.finished_at)
        .where(*mine)
        .order_by(column.scheduled_for.desc(), column.attempt.desc())
        .limit(1)
    ).one_or_none()
    done = (column.job == job, column.status.in_(("ok", "partial")))
    done_since: datetime | None = connection.scalar(sa.select(sa.func.max(column.started_at)).where(*done))
    running = job in running_jobs(connection, [job])
    due, status, cause, attempt, ended_at = newest if newest else (None, None, None, 0, None)
    return Account(due, status, attempt, ended_at, done_since, running, cause)


def brought_something(connection: Connection, jobs: Sequence[str], *, due_until: datetime, after: datetime) -> bool:
    """Whether one of some jobs, due at ``due_until`` at the latest, ended later than ``after`` and had something new."""
    column = t.run.c
    wanted = (
        column.job.in_(jobs), column.origin == "scheduled", column.scheduled_for <= due_until, column.finished_at > after,
        column.status.in_(("ok", "partial", "failed")), column.n_fetched > column.n_rejected,
    )  # fmt: skip
    return connection.scalar(sa.select(column.id).where(*wanted).limit(1)) is not None


def collected_until(connection: Connection, job: str) -> datetime | None:
    """Up to when runs that got through have asked for values without a gap between them, or None.

    Only runs that asked up to their own present count: a back-fill of old years says nothing about the days after it.
    """
    column = t.run.c
    got_through = (column.job == job, column.status.in_(("ok", "partial")), column.window_end > column.started_at)
    windows = connection.execute(
        sa.select(column.window_start, column.window_end).where(*got_through).order_by(column.window_end)
    )
    reached: datetime | None = None
    for start, end in windows:
        if reached is None or start <= reached:
            reached = end
    return reached


def recorded_schedule(connection: Connection, job: str) -> str | None:
    """By which timetable a job was last accounted for."""
    column = t.catalog_property.c
    found: str | None = connection.scalar(sa.select(column.value).where(column.name == f"schedule of {job}"))
    return found


def record_schedule(connection: Connection, job: str, timetable: str) -> None:
    """Remember by which timetable a job is accounted for from now on."""
    column = t.catalog_property.c
    known = recorded_schedule(connection, job)
    if known is None:
        connection.execute(sa.insert(t.catalog_property).values(name=f"schedule of {job}", value=timetable))
    elif known != timetable:
        named = sa.update(t.catalog_property).where(column.name == f"schedule of {job}")
        connection.execute(named.values(value=timetable))
