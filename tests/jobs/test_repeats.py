"""What did not do everything is done again, what uses its results waits or follows, and nothing is done for the past."""

from __future__ import annotations

import os
import re
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from .conftest import Operations, process_of, until

ONE, GRIDS = "noaa_gml_co2", "noaa_oisst_v2_1"
pytestmark = pytest.mark.slow


def ended(rows: list[sa.Row[Any]]) -> list[tuple[str, str | None, int]]:
    return [(row.status, row.cause, row.attempt) for row in rows]


def test_what_was_handed_back_is_done_first_when_the_service_is_there_again(operations: Operations) -> None:
    operations.pace["HOLD_SECONDS"] = "600"
    first = operations.start("jobs", "--only", GRIDS, fault=f"hang:{GRIDS}")
    operations.wait_for(lambda: operations.runs(status="running"), "a job that hangs")
    first.stop()
    (row,) = operations.runs(job=f"ingest:{GRIDS}")
    assert ended([row]) == [("failed", "handed_back", 1)]
    assert row.error == "handed back, because the service stops (stopped by SIGTERM)"
    assert row.n_expected == 3
    second = operations.start("jobs", "--only", GRIDS)
    operations.wait_for(lambda: operations.runs(job="report", status="ok"), "all the work")
    second.stop()
    _, again = operations.runs(job=f"ingest:{GRIDS}")
    assert ended([again]) == [("ok", None, 2)]
    (computed,), (reported,) = operations.runs(job="compute"), operations.runs(job="report")
    assert again.finished_at <= computed.started_at
    assert computed.finished_at <= reported.started_at


@pytest.mark.parametrize("way", ["service", "once"])
def test_nothing_is_built_on_what_a_killed_worker_left(operations: Operations, way: str) -> None:
    operations.pace |= {"RETRY_SECONDS": "2", "HOLD_SECONDS": "600"}
    words = {"service": (), "once": ("--once",)}[way]
    process = operations.start("jobs", *words, "--only", GRIDS, fault=f"kill-once:{GRIDS}")
    if way == "once":
        assert process.end(120) == 3, process.output
        assert "compute left for later: ingest:noaa_oisst_v2_1 was interrupted and is repeated first" in process.output
        assert not operations.runs(job="compute")
        code, output = operations.run("jobs", "--once", "--only", GRIDS, shift=3.0)
        assert code == 0, output
    else:
        operations.wait_for(lambda: operations.runs(job="report", status="ok"), "all the work")
        process.stop()
        assert "compute waits until ingest:noaa_oisst_v2_1, which was interrupted, is repeated" in process.output
    killed, again = operations.runs(job=f"ingest:{GRIDS}")
    assert ended([killed, again]) == [("failed", "interrupted", 1), ("ok", None, 2)]
    (computed,) = operations.runs(job="compute")
    assert again.finished_at <= computed.started_at
    assert len(operations.runs(job="report")) == 1


def test_what_is_interrupted_again_and_again_is_not_waited_for_without_end(operations: Operations) -> None:
    operations.pace |= {"RETRY_SECONDS": "3600", "HOLD_SECONDS": "3"}
    service = operations.start("jobs", "--only", GRIDS, ONE, fault=f"segfault:{GRIDS}")
    operations.wait_for(lambda: operations.runs(job="report", status="ok"), "what can be done")
    service.stop()
    assert "compute begins although ingest:noaa_oisst_v2_1 was interrupted and is not repeated yet" in service.output


