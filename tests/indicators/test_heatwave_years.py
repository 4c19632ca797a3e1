"""Marine heatwaves by year: counts of a plain implementation, base periods, gaps, the trend taken away, and their scatter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic_series import check_form, check_windows, make

from caspian_env.errors import NotComputable
from caspian_env.indicators import marine_heatwaves
from caspian_env.processing import heatwave_days
from tests.benchmarks.plain_heatwaves import heatwaves, normals, slot

METHOD = {
    "base": [1991, 2020], "min_base_share": 0.8, "detrended": False, "resamples": 20, "seed": 1, "ci_level": 0.9,
}  # fmt: skip
SHORT = METHOD | {"base": [2001, 2008], "resamples": 10}


def daily(values: np.ndarray, first: str = "2000-01-01", drop: tuple[int, ...] = ()) -> xr.DataArray:
    times = pd.date_range(first, periods=values.size)
    kept = np.setdiff1d(np.arange(values.size), drop)
    return make(times.values[kept], values[kept], units="degree_Celsius", resolution="P1D")


def synthetic(years: int = 10, seed: int = 7, warming: float = 0.0) -> np.ndarray:
    """Synthetic: a yearly cycle, red noise and a trend in degrees a year, from 2000 on."""
    times = pd.date_range("2000-01-01", f"{1999 + years}-12-31")
    noise = np.zeros(times.size)
    shocks = np.random.default_rng(seed).normal(0, 0.5, times.size)
    for n in range(1, times.size):
        noise[n] = 0.9 * noise[n - 1] + shocks[n]
    season = 15 - 8 * np.cos(2 * np.pi * times.day_of_year.to_numpy() / 365.25)
    return season + noise + warming * np.arange(times.size) / 365.25


def years_of(result: xr.Dataset) -> dict[int, float]:
    start = pd.DatetimeIndex(result["period_start"].values).year
    return {int(year): float(value) for year, value in zip(start, result["value"].values, strict=True)}


def plain(first: date, values: np.ndarray, base: tuple[int, int]) -> pd.DataFrame:
    """Numbers of each year from the plain events, a day at a time."""
    mean, high = normals(first, values, base)
    last = first + timedelta(values.size - 1)
    table = pd.DataFrame(0.0, index=range(first.year, last.year + 1), columns=["events", "days", "sum", "max", "strong"])
    for event in heatwaves(first, values, base):
        table.loc[event.start.year, "events"] += 1
        day = event.start
        while day <= event.end:
            above = values[(day - first).days] - mean[slot(day)]
            table.loc[day.year, "days"] += 1
            table.loc[day.year, "sum"] += above
            table.loc[day.year, "max"] = max(above, table.loc[day.year, "max"])
            table.loc[day.year, "strong"] += 2 <= above / (high[slot(day)] - mean[slot(day)]) < 3
            day += timedelta(1)
    return table


@pytest.mark.parametrize("base", [(1991, 2020), (1982, 2011)])
@pytest.mark.parametrize("cell", ["sst_Med", "sst_NW_Atl"])
def test_years_of_real_cells_are_those_of_the_plain_events(
    shared: Callable[..., Path], cell: str, base: tuple[int, int]
) -> None:
    table = pd.read_csv(shared("reference", "heatwaveR_sst_WA", f"{cell}.csv"), parse_dates=["date"])
    sst = daily(table["temp"].to_numpy(), "1982-01-01")
    expected = plain(date(1982, 1, 1), table["temp"].to_numpy(), base)
    assert expected["events"].sum() > 70
    method = METHOD | {"base": list(base), "resamples": 2}
    found = {
        "events": marine_heatwaves.events(sst, **method),
        "days": marine_heatwaves.days(sst, **method),
        "sum": marine_heatwaves.cumulative_intensity(sst, **method),
        "strong": marine_heatwaves.category_days(sst, category=2, **method),
    }
    for name, result in found.items():
        np.testing.assert_allclose(result["value"], expected[name], rtol=1e-9, atol=1e-9, err_msg=name)
    highest = years_of(marine_heatwaves.maximum_intensity(sst, **method))
    for year, row in expected.iterrows():
        assert highest[year] == pytest.approx(row["max"], rel=1e-9) if row["days"] else np.isnan(highest[year])


def test_the_two_bases_are_two_indicators(shared: Callable[..., Path]) -> None:
    table = pd.read_csv(shared("reference", "heatwaveR_sst_WA", "sst_Med.csv"))
    sst = daily(table["temp"].to_numpy(), "1982-01-01")
    late, early = (years_of(marine_heatwaves.days(sst, **METHOD | {"base": b})) for b in ([1991, 2020], [1982, 2011]))
    assert early[2022] - late[2022] > 10


@pytest.mark.parametrize(
    "function",
    [
        marine_heatwaves.events, marine_heatwaves.days, partial(marine_heatwaves.category_days, category=1),
        marine_heatwaves.maximum_intensity, marine_heatwaves.cumulative_intensity,
    ],
)  # fmt: skip
def test_form_windows_and_repeatability(function: Callable[..., xr.Dataset]) -> None:
    sst = daily(synthetic(), drop=(1500, 1501, 2192))
    result = function(sst, **SHORT)
    check_form(result, result["value"].attrs["units"])
    assert result["n_valid"].sum() == sst.size
    check_windows(partial(function, **SHORT), sst)
    xr.testing.assert_identical(result, function(sst, **SHORT))


def test_days_of_all_categories_are_the_days() -> None:
    sst = daily(synthetic())
    parts = [marine_heatwaves.category_days(sst, category=n, **SHORT)["value"].values for n in (1, 2, 3, 4)]
    np.testing.assert_array_equal(sum(parts), marine_heatwaves.days(sst, **SHORT)["value"].values)


@pytest.mark.parametrize(("missing", "whole"), [(5, True), (6, False)])
def test_gaps_of_up_to_five_days_are_interpolated_and_said(missing: int, whole: bool) -> None:
    hole = tuple(range(1700, 1700 + missing))  # in 2004
    result = marine_heatwaves.days(daily(synthetic(), drop=hole), **SHORT).isel(period=4)
    assert (result["n_valid"].item(), result["n_expected"].item()) == (366 - missing, 366)
    assert np.isfinite(result["value"].item()) == whole
    assert bool(result["estimated"]) == whole
    assert ("gap of more than 5 days" in result["reason"].item()) != whole


def test_an_open_end_is_refused() -> None:
    values = synthetic()[:-1]
    assert marine_heatwaves.days(daily(values), **SHORT)["reason"].values[-1].startswith("364 of 365 days")


@pytest.mark.parametrize("base", [[1991, 2020], [2005, 2034]])
def test_a_base_that_is_not_there_is_refused_once(base: list[int]) -> None:
    result = marine_heatwaves.events(daily(synthetic()), **SHORT | {"base": base})
    assert result.sizes["period"] == 1
    assert f"the base period {base[0]}-{base[1]} needs 80% of the days of every month" in result["reason"].item()
    check_form(result, "1")


def test_a_month_that_is_never_seen_is_no_base() -> None:
    times = pd.date_range("2000-01-01", periods=synthetic().size)
    winters = tuple(np.flatnonzero(times.month == 1))
    result = marine_heatwaves.days(daily(synthetic(), drop=winters), **SHORT)
    assert "this record has 0% (within 2001-2008)" in result["reason"].item()


def test_without_the_trend_warming_is_no_heatwave() -> None:
    sst = daily(synthetic(years=20, warming=0.3))
    method = SHORT | {"base": [2001, 2015]}
    kept, taken = (marine_heatwaves.days(sst, **method | {"detrended": flag})["value"].values for flag in (False, True))
    assert kept[-4:].mean() > 3 * max(taken[-4:].mean(), 20)
    days = np.arange("2000-01-01", "2020-01-01", dtype="datetime64[D]")
    straight = heatwave_days.without_trend(days, 10 + 0.001 * np.arange(days.size), (2001, 2015))
    np.testing.assert_allclose(straight, straight[0], rtol=1e-12)


def test_nothing_and_wrong_units() -> None:
    assert marine_heatwaves.days(daily(synthetic()[:0]), **SHORT).sizes["period"] == 0
    kelvin = daily(synthetic())
    kelvin.attrs["units"] = "K"
    with pytest.raises(NotComputable, match="not 'degree_Celsius'"):
        marine_heatwaves.days(kelvin, **SHORT)
    with pytest.raises(NotComputable, match="ascending"):
        marine_heatwaves.days(daily(synthetic()).isel(time=slice(None, None, -1)), **SHORT)


def test_a_year_of_one_temperature_has_no_heatwave() -> None:
    sst = daily(np.full(3653, 12.0))
    assert (marine_heatwaves.days(sst, **SHORT)["value"] == 0).all()
    highest = marine_heatwaves.maximum_intensity(sst, **SHORT)
    assert set(highest["reason"].values) == {"no marine heatwave in the year"}
    check_form(highest, "degree_Celsius")


def test_a_drawn_base_is_the_base_with_its_years_repeated() -> None:
    """The weighted quantile against numpy's, on a base written out year by year."""
    values, base = synthetic(), (2001, 2008)
    days = pd.date_range("2000-01-01", periods=values.size).values.astype("datetime64[D]")
    found = heatwave_days.normals(days, values, base, resamples=3, seed=5)
    draw = np.random.default_rng(5)
    windows = heatwave_days._windows(days, values, base)
    for n in (1, 2, 3):
        years = draw.integers(0, 8, 8)
        pool = windows[:, years].reshape(366, -1)
        mean, high = np.nanmean(pool, axis=1), np.nanquantile(pool, 0.9, axis=1)
        for raw, made in ((mean, found.seas[n]), (high, found.thresh[n])):
            raw[59] = (raw[58] + raw[60]) / 2
            smooth = np.array([np.take(raw, range(k - 15, k + 16), mode="wrap").mean() for k in range(366)])
            np.testing.assert_allclose(made, smooth, rtol=1e-12)
    whole = marine_heatwaves.climatology(daily(values), base)
    np.testing.assert_array_equal(found.thresh[0], whole["thresh"])


