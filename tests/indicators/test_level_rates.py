"""Rates since a declared year, acceleration and curvature: by hand, on DAHITI, and the coverage of their intervals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import hypot
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from level_inputs import ANNUAL, annual_of, dahiti, epochs, yearly
from scipy import stats
from synthetic_series import by_start, check_form, check_windows

from caspian_env.errors import NotComputable
from caspian_env.indicators import level_rates, sea_level

Indicator = Callable[[xr.DataArray], xr.Dataset]
SINCE = partial(level_rates.rate_since, since=1995, min_years=10, **ANNUAL)
ACCELERATION = partial(level_rates.acceleration, years=10, **ANNUAL)
CURVATURE = partial(level_rates.curvature, years=30, **ANNUAL)


def walk(n: int, rho: float, seed: int, first: int = 1990) -> dict[int, float]:
    """Synthetic annual levels: sums of AR(1) increments without a trend, in metres."""
    noise = np.random.default_rng(seed).normal(0, 0.1, n + 50)
    steps = np.zeros(n + 50)
    for i in range(1, n + 50):
        steps[i] = rho * steps[i - 1] + noise[i]
    return dict(zip(range(first, first + n), np.cumsum(steps[-n:]), strict=True))


def test_real_rates_since_the_maximum(shared: Callable[..., Path]) -> None:
    level = dahiti(shared)
    means = annual_of(level)
    assert means.idxmax() == 1995
    result = SINCE(level)
    check_form(result, "cm year-1")
    newest = result.isel(period=-2)
    assert newest["value"].item() == pytest.approx(100 * (means[2022] - means[1995]) / 27)
    assert newest["ci_high"] < 0
    assert result["reason"].values[-1] == "28 of 29 annual means; 2023 has 7 of 12 months"
    assert (result["period_start"] == np.datetime64("1995-01-01", "s")).all()
    assert result.sizes["period"] == 2022 - 2004 + 1 + 1
    later = level_rates.rate_since(level, since=2005, min_years=10, **ANNUAL).isel(period=-2)
    assert later["value"].item() == pytest.approx(100 * (means[2022] - means[2005]) / 17)
    # Published for 1996-2015: -4.27 cm a year by a straight line through DAHITI, against -6.72 in Chen et al. 2017.
    window = means.loc[1996:2015]
    assert 100 * stats.linregress(window.index, window).slope == pytest.approx(-4.27, abs=0.01)


def test_acceleration_is_the_difference_of_two_ten_year_rates(shared: Callable[..., Path]) -> None:
    level = dahiti(shared)
    rates = by_start(sea_level.mean_rate(level, years=10, **ANNUAL))
    row = by_start(ACCELERATION(level))["2003-01-01"]
    before, after = rates["2003-01-01"], rates["2013-01-01"]
    assert row["value"].item() == pytest.approx((after["value"] - before["value"]).item())
    assert row["std_uncertainty"].item() == pytest.approx(
        hypot(before["std_uncertainty"].item(), after["std_uncertainty"].item())
    )
    assert row["period_end"].values == np.datetime64("2023-01-01")


def test_curvature_is_that_of_polyfit_and_its_interval_is_wider_than_the_formal_one(
    shared: Callable[..., Path],
) -> None:
    level = dahiti(shared)
    means = annual_of(level).loc[1993:2022]
    row = by_start(CURVATURE(level))["1993-01-01"]
    coefficients, covariance = np.polyfit(means.index - 2007, 100 * means.values, 2, cov=True)
    assert row["value"].item() == pytest.approx(2 * coefficients[0], rel=1e-9)
    assert row["std_uncertainty"].item() > 2 * 2 * np.sqrt(covariance[0, 0])


def test_an_exact_parabola_and_a_straight_line() -> None:
    t = np.arange(30)
    row = CURVATURE(yearly(dict(zip(1990 + t, -27 - 0.002 * t**2, strict=True)))).isel(period=0)
    assert row["value"].item() == pytest.approx(-0.4)
    assert row["std_uncertainty"].item() == pytest.approx(0, abs=1e-8)
    line = yearly(dict(zip(1990 + t, -27 - 0.1 * t, strict=True)))
    for function, expected in ((CURVATURE, 0.0), (ACCELERATION, 0.0), (SINCE, -10.0)):
        assert function(line)["value"].values[-1] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("function", "least"), [(ACCELERATION, 0.9), (CURVATURE, 0.85)])
def test_measured_coverage_of_the_intervals(function: Indicator, least: float) -> None:
    # Nominal 90 %, increments with a lag-1 correlation of 0.35. Over 1500 series: 94 % and 88 %.
    rows = [function(yearly(walk(30, 0.35, seed))).isel(period=-1) for seed in range(300)]
    held = np.mean([bool(row["ci_low"] <= 0 <= row["ci_high"]) for row in rows])
    assert least - 0.03 <= held <= 0.98


def test_a_gap_after_the_declared_year_ends_the_rates() -> None:
    levels = walk(30, 0.3, 1)
    del levels[2010]
    result = SINCE(yearly(levels))
    assert [str(end)[:4] for end in result["period_end"].values[:-1]] == [str(year) for year in range(2005, 2011)]
    assert result["reason"].values[-1] == "24 of 25 annual means"


def test_records_too_short_are_refused() -> None:
    short = yearly(walk(8, 0.3, 1))
    assert SINCE(short)["reason"].values.tolist() == ["8 of 10 annual means"]
    assert ACCELERATION(short)["reason"].values.tolist() == ["8 of 20 annual means"]
    assert CURVATURE(short)["reason"].values.tolist() == ["8 of 30 annual means"]
    for function in (SINCE, ACCELERATION, CURVATURE):
        assert function(short[:0]).sizes["period"] == 0


def test_a_record_that_begins_after_the_declared_year_is_refused() -> None:
    result = SINCE(yearly(walk(20, 0.3, 1, first=1997)))
    assert result["reason"].values.tolist() == ["20 of 22 annual means"]


@pytest.mark.parametrize("function", [SINCE, ACCELERATION, partial(level_rates.curvature, years=10, **ANNUAL)])
def test_windows_and_datum(function: Indicator) -> None:
    level = epochs(walk(22, 0.3, 4, first=1994), 0.03)
    check_form(function(level), function(level)["value"].attrs["units"])
    check_windows(function, level)
    moved = level.copy(data=level.values - 26.4)
    np.testing.assert_allclose(function(moved)["value"], function(level)["value"], atol=1e-7)


def test_series_of_another_kind_are_errors() -> None:
    with pytest.raises(NotComputable, match="units"):
        SINCE(yearly(walk(20, 0, 1)).assign_attrs(units="cm"))
    with pytest.raises(NotComputable, match="ascending"):
        CURVATURE(yearly(walk(20, 0, 1))[::-1])
