"""Turning points of a level: known ones are found with their interval, a single regime has none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from level_inputs import annual_of, dahiti, epochs, yearly
from synthetic_series import by_start, check_form, check_windows

from caspian_env.errors import NotComputable
from caspian_env.indicators import regimes
from caspian_env.processing.breaks import pettitt

GIVEN = {
    "min_years": 30,
    "min_share": 0.1,
    "min_regime": 10,
    "min_epochs": 2,
    "min_cycle_years": 5,
    "annual_uncertainty": 0.03,
}
TURNS = partial(regimes.turning_points, **GIVEN)


def level_of(rates: dict[int, float], first: int, last: int, noise: float = 0.06, seed: int = 1) -> dict[int, float]:
    """Synthetic levels: ``rates`` gives the mean increment up to and including each year."""
    rng, levels, value = np.random.default_rng(seed), {first: -26.3}, -26.3
    for year in range(first + 1, last + 1):
        value += next(rate for end, rate in rates.items() if year <= end) + rng.normal(0, noise)
        levels[year] = value
    return levels


# Mean increments near those of the gauge record: fall to 1977, rise to 1995, fall since.
CENTURY = level_of({1977: -0.04, 1995: 0.13, 2024: -0.08}, 1921, 2024)


def test_two_known_turning_points_are_found() -> None:
    result = TURNS(yearly(CENTURY))
    check_form(result, "1", ci_level=0.95)
    assert result.sizes["period"] == 2
    for row, year in ((result.isel(period=0), 1977), (result.isel(period=1), 1995)):
        assert abs(row["value"].item() - year) <= 2
        assert row["ci_low"] <= year <= row["ci_high"]
        assert row["n_valid"].item() == 104
        assert str(row["period_end"].values)[:4] == str(int(row["value"]) + 1)
    starts = [str(start)[:4] for start in result["period_start"].values]
    assert starts == ["1921", str(int(result["value"].values[0]) + 1)]
    assert not result["estimated"].any()


def test_the_intervals_hold_the_truth_often_enough() -> None:
    held = []
    for seed in range(60):
        result = TURNS(yearly(level_of({1977: -0.04, 1995: 0.13, 2024: -0.08}, 1921, 2024, 0.1, seed)))
        near = [row for row in by_start(result).values() if abs(row["value"].item() - 1977) < 12]
        held += [bool(row["ci_low"] <= 1977 <= row["ci_high"]) for row in near[:1]]
    assert len(held) > 40
    assert np.mean(held) >= 0.85


def test_one_regime_has_no_turning_point() -> None:
    result = TURNS(yearly(level_of({2024: -0.05}, 1960, 2024)))
    assert result["reason"].values.tolist() == ["no turning point: a single mean rate explains the increments best"]


def test_dahiti_has_room_for_one(shared: Callable[..., Path]) -> None:
    level = dahiti(shared)
    result = TURNS(level)
    check_form(result, "1", ci_level=0.95)
    assert result.sizes["period"] == 1
    means = annual_of(level)
    simple = means.index[1:][pettitt(np.diff(means.values)).last_index]
    if result["reason"].item() == "":
        assert result["ci_low"].item() - 1 <= simple <= result["ci_high"].item() + 1


def test_a_turn_near_the_end_is_marked() -> None:
    result = TURNS(yearly(level_of({2012: 0.0, 2024: -0.2}, 1921, 2024, 0.1)))
    last = result.isel(period=-1)
    assert abs(last["value"].item() - 2012) <= 2
    late = bool(last["ci_high"] >= 2014)  # 103 increments: the last tenth begins with that of 2014
    assert late and bool(last["estimated"])


def test_only_years_in_a_row_count_and_short_records_are_refused() -> None:
    gap = {year: level for year, level in CENTURY.items() if year != 1999}
    assert TURNS(yearly(gap))["reason"].values.tolist() == ["25 of 30 annual means in a row"]
    assert TURNS(yearly({2020: -28.2}))["reason"].values.tolist() == ["1 of 30 annual means in a row"]
    assert TURNS(yearly({})).sizes["period"] == 0
    none = TURNS(epochs(CENTURY)[:2])
    assert none["reason"].values.tolist() == ["0 of 30 annual means in a row"]
    with pytest.raises(NotComputable, match="units"):
        TURNS(yearly(CENTURY).assign_attrs(units="cm"))


def test_the_datum_plays_no_part_and_windows_hold_all() -> None:
    level = yearly(CENTURY)
    np.testing.assert_array_equal(TURNS(level)["value"], TURNS(level.copy(data=level.values + 5))["value"])
    check_windows(TURNS, level)
