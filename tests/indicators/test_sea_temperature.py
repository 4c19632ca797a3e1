"""Months and trends of surface temperature: by hand, against pandas, and what incomplete months and bases do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from synthetic_series import by_start, check_form, check_windows, make, months

from caspian_env.errors import NotComputable
from caspian_env.indicators import sea_temperature as sea

MEAN = {"analysis_uncertainty": 0.5, "ci_level": 0.9}
ANOMALY = MEAN | {"base": [1991, 2020], "min_base_share": 0.8}
OLS, SEN = ({**MEAN, "years": 30, "slope": slope} for slope in ("ols", "sen"))
DEG = "degree_Celsius"


def monthly(first: str, count: int, gaps: tuple[int, ...] = (), trend: float = 0.04, seed: int = 1) -> xr.DataArray:
    """Synthetic months: a cycle around 15, warming by ``trend`` a year, and noise."""
    i = np.arange(count)
    values = 15 - 12 * np.cos(2 * np.pi * i / 12) + trend * i / 12
    values = values + np.random.default_rng(seed).normal(0, 0.4, count)
    values[list(gaps)] = np.nan
    return make(months(first, count), values, units=DEG, resolution="P1M")


def daily(first: str, last: str, drop: str = "", seed: int = 2) -> xr.DataArray:
    """Synthetic days: a cycle and noise; the days ``drop`` (FIRST/LAST) are left out."""
    times = pd.date_range(first, last)
    values = 15 - 10 * np.cos(2 * np.pi * (times.day_of_year - 30) / 365.25)
    values = values + np.random.default_rng(seed).normal(0, 0.4, len(times))
    keep = ~times.isin(pd.date_range(*drop.split("/"))) if drop else slice(None)
    return make(times[keep].values, values[keep], units=DEG, resolution="P1D")


def test_months_are_those_of_pandas_and_refused_when_days_lack() -> None:
    sst = daily("2003-01-01", "2004-12-31", drop="2004-02-10/2004-02-14")
    result = sea.monthly_mean(sst, **MEAN)
    check_form(result, DEG)
    rows = by_start(result)
    expected = sst.to_series().resample("MS").mean()
    for start, row in rows.items():
        if start == "2004-02-01":
            assert row["reason"].item() == "24 of 29 days: too many are missing, or too many in a row"
            continue
        assert row["value"].item() == pytest.approx(expected[start], abs=1e-12)
        assert (
            row["n_valid"].item() == row["n_expected"].item() == expected.index.days_in_month[expected.index == start]
        )
    assert rows["2003-07-01"]["std_uncertainty"].item() == 0.5


def test_a_month_without_its_end_has_no_cold_bias_in_its_anomaly() -> None:
    """In May the water warms by half a degree a week: a mean of its first days alone is too cold, its anomaly is not."""
    short = daily("1991-01-01", "2021-12-31", drop="2021-05-28/2021-05-31")
    whole = daily("1991-01-01", "2021-12-31")
    may = [by_start(sea.monthly_mean(s, **MEAN))["2021-05-01"]["value"].item() for s in (short, whole)]
    anomaly = [by_start(sea.monthly_anomaly(s, **ANOMALY))["2021-05-01"]["value"].item() for s in (short, whole)]
    assert may[0] - may[1] < -0.3
    assert abs(anomaly[0] - anomaly[1]) < 0.1


def test_anomaly_of_days_against_a_plain_climatology() -> None:
    sst = daily("1991-01-01", "2021-12-31")
    frame = sst.to_series()
    base = frame["1991":"2020"]
    number = np.where(~base.index.is_leap_year & (base.index.day_of_year > 59), 1, 0) + base.index.day_of_year
    raw = np.full(366, np.nan)
    for day in range(1, 367):
        if day != 60:
            around = {t + pd.Timedelta(days=k) for t in base.index[number == day] for k in range(-5, 6)}
            raw[day - 1] = base[base.index.isin(around)].mean()
    raw[59] = (raw[58] + raw[60]) / 2
    seas = np.convolve(np.r_[raw[-15:], raw, raw[:15]], np.ones(31) / 31, "valid")
    june = frame["2021-06"]
    by_hand = float(
        (june - seas[june.index.day_of_year.to_numpy()]).mean()
    )  # after February a common year is a day behind
    row = by_start(sea.monthly_anomaly(sst, **ANOMALY))["2021-06-01"]
    assert row["value"].item() == pytest.approx(by_hand, abs=1e-9)
    assert row["std_uncertainty"].item() == pytest.approx(0.5 * np.sqrt(1 + 1 / 30))


def test_anomaly_of_months_by_pandas() -> None:
    sst = monthly("1985-01", 40 * 12, gaps=(100,))
    frame = sst.to_series()
    base = frame["1991":"2020"]
    expected = frame - base.groupby(base.index.month).mean().reindex(frame.index.month).to_numpy()
    result = sea.monthly_anomaly(sst, **ANOMALY)
    check_form(result, DEG)
    got = pd.Series(result["value"].values, pd.DatetimeIndex(result["period_start"].values))
    pd.testing.assert_series_equal(got, expected.dropna(), check_names=False, check_freq=False, check_index_type=False,
                                   atol=1e-12)  # fmt: skip


def test_a_record_that_does_not_cover_the_base_says_so_once() -> None:
    result = sea.monthly_anomaly(monthly("2010-01", 11 * 12), **ANOMALY)
    assert result["reason"].values.tolist() == [
        "the base period 1991-2020 needs 24 of 30 years of every month, this record has 11 (within 2010-2020)"
    ]
    assert result["period_start"].values == np.datetime64("2020-12-01")
    lone = make(["1981-09-01", "2021-10-25"], [20.0, 18.0], units=DEG, resolution="P1D")
    assert sea.monthly_anomaly(lone, **ANOMALY)["reason"].values.tolist() == [
        "the base period 1991-2020 needs 24 of 30 years of every month, this record has none"
    ]


def test_trend_is_that_of_scipy_with_a_wider_interval() -> None:
    sst = monthly("1991-01", 30 * 12)
    yearly = sst.to_series().groupby(sst["time"].dt.year.values).mean()
    line = stats.linregress(yearly.index, yearly)
    ols, sen = (sea.trend(sst, **options).isel(period=0) for options in (OLS, SEN))
    assert ols["value"].item() == pytest.approx(line.slope, rel=1e-9)
    assert ols["ci_high"].item() - ols["value"].item() >= 0.999 * stats.t.ppf(0.95, 28) * line.stderr
    assert sen["value"].item() == pytest.approx(stats.theilslopes(yearly, yearly.index).slope, rel=1e-9)
    assert sen["std_uncertainty"].item() == pytest.approx(
        (sen["ci_high"] - sen["ci_low"]).item() / (2 * stats.norm.ppf(0.95))
    )
    check_form(sea.trend(sst, **OLS), "degree_Celsius year-1")


def test_trend_of_a_short_or_broken_record_is_refused_in_words() -> None:
    short = sea.trend(monthly("2010-01", 11 * 12), **OLS)
    assert "11 of the 30 years 1991-2020 have a value" in short["reason"].item()
    gappy = sea.trend(monthly("1991-01", 30 * 12, gaps=tuple(range(60, 150, 12))), **OLS)  # eight Januaries
    assert "22 of the 30 years" in gappy["reason"].item()


@pytest.mark.parametrize(
    "function",
    [partial(sea.monthly_mean, **MEAN), partial(sea.monthly_anomaly, **ANOMALY), partial(sea.trend, **OLS)],
)
def test_no_values_give_no_rows_and_other_units_are_refused(function: Callable[[xr.DataArray], xr.Dataset]) -> None:
    assert function(monthly("2001-01", 12, gaps=tuple(range(12)))).sizes["period"] == 0
    assert function(monthly("2001-01", 12)[:0]).sizes["period"] == 0
    assert (function(monthly("2001-06", 1))["reason"] != "").all() or function.func is sea.monthly_mean
    with pytest.raises(NotComputable, match="units"):
        function(monthly("2001-01", 12).assign_attrs(units="K"))
    with pytest.raises(NotComputable, match="ascending"):
        function(monthly("2001-01", 12)[::-1])


def test_windows_hold_all_that_a_value_is_made_of() -> None:
    some = monthly("1999-01", 7 * 12, gaps=(50,))
    check_windows(partial(sea.monthly_mean, **MEAN), some)
    check_windows(partial(sea.monthly_anomaly, **ANOMALY | {"base": [2000, 2004]}), some)
    check_windows(partial(sea.trend, **OLS | {"years": 10}), monthly("1999-01", 12 * 12, gaps=(50,)))
    days = daily("2000-11-01", "2002-02-28", drop="2001-05-05/2001-05-07")
    check_windows(partial(sea.monthly_anomaly, **ANOMALY | {"base": [2001, 2001]}), days)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-5, 5), factor=st.floats(0.1, 3))
def test_anomaly_and_trend_forget_a_shift_and_keep_a_scale(seed: int, shift: float, factor: float) -> None:
    sst = monthly("1991-01", 31 * 12, seed=seed)
    moved = sst.copy(data=sst.values * factor + shift)
    for function in (partial(sea.monthly_anomaly, **ANOMALY), partial(sea.trend, **OLS), partial(sea.trend, **SEN)):
        plain, after = (function(x)["value"].values for x in (sst, moved))
        np.testing.assert_allclose(after, plain * factor, atol=1e-9)


def test_trend_of_the_real_caspian_months(shared: Callable[..., Path]) -> None:
    """COBE-SST 2, 1982-2009, ten-cell box means: the sea warms, and scipy has the same slope."""
    with xr.open_dataset(
        shared("archive", "2020-04", "downloads.psl.noaa.gov", "Datasets", "COBE2", "sst.mon.mean.nc")
    ) as file:
        cells = file["sst"].sel(lat=slice(44, 37), lon=slice(49, 53)).load()
    weight = np.cos(np.deg2rad(cells["lat"]))
    frame = cells.weighted(weight).mean(("lat", "lon")).to_series()["1982":"2009"]
    sst = make(frame.index.values, frame.to_numpy(), units=DEG, resolution="P1M")
    yearly = frame.groupby(frame.index.year).mean()
    row = sea.trend(sst, **OLS | {"years": 28}).isel(period=0)
    assert row["value"].item() == pytest.approx(stats.linregress(yearly.index, yearly).slope, rel=1e-6)
    assert row["ci_low"].item() > 0
