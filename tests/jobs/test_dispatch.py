from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from caspian_env.catalog.accounts import Account
from jobs.dispatch import (
    ATTEMPTS,
    HOLD_BACK,
    LOOK_AFTER_OTHERS,
    RETRY_AFTER,
    Decision,
    Memory,
    decide,
    holds_back,
    wake_at,
)
from jobs.schedule import DAY, Schedule, due_times

DAILY = Schedule("ingest:x", "ingest", "x", ("ingest", "x"), 0, "P1D", timedelta(hours=3), DAY)
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
TODAY = datetime(2026, 6, 10, 3, tzinfo=UTC)


def memory(scheduled_for: datetime | None = None, status: str = "ok", **more: object) -> Memory:
    return Memory(replace(Account(scheduled_for, status, 1), **more), str(DAILY))


def test_a_new_installation_does_what_was_due_last_and_blames_nobody() -> None:
    assert decide(DAILY, Memory(Account(), None), NOON) == Decision((), decide(DAILY, memory(None), NOON).reason, TODAY)


def test_nothing_is_due_twice() -> None:
    for status in ("ok", "partial", "running", "missed"):
        assert decide(DAILY, memory(TODAY, status), NOON) == Decision()


def test_while_somebody_does_the_job_it_is_left_alone_and_looked_at_again_soon() -> None:
    busy = memory(TODAY - DAY, running=True)
    assert decide(DAILY, busy, NOON) == Decision()
    assert wake_at(DAILY, busy, NOON) == NOON + LOOK_AFTER_OTHERS
    assert wake_at(DAILY, busy, TODAY + DAY - timedelta(seconds=1)) == TODAY + DAY


def test_after_a_break_one_run_and_a_row_for_each_time_that_was_missed() -> None:
    decision = decide(DAILY, memory(TODAY - 4 * DAY), NOON)
    assert decision.missed == (TODAY - 3 * DAY, TODAY - 2 * DAY, TODAY - DAY)
    assert decision.run == TODAY


def test_a_run_by_hand_after_the_last_due_time_leaves_nothing_to_do_but_to_account_for_it() -> None:
    decision = decide(DAILY, memory(TODAY - 2 * DAY, done_since=TODAY + timedelta(hours=1)), NOON)
    assert decision.missed == (TODAY - DAY, TODAY)
    assert decision.run is None
    earlier = decide(DAILY, memory(TODAY - 2 * DAY, done_since=TODAY - timedelta(hours=1)), NOON)
    assert earlier.run == TODAY


EDITED = "the timetable was edited later, and counts from then on"


def test_an_edited_schedule_is_no_judge_of_the_past() -> None:
    weekly = replace(DAILY, frequency="P7D", step=timedelta(days=7))
    since = Memory(replace(Account(), scheduled_for=TODAY - 6 * DAY, status="ok", attempt=1), str(weekly))
    assert decide(DAILY, since, NOON) == Decision((TODAY,), EDITED)  # the week was not over
    for minutes in (30, 120):  # later on the same day, before the edit
        moved = replace(DAILY, delay=DAILY.delay + timedelta(minutes=minutes))
        assert decide(moved, memory(TODAY), NOON) == Decision((TODAY + timedelta(minutes=minutes),), EDITED)
    earlier_today = replace(DAILY, delay=timedelta(hours=2))
    assert decide(earlier_today, memory(TODAY), NOON) == Decision()  # lies behind what was done


def test_what_was_owed_before_an_edit_is_done_once_by_the_new_timetable() -> None:
    for hours in (2, 5):
        moved = replace(DAILY, delay=timedelta(hours=hours))
        decision = decide(moved, memory(TODAY - 3 * DAY), NOON)
        assert (decision.missed, decision.run) == ((), TODAY + timedelta(hours=hours - 3))
    weekly = replace(DAILY, frequency="P7D", step=timedelta(days=7))
    since = Memory(Account(TODAY - 8 * DAY, "ok", 1), str(weekly))
    assert decide(DAILY, since, NOON).run == TODAY
    later = replace(DAILY, delay=timedelta(hours=5))
    assert decide(later, memory(TODAY, "failed", ended_at=TODAY), NOON).run == TODAY + timedelta(hours=2)


