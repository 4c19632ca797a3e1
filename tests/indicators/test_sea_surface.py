"""Sea surface temperature: annual means and anomalies by hand, and base periods that a record does not cover."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_series import by_start, check_form, check_windows, make, months

from caspian_env.errors import NotComputable
from caspian_env.indicators import sea_surface

MEAN = {"analysis_uncertainty": 0.7, "ci_level": 0.9}
ANOMALY = MEAN | {"base": [1991, 2020], "min_base_share": 0.8}


def monthly(first: str, count: int, gaps: tuple[int, ...] = (), u: float = np.nan, trend: float = 0.04) -> xr.DataArray:
    """Synthetic monthly temperature: a cycle of 12 degrees around 15, warming by ``trend`` a year."""
    i = np.arange(count)
    values = 15 - 12 * np.cos(2 * np.pi * i / 12) + trend * (i // 12)
    values[list(gaps)] = np.nan
    return make(months(first, count), values, units="degree_Celsius", resolution="P1M", u=u)


def daily(first: str, last: str, drop: tuple[str, ...] = (), u: float = np.nan) -> xr.DataArray:
    times = pd.date_range(first, last).drop(pd.DatetimeIndex(list(drop)))
    values = 15 - 12 * np.cos(2 * np.pi * np.asarray(times.day_of_year) / 365.25) + 0.01 * np.asarray(times.day)
    return make(times.values, values, units="degree_Celsius", resolution="P1D", u=u)


def test_annual_mean_of_months_by_hand() -> None:
    result = sea_surface.annual_mean(monthly("2001-01", 24, gaps=(20,)), **MEAN)
    check_form(result, "degree_Celsius")
    rows = by_start(result)
    assert rows["2001-01-01"]["value"].item() == pytest.approx(15)
    assert rows["2001-01-01"]["std_uncertainty"].item() == pytest.approx(0.7)
    assert rows["2002-01-01"]["reason"].item() == "11 of 12 months"


def test_error_of_the_product_is_kept_whole_over_the_year() -> None:
    result = sea_surface.annual_mean(monthly("2001-01", 12, u=0.25), **MEAN)
    assert result["std_uncertainty"].values == pytest.approx([0.25])


def test_annual_mean_of_days_is_the_mean_of_twelve_months() -> None:
    sst = daily("2003-01-01", "2004-12-31")
    result = sea_surface.annual_mean(sst, **MEAN)
    by_month = sst.to_series().resample("MS").mean()
    expected = by_month.groupby(by_month.index.year).mean()
    assert result["value"].values == pytest.approx(expected.values)
    assert result["n_valid"].values.tolist() == [12, 12]


def test_five_missing_days_in_a_row_refuse_the_year() -> None:
    sst = daily("2004-01-01", "2004-12-31", drop=tuple(f"2004-02-2{d}" for d in range(5, 10)))
    assert sea_surface.annual_mean(sst, **MEAN)["reason"].values.tolist() == ["11 of 12 months"]


def test_anomaly_by_hand() -> None:
    result = sea_surface.annual_anomaly(monthly("1991-01", 32 * 12, u=0.3), **ANOMALY)
    check_form(result, "degree_Celsius")
    rows = by_start(result)
    assert rows["1991-01-01"]["value"].item() == pytest.approx(-0.04 * 14.5)
    assert rows["2022-01-01"]["value"].item() == pytest.approx(0.04 * (31 - 14.5))
    assert rows["2022-01-01"]["std_uncertainty"].item() == pytest.approx(0.3 * np.sqrt(1 + 1 / 30))


def test_a_gap_in_the_base_leaves_the_season_out_of_the_anomaly() -> None:
    sst = monthly("1991-01", 32 * 12, gaps=(6, 18), trend=0.0)  # two Julys
    rows = by_start(sea_surface.annual_anomaly(sst, **ANOMALY))
    assert rows["1991-01-01"]["reason"].item() == "11 of 12 months"
    assert rows["2022-01-01"]["value"].item() == pytest.approx(0, abs=1e-12)


def test_a_record_that_does_not_cover_the_base_says_so_once() -> None:
    result = sea_surface.annual_anomaly(monthly("2010-01", 11 * 12), **ANOMALY)
    assert result["reason"].values.tolist() == [
        "the base period 1991-2020 needs 24 of 30 years of every month, this record has 11 (within 2010-2020)"
    ]
    assert result["period_start"].values == np.datetime64("2020-01-01")
    after = sea_surface.annual_anomaly(monthly("2021-01", 24), **ANOMALY)
    assert after["reason"].values.tolist() == [
        "the base period 1991-2020 needs 24 of 30 years of every month, this record has none"
    ]


def test_twenty_four_base_years_are_enough_and_twenty_three_are_not() -> None:
    enough = sea_surface.annual_anomaly(monthly("1997-01", 24 * 12), **ANOMALY)
    assert (enough["reason"] == "").all()
    few = sea_surface.annual_anomaly(monthly("1998-01", 23 * 12), **ANOMALY)
    assert few["value"].isnull().all()


@pytest.mark.parametrize(
    "function", [partial(sea_surface.annual_mean, **MEAN), partial(sea_surface.annual_anomaly, **ANOMALY)]
)
def test_no_values_give_no_rows_and_other_units_are_refused(function: Callable[[xr.DataArray], xr.Dataset]) -> None:
    assert function(monthly("2001-01", 12, gaps=tuple(range(12)))).sizes["period"] == 0
    assert function(monthly("2001-01", 12)[:0]).sizes["period"] == 0
    with pytest.raises(NotComputable, match="units"):
        function(monthly("2001-01", 12).assign_attrs(units="K"))
    with pytest.raises(NotComputable, match="ascending"):
        function(monthly("2001-01", 12)[::-1])


@pytest.mark.parametrize(
    "sst",
    [
        monthly("1988-03", 36 * 12, gaps=(50, 100, 101, 430), u=0.2),
        daily("2001-03-05", "2006-06-30", drop=("2003-05-05",)),
    ],
)
def test_windows_hold_all_that_a_value_is_made_of(sst: xr.DataArray) -> None:
    check_windows(partial(sea_surface.annual_mean, **MEAN), sst)
    base = [2002, 2005] if sst.attrs["resolution"] == "P1D" else [1991, 2020]
    check_windows(partial(sea_surface.annual_anomaly, **ANOMALY | {"base": base}), sst)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-5, 5), factor=st.floats(0.1, 3))
def test_anomaly_forgets_a_shift_and_keeps_a_scale(seed: int, shift: float, factor: float) -> None:
    sst = monthly("1991-01", 31 * 12)
    sst = sst.copy(data=sst.values + np.random.default_rng(seed).normal(size=sst.size))
    moved = sst.copy(data=sst.values * factor + shift)
    plain, after = (sea_surface.annual_anomaly(x, **ANOMALY)["value"].values for x in (sst, moved))
    np.testing.assert_allclose(after, plain * factor, atol=1e-9)
