"""Windy days, the greatest wind of a year and its return level; synthetic speeds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from caspian_env.errors import NotComputable
from caspian_env.indicators import wind as source
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make

COUNT = {"fewest_per_day": 4, "value_uncertainty": 0.5, "ci_level": 0.9}
GREATEST = {"fewest_per_day": 4, "relative_uncertainty": 0.05, "ci_level": 0.9}


def daily(first: str, last: str, peaks: dict[str, float] | None = None) -> xr.DataArray:
    """Highest speeds of days, 5 m/s but for the peaks."""
    days = pd.date_range(first, last)
    speed = pd.Series(5.0, days)
    for day, value in (peaks or {}).items():
        speed[day] = value
    return make(days, speed.to_numpy(), units="m s-1", resolution="P1D")


def counted(wind: xr.DataArray, few: dict[str, float] | None = None) -> xr.DataArray:
    """Eight reports behind every day but for those named."""
    n = pd.Series(8.0, pd.DatetimeIndex(wind["time"].values))
    for day, value in (few or {}).items():
        n[day] = value
    return make(n.index, n.to_numpy(), units="1", resolution="P1D")


def test_windy_days_from_their_own_step_and_from_days() -> None:
    time = pd.date_range("2023-01-01", "2023-12-31 18:00", freq="6h")
    speed = np.full(time.size, 5.0)
    speed[[0, 1, 40, 80]] = [10.0, 16.0, 15.0, 9.99]
    wind = make(time, speed, units="m s-1", resolution="instant")
    assert source.wind_days(wind, threshold=10, **COUNT)["value"].item() == 2
    assert source.wind_days(wind, threshold=15, **COUNT)["value"].item() == 2
    assert source.greatest(wind, **GREATEST)["value"].item() == 16
    highest = pd.Series(speed, time).resample("D").max()
    days = make(highest.index, highest.to_numpy(), units="m s-1", resolution="P1D")
    assert source.wind_days(days, threshold=10, **COUNT)["std_uncertainty"].item() == 0.5
    gap = source.wind_days(wind.drop_isel(time=5), threshold=10, **COUNT)
    assert gap["reason"].item().startswith("364 of 365 days")
    check_windows(lambda s: source.wind_days(s, threshold=10, **COUNT), wind)
    check_form(source.wind_days(wind, threshold=10, **COUNT), "d")


def test_a_day_of_too_few_reports_is_missing_and_so_is_one_without_a_count() -> None:
    wind = daily("2021-01-01", "2023-12-31", {"2021-06-01": 20.0, "2022-06-01": 20.0})
    found = by_start(source.wind_days(wind, counted(wind, {"2021-02-03": 4, "2022-02-03": 3}), threshold=15, **COUNT))
    assert found["2021-01-01"]["value"] == 1
    assert found["2022-01-01"]["reason"].item().startswith("364 of 365 days")
    assert found["2023-01-01"]["value"] == 0
    short = counted(wind).sel(time=slice("2021-01-01", "2023-12-30"))
    assert "364 of 365" in by_start(source.greatest(wind, short, **GREATEST))["2023-01-01"]["reason"].item()


def test_a_year_of_too_few_reports_is_refused_and_not_forgotten() -> None:
    wind = daily("2022-01-01", "2023-12-31")
    few = {f"{day:%F}": 3.0 for day in pd.date_range("2022-01-01", "2022-12-31")}
    found = by_start(source.wind_days(wind, counted(wind, few), threshold=10, **COUNT))
    assert found["2022-01-01"]["reason"].item().startswith("0 of 365 days")
    assert found["2023-01-01"]["value"] == 0


def test_the_greatest_has_the_uncertainty_of_its_own_speed() -> None:
    wind = daily("2022-01-01", "2023-12-31", {"2022-11-20": 24.0, "2023-02-01": 18.0})
    found = source.greatest(wind, counted(wind), **GREATEST)
    assert found["value"].values.tolist() == [24.0, 18.0]
    assert found["std_uncertainty"].values == pytest.approx([1.2, 0.9])
    check_form(found, "m s-1")


def test_return_level_and_its_refusals() -> None:
    random = np.random.default_rng(15)
    peaks = {f"{year}-11-{random.integers(1, 28):02d}": float(random.gumbel(20, 2)) for year in range(1991, 2021)}
    wind = daily("1991-01-01", "2020-12-31", peaks)
    options = {"fewest_per_day": 4, "ci_level": 0.9}
    found = source.return_level(wind, counted(wind), return_years=50, **options)
    assert found["value"].item() == pytest.approx(20 + 2 * 3.90, abs=2.5)
    assert (found["n_valid"].item(), found["n_expected"].item()) == (30, 30)
    check_form(found, "m s-1")
    gap = source.return_level(wind, counted(wind, {"2000-05-05": 0}), return_years=50, **options)
    assert (gap["n_valid"].item(), gap["n_expected"].item()) == (29, 30), "a year with a missing day has no greatest"
    beyond = source.return_level(wind, return_years=200, **options)
    assert beyond["reason"].item() == "the record has 30 years; ask for more than 1 and at most 120"
    few = source.return_level(daily("2018-01-01", "2020-12-31"), return_years=5, **options)
    assert few["reason"].item().startswith("3 annual values are too few")


def test_edges() -> None:
    wind = daily("2023-01-01", "2023-12-31")
    for given in (wind[:0], wind.copy(data=np.full(wind.size, np.nan))):
        assert source.wind_days(given, threshold=10, **COUNT).sizes["period"] == 0
        assert source.greatest(given, **GREATEST).sizes["period"] == 0
        assert source.return_level(given, return_years=5, fewest_per_day=4, ci_level=0.9).sizes["period"] == 0
    for wrong, problem in (
        (wind.assign_attrs(units="knot"), "units"),
        (wind.assign_attrs(resolution="P1M"), "not daily"),
        (wind[::-1], "ascending"),
    ):
        with pytest.raises(NotComputable, match=problem):
            source.wind_days(wrong, threshold=10, **COUNT)
    with pytest.raises(NotComputable, match="units"):
        source.wind_days(wind, counted(wind).assign_attrs(units="m"), threshold=10, **COUNT)
