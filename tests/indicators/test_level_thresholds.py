"""Years until a level: by hand, against a simulation, and the three refusals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from level_inputs import BRIDGE, PRINTED, annual_of, check_windows_of_two, dahiti, epochs, yearly
from synthetic_series import by_start, check_form

from caspian_env.indicators import level_thresholds

UNTIL = partial(level_thresholds.years_until, years=10, **BRIDGE)
NOISE = np.random.default_rng(2).normal(0, 0.03, 12)
FALL = {2008 + k: -27.5 - 0.1 * k + NOISE[k] for k in range(12)}
BELOW = yearly({year: level - 0.5 for year, level in FALL.items()})


def test_a_steady_fall_by_hand() -> None:
    line = {2010 + k: -27.5 - 0.1 * k for k in range(10)}
    result = UNTIL(yearly(line, "dahiti_39"), yearly({2015: line[2015] - 0.5}), threshold=-30.0)
    check_form(result, "year")
    assert result["value"].item() == pytest.approx((28.9 - 30.0) / -0.1)
    # The rate has no scatter: only the level of the last year and its offset are uncertain.
    assert result["std_uncertainty"].item() == pytest.approx(np.hypot(0.03, 0.03) / 0.1)


def test_real_years_left(shared: Callable[..., Path]) -> None:
    level, means = dahiti(shared), annual_of(dahiti(shared))
    offset = np.mean([means[1995] + 26.62, means[2020] + 28.23])
    rate = (means[2022] - means[2013]) / 9
    for threshold in (-29.0, -30.0, -32.4, -34.0):
        row = by_start(UNTIL(level, yearly(PRINTED), threshold=threshold))["2013-01-01"]
        assert row["value"].item() == pytest.approx((threshold - (means[2022] - offset)) / rate)
        assert row["ci_low"] < row["value"] < row["ci_high"]
        assert row["ci_high"] - row["value"] > row["value"] - row["ci_low"]  # a ratio is skewed


def test_the_interval_is_that_of_a_simulated_ratio() -> None:
    row = UNTIL(yearly(FALL, "dahiti_39"), BELOW, threshold=-32.0).isel(period=-1)
    window = list(FALL.values())[-10:]
    from caspian_env.processing.statistics import increment_rate

    rate = increment_rate(window)
    rng = np.random.default_rng(3)
    rates = rate.estimate + rate.std_uncertainty * rng.standard_t(rate.dof, 400_000)
    levels = 32.0 - 0.5 + window[-1] + rng.normal(0, 0.03, 400_000)
    low, high = np.quantile(levels / -rates, [0.05, 0.95])
    assert row["ci_low"].item() == pytest.approx(low, rel=0.03)
    assert row["ci_high"].item() == pytest.approx(high, rel=0.03)


def test_what_has_no_date_is_refused_with_its_reason() -> None:
    fall = yearly(FALL, "dahiti_39")
    passed = UNTIL(fall, BELOW, threshold=-28.0)["reason"].values[-1]
    assert passed.startswith("already below -28 m: the mean of 2019 stands")
    rise = {2010 + k: -28.0 + 0.05 * k for k in range(10)}
    rising = UNTIL(yearly(rise, "dahiti_39"), yearly({2012: rise[2012] - 0.5}), threshold=-30.0)
    assert rising["reason"].item() == "-30 m is not reached: the level rises by 5.0 cm a year"
    shaky = {2010 + k: -28.0 - 0.01 * k + 0.2 * (-1) ** k for k in range(10)}
    doubtful = UNTIL(yearly(shaky, "dahiti_39"), yearly({2012: shaky[2012] - 0.5}), threshold=-34.0)
    assert doubtful["reason"].item().startswith("no date for -34 m: the interval of the rate holds zero")


def test_without_bridge_or_window_there_is_no_date() -> None:
    result = UNTIL(epochs(FALL), yearly({1977: -29.01}), threshold=-30.0)
    assert result["reason"].item().startswith("no year has both")
    short = {year: FALL[year] for year in list(FALL)[:5]}
    result = UNTIL(yearly(short, "dahiti_39"), BELOW, threshold=-30.0)
    assert result["reason"].values.tolist() == ["5 of 10 annual means"]
    assert UNTIL(yearly({}, "dahiti_39"), BELOW, threshold=-30.0).sizes["period"] == 0


def test_windows_hold_all_that_a_value_is_made_of() -> None:
    check_windows_of_two(partial(UNTIL, threshold=-32.0), epochs(FALL, 0.02), yearly({2010: FALL[2010] - 0.5}))
