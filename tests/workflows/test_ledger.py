from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.ledger import take_over_dead
from caspian_env.errors import AlreadyClaimed, AlreadyDone, CatalogError, LostLease
from caspian_env.model import Window
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows import ledger as module
from caspian_env.workflows.due import default_window
from caspian_env.workflows.holder import holder_of, in_words, is_gone
from caspian_env.workflows.ledger import account_for_dead, ledger, standing_aside, wait_for_collections
from caspian_env.workflows.outcome import Outcome, exit_code
from caspian_env.workflows.seed import seed

DUE = datetime(2026, 6, 10, 3, tzinfo=UTC)


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with open_platform(Settings(home=tmp_path, database_url=database_url)) as opened:
        seed(opened)
        yield opened


def runs(platform: Platform) -> list[tuple[str, str | None]]:
    with platform.catalog.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(t.run.c.status, t.run.c.error).order_by(t.run.c.id))]


def lose(platform: Platform) -> None:
    """What another process does that believes every holder to be dead."""
    with platform.catalog.write() as connection:
        assert take_over_dead(connection, now=platform.clock(), gone=lambda holder: True)


def test_outcome_counts_and_window_are_recorded(platform: Platform) -> None:
    outcome = Outcome("x", expected=3, fetched=2, first=5)
    window = Window(DUE, DUE + timedelta(days=1))
    with ledger(platform, "ingest", "x", outcome, scheduled_for=DUE, window=window):
        outcome.problems.append("one is missing")
    with platform.catalog.read() as connection:
        row = connection.execute(sa.select(t.run)).one()
    assert (row.job, row.scheduled_for, row.origin, row.status) == ("ingest:x", DUE, "scheduled", "partial")
    assert (row.n_expected, row.n_fetched, row.n_written, row.error) == (3, 2, 5, "one is missing")
    assert (row.window_start, row.window_end, row.holder) == (window.start, window.end, holder_of())


def test_what_interrupts_the_work_is_recorded_as_its_failure(platform: Platform) -> None:
    for interruption in (KeyboardInterrupt, RuntimeError, SystemExit):
        with pytest.raises(interruption), ledger(platform, "ingest", "x", Outcome("x")):
            raise interruption("stopped")
    assert runs(platform) == [
        ("failed", "stopped from the keyboard"), ("failed", "RuntimeError: stopped"), ("failed", "stopped"),
    ]  # fmt: skip
    with platform.catalog.read() as connection:
        causes = connection.execute(sa.select(t.run.c.cause).order_by(t.run.c.id)).scalars().all()
    assert causes == ["interrupted", "transient", "interrupted"]


def test_a_second_run_stands_aside_and_says_for_whom(platform: Platform) -> None:
    mine, other = Outcome("x"), Outcome("x")
    with ledger(platform, "ingest", "x", mine):
        with standing_aside(other, is_problem=False), ledger(platform, "ingest", "x", other):
            pytest.fail("two at a time")
        with pytest.raises(AlreadyClaimed) as caught, ledger(platform, "ingest", "x", Outcome("x")):
            pass
    assert f"process {os.getpid()} on" in other.skipped
    assert caught.value.transient
    assert (other.status, exit_code([other])) == ("skipped", 0)
    with standing_aside(Outcome("x")), ledger(platform, "ingest", "x", Outcome("x")):
        return
    pytest.fail("the job is free again")


def test_what_was_due_is_done_once_and_later_callers_learn_how_it_ended(platform: Platform) -> None:
    with ledger(platform, "compute", "*", Outcome("i"), job="compute", scheduled_for=DUE):
        pass
    again = Outcome("i")
    with standing_aside(again), ledger(platform, "compute", "*", again, job="compute", scheduled_for=DUE):
        pytest.fail("done twice")
    assert again.skipped == "what was due at 2026-06-10 03:00:00 UTC is ok (run 1)"
    with pytest.raises(AlreadyDone), ledger(platform, "compute", "*", again, job="compute", scheduled_for=DUE):
        pass


def test_work_that_follows_waits_for_another_run_and_not_for_ever(platform: Platform) -> None:
    def work() -> None:
        with ledger(platform, "compute", "*", Outcome("i"), job="compute"):
            begun.set()
            may_end.wait(20)

    begun, may_end, second = threading.Event(), threading.Event(), Outcome("i")
    first = threading.Thread(target=work)
    first.start()
    begun.wait(20)
    with standing_aside(second), ledger(platform, "compute", "*", second, job="compute", wait_seconds=0.6):
        pytest.fail("two at a time")
    assert "another run is doing it" in second.problems[0]
    third = Outcome("i")
    threading.Timer(0.7, may_end.set).start()
    with ledger(platform, "compute", "*", third, job="compute", wait_seconds=20):
        assert "waited" in third.notes[0]
    first.join()
    assert [status for status, _ in runs(platform)] == ["ok", "ok"]


def test_half_an_edition_is_not_taken_for_a_whole_one(platform: Platform) -> None:
    def collect() -> None:
        with ledger(platform, "ingest", "x", Outcome("x")):
            begun.set()
            may_end.wait(20)

    begun, may_end = threading.Event(), threading.Event()
    collecting = threading.Thread(target=collect)
    collecting.start()
    begun.wait(20)
    others, impatient, patient = Outcome("i"), Outcome("i"), Outcome("i")
    wait_for_collections(platform, ["y"], others)
    assert others.notes == []
    wait_for_collections(platform, ["x", "y"], impatient, wait_seconds=0.6)
    assert impatient.notes[0].endswith("although it is not at its end: ingest:x")
    threading.Timer(0.7, may_end.set).start()
    wait_for_collections(platform, ["x", "y"], patient)
    collecting.join()
    assert patient.notes[0].endswith("s for ingest:x (run 1)")


