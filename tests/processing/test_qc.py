"""Flags on series made by hand, and on a real tide gauge."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caspian_env.errors import SeedError
from caspian_env.processing.qc import PRECEDENCE, TESTS, Neighbours, as_digits, flag, flag_tests, roll_up

LIMITS = {"gross_range": {"fail": [-35, -20], "suspect": [-30.5, -25]}, "spike": {"suspect": 0.2, "fail": 0.5}}


def days(count: int) -> np.ndarray:
    return np.datetime64("2020-01-01", "us") + np.arange(count) * np.timedelta64(10, "D")


def test_each_test_by_itself() -> None:
    level = [-28.0, -28.0, -27.7, -28.0, -28.0, -19.0, -28.0, -31.0, np.nan, -28.0, -28.0]
    flags = flag_tests(level, days(11), LIMITS)
    assert flags["gross_range"].tolist() == [1, 1, 1, 1, 1, 4, 1, 3, 9, 1, 1]
    # -27.7 stands 0.3 above the mean of its neighbours; the first value and those beside a gap have no two neighbours,
    # and the newest stands in for its own later one
    assert flags["spike"].tolist() == [2, 1, 3, 1, 4, 4, 4, 2, 9, 2, 1]
    assert all(column.dtype == np.int8 for column in flags.values())


def test_the_gravest_flag_wins_and_missing_is_missing() -> None:
    level = [-28.0, -28.0, -27.7, -28.0, -28.0, -19.0, -28.0, -31.0, np.nan, -28.0, -28.0]
    assert flag(level, days(11), LIMITS).tolist() == [1, 1, 3, 1, 4, 4, 4, 3, 9, 1, 1]
    assert PRECEDENCE == (4, 3, 1, 2, 9)


def test_without_thresholds_nothing_is_good() -> None:
    assert flag([1.0, np.nan, 3.0], days(3), {}).tolist() == [2, 9, 2]
    assert flag_tests([1.0], days(1), {}) == {}


def test_a_first_value_seen_by_no_test_is_not_evaluated() -> None:
    assert flag([1.0, 1.0, 1.0], days(3), {"spike": {"fail": 0.5}}).tolist() == [2, 1, 1]


def test_one_threshold_is_enough_for_spikes() -> None:
    assert flag([0, 1.0, 0], days(3), {"spike": {"suspect": 0.5}}).tolist() == [2, 3, 1]
    assert flag([0, 1.0, 0], days(3), {"spike": {"fail": 0.5}}).tolist() == [2, 4, 1]


def test_the_newest_value_is_a_spike_by_half_its_step() -> None:
    limits = {"spike": {"suspect": 0.5, "fail": 1.0}}
    assert flag_tests([0.0, 0.0, 0.9], days(3), limits)["spike"].tolist() == [2, 1, 1]
    assert flag_tests([0.0, 0.0, 1.1], days(3), limits)["spike"].tolist() == [2, 3, 3]
    assert flag_tests([0.0, 0.0, 2.1, np.nan], days(4), limits)["spike"].tolist() == [2, 4, 4, 9]


def test_values_far_apart_are_no_neighbours() -> None:
    time = days(5)
    time[3:] += np.timedelta64(30, "D")  # 10 days between the values, 40 after the third
    limits = {"within_days": 20, "suspect": 0.2}
    assert flag_tests([0, 0, 0, 5, 5], time, {"spike": limits})["spike"].tolist() == [2, 1, 2, 2, 1]
    assert flag_tests([0, 0, 0, 5, 5], time, {"rate_of_change": limits})["rate_of_change"].tolist() == [2, 1, 1, 2, 1]
    flat = {"flat_line": {**limits, "suspect": 2, "tolerance": 0.1}}
    assert flag_tests([0, 0, 0, 0, 0], time, flat)["flat_line"].tolist() == [2, 2, 3, 2, 2]


def test_rate_of_change_counts_per_day() -> None:
    limits = {"rate_of_change": {"suspect": 0.02, "fail": 0.05}}
    level = [0.0, 0.2, 0.45, np.nan, 0.0, -0.6]  # each ten days after the other: 0.02, 0.025 and 0.06 a day
    assert flag_tests(level, days(6), limits)["rate_of_change"].tolist() == [2, 1, 3, 9, 2, 4]


def test_a_flat_line_is_one_after_as_many_steps_as_the_thresholds_say() -> None:
    limits = {"flat_line": {"tolerance": 0.01, "suspect": 2, "fail": 4}}
    level = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.5, 2.6, 2.7]
    assert flag_tests(level, days(9), limits)["flat_line"].tolist() == [2, 2, 1, 3, 3, 4, 1, 1, 1]
    gap = [2.0, 2.0, np.nan, 2.0, 2.0, 2.0]
    assert flag_tests(gap, days(6), limits)["flat_line"].tolist() == [2, 2, 9, 2, 2, 3]


def test_climatology_asks_the_calendar_month_and_the_place() -> None:
    months = np.array(["2020-01", "2020-07", "2021-01", "2021-07"], "datetime64[M]").astype("datetime64[us]")
    table = [[0, 10]] * 6 + [[20, 30]] * 6
    limits = {"climatology": {"suspect": {"south": table}, "fail": {"south": [[-5, 35]] * 12}}}
    values = [5.0, 5.0, np.nan, 40.0]
    assert flag_tests(values, months, limits, place="south")["climatology"].tolist() == [1, 3, 9, 4]
    assert flag_tests(values, months, limits, place="north")["climatology"].tolist() == [2, 2, 9, 2]
    assert flag_tests(values, months, limits)["climatology"].tolist() == [2, 2, 9, 2]


def test_digits_follow_the_order_of_the_tests_and_roll_up_by_precedence() -> None:
    assert TESTS == ("gross_range", "spike", "rate_of_change", "flat_line", "climatology", "physical")
    digits = as_digits([1.0, 2.0, np.nan], {"physical": [4, 1, 2], "gross_range": [1, 1, 9]})
    assert digits == ["122224", "122221", "999999"]
    assert [roll_up(text) for text in (*digits, "222222", "132221", "212222")] == [4, 1, 9, 2, 3, 1]


# ── a series that comes one value at a time ──────────────────────────────────────────────────────────────────────────

DAILY = {
    "gross_range": {"fail": [-3, 45]},
    "spike": {"suspect": 2.0, "fail": 5.0, "within_days": 3},
    "rate_of_change": {"suspect": 3.0, "fail": 8.0, "within_days": 3},
    "flat_line": {"tolerance": 0.001, "suspect": 2, "within_days": 3},
}


def daily(count: int) -> np.ndarray:
    return np.datetime64("2024-01-01", "us") + np.arange(count) * np.timedelta64(1, "D")


def one_by_one(values: list[float], order: list[int]) -> list[str]:
    """The digits of every day, each judged with what was known when it came."""
    time, known, found = daily(len(values)), {}, {}
    for n in order:
        context = Neighbours(np.array([time[k] for k in sorted(known)], "M8[us]"), [known[k] for k in sorted(known)])
        tests = flag_tests([values[n]], time[n : n + 1], DAILY, known=context)
        (found[n],) = as_digits([values[n]], tests)
        if roll_up(found[n]) != 4:
            known[n] = values[n]
    return [found[n] for n in range(len(values))]


def test_days_that_come_alone_are_tested_against_the_days_before() -> None:
    values = [5.0, 5.1, 5.2, 25.0, 5.3, 5.3, 5.3]
    digits = one_by_one(values, [0, 1, 2, 3, 4, 5, 6])
    #                 first    second    third     spike     after it, which compares with the third  twice the same
    assert digits == ["122222", "111222", "111122", "144122", "111122", "111122", "111322"]
    assert [roll_up(text) for text in digits] == [1, 1, 1, 4, 1, 1, 3]


def test_the_flags_of_days_that_came_before_do_not_change_with_what_follows() -> None:
    values = [5.0, 5.1, 5.2, 25.0, 5.3, 5.3, 5.3]
    assert one_by_one(values[:4], [0, 1, 2, 3]) == one_by_one(values, list(range(7)))[:4]


def test_an_edition_that_comes_again_is_tested_against_both_sides() -> None:
    time = daily(3)
    between = Neighbours(np.array([time[0], time[2]]), [5.0, 5.2])
    assert flag_tests([8.0], time[1:2], DAILY, known=between)["spike"].tolist() == [3]
    # half the step from the day before, 1.5, would not have been enough
    before = Neighbours(time[:1], [5.0])
    assert flag_tests([8.0], time[1:2], DAILY, known=before)["spike"].tolist() == [1]
    # an older edition of the day itself is no neighbour of it
    all_three = Neighbours(time, [5.0, 99.0, 5.2])
    assert flag_tests([8.0], time[1:2], DAILY, known=all_three)["spike"].tolist() == [3]


def test_no_context_is_the_same_as_an_empty_one() -> None:
    nothing = Neighbours(np.array([], "M8[us]"), [])
    assert flag([5.0], daily(1), DAILY, known=nothing).tolist() == flag([5.0], daily(1), DAILY).tolist() == [1]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_series_too_short_for_neighbours(count: int) -> None:
    assert flag(np.full(count, -28.0), days(count), LIMITS).tolist() == [1] * count


@pytest.mark.parametrize(
    "thresholds",
    [
        {"flat_line": {"fail": 3}},
        {"flat_line": {"tolerance": 0.1}},
        {"tidal_range": {"fail": 3}},
        {"rate_of_change": {"suspect": 2, "fail": 1}},
        {"rate_of_change": {"suspect": 1, "tolerance": 1}},
        {"spike": {"suspect": 1, "within_days": -1}},
        {"climatology": {"suspect": {"sea": [[0, 1]] * 11}}},
        {"climatology": {"suspect": {"sea": [[1, 0]] * 12}}},
        {"climatology": {"fail": {"sea": [[0, 1]] * 12}}},
        {"climatology": {"suspect": [[0, 1]] * 12}},
        {"gross_range": {"suspect": [0, 1]}},
        {"gross_range": {"fail": [0, 1], "suspect": [-1, 2]}},
        {"gross_range": {"fail": 3}},
        {"spike": {}},
        {"spike": {"warn": 1}},
        {"spike": {"suspect": 0}},
        {"spike": {"suspect": 2, "fail": 1}},
        {"spike": {"fail": [1, 2]}},
    ],
)
def test_thresholds_that_make_no_sense_are_refused(thresholds: dict) -> None:
    with pytest.raises(SeedError, match="quality control"):
        flag([0.0, 1.0, 0.0], days(3), thresholds)


def test_times_must_be_ascending_and_match() -> None:
    with pytest.raises(ValueError, match="ascending"):
        flag([1.0, 2.0], days(2)[::-1], LIMITS)
    with pytest.raises(ValueError, match="one length"):
        flag([1.0, 2.0], days(3), LIMITS)


def test_a_real_tide_gauge(shared: Callable[..., Path]) -> None:
    with shared("reference", "ioos_qc", "water_level_example.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    time = np.array([row["time"].rstrip("Z") for row in rows], "datetime64[us]")
    level = np.array([float(row["sea_surface_height_above_sea_level"] or "nan") for row in rows])
    flags = flag(
        level, time, {"gross_range": {"fail": [-10, 10], "suspect": [-2, 3]}, "spike": {"suspect": 0.8, "fail": 3}}
    )
    # the same rules, written out
    distance = np.full(level.size, np.nan)
    distance[1:-1] = np.abs(level[1:-1] - (level[:-2] + level[2:]) / 2)
    distance[-1] = abs(level[-1] - level[-2]) / 2
    expected = np.where(np.isnan(level), 9, 1)
    expected[(level < -2) | (level > 3) | (distance > 0.8)] = 3
    expected[(level < -10) | (level > 10) | (distance > 3)] = 4
    assert flags.tolist() == expected.tolist()
    assert {1, 3, 4} <= set(flags.tolist()), "the series must try every branch"


def test_a_real_tide_gauge_that_got_stuck(shared: Callable[..., Path]) -> None:
    with shared("reference", "ioos_qc", "water_level_example.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    time = np.array([row["time"].rstrip("Z") for row in rows], "datetime64[us]")
    level = np.array([float(row["sea_surface_height_above_sea_level"] or "nan") for row in rows])
    flags = flag_tests(level, time, {"flat_line": {"tolerance": 0.001, "suspect": 3, "fail": 6}})["flat_line"]
    # the same rule, written out: the range of a value and the three, or six, before it
    expected = [
        9 if np.isnan(value)
        else 2 if n < 3 or np.isnan(level[n - 3 : n]).any()
        else 4 if n >= 6 and np.ptp(level[n - 6 : n + 1]) < 0.001
        else 3 if np.ptp(level[n - 3 : n + 1]) < 0.001
        else 1
        for n, value in enumerate(level)
    ]  # fmt: skip
    assert flags.tolist() == expected
    assert {1, 3, 4} <= set(expected), "the series must try every branch"


def test_sound_thresholds_do_not_vouch_for_others_that_are_equal_or_come_later() -> None:
    for low in (0.0, 9.0):
        thresholds = {"gross_range": {"fail": [low, 5.0]}}
        if low < 5.0:
            assert list(flag([1.0, 7.0], days(2), thresholds)) == [1, 4]
        else:
            with pytest.raises(SeedError, match="cannot use"):
                flag([1.0, 7.0], days(2), thresholds)
            with pytest.raises(SeedError, match="cannot use"):  # a refusal is no knowledge either
                flag([1.0, 7.0], days(2), thresholds)
