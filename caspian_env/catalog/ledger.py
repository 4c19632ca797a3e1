"""The ledger of runs: who does a job now, what was done when it was due, what was missed.

A job, such as ``ingest:noaa_oisst_v2_1``, is done by one run at a time, and what was due at a time is done at most once:
two unique indexes say so, whoever asks. A run holds its job by a lease that it renews while it works. When the holder is
gone, the next one takes over: the old run turns to failed, and because the number of a run is also a fencing token, the
database refuses whatever the old holder still tries to write (triggers ``*_fenced``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.adding import insert
from caspian_env.catalog.observations import TICK
from caspian_env.errors import LostLease

Gone = Callable[[str], bool]
RACES = 5
LEASE_LOST = "lease lost: "
# Why a run did not do everything: it was stopped before its end (by a kill, or by a service that stops), what was missing
# may be there soon, or it will not be there before the next due time, or not without somebody.
INTERRUPTED, HANDED_BACK, TRANSIENT, PERMANENT = "interrupted", "handed_back", "transient", "permanent"
AGAIN = ("failed", "partial")  # statuses after which a due time may be tried again


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done and for whom; ``scheduled_for`` is None when a person asks, and then it is now."""

    job: str
    workflow: str
    subject: str
    code_version: str
    settings_hash: str
    scheduled_for: datetime | None = None
    window: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger, as far as others must know it."""

    run_id: int
    status: str
    holder: str | None
    started_at: datetime
    lease_until: datetime | None


def claim(
    connection: Connection, task: Task, *, holder: str, now: datetime, lease_seconds: float, gone: Gone
) -> int | Entry:
    """Take a job for ``lease_seconds`` and return the run, or else the run that stands in the way.

    A run whose lease ran out, or whose holder is ``gone``, is taken over: it ends as failed, and this one is a further
    attempt, as it is after one that was partial. A holder that is writing at this very moment is alive, whatever its
    lease says.

    Parameters
    ----------
    now : datetime
        UTC.
    gone : callable
        Whether a holder is known to be dead; False in doubt.
    """
    for _ in range(RACES):
        running = _running(connection, task.job)
        if running is not None and not _take_over(connection, running, f"taken over by {holder}", now, gone):
            return running
        moment = task.scheduled_for or _unused_moment(connection, task.job, now)
        done, attempt = _attempts(connection, task.job, moment)
        if done is not None:
            return done
        values = _row(task, moment, now) | {
            "status": "running", "attempt": attempt, "holder": holder, "heartbeat_at": now,
            "lease_until": now + timedelta(seconds=lease_seconds),
            "origin": "scheduled" if task.scheduled_for else "manual",
        }  # fmt: skip
        run_id = _insert_unless_taken(connection, values)
        if run_id is not None:
            return run_id
        # Somebody else was faster; the next look shows who.
    raise LostLease(task.job, "others claimed and left it faster than this run could", "try again")


def heartbeat(connection: Connection, run_id: int, *, now: datetime, lease_seconds: float) -> bool:
    """Renew the lease of a run; False when the run is over, because another one took it over."""
    values = {"heartbeat_at": now, "lease_until": now + timedelta(seconds=lease_seconds)}
    return _update_running(connection, run_id, values)


def finish(
    connection: Connection, run_id: int, *, status: str, now: datetime, counts: Mapping[str, int], error: str | None,
    cause: str | None = None,
) -> bool:  # fmt: skip
    """Close a run with outcome and counts (``n_expected n_fetched …``); False when another one took it over."""
    values = {"status": status, "finished_at": now, "error": error, "cause": cause, **counts}
    return _update_running(connection, run_id, values)


def count_so_far(connection: Connection, run_id: int, counts: Mapping[str, int]) -> None:
    """Keep the counts of a run with what they count, in one transaction: whoever accounts for it after a kill finds them."""
    _update_running(connection, run_id, counts)


def shorten_window(connection: Connection, run_id: int, end: datetime) -> None:
    """Say that a run did not get to the end of the window it began with: what lies behind ``end`` is still to be asked."""
    _update_running(connection, run_id, {"window_end": end})


def is_running(connection: Connection, run_id: int) -> bool:
    """Whether a run may still write: it neither ended nor was taken over."""
    return connection.scalar(sa.select(t.run.c.status).where(t.run.c.id == run_id)) == "running"


def running_jobs(connection: Connection, jobs: Iterable[str]) -> dict[str, Entry]:
    """Those of some jobs that are going on, with their run."""
    entries = {job: _running(connection, job) for job in jobs}
    return {job: entry for job, entry in entries.items() if entry is not None}


def guard(connection: Connection, run_id: int) -> None:
    """What the triggers do, for a transaction that touches none of their tables; LostLease when the run is over."""
    wanted = sa.select(t.run.c.id).where(t.run.c.id == run_id, t.run.c.status == "running")
    if connection.scalar(wanted.with_for_update(read=True, key_share=True)) is None:
        raise LostLease(f"run {run_id}", "was taken over; nothing was written", "look at v_run")


def record_missed(connection: Connection, task: Task, moments: Iterable[datetime], now: datetime, reason: str) -> int:
    """Account for due times that nobody executed; those that have a run stay as they are. Return how many."""
    over = {"status": "missed", "attempt": 1, "finished_at": now, "error": reason, "origin": "scheduled"}
    rows = [_insert_unless_taken(connection, _row(task, moment, now) | over) for moment in moments]
    return sum(row is not None for row in rows)


def record_death(
    connection: Connection, task: Task, *, holder: str, now: datetime, error: str, cause: str = INTERRUPTED
) -> bool:
    """Account for a process that ended without saying so: its run fails, or a failed one is added if it had none yet.

    One that was stopped, and closed its run itself, learns here by whom.

    Returns whether anything had to be recorded.
    """
    assert task.scheduled_for is not None
    column = t.run.c
    mine = (column.job == task.job, column.scheduled_for == task.scheduled_for)
    own = connection.execute(
        sa.select(column.id, column.status, column.error, column.cause)
        .where(*mine, column.holder == holder)
        .with_for_update()
    ).one_or_none()
    if own is not None and own.status == "running":
        return finish(connection, own.id, status="failed", now=now, counts={}, error=error, cause=cause)
    if own is not None:
        # Noticed before, but not why.
        died = own.status == "failed" and own.cause == INTERRUPTED and not str(own.error).startswith(error)
        if died:
            told = {"error": f"{error} ({own.error})", "cause": cause}
            connection.execute(sa.update(t.run).where(column.id == own.id).values(told))
        return died
    if connection.scalar(sa.select(sa.func.count()).where(*mine, column.status.not_in(AGAIN))):
        return False
    _, attempt = _attempts(connection, task.job, task.scheduled_for)
    values = _row(task, task.scheduled_for, now) | {
        "status": "failed", "attempt": attempt, "holder": holder, "finished_at": now, "error": error,
        "origin": "scheduled", "cause": cause,
    }  # fmt: skip
    return _insert_unless_taken(connection, values) is not None


def take_over_dead(connection: Connection, *, now: datetime, gone: Gone) -> list[int]:
    """End every run whose lease ran out or whose holder is gone, and return their numbers."""
    rows = connection.execute(_entries().where(t.run.c.status == "running")).all()
    return [row.id for row in rows if _take_over(connection, _entry(row), "no sign of life", now, gone)]


def _take_over(connection: Connection, running: Entry, why: str, now: datetime, gone: Gone) -> bool:
    """End a run that lost its holder; not one that is alive or that has just renewed its lease."""
    expired = running.lease_until is None or running.lease_until < now
    dead = running.holder is not None and gone(running.holder)
    if not expired and not dead:
        return False
    column = t.run.c
    unchanged = (column.id == running.run_id, column.status == "running", column.lease_until == running.lease_until)
    # PostgreSQL: this lock is not to be had while a writer that passed the fence has not committed. It waits for the
    # server to notice that such a writer is dead; one that only looks late is left to finish.
    locked = sa.select(column.id).where(*unchanged).with_for_update(skip_locked=not dead)
    if connection.scalar(locked) is None:
        return False
    error = f"{LEASE_LOST}{running.holder} " + ("is gone" if dead else "let it run out") + f"; {why}"
    values = {"status": "failed", "finished_at": now, "error": error, "cause": INTERRUPTED}
    return _update_running(connection, running.run_id, values)


def _running(connection: Connection, job: str) -> Entry | None:
    row = connection.execute(_entries().where(t.run.c.job == job, t.run.c.status == "running")).one_or_none()
    return _entry(row) if row else None


def _attempts(connection: Connection, job: str, moment: datetime) -> tuple[Entry | None, int]:
    """The run that did all, or is doing it, that was due at a moment, if there is one, and the next attempt's number."""
    column = t.run.c
    mine = (column.job == job, column.scheduled_for == moment)
    done = connection.execute(_entries().where(*mine, column.status.not_in(AGAIN))).one_or_none()
    last: int | None = connection.scalar(sa.select(sa.func.max(column.attempt)).where(*mine))
    return (_entry(done) if done else None), (last or 0) + 1