def test_a_failed_run_is_repeated_after_a_while_and_not_for_ever() -> None:
    failed = memory(TODAY, "failed", ended_at=NOON)
    assert decide(DAILY, failed, NOON + RETRY_AFTER - timedelta(seconds=1)) == Decision()
    assert decide(DAILY, failed, NOON + RETRY_AFTER) == Decision(run=TODAY)
    assert wake_at(DAILY, failed, NOON) == NOON + RETRY_AFTER
    exhausted = memory(TODAY, "failed", ended_at=NOON, attempt=ATTEMPTS)
    assert decide(DAILY, exhausted, NOON + RETRY_AFTER) == Decision()
    assert wake_at(DAILY, exhausted, NOON) == TODAY + DAY
    made_good = memory(TODAY, "failed", ended_at=NOON, done_since=NOON + timedelta(minutes=1))
    assert decide(DAILY, made_good, NOON + RETRY_AFTER) == Decision()


def test_what_was_partial_for_a_while_is_repeated_and_what_stays_so_is_not() -> None:
    for status in ("partial", "failed"):
        passing = memory(TODAY, status, ended_at=NOON, cause="transient")
        assert decide(DAILY, passing, NOON + RETRY_AFTER - timedelta(seconds=1)) == Decision()
        assert decide(DAILY, passing, NOON + RETRY_AFTER) == Decision(run=TODAY)
        lasting = memory(TODAY, status, ended_at=NOON, cause="permanent")
        assert decide(DAILY, lasting, NOON + 10 * RETRY_AFTER) == Decision()
        assert wake_at(DAILY, lasting, NOON) == TODAY + DAY


def test_the_pauses_between_attempts_grow_and_there_are_not_many() -> None:
    pauses = []
    for attempt in range(1, ATTEMPTS):
        state = memory(TODAY, "partial", ended_at=NOON, cause="transient", attempt=attempt)
        pauses.append(wake_at(DAILY, state, NOON) - NOON)
    assert pauses == [timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4)]
    last = memory(TODAY, "partial", ended_at=NOON, cause="transient", attempt=ATTEMPTS)
    assert wake_at(DAILY, last, NOON) == TODAY + DAY
    assert decide(DAILY, last, NOON + timedelta(hours=14)) == Decision()


def test_what_was_handed_back_is_repeated_at_once() -> None:
    for attempt in (1, ATTEMPTS):
        state = memory(TODAY, "failed", ended_at=NOON, cause="handed_back", attempt=attempt)
        assert decide(DAILY, state, NOON) == Decision(run=TODAY)


def test_an_interrupted_job_holds_back_what_uses_it_until_it_is_repeated_and_not_for_ever() -> None:
    killed = memory(TODAY, "failed", ended_at=NOON, cause="interrupted")
    assert holds_back(killed, NOON)
    assert holds_back(killed, NOON + HOLD_BACK - timedelta(seconds=1))
    assert not holds_back(killed, NOON + HOLD_BACK)
    assert not holds_back(replace(killed, account=replace(killed.account, attempt=ATTEMPTS)), NOON)
    made_good = replace(killed, account=replace(killed.account, done_since=NOON))
    assert not holds_back(made_good, NOON)
    assert not holds_back(memory(TODAY, "failed", ended_at=NOON, cause="transient"), NOON)


def test_what_is_behind_its_inputs_follows_at_a_due_time_of_its_own() -> None:
    behind = replace(memory(TODAY, done_since=TODAY), is_behind=True)
    decision = decide(DAILY, behind, NOON)
    assert decision.missed == ()
    assert decision.run is not None
    assert NOON < decision.run <= NOON + timedelta(seconds=1)
    due = decide(
        DAILY, replace(behind, account=replace(behind.account, scheduled_for=TODAY - DAY, done_since=TODAY - DAY)), NOON
    )
    assert due.run == TODAY  # what is due anyhow comes first, and does the same


@given(st.lists(st.integers(1, 60 * 24 * 5), min_size=1, max_size=30))
def test_whenever_it_wakes_up_every_due_time_is_accounted_for_once(pauses: list[int]) -> None:
    now, state = NOON, memory(TODAY)
    accounted: list[datetime] = []
    for pause in pauses:
        now += timedelta(minutes=pause)
        decision = decide(DAILY, state, now)
        accounted += [*decision.missed, *([decision.run] if decision.run else [])]
        if decision.run:
            state = memory(decision.run, done_since=now)
    assert accounted == list(due_times(DAILY, TODAY, now))