def test_the_base_years_scatter_is_that_of_thirty_years() -> None:
    """Noise without memory: the standard error of a mean of 30 years, smoothed, is small and not nothing."""
    result = marine_heatwaves.days(daily(synthetic(years=30)), **METHOD | {"base": [2000, 2029], "resamples": 50})
    kept = result.isel(period=(result["value"] > 20).values)
    assert (kept["std_uncertainty"] > 1).all()
    assert (kept["ci_low"] < kept["value"]).mean() > 0.5


def grid(cells: list[np.ndarray], weight: list[float]) -> xr.DataArray:
    """One row of cells."""
    values = np.stack(cells, axis=1)[:, np.newaxis, :]
    coords = {
        "time": pd.date_range("2000-01-01", periods=len(cells[0])).values.astype("datetime64[s]"),
        "latitude": [42.0], "longitude": 50.0 + np.arange(len(cells)),
        "area": (("latitude", "longitude"), np.full((1, len(cells)), 500.0)),
        "weight": (("latitude", "longitude"), np.array([weight])),
    }  # fmt: skip
    attrs = {"units": "degree_Celsius", "resolution": "P1D", "datum": "none"}
    return xr.DataArray(values, dims=("time", "latitude", "longitude"), coords=coords, attrs=attrs, name="cells")


