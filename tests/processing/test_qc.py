"""Flags on series made by hand, and on a real tide gauge."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caspian_env.errors import SeedError
from caspian_env.processing.qc import PRECEDENCE, flag, flag_tests

LIMITS = {"gross_range": {"fail": [-35, -20], "suspect": [-30.5, -25]}, "spike": {"suspect": 0.2, "fail": 0.5}}


def days(count: int) -> np.ndarray:
    return np.datetime64("2020-01-01", "us") + np.arange(count) * np.timedelta64(10, "D")


def test_each_test_by_itself() -> None:
    level = [-28.0, -28.0, -27.7, -28.0, -28.0, -19.0, -28.0, -31.0, np.nan, -28.0, -28.0]
    flags = flag_tests(level, days(11), LIMITS)
    assert flags["gross_range"].tolist() == [1, 1, 1, 1, 1, 4, 1, 3, 9, 1, 1]
    # -27.7 stands 0.3 above the mean of its neighbours; ends and neighbours of a gap have no two neighbours
    assert flags["spike"].tolist() == [2, 1, 3, 1, 4, 4, 4, 2, 9, 2, 2]
    assert all(column.dtype == np.int8 for column in flags.values())


def test_the_gravest_flag_wins_and_missing_is_missing() -> None:
    level = [-28.0, -28.0, -27.7, -28.0, -28.0, -19.0, -28.0, -31.0, np.nan, -28.0, -28.0]
    assert flag(level, days(11), LIMITS).tolist() == [1, 1, 3, 1, 4, 4, 4, 3, 9, 1, 1]
    assert PRECEDENCE == (4, 3, 1, 2)


def test_without_thresholds_nothing_is_good() -> None:
    assert flag([1.0, np.nan, 3.0], days(3), {}).tolist() == [2, 9, 2]
    assert flag_tests([1.0], days(1), {}) == {}


def test_an_end_seen_by_no_test_is_not_evaluated() -> None:
    assert flag([1.0, 1.0, 1.0], days(3), {"spike": {"fail": 0.5}}).tolist() == [2, 1, 2]


def test_one_threshold_is_enough_for_spikes() -> None:
    assert flag([0, 1.0, 0], days(3), {"spike": {"suspect": 0.5}}).tolist() == [2, 3, 2]
    assert flag([0, 1.0, 0], days(3), {"spike": {"fail": 0.5}}).tolist() == [2, 4, 2]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_series_too_short_for_neighbours(count: int) -> None:
    assert flag(np.full(count, -28.0), days(count), LIMITS).tolist() == [1] * count


@pytest.mark.parametrize(
    "thresholds",
    [
        {"flat_line": {"fail": 3}},
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
    expected = np.where(np.isnan(level), 9, 1)
    expected[(level < -2) | (level > 3) | (distance > 0.8)] = 3
    expected[(level < -10) | (level > 10) | (distance > 3)] = 4
    assert flags.tolist() == expected.tolist()
    assert {1, 3, 4} <= set(flags.tolist()), "the series must try every branch"
