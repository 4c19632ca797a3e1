from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.accounts import (
    account,
    brought_something,
    collected_until,
    record_schedule,
    recorded_schedule,
)
from caspian_env.catalog.cubes import Part, write_part
from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.indicator_values import record_fingerprint, write_indicator_values
from caspian_env.catalog.ledger import (
    HANDED_BACK,
    INTERRUPTED,
    Entry,
    Task,
    claim,
    count_so_far,
    finish,
    guard,
    heartbeat,
    record_death,
    record_missed,
    take_over_dead,
)
from caspian_env.catalog.migrate import upgrade
from caspian_env.errors import LostLease

from .conftest import add_granule, reference_rows
from .test_indicator_values import computed

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
DUE = datetime(2026, 6, 10, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TASK = Task("ingest:gauge", "ingest", "gauge", "0", "0")
SCHEDULED = replace(TASK, scheduled_for=DUE)
NOTHING = {"n_written": 0}


def take(
    catalog: Catalog, task: Task = TASK, *, holder: str = "me", now: datetime = NOW, gone: tuple[str, ...] = ()
) -> int | Entry:
    with catalog.write() as connection:
        return claim(connection, task, holder=holder, now=now, lease_seconds=60, gone=gone.__contains__)


def end(catalog: Catalog, run: int | Entry, status: str = "ok", now: datetime = NOW) -> bool:
    assert isinstance(run, int)
    with catalog.write() as connection:
        return finish(connection, run, status=status, now=now, counts=NOTHING, error=None)


def rows(catalog: Catalog) -> list[tuple[datetime, int, str]]:
    column = t.run.c
    with catalog.read() as connection:
        found = connection.execute(sa.select(column.scheduled_for, column.attempt, column.status).order_by(column.id))
        return [tuple(row) for row in found]


def test_one_run_at_a_time_and_the_other_learns_who_has_the_job(catalog: Catalog) -> None:
    run = take(catalog)
    other = take(catalog, holder="you")
    assert isinstance(other, Entry)
    assert (other.run_id, other.status, other.holder) == (run, "running", "me")
    assert isinstance(take(catalog, replace(TASK, job="compute")), int)  # another job is free
    assert end(catalog, run)
    assert isinstance(take(catalog, holder="you"), int)


def test_what_was_due_is_done_once(catalog: Catalog) -> None:
    end(catalog, take(catalog, SCHEDULED))
    again = take(catalog, SCHEDULED)
    assert isinstance(again, Entry)
    assert again.status == "ok"


def test_what_failed_may_be_tried_again_and_is_counted(catalog: Catalog) -> None:
    for status in ("failed", "partial"):
        end(catalog, take(catalog, SCHEDULED), status)
    run = take(catalog, SCHEDULED)
    assert rows(catalog) == [(DUE, 1, "failed"), (DUE, 2, "partial"), (DUE, 3, "running")]
    end(catalog, run)
    assert isinstance(take(catalog, SCHEDULED), Entry)


def test_a_person_may_ask_as_often_as_they_like_even_on_a_clock_that_stands_still(catalog: Catalog) -> None:
    for _ in range(3):
        end(catalog, take(catalog))
    assert [scheduled_for - NOW for scheduled_for, _, _ in rows(catalog)] == [
        timedelta(microseconds=n) for n in range(3)
    ]


def test_the_database_itself_refuses_a_second_run_of_a_due_time_or_a_job(catalog: Catalog) -> None:
    run = take(catalog, SCHEDULED)
    copy = sa.insert(t.run).from_select(
        [c.name for c in t.run.c if c.name not in ("id", "scheduled_for")] + ["scheduled_for"],
        sa.select(*(c for c in t.run.c if c.name not in ("id", "scheduled_for")), sa.bindparam("at", type_=t.UtcTime)),
    )
    for at in (DUE, DUE + MINUTE):  # the same due time, and another one while the job is being done
        with pytest.raises(sa.exc.IntegrityError), catalog.write() as connection:
            connection.execute(copy, {"at": at})
    end(catalog, run)
    with pytest.raises(sa.exc.IntegrityError), catalog.write() as connection:
        connection.execute(copy, {"at": DUE})


def test_a_lease_lasts_until_it_runs_out_and_a_heartbeat_prolongs_it(catalog: Catalog) -> None:
    run = take(catalog)
    assert isinstance(take(catalog, holder="you", now=NOW + MINUTE), Entry)
    with catalog.write() as connection:
        assert heartbeat(connection, int(str(run)), now=NOW + MINUTE, lease_seconds=60)
    assert isinstance(take(catalog, holder="you", now=NOW + 2 * MINUTE), Entry)
    later = NOW + 2 * MINUTE + timedelta(seconds=1)
    assert isinstance(take(catalog, holder="you", now=later), int)
    with catalog.read() as connection:
        lost = connection.execute(sa.select(t.run).where(t.run.c.id == run)).one()
    assert (lost.status, lost.finished_at) == ("failed", later)
    assert lost.error == "lease lost: me let it run out; taken over by you"


def test_a_holder_that_is_gone_is_not_waited_for(catalog: Catalog) -> None:
    first = take(catalog, SCHEDULED)
    second = take(catalog, SCHEDULED, holder="you", gone=("me",))
    assert isinstance(second, int)
    assert rows(catalog) == [(DUE, 1, "failed"), (DUE, 2, "running")]
    with catalog.write() as connection:
        assert not heartbeat(connection, int(str(first)), now=NOW, lease_seconds=60)
    assert not end(catalog, first)  # the old holder comes back: too late
    assert rows(catalog)[0] == (DUE, 1, "failed")


def test_a_late_writer_with_an_old_token_is_refused_by_the_database(catalog: Catalog) -> None:
    with catalog.write() as connection:
        reference_rows(connection)
    old = take(catalog)
    assert old == 1  # the number that the helpers of these tests write with
    with catalog.write() as connection:
        add_granule(connection, "a" * 64)
        record_fingerprint(connection, "sl_mean_1y", "sea", "f", 1)
    assert isinstance(take(catalog, holder="you", gone=("me",)), int)
    part = Part(NOW, NOW + MINUTE, "a" * 64, 1, "f", 1)
    refusal = replace(computed(NOW, value=None, reason="too few", ci_low=None, ci_high=None, ci_level=None), used=())
    late_writes = [
        lambda connection: add_granule(connection, "b" * 64),
        lambda connection: record_fingerprint(connection, "sl_mean_1y", "sea", "g", 1),
        lambda connection: write_indicator_values(
            connection, "sl_mean_1y", "sea", [refusal], known_at_moment=NOW, run_id=1
        ),
        lambda connection: write_part(connection, "gauge", part, known_at_moment=NOW, run_id=1),
    ]
    for write in late_writes:
        with pytest.raises(sa.exc.DBAPIError, match="the run of this writer is over"), catalog.write() as connection:
            write(connection)
    with pytest.raises(LostLease), catalog.write() as connection:
        guard(connection, 1)
    with catalog.read() as connection:
        counts = [
            connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (t.granule, t.retrieval, t.computation, t.indicator_value, t.cube_part)
        ]
    assert counts == [1, 1, 1, 0, 0]


def test_the_same_writes_pass_while_the_run_goes_on(catalog: Catalog) -> None:
    with catalog.write() as connection:
        reference_rows(connection)
    assert take(catalog) == 1
    with catalog.write() as connection:
        guard(connection, 1)
        add_granule(connection, "a" * 64)
        write_part(connection, "gauge", Part(NOW, NOW + MINUTE, "a" * 64, 1, "f", 1), known_at_moment=NOW, run_id=1)
        record_fingerprint(connection, "sl_mean_1y", "sea", "f", 1)
        record_fingerprint(connection, "sl_mean_1y", "sea", "g", 1)


def test_of_many_that_ask_at_once_exactly_one_gets_the_job(catalog: Catalog) -> None:
    begin = threading.Barrier(8)

    def ask(number: int) -> int | Entry:
        begin.wait()
        return take(catalog, SCHEDULED, holder=f"process {number}")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    (run,) = [answer for answer in answers if isinstance(answer, int)]
    assert {answer.run_id for answer in answers if isinstance(answer, Entry)} == {run}


def test_of_many_that_take_over_a_dead_run_exactly_one_does(catalog: Catalog) -> None:
    take(catalog, SCHEDULED, holder="dead")
    begin = threading.Barrier(8)

    def ask(number: int) -> int | Entry:
        begin.wait()
        return take(catalog, SCHEDULED, holder=f"process {number}", gone=("dead",))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert sum(isinstance(answer, int) for answer in answers) == 1
    assert [row[1:] for row in rows(catalog)] == [(1, "failed"), (2, "running")]


def test_a_run_is_not_taken_over_while_its_writer_is_about_to_commit(catalog: Catalog) -> None:
    """Whoever passed the fence may commit; whoever takes over sees what was committed."""
    with catalog.write() as connection:
        reference_rows(connection)
    assert take(catalog) == 1
    late = NOW + 10 * MINUTE
    answered: list[int | Entry] = []

    def ask() -> None:
        answered.append(take(catalog, holder="you", now=late))

    asking = threading.Thread(target=ask)
    with catalog.write() as connection:
        add_granule(connection, "a" * 64)
        asking.start()
        asking.join(0.5)
        # SQLite: the other waits for the writer. PostgreSQL: it sees a living writer, whatever the lease says.
        assert not any(isinstance(answer, int) for answer in answered)
        if catalog.engine.dialect.name == "postgresql":
            begun = time.monotonic()
            with catalog.write() as beating:  # meanwhile the run can say that it is alive
                assert heartbeat(beating, 1, now=late, lease_seconds=60)
            assert time.monotonic() - begun < 1
    asking.join(10)
    if catalog.engine.dialect.name == "postgresql":
        assert isinstance(answered[0], Entry)
        assert isinstance(take(catalog, holder="you", now=late + 2 * MINUTE), int)
    else:
        assert isinstance(answered[0], int)
    with catalog.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.retrieval)) == 1


