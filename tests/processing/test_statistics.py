"""Rates of change: hand-computed values, invariances, and the coverage of the interval."""

from __future__ import annotations

from math import inf, isnan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from caspian_env.errors import NotComputable
from caspian_env.processing.statistics import increment_rate, interval, observed_change

LEVELS = [0.0, 1.0, 3.0, 4.0, 4.0, 6.0, 7.0, 9.0]  # increments 1 2 1 0 2 1 2


def test_interval_is_normal_without_degrees_of_freedom_and_t_with_them() -> None:
    assert interval(10.0, 2.0) == pytest.approx((10 - 2 * 1.6448536, 10 + 2 * 1.6448536))
    assert interval(0.0, 1.0, 0.95, 4) == pytest.approx((-2.7764451, 2.7764451))


def test_interval_of_nothing_is_nothing() -> None:
    assert all(isnan(end) for end in interval(1.0, float("nan")))
    assert all(isnan(end) for end in interval(1.0, 2.0, dof=float("nan"))), (
        "unknown freedom is not the freedom of a normal"
    )
    with pytest.raises(NotComputable, match=r"-0\.99 is negative"):
        interval(1.0, -0.99)
    with pytest.raises(NotComputable, match="not between 0 and 1"):
        interval(1.0, 1.0, 90)


def test_increment_rate_by_hand() -> None:
    # mean increment 9/7; deviations from it, times 7: -2 5 -2 -9 5 -2 5; their squares sum to 168
    # lagged products: -10 -10 18 -45 -10 -10 = -67, so r1 = -67/168 and (7 r1 + 1)/3 < 0: r = 0, dof = 6
    rate = increment_rate(LEVELS)
    u = sqrt(168 / 49 / 6) / sqrt(7)
    assert rate.estimate == pytest.approx(9 / 7)
    assert rate.std_uncertainty == pytest.approx(u)
    assert (rate.r, rate.dof) == (0.0, 6.0)
    assert rate.ci_high - rate.estimate == pytest.approx(1.9431803 * u)


def test_memory_of_the_increments_widens_the_interval() -> None:
    # increments 1 1 1 1 3 3 3 3: r1 = 5/8 of the squares (8 x 1): lagged products 1 1 1 -1 1 1 1 = 5
    levels = np.cumsum([0, 1, 1, 1, 1, 3, 3, 3, 3])
    rate = increment_rate(levels)
    assert rate.r == 0.9  # (8 * 5/8 + 1)/4 = 1.5, capped
    assert rate.dof == 1.0  # 8 * 0.1/1.9 - 1 < 1
    assert rate.std_uncertainty == pytest.approx(sqrt(8 / 7 / 8) * sqrt(1.9 / 0.1))


@pytest.mark.parametrize("m", [2, 3, 4, 5])
def test_few_increments_take_the_prior_memory(m: int) -> None:
    assert increment_rate(LEVELS[: m + 1]).r == 0.35
    assert increment_rate(LEVELS[: m + 1]).dof == max(1.0, m * 0.65 / 1.35 - 1)


def test_exact_ramp_has_no_scatter() -> None:
    rate = increment_rate(np.arange(12) * 0.1 - 28)
    assert rate.estimate == pytest.approx(0.1)
    assert rate.std_uncertainty == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("levels", [[], [1.0], [1.0, 2.0], [1.0, np.nan, 2.0, 3.0], [[1.0, 2.0, 3.0]]])
def test_increment_rate_refuses(levels: list[float]) -> None:
    with pytest.raises(NotComputable):
        increment_rate(levels)


def test_observed_change_has_the_error_of_its_ends_only() -> None:
    change = observed_change(-28.0, -28.8, steps=4, u_first=0.03, u_last=0.03)
    assert change.estimate == pytest.approx(-0.2)
    assert change.std_uncertainty == pytest.approx(0.03 * sqrt(2) / 4)
    assert change.dof == inf
    with pytest.raises(NotComputable):
        observed_change(1.0, 2.0, steps=0, u_first=0.0, u_last=0.0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(3, 40), shift=st.floats(-50, 50), factor=st.floats(0.01, 100))
def test_rate_follows_shift_and_scale(seed: int, n: int, shift: float, factor: float) -> None:
    levels = np.cumsum(np.random.default_rng(seed).normal(size=n))
    plain, moved = increment_rate(levels), increment_rate(levels * factor + shift)
    assert moved.estimate == pytest.approx(plain.estimate * factor, rel=1e-6, abs=1e-9)
    assert moved.std_uncertainty == pytest.approx(plain.std_uncertainty * factor, rel=1e-6)
    assert moved.r == pytest.approx(plain.r, abs=1e-6)
    assert moved.dof == pytest.approx(plain.dof, rel=1e-4)


@pytest.mark.parametrize(("m", "expected"), [(5, 99.8), (10, 92), (20, 95), (30, 94)])
def test_coverage_of_the_nominal_95_percent_interval(m: int, expected: float) -> None:
    """Integrated series whose increments are AR(1) with 0.35, true rate 1: share of intervals that hold it."""
    rng = np.random.default_rng(20_260_101)
    runs, rho, burn_in = 1500, 0.35, 50
    increments = np.zeros((runs, burn_in + m))
    noise = rng.normal(size=increments.shape)
    for step in range(1, burn_in + m):
        increments[:, step] = rho * increments[:, step - 1] + noise[:, step]
    levels = np.cumsum(np.c_[np.zeros(runs), 1 + increments[:, burn_in:]], axis=1)
    rates = [increment_rate(row, level=0.95) for row in levels]
    covered = 100 * np.mean([rate.ci_low <= 1 <= rate.ci_high for rate in rates])
    assert covered == pytest.approx(expected, abs=2.5)


def test_t_quantile_is_the_one_of_scipy() -> None:
    rate = increment_rate(LEVELS, level=0.95)
    assert rate.ci_high == pytest.approx(rate.estimate + stats.t.ppf(0.975, rate.dof) * rate.std_uncertainty)


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.0, 0.35, 0.6, 0.8])
def test_the_careful_interval_holds_93_percent_for_thirty_levels(rho: float) -> None:
    rng = np.random.default_rng(20_260_102)
    noise = rng.normal(size=(5000, 29))
    noise[:, 0] /= sqrt(1 - rho**2)
    for step in range(1, 29):
        noise[:, step] += rho * noise[:, step - 1]
    levels = np.cumsum(np.c_[np.zeros(5000), 1 + noise], axis=1)
    rates = [increment_rate(row, level=0.95, careful=True) for row in levels]
    assert np.mean([rate.ci_low <= 1 <= rate.ci_high for rate in rates]) >= 0.93


def test_careful_by_hand_and_where_it_changes_nothing() -> None:
    # as above, r1 = 5/8: (8 * 5/8 + 1.5)/(8 - 5), capped at 0.9; 8 * 0.1/1.9 - 1 < 3
    levels = np.cumsum([0, 1, 1, 1, 1, 3, 3, 3, 3])
    assert (increment_rate(levels, careful=True).r, increment_rate(levels, careful=True).dof) == (0.9, 3.0)
    # r1 < 0, and four increments with the prior: both versions agree
    for few in (LEVELS, LEVELS[:5]):
        assert increment_rate(few, careful=True) == increment_rate(few)
