"""The seasonal cycle against a known one, against harmonics by least squares, and on the DAHITI record."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from level_inputs import dahiti, epochs, yearly
from synthetic_series import by_start, check_form, check_windows

from caspian_env.errors import NotComputable
from caspian_env.indicators import level_cycle

CYCLE = {"years": 30, "parts": 3, "min_share": 0.8, "min_epochs": 2, "ci_level": 0.9}
ALL = (level_cycle.seasonal_range, level_cycle.month_of_maximum, level_cycle.month_of_minimum)
STEADY = dict.fromkeys(range(1990, 2021), -27.0)


def cycle_of(level: xr.DataArray) -> np.ndarray:
    """Annual and semi-annual harmonics of the months, fitted together with a cubic."""
    months = level.to_series().resample("MS").mean().dropna()
    t = (months.index.year - 2007) + (months.index.month - 0.5) / 12
    waves = [f(2 * np.pi * k * t) for k in (1, 2) for f in (np.cos, np.sin)]
    design = np.column_stack([np.ones(t.size), t, t**2, t**3, *waves])
    found = np.linalg.lstsq(design, months.values, rcond=None)[0][4:]
    middle = (np.arange(12) + 0.5) / 12
    return np.column_stack([f(2 * np.pi * k * middle) for k in (1, 2) for f in (np.cos, np.sin)]) @ found


def test_a_known_season_comes_back() -> None:
    level = epochs(STEADY, season=0.15)
    values = [by_start(function(level, **CYCLE))["1991-01-01"] for function in ALL]
    assert values[0]["value"].item() == pytest.approx(30, abs=0.01)
    assert [row["value"].item() for row in values[1:]] == [6, 12]
    assert values[1]["std_uncertainty"].item() == pytest.approx(1 / sqrt(12))  # all decades agree to the month
    for function, units in zip(ALL, ("cm", "1", "1"), strict=True):
        check_form(function(level, **CYCLE), units)


def test_a_steady_fall_does_not_enter() -> None:
    fall = {year: -27 - 0.1 * (year - 1990) for year in STEADY}
    level = epochs(STEADY)
    years = level["time"].values.astype("datetime64[D]").astype(float) / 365.2425
    falling = level.copy(data=level.values - 0.1 * years)
    one, other = (level_cycle.seasonal_range(x, **CYCLE)["value"].values for x in (level, falling))
    np.testing.assert_allclose(one, other, atol=0.3)
    assert fall[2020] == pytest.approx(-30)


def test_dahiti_against_harmonics(shared: Callable[..., Path]) -> None:
    level = dahiti(shared)
    rows = [by_start(function(level, **CYCLE))["1993-01-01"] for function in ALL]
    wave = cycle_of(
        level[(level["time"] >= np.datetime64("1993-01-01")) & (level["time"] < np.datetime64("2023-01-01"))]
    )
    assert rows[0]["value"].item() == pytest.approx(100 * np.ptp(wave), abs=3)
    for row, month in ((rows[1], wave.argmax()), (rows[2], wave.argmin())):
        assert abs((row["value"].item() - 1 - month + 6) % 12 - 6) <= 1
    assert rows[1]["value"].item() in (6, 7)  # early summer, after the flood of the Volga
    assert rows[2]["value"].item() in (12, 1, 2)
    newest = level_cycle.seasonal_range(level, **CYCLE).isel(period=-1)
    assert newest["reason"].item().endswith("2023 is not whole")


def test_the_spread_of_decades_counts_around_the_year() -> None:
    parts = {1990: 11, 2000: 12, 2010: 1}  # month of the maximum in each decade, around the turn of the year
    series = []
    for first, month in parts.items():
        part = epochs(dict.fromkeys(range(first, first + 10), -27.0), season=0.0)
        wave = 0.1 * np.cos(2 * np.pi * (part["time"].dt.month.values - month) / 12)
        series.append(part.copy(data=part.values + wave))
    row = level_cycle.month_of_maximum(xr.concat(series, "time"), **CYCLE).isel(period=-1)
    assert row["value"].item() == 12
    assert row["std_uncertainty"].item() == pytest.approx(sqrt(1 / 12 + 1))


def test_short_and_empty_records_are_refused() -> None:
    short = epochs(dict.fromkeys(range(2000, 2010), -27.0))
    for function in ALL:
        (reason,) = function(short, **CYCLE)["reason"].values
        assert reason == "9 of 29 years in the seasonal cycle of its rarest month"
        assert function(short[:0], **CYCLE).sizes["period"] == 0
        one = function(short[:1], **CYCLE)
        assert one["reason"].item().startswith("0 of 29 years")
        with pytest.raises(NotComputable, match="no months"):
            function(yearly(STEADY), **CYCLE)
        with pytest.raises(NotComputable, match="units"):
            function(short.assign_attrs(units="cm"), **CYCLE)


@pytest.mark.parametrize("function", ALL)
def test_windows_hold_all_that_a_value_is_made_of(function: Callable[..., xr.Dataset]) -> None:
    check_windows(partial(function, **CYCLE | {"years": 9}), epochs(dict.fromkeys(range(1990, 2002), -27.0), 0.03))
