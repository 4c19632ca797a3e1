"""Sea level: annual means against a few lines of pandas, rates by hand, and what the rules refuse."""

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
from synthetic_series import by_start, check_form, check_windows, make

from caspian_env.errors import NotComputable
from caspian_env.indicators import sea_level

ANNUAL = {"min_epochs": 2, "min_cycle_years": 5, "annual_uncertainty": 0.03, "ci_level": 0.9}
MINIMUM = ANNUAL | {"minimum": -29.01, "tolerance": 0.01, "datum": "BS77"}


def epochs(first: str, last: str, drop: tuple[str, ...] = (), seed: int = 1) -> xr.DataArray:
    """Ten-day synthetic level, falling and seasonal; months named in ``drop`` have no epoch."""
    times = pd.date_range(first, last, freq="10D")
    times = times[~times.strftime("%Y-%m").isin(drop)]
    t = np.asarray((times - pd.Timestamp("2000-01-01")).days / 365.25)
    noise = np.random.default_rng(seed).normal(0, 0.03, t.size)
    values = -27 - 0.1 * t + 0.15 * np.sin(2 * np.pi * t) + noise
    return make(times.values, values, units="m", resolution="instant", datum="dahiti_39", u=0.001)


def reported(levels: dict[int, float], datum: str = "BS77", u: float = np.nan) -> xr.DataArray:
    times = [f"{year}-01-01" for year in levels]
    return make(times, list(levels.values()), units="m", resolution="P1Y", datum=datum, u=u, status="reported")


@pytest.fixture(scope="module")
def dahiti(shared: Callable[..., Path]) -> xr.DataArray:
    table = pd.read_csv(shared("reference", "dahiti_caspian", "caspian.csv"), parse_dates=["date"])
    return make(table["date"].values, table["water level"].values, units="m", resolution="instant",
                datum="dahiti_39", u=table["error"].values)  # fmt: skip


def test_dahiti_annual_means_are_those_of_pandas(dahiti: xr.DataArray) -> None:
    result = sea_level.annual_mean(dahiti, **ANNUAL)
    check_form(result, "m")
    monthly = dahiti.to_series().resample("MS").agg(["mean", "count"])
    monthly = monthly["mean"].where(monthly["count"] >= 2)
    yearly = monthly.groupby(monthly.index.year).agg(["mean", "count"])
    rows = by_start(result)
    assert [start[:4] for start in rows] == [str(year) for year in range(1992, 2024)]
    whole = yearly.index[yearly["count"] == 12]
    assert len(whole) > 25
    for year in whole:
        row = rows[f"{year}-01-01"]
        assert row["value"].item() == pytest.approx(yearly["mean"][year], abs=1e-12)
        assert (row["n_valid"].item(), row["estimated"].item(), row["std_uncertainty"].item()) == (12, False, 0.03)
    assert rows["1992-01-01"]["reason"].item() == f"{yearly['count'][1992]} of 12 months"
    assert rows["2023-01-01"]["reason"].item() == f"{yearly['count'][2023]} of 12 months"


def test_dahiti_rates_follow_from_its_annual_means(dahiti: xr.DataArray) -> None:
    annual = sea_level.annual_mean(dahiti, **ANNUAL)
    means = {int(start[:4]): row["value"].item() for start, row in by_start(annual).items()}
    rates = by_start(sea_level.mean_rate(dahiti, years=10, **ANNUAL))
    assert rates["2013-01-01"]["value"].item() == pytest.approx(100 * (means[2022] - means[2013]) / 9)
    assert rates["2013-01-01"]["period_end"].values == np.datetime64("2023-01-01")
    assert rates["2014-01-01"]["reason"].item().startswith("9 of 10 annual means; 2023 has ")
    change = by_start(sea_level.observed_change(dahiti, years=5, **ANNUAL))["2018-01-01"]
    assert change["value"].item() == pytest.approx(100 * (means[2022] - means[2018]) / 4)
    thirty = by_start(sea_level.mean_rate(dahiti, years=30, **ANNUAL))
    assert thirty["1993-01-01"]["value"].item() == pytest.approx(100 * (means[2022] - means[1993]) / 29)


