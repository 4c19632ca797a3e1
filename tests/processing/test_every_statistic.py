"""Promises of every statistic of the processing, on synthetic values in the order of time.

Each states numbers of three kinds: those that follow a shift and a change of the unit, those that only a change of the unit
moves (a slope, an uncertainty), and those that neither moves (a rank, an index). Gaps are left out or refused in words;
nothing, one value, equal values and nothing but gaps give no number out of the blue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import NotComputable
from caspian_env.processing import (
    bootstrap,
    breaks,
    cell_trends,
    drought,
    extreme_values,
    kendall,
    memory,
    peaks,
    shoreline,
    statistics,
    trend_rules,
    trends,
)

Parts = tuple[Iterable[float], Iterable[float], Iterable[float]]
N = 40
YEARS = np.arange(1980.0, 1980.0 + N)


def trend(found: Any) -> Parts:
    ends = (found.estimate, found.std_uncertainty, found.ci_low, found.ci_high)
    return (), ends, (found.dof, getattr(found, "r", 0.0), getattr(found, "n_eff", 0.0))


def score_of(found: kendall.Test) -> Parts:
    return (), (), (found.z, found.p, found.tau, found.s, found.var_s, found.n)


def law(y: np.ndarray) -> Parts:
    found = extreme_values.gev(y)
    return [found.location], [found.scale, *found.u[:2]], [found.shape, found.u[2]]


def level_of_20(y: np.ndarray) -> Parts:
    found = extreme_values.return_level(extreme_values.gev(y), 20)
    return [found.estimate, found.ci_low, found.ci_high], (), ()


def over_quarter(y: np.ndarray) -> peaks.Pareto:
    at = float(np.nanquantile(y, 0.25)) if np.isfinite(y).any() else 0.0
    return peaks.pareto(y[y > at], threshold=at, years=20, n_boot=20)


def excesses(y: np.ndarray) -> Parts:
    found = over_quarter(y)
    return [found.threshold], [found.scale], [found.shape, found.rate, *found.replicates[:, 1]]


def level_over(y: np.ndarray) -> Parts:
    found = peaks.return_level(over_quarter(y), 20)
    return [found.estimate, found.ci_low, found.ci_high], (), ()


def clusters(y: np.ndarray) -> Parts:
    days = np.datetime64("2000-01-01") + np.arange(y.size)
    time, value = peaks.declustered(
        days, y, threshold=float(np.nanmedian(y)) if np.isfinite(y).any() else 0.0, apart=np.timedelta64(3, "D")
    )
    return value, (), (time - days[:1]).astype(float)


def shifts(y: np.ndarray) -> Parts:
    found = breaks.bai_perron(y, allow_for_memory=True)
    return found.means, (), [*found.last_index, *np.ravel(found.intervals95), found.r]


def single(y: np.ndarray) -> Parts:
    found = breaks.pettitt(y)
    return (), (), (found.last_index, found.k, found.p)


def stepped(y: np.ndarray) -> Parts:
    found = breaks.step(y)
    return (), (), (found.last_index, found.k, found.p)


def blocks(y: np.ndarray) -> Parts:
    found = bootstrap.block(y, lambda part: float(part.mean()), block=4, n=50, seed=1)
    return [found.estimate, found.ci_low, found.ci_high], [found.std_uncertainty], ()


def cells(y: np.ndarray) -> Parts:
    found = cell_trends.cell_trends(xr.DataArray(np.c_[y, y], dims=("time", "cell")))
    names = ("estimate", "std_uncertainty", "ci_low", "ci_high")
    return (), [float(found[name][1]) for name in names], [float(found[name][1]) for name in ("r", "n_eff", "dof")]


def moments(y: np.ndarray) -> Parts:
    mean, second, skewness = drought.l_moments(y)
    return [mean], [second], [skewness]


def verdict(*, integrated: bool) -> Callable[[np.ndarray], Parts]:
    def parts(y: np.ndarray) -> Parts:
        found = trend_rules.judged(1980, y, integrated=integrated)
        slopes = [v for line in found.lines for v in (line.estimate, line.ci_low, line.ci_high)]
        return (), slopes, [v for line in found.lines for v in (line.z, line.p)]

    return parts


def ends(y: np.ndarray) -> Parts:
    return trend(statistics.observed_change(y[0], y[-1], steps=y.size - 1, u_first=y[0] - y[1], u_last=y[2] - y[1]))


def departure(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    there = np.isfinite(y)
    return y[there] - y[there].mean() if there.any() else y[there], YEARS[: y.size][there]


LEFT_OUT, REFUSED = "left out", "refused"
# What each states, and what it does with a missing value.
ARRAYS: dict[str, tuple[Callable[[np.ndarray], Parts], str]] = {
    "bootstrap.block": (blocks, REFUSED),
    "breaks.bai_perron": (shifts, REFUSED),
    "breaks.pettitt": (single, REFUSED),
    "breaks.step": (stepped, REFUSED),
    "cell_trends.cell_trends": (cells, LEFT_OUT),
    "drought.l_moments": (moments, REFUSED),
    "extreme_values.gev": (law, LEFT_OUT),
    "extreme_values.return_level": (level_of_20, LEFT_OUT),
    "kendall.hamed_rao": (lambda y: score_of(kendall.hamed_rao(y)), LEFT_OUT),
    "kendall.mann_kendall": (lambda y: score_of(kendall.mann_kendall(y)), LEFT_OUT),
    "kendall.prewhitened": (lambda y: score_of(kendall.prewhitened(y)), LEFT_OUT),
    "kendall.score_variance": (lambda y: ((), (), [kendall.score_variance(y[np.isfinite(y)])]), LEFT_OUT),
    "memory.corrected": (lambda y: ((), (), [memory.corrected(*departure(y))]), LEFT_OUT),
    "memory.lag_one": (lambda y: ((), (), [memory.lag_one(*departure(y))]), LEFT_OUT),
    "peaks.declustered": (clusters, LEFT_OUT),
    "peaks.pareto": (excesses, LEFT_OUT),
    "peaks.return_level": (level_over, LEFT_OUT),
    "shoreline.end_point_rate": (
        lambda y: trend(shoreline.end_point_rate(YEARS[: y.size], y, u_position=abs(y[1] - y[0]))), REFUSED),
    "shoreline.net_movement": (
        lambda y: trend(shoreline.net_movement(YEARS[: y.size], y, u_position=abs(y[1] - y[0]))), REFUSED),
    "shoreline.regression_rate": (lambda y: trend(shoreline.regression_rate(YEARS[: y.size], y)), REFUSED),
    "statistics.increment_rate": (lambda y: trend(statistics.increment_rate(y)), REFUSED),
    "statistics.observed_change": (ends, LEFT_OUT),
    "trend_rules.judged": (verdict(integrated=False), LEFT_OUT),
    "trends.ols": (lambda y: trend(trends.ols(y, YEARS[: y.size])), LEFT_OUT),
    "trends.sen": (lambda y: trend(trends.sen(y, YEARS[: y.size])), LEFT_OUT),
}  # fmt: skip
MORE = {"trend_rules.judged, level": (verdict(integrated=True), REFUSED)}


def values(n: int = N, seed: int = 3) -> np.ndarray:
    """Synthetic values with a slight trend, memory and both signs."""
    noise = np.random.default_rng(seed).normal(0, 1.0, n)
    for step in range(1, n):
        noise[step] += 0.3 * noise[step - 1]
    return noise + 0.03 * np.arange(n)


def parts(call: Callable[[np.ndarray], Parts], y: np.ndarray) -> list[np.ndarray]:
    return [np.asarray(list(part), dtype=float) for part in call(y)]


@pytest.mark.parametrize("name", [*ARRAYS, *MORE])
@pytest.mark.parametrize(("factor", "shift"), [(2.0, 0.125), (100.0, 0.0), (1.0, 273.15)])
def test_a_shift_and_another_unit_do_what_they_have_to(name: str, factor: float, shift: float) -> None:
    call = (ARRAYS | MORE)[name][0]
    follows, scales, stays = parts(call, values())
    moved = parts(call, factor * values() + shift)
    for found, expected in zip(moved, (factor * follows + shift, factor * scales, stays), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-7)
    assert np.isfinite(np.concatenate([follows, scales, stays])).any()


@pytest.mark.parametrize("name", [*ARRAYS, *MORE])
def test_a_gap_is_left_out_or_refused(name: str) -> None:
    call, gaps = (ARRAYS | MORE)[name]
    y = values()
    y[[7, 20]] = np.nan
    if gaps == LEFT_OUT:
        found, plain = parts(call, y), parts(call, values())
        assert all(
            np.isfinite(part).any() == np.isfinite(whole).any() for part, whole in zip(found, plain, strict=True)
        )
        if name != "peaks.declustered":  # which counts clusters
            assert [np.isnan(part).tolist() for part in found] == [np.isnan(whole).tolist() for whole in plain]
    elif name in MORE:
        assert not np.isfinite(parts(call, y)[1][:3]).any(), "the mean increment needs every year"
    else:
        with pytest.raises(NotComputable):
            call(y)


@pytest.mark.parametrize("name", ARRAYS)
def test_nothing_one_value_equal_values_and_gaps_alone_give_no_number_out_of_the_blue(name: str) -> None:
    call = ARRAYS[name][0]
    for y in (np.array([]), np.array([3.0]), np.full(N, 3.0), np.full(N, np.nan)):
        try:
            found = parts(call, y)
        except (NotComputable, IndexError) as refused:
            # The adapters of this table, not the functions, look at single places of an array.
            assert isinstance(refused, NotComputable) or name in OF_TWO_VALUES
            continue
        slopes = found[1]
        assert y.size == N or not np.isfinite(slopes).any(), "a slope of one value"
        if y.size == N and np.isfinite(y).all() and slopes.size:
            np.testing.assert_allclose(slopes[np.isfinite(slopes)], 0.0, atol=1e-12)


OF_TWO_VALUES = {"shoreline.end_point_rate", "shoreline.net_movement", "statistics.observed_change"}


@pytest.mark.parametrize("function", [trends.ols, trends.sen, shoreline.regression_rate])
def test_positions_that_run_backwards_are_refused_or_sorted(function: Callable[..., Any]) -> None:
    y = values()
    try:
        found = function(y[::-1], YEARS[::-1])
    except NotComputable as refused:
        assert "ascending" in refused.problem
        return
    assert found.estimate == pytest.approx(function(y, YEARS).estimate)
