from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caspian_env.errors import SeedError
from caspian_env.processing.durations import later
from caspian_env.seeds import load_datasets
from jobs.schedule import DAY, LONGEST_STEP, Schedule, due_times, last_due, next_due, schedules

START = datetime(2026, 1, 1, tzinfo=UTC)
FREQUENCIES = st.sampled_from(["P1D", "P7D", "P10D", "P1W", "P1M", "P3M", "P1Y"])


def schedule(frequency: str, *, delay: timedelta = timedelta(0), step: timedelta = DAY) -> Schedule:
    return Schedule("job", "ingest", "x", (), 0, frequency, delay, step)


@pytest.fixture
def in_berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.__setitem__("TZ", before)
    time.tzset()


def test_a_monthly_product_is_asked_for_when_it_usually_appears_and_again_every_week() -> None:
    monthly = schedule("P1M", delay=timedelta(days=14, hours=2), step=timedelta(days=7))
    found = list(due_times(monthly, datetime(2026, 2, 10, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)))
    assert [f"{moment:%m-%d %H}" for moment in found] == [
        "02-12 02", "02-15 02", "02-22 02", "03-01 02", "03-08 02", "03-15 02", "03-22 02", "03-29 02",
    ]  # fmt: skip


def test_the_interval_is_open_at_its_start_and_closed_at_its_end() -> None:
    daily = schedule("P1D", delay=timedelta(hours=3))
    at = START + timedelta(hours=3)
    assert list(due_times(daily, at, at)) == []
    assert list(due_times(daily, at - timedelta(microseconds=1), at)) == [at]
    assert list(due_times(daily, at, at + DAY)) == [at + DAY]


@given(
    frequency=FREQUENCIES, delay=st.integers(0, 4000), step=st.integers(1, 120), days=st.integers(0, 900),
    cut=st.floats(0, 1),
)  # fmt: skip
def test_however_an_interval_is_cut_the_due_times_are_the_same(
    frequency: str, delay: int, step: int, days: int, cut: float
) -> None:
    made = schedule(frequency, delay=timedelta(days=delay, minutes=77), step=timedelta(days=step))
    end = START + timedelta(days=days)
    middle = START + (end - START) * cut
    whole = list(due_times(made, START, end))
    assert whole == [*due_times(made, START, middle), *due_times(made, middle, end)]
    assert whole == sorted(set(whole))
    assert next_due(made, last_due(made, middle)) > middle >= last_due(made, middle)


def test_daylight_saving_changes_nothing(in_berlin: None) -> None:
    daily = schedule("P1D", delay=timedelta(hours=1, minutes=30))  # 02:30 in Berlin in winter, 03:30 in summer
    for day in (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)):
        found = list(due_times(daily, day, day + 3 * DAY))
        assert [moment.strftime("%H:%M %z") for moment in found] == ["01:30 +0000"] * 3


def test_every_dataset_is_asked_for_at_least_once_a_period_and_never_twice_a_day() -> None:
    datasets = load_datasets()
    timetable = schedules(datasets.values())
    collections = [made for made in timetable if made.workflow == "ingest"]
    assert {made.subject for made in collections} == {d.id for d in datasets.values() if d.state == "active"}
    assert [made.stage for made in timetable] == sorted(made.stage for made in timetable)
    minutes = set()
    for made in collections:
        found = list(due_times(made, START, START + timedelta(days=800)))
        gaps = [(after - before).days for before, after in pairwise(found)]
        period = (later(START, datasets[made.subject].update_frequency) - START).days
        assert min(gaps) >= 1
        assert max(gaps) <= min(max(1, period // 2), LONGEST_STEP.days)
        assert {(moment.hour, moment.minute) for moment in found} == {(found[0].hour, found[0].minute)}
        assert 1 <= found[0].hour < 4
        minutes.add((found[0].hour, found[0].minute))
    assert len(minutes) > len(collections) / 2  # not all providers at once


def test_indicators_bulletin_and_check_of_frozen_reports_follow_the_collections_of_the_day() -> None:
    *collections, compute, report, check = schedules(load_datasets().values())
    at = [next_due(made, START).time() for made in (*collections, compute, report, check)]
    assert max(at[:-3]) < at[-3] < at[-2] < at[-1]
    assert (check.arguments, check.step) == (("report", "check", "--all"), DAY)


def test_a_retired_dataset_has_no_schedule_and_a_strange_frequency_is_refused() -> None:
    dataset = load_datasets()["noaa_gml_co2"]
    assert len(schedules([replace(dataset, state="retired")])) == 3
    with pytest.raises(SeedError, match="every so often"):
        schedules([replace(dataset, update_frequency="every so often")])


def test_more_than_one_edition_a_day_is_asked_for_once_a_day() -> None:
    made = schedules([replace(load_datasets()["noaa_gml_co2"], update_frequency="PT6H")])[0]
    assert len(list(due_times(made, START, START + 10 * DAY))) == 10
