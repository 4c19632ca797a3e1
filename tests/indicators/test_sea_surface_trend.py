"""Sea surface temperature by month, and its trend: by hand, by numpy, and on ten real years of ERSST."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from synthetic_series import by_start, check_form, check_windows, make, months

from caspian_env.errors import NotComputable
from caspian_env.indicators import sea_surface
from caspian_env.model import GranuleRef
from caspian_env.sources import noaa_ersst_v5
from caspian_env.wiring import load_seeds
from caspian_env.workflows.observe import Weights, observe

MEAN = {"analysis_uncertainty": 0.7, "ci_level": 0.9}
ANOMALY = MEAN | {"base": [1991, 2020], "min_base_share": 0.8}
TREND = MEAN | {"years": 30, "slope": "ols"}


def monthly(first: str, count: int, gaps: tuple[int, ...] = (), trend: float = 0.04) -> xr.DataArray:
    """Synthetic monthly temperature: a cycle of 12 degrees around 15, warming by ``trend`` a year."""
    i = np.arange(count)
    values = 15 - 12 * np.cos(2 * np.pi * i / 12) + trend * (i // 12)
    values[list(gaps)] = np.nan
    return make(months(first, count), values, units="degree_Celsius", resolution="P1M")


def test_months_by_hand() -> None:
    times = np.arange("2001-01-01", "2001-04-01", dtype="datetime64[D]")
    kept = np.r_[0:31, 31:36, 41:59, 59:90]  # five days of February are missing in a row
    sst = make(times[kept], np.arange(90.0)[kept], units="degree_Celsius", resolution="P1D", u=0.2)
    result = sea_surface.monthly_mean(sst, **MEAN)
    check_form(result, "degree_Celsius")
    assert result["value"].values[[0, 2]] == pytest.approx([15, 74])
    assert result["std_uncertainty"].values[[0, 2]] == pytest.approx([0.2, 0.2])
    assert result["reason"].values[1].startswith("23 of 28 days")
    check_windows(partial(sea_surface.monthly_mean, **MEAN), sst)


def test_anomaly_of_months_by_hand() -> None:
    sst = monthly("1991-01", 32 * 12, gaps=(375,))
    result = sea_surface.monthly_anomaly(sst, **ANOMALY)
    check_form(result, "degree_Celsius")
    rows = by_start(result)
    assert rows["1991-07-01"]["value"].item() == pytest.approx(-0.04 * 14.5)
    assert rows["2022-01-01"]["value"].item() == pytest.approx(0.04 * (31 - 14.5))
    assert rows["2022-01-01"]["std_uncertainty"].item() == pytest.approx(0.7 * np.sqrt(1 + 1 / 30))
    assert "2022-04-01" not in rows
    check_windows(partial(sea_surface.monthly_anomaly, **ANOMALY), monthly("1991-01", 360))


def test_without_the_base_the_newest_month_says_so() -> None:
    result = sea_surface.monthly_anomaly(monthly("2001-01", 24), **ANOMALY)
    assert result.sizes["period"] == 1
    assert "1991-2020 needs 24 of 30 years" in result["reason"].item()
    assert sea_surface.monthly_anomaly(monthly("2001-01", 0), **ANOMALY).sizes["period"] == 0


@pytest.mark.parametrize("slope", ["ols", "sen"])
def test_trend_of_a_straight_line(slope: str) -> None:
    result = sea_surface.trend(monthly("1980-01", 40 * 12), **TREND | {"slope": slope})
    assert result.sizes["period"] == 11
    assert result["value"].values == pytest.approx(np.full(11, 0.04))
    assert result["period_start"].values[0] == np.datetime64("1980-01-01")
    assert result["value"].attrs["units"] == "degree_Celsius year-1"


def test_trend_of_noise_is_that_of_scipy() -> None:
    sst = monthly("1991-01", 360)
    sst += np.repeat(np.random.default_rng(3).normal(0, 0.5, 30), 12)
    years = sst.values.reshape(-1, 12).mean(axis=1)
    line = stats.linregress(np.arange(30), years)
    result = sea_surface.trend(sst.assign_attrs(units="degree_Celsius", resolution="P1M"), **TREND)
    assert result["value"].item() == pytest.approx(line.slope, rel=1e-9)
    assert result["std_uncertainty"].item() >= line.stderr * (1 - 1e-9)
    check_form(result, "degree_Celsius year-1")


def test_a_short_record_and_a_short_window_have_no_trend() -> None:
    result = sea_surface.trend(monthly("2001-01", 20 * 12), **TREND)
    assert result.sizes["period"] == 1
    assert "20 of the 30 years 2001-2030" in result["reason"].item() or "20 of the 30" in result["reason"].item()
    with pytest.raises(NotComputable, match="9 years"):
        sea_surface.trend(monthly("2001-01", 240), **TREND | {"years": 9})


def test_ten_real_years_of_ersst(shared: Callable[..., Path]) -> None:
    """2010-2019 by region, against a mean and a line of numpy."""
    path = shared("archive", "2020-09", "downloads.psl.noaa.gov", "Datasets", "noaa.ersst.v5", "sst.mnmean.nc")
    seeds = load_seeds()
    rows = observe(
        noaa_ersst_v5.read_granule(path), seeds.datasets["noaa_ersst_v5"], GranuleRef("x"), seeds,
        Weights(seeds.locations),
    )  # fmt: skip
    for region in ("caspian_sea", "north_caspian", "middle_caspian", "south_caspian"):
        here = sorted((row.time, row.value) for one in rows if one.location == region for row in one.observed)
        times = np.array([time.replace(tzinfo=None) for time, _ in here], dtype="datetime64[s]")
        sst = make(times, [value for _, value in here], units="degree_Celsius", resolution="P1M")
        assert sst.sizes["time"] == 128
        yearly = sst.values[:120].reshape(10, 12).mean(axis=1)
        slope = np.polyfit(np.arange(10.0), yearly, 1)[0]
        result = sea_surface.trend(sst.isel(time=slice(120)), **TREND | {"years": 10})
        assert result["value"].item() == pytest.approx(slope, rel=1e-9)
        assert result["ci_low"].item() < slope < result["ci_high"].item()
        sen = sea_surface.trend(sst.isel(time=slice(120)), **TREND | {"years": 10, "slope": "sen"})
        i, j = np.triu_indices(10, 1)
        assert sen["value"].item() == pytest.approx(np.median((yearly[j] - yearly[i]) / (j - i)), rel=1e-9)
