"""Counts of days, percentiles with replaced base years, warm spells and freezing degree-days."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from caspian_env.errors import NotComputable
from caspian_env.indicators import heat_and_frost as heat
from caspian_env.processing.percentile_days import base_windows, calendar_day, over_years, thresholds
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make

COUNT = {"value_uncertainty": 0.2, "ci_level": 0.9}
FDD = {"freezing": 0.0, "start": [11, 1], "end": [4, 15], **COUNT}
SHARE = {"quantile": 0.9, "window_days": 5, "min_base_share": 0.8, "ci_level": 0.9}


def daily(first: str, last: str, *, seed: int = 1, units: str = "degree_Celsius", warming: float = 0.0) -> xr.DataArray:
    time = pd.date_range(first, last, freq="D")
    n = np.arange(time.size)
    noise = np.random.default_rng(seed).normal(0, 4, time.size)
    values = 15 - 15 * np.cos(2 * np.pi * time.day_of_year / 365.25) + noise + warming * n / 365.25
    return make(time, np.round(values, 1), units=units, resolution="P1D")


@pytest.fixture(scope="module")
def station(shared: Callable[..., Path]) -> dict[str, pd.Series]:
    found = {}
    for name in ("MAX", "MIN"):
        table = pd.read_csv(shared("reference", "climdex_pcic", f"1018935_{name}_TEMP.csv"))
        time = pd.to_datetime(table["year"].astype(str) + table["jday"].astype(str).str.zfill(3), format="%Y%j")
        found[name] = pd.Series(table[f"{name}_TEMP"].to_numpy(), index=time).dropna()
    return found


def as_input(series: pd.Series) -> xr.DataArray:
    return make(series.index, series.to_numpy(), units="degree_Celsius", resolution="P1D")


@pytest.mark.parametrize(
    ("which", "threshold", "side", "compare"),
    [
        ("MAX", 25.0, "above", pd.Series.gt),
        ("MAX", 30.0, "at_or_above", pd.Series.ge),
        ("MAX", 0.0, "below", pd.Series.lt),
        ("MIN", 0.0, "below", pd.Series.lt),
        ("MIN", 15.0, "above", pd.Series.gt),
    ],
)
def test_counts_at_a_real_station_are_those_of_pandas(
    station: dict[str, pd.Series], which: str, threshold: float, side: str, compare: Callable[..., pd.Series]
) -> None:
    series = station[which]
    found = heat.days_beyond(as_input(series), threshold=threshold, side=side, **COUNT)
    check_form(found, "d")
    years = series.index.year
    whole = series.groupby(years).size() == [
        366 if pd.Timestamp(y, 1, 1).is_leap_year else 365 for y in sorted(set(years))
    ]
    known = compare(series, threshold).groupby(years).sum()[whole]
    kept = found.isel(period=found["reason"].values == "")
    assert kept["period_start"].dt.year.values.tolist() == known.index.tolist()
    assert 10 < known.size < found.sizes["period"]
    np.testing.assert_array_equal(kept["value"], known)


def test_equal_counts_or_not_as_the_side_says() -> None:
    series = daily("2023-01-01", "2023-12-31")
    series = series.copy(data=np.where(np.arange(365) < 10, 35.0, 20.0))

    def count(threshold: float, side: str) -> float:
        return float(heat.days_beyond(series, threshold=threshold, side=side, **COUNT)["value"].item())

    assert (count(35, "at_or_above"), count(35, "above"), count(35, "below")) == (10, 0, 355)
    assert (count(20, "above"), count(20, "below")) == (10, 0)
    row = heat.days_beyond(series, threshold=35, side="at_or_above", **COUNT)
    assert row["std_uncertainty"].item() == 5  # a tenth of a degree lower and none would be hot
    check_windows(lambda s: heat.days_beyond(s, threshold=25, side="above", **COUNT), daily("2020-06-01", "2023-12-31"))


def test_a_missing_day_refuses_its_year_only() -> None:
    series = daily("2022-01-01", "2024-12-31").drop_isel(time=400)
    found = by_start(heat.days_beyond(series, threshold=25, side="above", **COUNT))
    assert found["2023-01-01"]["reason"].item().startswith("364 of 365 days")
    assert found["2024-01-01"]["n_valid"] == 366


def test_freezing_degree_days_by_hand_and_by_season() -> None:
    series = daily("2018-01-01", "2020-12-31")
    found = by_start(heat.freezing_degree_days(series, **FDD))
    assert list(found) == ["2017-11-01", "2018-11-01", "2019-11-01", "2020-11-01"]
    known = series.to_series()["2019-11-01":"2020-04-15"]
    assert found["2019-11-01"]["value"] == pytest.approx(-known[known < 0].sum())
    assert found["2019-11-01"]["n_expected"] == 167  # with 29 February
    assert str(found["2019-11-01"]["period_end"].values)[:10] == "2020-04-16"
    assert found["2017-11-01"]["reason"].item().startswith("105 of 166 days")
    assert found["2020-11-01"]["reason"].item().startswith("61 of 166 days")
    check_form(heat.freezing_degree_days(series, **FDD), "degree_Celsius d")
    check_windows(lambda s: heat.freezing_degree_days(s, **FDD), series)


def test_29_february_has_the_bound_of_the_28th() -> None:
    days = np.arange("2023-12-31", "2025-01-01", dtype="datetime64[D]")
    number = calendar_day(days)
    assert number[[0, 1, 59, 60, 61, -1]].tolist() == [364, 0, 58, 58, 59, 364]


def test_thresholds_are_those_of_numpy_type_8() -> None:
    series = daily("1990-01-01", "2001-12-31")
    days = series["time"].values.astype("datetime64[D]")
    windows = base_windows(days, series.values, (1991, 2000), window_days=5)
    known = series.to_series()
    july = np.concatenate([known[f"{y}-07-12" : f"{y}-07-16"] for y in range(1991, 2001)])
    assert thresholds(windows.windows, 0.9)[194] == pytest.approx(np.quantile(july, 0.9, method="median_unbiased"))
    january = np.concatenate([known[f"{y - 1}-12-30" : f"{y}-01-03"] for y in range(1991, 2001)])
    assert thresholds(windows.windows, 0.9)[0] == pytest.approx(np.quantile(january, 0.9, method="median_unbiased"))


def naive_share(series: pd.Series, year: int, base: tuple[int, int]) -> float:
    """Zhang et al. 2005 by loops over days and years, for years without a gap."""

    def of(y: int) -> np.ndarray:
        own = series[str(y)]
        return own[~((own.index.month == 2) & (own.index.day == 29))].to_numpy()

    years = range(base[0], base[1] + 1)
    shares = []
    for other in [y for y in years if y != year] if year in years else [None]:
        pools: list[list[float]] = [[] for _ in range(365)]
        for y in years:
            source = other if y == year else y
            flat = of(source)
            before, after = of(source - 1), of(source + 1)
            padded = np.r_[before[-2:], flat, after[:2]]
            for day in range(365):
                pools[day] += padded[day : day + 5].tolist()
        bound = np.array([np.quantile(p, 0.9, method="median_unbiased") for p in pools])
        own = series[str(year)]
        index = [min(d, 364) if not (own.index[0].is_leap_year and d >= 59) else d - 1 for d in range(own.size)]
        shares.append(100 * np.mean(own.to_numpy() > bound[index]))
    return float(np.mean(shares))


def test_share_of_warm_days_is_that_of_plain_loops() -> None:
    series = daily("1999-01-01", "2008-12-31", warming=0.3)
    found = by_start(heat.days_above_percentile(series, base=[2000, 2006], max_missing_days=0, **SHARE))
    for year in (1999, 2004, 2005, 2008):
        known = naive_share(series.to_series(), year, (2000, 2006))
        assert found[f"{year}-01-01"]["value"] == pytest.approx(known, abs=1e-9)


def test_no_jump_at_the_edge_of_the_base() -> None:
    """Without trend the base and the years outside exceed alike; fixed bounds are exceeded less in the base (Zhang 2005).

    A share of one year scatters by about 1.6, the difference of two means of twenty by 0.5: twice that is allowed.
    """
    series = daily("1971-01-01", "2010-12-31", seed=7)
    found = heat.days_above_percentile(series, base=[1981, 2000], max_missing_days=0, **SHARE)
    check_form(found, "percent")
    inside = ((found["period_start"].dt.year >= 1981) & (found["period_start"].dt.year <= 2000)).values
    jump = float(found["value"][~inside].mean() - found["value"][inside].mean())
    assert abs(jump) < 1.0
    days, values = series["time"].values.astype("datetime64[D]"), series.values
    windows = base_windows(days, values, (1981, 2000), window_days=5)
    place, year = calendar_day(days), days.astype("datetime64[Y]").astype(int) + 1970

    def share(one: int, bound: np.ndarray) -> float:
        return 100 * float((values[year == one] > bound[place[year == one]]).mean())

    fixed = over_years(windows, range(1981, 2001), share, quantile=0.9, bootstrap=False)
    assert found["value"][inside].mean() - np.mean(list(fixed.values())) > 0.2
    assert found["value"].mean() == pytest.approx(10.0, abs=0.5)


def test_warm_spells_by_hand_and_in_the_base() -> None:
    series = daily("1999-01-01", "2012-12-31")
    values = series.values.copy()
    start = int(np.flatnonzero(series["time"].values == np.datetime64("2012-07-01"))[0])
    values[start : start + 8] = 60.0
    values[[start - 1, start + 8]] = -30.0
    hot = series.copy(data=values)
    options = {"base": [2000, 2009], "min_days": 6, "bootstrap": False, **SHARE}
    found = by_start(heat.warm_spell_days(hot, **options))
    assert found["2012-01-01"]["value"] >= 8
    before = by_start(heat.warm_spell_days(series, **options))
    assert found["2012-01-01"]["value"] - before["2012-01-01"]["value"] == 8
    replaced = heat.warm_spell_days(hot, **{**options, "bootstrap": True})
    check_form(replaced, "d")
    fixed = heat.warm_spell_days(hot, **options)
    inside = ((fixed["period_start"].dt.year >= 2000) & (fixed["period_start"].dt.year <= 2009)).values
    np.testing.assert_array_equal(replaced["value"][~inside], fixed["value"][~inside])


def test_a_gappy_real_station(station: dict[str, pd.Series]) -> None:
    options = {"base": [1971, 2000], **SHARE}
    found = heat.days_above_percentile(as_input(station["MAX"]), max_missing_days=15, **options)
    kept = found.isel(period=found["reason"].values == "")
    assert kept.sizes["period"] > 20
    base = kept["value"][(kept["period_start"].dt.year >= 1971) & (kept["period_start"].dt.year <= 2000)]
    assert base.mean() == pytest.approx(10, abs=1)
    strict = heat.days_above_percentile(as_input(station["MAX"]), max_missing_days=0, **options)
    assert (strict["reason"] != "").sum() > (found["reason"] != "").sum()


def test_a_base_that_is_not_covered_is_refused_once() -> None:
    found = heat.days_above_percentile(
        daily("2005-01-01", "2010-12-31"), base=[1991, 2020], max_missing_days=0, **SHARE
    )
    assert found.sizes["period"] == 1
    assert "needs 80% of its 10958 days, this record has 2191 of them (within 2005-2010)" in found["reason"].item()


def test_edges() -> None:
    series = daily("2022-01-01", "2023-12-31")
    for function in (
        lambda s: heat.days_beyond(s, threshold=25, side="above", **COUNT),
        lambda s: heat.freezing_degree_days(s, **FDD),
        lambda s: heat.days_above_percentile(s, base=[2022, 2023], max_missing_days=0, **SHARE),
    ):
        assert function(series[:0]).sizes["period"] == 0
        assert function(series.copy(data=np.full(730, np.nan))).sizes["period"] == 0
        with pytest.raises(NotComputable, match="units"):
            function(daily("2022-01-01", "2022-12-31", units="K"))
        with pytest.raises(NotComputable, match="ascending"):
            function(series[::-1])
        with pytest.raises(NotComputable, match="daily"):
            function(series.assign_attrs(resolution="P1M"))
    flat = heat.days_above_percentile(
        series.copy(data=np.full(730, 5.0)), base=[2022, 2023], max_missing_days=0, **SHARE
    )
    assert (flat["value"] == 0).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The 'name' property is deprecated")  # a matter of xclim and pandas
def test_warm_days_and_spells_at_a_real_station_are_those_of_xclim(station: dict[str, pd.Series]) -> None:
    """In its calendar without 29 February: in the usual one its day numbers move by one after February of a leap year."""
    import xclim

    series = station["MAX"]["1960":"2003"]
    base, every = (1971, 2000), pd.date_range("1960-01-01", "2003-12-31")
    peer = xr.DataArray(
        series.reindex(every), coords={"time": every}, dims="time", attrs={"units": "degC"}
    ).convert_calendar("noleap", use_cftime=True)
    bound = xclim.core.calendar.percentile_doy(peer.sel(time=slice("1971", "2000")), window=5, per=90)
    bound = bound.sel(percentiles=90)
    days = xclim.indices.tx90p(peer, bound, freq="YS", bootstrap=True)
    spells = xclim.indices.warm_spell_duration_index(peer, bound, window=6, freq="YS")
    years = days["time"].dt.year.values
    shares, in_spells = pd.Series(days.values / 365 * 100, years), pd.Series(spells.values, years)

    def whole(found: xr.Dataset) -> pd.Series:
        kept = found.isel(period=found["reason"].values == "")
        return pd.Series(kept["value"].values, kept["period_start"].dt.year.values)

    ours = whole(heat.days_above_percentile(as_input(series), base=base, max_missing_days=0, **SHARE))
    leap = ours.index.isin([y for y in ours.index if pd.Timestamp(y, 1, 1).is_leap_year])
    assert (leap.sum(), (~leap).sum()) == (7, 18)
    np.testing.assert_allclose(ours[~leap], shares[ours.index[~leap]], rtol=1e-12)
    np.testing.assert_allclose(ours[leap], shares[ours.index[leap]], atol=100 / 366)  # one day at most
    ours = whole(heat.warm_spell_days(as_input(series), base=base, min_days=6, bootstrap=False, **SHARE))
    np.testing.assert_array_equal(ours, in_spells[ours.index])
    assert ours.max() == 12
