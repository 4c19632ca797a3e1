"""The service: one active scheduler among any number of processes; the others stand by and take over.

APScheduler is the clock. What a tick means is asked of the ledger (`jobs.dispatch`), so that a tick that came late, twice
or not at all changes nothing. Each job is a process of its own (`jobs.worker`).
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event

from caspian_env.catalog.lease import acquire_lease, lease_holder, release_lease
from caspian_env.cli.show import show_table
from caspian_env.cli.streams import as_far_as_it_goes, drop
from caspian_env.errors import CaspianError, DatabaseUnusable, SettingsError
from caspian_env.logs import log_to_standard_error
from caspian_env.settings import Settings, load_settings
from caspian_env.wiring import Platform, now, open_platform
from caspian_env.workflows.chosen import choose
from caspian_env.workflows.holder import holder_of, in_words, is_gone
from caspian_env.workflows.keys import missing_key
from caspian_env.workflows.outcome import FAILED, OK, PARTIAL, USAGE
from caspian_env.workflows.seed import keep_apart, seed
from jobs.clockwork import LONGEST_SECONDS, keep_time
from jobs.dispatch import ROLE, recall
from jobs.endpoint import endpoint
from jobs.patience import Patience
from jobs.schedule import Schedule, next_due, schedules
from jobs.shift import LONGEST_WAIT, Shift, Timing, check_alerts, keeping_the_role, work_off_everything
from jobs.signals import stop_signals
from jobs.worker import COMMAND, Limits

log = logging.getLogger("jobs")


def main(
    arguments: Sequence[str] | None = None,
    *,
    clock: Callable[[], datetime] = now,
    command: Sequence[str] = COMMAND,
    timing: Timing | None = None,
) -> None:
    """Be the service, or with ``--once`` do what is due and end; exits as ``caspian-env`` does."""
    options = _parser().parse_args(arguments)
    timing = timing or Timing(stop_seconds=options.stop_seconds)
    try:
        settings = load_settings(config=options.config, mirror=options.mirror, home=options.home)
        log_to_standard_error(settings.log, as_a_service=True)
        with stop_signals(timing.stop_seconds) as stop, open_platform(settings, clock=clock) as platform:
            keep_apart(
                settings, platform.synthetic
            )  # before anything is said of datasets that are none of its business
            shift = Shift(
                platform, _timetable(platform, options.only), 0, _limits(settings), stop, timing,
                options=_passed_on(options, "home", "config"), collecting_options=_passed_on(options, "mirror"),
                command=tuple(command),
            )  # fmt: skip
            code = (_show if options.timetable else _once if options.once else _serve)(shift)
    except SettingsError as error:
        code = _fail(error, USAGE)
    except CaspianError as error:
        code = _fail(error, FAILED)
    except BrokenPipeError:  # the reader of the timetable has had enough, e.g. `| head`
        drop(sys.stdout)
        code = OK
    with as_far_as_it_goes():  # what a full disk under the logs did not take is no failure of the jobs
        pass
    sys.exit(code)


def _serve(shift: Shift) -> int:
    """Be the active scheduler whenever nobody else is, until a stop is asked for."""
    with endpoint(shift.platform.settings.metrics, shift.platform):
        if _is_ready(shift):
            _stand_by_or_be_active(shift)
    log.info("stopped")
    return OK


def _is_ready(shift: Shift) -> bool:
    """Migrate and seed, after a wait where the database is away; False when a stop was asked for before.

    What does not pass by itself, such as a wrong password or a database that is not there, ends the service.
    """
    patience = Patience(shift.timing.standby_seconds, LONGEST_SECONDS)
    while not shift.stop.asked.is_set():
        try:
            seed(shift.platform)
        except DatabaseUnusable as error:
            if not error.transient:
                raise
            shift.stop.asked.wait(patience.lose("the service waits for its database", error))
        else:
            patience.regain("the database answers")
            return True
    return False


def _stand_by_or_be_active(shift: Shift) -> None:
    stop, platform = shift.stop, shift.platform
    patience = Patience(shift.timing.standby_seconds, LONGEST_WAIT)
    standing_by = ""
    while not stop.asked.is_set():
        try:
            token, other = _acquire(platform, shift.timing)
            patience.regain("the database answers again")
            if token is not None:
                log.info("active scheduler of %d jobs", len(shift.timetable))
                standing_by = ""
                _be_active(replace(shift, token=token, lost=Event()))
            elif other != standing_by:
                standing_by = other
                log.info("standing by: %s is the active scheduler", in_words(other))
        except Exception as error:
            # A database that is away comes back; a service that ended for it would have to be started by hand.
            patience.lose(type(error).__name__, error)
        stop.asked.wait(patience.seconds)


def _be_active(shift: Shift) -> None:
    try:
        keep_time(shift)
    finally:
        _release(shift)


def _once(shift: Shift) -> int:
    """Do what is due and end: 0 all done, 3 something is missing, 1 when nothing could be done.

    Alerts that could not be told are named in the logs and are no part of it, as in ``caspian-env run``.
    """
    seed(shift.platform)
    token, other = _acquire(shift.platform, shift.timing)
    if token is None:
        log.info("nothing to do here: %s is the active scheduler", in_words(other))
        return OK
    shift = replace(shift, token=token)
    try:
        with keeping_the_role(shift):
            codes = work_off_everything(shift)
            check_alerts(shift)
    finally:
        _release(shift)
    if not any(codes):
        return OK
    return FAILED if all(code not in (OK, PARTIAL) for code in codes) else PARTIAL


def _acquire(platform: Platform, timing: Timing) -> tuple[int | None, str]:
    """The token of the role, or None and who has it."""
    with platform.catalog.write() as connection:
        token = acquire_lease(
            connection, ROLE, holder=holder_of(), now=platform.clock(), seconds=timing.lease_seconds, gone=is_gone
        )
        held = lease_holder(connection, ROLE)
    return token, held[0] if held else ""


def _release(shift: Shift) -> None:
    with shift.platform.catalog.write() as connection:
        release_lease(connection, ROLE, shift.token, now=shift.platform.clock())


def _timetable(platform: Platform, only: Sequence[str]) -> tuple[Schedule, ...]:
    """What is due when, of the datasets named or of all that are active and have the key that they need."""
    wanted = []
    for dataset in choose(platform, only):
        if needed := missing_key(platform, dataset):
            what = needed.partition(":")[0]
            log.warning("%s is left out: it %s; caspian-env datasets %s tells how", dataset.id, what, dataset.id)
        else:
            wanted.append(dataset)
    return schedules(wanted)


def _show(shift: Shift) -> int:
    """Print when each job is due, what became of its last due time, and when a run of it last got through, also by hand.

    A table that fits on a terminal, what comes next on top; elsewhere lines of which each says all, to be sorted and searched.
    """
    seed(shift.platform)
    present = shift.platform.clock()
    rows = []
    for schedule in shift.timetable:
        known = recall(shift.platform, schedule).account
        last = f"{known.scheduled_for:%F %R} {known.status}" if known.scheduled_for else "never"
        done = f"{known.done_since:%F %R}" if known.done_since else "never"
        rows.append((schedule.job, f"{next_due(schedule, present):%F %R}", last, done, str(schedule)))
    if sys.stdout.isatty():
        soonest = sorted(rows, key=lambda row: row[1])
        show_table(("job", "next", "last", "done", "rule"), [(*row[:4], row[4].replace(" UTC", "")) for row in soonest])
    else:
        width = max(len(schedule.job) for schedule in shift.timetable)
        for job, due, last, done, rule in rows:
            sys.stdout.write(f"{job:{width}}  next {due}  last {last:24}  done {done:16}  ({rule})\n")
    sys.stdout.flush()  # here, where a reader that has gone away is no error
    return OK


def _limits(settings: Settings) -> Limits:
    return Limits(settings.worker_memory_mb, settings.worker_minutes * 60.0)


def _passed_on(options: argparse.Namespace, *names: str) -> tuple[str, ...]:
    given = {name: getattr(options, name) for name in names}
    return tuple(word for name, value in given.items() if value for word in (f"--{name}", str(value)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="caspian-env-jobs",
        description="Collect, compute and report when it is due. Without options: the service, until it is stopped.",
    )
    parser.add_argument("--once", action="store_true", help="do what is due now and end (for cron)")
    parser.add_argument("--timetable", action="store_true", help="show when which job is due, and end")
    parser.add_argument("--only", nargs="+", default=(), metavar="DATASET", help="collect these only")
    parser.add_argument("--home", type=Path, help="folder of archive, reports and database")
    parser.add_argument("--config", type=Path, help="settings file (TOML)")
    parser.add_argument("--mirror", help="folder or base address to read instead of the providers")
    parser.add_argument(
        "--stop-seconds", type=float, default=Timing().stop_seconds, metavar="N",
        help="how long a stop waits for running jobs before they are handed back (default: %(default)s)",
    )  # fmt: skip
    return parser


def _fail(error: CaspianError, code: int) -> int:
    if log_to_standard_error(as_a_service=True):
        log.error("%s", error)
    else:
        sys.stderr.write(f"caspian-env-jobs: {error}\n")
    return code
