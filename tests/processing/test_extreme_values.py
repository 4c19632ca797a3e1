"""Extremes: Port Pirie against Coles (2001), scipy's law with the opposite sign, and the limits of what may be asked."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from caspian_env.errors import NotComputable
from caspian_env.processing.extreme_values import Gev, gev, return_level


@pytest.fixture(scope="module")
def port_pirie(shared: Callable[..., Path]) -> np.ndarray:
    table = pd.read_csv(shared("reference", "extremes", "portpirie_annual_max_sealevel.csv"))
    return table["max_sea_level_m"].to_numpy(float)


def test_port_pirie_is_that_of_coles(port_pirie: np.ndarray) -> None:
    """Coles (2001), section 3.4.1: estimates, standard errors, and profile intervals of two return levels."""
    fit = gev(port_pirie, level=0.95)
    assert (fit.location, fit.scale, fit.shape) == pytest.approx((3.87, 0.198, -0.050), abs=0.005)
    assert fit.u == pytest.approx((0.028, 0.020, 0.098), abs=0.001)
    assert fit.log_likelihood == pytest.approx(4.34, abs=0.01)
    ten, hundred = return_level(fit, 10), return_level(fit, 100)
    assert ten.estimate == pytest.approx(4.30, abs=0.01)
    assert hundred.estimate == pytest.approx(4.69, abs=0.01)
    assert (hundred.ci_low, hundred.ci_high) == pytest.approx((4.50, 5.27), abs=0.02)


def test_the_likelihood_is_that_of_scipy_and_higher(port_pirie: np.ndarray) -> None:
    fit = gev(port_pirie)
    at_ours = stats.genextreme.logpdf(port_pirie, -fit.shape, fit.location, fit.scale).sum()
    assert fit.log_likelihood == pytest.approx(at_ours, rel=1e-9)
    c, location, scale = stats.genextreme.fit(port_pirie)
    assert fit.log_likelihood >= stats.genextreme.logpdf(port_pirie, c, location, scale).sum() - 1e-6
    level = stats.genextreme.isf(1 / 50, -fit.shape, fit.location, fit.scale)
    assert return_level(fit, 50).estimate == pytest.approx(level, rel=1e-9)


@pytest.mark.parametrize("shape", [-0.4, -0.2, 0.0, 0.1, 0.3])
@pytest.mark.parametrize(("n", "location", "scale"), [(12, -28.0, 0.2), (30, 0.0, 1e-6), (65, 100.0, 1e5)])
def test_no_law_near_it_is_likelier(shape: float, n: int, location: float, scale: float) -> None:
    """The likelihood of scipy, searched from three other starts, on values of any size and sign."""
    drawn = stats.genextreme.rvs(-shape, size=n, random_state=np.random.default_rng([n, round(10 * shape) + 10]))
    fit = gev(location + scale * drawn)
    ours = -stats.genextreme.logpdf(drawn, -fit.shape, (fit.location - location) / scale, fit.scale / scale).sum()

    def cost(p: np.ndarray) -> float:
        found = -stats.genextreme.logpdf(drawn, p[0], p[1], np.exp(p[2])).sum() if abs(p[0]) < 1 else 1e9
        return min(float(found), 1e9)

    tight = {"maxiter": 4000, "xatol": 1e-8, "fatol": 1e-10}
    others = [
        optimize.minimize(cost, [c, 0.0, 0.0], method="Nelder-Mead", options=tight).fun for c in (-0.2, 1e-4, 0.2)
    ]
    assert ours <= min(others) + 1e-4
    expected = stats.genextreme.isf(1 / 10, -fit.shape, fit.location, fit.scale)
    level = return_level(fit, 10)
    assert level.estimate == pytest.approx(expected, rel=1e-9)
    assert level.ci_low < level.estimate < level.ci_high


def test_bootstrap_and_profile_agree_in_size(port_pirie: np.ndarray) -> None:
    drawn = gev(port_pirie, level=0.9, n_boot=150, seed=4)
    assert np.array_equal(drawn.replicates, gev(port_pirie, level=0.9, n_boot=150, seed=4).replicates)
    by_draws, by_profile = return_level(drawn, 20), return_level(gev(port_pirie, level=0.9), 20)
    assert by_draws.estimate == by_profile.estimate
    width = by_profile.ci_high - by_profile.ci_low
    assert by_draws.ci_high - by_draws.ci_low == pytest.approx(width, rel=0.4)
    assert by_draws.ci_low < by_draws.estimate < by_draws.ci_high


def test_four_records_are_the_limit(port_pirie: np.ndarray) -> None:
    fit = gev(port_pirie)
    assert return_level(fit, 4 * 65).estimate > return_level(fit, 100).estimate
    for years in (4 * 65 + 1, 1, 0.5, -3):
        with pytest.raises(NotComputable, match="record has 65 years"):
            return_level(fit, years)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.25])
def test_a_known_law_is_found(shape: float) -> None:
    values = stats.genextreme.rvs(-shape, 10.0, 2.0, size=3000, random_state=np.random.default_rng(3))
    fit = gev(values)
    truth = (10.0, 2.0, shape)
    for value, u, true in zip((fit.location, fit.scale, fit.shape), fit.u, truth, strict=True):
        assert abs(value - true) < 3.5 * u


def test_missing_years_are_left_out(port_pirie: np.ndarray) -> None:
    holed = np.r_[np.nan, port_pirie, np.nan]
    assert gev(holed).shape == gev(port_pirie).shape


def test_no_curvature_below_minus_one_half() -> None:
    values = -(stats.expon.rvs(size=400, random_state=np.random.default_rng(9)) ** 0.3)  # a hard upper end
    fit: Gev = gev(values)
    assert isnan(fit.u[0]) == (fit.shape <= -0.5)


@pytest.mark.parametrize("values", [[], [1.0], [3.0] * 30, [np.nan] * 30, list(range(9))])
def test_it_refuses(values: list[float]) -> None:
    with pytest.raises(NotComputable):
        gev(values)


@settings(max_examples=8, deadline=None)
@given(shift=st.floats(-50, 50), factor=st.floats(0.01, 100))
def test_the_law_follows_shift_and_scale(shift: float, factor: float) -> None:
    values = stats.genextreme.rvs(0.1, 4.0, 0.2, size=60, random_state=np.random.default_rng(10))
    plain, moved = gev(values), gev(values * factor + shift)
    assert moved.shape == pytest.approx(plain.shape, abs=1e-5)
    assert moved.scale == pytest.approx(plain.scale * factor, rel=1e-5)
    assert moved.location == pytest.approx(plain.location * factor + shift, rel=1e-5, abs=1e-5 * factor)


@pytest.mark.slow
def test_the_profile_interval_of_a_return_level_holds_it() -> None:
    """120 records of 60 years, nominal 90 % interval of the level of 50 years."""
    random = np.random.default_rng(20_260_104)
    truth = stats.genextreme.isf(1 / 50, 0.1, 4.0, 0.2)
    held = []
    for _ in range(120):
        level = return_level(gev(stats.genextreme.rvs(0.1, 4.0, 0.2, size=60, random_state=random)), 50)
        held.append(level.ci_low <= truth <= level.ci_high)
    assert np.mean(held) >= 0.83
