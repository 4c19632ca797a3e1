"""Marine heatwaves: the published example, a plain implementation as peer, and what gaps, ice and leap years do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from caspian_env.errors import NotComputable
from caspian_env.indicators.marine_heatwaves import climatology, detect
from tests.benchmarks.plain_heatwaves import heatwaves


def series(values: np.ndarray, start: str = "2000-01-01") -> xr.DataArray:
    return xr.DataArray(values, dims="time", coords={"time": pd.date_range(start, periods=len(values), freq="D")})


def synthetic(years: int = 12, seed: int = 7) -> xr.DataArray:
    """Synthetic: a yearly cycle and red noise."""
    days = pd.date_range("2000-01-01", f"{1999 + years}-12-31", freq="D")
    noise = np.zeros(len(days))
    shocks = np.random.default_rng(seed).normal(0, 0.5, len(days))
    for n in range(1, len(days)):
        noise[n] = 0.9 * noise[n - 1] + shocks[n]
    return series(15 - 8 * np.cos(2 * np.pi * days.day_of_year.to_numpy() / 365.25) + noise)


def rows(events: xr.Dataset) -> list[tuple[date, date, date]]:
    found = [events[name].to_numpy().astype("datetime64[D]").tolist() for name in ("start", "peak", "end")]
    return list(zip(*found, strict=True))


def assert_same(events: xr.Dataset, expected: list) -> None:
    assert rows(events) == [(e.start, e.peak, e.end) for e in expected]
    for name in (
        "intensity_max", "intensity_mean", "intensity_cumulative", "rate_onset", "rate_decline", "category",
    ):  # fmt: skip
        np.testing.assert_allclose(events[name], [getattr(e, name) for e in expected], rtol=1e-10)


@pytest.fixture(scope="module")
def western_australia(shared: Callable[..., Path]) -> xr.DataArray:
    table = pd.read_csv(shared("reference", "heatwaveR_sst_WA", "sst_WA.csv"), parse_dates=["date"])
    return series(table["temp"].to_numpy(), str(table["date"].iloc[0].date()))


def test_the_published_example(western_australia: xr.DataArray) -> None:
    """Manual of marineHeatWaves: 60 days, peak 6.51 degrees, cumulative 192.73 degree days with base 1983-2012."""
    events = detect(western_australia, base=(1983, 2012))
    event = events.isel(event=int(events["intensity_max"].to_numpy().argmax()))
    assert [str(event[name].to_numpy())[:10] for name in ("start", "end")] == ["2011-02-06", "2011-04-06"]
    assert int(event["duration"]) == 60 and int(event["category"]) == 4
    assert round(float(event["intensity_max"]), 2) == 6.51
    assert round(float(event["intensity_cumulative"]), 2) == 192.73
    assert float(event["intensity_mean"]) == pytest.approx(192.73 / 60, abs=1e-3)


def test_rates_of_real_series_are_those_of_single_events(shared: Callable[..., Path]) -> None:
    """Each event for itself, from the daily values and the climatology: three cells of OISST, two bases."""
    seen = 0
    for name in ("sst_WA", "sst_Med", "sst_NW_Atl"):
        table = pd.read_csv(shared("reference", "heatwaveR_sst_WA", f"{name}.csv"), parse_dates=["date"])
        sst = series(table["temp"].to_numpy(), str(table["date"].iloc[0].date()))
        for base in ((1983, 2012), (1991, 2020)):
            events, normal = detect(sst, base=base), climatology(sst, base=base)["seas"].to_series()
            days = pd.DatetimeIndex(table["date"])
            slots = [pd.Timestamp(2000, day.month, day.day).day_of_year for day in days]
            above = pd.Series(table["temp"].to_numpy() - normal.loc[slots].to_numpy(), days)
            for n in range(events.sizes["event"]):
                start, peak, end = (pd.Timestamp(events[key].to_numpy()[n]) for key in ("start", "peak", "end"))
                day = pd.Timedelta(days=1)
                for rate, edge, beside in (("rate_onset", start, start - day), ("rate_decline", end, end + day)):
                    found = float(events[rate][n])
                    if beside not in above.index:
                        assert np.isnan(found)
                        continue
                    rise = above[peak] - above[[edge, beside]].mean()
                    assert found == pytest.approx(rise / (abs((peak - edge) / day) + 0.5), abs=1e-10)
                    seen += 1
    assert seen > 500


def test_an_event_at_an_end_of_the_record_has_no_rate_there() -> None:
    sst = synthetic()
    sst[:12] += 12.0
    sst[-9:] += 12.0
    sst[2000:2010] += 12.0
    sst[2010:2020] = np.nan  # too long a gap to fill: nobody knows how it ended
    events = detect(sst, base=(2001, 2010))
    by_start = {str(start)[:10]: n for n, start in enumerate(events["start"].to_numpy())}
    first, last = 0, events.sizes["event"] - 1
    broken = by_start[str(sst["time"].to_numpy()[2000])[:10]]
    for n, known, unknown in (
        (first, "rate_decline", "rate_onset"),
        (last, "rate_onset", "rate_decline"),
        (broken, "rate_onset", "rate_decline"),
    ):
        assert np.isfinite(events[known][n]) and np.isnan(events[unknown][n])
        assert np.isfinite(events["intensity_max"][n])


def test_another_base_is_another_answer(western_australia: xr.DataArray) -> None:
    longest = {
        base: int(detect(western_australia, base=base)["duration"].max()) for base in ((1983, 2012), (1991, 2020))
    }
    assert len(set(longest.values())) == 2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_equals_the_plain_implementation(seed: int) -> None:
    sst = synthetic(seed=seed)
    expected = heatwaves(date(2000, 1, 1), sst.to_numpy(), (2001, 2010))
    assert len(expected) > 10
    assert_same(detect(sst, base=(2001, 2010)), expected)


def test_equals_the_plain_implementation_where_long_gaps_are() -> None:
    sst = synthetic()
    sst[1000:1040] = np.nan
    sst[2000:2006] = np.nan
    assert_same(detect(sst, base=(2001, 2010)), heatwaves(date(2000, 1, 1), sst.to_numpy(), (2001, 2010)))


def test_a_cube_is_its_cells() -> None:
    cells = [synthetic(seed=seed) for seed in range(6)]
    cells[4][300:320] = np.nan
    cells[5][:] = np.nan
    cube = xr.concat(cells, "cell").transpose("time", "cell").to_numpy().reshape(-1, 2, 3)
    coords = {"time": cells[0]["time"], "latitude": [40.0, 41.0], "longitude": [50.0, 51.0, 52.0]}
    grid = xr.DataArray(cube, dims=("time", "latitude", "longitude"), coords=coords)
    events, normal = detect(grid, base=(2001, 2010)), climatology(grid, base=(2001, 2010))
    assert normal["seas"].dims == ("dayofyear", "latitude", "longitude")
    for n, alone in enumerate(cells):
        lat, lon = grid["latitude"][n // 3].item(), grid["longitude"][n % 3].item()
        here = events.isel(event=((events["latitude"] == lat) & (events["longitude"] == lon)).to_numpy())
        if n == 5:
            assert here.sizes["event"] == 0 and np.isnan(normal["thresh"].sel(latitude=lat, longitude=lon)).all()
            continue
        by_itself = detect(alone, base=(2001, 2010))
        assert rows(here) == rows(by_itself)
        np.testing.assert_allclose(here["intensity_cumulative"], by_itself["intensity_cumulative"])
        np.testing.assert_allclose(
            normal["thresh"].sel(latitude=lat, longitude=lon), climatology(alone, base=(2001, 2010))["thresh"]
        )


def square_wave(*hot: tuple[int, int]) -> xr.DataArray:
    """Synthetic: cold for twelve years, and hot on the days named of the last year."""
    sst = synthetic()
    normal = climatology(sst, base=(2001, 2010))
    flat = normal["seas"].to_numpy()[np.minimum(sst["time"].dt.dayofyear.to_numpy(), 365)]
    sst = sst.copy(data=np.where(np.arange(sst.size) < 4018, sst.to_numpy(), flat))
    for first, last in hot:
        sst[4018 + first : 4018 + last + 1] += 10.0
    return sst


@pytest.mark.parametrize(
    ("hot", "lengths"),
    [
        ([(100, 103)], []),
        ([(100, 104)], [5]),
        ([(100, 104), (107, 111)], [12]),
        ([(100, 104), (108, 112)], [5, 5]),
        ([(100, 104), (106, 108)], [5]),  # three days are no event that could be joined
        ([(100, 104), (107, 111), (114, 118)], [19]),
    ],
)
def test_five_days_and_gaps_of_two(hot: list[tuple[int, int]], lengths: list[int]) -> None:
    sst = square_wave(*hot)
    events = detect(sst, base=(2001, 2010))
    late = events.isel(event=(events["start"] >= np.datetime64("2011-03-01")).to_numpy())
    assert late["duration"].to_numpy().tolist() == lengths


@pytest.mark.parametrize(("missing", "lengths"), [(2, [20]), (5, [20]), (6, [7, 7])])
def test_gaps_of_up_to_five_days_are_interpolated(missing: int, lengths: list[int]) -> None:
    sst = square_wave((100, 119))
    sst[4018 + 107 : 4018 + 107 + missing] = np.nan
    events = detect(sst, base=(2001, 2010))
    late = events.isel(event=(events["start"] >= np.datetime64("2011-03-01")).to_numpy())
    assert late["duration"].to_numpy().tolist() == lengths
    assert int(late["days_observed"].sum()) == 20 - missing
    assert np.isfinite(late["intensity_cumulative"]).all()


def test_rates_by_hand() -> None:
    """Half a day before the first day it lies 2 above the season, half a day after the last 3.5; the peak of 10 between."""
    sst = square_wave()
    sst[4018 + 100 : 4018 + 107] += [4.0, 6.0, 8.0, 10.0, 9.0, 8.0, 7.0]
    events = detect(sst, base=(2001, 2010))
    event = events.isel(event=int((events["start"] == sst["time"][4018 + 100]).to_numpy().argmax()))
    assert float(event["rate_onset"]) == pytest.approx((10 - 2) / 3.5)
    assert float(event["rate_decline"]) == pytest.approx((10 - 3.5) / 3.5)
    assert event["rate_onset"].attrs["units"] == event["rate_decline"].attrs["units"] == "degree_Celsius day-1"


def test_days_that_are_left_out_are_days_that_are_missing() -> None:
    sst = synthetic()
    holes = [500, 501, 502, 900]
    marked = sst.copy()
    marked[holes] = np.nan
    xr.testing.assert_identical(detect(sst.drop_isel(time=holes), base=(2001, 2010)), detect(marked, base=(2001, 2010)))


def test_under_ice_there_is_no_heatwave() -> None:
    sst = square_wave((100, 119))
    ice = xr.zeros_like(sst)
    ice[4018 + 110 : 4018 + 120] = 0.4
    events = detect(sst, base=(2001, 2010), ice=ice)
    late = events.isel(event=(events["start"] >= np.datetime64("2011-03-01")).to_numpy())
    assert late["duration"].to_numpy().tolist() == [10]


def test_a_leap_day_has_a_place_of_its_own() -> None:
    normal = climatology(synthetic(), base=(2001, 2010))
    assert normal["dayofyear"].to_numpy().tolist() == list(range(1, 367))
    assert np.isfinite(normal["seas"]).all()
    around = normal["seas"].sel(dayofyear=[59, 60, 61]).to_numpy()
    assert min(around[0], around[2]) - 0.1 < around[1] < max(around[0], around[2]) + 0.1


def test_kelvin_gives_the_same_events() -> None:
    sst = synthetic()
    xr.testing.assert_allclose(detect(sst, base=(2001, 2010)), detect(sst + 273.15, base=(2001, 2010)), rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.isel(time=slice(400, None)), "does not cover the base period"),
        (lambda s: s.isel(time=slice(None, None, -1)), "not ascending"),
        (lambda s: s.rename(time="t"), "no dimension time"),
    ],
)
def test_what_cannot_be_answered_is_refused(change, said: str) -> None:
    with pytest.raises(NotComputable, match=said):
        detect(change(synthetic()), base=(2001, 2011))
