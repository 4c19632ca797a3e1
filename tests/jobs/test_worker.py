"""Whatever kills a worker is one failed run, and the service goes on."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from jobs.worker import Limits, run_worker

from .conftest import SHIFTED, Operations

GOOD, BAD = "nasa_gistemp", "noaa_gml_co2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("segfault", "the worker was killed by SIGSEGV"),
        ("kill", "the worker was killed by SIGKILL"),  # as the kernel does when memory runs out
        ("early", "the worker was killed by SIGKILL"),
        ("memory", "MemoryError: "),
    ],
)
def test_a_crash_is_one_failed_run(operations: Operations, fault: str, told: str) -> None:
    code, output = operations.run("jobs", "--once", "--only", GOOD, BAD, fault=f"{fault}:{BAD}")
    assert code == 3, output
    (failed,) = operations.runs(job=f"ingest:{BAD}")
    assert (failed.status, failed.attempt) == ("failed", 1)
    assert failed.error.startswith(told)
    assert failed.finished_at is not None
    assert failed.holder
    for job in (f"ingest:{GOOD}", "compute", "report"):
        (row,) = operations.runs(job=job)
        assert row.status == "ok"
    code, output = operations.run("jobs", "--once", "--only", GOOD, BAD, shift=3601.0)
    again = operations.runs(job=f"ingest:{BAD}")
    assert [(row.status, row.attempt, row.scheduled_for) for row in again] == [
        ("failed", 1, failed.scheduled_for), ("ok", 2, failed.scheduled_for),
    ]  # fmt: skip


def sleeper(program: str) -> list[str]:
    return [sys.executable, "-c", f"import signal, sys, time\n{program}"]


def test_a_worker_beyond_its_time_is_told_to_unwind_and_ended_when_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.worker.UNWIND_SECONDS", 0.5)
    limits = Limits(1000, 0.4)
    polite = run_worker(
        [], limits, threading.Event(), sleeper("signal.signal(15, lambda *_: sys.exit(1)); time.sleep(60)")
    )
    assert polite.exit_code in (1, -15)  # by its own hand, or before it had learned what the signal means
    deaf = run_worker([], limits, threading.Event(), sleeper("signal.signal(15, signal.SIG_IGN); time.sleep(60)"))
    assert deaf.exit_code in (-9, -15)
    for ended in (polite, deaf):
        assert ended.why == "stopped after 0 minutes, the limit of a job"


def test_a_worker_is_handed_back_at_once() -> None:
    hand_back = threading.Event()
    threading.Timer(0.3, hand_back.set).start()
    begun = time.monotonic()
    ended = run_worker([], Limits(1000, 60), hand_back, sleeper("time.sleep(60)"))
    assert time.monotonic() - begun < 10
    assert ended.why == "handed back, because the service stops"


def test_limits_are_those_of_the_worker_and_arguments_arrive() -> None:
    program = (
        "import resource, signal, jobs.worker, caspian_env.cli as cli\n"
        "cli.main = lambda words, as_a_service: sys.exit(0 if as_a_service and words == ['report', '--home', 'x']"
        " and resource.getrlimit(resource.RLIMIT_AS)[0] == 3000 * 2**20 and 100 < signal.alarm(0) <= 150 else 7)\n"
        "jobs.worker.main()"
    )
    ended = run_worker(["report", "--home", "x"], Limits(3000, 90), threading.Event(), sleeper(program))
    assert ended.exit_code == 0
    assert SHIFTED.is_file()
