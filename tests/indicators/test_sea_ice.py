"""Ice by season: dates and areas by hand, what a missing chart does, and one real field."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from synthetic_series import by_start, check_form, check_windows

from caspian_env.errors import NotComputable
from caspian_env.indicators import sea_ice
from caspian_env.processing.conform import cell_bounds
from caspian_env.processing.regions import cell_areas
from caspian_env.processing.sea_cells import ice_cover
from caspian_env.wiring import load_seeds
from caspian_env.workflows.grid_arguments import over_region
from caspian_env.workflows.weights import Weights

SEASON = {
    "covered_from": 0.15, "min_area_share": 0.5, "season_start": [11, 1], "season_end": [4, 30], "max_gap_days": 5,
    "ci_level": 0.9,
}  # fmt: skip
DATES = SEASON | {"region_share": 0.05}
AREA = SEASON | {"relative_uncertainty": 0.1}


def charts(first: str, last: str, ice: dict[str, list[float]], drop: tuple[str, ...] = ()) -> xr.DataArray:
    """Synthetic: twenty cells of 100 km2; from each date of ``ice`` on, the first cells have these fractions."""
    days = np.arange(first, np.datetime64(last) + 1, dtype="datetime64[D]")
    values = np.zeros((days.size, 4, 5))
    for start, fractions in ice.items():
        row = np.zeros(20)
        row[: len(fractions)] = fractions
        values[days >= np.datetime64(start)] = row.reshape(4, 5)
    made = xr.DataArray(
        values,
        dims=("time", "latitude", "longitude"),
        coords={
            "time": days.astype("datetime64[s]"), "latitude": 45.0 + np.arange(4) / 4, "longitude": 48 + np.arange(5) / 4,
            "area": (("latitude", "longitude"), np.full((4, 5), 100.0)),
            "weight": (("latitude", "longitude"), np.ones((4, 5))),
        },
        attrs={"units": "1", "resolution": "P1D", "datum": "none"},
        name="ice",
    )  # fmt: skip
    return made.isel(time=~np.isin(days, np.array(drop, dtype="datetime64[D]")))


WINTER = {"2015-11-01": [0.1, 0.1], "2015-12-11": [0.5, 0.1], "2016-01-20": [1.0, 0.8, 0.5], "2016-03-16": []}
ALL = (sea_ice.first_day, sea_ice.last_day, sea_ice.duration)


def winter(drop: tuple[str, ...] = ()) -> xr.DataArray:
    return charts("2015-10-01", "2016-05-31", WINTER, drop)


def test_a_winter_by_hand() -> None:
    ice = winter()
    first, last, length = (by_start(function(ice, **DATES))["2015-11-01"] for function in ALL)
    assert first["value"].item() == 41  # 11 December, with 1 November as day 1
    assert last["value"].item() == 136  # 15 March of a leap year
    assert length["value"].item() == 96
    assert first["std_uncertainty"].item() == pytest.approx(1 / np.sqrt(12))
    area = by_start(sea_ice.largest_area(ice, **AREA))["2015-11-01"]
    assert area["value"].item() == pytest.approx(230)
    assert area["std_uncertainty"].item() == pytest.approx(23)
    assert (area["n_valid"].item(), area["n_expected"].item()) == (182, 182)
    assert str(area["period_end"].values)[:10] == "2016-05-01"


@pytest.mark.parametrize("function", [*(partial(f, **DATES) for f in ALL), partial(sea_ice.largest_area, **AREA)])
def test_form_and_windows(function: Callable[[xr.DataArray], xr.Dataset]) -> None:
    result = function(winter())
    check_form(result, result["value"].attrs["units"])
    check_windows(function, winter())


def test_a_missing_chart_is_not_free_of_ice() -> None:
    """Charts are missing before the first day with ice: the date becomes uncertain by them; a longer gap refuses it."""
    few = tuple(f"2015-12-{day:02d}" for day in range(6, 11))
    row = by_start(sea_ice.first_day(winter(few), **DATES))["2015-11-01"]
    assert (row["value"].item(), row["n_valid"].item()) == (41, 177)
    assert row["std_uncertainty"].item() == pytest.approx(6 / np.sqrt(12))
    for function in ALL:
        refused = by_start(function(winter((*few, "2015-12-05")), **DATES))["2015-11-01"]
        assert refused["reason"].item() == "176 of 182 days, with a gap of more than 5 days"


def test_a_field_without_values_is_a_missing_chart() -> None:
    ice = winter().copy()
    ice[60:70] = np.nan
    assert "gap" in by_start(sea_ice.duration(ice, **DATES))["2015-11-01"]["reason"].item()
    half = winter().copy()
    half[:, :, 3:] = np.where(np.arange(half.sizes["time"])[:, None, None] % 2, np.nan, half[:, :, 3:])
    assert by_start(sea_ice.duration(half, **DATES))["2015-11-01"]["value"].item() == 96


def test_a_winter_without_ice_has_zero_days_and_no_dates() -> None:
    ice = charts("2015-10-01", "2016-05-31", {"2015-12-01": [0.1] * 20})
    assert by_start(sea_ice.duration(ice, **DATES))["2015-11-01"]["value"].item() == 0
    assert sea_ice.first_day(ice, **DATES)["reason"].item() == "no day of the season had ice on 5% of the region"
    assert sea_ice.largest_area(ice, **AREA)["value"].item() == pytest.approx(200)


def test_a_season_that_is_not_over_is_refused() -> None:
    ice = charts("2015-10-01", "2016-02-10", WINTER)
    assert "gap of more than 5 days" in sea_ice.duration(ice, **DATES)["reason"].item()
    ice = charts("2015-10-01", "2015-12-31", WINTER)
    assert "61 of 182 days" in sea_ice.duration(ice, **DATES)["reason"].item()


def test_nothing_and_wrong_units() -> None:
    assert sea_ice.duration(winter().isel(time=slice(0)), **DATES).sizes["period"] == 0
    with pytest.raises(NotComputable, match="no daily fraction"):
        sea_ice.duration(winter().assign_attrs(units="percent"), **DATES)


def test_a_real_field(shared: Callable[..., Path]) -> None:
    """OISST ice on 2016-01-17: area and extent of the North Caspian against plain numpy."""
    with xr.open_dataset(shared("samples", "oisst_ice", "icecon720x360.20160117_Ligang.nc")) as opened:
        field = opened["ice_con"].load()
    box = field.sel(lat=slice(36, 48), lon=slice(46, 56)).rename(lat="latitude", lon="longitude")
    values = box.where((box >= 0) & (box <= 1.0) if float(box.max()) <= 1 else (box >= 0) & (box <= 100))
    values = values / (1 if float(box.max()) <= 1 else 100)
    cells = values.expand_dims(time=[np.datetime64("2016-01-17", "s")])
    ice = over_region(cells, "north_caspian", Weights(load_seeds().locations))
    cover = ice_cover(ice, covered_from=0.15, min_area_share=0.5)
    areas = cell_areas(cell_bounds(cells, "latitude"), cell_bounds(cells, "longitude")) * ice["weight"].to_numpy()
    known = np.isfinite(values.to_numpy()) & (areas > 0)
    fraction = np.where(known, values.to_numpy(), 0)
    assert cover.area[0] == pytest.approx((fraction * areas)[known].sum(), rel=1e-9)
    extent = areas[known & (fraction >= 0.15)].sum() / areas[known].sum()
    assert cover.extent_share[0] == pytest.approx(extent, rel=1e-9)
    assert 0.3 < extent <= 1.0, "a January with ice in the north"
