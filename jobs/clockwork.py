"""APScheduler as a clock, and no more: each job wakes up when it is due, and asks the ledger what that means."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.base import STATE_STOPPED
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.base import BaseTrigger

from caspian_env.errors import DatabaseUnusable, LostLease
from jobs.dispatch import decide, recall, wake_at
from jobs.patience import Patience
from jobs.schedule import Schedule, next_due
from jobs.shift import WORKERS, Shift, check_alerts, keeping_the_role, wait_for_earlier_stages, work_off

# Late is never too late, several ticks are one, and a job does not overtake itself.
JOB_DEFAULTS = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
LATER = timedelta(milliseconds=20)  # a tick before its time would find nothing due
AGAIN_AFTER_ERROR = timedelta(minutes=1)
LONGEST_SECONDS = 240.0  # between two looks while the database is away
EVENTS = {EVENT_JOB_MISSED: "missed its tick", EVENT_JOB_MAX_INSTANCES: "is still going on"}
log = logging.getLogger("jobs")


@dataclass(frozen=True, slots=True)
class DueTrigger:
    """The due times of a schedule by the platform's clock, told in the time of APScheduler."""

    schedule: Schedule
    clock: Callable[[], datetime]

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """When the next due time comes."""
        present = self.clock()
        return now + (next_due(self.schedule, present) - present) + LATER


BaseTrigger.register(DueTrigger)


def keep_time(shift: Shift) -> None:
    """Work off what is due, from now on, until a stop is asked for or another scheduler has the role."""
    scheduler = BlockingScheduler(
        timezone=UTC,  # the object: the name would need a time zone database, which small containers lack
        job_defaults=JOB_DEFAULTS,
        executors={"collect": ThreadPoolExecutor(WORKERS), "follow": ThreadPoolExecutor(len(shift.timetable))},
    )
    scheduler.add_listener(lambda event: _record(scheduler, event), EVENT_JOB_ERROR | sum(EVENTS))
    for schedule in shift.timetable:
        scheduler.add_job(
            _fire, DueTrigger(schedule, shift.platform.clock), (shift, scheduler, schedule), id=schedule.job,
            executor="follow" if schedule.stage else "collect", next_run_time=_next_tick(shift, schedule),
        )  # fmt: skip
    watcher = Thread(target=_shut_down_when_over, args=(shift, scheduler), name="stop", daemon=True)
    with keeping_the_role(shift, tick=scheduler.wakeup):
        watcher.start()
        scheduler.start()
        watcher.join()
        if not shift.lost.is_set():
            shift.at_work.wait_until_none()


def _fire(shift: Shift, scheduler: Any, schedule: Schedule) -> None:
    """One tick of one job; while the database is away, another one after a wait that grows."""
    patience = shift.patience.setdefault(schedule.job, Patience(AGAIN_AFTER_ERROR.total_seconds(), LONGEST_SECONDS))
    try:
        if schedule.stage:
            wait_for_earlier_stages(shift, schedule)
        done = work_off(shift, schedule)
        if done:
            _wake_what_follows(shift, scheduler, schedule)
            check_alerts(shift)
        again = None if shift.is_over else _next_tick(shift, schedule)
    except LostLease:
        shift.lost.set()
        return
    except DatabaseUnusable as error:
        seconds = patience.lose(f"{schedule.job} could not be worked off", error)
        _wake(scheduler, schedule.job, datetime.now(UTC) + timedelta(seconds=seconds))
        return
    patience.regain(f"{schedule.job} is worked off again")
    if again is not None:
        _wake(scheduler, schedule.job, again)


def _wake_what_follows(shift: Shift, scheduler: Any, schedule: Schedule) -> None:
    """Let those that had done their part already follow at once, where a late attempt brought something."""
    for other in shift.timetable:
        if schedule.job in other.inputs and recall(shift.platform, other).is_behind:
            _wake(scheduler, other.job, datetime.now(UTC) + LATER)


def _next_tick(shift: Shift, schedule: Schedule) -> datetime:
    """At once where something is left: by the time when no scheduler was active, or by a run that has ended just now."""
    memory, now = recall(shift.platform, schedule), _now(shift)
    decision = decide(schedule, memory, now)
    return _tick_at(shift, now if decision.run or decision.missed else wake_at(schedule, memory, now))


def _tick_at(shift: Shift, moment: datetime) -> datetime:
    return datetime.now(UTC) + (moment - _now(shift)) + LATER


def _now(shift: Shift) -> datetime:
    return shift.platform.clock()


def _wake(scheduler: Any, job: str, at: datetime) -> None:
    with suppress(JobLookupError):  # the scheduler has been shut down meanwhile
        scheduler.modify_job(job, next_run_time=at)


def _record(scheduler: Any, event: Any) -> None:
    """Say what the clock could not do; the ledger keeps the due time, and the next tick works it off."""
    if event.code == EVENT_JOB_ERROR:
        log.error("%s could not be worked off: %s; next look in a minute", event.job_id, event.exception)
        _wake(scheduler, event.job_id, datetime.now(UTC) + AGAIN_AFTER_ERROR)
    else:
        log.warning("%s %s; what was due then is worked off next", event.job_id, EVENTS[event.code])


def _shut_down_when_over(shift: Shift, scheduler: Any) -> None:
    while not (shift.stop.asked.wait(shift.timing.look_seconds) or shift.lost.is_set()):
        pass
    while scheduler.state == STATE_STOPPED:  # asked before it had begun
        time.sleep(0.05)
    scheduler.shutdown(wait=False)
