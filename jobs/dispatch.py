"""What to do now: from the timetable and the ledger to one run, and to rows for the due times that nobody executed.

The ledger is the memory. Whatever wakes a job up, a timer, the start of the service or cron, the same question is asked:
which due times are not accounted for? The newest is executed, for the whole interval; the others are recorded as missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.lease import require_lease
from caspian_env.catalog.ledger import (
    Account,
    Task,
    account,
    record_missed,
    record_schedule,
    recorded_schedule,
    take_over_dead,
)
from caspian_env.settings import VERSION
from caspian_env.wiring import Platform
from caspian_env.workflows.holder import is_gone
from jobs.schedule import Schedule, due_times, last_due, next_due

ROLE = "scheduler"
ATTEMPTS = 3
RETRY_AFTER = timedelta(minutes=15)
LOOK_AFTER_OTHERS = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Decision:
    """Due times to record as missed, and why; and the one to execute, if any."""

    missed: tuple[datetime, ...] = ()
    reason: str = ""
    run: datetime | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of a job: how far the ledger accounts for it, and by which timetable that was done."""

    account: Account
    timetable: str | None


def decide(schedule: Schedule, memory: Memory, now: datetime) -> Decision:
    """What to do about a job now; nothing when every due time is accounted for.

    A timetable that is new or was edited looks back to its last due time only: the past is not judged by it.
    """
    done = memory.account
    if done.running:
        return Decision()  # whoever does it: when it has ended, there may be nothing left to do
    if done.scheduled_for is None or memory.timetable != str(schedule):
        newest = last_due(schedule, now)
        due = [newest] if done.scheduled_for is None or newest > done.scheduled_for else []
    else:
        due = list(due_times(schedule, done.scheduled_for, now))
    if not due:
        return Decision(run=done.scheduled_for if _is_to_be_repeated(done, now) else None)
    if done.done_since is not None and done.done_since >= due[-1]:
        return Decision(tuple(due), f"the run that began at {done.done_since:%F %T} UTC did its work")
    reason = "nobody executed it in time; the next one collected the whole interval"
    return Decision(tuple(due[:-1]), reason, due[-1])


def wake_at(schedule: Schedule, memory: Memory, now: datetime) -> datetime:
    """When to ask again: at the next due time, or earlier for another attempt or after the run of somebody else."""
    regular, done = next_due(schedule, now), memory.account
    if done.running:
        return min(regular, now + LOOK_AFTER_OTHERS)
    if done.status == "failed" and done.attempt < ATTEMPTS and done.ended_at is not None:
        return min(regular, max(now, done.ended_at + RETRY_AFTER))
    return regular


def take(platform: Platform, schedule: Schedule, token: int) -> datetime | None:
    """Record what was missed of a job, and return the due time to execute now, if there is one.

    Raises
    ------
    LostLease
        When another scheduler is the active one; nothing is written then.
    """
    now = platform.clock()
    with platform.catalog.write() as connection:
        require_lease(connection, ROLE, token)
        take_over_dead(connection, now=now, gone=is_gone)
        decision = decide(schedule, _recall(connection, schedule.job), now)
        record_missed(connection, task_of(platform, schedule, now), decision.missed, now, decision.reason)
        record_schedule(connection, schedule.job, str(schedule))
    return decision.run


def recall(platform: Platform, schedule: Schedule) -> Memory:
    """What the catalog knows of a job."""
    with platform.catalog.read() as connection:
        return _recall(connection, schedule.job)


def is_outstanding(platform: Platform, schedule: Schedule) -> bool:
    """Whether a job is due, or going on at this moment."""
    memory, now = recall(platform, schedule), platform.clock()
    return memory.account.running or decide(schedule, memory, now).run is not None


def task_of(platform: Platform, schedule: Schedule, moment: datetime) -> Task:
    """A job at a due time, as the ledger takes it."""
    fingerprint = platform.settings.fingerprint()
    return Task(schedule.job, schedule.workflow, schedule.subject, VERSION, fingerprint, moment)


def _recall(connection: Connection, job: str) -> Memory:
    return Memory(account(connection, job), recorded_schedule(connection, job))


def _is_to_be_repeated(done: Account, now: datetime) -> bool:
    if done.status != "failed" or done.attempt >= ATTEMPTS or done.ended_at is None:
        return False
    made_good = done.done_since is not None and done.done_since >= done.ended_at
    return not made_good and now >= done.ended_at + RETRY_AFTER