def test_a_partial_collection_is_completed_and_what_follows_follows_at_once(
    operations: Operations, httpserver: HTTPServer
) -> None:
    """The second of three days fails at the provider for a while; the last one is a file that is bad for good."""
    root, failing = Path(operations.mirror), [True]
    # At noon: before half past four the indicators of the day are still to come, and nothing need follow twice.
    shift = until(datetime(2026, 1, 3, 12, tzinfo=UTC))
    days = sorted(path.name for path in root.rglob("oisst-avhrr-v02r01.*.nc"))
    assert len(days) == 3

    def answer(request: Request) -> Response:
        file = root / request.path.lstrip("/")
        if file.is_dir():
            links = "".join(f'<a href="{one.name}{"/" * one.is_dir()}">x</a>' for one in sorted(file.iterdir()))
            return Response(f"<html>{links}</html>", content_type="text/html")
        if not file.is_file():
            return Response("", 404)
        if file.name == days[1] and failing:
            return Response("", 503)
        return Response(file.read_bytes())

    httpserver.expect_request(re.compile("")).respond_with_handler(answer)
    operations.mirror = httpserver.url_for("").rstrip("/")
    operations.pace["RETRY_SECONDS"] = "20"
    service = operations.start("jobs", "--only", GRIDS, shift=shift)
    operations.wait_for(lambda: operations.runs(job="report", status="ok"), "what can be done")
    (partial,) = operations.runs(job=f"ingest:{GRIDS}")
    assert ended([partial]) == [("partial", "transient", 1)]
    assert (partial.n_expected, partial.n_fetched) == (3, 2)
    failing.clear()
    operations.wait_for(lambda: len(operations.runs(job="report", status="ok")) == 2, "what follows")
    service.stop()
    _, whole = operations.runs(job=f"ingest:{GRIDS}")
    assert ended([whole]) == [("ok", None, 2)]
    assert whole.scheduled_for == partial.scheduled_for
    for job in ("compute", "report"):
        before, after = operations.runs(job=job)
        assert before.started_at < whole.finished_at <= after.started_at
        assert after.origin == "scheduled"
    code, output = operations.run("jobs", "--once", "--only", GRIDS, shift=shift)
    assert (code, len(operations.runs(job="compute"))) == (0, 2), output  # and not once more


def test_a_worker_that_sleeps_through_its_lease_is_late(operations: Operations) -> None:
    """No process dies: the lease runs out while its holder sleeps, another does the work, and the sleeper is refused."""
    base = datetime(2026, 6, 10, 12, tzinfo=UTC)
    sleeper = operations.start("worker", "2000", "600", "ingest", ONE, shift=until(base), fault=f"asleep:{ONE}")
    operations.wait_for(lambda: operations.runs(status="running"), "the run of the sleeper")
    (row,) = operations.runs()
    stat = Path("/proc") / str(process_of(row)) / "stat"
    operations.wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "it to fall asleep")
    code, output = operations.run("caspian-env", "ingest", ONE, shift=until(base + timedelta(seconds=100)))
    assert code == 0
    assert "another run is doing it" in output
    assert len(operations.runs()) == 1  # its lease lasts
    code, output = operations.run("caspian-env", "ingest", ONE, shift=until(base + timedelta(seconds=600)))
    assert code == 0, output
    lost, done = operations.runs()
    assert ended([lost, done]) == [("failed", "interrupted", 1), ("ok", None, 1)]
    assert "let it run out" in lost.error
    os.kill(process_of(row), signal.SIGCONT)
    assert sleeper.end(60) != 0
    assert "was taken over" in sleeper.output
    assert ended(operations.runs()) == ended([lost, done])
    values = operations.count_values()
    operations.run("caspian-env", "ingest", ONE, shift=until(base + timedelta(seconds=700)))
    assert operations.count_values() == values


def test_a_timetable_edited_between_two_starts_fires_nothing_of_the_past(operations: Operations) -> None:
    base = datetime(2026, 6, 10, 12, tzinfo=UTC)
    code, output = operations.run("jobs", "--once", "--only", ONE, shift=until(base))
    assert code == 0, output
    before = operations.runs()[-1].id
    for minutes in ("-55", "55"):  # due earlier, and later, on the same day; both lie before the last run
        operations.pace["MINUTES_LATER"] = minutes
        code, output = operations.run("jobs", "--once", "--only", ONE, shift=until(base + timedelta(minutes=5)))
        assert code == 0, output
        again = [row for row in operations.runs(job=f"ingest:{ONE}") if row.id > before]
        assert all(row.status == "missed" and "did its work" in row.error for row in again)  # nothing was fired
    code, output = operations.run("jobs", "--once", "--only", ONE, shift=until(base + timedelta(days=40)))
    assert code == 0, output
    assert operations.runs(job=f"ingest:{ONE}")[-1].status == "ok"
    late = [row for row in operations.runs(status="missed") if "did its work" not in row.error]
    assert all(row.scheduled_for > base for row in late)
