"""Which printed numbers have moved, by hand-worked cases at the edges of rounding and interval."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caspian_env.reports.moved import Printed, answered, beyond_uncertainty, moved

RATE = Printed(
    value_id="rate@sea@2014-01-01/2024-01-01", value=-7.12, std_uncertainty=0.4, ci_low=-7.8, ci_high=-6.44,
    ci_level=0.9, unit="cm year-1", decimals=1, printed="−7.1 cm a year",
)  # fmt: skip
BARE = replace(RATE, ci_low=None, ci_high=None, ci_level=None)


def ways(old: Printed, new: Printed | None) -> tuple[str, ...]:
    found = moved([old], {} if new is None else {new.value_id: new})
    return found[0].kinds if found else ()


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({}, ()),
        ({"value": -7.149}, ()),  # is printed −7.1 as well
        ({"value": -7.151}, ("rounding",)),
        ({"value": -7.8}, ("rounding",)),  # the end of the interval belongs to it
        ({"value": -7.801}, ("rounding", "uncertainty")),
        ({"ci_low": -7.84}, ()),
        ({"ci_low": -7.9}, ("interval",)),
        ({"std_uncertainty": 0.5}, ("interval",)),
        ({"ci_low": None, "ci_high": None}, ("interval",)),
        ({"value": -0.71, "unit": "dm year-1"}, ("basis",)),
        ({"datum_id": "BS77"}, ("basis",)),
        ({"value": None, "reason": "7 of 12 months"}, ("refused",)),
    ],
)  # fmt: skip
def test_a_number_has_moved_when_it_would_be_printed_otherwise(
    change: dict[str, object], kinds: tuple[str, ...]
) -> None:
    assert ways(RATE, replace(RATE, **change)) == kinds


def test_a_number_that_is_not_known_any_more_has_vanished() -> None:
    assert ways(RATE, None) == ("vanished",)


def test_a_small_move_beyond_a_narrow_interval_counts_although_it_prints_alike() -> None:
    narrow = replace(RATE, ci_low=-7.121, ci_high=-7.119)
    assert ways(narrow, replace(narrow, value=-7.13)) == ("uncertainty",)


def test_without_an_interval_the_standard_uncertainty_gives_one_of_90_percent() -> None:
    assert beyond_uncertainty(BARE, -7.12 + 0.657) is False  # 1.645 times 0.4 is 0.658
    assert beyond_uncertainty(BARE, -7.12 + 0.659) is True
    assert beyond_uncertainty(replace(BARE, std_uncertainty=None), 0.0) is None


def test_a_zero_has_no_sign_in_print() -> None:
    zero = replace(BARE, value=-0.04, std_uncertainty=None)
    assert ways(zero, replace(zero, value=0.04)) == ()


def test_a_reason_is_no_number_and_a_number_in_its_place_is_news() -> None:
    refused = replace(RATE, value=None, reason="7 of 12 months")
    assert moved([refused], {RATE.value_id: RATE}) == []
    assert answered([refused], {RATE.value_id: RATE}) == [RATE.value_id]
    assert answered([RATE], {RATE.value_id: RATE}) == []


def test_the_sentence_names_both_numbers_and_the_ways() -> None:
    (found,) = moved([RATE], {RATE.value_id: replace(RATE, value=-6.2)})
    assert found.sentence == (
        "rate@sea@2014-01-01/2024-01-01: printed −7.1 cm a year (−7.8 to −6.4), now −6.2 cm a year (−7.8 to −6.4); "
        "moved beyond its rounding, moved beyond its uncertainty"
    )
    (gone,) = moved([RATE], {})
    assert gone.sentence.endswith("now nothing; is not known any more")
