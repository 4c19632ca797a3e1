"""Lag-1 correlation: by hand, with gaps, and its correction."""

from __future__ import annotations

import numpy as np
import pytest

from caspian_env.processing.memory import LARGEST, LINE, corrected, lag_one

DEVIATION = np.array([1.0, 2.0, -1.0, -2.0, 1.0, -1.0])  # squares 12, neighbours 2 - 2 + 2 - 2 - 1 = -1


def test_by_hand() -> None:
    where = np.arange(6.0)
    assert lag_one(DEVIATION, where) == pytest.approx(-1 / 12)
    assert corrected(DEVIATION, where) == pytest.approx((6 * -1 / 12 + 1) / 2)
    assert corrected(DEVIATION, where, fitted=LINE) == pytest.approx((6 * -1 / 12 + 2) / 2)


def test_a_gap_has_no_neighbours() -> None:
    where = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])  # the pair -1, -2 is apart: 2 - 2 - 2 - 1 of four pairs
    assert lag_one(DEVIATION, where) == pytest.approx(-3 / 12 * 5 / 4)


def test_months_in_days_are_neighbours() -> None:
    days = np.cumsum([31.0, 28, 31, 30, 31, 30])
    assert lag_one(DEVIATION, days) == pytest.approx(-1 / 12)


def test_no_scatter_and_strong_memory() -> None:
    assert corrected(np.zeros(8), np.arange(8.0)) == 0.0
    assert corrected(np.full(8, 1e-15), np.arange(8.0), scale=28.0) == 0.0
    assert lag_one(np.array([0.0]), np.array([0.0])) == 0.0
    assert corrected(np.arange(-10.0, 11), np.arange(21.0)) == LARGEST
