"""The shift of one active scheduler: it keeps its role alive, and works off job after job what is due."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Condition, Event, Lock, Thread

from caspian_env.catalog.lease import renew_lease
from caspian_env.catalog.ledger import record_death
from caspian_env.wiring import Platform
from caspian_env.workflows.ledger import account_for_dead
from caspian_env.workflows.outcome import OK, PARTIAL
from jobs.dispatch import ROLE, holds_back, is_outstanding, recall, take, task_of, was_interrupted
from jobs.patience import Patience
from jobs.schedule import Schedule
from jobs.signals import Stop
from jobs.worker import COMMAND, Limits, run_worker

ROUNDS = 10
LONGEST_WAIT = 60.0  # for a database that is away, between two tries
WORKERS = 2  # processes at a time; SQLite has one writer anyhow, and providers are asked politely
log = logging.getLogger("jobs")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the role is held without a sign of life, how often that is given, and how long others wait."""

    lease_seconds: float = 60.0
    renew_seconds: float = 15.0
    standby_seconds: float = 10.0
    stop_seconds: float = 60.0
    look_seconds: float = 1.0


@dataclass(slots=True)
class AtWork:
    """How many jobs this process is doing."""

    count: int = 0
    changed: Condition = field(default_factory=Condition)

    def __enter__(self) -> None:
        """One more."""
        with self.changed:
            self.count += 1

    def __exit__(self, *_: object) -> None:
        """One less."""
        with self.changed:
            self.count -= 1
            self.changed.notify_all()

    def wait_until_none(self) -> None:
        """Return when no job is going on."""
        with self.changed:
            self.changed.wait_for(lambda: self.count == 0)


