"""Distances to the extremes, ranks that measurement cannot decide, and months below the minimum of 1977."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import hypot
from pathlib import Path

import numpy as np
import pytest
from level_inputs import ANNUAL, BRIDGE, PRINTED, annual_of, check_windows_of_two, dahiti, epochs, yearly
from synthetic_series import by_start, check_form, check_windows

from caspian_env.indicators import level_extremes

MAXIMUM = {"extreme": -26.62, "tolerance": 0.01, "downwards": True}
MINIMUM = {"extreme": -29.01, "tolerance": 0.01, "downwards": False}
RANK = partial(level_extremes.rank, min_years=10, **ANNUAL)
MONTHS = partial(level_extremes.months_below, extreme=-29.01, tolerance=0.01, **BRIDGE)
FALL = {year: -28.0 - 0.1 * (year - 2012) for year in range(2000, 2020)}  # above a datum half a metre above BS77


def test_distances_by_hand() -> None:
    reported = {"min_epochs": 2, "min_cycle_years": 5, "annual_uncertainty": 0.01, "ci_level": 0.9}
    below = level_extremes.distance(yearly(PRINTED), datum="BS77", **MAXIMUM, **reported)
    check_form(below, "m")
    assert below["value"].values == pytest.approx([-0.88, 2.39, 0.0, 1.61])
    assert below["std_uncertainty"].values == pytest.approx(hypot(0.01, 0.01))
    assert (below["ci_high"] - below["value"]).values == pytest.approx(1.6448536 * hypot(0.01, 0.01))
    above = level_extremes.distance(yearly(PRINTED), datum="BS77", **MINIMUM, **reported)
    assert above["value"].values == pytest.approx([3.27, 0.0, 2.39, 0.78])


def test_another_datum_is_refused_once() -> None:
    result = level_extremes.distance(epochs(FALL), datum="BS77", **MAXIMUM, **ANNUAL)
    assert result["reason"].values.tolist() == ["needs the datum BS77, this series is in dahiti_39"]


def test_real_distances_of_dahiti_hold_the_error_of_the_bridge(shared: Callable[..., Path]) -> None:
    level, means = dahiti(shared), annual_of(dahiti(shared))
    rows = by_start(level_extremes.bridged_distance(level, yearly(PRINTED), **MAXIMUM, **BRIDGE))
    offset = np.mean([means[1995] + 26.62, means[2020] + 28.23])
    row = rows["2022-01-01"]
    assert row["value"].item() == pytest.approx(-26.62 - (means[2022] - offset), abs=1e-12)
    assert row["std_uncertainty"].item() == pytest.approx(np.sqrt(0.03**2 + 0.03**2 / 2 + 0.01**2))
    assert row["ci_high"] - row["value"] > 6.3 * 0.03 / np.sqrt(2)
    assert abs(rows["1995-01-01"]["value"].item()) < 0.02
    nearest = level_extremes.bridged_distance(level, yearly(PRINTED), **MINIMUM, **BRIDGE)
    assert by_start(nearest)["2022-01-01"]["value"].item() == pytest.approx(0.31, abs=0.01)


def test_without_a_bridge_there_is_no_distance() -> None:
    for result in (
        level_extremes.bridged_distance(epochs(FALL), yearly({1977: -29.01}), **MAXIMUM, **BRIDGE),
        MONTHS(epochs(FALL), yearly({1977: -29.01})),
    ):
        assert result.sizes["period"] == 1
        assert result["reason"].item().startswith("no year has both")


def test_ranks_are_those_of_pandas_and_alike_years_share_theirs(shared: Callable[..., Path]) -> None:
    level, means = dahiti(shared), annual_of(dahiti(shared))
    result = RANK(level)
    check_form(result, "1")
    expected = [means.loc[:year].rank().iloc[-1] for year in means.index[9:]]
    assert result["value"].values.tolist() == expected
    last = by_start(result)["2022-01-01"]
    assert (last["value"].item(), last["ci_low"].item(), last["ci_high"].item(), last["n_valid"].item()) == (
        1,
        1,
        1,
        30,
    )
    # 2016, 2017 and 2018 stand a few centimetres apart: 2018 is the lowest, but not surely.
    doubtful = by_start(result)["2018-01-01"]
    assert (doubtful["value"].item(), doubtful["ci_high"].item()) == (1, 3)
    assert doubtful["std_uncertainty"].item() > 0.3


def test_spread_of_a_rank_is_that_of_a_simulation() -> None:
    levels = {2000 + k: value for k, value in enumerate([0.0, 0.02, 0.05, 0.5, 1, 2, 3, 4, 5, 0.03])}
    row = RANK(yearly(levels)).isel(period=-1)
    drawn = np.array(list(levels.values())) + np.random.default_rng(5).normal(0, 0.03, (200_000, 10))
    ranks = 1 + (drawn[:, :9] < drawn[:, 9:]).sum(axis=1)
    assert row["value"].item() == 3
    assert row["std_uncertainty"].item() == pytest.approx(ranks.std(), rel=0.01)


def test_ranks_need_company_and_equal_levels_share_the_lowest() -> None:
    assert RANK(yearly({2000 + k: k for k in range(4)}))["reason"].values.tolist() == [
        "4 of 10 annual means to rank among"
    ]
    assert RANK(yearly({})).sizes["period"] == 0
    equal = RANK(yearly(dict.fromkeys(range(2000, 2012), -28.0))).isel(period=-1)
    assert (equal["value"].item(), equal["ci_low"].item(), equal["ci_high"].item()) == (1, 1, 12)


def test_months_below_by_hand() -> None:
    level, reference = epochs(FALL, season=0.2), yearly({2005: FALL[2005] - 0.5, 2010: FALL[2010] - 0.5})
    result = MONTHS(level, reference)
    check_form(result, "1")
    rows = by_start(result)
    # In BS77 the twelve months to the end of 2017 stand at -29.0 m, those of 2018 at -29.1 m.
    months = level.to_series().resample("MS").mean().rolling(12).mean() - 0.5
    for year in (2015, 2017, 2018, 2019):
        below = int((months[str(year)] < -29.01).sum())
        assert rows[f"{year}-01-01"]["value"].item() == pytest.approx(below, abs=1)
    assert rows["2015-01-01"]["value"].item() == 0
    assert 8 <= rows["2018-01-01"]["value"].item() <= 11
    assert rows["2018-01-01"]["ci_low"] < rows["2018-01-01"]["ci_high"]
    assert rows["2018-01-01"]["std_uncertainty"] > 1
    assert rows["2000-01-01"]["reason"].item() == "1 of 12 means over twelve months"
    assert rows["2019-01-01"]["value"].item() == 12


def test_no_real_month_was_surely_below_the_minimum_by_2022(shared: Callable[..., Path]) -> None:
    rows = by_start(MONTHS(dahiti(shared), yearly(PRINTED)))
    assert rows["2022-01-01"]["value"].item() == 0
    assert rows["2023-01-01"]["reason"].item() == "7 of 12 means over twelve months"


def test_windows_hold_all_that_a_value_is_made_of() -> None:
    level, reference = epochs(FALL, 0.03), yearly({2005: FALL[2005] - 0.5, 2010: FALL[2010] - 0.5})
    check_windows(RANK, level)
    check_windows_of_two(MONTHS, level, reference)
    check_windows_of_two(partial(level_extremes.bridged_distance, **MAXIMUM, **BRIDGE), level, reference)
