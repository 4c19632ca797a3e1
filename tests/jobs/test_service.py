"""Real schedulers and runs on one database: nothing twice, nothing lost, nobody waits for ever."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.engine import open_catalog
from caspian_env.demo import DATASETS
from caspian_env.seeds import load_datasets
from jobs.schedule import Schedule, due_times, last_due, schedules

from .conftest import Operations, process_of, until

ONLY = ("nasa_gwm_lake", "dahiti_water_level", "noaa_gml_co2")
DONE = ("ok", "partial")
pytestmark = pytest.mark.slow


def timetable(*only: str) -> dict[str, Schedule]:
    datasets = load_datasets()
    return {made.job: made for made in schedules([datasets[name] for name in only or DATASETS])}


def done(operations: Operations, jobs: dict[str, Schedule], moment: datetime) -> bool:
    """Whether the last due time of every job up to a moment has been executed."""
    ended = {(row.job, row.scheduled_for) for row in operations.runs() if row.status in DONE}
    return all((name, last_due(made, moment)) in ended for name, made in jobs.items())


def alerts_checked(operations: Operations) -> bool:
    """Whether the alerts were judged after everything else had ended."""
    rows = operations.runs()
    ended = [row.finished_at for row in rows if row.job != "alerts"]
    checked = [row.started_at for row in rows if row.job == "alerts" and row.status == "ok"]
    return None not in ended and bool(checked) and max(checked) >= max(ended)


def nothing_twice(operations: Operations) -> None:
    rows = operations.runs()
    due = Counter((row.job, row.scheduled_for) for row in rows if row.status != "failed")
    assert set(due.values()) == {1}
    spans = sorted((row.job, row.started_at, row.finished_at) for row in rows if row.status != "missed")
    for before, after in pairwise(spans):
        assert before[0] != after[0] or before[2] <= after[1], "one job was done by two runs at a time"
    catalog = open_catalog(operations.database_url)
    with catalog.read() as connection:
        urls = connection.execute(sa.select(t.retrieval.c.url).where(t.retrieval.c.outcome == "new")).scalars().all()
        kinds = set(connection.execute(sa.select(t.observation.c.kind)).scalars())
        revised = set(connection.execute(sa.select(t.indicator_value.c.kind)).scalars())
    catalog.dispose()
    assert len(urls) == len(set(urls))
    assert kinds == revised == {"first"}


def test_two_schedulers_and_three_runs_at_once(operations: Operations) -> None:
    schedulers = [operations.start("jobs") for _ in range(2)]
    runs = [operations.start("caspian-env", "run") for _ in range(3)]
    for process in runs:
        assert process.end(300) == 0, process.output
    jobs = timetable()
    now = datetime.now(UTC)
    accounted = {(name, last_due(made, now)) for name, made in jobs.items()}

    def all_accounted() -> bool:
        rows = operations.runs(origin="scheduled")
        return accounted <= {(row.job, row.scheduled_for) for row in rows if row.status not in ("running", "failed")}

    operations.wait_for(all_accounted, "the due times of every job")
    assert [process.child.poll() for process in schedulers] == [None, None]
    begun = [" is the active scheduler" in process.output for process in schedulers]
    assert sorted(begun) == [False, True]  # one stood by
    for process in schedulers:
        process.stop()
    nothing_twice(operations)
    alone = Operations(f"sqlite:///{operations.home / 'alone.db'}", operations.home, operations.mirror)
    assert alone.run("caspian-env", "run")[0] == 0
    for table in (t.observation, t.indicator_value, t.cube_part, t.granule):
        assert operations.count(table) == alone.count(table)


@pytest.mark.parametrize(
    ("zone", "stopped_at"),
    [
        ("UTC", datetime(2026, 1, 3, 12, tzinfo=UTC)),  # the mirror is of the end of 2025
        ("Europe/Berlin", datetime(2026, 10, 23, 12, tzinfo=UTC)),  # clocks go back on the 25th
        ("Europe/Berlin", datetime(2027, 3, 26, 12, tzinfo=UTC)),  # and forward on the 28th
    ],
)
def test_after_three_days_each_missed_interval_is_collected_once(
    operations: Operations, zone: str, stopped_at: datetime
) -> None:
    operations.zone, operations.settings["DATASETS"] = zone, ",".join(ONLY)
    assert ZoneInfo(zone).key == zone  # or the C library would take it for UTC and say nothing
    jobs = timetable(*ONLY)
    first = operations.start("jobs", "--only", *ONLY, shift=until(stopped_at))
    operations.wait_for(lambda: done(operations, jobs, stopped_at), "the first round")
    operations.wait_for(lambda: alerts_checked(operations), "the last alerts")
    first.stop()
    assert not operations.runs(status="missed")
    before = {row.job: row.scheduled_for for row in operations.runs() if row.job in jobs}
    assert before == {name: last_due(made, stopped_at) for name, made in jobs.items()}

    back = stopped_at + timedelta(days=3)
    second = operations.start("jobs", "--only", *ONLY, shift=until(back))
    operations.wait_for(lambda: done(operations, jobs, back), "the catch-up")
    operations.wait_for(lambda: alerts_checked(operations), "the last alerts")
    second.stop()
    for name, made in jobs.items():
        due = list(due_times(made, before[name], back))
        later = [row for row in operations.runs(job=name) if row.scheduled_for > before[name]]
        assert sorted((row.scheduled_for, row.status) for row in later) == [
            (moment, "missed" if moment < due[-1] else "ok") for moment in due
        ]
        if name.startswith("ingest"):
            spans = [(row.window_start, row.window_end) for row in later if row.status == "ok"]
            assert len(spans) == bool(due)  # one for the whole interval, where anything was due in it
            assert all(start < stopped_at and end > back for start, end in spans)
    assert {len(list(due_times(made, before[name], back))) for name, made in jobs.items()} >= {3}
    nothing_twice(operations)
    code, told = operations.run("caspian-env", "doctor", "--json", shift=until(back))
    findings = [
        f for f in json.loads(told)["findings"] if f["severity"] in ("warning", "error") and f["check"] != "disk"
    ]
    if zone == "UTC":
        assert (findings, code) == ([], 0), told
    else:  # by then the synthetic sources have been silent for long, which is another matter
        assert {finding["check"] for finding in findings} <= {"sources"}


def test_a_standby_takes_over_from_a_scheduler_that_was_killed(operations: Operations) -> None:
    base = datetime(2026, 6, 10, 12, tzinfo=UTC)
    active = operations.start("jobs", "--only", "noaa_gml_co2", shift=until(base), fault="hang:noaa_gml_co2")
    operations.wait_for(lambda: operations.runs(status="running"), "the work of the first")
    standby = operations.start("jobs", "--only", "noaa_gml_co2", shift=until(base))
    active.child.kill()
    active.end()
    (orphan,) = operations.runs(status="running")
    # The worker outlives its service; nobody does its work again while it lives.
    operations.wait_for(lambda: "active scheduler of" in standby.output, "the standby to take over")
    assert [row.status for row in operations.runs(job="ingest:noaa_gml_co2")] == ["running"]
    os.kill(process_of(orphan), signal.SIGKILL)
    operations.wait_for(
        lambda: operations.runs(job="ingest:noaa_gml_co2", status="failed"), "the account of the orphan"
    )
    operations.wait_for(lambda: operations.runs(job="report", status="ok"), "what follows")
    assert standby.child.poll() is None
    assert len(operations.runs(job="ingest:noaa_gml_co2")) == 1


def test_the_service_survives_a_worker_and_stops_in_good_order(operations: Operations) -> None:
    service = operations.start("jobs", "--only", "noaa_gml_co2", "nasa_gistemp", fault="segfault:nasa_gistemp")
    operations.wait_for(lambda: operations.runs(job="report", status="ok"), "everything but the one that crashes")
    assert service.child.poll() is None
    (crashed,) = operations.runs(job="ingest:nasa_gistemp")
    assert "SIGSEGV" in crashed.error
    assert service.stop(signal.SIGINT).rstrip().endswith("stopped")
    assert not operations.runs(status="running")


def test_a_stop_hands_back_what_does_not_end_in_time(operations: Operations) -> None:
    service = operations.start("jobs", "--only", "noaa_gml_co2", fault="hang:noaa_gml_co2")
    operations.wait_for(lambda: operations.runs(status="running"), "a job that hangs")
    service.stop()
    (row,) = operations.runs(job="ingest:noaa_gml_co2")
    assert (row.status, row.cause) == ("failed", "handed_back")
    assert row.error == "handed back, because the service stops (stopped by SIGTERM)"
    assert not operations.runs(job="compute")  # nothing was begun after the stop was asked for
    code, output = operations.run("jobs", "--once", "--only", "noaa_gml_co2")
    assert code == 0, output  # at once, and what follows after it
    assert [row.status for row in operations.runs(job="ingest:noaa_gml_co2")] == ["failed", "ok"]


def test_once_stands_back_where_a_service_is_active(operations: Operations) -> None:
    service = operations.start("jobs", "--only", "noaa_gml_co2", fault="hang:noaa_gml_co2")
    operations.wait_for(lambda: operations.runs(status="running"), "the service to work")
    code, output = operations.run("jobs", "--once")
    assert code == 0
    assert f"process {service.child.pid} on" in output


def test_a_wrong_call_and_a_wrong_dataset_are_usage_errors(operations: Operations) -> None:
    for words in (("--nonsense",), ("--once", "--only", "noaa_gml_co3")):
        code, output = operations.run("jobs", *words)
        assert code == 2, output
