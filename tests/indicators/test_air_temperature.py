"""Temperature and precipitation: means, normals, anomalies, trends, and what is refused; synthetic series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from caspian_env.errors import NotComputable
from caspian_env.indicators import air_temperature, precipitation
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make, months

ERROR = {"value_uncertainty": 0.2, "ci_level": 0.9}
BASE = {"base": [1991, 2020], "min_base_share": 0.8}


def monthly(first: str, count: int, *, slope: float = 0.03, units: str = "degree_Celsius") -> xr.DataArray:
    rng = np.random.default_rng(3)
    n = np.arange(count)
    values = 15 - 10 * np.cos(2 * np.pi * n / 12) + slope * n / 12 + rng.normal(0, 1, count)
    return make(months(first, count), values, units=units, resolution="P1M")


def days(first: str, last: str, drop: tuple[str, ...] = ()) -> xr.DataArray:
    time = pd.date_range(first, last, freq="D")
    time = time[~time.isin(pd.DatetimeIndex(list(drop)))]
    return make(time, 10 + time.day_of_year / 100, units="degree_Celsius", resolution="P1D")


def test_means_are_those_of_pandas() -> None:
    series = monthly("1981-01", 480)
    known = series.to_series()
    found = air_temperature.annual_mean(series, **ERROR)
    check_form(found, "degree_Celsius")
    check_windows(lambda s: air_temperature.annual_mean(s, **ERROR), series)
    np.testing.assert_allclose(found["value"], known.resample("YS").mean(), rtol=1e-12)
    one = air_temperature.monthly_mean(series, **ERROR)
    np.testing.assert_allclose(one["value"], known, rtol=1e-12)
    assert (one["n_expected"] == 1).all()


def test_a_month_of_days_follows_the_rule_and_a_leap_day_counts() -> None:
    gap = tuple(f"2024-03-{day:02d}" for day in range(10, 15))
    found = by_start(air_temperature.monthly_mean(days("2024-01-01", "2024-04-30", gap), **ERROR))
    assert found["2024-02-01"]["n_valid"] == found["2024-02-01"]["n_expected"] == 29
    assert found["2024-03-01"]["reason"].item().startswith("26 of 31 days")
    assert found["2024-04-01"]["reason"].item() == ""


def test_normals_are_told_apart_and_hold_their_sampling_error() -> None:
    series = monthly("1981-01", 480)
    found = air_temperature.normal(series, **BASE, **ERROR)
    check_form(found, "degree_Celsius")
    check_windows(lambda s: air_temperature.normal(s, **BASE, **ERROR), series)
    known = series.to_series()["1991":"2020"]
    np.testing.assert_allclose(found["value"][:12], known.groupby(known.index.month).mean(), rtol=1e-12)
    assert found["value"][12] == pytest.approx(known.mean())
    assert found["std_uncertainty"][0] == pytest.approx(np.hypot(0.2, known[known.index.month == 1].sem()))
    assert len(set(zip(found["period_start"].values, found["period_end"].values, strict=True))) == 13
    assert str(found["period_end"].values[0])[:10] == "2020-02-01"


def test_twenty_four_years_are_enough_and_twenty_three_are_named() -> None:
    enough = air_temperature.normal(monthly("1997-01", 24 * 12), **BASE, **ERROR)
    assert (enough["reason"] == "").all()
    assert (enough["n_valid"] == 24).all()
    found = air_temperature.normal(monthly("1998-01", 23 * 12), **BASE, **ERROR)
    assert set(found["reason"].values) == {
        "the base period 1991-2020 needs 24 of 30 years, this record has 23 (within 1998-2020)"
    }
    refused = air_temperature.annual_anomaly(monthly("1998-01", 23 * 12), **BASE, **ERROR)
    assert refused.sizes["period"] == 1
    assert "23 (within 1998-2020)" in refused["reason"].item()
    nothing = air_temperature.normal(monthly("2021-01", 12), **BASE, **ERROR)
    assert "this record has none" in nothing["reason"].values[0]


def test_one_calendar_month_alone_is_refused() -> None:
    series = monthly("1991-01", 360)
    july = np.flatnonzero(series["time"].dt.month == 7)[:7]
    found = air_temperature.normal(series.drop_isel(time=july), **BASE, **ERROR)
    assert np.flatnonzero(found["reason"] != "").tolist() == [6, 12]


def test_anomalies_average_to_nothing_over_the_base_and_shift_with_nothing() -> None:
    series = monthly("1981-01", 480)
    found = air_temperature.annual_anomaly(series, **BASE, **ERROR)
    check_form(found, "degree_Celsius")
    check_windows(lambda s: air_temperature.annual_anomaly(s, **BASE, **ERROR), series)
    years = found["period_start"].dt.year
    assert found["value"][(years >= 1991) & (years <= 2020)].mean() == pytest.approx(0, abs=1e-12)
    moved = air_temperature.annual_anomaly(series.copy(data=series.values + 5), **BASE, **ERROR)
    np.testing.assert_allclose(moved["value"], found["value"], atol=1e-12)


@pytest.mark.parametrize("slope", ["ols", "sen"])
def test_a_known_trend_is_found(slope: str) -> None:
    series = monthly("1981-01", 40 * 12, slope=0.05)
    found = air_temperature.trend(series, years=30, slope=slope, **ERROR)
    assert (found["std_uncertainty"] > 0).all()  # Sen's too: half its interval over the normal quantile
    assert found.sizes["period"] == 11
    assert ((found["ci_low"] < found["value"]) & (found["value"] < found["ci_high"])).all()
    assert found["value"].mean() == pytest.approx(0.05, abs=0.01)
    if slope == "ols":
        check_form(found, "degree_Celsius year-1")
        annual = series.to_series().resample("YS").mean()
        assert found["value"][-1] == pytest.approx(np.polyfit(np.arange(30), annual[-30:], 1)[0])
        check_windows(lambda s: air_temperature.trend(s, years=30, slope=slope, **ERROR), series)


def test_trend_refusals() -> None:
    with pytest.raises(NotComputable, match="below 10"):
        air_temperature.trend(monthly("1991-01", 120), years=9, slope="ols", **ERROR)
    found = air_temperature.trend(monthly("1991-01", 23 * 12), years=30, slope="ols", **ERROR)
    assert found["reason"].values[-1].startswith("23 of the 30 years 1984-2013 have a value; 24 are needed")


def test_midrange_is_half_the_sum() -> None:
    low = monthly("1991-01", 360)
    high = low.copy(data=low.values + 8)
    for name in ("normal", "annual_anomaly"):
        mid = getattr(air_temperature, f"midrange_{name}")(high, low, **BASE, **ERROR)
        own = getattr(air_temperature, name)(low.copy(data=low.values + 4), **BASE, **ERROR)
        np.testing.assert_allclose(mid["value"], own["value"], rtol=1e-9, atol=1e-12)
    mid = air_temperature.midrange_monthly_mean(high[5:], low, **ERROR)
    np.testing.assert_allclose(mid["value"], low.values[5:] + 4)


def test_edges() -> None:
    empty = monthly("1991-01", 12)[:0]
    for function in (air_temperature.annual_mean, air_temperature.monthly_mean):
        assert function(empty, **ERROR).sizes["period"] == 0
    assert (air_temperature.normal(empty, **BASE, **ERROR)["reason"] != "").all()
    missing = monthly("1991-01", 24)
    assert air_temperature.annual_mean(missing.copy(data=np.full(24, np.nan)), **ERROR).sizes["period"] == 0
    one = air_temperature.annual_mean(monthly("1991-01", 1), **ERROR)
    assert one["reason"].item() == "1 of 12 months"
    with pytest.raises(NotComputable, match="units"):
        air_temperature.annual_mean(monthly("1991-01", 24, units="K"), **ERROR)
    with pytest.raises(NotComputable, match="ascending"):
        air_temperature.annual_mean(monthly("1991-01", 24)[::-1], **ERROR)
    flat = monthly("1991-01", 360)
    same = air_temperature.trend(flat.copy(data=np.full(360, 7.0)), years=30, slope="ols", **ERROR)
    assert same["value"].item() == pytest.approx(0, abs=1e-12)


def rain(first: str, count: int) -> xr.DataArray:
    values = np.random.default_rng(5).gamma(2, 30, count)
    return make(months(first, count), values, units="mm", resolution="P1M")


def test_totals_normals_and_trend_of_precipitation() -> None:
    series = rain("1991-01", 360)
    known = series.to_series()
    totals = precipitation.annual_total(series, relative_uncertainty=0.1, ci_level=0.9)
    check_form(totals, "mm")
    np.testing.assert_allclose(totals["value"], known.resample("YS").sum(), rtol=1e-12)
    np.testing.assert_allclose(totals["std_uncertainty"], 0.1 * totals["value"])
    normal = precipitation.normal(series, **BASE, ci_level=0.9)
    check_form(normal, "mm")
    check_windows(lambda s: precipitation.normal(s, **BASE, ci_level=0.9), series)
    assert normal["value"][12] == pytest.approx(known.sum() / 30)
    assert normal["std_uncertainty"][12] == pytest.approx(known.resample("YS").sum().sem())
    trend = precipitation.trend(series, years=30, slope="ols", ci_level=0.9)
    assert trend["value"].item() == pytest.approx(np.polyfit(np.arange(30), known.resample("YS").sum(), 1)[0])


def test_a_sum_of_days_allows_no_gap() -> None:
    time = pd.date_range("2023-01-01", "2024-12-31", freq="D")
    series = make(time, np.ones(time.size), units="mm", resolution="P1D")
    whole = precipitation.annual_total(series, relative_uncertainty=0.1, ci_level=0.9)
    assert whole["value"].values == pytest.approx([365, 366])
    gap = precipitation.annual_total(series.drop_isel(time=40), relative_uncertainty=0.1, ci_level=0.9)
    assert gap["reason"].values.tolist() == ["11 of 12 months", ""]
