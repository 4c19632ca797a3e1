"""The account of every execution: claimed when it starts, kept alive while it works, closed when it ends or fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime
from threading import Event, Thread

from caspian_env.catalog.ledger import (
    INTERRUPTED,
    PERMANENT,
    TRANSIENT,
    Entry,
    Task,
    claim,
    finish,
    heartbeat,
    is_running,
    running_jobs,
    take_over_dead,
)
from caspian_env.catalog.migrate import require_same
from caspian_env.errors import AlreadyClaimed, AlreadyDone, LostLease
from caspian_env.logs import ACCOUNT, naming_the_run
from caspian_env.model import Window
from caspian_env.settings import VERSION
from caspian_env.wiring import Platform
from caspian_env.workflows.holder import holder_of, in_words, is_gone
from caspian_env.workflows.outcome import Outcome

LEASE_SECONDS = 180.0  # longer than any one transaction may wait for another (60 s), so that a busy run keeps its job
HEARTBEAT_SECONDS = 30.0
WAIT_SECONDS = 900.0  # how long the work that follows a collection waits for another run that does the same
LOOK_AGAIN_SECONDS = 0.5
log, account = logging.getLogger(__name__), logging.getLogger(ACCOUNT)
LEVELS = {"ok": logging.INFO, "skipped": logging.INFO, "partial": logging.WARNING, "failed": logging.ERROR}
MANY_PROBLEMS = 20
STOPS = (SystemExit, KeyboardInterrupt, GeneratorExit)  # somebody stopped the work, which did not fail by itself


@contextmanager
def ledger(
    platform: Platform,
    workflow: str,
    subject: str,
    outcome: Outcome,
    *,
    job: str | None = None,
    scheduled_for: datetime | None = None,
    window: Window | None = None,
    wait_seconds: float = 0.0,
) -> Iterator[int]:
    """A run that holds its job during the block; its outcome is recorded at the end, failed when the block raises.

    Parameters
    ----------
    job : str, optional
        What only one run does at a time; workflow and subject by default.
    scheduled_for : datetime, optional
        The due time that is executed, UTC; without it a person asks, now.
    wait_seconds : float
        How long to wait for another run that has the job.

    Raises
    ------
    AlreadyClaimed
        When another run has the job; AlreadyDone when what was due is done.
    LostLease
        When another run took the job over meanwhile.
    """
    span = (window.start, window.end) if window else None
    task = Task(
        job or f"{workflow}:{subject}", workflow, subject, VERSION, platform.settings.fingerprint(), scheduled_for, span
    )
    run_id = _claim(platform, task, outcome, wait_seconds)
    with naming_the_run(run_id, task.job):
        account.info("%s begins", task.job, extra={"event": "run begins"})
        begun = time.monotonic()
        try:
            with _alive(platform, run_id):
                yield run_id
        except BaseException as error:
            if _lost(platform, run_id):
                raise LostLease(task.job, f"run {run_id} was taken over, the rest of it was not written", "") from error
            _end_failed(platform, run_id, outcome, error)
            account.error("%s failed: %s", task.job, _in_words(error), extra={"event": "run ends"})
            raise
        _end(platform, task, run_id, outcome)
        _say(task, outcome, time.monotonic() - begun)


@contextmanager
def standing_aside(outcome: Outcome, *, is_problem: bool = True) -> Iterator[None]:
    """Skip the block when another run has, or took over, the job, and say so in the outcome.

    Parameters
    ----------
    is_problem : bool
        Whether something is missing then; a collection that another run makes is not.
    """
    try:
        yield
    except AlreadyClaimed as other:
        if is_problem and not isinstance(other, AlreadyDone):
            outcome.problems.append(str(other))
        else:
            outcome.skipped = other.problem
    except LostLease as lost:
        outcome.problems.append(str(lost))


def account_for_dead(platform: Platform) -> list[int]:
    """End the runs whose process is gone or whose lease ran out, and return their numbers."""
    with platform.catalog.write() as connection:
        return take_over_dead(connection, now=platform.clock(), gone=is_gone)


def wait_for_collections(
    platform: Platform, datasets: Iterable[str], outcome: Outcome, wait_seconds: float = WAIT_SECONDS
) -> None:
    """Wait while other runs collect some datasets, so that half an edition is not taken for a whole one.

    Goes on after ``wait_seconds``; a note of the outcome tells of either.
    """
    begun = time.monotonic()
    jobs = sorted(f"ingest:{dataset}" for dataset in datasets)
    names = ""
    while True:
        account_for_dead(platform)
        with platform.catalog.read() as connection:
            going_on = running_jobs(connection, jobs)
        waited = time.monotonic() - begun
        if not going_on or waited >= wait_seconds:
            break
        names = ", ".join(f"{job} (run {entry.run_id})" for job, entry in going_on.items())
        time.sleep(LOOK_AGAIN_SECONDS)
    if going_on:
        outcome.notes.append(f"went on after {waited:.0f} s although it is not at its end: {', '.join(going_on)}")
    elif names:
        outcome.notes.append(f"waited {waited:.0f} s for {names}")


def _claim(platform: Platform, task: Task, outcome: Outcome, wait_seconds: float) -> int:
    begun = time.monotonic()
    waited_for: Entry | None = None
    while True:
        with platform.catalog.write() as connection:
            require_same(platform.catalog, connection)
            answer = claim(
                connection, task, holder=holder_of(), now=platform.clock(), lease_seconds=LEASE_SECONDS, gone=is_gone
            )
        waited = time.monotonic() - begun
        if isinstance(answer, int):
            if waited_for is not None:
                outcome.notes.append(
                    f"waited {waited:.0f} s for run {waited_for.run_id} ({in_words(waited_for.holder)})"
                )
            return answer
        if answer.status != "running":
            problem = f"what was due at {task.scheduled_for:%F %T} UTC is {answer.status} (run {answer.run_id})"
            raise AlreadyDone(task.job, problem)
        if waited >= wait_seconds:
            doing = f"run {answer.run_id}, {in_words(answer.holder)}, since {answer.started_at:%F %T} UTC"
            raise AlreadyClaimed(task.job, f"another run is doing it ({doing})", "it goes on by itself")
        waited_for = answer
        time.sleep(LOOK_AGAIN_SECONDS)


def _end(platform: Platform, task: Task, run_id: int, outcome: Outcome) -> None:
    error_line = outcome.problems[0] if outcome.problems else None
    cause = (TRANSIENT if outcome.may_pass else PERMANENT) if outcome.problems else None
    with platform.catalog.write() as connection:
        recorded = finish(
            connection, run_id, status=outcome.status, now=platform.clock(), counts=outcome.counts(), error=error_line,
            cause=cause,
        )  # fmt: skip
    if not recorded:
        raise LostLease(task.job, f"run {run_id} was taken over before it ended", "look at v_run")


def _say(task: Task, outcome: Outcome, seconds: float) -> None:
    """The outcome in the logs, for those who do not see the summary."""
    for problem in outcome.problems[:MANY_PROBLEMS]:
        account.warning("%s: %s", task.job, problem, extra={"event": "problem"})
    if len(outcome.problems) > MANY_PROBLEMS:
        account.warning("%s: %d more problems", task.job, len(outcome.problems) - MANY_PROBLEMS)
    counts = {"status": outcome.status, "seconds": round(seconds, 3), **outcome.counts()}
    words = ", ".join(f"{name.removeprefix('n_')} {count}" for name, count in outcome.counts().items())
    account.log(
        LEVELS[outcome.status], "%s ends, %s after %.1f s: %s", task.job, outcome.status, seconds, words,
        extra={"event": "run ends", **counts},
    )  # fmt: skip


@contextmanager
def _alive(platform: Platform, run_id: int) -> Iterator[None]:
    """Renew the lease from a thread of its own while the block works."""
    over = Event()
    beat = (_beat, platform, run_id, over)
    # In the context of the run, so that its logs name it.
    thread = Thread(target=copy_context().run, args=beat, name=f"heartbeat of run {run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(platform: Platform, run_id: int, over: Event) -> None:
    while not over.wait(HEARTBEAT_SECONDS):
        try:
            with platform.catalog.write() as connection:
                if not heartbeat(connection, run_id, now=platform.clock(), lease_seconds=LEASE_SECONDS):
                    return  # taken over: the next thing that this run writes is refused
        except Exception as error:
            # The work itself meets the same database and fails if it must; a lease may survive a short absence.
            log.warning("run %d could not renew its lease: %s", run_id, error)


def _lost(platform: Platform, run_id: int) -> bool:
    try:
        with platform.catalog.read() as connection:
            return not is_running(connection, run_id)
    except Exception:
        return False  # no database to ask: what made the work fail is the better message


def _end_failed(platform: Platform, run_id: int, outcome: Outcome, error: BaseException) -> None:
    line, stopped = _in_words(error), isinstance(error, STOPS)
    # Whatever else broke the work off, be it a full disk, may have been mended when it is tried again.
    cause = INTERRUPTED if stopped else TRANSIENT
    try:
        with platform.catalog.write() as connection:
            finish(
                connection, run_id, status="failed", now=platform.clock(), counts=outcome.counts(), error=line,
                cause=cause,
            )  # fmt: skip
    except Exception as second:
        error.add_note(f"run {run_id} could not be closed in the ledger ({second}); the next run will account for it")


def _in_words(error: BaseException) -> str:
    """Why the work broke off, in one line; a stop is no error, and is not told by the name of a class."""
    if isinstance(error, KeyboardInterrupt):
        return "stopped from the keyboard"
    if isinstance(error, STOPS):
        return str(error).removeprefix("caspian-env: ") or "stopped"
    return f"{type(error).__name__}: {error}"
