"""SPI and SPEI as indicators: their index, uncertainty, windows and refusals; synthetic series."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from caspian_env.errors import NotComputable
from caspian_env.indicators import drought
from caspian_env.processing import drought as indices
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make, months

SPI = {"scale": 3, "calibration": [1991, 2020], "zero": "center", "ci_level": 0.9}
SPEI = {"scale": 12, "calibration": [1991, 2020], "ci_level": 0.9}


def rain(first: str = "1986-01", count: int = 456, seed: int = 2) -> xr.DataArray:
    values = np.random.default_rng(seed).gamma(2, 20, count)
    return make(months(first, count), values, units="mm", resolution="P1M")


def demand(first: str = "1986-01", count: int = 456) -> xr.DataArray:
    values = 3 - 2 * np.cos(2 * np.pi * np.arange(count) / 12) + np.random.default_rng(4).normal(0, 0.2, count)
    return make(months(first, count), values, units="mm d-1", resolution="P1M", status="estimated")


def test_spi_is_the_index_with_its_windows() -> None:
    series = rain()
    found = drought.spi(series, **SPI)
    check_form(found, "1")
    known = indices.spi(series, 3, calibration=(1991, 2020), zero="center")
    np.testing.assert_allclose(found["value"], known.values[2:], rtol=1e-12)
    short = rain(count=60 + 360)
    check_windows(lambda s: drought.spi(s, **SPI).isel(period=slice(-40, None)), short)
    row = by_start(found)["2020-05-01"]
    assert row["n_valid"] == 3
    assert row["std_uncertainty"] == pytest.approx(np.sqrt((1 + row["value"] ** 2 / 2) / 30))


def test_its_uncertainty_is_about_the_scatter_of_the_fit() -> None:
    """120 calibrations of 30 years; the same sum, 20 % of the time undershot, is scored by each."""
    scores = []
    for seed in range(120):
        series = rain("1991-01", 361, seed=100 + seed)
        values = series.values.copy()
        values[-1] = 16.48  # quantile 0.2 of the gamma law with shape 2 and scale 20
        row = drought.spi(series.copy(data=values), **{**SPI, "scale": 1}).isel(period=-1)
        scores.append((float(row["value"]), float(row["std_uncertainty"])))
    z, u = np.array(scores).T
    assert z.mean() == pytest.approx(-0.84, abs=0.05)
    assert u.mean() == pytest.approx(z.std(), rel=0.25)


@pytest.mark.parametrize("probability", [0.2, 0.5])
def test_overlapping_sums_of_two_years_count_for_fewer(probability: float) -> None:
    """120 calibrations; sums of 24 months share half with the next year's, which thirty years do not make up for."""
    same = stats.gamma.ppf(probability, 2 * 24, scale=20)
    scores = []
    for seed in range(120):
        series = rain("1989-02", 24 * 2 - 1 + 12 * 30, seed=500 + seed)
        values = series.values.copy()
        values[-24:] = same / 24
        row = drought.spi(series.copy(data=values), **{**SPI, "scale": 24}).isel(period=-1)
        scores.append((float(row["value"]), float(row["std_uncertainty"])))
    z, u = np.array(scores).T
    assert u.mean() == pytest.approx(z.std(), rel=0.25)
    assert u.mean() / np.sqrt(2) < 0.75 * z.std()  # as if they did not overlap


def test_spei_takes_days_of_the_month() -> None:
    found = drought.spei(rain(), demand(), **SPEI)
    check_form(found, "1")
    days = rain()["time"].dt.days_in_month.values
    balance = rain().copy(data=rain().values - demand().values * days)
    known = indices.spei(balance, 12, calibration=(1991, 2020))
    np.testing.assert_allclose(found["value"], known.values[11:], rtol=1e-12)
    for scale in (3, 24):
        other = drought.spei(rain(), demand(), **{**SPEI, "scale": scale})
        again = indices.spei(balance, scale, calibration=(1991, 2020))
        np.testing.assert_allclose(other["value"], again.values[scale - 1 :], rtol=1e-12)
    later = drought.spei(rain(), demand("1990-01", 408), **SPEI)
    assert later["period_start"].values[0] == np.datetime64("1990-12-01")


def test_a_gap_leaves_out_the_sums_it_is_in() -> None:
    found = by_start(drought.spi(rain().drop_isel(time=410), **SPI))
    assert not {"2020-03-01", "2020-04-01", "2020-05-01"} & set(found)
    assert {"2020-02-01", "2020-06-01"} <= set(found)


def test_too_few_years_are_refused_once() -> None:
    found = drought.spi(rain("2002-01", 12 * 19), **SPI)
    assert found.sizes["period"] == 1
    assert found["reason"].item().startswith("the years 1991-2020 give no law: a calendar month has 1")
    flat = drought.spi(rain().copy(data=np.full(456, 10.0)), **SPI)
    assert "do not differ" in flat["reason"].item()


def test_the_whole_record_may_fit_the_law() -> None:
    whole = drought.spi(rain(), **{**SPI, "calibration": None})
    check_form(whole, "1")
    known = indices.spi(rain(), 3, calibration=None, zero="center")
    np.testing.assert_allclose(whole["value"], known.values[2:], rtol=1e-12)
    years = np.bincount(known["time"].dt.month[2:].to_numpy(), minlength=13)[known["time"].dt.month[2:].to_numpy()]
    np.testing.assert_allclose(whole["std_uncertainty"], np.sqrt((1 + whole["value"] ** 2 / 2) / years))
    other = drought.spei(rain(), demand(), **{**SPEI, "calibration": None})
    assert not np.allclose(other["value"], drought.spei(rain(), demand(), **SPEI)["value"])


def test_a_newest_month_without_an_index_says_why() -> None:
    incomplete = drought.spi(rain().drop_isel(time=454), **SPI).isel(period=-1)
    assert incomplete["reason"].item() == "a month of the sum is missing" and np.isnan(incomplete["value"])
    assert (int(incomplete["n_valid"]), int(incomplete["n_expected"])) == (2, 3)
    no_rain = rain().where(rain()["time"].dt.month != 12, other=0.0).assign_attrs(rain().attrs)
    found = drought.spi(no_rain, **{**SPI, "scale": 1})
    assert found["reason"].values[-1].startswith("the sums of this calendar month")
    assert np.isfinite(found["value"].values[:-1]).all()


def test_edges() -> None:
    assert drought.spi(rain()[:0], **SPI).sizes["period"] == 0
    assert drought.spi(rain().copy(data=np.full(456, np.nan)), **SPI).sizes["period"] == 0
    one = drought.spi(rain(count=1), **SPI)
    assert one["reason"].item()
    with pytest.raises(NotComputable, match="negative"):
        drought.spi(rain().copy(data=rain().values - 500), **SPI)
    with pytest.raises(NotComputable, match="units"):
        drought.spi(demand(), **SPI)
    with pytest.raises(NotComputable, match="ascending"):
        drought.spi(rain()[::-1], **SPI)