def test_dead_runs_of_all_jobs_are_accounted_for_and_living_ones_left_alone(catalog: Catalog) -> None:
    names = {"expired": NOW - 2 * MINUTE, "gone": NOW, "alive": NOW}
    runs = {
        name: take(catalog, replace(TASK, job=name), holder=name, now=since) for name, since in names.items()
    }  # fmt: skip
    with catalog.write() as connection:
        ended = take_over_dead(connection, now=NOW, gone=lambda holder: holder == "gone")
    assert ended == [runs["expired"], runs["gone"]]
    with catalog.write() as connection:
        assert take_over_dead(connection, now=NOW, gone=lambda holder: False) == []


def test_missed_due_times_are_recorded_once_and_never_over_a_run(catalog: Catalog) -> None:
    end(catalog, take(catalog, SCHEDULED))
    moments = [DUE - 2 * MINUTE, DUE - MINUTE, DUE]
    with catalog.write() as connection:
        assert record_missed(connection, TASK, moments, NOW, "the service was down") == 2
    with catalog.write() as connection:
        assert record_missed(connection, TASK, moments, NOW, "again") == 0
    assert sorted(rows(catalog)) == [(moments[0], 1, "missed"), (moments[1], 1, "missed"), (DUE, 1, "ok")]
    given_up = take(catalog, replace(TASK, scheduled_for=moments[0]))
    assert isinstance(given_up, Entry)  # missed is missed: the next one collected its interval
    assert given_up.status == "missed"