def test_annual_mean_by_hand() -> None:
    times = [f"2021-{month:02d}-{day}" for month in range(1, 13) for day in ("05", "20")]
    level = make(times, np.repeat(np.arange(12.0), 2) + np.tile([-0.5, 0.5], 12), units="m", resolution="instant")
    row = by_start(sea_level.annual_mean(level, **ANNUAL))["2021-01-01"]
    assert row["value"].item() == pytest.approx(5.5)
    assert row["ci_high"].item() == pytest.approx(5.5 + 1.6448536 * 0.03)
    assert row["period_end"].values == np.datetime64("2022-01-01")


def test_one_missing_month_is_filled_and_marked_and_two_are_not() -> None:
    level = epochs("2000-01-01", "2012-12-31", drop=("2005-06", "2008-02", "2008-03"))
    rows = by_start(sea_level.annual_mean(level, **ANNUAL))
    filled, refused = rows["2005-01-01"], rows["2008-01-01"]
    assert (filled["estimated"].item(), filled["n_valid"].item(), filled["reason"].item()) == (True, 11, "")
    whole = by_start(sea_level.annual_mean(epochs("2000-01-01", "2012-12-31"), **ANNUAL))["2005-01-01"]
    assert filled["value"].item() == pytest.approx(whole["value"].item(), abs=0.01)
    assert (refused["reason"].item(), refused["n_valid"].item()) == ("10 of 12 months", 10)


def test_the_running_year_is_not_completed_by_a_fill() -> None:
    rows = by_start(sea_level.annual_mean(epochs("2000-01-01", "2012-11-30"), **ANNUAL))
    assert rows["2012-01-01"]["reason"].item() == "11 of 12 months"


def test_reported_years_are_passed_on_with_their_uncertainty() -> None:
    result = sea_level.annual_mean(reported({1977: -29.01, 1995: -26.62}), **ANNUAL | {"annual_uncertainty": 0.01})
    check_form(result, "m")
    rows = by_start(result)
    assert list(rows) == ["1977-01-01", "1995-01-01"]
    assert rows["1977-01-01"]["value"].item() == -29.01
    assert rows["1977-01-01"]["std_uncertainty"].item() == 0.01
    own = sea_level.annual_mean(reported({1977: -29.01}, u=0.05), **ANNUAL)
    assert own["std_uncertainty"].values.tolist() == [0.05]


def test_mean_rate_by_hand_and_only_over_whole_windows() -> None:
    levels = {2000: 0.0, 2001: 0.1, 2002: 0.3, 2003: 0.3, 2005: 0.5, 2006: 0.4, 2007: 0.6, 2008: 0.7}
    result = sea_level.mean_rate(reported(levels), years=4, **ANNUAL)
    check_form(result, "cm year-1")
    rows = by_start(result)
    assert list(rows) == [
        "2000-01-01",
        "2005-01-01",
    ]  # 2004 is missing: no window over it, and no refusal for an old gap
    row = rows["2000-01-01"]
    r, m = 0.35, 3  # three increments of 10, 20 and 0 cm: mean 10, sd 10, prior memory
    assert row["value"].item() == pytest.approx(10)
    assert row["std_uncertainty"].item() == pytest.approx(10 / np.sqrt(m) * np.sqrt((1 + r) / (1 - r)))
    assert (row["n_valid"].item(), row["n_expected"].item()) == (4, 4)


def test_newest_window_without_all_means_is_refused_once() -> None:
    result = sea_level.mean_rate(reported({2000: 1.0, 2001: 1.1, 2003: 1.2}), years=4, **ANNUAL)
    assert result["reason"].values.tolist() == ["3 of 4 annual means"]
    assert result["period_start"].values.tolist() == [np.datetime64("2000-01-01", "s").item()]
    assert result["period_end"].values.tolist() == [np.datetime64("2004-01-01", "s").item()]


def test_observed_change_by_hand_with_measurement_error_only() -> None:
    result = sea_level.observed_change(reported({2020: -28.2, 2024: -29.0}), years=5, **ANNUAL)
    check_form(result, "cm year-1")
    row = by_start(result)["2020-01-01"]
    assert row["value"].item() == pytest.approx(-20)
    assert row["std_uncertainty"].item() == pytest.approx(100 * 0.03 * np.sqrt(2) / 4)
    assert (row["n_valid"].item(), row["period_end"].values) == (2, np.datetime64("2025-01-01"))
    lone = sea_level.observed_change(reported({2024: -29.0}), years=5, **ANNUAL)
    assert lone["reason"].values.tolist() == ["1 of 2 annual means"]