def test_a_slow_look_at_the_ledger_is_no_waiting(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caspian_env.workflows.ledger.LOOK_AGAIN_SECONDS", 0.0)
    outcome = Outcome("i")
    wait_for_collections(platform, ["y"], outcome)
    assert outcome.notes == []


def test_a_run_that_was_taken_over_ends_with_that_error(platform: Platform) -> None:
    with pytest.raises(LostLease, match="run 1 was taken over"), ledger(platform, "ingest", "x", Outcome("x")):
        lose(platform)
    with pytest.raises(LostLease) as caught, ledger(platform, "ingest", "x", Outcome("x")):
        lose(platform)
        raise ValueError("what the database refused")
    assert isinstance(caught.value.__cause__, ValueError)
    aside = Outcome("x")
    with standing_aside(aside), ledger(platform, "ingest", "x", aside):
        lose(platform)
    assert aside.problems
    assert [status for status, _ in runs(platform)] == ["failed"] * 3


def test_the_lease_is_renewed_while_the_work_goes_on(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.05)
    lease = sa.select(t.run.c.lease_until, t.run.c.heartbeat_at, t.run.c.started_at)
    with ledger(platform, "ingest", "x", Outcome("x")):
        for _ in range(200):
            time.sleep(0.05)
            with platform.catalog.read() as connection:
                row = connection.execute(lease).one()
            if row.heartbeat_at > row.started_at:
                break
    assert row.heartbeat_at > row.started_at
    assert row.lease_until - row.heartbeat_at == timedelta(seconds=module.LEASE_SECONDS)
    assert not any(thread.name.startswith("heartbeat") for thread in threading.enumerate())


def test_a_database_that_vanishes_does_not_hide_what_went_wrong(platform: Platform) -> None:
    @contextmanager
    def away() -> Iterator[None]:
        raise CatalogError("database", "does not answer")
        yield

    class Vanished:
        read = write = staticmethod(away)

    gone = replace(platform)
    with pytest.raises(ValueError, match="the first reason") as caught, ledger(gone, "ingest", "x", Outcome("x")):
        object.__setattr__(gone, "catalog", Vanished())
        raise ValueError("the first reason")
    assert "the next run will account for it" in caught.value.__notes__[0]
    assert [status for status, _ in runs(platform)] == ["running"]


def test_a_process_is_known_to_be_gone_only_when_it_is() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    holder = holder_of(child.pid)
    assert not is_gone(holder)
    child.kill()
    while not is_gone(holder):  # dead, though not reaped yet
        time.sleep(0.01)
    child.communicate()
    assert is_gone(holder)
    mine = holder_of()
    node, number, mark = mine.rsplit(":", 2)
    assert not is_gone(mine)
    assert is_gone(f"{node}:{number}:{mark.rpartition('-')[0]}-1")  # a process id that is used again
    for unknown in (f"elsewhere:{number}:{mark}", f"{node}:{number}:other-1", f"{node}:{number}:?-?", "nonsense", ""):
        assert not is_gone(unknown)
    assert in_words(mine) == f"process {number} on {node}"


def test_a_killed_run_is_accounted_for_and_its_job_is_free_at_once(platform: Platform, tmp_path: Path) -> None:
    program = f"""
import sys, time
from pathlib import Path
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.ledger import ledger
from caspian_env.workflows.outcome import Outcome
with open_platform(Settings(home=Path({str(tmp_path)!r}), database_url={_url(platform)!r})) as platform:
    with ledger(platform, "ingest", "x", Outcome("x")):
        print("claimed", flush=True)
        time.sleep(60)
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "claimed\n"
    busy = Outcome("x")
    with standing_aside(busy, is_problem=False), ledger(platform, "ingest", "x", busy):
        pytest.fail("it goes on")
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with ledger(platform, "ingest", "x", Outcome("x")):
        pass
    (status, error), second = runs(platform)
    assert (status, second) == ("failed", ("ok", None))
    assert "is gone" in str(error)
    assert account_for_dead(platform) == []


def test_after_a_break_the_look_back_begins_where_the_last_collection_ended(platform: Platform) -> None:
    grid = platform.seeds.datasets["noaa_oisst_v2_1"]
    day, start = timedelta(days=1), datetime(2026, 6, 10, 12, tzinfo=UTC)

    def at(days: int) -> Platform:
        return replace(platform, clock=lambda: start + days * day)

    first = default_window(at(0), grid)
    assert first.end - first.start == grid.look_back_days * day
    with ledger(at(0), "ingest", grid.id, Outcome(grid.id, unchanged=1), window=first):
        pass
    assert default_window(at(1), grid).start == first.start  # it ended a day ahead
    assert default_window(at(61), grid).start == first.end - grid.look_back_days * day


def _url(platform: Platform) -> str:
    return platform.catalog.engine.url.render_as_string(hide_password=False)


def test_the_command_line_leaves_the_signals_of_its_caller_alone(capsys: pytest.CaptureFixture[str]) -> None:
    from caspian_env.cli import main

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit):
        main(["--version"])
    assert signal.getsignal(signal.SIGTERM) is before
    assert "caspian-env" in capsys.readouterr().out
