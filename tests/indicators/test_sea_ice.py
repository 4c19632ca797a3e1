"""Ice by season: by hand and against pandas, and what missing days, no ice and leap years do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic_series import by_start, check_form, check_windows

from caspian_env.errors import NotComputable
from caspian_env.indicators import sea_ice

EXTENT: dict[str, Any] = {"cell_share": 0.15, "min_area_share": 0.5, "edge_uncertainty": 50.0, "ci_level": 0.9}
DAY = EXTENT | {"region_share": 0.05}
AREA = np.array([100.0, 400.0, 500.0])
ALL = [
    partial(sea_ice.greatest_extent, **EXTENT), partial(sea_ice.first_day, **DAY), partial(sea_ice.last_day, **DAY),
    partial(sea_ice.season_length, **DAY),
]  # fmt: skip


def cube(shares: np.ndarray, days: pd.DatetimeIndex) -> xr.DataArray:
    """Three synthetic cells of 100, 400 and 500 km2 in the region."""
    place = ("latitude", "longitude")
    return xr.DataArray(
        shares[:, np.newaxis, :],
        {
            "time": days.values, "latitude": [46.0], "longitude": [50.0, 50.25, 50.5],
            "area": (place, 2 * AREA[np.newaxis]), "weight": (place, np.full((1, 3), 0.5)),
        },
        ("time", *place), attrs={"units": "1", "resolution": "P1D"},
    )  # fmt: skip


def winters(first: str = "2018-10-01", last: str = "2020-06-30", seed: int = 3) -> xr.DataArray:
    days = pd.date_range(first, last)
    cold = np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 30) / 365.25)[:, np.newaxis]
    noise = np.random.default_rng(seed).normal(0, 0.05, (len(days), 3))
    return cube(np.clip(1.2 * cold - np.array([0.4, 0.6, 0.8]) + noise, 0, 1), days)


def test_against_pandas() -> None:
    ice = winters()
    extent = pd.Series(((ice.values[:, 0] >= 0.15) * AREA).sum(axis=1), pd.DatetimeIndex(ice["time"].values))
    for year, start in ((2019, "2018-11-01"), (2020, "2019-11-01")):
        season = extent[start : f"{year}-04-30"]
        frozen = season[season >= 50]
        got = [by_start(function(ice))[start]["value"].item() for function in ALL]
        first, last = ((day - season.index[0]).days + 1 for day in frozen.index[[0, -1]])
        assert got == [season.max(), first, last, last - first + 1]
        assert by_start(ALL[0](ice))[start]["n_expected"].item() == len(season) == (182 if year == 2020 else 181)
    for function, units in zip(ALL, ("km2", "d", "d", "d"), strict=True):
        check_form(function(ice), units)


def test_missing_days_in_winter_are_not_days_without_ice() -> None:
    ice = winters()
    at = int(np.flatnonzero(ice["time"].values == np.datetime64("2019-01-10"))[0])
    two = ice.drop_isel(time=[at, at + 1])
    row = by_start(ALL[3](two))["2018-11-01"]
    assert (row["n_valid"].item(), row["estimated"].item(), row["reason"].item()) == (179, True, "")
    three = ice.drop_isel(time=[at, at + 1, at + 2])
    for function in ALL:
        reason = by_start(function(three))["2018-11-01"]["reason"].item()
        assert reason == "178 of 181 days: a day that is missing in winter is not a day without ice"


def test_a_season_without_ice() -> None:
    ice = winters() * 0
    ice.attrs = winters().attrs
    got = [by_start(function(ice))["2018-11-01"] for function in ALL]
    assert [got[0]["value"].item(), got[3]["value"].item()] == [0.0, 0.0]
    assert got[1]["reason"].item() == got[2]["reason"].item() == "no day of the season had ice on enough of the region"


def test_thresholds_belong_to_the_ice() -> None:
    """15 % of a cell is ice and 14.9 % is none; 5 % of the region is a day and less is none."""
    ice = winters()
    ice[:] = 0.0
    at = int(np.flatnonzero(ice["time"].values == np.datetime64("2018-11-20"))[0])
    ice[at, 0, 0], ice[at + 1, 0, 1] = 0.15, 0.149
    assert [by_start(f(ice))["2018-11-01"]["value"].item() for f in ALL] == [100.0, 20.0, 20.0, 1.0]
    none = by_start(sea_ice.first_day(ice, **DAY | {"region_share": 0.11}))["2018-11-01"]
    assert np.isnan(none["value"].item())


def test_half_of_the_region_must_be_charted() -> None:
    ice = winters()
    ice[100:110, :, 2] = np.nan  # half of the area
    assert by_start(ALL[3](ice))["2018-11-01"]["reason"].item() == ""
    ice[100:110, :, 0] = np.nan
    assert by_start(ALL[3](ice))["2018-11-01"]["reason"].item() != ""


@pytest.mark.parametrize("function", ALL)
def test_no_values_one_day_and_other_units(function: Callable[[xr.DataArray], xr.Dataset]) -> None:
    ice = winters()
    assert function(ice[:0]).sizes["period"] == 0
    assert function(ice.where(ice > 9)).sizes["period"] == 0
    assert function(ice[60:61])["reason"].values.tolist() == [
        "1 of 181 days: a day that is missing in winter is not a day without ice"
    ]
    with pytest.raises(NotComputable, match="shares"):
        function(ice.assign_attrs(units="percent"))
    check_windows(function, ice)