AREA = {"base": [2001, 2008], "min_base_share": 0.8, "min_area_share": 0.5, "ci_level": 0.9}


def test_the_share_of_the_area_is_that_of_its_cells() -> None:
    cells, weight = [synthetic(seed=n) for n in range(3)], [1.0, 0.5, 0.0]
    result = marine_heatwaves.area_share(grid(cells, weight), **AREA)
    parts = [plain(date(2000, 1, 1), cell, (2001, 2008))["days"].to_numpy() for cell in cells]
    lengths = result["n_expected"].values
    np.testing.assert_allclose(result["value"], 100 * (parts[0] + 0.5 * parts[1]) / 1.5 / lengths, rtol=1e-12)
    assert result["value"].max() > 0
    assert np.isnan(result["std_uncertainty"]).all()


def test_days_with_too_little_area_and_land_do_not_count() -> None:
    cells = [synthetic(seed=n) for n in range(3)] + [np.full(3653, np.nan)]
    cells[0], cells[1] = cells[0].copy(), cells[1].copy()
    cells[0][400], cells[1][400] = np.nan, np.nan  # in 2001, two of three cells
    result = marine_heatwaves.area_share(grid(cells, [1.0] * 4), **AREA)
    assert "364 of 365 days" in result["reason"].values[1]
    assert np.isfinite(result["value"].values[[0, 2, 9]]).all()


def test_a_grid_without_the_base_is_refused_once() -> None:
    result = marine_heatwaves.area_share(grid([synthetic()], [1.0]), **AREA | {"base": [1991, 2020]})
    assert result.sizes["period"] == 1
    assert "the base period 1991-2020 needs 80%" in result["reason"].item()


def test_real_cells_with_land(shared: Callable[..., Path]) -> None:
    """OISST east of Tasmania: two years that are their own base, land among the cells."""
    with xr.open_dataset(shared("reference", "xmhw_oisst", "oisst_2003_2004.nc")) as opened:
        sst = opened["sst"].load()
    cells = sst.rename(lat="latitude", lon="longitude").transpose("time", "latitude", "longitude")
    shape = cells.shape[1:]
    cells = cells.assign_coords(
        time=cells["time"].values.astype("datetime64[D]").astype("datetime64[s]"),
        area=(("latitude", "longitude"), np.ones(shape)),
        weight=(("latitude", "longitude"), np.ones(shape)),
    ).assign_attrs(units="degree_Celsius", resolution="P1D", datum="none")
    result = marine_heatwaves.area_share(cells, **AREA | {"base": [2003, 2004]})
    flat = cells.to_numpy().reshape(cells.sizes["time"], -1)
    sea = np.flatnonzero(np.isfinite(flat).all(axis=0))
    assert 0 < sea.size < flat.shape[1]
    days = sum(plain(date(2003, 1, 1), flat[:, n].astype(float), (2003, 2004))["days"].to_numpy() for n in sea)
    np.testing.assert_allclose(result["value"], 100 * days / sea.size / [365, 366], rtol=1e-9)
