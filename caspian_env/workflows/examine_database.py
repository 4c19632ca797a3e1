"""The doctor looks at the database and at the runs: schema, integrity, views and triggers, dead leases, what was missed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from caspian_env.catalog.health import (
    integrity_problems,
    last_runs,
    missing_triggers,
    missing_views,
    open_alert_count,
    running,
)
from caspian_env.catalog.ledger import PERMANENT
from caspian_env.catalog.migrate import current_revision, newest_revision
from caspian_env.errors import DatabaseBusy
from caspian_env.wiring import Platform
from caspian_env.workflows.chosen import of_what_is_collected
from caspian_env.workflows.finding import Finding
from caspian_env.workflows.holder import in_words, is_gone

FULL_CHECK_BYTES = 500_000_000  # a larger SQLite file is read in full only when asked for
RECENT = timedelta(days=30)
LONGEST = 160  # of an error that is told
MEND_FIRST = "mend what it names, then caspian-env run; or leave the dataset out of CASPIAN_ENV_DATASETS"


def check_schema(platform: Platform) -> Iterator[Finding]:
    """Whether there is a database that this version can work with; nothing is made by asking."""
    catalog, name = platform.catalog, "schema"
    if catalog.file is not None and not catalog.file.is_file():
        yield Finding("error", name, catalog.name, "there is no such database", "caspian-env run, or init, makes it")
        return
    revision, head = current_revision(catalog), newest_revision()
    if revision == head:
        yield Finding("ok", name, catalog.name, f"at revision {revision}, the newest")
    elif revision:
        yield Finding(
            "error", name, catalog.name, f"at revision {revision}, this version needs {head}", "caspian-env db upgrade"
        )
    else:
        yield Finding("error", name, catalog.name, "holds no catalog yet", "caspian-env run, or init, makes it")


def check_integrity(platform: Platform, *, deep: bool) -> Iterator[Finding]:
    """SQLite: pages, indexes and foreign keys; of a large one not the observations unless ``deep``. A server does itself."""
    catalog = platform.catalog
    if catalog.file is None:
        yield Finding("ok", "integrity", "database", "foreign keys and pages are watched by the server itself")
        return
    full = deep or catalog.file.stat().st_size < FULL_CHECK_BYTES
    with catalog.read() as connection:
        problems = integrity_problems(connection, full=full)
    for problem in problems:
        yield Finding(
            "error", "integrity", str(catalog.file), problem, "caspian-env db restore, from the last good backup"
        )
    if not problems:
        what = (
            "pages, indexes and foreign keys are sound"
            if full
            else "pages of all tables but the observations are sound; --deep reads these, indexes and keys too"
        )
        yield Finding("ok", "integrity", "database", what)


def check_views_and_triggers(platform: Platform) -> Iterator[Finding]:
    """Whether the public views and the triggers that keep values immutable are in place."""
    with platform.catalog.read() as connection:
        views, triggers = missing_views(connection), missing_triggers(connection)
    for kind, names, severity in (("view", views, "warning"), ("trigger", triggers, "error")):
        for name in names:
            yield Finding(
                severity, "schema", name, f"this {kind} is missing or off", "caspian-env db mend puts it back"
            )
    if not views and not triggers:
        yield Finding("ok", "schema", "views and triggers", "all are in place")


def check_writing(platform: Platform) -> Iterator[Finding]:
    """Whether a run could write now; tried for two seconds, and nothing is written."""
    try:
        platform.catalog.require_writable()
    except DatabaseBusy as error:
        yield Finding("warning", "writing", error.subject, error.problem, error.remedy)
        return
    yield Finding("ok", "writing", "database", "can be written")


def check_leases(platform: Platform) -> Iterator[Finding]:
    """Runs that say that they go on, and do not."""
    with platform.catalog.read() as connection:
        rows = running(connection)
    now = platform.clock()
    dead = [row for row in rows if (row.lease_until and row.lease_until < now) or (row.holder and is_gone(row.holder))]
    for row in dead:
        since = row.heartbeat_at or row.started_at
        message = f"run {row.id} of {in_words(row.holder)} gave no sign of life since {since:%F %H:%M} UTC"
        yield Finding(
            "warning", "leases", row.job, message, "the next run of this job takes over; start it with caspian-env run"
        )
    if not dead:
        yield Finding("ok", "leases", "runs", f"{len(rows)} go on, none of them is dead")


def check_runs(platform: Platform) -> Iterator[Finding]:
    """Jobs whose newest due time nobody executed, or whose last run failed; what a later run made good is no finding."""
    with platform.catalog.read() as connection:
        rows = of_what_is_collected(platform, last_runs(connection, platform.clock() - RECENT))
        n_alerts = open_alert_count(connection)
    for row in rows:
        if row.status == "missed":
            message = f"nobody did what was due at {row.scheduled_for:%F %H:%M} UTC"
            yield _of_run("warning", row, message, "nobody did what was due", "caspian-env run makes up for it")
        elif row.status == "failed":
            message = f"run {row.id} of {row.scheduled_for:%F %H:%M} UTC failed"
            remedy = MEND_FIRST if row.cause == PERMANENT else "caspian-env run makes up for it"
            yield _of_run("warning", row, message, "the last run failed", remedy)
        elif row.status == "partial":
            message = f"run {row.id} could not do everything"
            yield _of_run("note", row, message, "the last run could not do everything", "the next run tries again")
    bad = [row for row in rows if row.status in ("missed", "failed")]
    if not bad:
        yield Finding("ok", "runs", "jobs", f"{len(rows)} ran in the last {RECENT.days} days, none is missed or failed")
    if n_alerts:
        yield Finding("note", "alerts", "alerts", f"{n_alerts} are open and not acknowledged", "caspian-env alerts")


def _of_run(severity: str, row: Any, message: str, of_all: str, remedy: str) -> Finding:
    """What became of the last run of a job; that of datasets of one host, for one reason, is one cause."""
    error = " ".join((row.error or "").split())
    reason = f": {_cut(error)}" if error else ""
    cause = f"{of_all}: {_cut(_in_general(error))}" if error and row.job.startswith("ingest:") else ""
    return Finding(severity, "runs", row.job, message + reason, remedy, cause)


def _cut(error: str) -> str:
    return error if len(error) <= LONGEST else f"{error[: LONGEST - 1]}…"


def _in_general(error: str) -> str:
    """What went wrong without the name of the file with which it went wrong."""
    return re.sub(r"\bhttps?://([^/\s:?]+)\S*?(?=[:;,)]?(?:\s|$))", r"\1", error)
