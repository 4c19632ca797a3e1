"""When months and years are complete, and how one missing month is filled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from caspian_env.errors import NotComputable
from caspian_env.processing import completeness


def series(times, values, resolution: str, **coords) -> xr.DataArray:
    along = {name: ("time", column) for name, column in coords.items()}
    return xr.DataArray(
        np.asarray(values, float),
        dims="time",
        coords={"time": np.asarray(times, "datetime64[s]"), **along},
        attrs={"units": "m", "resolution": resolution},
        name="level",
    )


def days(first: str, last: str, missing: tuple[str, ...] = ()) -> xr.DataArray:
    times = pd.date_range(first, last, freq="D").drop(pd.DatetimeIndex(list(missing)))
    return series(times.values, np.arange(times.size), "P1D")


def month_series(values, first: str = "2000-01") -> xr.DataArray:
    values = np.asarray(values, float)
    return completeness.monthly(series(np.datetime64(first, "M") + np.arange(values.size), values, "P1M"))


def test_month_of_epochs_needs_enough_of_them() -> None:
    level = series(["2001-03-05", "2001-03-15", "2001-03-25", "2001-05-09"], [1, 2, 6, 4], "instant")
    months = completeness.monthly(level, min_epochs=2)
    assert months.sizes["time"] == 12
    assert months.sel(time="2001-03-01").item() == 3
    assert months["n_valid"].values.tolist() == [0, 0, 3, 0, 1] + [0] * 7
    assert int(np.isfinite(months).sum()) == 1


def test_missing_values_are_no_epochs() -> None:
    level = series(["2001-03-05", "2001-03-15"], [1, np.nan], "instant")
    assert np.isnan(completeness.monthly(level, min_epochs=2)).all()


def test_uncertainty_and_estimates_come_along() -> None:
    level = series(["2001-03-05", "2001-03-15"], [1, 2], "instant",
                   std_uncertainty=[0.1, 0.3], status=["final", "estimated"])  # fmt: skip
    march = completeness.monthly(level, min_epochs=2).sel(time="2001-03-01")
    assert march["std_uncertainty"].item() == pytest.approx(0.2)
    assert march["estimated"].item()


@pytest.mark.parametrize(
    ("missing", "complete"),
    [
        ([], True),
        (["2004-02-01", "2004-02-02", "2004-02-03", "2004-02-04"], True),
        (["2004-02-11", "2004-02-12", "2004-02-13", "2004-02-14", "2004-02-15"], False),
        (["2004-02-25", "2004-02-26", "2004-02-27", "2004-02-28", "2004-02-29"], False),
        ([f"2004-02-{day:02d}" for day in range(1, 21, 2)], True),  # 10 days, none in a row
        ([f"2004-02-{day:02d}" for day in range(1, 23, 2)], False),  # 11 days
    ],
)
def test_wmo_rule_of_daily_values_in_a_leap_february(missing: list[str], complete: bool) -> None:
    months = completeness.monthly(days("2004-02-01", "2004-02-29", tuple(missing)))
    assert months.sel(time="2004-02-01").notnull().item() is complete
    assert months.sel(time="2004-02-01")["n_valid"].item() == 29 - len(missing)


def test_a_gap_across_two_months_counts_in_each() -> None:
    gap = tuple(f"2001-01-{d}" for d in (28, 29, 30, 31)) + tuple(f"2001-02-0{d}" for d in (1, 2, 3, 4))
    assert completeness.monthly(days("2001-01-01", "2001-02-28", gap)).notnull().sum() == 2


def test_two_values_of_one_day_or_month_are_refused() -> None:
    with pytest.raises(NotComputable, match="two daily"):
        completeness.monthly(series(["2001-01-01T00", "2001-01-01T12"], [1, 2], "P1D"))
    with pytest.raises(NotComputable, match="two monthly"):
        completeness.monthly(series(["2001-01-01", "2001-01-15"], [1, 2], "P1M"))
    with pytest.raises(NotComputable, match="has no months"):
        completeness.monthly(series(["2001-01-01"], [1], "P1Y"))


def test_annual_mean_needs_its_months_and_says_how_many_there_were() -> None:
    values = np.arange(36.0)
    values[[14, 30, 31]] = np.nan
    years = completeness.annual(month_series(values))
    assert [(y.year, y.n_months) for y in years] == [(2000, 12), (2001, 11), (2002, 10)]
    assert years[0].value == 5.5
    assert np.isnan([years[1].value, years[2].value]).all()
    assert completeness.annual(month_series(values), required=11)[1].value == pytest.approx(
        np.delete(values, 14)[12:23].mean()
    )


def test_a_year_without_any_month_is_no_year() -> None:
    level = series(["2001-03-01", "2004-03-01"], [1, 2], "P1M")
    assert [y.year for y in completeness.annual(completeness.monthly(level))] == [2001, 2004]


def test_nothing_gives_nothing() -> None:
    empty = completeness.monthly(series(["2001-03-05"], [np.nan], "instant"), min_epochs=1)
    assert completeness.annual(completeness.fill_single_months(empty, min_cycle_years=1)) == []
    assert np.isnan(completeness.normals(empty, (1991, 2020))).all()


def falling(n_years: int, gaps: tuple[int, ...]) -> tuple[np.ndarray, xr.DataArray]:
    """A level that falls steadily with a fixed seasonal cycle, and the same with months missing."""
    month = np.arange(n_years * 12)
    truth = -27 - 0.008 * month + 0.15 * np.sin(2 * np.pi * month / 12) + 0.05 * np.cos(4 * np.pi * month / 12)
    seen = truth.copy()
    seen[list(gaps)] = np.nan
    return truth, month_series(seen)


@pytest.mark.parametrize("gap", [36, 41, 47])  # January, June, December of the fourth year
def test_one_missing_month_is_filled_exactly_on_a_steady_fall_with_a_cycle(gap: int) -> None:
    truth, months = falling(8, (gap,))
    filled = completeness.fill_single_months(months, min_cycle_years=3)
    assert filled.values == pytest.approx(truth)
    assert np.flatnonzero(filled["filled"]).tolist() == [gap]
    year = completeness.annual(filled)[3]
    assert (year.n_months, year.estimated, year.filled) == (11, True, True)
    assert year.value == pytest.approx(truth[36:48].mean())


@pytest.mark.parametrize(
    ("gaps", "why"),
    [
        ((40, 43), "two months of the year"),
        ((36, 35), "its neighbour in the year before"),
        ((95,), "the end of the record: the year may not be over"),
        ((0,), "the start of the record"),
    ],
)
def test_no_month_is_invented(gaps: tuple[int, ...], why: str) -> None:
    _, months = falling(8, gaps)
    filled = completeness.fill_single_months(months, min_cycle_years=3)
    assert not filled["filled"].any(), why
    assert filled.identical(months)


def test_too_short_a_cycle_fills_nothing() -> None:
    _, months = falling(4, (18,))
    assert not completeness.fill_single_months(months, min_cycle_years=5)["filled"].any()


def test_cycle_rests_on_thirteen_months_in_a_row() -> None:
    _, months = falling(3, (20,))
    assert np.flatnonzero(~completeness.cycle_support(months)).tolist() == [20]
    _, months = falling(2, (11,))
    assert not completeness.cycle_support(months)[:12].any()


def test_normals_need_four_fifths_of_the_years_month_by_month() -> None:
    values = np.tile(np.arange(12.0), 30)
    values[12 * np.arange(6)] = np.nan  # January lacks 6 of 30 years
    values[12 * np.arange(7) + 1] = np.nan  # February lacks 7
    normal = completeness.normals(month_series(values, "1991-01"), (1991, 2020))
    assert normal["n_valid"].values.tolist() == [24, 23] + [30] * 10
    assert normal.sel(month=1).item() == 0
    assert np.isnan(normal.sel(month=2).item())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(-40, 40), st.floats(0.1, 10))
def test_months_years_and_fills_follow_shift_and_scale(seed: int, shift: float, factor: float) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=96)
    values[rng.integers(12, 84)] = np.nan

    def years(of: np.ndarray) -> np.ndarray:
        filled = completeness.fill_single_months(month_series(of), min_cycle_years=3)
        return np.array([y.value for y in completeness.annual(filled)])

    assert years(values * factor + shift) == pytest.approx(years(values) * factor + shift, abs=1e-9)
