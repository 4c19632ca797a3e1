"""The tests of a single value give the flags that the tests of whole series give it."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from caspian_env.processing.qc import Neighbours, flag_tests

TABLE = [[0, 20]] * 6 + [[5, 18]] * 6
THRESHOLDS = {
    "gross_range": {"fail": [-2, 30], "suspect": [0, 25]},
    "spike": {"suspect": 1.5, "fail": 3, "within_days": 3},
    "rate_of_change": {"suspect": 1.2, "fail": 2.5, "within_days": 3},
    "flat_line": {"tolerance": 0.3, "suspect": 2, "fail": 4, "within_days": 3},
    "climatology": {"suspect": {"sea": TABLE}, "fail": {"sea": [[-1, 22]] * 12}},
}
BARE = {
    "gross_range": {"fail": [-2, 30]},
    "spike": {"fail": 3},
    "rate_of_change": {"suspect": 1.2},
    "flat_line": {"tolerance": 0.3, "suspect": 1},
    "climatology": {"suspect": {"elsewhere": TABLE}},
}


@pytest.mark.parametrize("thresholds", [THRESHOLDS, BARE])
def test_the_same_flags_as_those_of_whole_series(thresholds: dict[str, dict[str, object]]) -> None:
    random = np.random.default_rng(6)
    seen: dict[str, set[int]] = {name: set() for name in thresholds}
    for _ in range(400):
        count = int(random.integers(0, 9))
        days = np.sort(random.choice(np.arange(1, 20), count, replace=False))
        walk = random.uniform(-1, 24) + np.cumsum(random.choice([0.0, 0.1, 1.0, 3.0], count + 1))
        at = int(random.integers(1, 21))
        times = [datetime(2024, 6, 20) + timedelta(days=int(day)) for day in days]
        value = float(walk[-1] + random.choice([0.0, 0.05, -2.0, 6.0]))
        own = np.array([datetime(2024, 6, 20) + timedelta(days=at)], dtype="datetime64[us]")
        quick = flag_tests([value], own, thresholds, place="sea", known=Neighbours(times, walk[:count].tolist()))
        arrays = Neighbours(np.array(times, dtype="datetime64[us]"), walk[:count])  # goes the way of whole series
        whole = flag_tests([value], own, thresholds, place="sea", known=arrays)
        for name in thresholds:
            assert quick[name].tolist() == whole[name].tolist(), (name, value, at, times, walk)
            seen[name].add(int(quick[name][0]))
    if thresholds is THRESHOLDS:
        assert all({1, 3, 4} <= found for found in seen.values()), seen  # every grade was met