def _unused_moment(connection: Connection, job: str, now: datetime) -> datetime:
    """Now, or a moment later where a clock that stands still gave two requests the same time."""
    column = t.run.c
    while connection.scalar(sa.select(sa.func.count()).where(column.job == job, column.scheduled_for == now)):
        now += TICK
    return now


def _row(task: Task, moment: datetime, now: datetime) -> dict[str, Any]:
    start, end = task.window or (None, None)
    return {
        "job": task.job, "scheduled_for": moment, "workflow": task.workflow, "subject": task.subject,
        "started_at": now, "code_version": task.code_version, "settings_hash": task.settings_hash,
        "window_start": start, "window_end": end,
    }  # fmt: skip


def _entries() -> sa.Select[tuple[int, str, str | None, datetime, datetime | None]]:
    column = t.run.c
    return sa.select(column.id, column.status, column.holder, column.started_at, column.lease_until)


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(row.id, row.status, row.holder, row.started_at, row.lease_until)


def _insert_unless_taken(connection: Connection, values: Mapping[str, Any]) -> int | None:
    new = insert(t.run, connection.dialect.name).values(**values).on_conflict_do_nothing()
    added: int | None = connection.scalar(new.returning(t.run.c.id))
    return added


def _update_running(connection: Connection, run_id: int, values: Mapping[str, Any]) -> bool:
    return connection.execute(_mine(), {"mine": run_id, **values}).rowcount == 1


@cache
def _mine() -> sa.Update:
    return sa.update(t.run).where(t.run.c.id == sa.bindparam("mine"), t.run.c.status == "running")
