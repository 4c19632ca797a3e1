"""A source is judged by its newest observation, whatever the dates of its files and of our own runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caspian_env.catalog.freshness import Contact
from caspian_env.seeds import load_datasets
from caspian_env.workflows.freshness import Freshness, freshness, judge
from caspian_env.workflows.ingest import ingest
from tests.workflows.synthetic_co2 import DATASET, co2_table, collect_edition, opened

CO2 = load_datasets()[DATASET]  # monthly, published 10 days after the month
DAY = timedelta(days=1)
MARCH, APRIL = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)
DUE, STALE = datetime(2024, 5, 11, tzinfo=UTC), datetime(2024, 6, 21, tzinfo=UTC)  # one and two steps after 1 April


NOBODY = Contact()


def seen(now: datetime, contact: Contact = NOBODY, **changes: str) -> Freshness:
    return judge(replace(CO2, **changes), APRIL, MARCH, contact=contact, now=now)


@pytest.mark.parametrize(
    ("now", "state"),
    [(DUE, "fresh"), (DUE + DAY, "late"), (STALE, "late"), (STALE + DAY, "stale"), (STALE + 9999 * DAY, "stale")],
)
def test_the_delay_counts_from_the_end_of_the_period(now: datetime, state: str) -> None:
    assert seen(now).state == state
    assert seen(now).due_at == DUE


def test_age_and_allowance_are_said() -> None:
    assert seen(DUE + DAY).sentence.endswith("last value 41 days old, allowed 40")


def test_a_host_that_answers_without_new_data_is_named_so() -> None:
    found = seen(STALE + DAY, Contact(answered_at=STALE))
    assert found.answers
    assert found.sentence.startswith("answers, but its newest value is of 2024-03-01; ")


def test_an_answer_before_anything_was_due_is_none() -> None:
    found = seen(STALE + DAY, Contact(answered_at=DUE - DAY, failed_at=STALE))
    assert not found.answers
    assert found.sentence.startswith("does not answer, its last answer is of 2024-05-10")


@pytest.mark.parametrize(
    ("contact", "sentence"),
    [
        (Contact(answered_at=DUE - DAY), "was not asked since, its last answer is of 2024-05-10"),
        (Contact(answered_at=DUE, absent_at=STALE), "nothing is published at its address any more"),
        (Contact(failed_at=STALE), "does not answer, it never answered"),
    ],
)
def test_other_ways_to_fall_silent_have_other_words(contact: Contact, sentence: str) -> None:
    assert seen(STALE + DAY, contact).sentence.startswith(sentence)


def test_a_retired_dataset_is_never_late() -> None:
    found = seen(STALE + DAY, state="retired", state_since="2024-07-01", successor="noaa_gml_co2_global")
    assert found.state == "retired"
    assert found.sentence == ("retired since 2024-07-01, followed by noaa_gml_co2_global: nothing new is expected")
    assert (found.state_since, found.successor) == ("2024-07-01", "noaa_gml_co2_global")
    assert seen(STALE + DAY, state="frozen", state_since="2024").sentence.startswith("frozen since 2024: ")


@pytest.mark.parametrize(
    ("contact", "sentence"),
    [
        (Contact(), "was never asked"),
        (Contact(failed_at=DUE), "failed to answer on 2024-05-11"),
        (Contact(listed_at=DUE), "listed nothing to collect on 2024-05-11"),
        (Contact(absent_at=DUE), "had nothing at its address on 2024-05-11"),
        (Contact(answered_at=DUE), "answered on 2024-05-11, but nothing of it could be accepted"),
    ],
)
def test_a_source_without_a_value_says_why(contact: Contact, sentence: str) -> None:
    found = judge(CO2, None, None, contact=contact, now=DUE)
    assert (found.state, found.sentence, found.age_days) == ("never", sentence, None)


def test_the_newest_open_observation_counts_and_not_the_last_run(database_url: str, tmp_path: Path) -> None:
    now = datetime(1994, 2, 1, tzinfo=UTC)
    with opened(database_url, tmp_path, clock=lambda: now) as platform:
        collect_edition(platform, co2_table(48))  # to December 1993
        assert by_id(freshness(platform))[DATASET].state == "fresh"
        now = datetime(1996, 2, 1, tzinfo=UTC)
        ingest(platform, platform.seeds.datasets[DATASET])  # the same bytes, asked for today
        found = by_id(freshness(platform))[DATASET]
    assert (found.newest_observation, found.covers_until) == (
        datetime(1993, 12, 1, tzinfo=UTC), datetime(1994, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert (found.state, found.answered_at, found.answers) == ("stale", now, True)
    assert "answers, but its newest value is of 1993-12-01" in found.sentence


def test_every_dataset_of_the_seeds_is_judged(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as platform:
        found = by_id(freshness(platform))
        assert list(found) == list(platform.seeds.datasets)
    active = {one.id for one in platform.seeds.datasets.values() if one.state == "active"}
    assert {one.dataset_id: one.state for one in found.values()} == {
        name: "never" if name in active else "retired" for name in platform.seeds.datasets
    }


def by_id(found: list[Freshness]) -> dict[str, Freshness]:
    return {one.dataset_id: one for one in found}
