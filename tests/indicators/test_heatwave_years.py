"""Heatwaves of a region by year: a plain loop as peer, the published example, and what ice, gaps, bases and warming do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic_series import by_start, check_form, check_windows

from caspian_env.errors import NotComputable
from caspian_env.indicators import heatwave_days
from caspian_env.indicators import heatwave_years as years
from caspian_env.indicators.marine_heatwaves import climatology
from tests.benchmarks.plain_heatwaves import heatwaves, normals, slot

COMMON: dict[str, Any] = {
    "base": [2001, 2010], "detrended": False, "min_base_share": 0.8, "min_area_share": 0.5, "ice_below": -0.27,
    "groups": 5, "ci_level": 0.9,
}  # fmt: skip
DAYS = COMMON | {"category": 0}
AREA = COMMON | {"at_once": True}
DETRENDED = {"detrended": True}


def series(days: pd.DatetimeIndex, seed: int, warming: float = 0.0) -> np.ndarray:
    """Synthetic: a yearly cycle, red noise, and warming in degrees a year."""
    noise, shocks = np.zeros(len(days)), np.random.default_rng(seed).normal(0, 0.5, len(days))
    for n in range(1, len(days)):
        noise[n] = 0.9 * noise[n - 1] + shocks[n]
    season = 15 - 8 * np.cos(2 * np.pi * days.day_of_year.to_numpy() / 365.25)
    return season + noise + warming * np.arange(len(days)) / 365.25


def cube(values: np.ndarray, days: pd.DatetimeIndex, area: Any = 1.0, weight: Any = 1.0) -> xr.DataArray:
    """Cells (day, cell) as a cube of one latitude."""
    n = values.shape[1]
    place = ("latitude", "longitude")
    return xr.DataArray(
        values[:, np.newaxis, :],
        {
            "time": days.values,
            "latitude": [42.0],
            "longitude": 50 + np.arange(n) / 4,
            "area": (place, np.broadcast_to(np.asarray(area, float), (1, n)).copy()),
            "weight": (place, np.broadcast_to(np.asarray(weight, float), (1, n)).copy()),
        },
        ("time", *place),
        attrs={"units": "degree_Celsius", "resolution": "P1D"},
    )


def synthetic(cells: int = 3, last: str = "2012-12-31", warming: float = 0.0, **given: Any) -> xr.DataArray:
    days = pd.date_range("2000-01-01", last)
    return cube(np.stack([series(days, seed, warming) for seed in range(cells)], axis=1), days, **given)


def plain(sst: xr.DataArray, weight: list[float]) -> dict[str, dict[int, float]]:
    """Counts by year from loops over cells, events and days."""
    found: dict[str, dict[int, float]] = {name: Counter() for name in ("events", "intensity", "days", "any", "1", "2")}
    most: dict[date, float] = Counter()
    first = date(2000, 1, 1)
    for n, w in enumerate(np.array(weight) / sum(weight)):
        values = sst.values[:, 0, n]
        mean, high = normals(first, values, (2001, 2010))
        touched = set()
        for event in heatwaves(first, values, (2001, 2010)):
            found["events"][event.start.year] += w
            day = event.start
            while day <= event.end:
                above = values[(day - first).days] - mean[slot(day)]
                category = int(min(max(np.floor(above / (high[slot(day)] - mean[slot(day)])), 1), 4))
                found["days"][day.year] += w
                found["intensity"][day.year] += w * above
                if category <= 2:
                    found[str(category)][day.year] += w
                most[day] += w
                touched.add(day.year)
                day += timedelta(1)
        for year in touched:
            found["any"][year] += 100 * w
    found["most"] = {year: 100 * max(v for day, v in most.items() if day.year == year) for year in found["days"]}
    return found


@pytest.mark.slow
def test_every_count_is_that_of_a_plain_loop() -> None:
    weight = [2.5, 0.5]
    sst = synthetic(cells=2, area=[2.5, 1.0], weight=[1.0, 0.5])
    expected = plain(sst, weight)
    for name, function, options, units in (
        ("events", years.events, COMMON, "1"),
        ("days", years.days, DAYS, "d"),
        ("1", years.days, DAYS | {"category": 1}, "d"),
        ("2", years.days, DAYS | {"category": 2}, "d"),
        ("most", years.area, AREA, "percent"),
        ("any", years.area, AREA | {"at_once": False}, "percent"),
        ("intensity", years.cumulative_intensity, COMMON, "degree_Celsius d"),
    ):
        result = function(sst, **options)
        check_form(result, units)
        assert result.sizes["period"] == 13
        for start, row in by_start(result).items():
            assert row["value"].item() == pytest.approx(expected[name].get(int(start[:4]), 0.0), abs=1e-9), (
                name,
                start,
            )
    assert sum(expected["days"].values()) > 80


def test_categories_add_up_to_all_days() -> None:
    sst = synthetic()
    sst[4200:4230] += 9.0
    whole = years.days(sst, **DAYS)["value"].values
    parts = [years.days(sst, **DAYS | {"category": n})["value"].values for n in (1, 2, 3, 4)]
    np.testing.assert_allclose(sum(parts), whole, atol=1e-9)
    assert parts[3][11] > 10


def test_the_published_example(shared: Callable[..., Path]) -> None:
    """Western Australia 2011, base 1983-2012: 60 days from 6 February to 6 April, 192.73 degree days."""
    table = pd.read_csv(shared("reference", "heatwaveR_sst_WA", "sst_WA.csv"), parse_dates=["date"])
    sst = cube(table[["temp"]].to_numpy(), pd.DatetimeIndex(table["date"]))
    options = COMMON | {"base": [1983, 2012], "groups": 6}
    heat = heatwave_days.heat_days(sst, (1983, 2012), detrended=False, ice_below=-0.27, groups=6)[0]
    at = (heat.days >= np.datetime64("2011-02-06")) & (heat.days <= np.datetime64("2011-04-06"))
    assert heat.share[at].sum() == 60
    assert round(float(heat.excess[at].sum()), 2) == 192.73
    first, last = np.flatnonzero(at)[[0, -1]]
    assert heat.share[[first - 1, last + 1]].sum() == 0
    row = by_start(years.days(sst, **options, category=0))["2011-01-01"]
    assert row["value"].item() >= 60 and row["std_uncertainty"].item() > 0
    before = by_start(years.days(sst, **options | {"base": [1982, 2011]}, category=0))["2011-01-01"]
    assert before["value"].item() != row["value"].item()


@pytest.mark.slow
def test_a_real_cube_with_land_in_it(shared: Callable[..., Path]) -> None:
    """East of Tasmania, 2003-2004, a base of two years: a numerical exercise; land is no part of the area."""
    with xr.open_dataset(shared("reference", "xmhw_oisst", "oisst_2003_2004.nc")) as file:
        name = next(iter(file.data_vars))
        raw = file[name].transpose("time", "lat", "lon").load()
    values = raw.values.reshape(raw.sizes["time"], -1)
    days = pd.DatetimeIndex(raw["time"].values).normalize()
    sst = cube(values.astype(float), days)
    wet = np.isfinite(values).any(axis=0)
    options = COMMON | {"base": [2003, 2004], "groups": 2, "min_area_share": 0.1}
    got = years.days(sst, **options, category=0)
    expected: dict[int, float] = Counter()
    for n in np.flatnonzero(wet):
        for event in heatwaves(date(2003, 1, 1), values[:, n].astype(float), (2003, 2004)):
            for k in range((event.end - event.start).days + 1):
                expected[(event.start + timedelta(k)).year] += 1 / wet.sum()
    assert got["value"].values == pytest.approx([expected[2003], expected[2004]], abs=1e-9)


def test_with_the_whole_base_the_climatology_is_the_one_of_single_cells() -> None:
    """The same pools and smoothing as `climatology`: a threshold crossed there is crossed here."""
    sst = synthetic(cells=2)
    thresh = climatology(sst.isel(latitude=0, drop=True), base=(2001, 2010))["thresh"]
    assert thresh.shape == (366, 2)
    heat = heatwave_days.heat_days(sst, (2001, 2010), detrended=False, ice_below=-0.27, groups=5)
    assert len(heat) == 6
    assert not np.array_equal(heat[0].share, heat[1].share), "a base without two of its years is another base"


def test_under_ice_there_is_no_heatwave() -> None:
    """A cell that is ice all winter (-1.8) and then a little less cold: -1.0 is still ice, 1.0 is water."""
    sst = synthetic(cells=1, last="2011-12-31")
    winter = np.isin(pd.DatetimeIndex(sst["time"].values).month, (1, 2))
    sst[winter] = -1.8
    late = winter & (sst["time"].values >= np.datetime64("2011-01-01"))
    sst[late] = -1.0
    assert (
        heatwave_days.heat_days(sst, (2001, 2010), detrended=False, ice_below=-0.27, groups=5)[0].share[late].sum() == 0
    )
    sst[late] = 1.0
    heat = heatwave_days.heat_days(sst, (2001, 2010), detrended=False, ice_below=-0.27, groups=5)[0]
    middle = (heat.days >= np.datetime64("2011-01-20")) & (heat.days <= np.datetime64("2011-02-10"))
    assert heat.share[middle].sum() == 22, "away from the months whose smoothing reaches into it"


def test_a_warming_sea_is_in_heatwave_and_the_detrended_one_is_not() -> None:
    sst = synthetic(last="2020-12-31", warming=0.3)
    fixed, detrended = (years.days(sst, **DAYS | extra)["value"].values for extra in ({}, DETRENDED))
    flat = years.days(synthetic(last="2020-12-31"), **DAYS | DETRENDED)["value"].values
    assert fixed[-1] > 150 > 60 > detrended[-1]
    np.testing.assert_allclose(detrended, flat, atol=1e-6, err_msg="the line is taken out whole")


def test_gaps_of_five_days_are_filled_and_flagged_and_longer_ones_refuse_the_year() -> None:
    days = pd.date_range("2000-01-01", "2012-12-31")
    short = synthetic().drop_isel(time=np.flatnonzero(days.isin(pd.date_range("2011-03-01", periods=5))))
    row = by_start(years.days(short, **DAYS))["2011-01-01"]
    assert (row["n_valid"].item(), row["n_expected"].item(), row["estimated"].item()) == (360, 365, True)
    long = synthetic().drop_isel(time=np.flatnonzero(days.isin(pd.date_range("2011-03-01", periods=6))))
    row = by_start(years.days(long, **DAYS))["2011-01-01"]
    assert (
        row["reason"].item() == "359 of 365 days, gaps of up to five days filled: a count or sum allows no missing day"
    )
    assert by_start(years.days(long, **DAYS))["2012-01-01"]["n_valid"].item() == 366, "a leap year has its own day"


def test_a_day_needs_half_of_the_area() -> None:
    sst = synthetic(area=[1.0, 1.0, 3.0])
    sst[4100:4110, :, 2] = np.nan
    assert "355 of 365" in by_start(years.days(sst, **DAYS))["2011-01-01"]["reason"].item()
    sst = synthetic(area=[1.0, 1.0, 1.0])
    sst[4100:4110, :, 2] = np.nan
    assert by_start(years.days(sst, **DAYS))["2011-01-01"]["reason"].item() == ""


def test_without_the_base_there_is_one_refusal_that_names_it() -> None:
    days = pd.DatetimeIndex(["1981-09-01", "2021-10-25"])
    result = years.events(cube(np.full((2, 2), 18.0), days), **COMMON)
    assert result["reason"].values.tolist() == [
        "the base period 2001-2010 needs 8 of 10 years of every month, this record has none"
    ]
    assert result["period_start"].values == np.datetime64("2021-01-01")
    part = years.events(synthetic().isel(time=slice(366 * 5, None)), **COMMON)
    assert "this record has 6 (within 2005-2010)" in part["reason"].item()


@pytest.mark.parametrize(
    "function",
    [
        partial(years.events, **COMMON), partial(years.days, **DAYS), partial(years.area, **AREA),
        partial(years.cumulative_intensity, **COMMON),
    ],
)  # fmt: skip
def test_no_values_give_no_rows_and_other_units_are_refused(function: Callable[[xr.DataArray], xr.Dataset]) -> None:
    sst = synthetic(cells=1, last="2000-12-31")
    assert function(sst.where(sst > 99)).sizes["period"] == 0
    assert function(sst[:0]).sizes["period"] == 0
    assert function(sst[:1]).sizes["period"] == 1
    with pytest.raises(NotComputable, match="units"):
        function(sst.assign_attrs(units="K"))
    with pytest.raises(NotComputable, match="ascending"):
        function(sst[::-1])
    with pytest.raises(NotComputable, match="daily"):
        function(sst.assign_attrs(resolution="P1M"))


def test_windows_hold_all_that_a_value_is_made_of() -> None:
    sst = synthetic(cells=2, last="2013-12-31")
    base = COMMON | {"base": [2004, 2008]}
    for extra in ({}, DETRENDED):
        check_windows(partial(years.days, **base | extra, category=0), sst)


def test_shift_and_scale() -> None:
    sst = synthetic()
    moved = sst.copy(data=sst.values * 2 + 3)
    for options in (DAYS, DAYS | DETRENDED):
        np.testing.assert_allclose(years.days(moved, **options)["value"], years.days(sst, **options)["value"])
    warm, twice = (years.cumulative_intensity(x, **COMMON)["value"].values for x in (sst, moved))
    np.testing.assert_allclose(twice, 2 * warm, rtol=1e-9)


def test_more_days_do_not_change_a_year_before_them() -> None:
    sst = synthetic(cells=5, last="2013-02-20")
    before = years.cumulative_intensity(sst.isel(time=slice(None, -7)), **COMMON)
    after = years.cumulative_intensity(sst, **COMMON)
    assert before["value"].values[:13].tolist() == after["value"].values[:13].tolist(), "to the last digit"
    assert before["std_uncertainty"].values[:13].tolist() == after["std_uncertainty"].values[:13].tolist()


def test_uncertainty_is_the_scatter_between_bases_drawn_anew() -> None:
    """Thirty synthetic base periods of the same climate, and one year: their spread is what the jackknife estimates."""
    days = pd.date_range("2000-01-01", "2011-12-31")
    year = series(days, 99)[-365:] + 0.5
    values, errors = [], []
    for seed in range(30):
        cells = np.stack([np.r_[series(days, 7 * seed + k)[:-365], year] for k in range(1)], axis=1)
        row = years.days(cube(cells, days), **DAYS).isel(period=-1)
        values.append(row["value"].item())
        errors.append(row["std_uncertainty"].item())
    assert 0.5 < np.sqrt(np.mean(np.square(errors))) / np.std(values, ddof=1) < 2


def test_one_detection_serves_all_counts() -> None:
    heatwave_days._found.cache_clear()
    sst = synthetic(cells=1)
    years.days(sst, **DAYS)
    years.events(sst.copy(), **COMMON)
    assert heatwave_days._found.cache_info()[:2] == (1, 1)
    changed = sst.copy()
    changed[100] += 0.01
    years.events(changed, **COMMON)
    assert heatwave_days._found.cache_info()[:2] == (1, 2)
