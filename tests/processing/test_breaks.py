"""Breaks of the mean: the Nile of 1898, an exhaustive search, and the limit law of a break date."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caspian_env.errors import NotComputable
from caspian_env.processing.breaks import _beyond, _reach, bai_perron, pettitt, step
from tests.processing.series_for_trends import autoregressive, reference

NILE = ("nile_annual_flow", "flow_1e8_m3")


def test_the_nile_breaks_in_1898(shared: Callable[..., Path]) -> None:
    """Sums of squares, BIC and the interval that the R package strucchange prints for this series (Zeileis et al. 2003)."""
    years, flow = reference(shared, *NILE)
    found = bai_perron(flow, min_share=0.15)
    assert [years[i] for i in found.last_index] == [1898]
    assert [tuple(years[i] for i in span) for span in found.intervals95] == [(1895, 1902)]
    assert np.round(found.rss).tolist() == [2835157, 1597457, 1552924, 1538097, 1507888, 1659994]
    assert np.round(found.bic).tolist() == [1318, 1270, 1276, 1285, 1292, 1311]
    assert found.means == pytest.approx((1097.75, 849.97), abs=0.01)
    assert bai_perron(flow).last_index == found.last_index


def test_memory_widens_the_interval(shared: Callable[..., Path]) -> None:
    _, flow = reference(shared, *NILE)
    ((low, high),) = bai_perron(flow).intervals95
    ((lower, higher),) = bai_perron(flow, allow_for_memory=True).intervals95
    assert lower < low < high < higher


def test_pettitt_on_the_nile(shared: Callable[..., Path]) -> None:
    """K = 1617 after the 28th year and p = 3.6e-7, as the R package trend prints them."""
    _, flow = reference(shared, *NILE)
    found = pettitt(flow)
    assert (found.last_index, found.k) == (27, 1617)
    assert found.p == pytest.approx(3.591e-7, rel=1e-3)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(12, 22))
def test_no_partition_is_better(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).normal(size=n)
    found = bai_perron(values, min_share=0.2)
    shortest = max(2, int(n * 0.2))

    def cost(last: tuple[int, ...]) -> float:
        parts = np.split(values, [i + 1 for i in last])
        enough = all(part.size >= shortest for part in parts)
        return sum(float(((part - part.mean()) ** 2).sum()) for part in parts) if enough else np.inf

    for number, rss in enumerate(found.rss):
        best = min((cost(last) for last in combinations(range(n - 1), number)), default=np.inf)
        assert rss == pytest.approx(best, rel=1e-9)


def test_steps_without_noise_are_found_exactly() -> None:
    values = np.repeat([1.0, 5.0, 2.0], [12, 7, 11])
    found = bai_perron(values)
    assert found.last_index == (11, 18)
    assert found.intervals95 == ((11, 11), (18, 18))


def test_all_equal_has_no_break() -> None:
    assert bai_perron(np.full(30, -28.3)).last_index == ()
    assert pettitt(np.full(30, -28.3)).p == 1.0


def test_the_most_breaks_can_be_limited() -> None:
    values = np.repeat([1.0, 5.0, 2.0], 10) + np.random.default_rng(1).normal(size=30) * 0.1
    assert bai_perron(values, max_breaks=2).last_index == (9, 19)
    assert len(bai_perron(values, max_breaks=1).last_index) == 1
    assert bai_perron(values, max_breaks=0).last_index == ()


@pytest.mark.parametrize("values", [[], [1.0] * 9, [np.nan, *range(20)], [np.nan] * 20])
def test_it_refuses(values: list[float]) -> None:
    for search in (bai_perron, pettitt):
        with pytest.raises(NotComputable):
            search(values)


@pytest.mark.parametrize("share", [0.0, 0.6, -1])
def test_a_share_without_room_is_refused(share: float) -> None:
    with pytest.raises(NotComputable, match="no room"):
        bai_perron(np.arange(20.0), min_share=share)


def test_the_limit_law_is_that_of_bai() -> None:
    assert _reach(1.0) == pytest.approx(11.033, abs=1e-3)  # 97.5 % point printed by Bai (1997)
    for ratio in (0.2, 1.0, 3.0):  # both tails at zero make up the whole
        assert _beyond(0.0, ratio) + _beyond(0.0, 1 / ratio) == pytest.approx(1.0)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.floats(-50, 50), factor=st.floats(0.01, 100))
def test_breaks_do_not_know_units(seed: int, shift: float, factor: float) -> None:
    values = np.repeat([0.0, 2.0, -1.0], 12) + np.random.default_rng(seed).normal(size=36)
    plain, moved = bai_perron(values), bai_perron(values * factor + shift)
    assert (plain.last_index, plain.intervals95) == (moved.last_index, moved.intervals95)
    assert pettitt(values * factor + shift).k == pettitt(values).k


@pytest.mark.slow
def test_the_interval_of_a_break_holds_it() -> None:
    """2,000 series of 100 values with a shift of two standard deviations after the 40th: nominal 95 %."""
    rng = np.random.default_rng(20_260_103)
    held = []
    for _ in range(2000):
        values = rng.normal(size=100) + np.where(np.arange(100) > 39, 2.0, 0.0)
        found = bai_perron(values, max_breaks=1)
        held.append(bool(found.last_index) and found.intervals95[0][0] <= 39 <= found.intervals95[0][1])
    assert np.mean(held) >= 0.94


def test_a_step_is_found_by_the_regressions_written_out(shared: Callable[..., Path]) -> None:
    """Wang (2003) by statsmodels: a line with and without a step after each year."""
    sm = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    _, flow = reference(shared, "nile_annual_flow", "flow_1e8_m3")
    x = np.arange(flow.size, dtype=float)
    line = sm.add_constant(x)
    without = sm.OLS(flow, line).fit()
    f = {last: sm.OLS(flow, np.c_[line, x > last]).fit().compare_f_test(without)[0] for last in range(2, flow.size - 3)}
    found = step(flow)
    assert found.last_index == max(f, key=lambda last: f[last])
    assert found.k == pytest.approx(max(f.values()), rel=1e-9)
    assert 1871 + found.last_index == 1898 and found.p < 0.001
    assert found == step(flow), "drawn with a fixed seed"


@pytest.mark.parametrize(("rho", "most"), [(0.0, 0.05), (0.35, 0.18)])
def test_steps_by_chance_are_as_frequent_as_it_says(rho: float, most: float) -> None:
    """Thirty values on a line: 4 and 16 % at nominal 5 %, 28 % if memory were not allowed for; 1 and 6 % at nominal 1 %."""
    drawn = autoregressive(77, 2000, 30, rho) + 0.3 * np.arange(30)
    p = np.array([step(row).p for row in drawn])
    assert (p < 0.05).mean() < most + 2 * np.sqrt(most * (1 - most) / 2000)
    assert (p < 0.01).mean() < 0.45 * most


def test_a_line_and_a_constant_have_no_step() -> None:
    assert step(np.full(20, -28.3)).p == step(0.1 * np.arange(20) - 28).p == 1.0
    with pytest.raises(NotComputable, match="too few"):
        step([1.0, 2.0])
