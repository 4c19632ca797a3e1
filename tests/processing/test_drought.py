"""SPI and SPEI: against lmoments3 and xclim at Wichita, zeros, calibration, gaps and invariances."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from caspian_env.errors import NotComputable
from caspian_env.processing.drought import gamma_parameters, l_moments, log_logistic_parameters, spei, spi


def monthly(values: Any, start: str = "1980-01") -> xr.DataArray:
    time = pd.date_range(start, periods=len(values), freq="MS").to_numpy()
    return xr.DataArray(np.asarray(values, float), dims="time", coords={"time": time}, attrs={"units": "mm"})


def synthetic_rain(seed: int, years: int = 30, dry: float = 0.0) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    rain = rng.gamma(2.0, 20.0, size=12 * years)
    return monthly(np.where(rng.random(rain.size) < dry, 0.0, rain))


@pytest.fixture(scope="module")
def wichita(shared: Callable[..., Path]) -> pd.DataFrame:
    return pd.read_csv(shared("reference", "SPEI_R", "wichita.csv"))


@pytest.fixture(scope="module")
def laws() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("lmoments3.distr", reason="lmoments3 is not installed")


def peer(sums: pd.Series, law: Any, last: int = 9999) -> pd.Series:
    """The index of each calendar month by lmoments3, which knows no zeros."""
    found = {}
    for month in range(1, 13):
        own = sums[sums.index.month == month]
        fit = law.lmom_fit(own[own.index.year <= last].to_numpy())
        with np.errstate(invalid="ignore"):  # beyond the bound of a law
            found |= dict(zip(own.index, stats.norm.ppf(law.cdf(own.to_numpy(), **fit)), strict=True))
    return pd.Series(found).sort_index()


@pytest.mark.parametrize("scale", [3, 6, 12, 24])
def test_spi_at_wichita_is_that_of_lmoments3(wichita: pd.DataFrame, laws: Any, scale: int) -> None:
    rain = monthly(wichita["PRCP"])
    sums = rain.to_series().rolling(scale).sum().dropna()
    mine = spi(rain, scale, calibration=None, limit=inf).to_series().dropna()
    assert np.abs(mine - peer(sums, laws.gam)).max() < 1e-9


@pytest.mark.parametrize("zero", ["center", "upper"])
@pytest.mark.parametrize("scale", [1, 3, 6, 12, 24])
@pytest.mark.parametrize(
    ("seed", "start", "shape", "unit", "dry", "gaps"),
    [
        (1, "1900-03", 0.8, 20.0, 0.05, 0.0),
        (2, "1951-11", 0.3, 1e-3, 0.3, 0.0),
        (3, "1980-01", 2.0, 1e4, 0.05, 0.01),
        (4, "1991-07", 10.0, 20.0, 0.0, 0.01),
    ],
)
def test_spi_of_rain_of_any_kind_is_that_of_lmoments3(
    laws: Any, seed: int, start: str, shape: float, unit: float, dry: float, gaps: float, scale: int, zero: Any
) -> None:
    """Synthetic: dry months, missing months, tenths of a unit, forty-five years from any month on; fitted to years 3 to 40."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.gamma(shape, 20.0, 545), 1) * unit / 20
    values = np.where(rng.random(545) < gaps, np.nan, np.where(rng.random(545) < dry, 0.0, values))
    rain = monthly(values, start)
    first = int(start[:4])
    sums = rain.to_series().rolling(scale).sum()
    mine = spi(rain, scale, calibration=(first + 2, first + 39), zero=zero, limit=inf).to_series()
    expected = pd.Series(np.nan, sums.index)
    for month in range(1, 13):
        own = sums[sums.index.month == month].dropna()
        past = own[(own.index.year >= first + 2) & (own.index.year <= first + 39)].to_numpy()
        n, none = past.size, int((past == 0).sum())
        share, at_zero = (none / n, none / n) if zero == "upper" else (none / (n + 1), (none + 1) / (2 * (n + 1)))
        above = laws.gam.cdf(own.to_numpy(), **laws.gam.lmom_fit(past[past > 0]))
        expected[own.index] = stats.norm.ppf(np.where(own > 0, share + (1 - share) * above, at_zero))
    np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("scale", [1, 3, 6, 12, 24])
