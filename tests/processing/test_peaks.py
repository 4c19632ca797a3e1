"""Peaks over a threshold: clusters by hand, scipy's law, coverage on drawn records, and the limits of what may be asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from caspian_env.errors import NotComputable
from caspian_env.processing.peaks import declustered, pareto, return_level

DAY = np.timedelta64(1, "D")


def test_a_cluster_gives_its_highest_value_and_ends_after_quiet_days() -> None:
    time = np.datetime64("2001-01-01") + np.arange(12) * DAY
    values = [0, 2, 3, 0, 2, 0, 0, 0, 5, np.nan, 4, 1.0]
    when, peaks = declustered(time, values, threshold=1, apart=3 * DAY)
    assert (when == time[[2, 8]]).all()  # days 1, 2 and 4 are one cluster, 8 and 10 another
    assert peaks.tolist() == [3, 5]
    assert declustered(time, values, threshold=1, apart=2 * DAY)[1].tolist() == [3, 2, 5, 4]
    assert declustered(time, values, threshold=9, apart=DAY)[1].size == 0
    with pytest.raises(NotComputable, match="not ascending"):
        declustered(time[::-1], values, threshold=1, apart=DAY)


def test_the_law_is_that_of_scipy_and_its_likelihood_is_higher() -> None:
    peaks = 0.3 + stats.genpareto.rvs(0.15, scale=0.1, size=150, random_state=3)
    fit = pareto(peaks, threshold=0.3, years=50, n_boot=0)
    shape, _, scale = stats.genpareto.fit(peaks - 0.3, floc=0)
    assert (fit.shape, fit.scale) == pytest.approx((shape, scale), rel=2e-3)
    best = stats.genpareto.logpdf(fit.excesses, fit.shape, scale=fit.scale).sum()
    assert best >= stats.genpareto.logpdf(fit.excesses, shape, scale=scale).sum() - 1e-9
    # Three peaks a year: the level of twenty years is exceeded by one of sixty.
    expected = 0.3 + stats.genpareto.isf(1 / 60, fit.shape, scale=fit.scale)
    assert return_level(fit, 20).estimate == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("shape", [-0.4, -0.2, 0.0, 0.1, 0.3])
@pytest.mark.parametrize(("n", "threshold", "scale"), [(20, -28.0, 0.3), (40, 0.0, 1e-5), (400, 5e5, 1e5)])
def test_no_law_near_it_is_likelier(shape: float, n: int, threshold: float, scale: float) -> None:
    """The likelihood of scipy, searched from five other starts, on excesses of any size."""
    drawn = stats.genpareto.rvs(shape, size=n, random_state=np.random.default_rng([n, round(10 * shape) + 10]))
    fit = pareto(threshold + scale * drawn, threshold=threshold, years=10, n_boot=0)
    ours = -stats.genpareto.logpdf(drawn, fit.shape, 0, fit.scale / scale).sum()

    def cost(p: np.ndarray) -> float:
        found = -stats.genpareto.logpdf(drawn, p[0], 0, np.exp(p[1])).sum() if abs(p[0]) < 1 else 1e9
        return min(float(found), 1e9)

    tight = {"maxiter": 4000, "xatol": 1e-9, "fatol": 1e-11}
    starts = [[c, max(0.0, np.log(-1.05 * c * drawn.max())) if c < 0 else 0.0] for c in (-0.5, -0.2, 1e-3, 0.2, 0.5)]
    assert ours <= min(optimize.minimize(cost, s, method="Nelder-Mead", options=tight).fun for s in starts) + 1e-4
    for years in (1, 10, 40):
        expected = threshold + stats.genpareto.isf(1 / (fit.rate * years), fit.shape, 0, fit.scale)
        assert return_level(fit, years).estimate == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    truth = 1 + stats.genpareto.isf(1 / 50, 0.1, scale=0.2)
    random, held = np.random.default_rng(8), 0
    for n in range(30):
        drawn = 1 + stats.genpareto.rvs(0.1, scale=0.2, size=100, random_state=random)
        found = return_level(pareto(drawn, threshold=1, years=20, n_boot=40, seed=n), 10)
        held += found.ci_low <= truth <= found.ci_high
    assert 0.73 <= held / 30 <= 1  # nominal 0.90; three standard errors of 30 records are 0.17


@given(shift=st.floats(-30, 30), factor=st.floats(0.01, 1000))
@settings(max_examples=15, deadline=None)
def test_another_zero_or_unit_moves_the_level_with_it(shift: float, factor: float) -> None:
    peaks = 0.3 + stats.genpareto.rvs(-0.1, scale=0.1, size=60, random_state=5)
    plain = return_level(pareto(peaks, threshold=0.3, years=30, n_boot=0), 50)
    moved = return_level(pareto(peaks * factor + shift, threshold=0.3 * factor + shift, years=30, n_boot=0), 50)
    assert moved.estimate == pytest.approx(plain.estimate * factor + shift, rel=1e-4, abs=1e-5 * factor)


def test_what_cannot_be_asked() -> None:
    peaks = 1 + stats.genpareto.rvs(0, size=40, random_state=1)
    fit = pareto(peaks, threshold=1, years=10, n_boot=5)
    assert len(fit.replicates) == 5
    with pytest.raises(NotComputable, match="at most 40"):
        return_level(fit, 41)
    with pytest.raises(NotComputable, match="the record has 10 years"):
        return_level(fit, 0.2)
    for wrong, words in ((peaks[:19], "19 peaks are too few"), (peaks - 1, "not over"), (np.full(30, 2.0), "equal")):
        with pytest.raises(NotComputable, match=words):
            pareto(wrong, threshold=1, years=10)
