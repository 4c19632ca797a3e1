"""Chlorophyll against its own base seasons: by hand on synthetic days, and what too few days or seasons do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic_series import by_start, check_form, check_windows, make

from caspian_env.errors import NotComputable
from caspian_env.indicators import chlorophyll

OPTIONS: dict[str, Any] = {
    "surface": -29.4, "least_depth": 5.0, "min_area_share": 0.5,

    "season": [4, 10], "base": [2021, 2025], "min_base_share": 0.8, "min_coverage": 0.5, "relative_uncertainty": 0.3,
    "ci_level": 0.9,
}  # fmt: skip


def days(first: str = "2020-05-05", last: str = "2026-11-20", drop: str = "", shift: float = 0.0) -> xr.DataArray:
    """Synthetic logarithms: a season, noise, and a greener 2026 by ``shift``; days from FIRST to LAST are dropped."""
    times = pd.date_range(first, last)
    values = 0.3 - 0.2 * np.cos(2 * np.pi * times.day_of_year / 365.25)
    values = values + np.random.default_rng(3).normal(0, 0.1, len(times)) + shift * (times.year == 2026)
    keep = ~times.isin(pd.date_range(*drop.split("/"))) if drop else slice(None)
    return make(times[keep].values, values[keep], units="1", resolution="P1D", status="estimated")


def bed(heights: np.ndarray, latitude: list[float], longitude: list[float]) -> xr.DataArray:
    """A synthetic relief on one time."""
    coords = {"time": [np.datetime64("2022-01-01", "s")], "latitude": latitude, "longitude": longitude}
    return xr.DataArray(heights[np.newaxis], coords, ("time", "latitude", "longitude"), attrs={"units": "m"})


def seasonal_change(series: xr.DataArray, **options: Any) -> xr.Dataset:
    """Of a deep cell with these values, and a shallow one with others that must not count; as large as one another."""
    place = ("latitude", "longitude")
    one = np.stack([series.values, 5 - series.values[::-1]], axis=1)
    values = np.stack([one, one + 3], axis=1)  # the row further north is outside of the region
    coords = {
        "time": series["time"].values, "latitude": [44.0, 45.0], "longitude": [50.0, 51.0],
        "area": (place, np.full((2, 2), 80.0)), "weight": (place, [[1.0, 1.0], [0.0, 0.0]]),
    }  # fmt: skip
    cells = xr.DataArray(values, coords, ("time", "latitude", "longitude"), attrs=series.attrs)
    shallow = np.array([[-60.0, -40.0, -40.0, -34.3], [-60.0, -34.4, -40.0, -40.0]])
    return chlorophyll.seasonal_change(cells, bed(shallow, [43.9, 44.1], [49.8, 50.2, 50.8, 51.2]), **options)


def bloom_area(cells: xr.DataArray, **options: Any) -> xr.Dataset:
    """With a bed that is deep everywhere."""
    deep = np.full((2, 3), -80.0)
    placed = cells.assign_coords(latitude=[44.0, 44.1], longitude=[50.0, 50.1, 50.2])
    return chlorophyll.bloom_area(placed, bed(deep, [44.0, 44.1], [50.0, 50.1, 50.2]), **options)


def geometric(series: xr.DataArray, year: int) -> float:
    found = (
        (10 ** series.to_series()[f"{year}-04" : f"{year}-10"]).resample("MS").apply(lambda x: np.exp(np.log(x).mean()))
    )
    return float(np.exp(np.log(found).mean()))


def test_a_season_is_set_against_the_geometric_mean_of_the_base() -> None:
    series = days(shift=0.2)
    result = seasonal_change(series, **OPTIONS)
    check_form(result, "percent")
    rows = by_start(result)
    base = np.exp(np.mean([np.log(geometric(series, year)) for year in range(2021, 2026)]))
    for year in range(2021, 2027):
        row = rows[f"{year}-04-01"]
        assert row["value"].item() == pytest.approx(100 * (geometric(series, year) / base - 1), abs=1e-9)
        assert row["estimated"].item()
        assert (row["n_valid"].item(), row["n_expected"].item()) == (7, 7)
    newest = rows["2026-04-01"]
    assert newest["value"].item() == pytest.approx(100 * (10**0.2 - 1), abs=4)
    # In the logarithm the interval is symmetric, and half of it is at least that of thirty per cent.
    low, middle, high = (np.log1p(newest[name].item() / 100) for name in ("ci_low", "value", "ci_high"))
    assert high - middle == pytest.approx(middle - low)
    assert high - middle > 1.6448 * 0.3
    assert rows["2020-04-01"]["reason"].item() == "6 of 7 months"


def test_another_unit_of_concentration_changes_nothing() -> None:
    series = days()
    other = series.copy(data=series.values + 3)  # micrograms in place of milligrams
    xr.testing.assert_allclose(seasonal_change(other, **OPTIONS), seasonal_change(series, **OPTIONS))


def test_windows_hold_what_was_used() -> None:
    check_windows(lambda series: seasonal_change(series, **OPTIONS), days())


def test_half_of_the_days_of_each_month() -> None:
    rows = by_start(seasonal_change(days(drop="2026-06-01/2026-06-15"), **OPTIONS))
    assert np.isfinite(rows["2026-04-01"]["value"].item())
    rows = by_start(seasonal_change(days(drop="2026-06-01/2026-06-16"), **OPTIONS))
    assert rows["2026-04-01"]["reason"].item() == "6 of 7 months"


def test_a_record_without_its_base_is_refused_once() -> None:
    result = seasonal_change(days(last="2023-11-20"), **OPTIONS)
    assert result["reason"].values.tolist() == ["the base 2021-2025 needs 80% of its seasons, this record has 3"]
    assert seasonal_change(days(last="2024-11-20"), **OPTIONS).sizes["period"] == 5


def test_nothing_but_ascending_daily_logarithms() -> None:
    series = days()
    for wrong in (series.assign_attrs(units="mg m-3"), series.assign_attrs(resolution="P1M"), series[::-1]):
        with pytest.raises(NotComputable):
            seasonal_change(wrong, **OPTIONS)
    empty = seasonal_change(series.copy(data=np.full(series.size, np.nan)), **OPTIONS)
    assert empty.sizes["period"] == 0


BLOOM = {**OPTIONS, "percentile": 90}


def cells(first: str = "2020-05-05", last: str = "2026-11-20") -> xr.DataArray:
    """Synthetic logarithms of 2 x 3 cells, each with its own usual green; one of them is greener in May 2026; one is land."""
    times = pd.date_range(first, last)
    rng = np.random.default_rng(5)
    values = rng.normal(0, 0.2, (len(times), 2, 3)) + np.array([[0, 1, 2], [-1, 0.5, np.nan]])
    values[(times.year == 2026) & (times.month == 5), 0, 2] += 3
    return xr.DataArray(
        values, dims=("time", "latitude", "longitude"), attrs={"units": "1", "resolution": "P1D"},
        coords={
            "time": times.values.astype("datetime64[s]"),
            "area": (("latitude", "longitude"), np.array([[80.0, 80, 80], [78, 78, 78]])),
            "weight": (("latitude", "longitude"), np.array([[1.0, 0.5, 1], [1, 0, 1]])),
        },
    )  # fmt: skip


def test_bloom_area_is_that_of_cells_above_their_own_percentile() -> None:
    field = cells()
    result = bloom_area(field, **BLOOM)
    check_form(result, "km2")
    rows = by_start(result)
    frame = field.values.reshape(field.sizes["time"], 6)
    area = (field["area"] * field["weight"]).values.ravel()
    times = pd.DatetimeIndex(field["time"].values)
    season = (times.month >= 4) & (times.month <= 10)
    limit = np.percentile(frame[season & (times.year >= 2021) & (times.year <= 2025)], 90, axis=0)
    share = ((frame > limit) * area)[:, :5].sum(axis=1) / area[:5].sum() * area.sum()
    expected = pd.Series(share, times)[season].resample("MS").mean().dropna()
    found = {s: row["value"].item() for s, row in rows.items()}
    assert found == pytest.approx({f"{s:%F}": v for s, v in expected.items()})
    assert found["2026-05-01"] > area.sum() * 80 / area[:5].sum()
    usual = np.mean([v for s, v in found.items() if "2021" <= s < "2026"])
    assert usual == pytest.approx(area.sum() / 10, rel=0.01)
    check_windows(lambda part: bloom_area(part, **BLOOM), field)


def test_bloom_area_of_too_few_seasons_or_days_is_refused() -> None:
    short = bloom_area(cells("2022-11-01"), **BLOOM)
    assert short["reason"].values.tolist() == ["the base 2021-2025 needs 80% of its seasons, this record has 3"]
    field = cells()
    clouded = field.where(field["time"].dt.strftime("%Y-%m") != "2024-07")
    rows = by_start(bloom_area(clouded, **BLOOM))
    assert "2024-07-01" not in rows and rows["2024-08-01"]["reason"].item() == ""
    with pytest.raises(NotComputable, match="no daily logarithms"):
        bloom_area(field.assign_attrs(units="mg m-3"), **BLOOM)
    assert bloom_area(field.where(False), **BLOOM).sizes["period"] == 0


def test_a_shallow_cell_does_not_bloom() -> None:
    """The area of the region is that of its deep cells; one bed of 4.9 m takes its cell out, one of 5 m does not."""
    field = cells().assign_coords(latitude=[44.0, 44.1], longitude=[50.0, 50.1, 50.2])
    heights = np.full((2, 3), -80.0)
    heights[0, 2], heights[1, 0] = -29.4 - 4.9, -29.4 - 5.0
    relief = bed(heights, [44.0, 44.1], [50.0, 50.1, 50.2])
    masked = chlorophyll.bloom_area(field, relief, **BLOOM)
    without = field.assign_coords(weight=field["weight"].copy(data=[[1.0, 0.5, 0.0], [1, 0, 1]]))
    xr.testing.assert_allclose(masked, bloom_area(without, **BLOOM))
    may = by_start(masked)["2026-05-01"]["value"].item()
    assert may < by_start(bloom_area(field, **BLOOM))["2026-05-01"]["value"].item() - 60
    with pytest.raises(NotComputable, match="no cell of the region is 5 m deep"):
        chlorophyll.bloom_area(field, relief.copy(data=np.full((1, 2, 3), -30.0)), **BLOOM)
    with pytest.raises(NotComputable, match="no single field"):
        chlorophyll.bloom_area(field, relief.isel(time=0), **BLOOM)