@dataclass(frozen=True, slots=True)
class Shift:
    """What the active scheduler works with; ``token`` proves its role, ``options`` go to every worker."""

    platform: Platform
    timetable: tuple[Schedule, ...]
    token: int
    limits: Limits
    stop: Stop
    timing: Timing = Timing()
    options: tuple[str, ...] = ()
    collecting_options: tuple[str, ...] = ()
    command: tuple[str, ...] = COMMAND
    lost: Event = field(default_factory=Event)
    at_work: AtWork = field(default_factory=AtWork)
    checking: Lock = field(default_factory=Lock)
    patience: dict[str, Patience] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be begun."""
        return self.stop.asked.is_set() or self.lost.is_set()


def work_off(shift: Shift, schedule: Schedule) -> list[int]:
    """Execute what is due of a job until nothing is, and return the exit codes of the workers.

    Raises
    ------
    LostLease
        When another scheduler has become the active one.
    """
    codes: list[int] = []
    with shift.at_work:
        while not shift.is_over and (due := take(shift.platform, schedule, shift.token)) is not None:
            codes.append(_execute(shift, schedule, due))
            if len(codes) == ROUNDS:
                break  # somebody else is always faster; the next tick looks again
    return codes


def work_off_everything(shift: Shift) -> list[int]:
    """Execute once whatever is due, stage after stage, and return the exit codes of the workers.

    What uses the results of a job that was interrupted is left to a later call, which repeats that job before.
    """
    codes: list[int] = []
    for stage in sorted({schedule.stage for schedule in shift.timetable}):
        members = [schedule for schedule in shift.timetable if schedule.stage == stage]
        if interrupted := [one.job for one in shift.timetable if one.stage < stage and _holds_back(shift, one)]:
            waiting = ", ".join(schedule.job for schedule in members)
            log.warning("%s left for later: %s was interrupted and is repeated first", waiting, ", ".join(interrupted))
            return [*codes, PARTIAL]
        with ThreadPoolExecutor(WORKERS) as pool:
            for done in pool.map(lambda schedule: work_off(shift, schedule), members):
                codes += done
    return codes


def check_alerts(shift: Shift) -> int:
    """Judge the alert rules on what has just been done and tell what is new; the exit code of the worker.

    After each piece of work, one check at a time: what failed while another check went on is not left for later.
    """
    with shift.at_work, shift.checking:
        if shift.is_over:
            return OK
        words = ["alerts", "check", "--as-logs", *shift.options]
        ended = run_worker(words, shift.limits, shift.stop.hand_back, shift.command, aloud=True)
    if ended.exit_code:
        log.warning("alerts could not all be judged and told: %s", ended.why, extra={"job": "alerts"})
    return ended.exit_code


def wait_for_earlier_stages(shift: Shift, schedule: Schedule) -> None:
    """Wait while something of an earlier stage is due, going on or to be repeated after it was interrupted.

    Not longer than any job may take, and for what was interrupted as `jobs.dispatch.holds_back` says.
    """
    earlier = [other for other in shift.timetable if other.stage < schedule.stage]
    give_up, told = time.monotonic() + shift.limits.seconds, list[str]()
    while not shift.is_over and (left := [one.job for one in earlier if is_outstanding(shift.platform, one)]):
        if time.monotonic() > give_up:
            log.warning("%s begins although %s has not ended", schedule.job, ", ".join(left))
            return
        interrupted = [one.job for one in earlier if _holds_back(shift, one)]
        if interrupted and interrupted != told:
            log.info("%s waits until %s, which was interrupted, is repeated", schedule.job, ", ".join(interrupted))
        told = interrupted
        shift.stop.asked.wait(shift.timing.look_seconds)
    if half := [one.job for one in earlier if was_interrupted(recall(shift.platform, one))]:
        log.warning("%s begins although %s was interrupted and is not repeated yet", schedule.job, ", ".join(half))


def _holds_back(shift: Shift, schedule: Schedule) -> bool:
    return holds_back(recall(shift.platform, schedule), shift.platform.clock())


@contextmanager
def keeping_the_role(shift: Shift, tick: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Renew the lease of the scheduler from a thread of its own; ``shift.lost`` says that another one has it."""
    over = Event()
    thread = Thread(target=_keep, args=(shift, over, tick), name="role of the scheduler", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _execute(shift: Shift, schedule: Schedule, due: datetime) -> int:
    arguments = [*schedule.arguments, "--scheduled-for", f"{due:%Y-%m-%dT%H:%M:%S}", *shift.options]
    if schedule.workflow == "ingest":
        arguments += shift.collecting_options
    named = {"job": schedule.job, "due": f"{due:%FT%TZ}"}
    log.info("%s begins, due %s UTC", schedule.job, f"{due:%F %T}", extra=named)
    ended = run_worker(arguments, shift.limits, shift.stop.hand_back, shift.command)
    if ended.exit_code:
        task, now = task_of(shift.platform, schedule, due), shift.platform.clock()
        with shift.platform.catalog.write() as connection:
            if record_death(connection, task, holder=ended.holder, now=now, error=ended.why, cause=ended.cause):
                log.error("%s failed: %s", schedule.job, ended.why, extra=named)
    level = logging.WARNING if ended.exit_code else logging.INFO
    log.log(
        level, "%s ended, exit code %d", schedule.job, ended.exit_code, extra={**named, "exit_code": ended.exit_code}
    )
    return ended.exit_code


def _keep(shift: Shift, over: Event, tick: Callable[[], None]) -> None:
    patience = Patience(shift.timing.renew_seconds, LONGEST_WAIT)
    while not over.wait(patience.seconds):
        now, seconds = shift.platform.clock(), shift.timing.lease_seconds
        try:
            with shift.platform.catalog.write() as connection:
                kept = renew_lease(connection, ROLE, shift.token, now=now, seconds=seconds)
            if not kept:
                log.warning("another process has become the active scheduler")
                shift.lost.set()
                return
            patience.regain("the database answers again and the role of the scheduler is renewed")
            for run in account_for_dead(shift.platform):
                log.error("run %d gave no sign of life and is accounted for as failed", run)
            tick()
        except Exception as error:
            # Without the database nothing can be begun either; whether the role is still ours it will say itself.
            patience.lose("the role of the scheduler could not be renewed", error)
