"""Tests of a trend: against pymannkendall and scipy, ties, gaps, invariances, and their false alarms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from caspian_env.errors import NotComputable
from caspian_env.processing.kendall import Test as Score
from caspian_env.processing.kendall import hamed_rao, mann_kendall, prewhitened
from tests.processing.series_for_trends import KINDS, SERIES, autoregressive, of_kind, reference

TESTS = (mann_kendall, prewhitened, hamed_rao)


@pytest.mark.parametrize(("name", "column"), SERIES)
@pytest.mark.parametrize(
    ("mine", "peer"),
    [
        (mann_kendall, "original_test"),
        (prewhitened, "pre_whitening_modification_test"),
        (hamed_rao, "hamed_rao_modification_test"),
    ],
)
def test_it_is_that_of_pymannkendall(
    shared: Callable[..., Path], name: str, column: str, mine: Callable[..., Score], peer: str
) -> None:
    pymannkendall = pytest.importorskip("pymannkendall", reason="pymannkendall is not installed")
    _, values = reference(shared, name, column)
    theirs, ours = getattr(pymannkendall, peer)(values), mine(values)
    assert (ours.z, ours.tau, ours.s, ours.var_s) == pytest.approx(
        (theirs.z, theirs.Tau, theirs.s, theirs.var_s), rel=1e-9
    )
    assert ours.p == pytest.approx(theirs.p, abs=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_that_of_pymannkendall_on_any_series(kind: str) -> None:
    """Where Sen's slope is that of one pair, rounding decides two ranks, and they must not differ for it."""
    pymannkendall = pytest.importorskip("pymannkendall", reason="pymannkendall is not installed")
    peers = ("original_test", "pre_whitening_modification_test", "hamed_rao_modification_test")
    compared = 0
    for n in [*range(12 if "gaps" in kind else 6, 66, 3), 120, 300]:
        values = of_kind(kind, n)
        for mine, peer in zip(TESTS, peers, strict=True):
            if "gaps" in kind and mine is prewhitened:  # the peer pairs values across a gap
                continue
            with np.errstate(invalid="ignore", divide="ignore"):
                theirs = getattr(pymannkendall, peer)(values)
            if not theirs.var_s > 0:  # no number, where the ranks of the residuals do not differ or correlate too much
                continue
            ours = mine(values)
            expected = (theirs.z, theirs.Tau, theirs.s, theirs.var_s)
            assert (ours.z, ours.tau, ours.s, ours.var_s) == pytest.approx(expected, rel=1e-9), (peer, n)
            assert ours.p == pytest.approx(theirs.p, abs=1e-14)
            compared += 1
    assert compared > 30


def test_tau_is_that_of_scipy_without_ties() -> None:
    values = autoregressive(5, 1, 40, 0.3)[0]
    assert mann_kendall(values).tau == pytest.approx(stats.kendalltau(np.arange(40), values).statistic, rel=1e-12)


def test_by_hand_with_ties() -> None:
    # pairs of 1 2 2 4: five rise, one is a tie; variance (4*3*13 - 2*1*9)/18
    found = mann_kendall([1.0, 2.0, 2.0, 4.0])
    assert (found.s, found.var_s, found.n) == (5, pytest.approx(138 / 18), 4)
    assert found.z == pytest.approx(4 / np.sqrt(138 / 18))


def test_a_missing_value_breaks_its_two_pairs() -> None:
    values = autoregressive(7, 1, 20, 0.3)[0]
    holed = values.copy()
    holed[9] = np.nan
    assert mann_kendall(holed) == mann_kendall(np.delete(values, 9))
    assert prewhitened(holed).n == 17
    assert prewhitened(values).n == 19


@pytest.mark.parametrize("test", TESTS)
def test_all_equal_has_no_trend(test: Callable[..., Score]) -> None:
    found = test(np.full(12, -28.3))
    assert (found.z, found.p, found.s) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("y", [[], [1.0], [1.0, 2.0, 3.0], [np.nan] * 9])
def test_too_few_values_are_refused(test: Callable[..., Score], y: list[float]) -> None:
    with pytest.raises(NotComputable, match="too few"):
        test(y)


def test_hamed_rao_without_a_variance_is_refused() -> None:
    with pytest.raises(NotComputable, match="not positive"):
        hamed_rao([-1.6, 1.2, 0.7, -1.9, 1.7, 0, 0.3, -1.9, 0.5, 0.2, -0.7, 2.9, -2.2, 0.8, -0.6])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(10, 60), shift=st.floats(-50, 50), factor=st.floats(0.01, 100))
def test_a_score_does_not_know_units(seed: int, n: int, shift: float, factor: float) -> None:
    values = autoregressive(seed, 1, n, 0.4)[0]
    for test in (mann_kendall, prewhitened):
        assert test(values * factor + shift).z == pytest.approx(test(values).z, abs=1e-9)
        assert test(-values).z == pytest.approx(-test(values).z, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("test", "rho", "expected"),
    [
        # science: 5.5, 46.9; 4.1, 8.9; 9.4, 34.1 percent, from 1000 runs; the band is four of its standard errors
        (mann_kendall, 0.0, 5.5), (mann_kendall, 0.8, 46.9), (prewhitened, 0.0, 4.1), (prewhitened, 0.8, 8.9),
        (hamed_rao, 0.0, 9.4), (hamed_rao, 0.8, 34.1),
    ],
)  # fmt: skip
def test_false_alarms_at_nominal_5_percent(test: Callable[..., Score], rho: float, expected: float) -> None:
    alarms = 0
    for row in autoregressive(20_260_102, 2000, 30, rho):
        try:
            alarms += test(row).p < 0.05
        except NotComputable:
            continue
    band = 4 * np.sqrt(expected * (100 - expected) / 1000)
    assert 100 * alarms / 2000 == pytest.approx(expected, abs=band)