def test_a_process_that_died_is_accounted_for_whether_it_had_claimed_or_not(catalog: Catalog) -> None:
    def died(task: Task, holder: str) -> bool:
        with catalog.write() as connection:
            return record_death(connection, task, holder=holder, now=NOW, error="killed by SIGSEGV")

    take(catalog, SCHEDULED)
    assert not died(SCHEDULED, "you")  # the run is another's
    assert died(SCHEDULED, "me")
    assert not died(SCHEDULED, "me")  # accounted for already
    assert died(SCHEDULED, "third")  # died before it could claim
    assert rows(catalog) == [(DUE, 1, "failed"), (DUE, 2, "failed")]
    end(catalog, take(catalog, SCHEDULED))
    assert not died(SCHEDULED, "fourth")  # what was due is done
    later = replace(TASK, scheduled_for=DUE + MINUTE)
    take(catalog, later)
    with catalog.write() as connection:
        take_over_dead(connection, now=NOW, gone=lambda holder: True)
    assert died(later, "me")  # others saw that it was dead; its parent knows why
    assert not died(later, "me")
    with catalog.read() as connection:
        error = connection.scalar(sa.select(t.run.c.error).order_by(t.run.c.id.desc()).limit(1))
    assert error == "killed by SIGSEGV (lease lost: me is gone; no sign of life)"


def test_a_process_that_was_stopped_and_said_so_learns_by_whom(catalog: Catalog) -> None:
    run = take(catalog, SCHEDULED)
    assert isinstance(run, int)
    with catalog.write() as connection:
        finish(connection, run, status="failed", now=NOW, counts={}, error="stopped by SIGTERM", cause=INTERRUPTED)
        why = "handed back, because the service stops"
        assert record_death(connection, SCHEDULED, holder="me", now=NOW, error=why, cause=HANDED_BACK)
        assert connection.execute(sa.select(t.run.c.error, t.run.c.cause)).one() == (
            f"{why} (stopped by SIGTERM)", "handed_back",
        )  # fmt: skip
        assert account(connection, TASK.job).cause == HANDED_BACK


