"""What to do now: from the timetable and the ledger to one run, and to rows for the due times that nobody executed.

The ledger is the memory. Whatever wakes a job up, a timer, the start of the service or cron, the same question is asked:
which due times are not accounted for? The newest is executed, for the whole interval; the others are recorded as missed.
What did not do everything is tried again where that can help, and what uses its results follows once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from caspian_env.catalog.accounts import (
    Account,
    account,
    brought_something,
    record_schedule,
    recorded_schedule,
)
from caspian_env.catalog.engine import Connection
from caspian_env.catalog.lease import require_lease
from caspian_env.catalog.ledger import (
    AGAIN,
    HANDED_BACK,
    INTERRUPTED,
    PERMANENT,
    Task,
    record_missed,
    take_over_dead,
)
from caspian_env.settings import VERSION
from caspian_env.wiring import Platform
from caspian_env.workflows.holder import is_gone
from jobs.schedule import Schedule, due_times, last_due, next_due, step_of

ROLE = "scheduler"
ATTEMPTS = 4
RETRY_AFTER = timedelta(minutes=15)  # after the first attempt, and LONGER times that after each further one
LONGER = 4
HOLD_BACK = timedelta(hours=2)  # for how long what uses the results of an interrupted job waits for them
LOOK_AFTER_OTHERS = timedelta(seconds=20)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Decision:
    """Due times to record as missed, and why; and the one to execute, if any."""

    missed: tuple[datetime, ...] = ()
    reason: str = ""
    run: datetime | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of a job: how far the ledger accounts for it, and by which timetable that was done.

    ``is_behind`` says that its inputs brought something after it had begun, from a due time before its own.
    """

    account: Account
    timetable: str | None
    is_behind: bool = False


def decide(schedule: Schedule, memory: Memory, now: datetime) -> Decision:
    """What to do about a job now; nothing when every due time is accounted for.

    A new timetable looks back to its last due time only. An edited one does not judge the past at all: it fires at once
    only what the timetable before it still owed.
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
        if (again := _again_at(done)) is not None and now >= again:
            return Decision(run=done.scheduled_for)
        # An extra due time, now: a whole second later, as due times are told to workers in seconds.
        return Decision(run=now.replace(microsecond=0) + SECOND if memory.is_behind else None)
    if done.done_since is not None and done.done_since >= due[-1]:
        return Decision(tuple(due), f"the run that began at {done.done_since:%F %T} UTC did its work")
    if memory.timetable not in (None, str(schedule)) and not _is_owed(memory, now):
        return Decision(tuple(due), "the timetable was edited later, and counts from then on")
    reason = "nobody executed it in time; the next one collected the whole interval"
    return Decision(tuple(due[:-1]), reason, due[-1])


def _is_owed(memory: Memory, now: datetime) -> bool:
    """Whether, by the timetable before, a due time has passed since what was done last, or that did not succeed."""
    done = memory.account
    if done.scheduled_for is None or memory.timetable is None or done.status in ("failed", "partial"):
        return True
    return now >= done.scheduled_for + step_of(memory.timetable)


def wake_at(schedule: Schedule, memory: Memory, now: datetime) -> datetime:
    """When to ask again: at the next due time, or earlier for another attempt or after the run of somebody else."""
    regular, done = next_due(schedule, now), memory.account
    if done.running:
        return min(regular, now + LOOK_AFTER_OTHERS)
    again = _again_at(done)
    return regular if again is None else min(regular, max(now, again))


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
        decision = decide(schedule, _recall(connection, schedule), now)
        record_missed(connection, task_of(platform, schedule, now), decision.missed, now, decision.reason)
        record_schedule(connection, schedule.job, str(schedule))
    return decision.run


def recall(platform: Platform, schedule: Schedule) -> Memory:
    """What the catalog knows of a job."""
    with platform.catalog.read() as connection:
        return _recall(connection, schedule)


def is_outstanding(platform: Platform, schedule: Schedule) -> bool:
    """Whether a job is due, going on at this moment, or interrupted and about to be repeated."""
    memory, now = recall(platform, schedule), platform.clock()
    return memory.account.running or decide(schedule, memory, now).run is not None or holds_back(memory, now)


def holds_back(memory: Memory, now: datetime) -> bool:
    """Whether what uses the results of a job waits until it is repeated, though not longer than `HOLD_BACK`."""
    ended = memory.account.ended_at
    return was_interrupted(memory) and ended is not None and now < ended + HOLD_BACK


def was_interrupted(memory: Memory) -> bool:
    """Whether a job was stopped in the middle of its work, and is to be repeated before its next due time."""
    return memory.account.cause in (INTERRUPTED, HANDED_BACK) and _again_at(memory.account) is not None


def task_of(platform: Platform, schedule: Schedule, moment: datetime) -> Task:
    """A job at a due time, as the ledger takes it."""
    fingerprint = platform.settings.fingerprint()
    return Task(schedule.job, schedule.workflow, schedule.subject, VERSION, fingerprint, moment)


def _recall(connection: Connection, schedule: Schedule) -> Memory:
    done = account(connection, schedule.job)
    is_behind = False
    if schedule.inputs and done.scheduled_for is not None:
        since = max(done.scheduled_for, done.done_since or done.scheduled_for)
        is_behind = brought_something(connection, schedule.inputs, due_until=done.scheduled_for, after=since)
    return Memory(done, recorded_schedule(connection, schedule.job), is_behind)


def _again_at(done: Account) -> datetime | None:
    """When to try once more what did not do everything; None when that would not help, or was tried often enough."""
    if done.status not in AGAIN or done.ended_at is None or done.cause == PERMANENT:
        return None
    if done.status == "partial" and done.cause is None:
        return None  # of a version that did not tell why
    if done.done_since is not None and done.done_since >= done.ended_at:
        return None  # somebody did it meanwhile
    if done.cause == HANDED_BACK:
        return done.ended_at
    return done.ended_at + RETRY_AFTER * LONGER ** (done.attempt - 1) if done.attempt < ATTEMPTS else None
