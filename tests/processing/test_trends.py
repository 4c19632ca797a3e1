"""Straight lines: against statsmodels, scipy and an exact line, their invariances, and the coverage of their intervals."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from caspian_env.errors import NotComputable
from caspian_env.processing.trends import Trend, ols, sen
from tests.processing.series_for_trends import KINDS, SERIES, autoregressive, of_kind, reference


@pytest.mark.parametrize(("name", "column"), SERIES)
def test_ols_is_that_of_scipy_but_for_the_memory(shared: Callable[..., Path], name: str, column: str) -> None:
    years, values = reference(shared, name, column)
    peer, mine = stats.linregress(years, values), ols(values, years)
    assert mine.estimate == pytest.approx(peer.slope, rel=1e-12)
    residual = values - peer.slope * years - peer.intercept
    n, r1 = years.size, residual[1:] @ residual[:-1] / (residual @ residual)
    r = min(0.98, max(0.0, (n * r1 + 2) / (n - 4)))  # the carbon dioxide of Mauna Loa is at the cap
    assert mine.r == pytest.approx(r, rel=1e-9)
    dof = max(1.0, n * (1 - r) / (1 + r) - 2)
    assert mine.std_uncertainty == pytest.approx(peer.stderr * np.sqrt((n - 2) / dof), rel=1e-9)
    assert mine.ci_high - mine.estimate == pytest.approx(stats.t.ppf(0.95, dof) * mine.std_uncertainty)


def test_ols_with_harmonics_is_that_of_statsmodels(shared: Callable[..., Path]) -> None:
    sm = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    table = pd.read_csv(shared("reference", "trend_tests", "nottingham_monthly_temperature.csv"))
    values, month = table["temperature_degF"].to_numpy(float), np.arange(len(table), dtype=float)
    waves = [f(2 * np.pi * k * month / 12) for k in (1, 2) for f in (np.cos, np.sin)]
    peer = sm.OLS(values, sm.add_constant(np.column_stack([month, *waves]))).fit()
    mine = ols(values, harmonics=2)
    assert mine.estimate == pytest.approx(peer.params[1], rel=1e-9)
    naive = mine.std_uncertainty * np.sqrt(mine.dof / peer.df_resid)
    assert naive == pytest.approx(peer.bse[1], rel=1e-9)


def test_harmonics_leave_no_season_in_the_slope() -> None:
    month = np.arange(120)
    values = 0.02 * month + 5 * np.sin(2 * np.pi * month / 12 + 0.7) + np.cos(4 * np.pi * month / 12)
    assert ols(values[:115], harmonics=2).estimate == pytest.approx(0.02, abs=1e-12)
    assert ols(values[:115]).estimate != pytest.approx(0.02, abs=1e-4)


@pytest.mark.parametrize(("name", "column"), SERIES)
def test_sen_is_that_of_scipy(shared: Callable[..., Path], name: str, column: str) -> None:
    years, values = reference(shared, name, column)
    peer = stats.theilslopes(values, years, alpha=0.9)
    mine = sen(values, years, allow_for_memory=False)
    assert mine.estimate == pytest.approx(peer.slope, rel=1e-9)
    assert (mine.ci_low, mine.ci_high) == pytest.approx((peer.low_slope, peer.high_slope), rel=1e-9)
    wider = sen(values, years)
    assert wider.ci_low <= mine.ci_low
    assert wider.ci_high >= mine.ci_high
    assert isnan(mine.std_uncertainty)
    assert mine.dof == inf


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_of_any_series_are_those_of_scipy_and_pymannkendall(kind: str) -> None:
    """Lengths from 8 to 300, two contents of the interval; where nothing scatters an error is a rounding error."""
    pymannkendall = pytest.importorskip("pymannkendall", reason="pymannkendall is not installed")
    for n in (8, 9, 15, 31, 64, 120, 300):
        values = of_kind(kind, n)
        there = np.isfinite(values)
        for level in (0.9, 0.95):
            mine, peer = sen(values, level=level, allow_for_memory=False), stats.theilslopes(
                values[there], np.flatnonzero(there), alpha=level
            )  # fmt: skip
            expected = (peer.slope, peer.low_slope, peer.high_slope)
            assert (mine.estimate, mine.ci_low, mine.ci_high) == pytest.approx(expected, rel=1e-12, abs=0)
        assert mine.estimate == pytest.approx(pymannkendall.sens_slope(values).slope, rel=1e-12, abs=0)
        straight, other = ols(values), stats.linregress(np.flatnonzero(there), values[there])
        scale = float(np.abs(values[there]).max())
        assert straight.estimate == pytest.approx(other.slope, rel=1e-9, abs=1e-13 * scale)
        naive = straight.std_uncertainty * np.sqrt(straight.dof / (there.sum() - 2))
        assert naive == pytest.approx(other.stderr, rel=1e-6, abs=1e-10 * scale)


@pytest.mark.parametrize("line", [ols, sen])
def test_an_exact_line_and_a_flat_one(line: Callable[..., Trend]) -> None:
    exact = line(np.arange(12) * 0.1 - 28)
    assert (exact.estimate, exact.ci_low, exact.ci_high) == pytest.approx((0.1, 0.1, 0.1), abs=1e-9)
    flat = line(np.full(12, -28.3))
    assert (flat.estimate, flat.ci_low, flat.ci_high) == pytest.approx((0, 0, 0), abs=1e-12)


@pytest.mark.parametrize("line", [ols, sen])
def test_a_missing_value_leaves_a_gap(line: Callable[..., Trend]) -> None:
    values = autoregressive(3, 1, 30, 0.5)[0] + 0.1 * np.arange(30)
    holed = values.copy()
    holed[[4, 11, 12]] = np.nan
    there = np.isfinite(holed)
    assert line(holed) == line(values[there], np.flatnonzero(there))
    assert line(holed).estimate != line(values[there]).estimate


@pytest.mark.parametrize("line", [ols, sen])
@pytest.mark.parametrize(
    ("y", "x", "why"),
    [
        ([], None, "too few"),
        ([1.0], None, "too few"),
        ([1.0, 2.0, 3.0, 4.0], None, "too few"),
        ([np.nan] * 20, None, "0 values"),
        ([1.0] * 6, [6, 5, 4, 3, 2, 1], "not ascending"),
        ([1.0] * 6, [1, 2, 2, 3, 4, 5], "not ascending"),
        ([1.0] * 6, [1, 2], "do not go together"),
    ],
)
def test_it_refuses(line: Callable[..., Trend], y: list[float], x: list[float] | None, why: str) -> None:
    with pytest.raises(NotComputable, match=why):
        line(y, x)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(8, 60), shift=st.floats(-50, 50), factor=st.floats(0.01, 100))
def test_a_slope_follows_shift_and_scale(seed: int, n: int, shift: float, factor: float) -> None:
    values = autoregressive(seed, 1, n, 0.4)[0]
    for line in (ols, sen):
        plain, moved = line(values), line(values * factor + shift)
        for name in ("estimate", "ci_low", "ci_high"):
            assert getattr(moved, name) == pytest.approx(getattr(plain, name) * factor, rel=1e-6, abs=1e-9 * factor)
        per_decade = line(values, np.arange(n) / 10 + 199)
        assert per_decade.estimate == pytest.approx(10 * plain.estimate, rel=1e-6, abs=1e-9)
        turned = line(-values)
        assert (turned.ci_low, turned.ci_high) == pytest.approx((-plain.ci_high, -plain.ci_low), rel=1e-9)


def covered(line: Callable[..., Trend], rho: float, *, n: int = 30, runs: int, seed: int) -> float:
    slope = 0.05
    noise = autoregressive(seed, runs, n, rho) + slope * np.arange(n)
    found = [line(row, level=0.95) for row in noise]
    return 100 * float(np.mean([one.ci_low <= slope <= one.ci_high for one in found]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "rho", "at_least"),
    [(ols, 0.0, 95), (ols, 0.35, 93), (ols, 0.8, 91.5), (sen, 0.0, 95), (sen, 0.35, 93), (sen, 0.8, 90)],
)
def test_a_known_trend_is_inside_the_interval_as_often_as_measured(
    line: Callable[..., Trend], rho: float, at_least: float
) -> None:
    """5,000 series of 30 values, nominal 95 %; the figures stand in docs/evidence.md."""
    assert covered(line, rho, runs=5000, seed=20_260_101) >= at_least