@pytest.mark.parametrize("last", [9999, 2005])
def test_spei_at_wichita_is_that_of_lmoments3(wichita: pd.DataFrame, laws: Any, scale: int, last: int) -> None:
    balance = monthly(wichita["PRCP"] - 25 * np.exp(0.06 * wichita["TMED"]))  # any evaporation serves the comparison
    sums = balance.to_series().rolling(scale).sum().dropna()
    calibration = None if last == 9999 else (1980, last)
    mine = spei(balance, scale, calibration=calibration, limit=inf).to_series().dropna()
    theirs = peer(sums, laws.glo, last)
    bounded = np.isfinite(theirs)
    assert np.abs(mine - theirs)[bounded].max() < 1e-9
    assert bounded.all() or last == 2005  # beyond the bound of a law that was fitted without them


@pytest.mark.slow
@pytest.mark.parametrize(("zero", "theirs"), [("upper", "ecdf"), ("center", "weibull")])
@pytest.mark.parametrize("scale", [1, 3, 6, 12, 24])
def test_spi_with_dry_months_is_that_of_xclim(
    wichita: pd.DataFrame, laws: Any, zero: Any, theirs: str, scale: int
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        indices = pytest.importorskip("xclim.indices", reason="xclim is not installed")
        rain = monthly(wichita["PRCP"])
        assert (rain == 0).sum() == 4
        expected = indices.standardized_precipitation_index(
            rain.assign_attrs(units="mm/d"), freq=None, window=scale, dist=laws.gam, method="PWM",
            cal_start="1980-01-01", cal_end="2011-12-31", prob_zero_interpolation=zero, plotting_position_zero=theirs,
        ).values  # fmt: skip
    mine = spi(rain, scale, calibration=None, zero=zero, limit=8.21).values
    assert np.nanmax(np.abs(mine - expected)) < 1e-9
    assert np.array_equal(np.isnan(mine), np.isnan(expected))


def test_l_moments_by_hand_and_of_a_uniform_sample() -> None:
    # of 1 2 4: b0 7/3, b1 (0*1 + 2/2 + 2*4/2)/3 = 5/3, b2 (2*4/2)/3 = 4/3
    assert l_moments(np.array([4.0, 1.0, 2.0])) == pytest.approx((7 / 3, 1.0, (8 - 10 + 7 / 3) / 1.0))
    mean, l2, skewness = l_moments(np.linspace(0, 1, 2001))
    assert (mean, l2, skewness) == pytest.approx((1 / 2, 1 / 6, 0), abs=1e-3)


@pytest.mark.parametrize("shape", [0.4, 1.0, 2.5, 30.0])
def test_gamma_parameters_have_the_l_moments_of_their_law(shape: float) -> None:
    l2 = np.exp(np.log(3.0) + _log_gamma_ratio(shape)) / np.sqrt(np.pi)
    assert gamma_parameters(3.0 * shape, l2) == pytest.approx((shape, 3.0), rel=1e-4)


def _log_gamma_ratio(shape: float) -> float:
    from scipy.special import gammaln

    return float(gammaln(shape + 0.5) - gammaln(shape))


def test_a_symmetric_law_is_the_logistic() -> None:
    assert log_logistic_parameters(2.0, 1.0, 0.0) == (2.0, 1.0, 0.0)
    location, scale, shape = log_logistic_parameters(2.0, 1.0, 1e-4)
    assert (location, scale, shape) == pytest.approx((2.0, 1.0, 0.0), abs=1e-3)


def test_dry_months_take_the_middle_of_their_probability_or_its_end() -> None:
    rain = synthetic_rain(1, years=40, dry=0.3)
    for zero, of in (("center", lambda n, d: (d + 1) / (2 * (n + 1))), ("upper", lambda n, d: d / n)):
        index = spi(rain, 1, calibration=None, zero=zero, limit=inf)
        june = rain.time.dt.month == 6
        dry = int((rain[june] == 0).sum())
        assert 0 < dry < 40
        at_zero = np.unique(index[june].values[rain[june].values == 0])
        assert at_zero.size == 1
        assert at_zero[0] == pytest.approx(stats.norm.ppf(of(40, dry)))


def test_a_calendar_month_without_rain_has_no_index_and_the_others_theirs() -> None:
    rain = synthetic_rain(6, years=40)
    dry = rain.where((rain.time.dt.month != 7) | (rain.time.dt.year <= 1981), other=0.0)  # two Julys with rain: no law
    index, usual = spi(dry, 1, calibration=None), spi(rain, 1, calibration=None)
    july = dry.time.dt.month == 7
    assert np.isnan(index[july]).all()
    np.testing.assert_array_equal(index[~july], usual[~july])
    assert np.isfinite(spi(dry, 3, calibration=None)[2:]).all()


def test_the_calibration_alone_decides_on_the_law() -> None:
    rain = synthetic_rain(2, years=40)
    wetter = rain.where(rain.time.dt.year < 2010, rain * 3)
    before = rain.time.dt.year < 2010
    usual, changed = (spi(one, 3, calibration=(1980, 2009)) for one in (rain, wetter))
    assert np.array_equal(usual[before].values, changed[before].values, equal_nan=True)
    assert float(changed[~before].mean()) > float(usual[~before].mean()) + 0.5


def test_a_missing_month_empties_the_sums_it_is_in() -> None:
    rain = synthetic_rain(3)
    gap = rain.copy()
    gap[100] = np.nan
    index = spi(gap, 3, calibration=None)
    assert np.flatnonzero(np.isnan(index.values)).tolist() == [0, 1, 100, 101, 102]
    left_out = spi(gap.dropna("time"), 3, calibration=None)
    xr.testing.assert_identical(left_out, index)


def test_it_is_cut_off_at_three() -> None:
    rain = synthetic_rain(4)
    rain[-1] = 1e5
    assert float(spi(rain, 1, calibration=(1980, 2008))[-1]) == 3.0
    far = monthly(np.r_[np.random.default_rng(5).normal(size=360), np.full(12, 1e6)])
    index = spei(far, 1, calibration=(1980, 2009))
    assert index[-12:].values.tolist() == [3.0] * 12
    assert index.attrs["units"] == "1"


@pytest.mark.parametrize(
    ("series", "why"),
    [
        (monthly([]), "ascending"),
        (monthly([5.0]), "years to fit"),
        (monthly(np.full(400, np.nan)), "0 years to fit"),
        (monthly(np.full(400, 7.0)), "do not differ"),
        (monthly(np.random.default_rng(1).gamma(2, size=12 * 19)), "19 years to fit"),
        (monthly(np.random.default_rng(1).gamma(2, size=400))[::-1], "ascending"),
        (monthly(np.random.default_rng(1).normal(size=400)), "negative"),
    ],
)
def test_it_refuses(series: xr.DataArray, why: str) -> None:
    with pytest.raises(NotComputable, match=why):
        spi(series, 1, calibration=None)


def test_no_months_are_no_scale() -> None:
    with pytest.raises(NotComputable, match="0 months"):
        spei(synthetic_rain(1), 0, calibration=None)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-500, 500), factor=st.floats(0.01, 100))
def test_the_index_does_not_know_units(seed: int, shift: float, factor: float) -> None:
    rain = synthetic_rain(seed)
    assert np.allclose(
        spi(rain * factor, 3, calibration=None), spi(rain, 3, calibration=None), atol=1e-8, equal_nan=True
    )
    assert np.allclose(
        spei(rain * factor + shift, 3, calibration=None), spei(rain, 3, calibration=None), atol=1e-6, equal_nan=True
    )
