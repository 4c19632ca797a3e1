"""What we write is what the parser of Prometheus reads."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from jobs.exposition import Family, Sample, text_of

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r"))


def read(*families: Family) -> list[tuple[str, str, dict[str, str], float]]:
    parsed = text_string_to_metric_families(text_of(families))
    return [(family.type, one.name, one.labels, one.value) for family in parsed for one in family.samples]


@given(WORDS, st.floats(), WORDS)
def test_labels_numbers_and_meanings_arrive(word: str, value: float, meaning: str) -> None:
    ((kind, name, labels, arrived),) = read(Family("x_seconds", "gauge", meaning, (Sample(value, {"job": word}),)))
    assert (kind, name, labels) == ("gauge", "x_seconds", {"job": word})
    assert arrived == value or (math.isnan(arrived) and math.isnan(value))


def test_counters_and_summaries_are_told_apart() -> None:
    counter = Family("x_total", "counter", "counted", (Sample(3, {}),))
    summary = Family(
        "y_seconds", "summary", "spent", (Sample(2.5, {"j": "a"}, "_sum"), Sample(2, {"j": "a"}, "_count"))
    )
    assert read(counter, summary) == [
        ("counter", "x_total", {}, 3),
        ("summary", "y_seconds_sum", {"j": "a"}, 2.5),
        ("summary", "y_seconds_count", {"j": "a"}, 2),
    ]
