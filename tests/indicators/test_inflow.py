"""Amounts of rivers against pandas, their anomalies and the day of the peak; synthetic discharge."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from caspian_env.errors import NotComputable
from caspian_env.indicators import inflow, precipitation
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make, months

SHARE = {"relative_uncertainty": 0.2, "ci_level": 0.9}
BASE = {"base": (2001, 2010), "min_base_share": 0.8, **SHARE}


def daily(first: str = "2000-01-01", last: str = "2011-12-31", seed: int = 1, mean: float = 8000.0) -> pd.Series:
    """A flood each May over noise, in m3 s-1."""
    days = pd.date_range(first, last)
    noise = np.random.default_rng(seed).gamma(4.0, 0.1, days.size)
    flood = np.exp(-(((days.day_of_year.to_numpy() - 140) / 20.0) ** 2))
    return pd.Series(mean * (0.6 + noise + 1.5 * flood), days)


def discharge(series: pd.Series, resolution: str = "P1D") -> xr.DataArray:
    return make(series.index.to_numpy(), series.to_numpy(), units="m3 s-1", resolution=resolution)


def test_months_and_years_are_those_of_pandas() -> None:
    series = daily()
    volume = series * 86400 / 1e9
    found = by_start(inflow.monthly(discharge(series), **SHARE))
    for start, value in volume.resample("MS").sum().items():
        assert found[f"{start:%F}"]["value"].item() == pytest.approx(value, rel=1e-12)
        assert found[f"{start:%F}"]["std_uncertainty"].item() == pytest.approx(0.2 * value, rel=1e-12)
    years = by_start(inflow.annual(discharge(series), plausible=None, **SHARE))
    known = volume.resample("YS").sum()
    assert {start[:4]: row["value"].item() for start, row in years.items()} == pytest.approx(
        {f"{start:%Y}": value for start, value in known.items()}, rel=1e-12
    )
    check_form(inflow.annual(discharge(series), plausible=None, **SHARE), "km3")
    check_windows(lambda s: inflow.annual(s, plausible=None, **SHARE), discharge(series))
    check_windows(lambda s: inflow.monthly(s, **SHARE), discharge(series))


def test_monthly_means_weigh_by_their_days() -> None:
    series = pd.Series(np.arange(12.0) + 1, pd.DatetimeIndex(months("2024-01", 12)))
    row = inflow.annual(discharge(series, "P1M"), plausible=None, **SHARE)
    days = series.index.days_in_month.to_numpy()
    assert row["value"].item() == pytest.approx(float(series @ days) * 86400 / 1e9, rel=1e-12)
    assert days[1] == 29


def test_anomaly_against_a_base_period() -> None:
    series = daily()
    yearly = (series * 86400 / 1e9).resample("YS").sum()
    yearly.index = yearly.index.year
    found = by_start(inflow.annual_anomaly(discharge(series), **BASE))
    known = yearly - yearly.loc[2001:2010].mean()
    assert {int(s[:4]): row["value"].item() for s, row in found.items()} == pytest.approx(known.to_dict(), abs=1e-9)
    u = found["2011-01-01"]["std_uncertainty"].item()
    assert u == pytest.approx(0.2 * np.hypot(yearly[2011], yearly.loc[2001:2010].mean() / np.sqrt(10)))
    check_windows(lambda s: inflow.annual_anomaly(s, **BASE), discharge(series))
    short = inflow.annual_anomaly(discharge(series.loc["2004":]), **BASE)
    assert short["reason"].values.tolist() == [
        "the base period 2001-2010 needs 8 of 10 years, this record has 7 (within 2004-2010)"
    ]


def test_four_rivers_are_the_sum_of_each() -> None:
    four = [daily(seed=k, mean=m) for k, m in enumerate((8000.0, 300.0, 250.0, 500.0))]
    together = inflow.annual_of_four(*map(discharge, four), **SHARE)
    each = [inflow.annual(discharge(one), plausible=None, **SHARE)["value"].values for one in four]
    np.testing.assert_allclose(together["value"].values, np.sum(each, axis=0), rtol=1e-12)
    four[2] = four[2].drop(pd.Timestamp("2005-07-09"))
    rows = by_start(inflow.annual_of_four(*map(discharge, four), **SHARE))
    assert rows["2005-01-01"]["reason"].item() == "11 of 12 months"
    anomalies = inflow.anomaly_of_four(*map(discharge, four), **BASE)
    assert np.isnan(by_start(anomalies)["2005-01-01"]["value"].item())
    assert np.isfinite(by_start(anomalies)["2006-01-01"]["value"].item())
    shorter = [one.loc["2006":] if k == 3 else one for k, one in enumerate(four)]
    assert by_start(inflow.annual_of_four(*map(discharge, shorter), **SHARE))["2004-01-01"]["reason"].item() == (
        "0 of 12 months"
    )


def test_a_year_that_no_volga_can_have_is_refused() -> None:
    row = inflow.annual(discharge(daily(mean=300.0)), plausible=[100, 400], **SHARE)
    assert row["reason"].values[0].endswith("is outside 100 to 400: an error of the data")


def test_the_day_of_the_peak() -> None:
    series = daily()
    found = by_start(inflow.peak_day(discharge(series), day_uncertainty=3, ci_level=0.9))
    known = series.groupby(series.index.year).idxmax()
    assert {s[:4]: row["value"].item() for s, row in found.items()} == {
        str(year): float(day.day_of_year) for year, day in known.items()
    }
    gap = inflow.peak_day(discharge(series.drop(series.index[500])), day_uncertainty=3, ci_level=0.9)
    assert by_start(gap)["2001-01-01"]["reason"].item() == "364 of 365 days: the largest may be among the others"
    with pytest.raises(NotComputable, match="not of days"):
        inflow.peak_day(discharge(series.resample("MS").mean(), "P1M"), day_uncertainty=3, ci_level=0.9)


@settings(max_examples=20, deadline=None)
@given(gone=st.sets(st.integers(0, 730), max_size=6), factor=st.floats(0.01, 100))
def test_a_missing_day_takes_its_month_and_year_and_no_other(gone: set[int], factor: float) -> None:
    series = daily("2003-01-01", "2004-12-31")
    whole = by_start(inflow.monthly(discharge(series), **SHARE))
    holed = series.drop(series.index[list(gone)]) * factor
    found = by_start(inflow.monthly(discharge(holed), **SHARE))
    hit = {f"{series.index[k]:%Y-%m}-01" for k in gone}
    for start, row in found.items():
        if start in hit:
            assert "are missing" in row["reason"].item()
        else:
            assert row["value"].item() == pytest.approx(whole[start]["value"].item() * factor, rel=1e-9)
    years = by_start(inflow.annual(discharge(holed), plausible=None, **SHARE))
    assert {s[:4] for s, row in years.items() if row["reason"].item()} == {start[:4] for start in hit}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"units": "mm"}, "units are 'mm', not m3 s-1"),
        ({"units": "m3 d-1"}, "units are 'm3 d-1', not m3 s-1"),
        ({"resolution": "instant"}, "neither days nor months"),
    ],
)
def test_what_is_no_discharge_is_refused(changed: dict[str, str], said: str) -> None:
    series = discharge(daily("2003-01-01", "2003-12-31"))
    series.attrs |= changed
    with pytest.raises(NotComputable, match=said):
        inflow.monthly(series, **SHARE)
    with pytest.raises(NotComputable, match="not ascending"):
        inflow.monthly(discharge(daily("2003-01-01", "2003-02-28")).isel(time=slice(None, None, -1)), **SHARE)


def test_rates_of_precipitation_are_totals_of_their_days() -> None:
    rate = pd.Series(np.random.default_rng(4).gamma(2.0, 0.3, 480), pd.DatetimeIndex(months("1981-01", 480)))
    series = make(rate.index.to_numpy(), rate.to_numpy(), units="mm d-1", resolution="P1M")
    total = (rate * rate.index.days_in_month).resample("YS").sum()
    found = precipitation.annual_total(series, relative_uncertainty=0.1, ci_level=0.9)
    np.testing.assert_allclose(found["value"].values, total.to_numpy(), rtol=1e-12)
    anomaly = precipitation.annual_anomaly(
        series, base=(1991, 2020), min_base_share=0.8, relative_uncertainty=0.1, ci_level=0.9
    )
    normal = total.loc["1991":"2020"].mean()
    np.testing.assert_allclose(anomaly["value"].values, total.to_numpy() - normal, rtol=1e-9, atol=1e-9)
    check_form(anomaly, "mm")


def test_nothing_and_nothing_but_gaps() -> None:
    empty = discharge(daily("2003-01-01", "2003-01-31").iloc[:0])
    assert inflow.monthly(empty, **SHARE).sizes["period"] == 0
    assert inflow.annual_anomaly(empty, **BASE).sizes["period"] == 0
    gaps = discharge(daily("2003-01-01", "2003-01-31") * np.nan)
    assert inflow.annual(gaps, plausible=None, **SHARE).sizes["period"] == 0