def test_what_was_counted_before_a_kill_stays_counted(catalog: Catalog) -> None:
    run = take(catalog)
    assert isinstance(run, int)
    with catalog.write() as connection:
        count_so_far(connection, run, {"n_expected": 40, "n_fetched": 17, "n_written": 51})
        assert take_over_dead(connection, now=NOW, gone=lambda holder: True) == [run]
        column = t.run.c
        found = connection.execute(
            sa.select(column.status, column.cause, column.n_expected, column.n_fetched, column.n_written)
        )
        assert found.one() == ("failed", "interrupted", 40, 17, 51)


def test_a_late_attempt_that_brought_something_is_noticed(catalog: Catalog) -> None:
    def late(n_fetched: int, ended: datetime) -> bool:
        run = take(catalog, replace(SCHEDULED, scheduled_for=DUE + n_fetched * MINUTE))
        assert isinstance(run, int)
        with catalog.write() as connection:
            finish(connection, run, status="ok", now=ended, counts={"n_fetched": n_fetched}, error=None)
        with catalog.read() as connection:
            return brought_something(connection, [TASK.job], due_until=DUE + MINUTE, after=NOW)

    assert not late(0, NOW + MINUTE)  # nothing new
    assert not late(2, NOW + MINUTE)  # due later: its own day's work follows it
    assert late(1, NOW + MINUTE)
    with catalog.read() as connection:
        assert not brought_something(connection, [TASK.job], due_until=DUE + MINUTE, after=NOW + MINUTE)
        assert not brought_something(connection, ["other"], due_until=DUE + MINUTE, after=NOW)


def test_the_account_of_a_job_is_its_newest_due_time_and_the_newest_work_of_anyone(catalog: Catalog) -> None:
    with catalog.read() as connection:
        assert account(connection, TASK.job).scheduled_for is None
    end(catalog, take(catalog, SCHEDULED), "failed")
    end(catalog, take(catalog, now=NOW + MINUTE), "partial")
    with catalog.read() as connection:
        found = account(connection, TASK.job)
    assert (found.scheduled_for, found.status, found.attempt, found.done_since) == (DUE, "failed", 1, NOW + MINUTE)
    assert found.ended_at == NOW


def test_the_timetable_by_which_a_job_was_accounted_for_is_remembered(catalog: Catalog) -> None:
    for words in ("daily", "daily", "weekly"):
        with catalog.write() as connection:
            record_schedule(connection, "compute", words)
    with catalog.read() as connection:
        assert recorded_schedule(connection, "compute") == "weekly"
        assert recorded_schedule(connection, "report") is None


def test_collected_without_a_gap_until(catalog: Catalog) -> None:
    def collected(start: int, stop: int, *, on: int, status: str = "ok") -> datetime | None:
        day = timedelta(days=1)
        window = (NOW + start * day, NOW + stop * day)
        end(catalog, take(catalog, replace(TASK, window=window), now=NOW + on * day), status)
        with catalog.read() as connection:
            found = collected_until(connection, TASK.job)
        return None if found is None else (found - NOW) // day

    assert collected(-30, 1, on=0, status="failed") is None
    assert collected(-9000, -8000, on=0) is None  # a back-fill of old years
    assert collected(-30, 1, on=0) == 1
    assert collected(10, 12, on=11) == 1  # somebody asked for the last days only: the days before are still wanted
    assert collected(-29, 13, on=12, status="partial") == 13


def test_runs_of_before_keep_their_account(database_url: str) -> None:
    from caspian_env.catalog.engine import open_catalog

    catalog = open_catalog(database_url)
    upgrade(catalog, "0002")
    columns = "workflow, subject, status, started_at, code_version, settings_hash"
    at = "2026-01-01 00:00:00" if catalog.engine.dialect.name == "sqlite" else "2026-01-01 00:00:00+00"
    with catalog.write() as connection:
        for workflow, subject, status in (
            ("ingest", "gauge", "ok"), ("ingest", "gauge", "running"), ("compute", "a,b", "partial"),
        ):  # fmt: skip
            connection.exec_driver_sql(
                f"INSERT INTO run ({columns}) VALUES ('{workflow}', '{subject}', '{status}', '{at}', '0', '0')"
            )
    upgrade(catalog)
    column = t.run.c
    with catalog.read() as connection:
        found = connection.execute(
            sa.select(column.job, column.scheduled_for, column.status, column.origin, column.error).order_by(column.id)
        ).all()
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    assert found == [
        ("ingest:gauge", new_year, "ok", "manual", None),
        ("ingest:gauge", new_year + timedelta(microseconds=1), "failed", "manual",
         "no end was recorded before runs had leases"),
        ("compute", new_year, "partial", "manual", None),
    ]  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError), catalog.write() as connection:  # the checks survived the change
        connection.execute(sa.update(t.run).values(status="perhaps"))
    upgrade(catalog, "0002")
    with catalog.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM run").scalar() == 3
    catalog.dispose()