def test_above_minimum_by_hand() -> None:
    result = sea_level.above_minimum(reported({2020: -28.23, 2024: -29.10}), **MINIMUM)
    check_form(result, "m")
    assert result["value"].values == pytest.approx([0.78, -0.09])
    assert result["std_uncertainty"].values == pytest.approx(np.hypot(0.03, 0.01))


def test_above_minimum_refuses_another_datum_once() -> None:
    result = sea_level.above_minimum(epochs("2000-01-01", "2006-06-30"), **MINIMUM)
    assert result["reason"].values.tolist() == ["needs the Baltic datum BS77, this series is in dahiti_39"]
    assert result["period_start"].values == np.datetime64("2006-01-01")


@pytest.mark.parametrize("values", [[np.nan] * 3, []])
def test_no_values_give_no_rows(values: list[float]) -> None:
    times = ["2001-01-05", "2001-01-15", "2001-01-25"][: len(values)]
    level = make(times, values, units="m", resolution="instant", datum="BS77")
    calls = (
        partial(sea_level.annual_mean, **ANNUAL),
        partial(sea_level.mean_rate, years=10, **ANNUAL),
        partial(sea_level.observed_change, years=5, **ANNUAL),
        partial(sea_level.above_minimum, **MINIMUM),
    )
    for function in calls:
        result = function(level)
        assert result.sizes["period"] == 0
        assert result["value"].dtype == float


def test_one_value_is_one_refused_year() -> None:
    level = make(["2001-01-05"], [1.0], units="m", resolution="instant")
    assert sea_level.annual_mean(level, **ANNUAL)["reason"].values.tolist() == ["0 of 12 months"]


def test_series_of_another_kind_are_refused() -> None:
    level = epochs("2000-01-01", "2001-12-31")
    with pytest.raises(NotComputable, match="ascending"):
        sea_level.annual_mean(level[::-1], **ANNUAL)
    with pytest.raises(NotComputable, match="ascending"):
        sea_level.annual_mean(xr.concat([level[:1], level[:1]], "time"), **ANNUAL)
    with pytest.raises(NotComputable, match="units"):
        sea_level.annual_mean(level.assign_attrs(units="cm"), **ANNUAL)
    with pytest.raises(NotComputable, match="resolution"):
        sea_level.annual_mean(level.assign_attrs(resolution="P1W"), **ANNUAL)
    with pytest.raises(NotComputable, match="two annual"):
        sea_level.annual_mean(make(["2001-01-01", "2001-06-01"], [1, 2], units="m", resolution="P1Y"), **ANNUAL)


GAPPY = epochs("1999-04-11", "2012-09-30", drop=("2004-01", "2006-12", "2008-02", "2008-03"))


@pytest.mark.parametrize(
    "function",
    [
        partial(sea_level.annual_mean, **ANNUAL),
        partial(sea_level.mean_rate, years=3, **ANNUAL),
        partial(sea_level.observed_change, years=5, **ANNUAL),
        partial(sea_level.above_minimum, **MINIMUM | {"datum": "dahiti_39"}),
    ],
)
def test_windows_hold_all_that_a_value_is_made_of(function: Callable[[xr.DataArray], xr.Dataset]) -> None:
    assert function(GAPPY)["estimated"].any()
    check_form(function(GAPPY), function(GAPPY)["value"].attrs["units"])
    check_windows(function, GAPPY)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-5, 5))
def test_levels_follow_a_shift_of_datum_and_rates_do_not(seed: int, shift: float) -> None:
    level = epochs("2000-01-01", "2011-12-31", drop=("2004-05",), seed=seed)
    moved = level.copy(data=level.values + shift)
    means, after = (sea_level.annual_mean(x, **ANNUAL)["value"].values for x in (level, moved))
    np.testing.assert_allclose(after, means + shift, atol=1e-9)
    rates, after = (sea_level.mean_rate(x, years=10, **ANNUAL)["value"].values for x in (level, moved))
    np.testing.assert_allclose(after, rates, atol=1e-7)
