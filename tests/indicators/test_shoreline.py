"""Retreat of the shoreline: modelled on the real relief and on planes, observed on synthetic positions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from synthetic_series import check_form, check_windows, make, months

from caspian_env.errors import NotComputable
from caspian_env.indicators.shoreline import coast_retreat, modelled_retreat, observed_retreat
from caspian_env.seeds.sourced import load_transects
from caspian_env.wiring import load_seeds

SEEDS = {name: one for name, one in load_seeds().indicators.items() if one.definition == "shore_retreat"}
COASTS = {name: one for name, one in load_seeds().indicators.items() if one.definition == "shore_retreat_coast"}


def levels(*pairs: tuple[int, float], datum: str = "BS77") -> xr.DataArray:
    years, values = zip(*pairs, strict=True)
    return make([f"{y}-01-01" for y in years], values, units="m", resolution="P1Y", datum=datum)


def plane(slope: float) -> xr.DataArray:
    """A bed that falls to the south from -25 m at 47.1 N."""
    lat, lon = np.arange(44.0, 48.01, 0.1), np.arange(46.0, 56.01, 0.1)
    heights = np.broadcast_to((-25 - slope * 6371007.2 * np.deg2rad(47.1 - lat))[:, None], (lat.size, lon.size))
    return xr.DataArray(
        heights[None],
        dims=("time", "latitude", "longitude"),
        coords={"time": [np.datetime64("2022-01-01", "us")], "latitude": lat, "longitude": lon},
        attrs={"units": "m"},
        name="bed",
    )


def test_on_a_plane_the_line_moves_by_fall_over_slope() -> None:
    parameters = dict(SEEDS["shore_retreat_atyrau_reported"].parameters)
    level = levels((1900, -25.74), (1995, -26.62), (2024, -29.12))
    result = modelled_retreat(level, plane(5e-5), **parameters)
    check_form(result, "km")
    np.testing.assert_allclose(result["value"], [-0.88 / 5e-5 / 1e3, 0.0, 2.5 / 5e-5 / 1e3], rtol=1e-6, atol=1e-9)
    assert result["estimated"].all(), "the transects are provisional"
    surveyed = modelled_retreat(level, plane(5e-5), **parameters | {"provisional": False})
    assert not surveyed["estimated"].any()
    check_windows(lambda part: modelled_retreat(part, plane(5e-5), **parameters), level)


def test_what_gives_no_retreat_says_why() -> None:
    parameters = dict(SEEDS["shore_retreat_atyrau_reported"].parameters)
    wrong = modelled_retreat(levels((2000, -27.0), datum="EGM2008"), plane(5e-5), **parameters)
    assert [str(r) for r in wrong["reason"].values] == ["needs the datum BS77, this series is in EGM2008"]
    dry = modelled_retreat(levels((1999, -27.0), (2000, -27.0)), plane(0.0), **parameters)
    assert [str(r)[:31] for r in dry["reason"].values] == ["the bed does not fall seawards:"]
    part = make(months("2001-01", 9), np.full(9, -27.5), units="m", resolution="P1M", datum="BS77")
    assert modelled_retreat(part, plane(5e-5), **parameters)["reason"].item() == "9 of 12 months"
    with pytest.raises(NotComputable, match="no single field"):
        modelled_retreat(levels((2000, -27.0)), plane(5e-5).isel(time=0), **parameters)


@pytest.fixture(scope="module")
def relief(shared: Callable[..., Path]) -> xr.DataArray:
    """ETOPO1 at 0.1 degree around the sea."""
    with xr.open_dataset(shared("geometry", "etopo1_0p1deg.grd"), engine="netcdf4") as opened:
        z = opened["z"].sel(lat=slice(35, 49), lon=slice(45, 57)).load()
    bed = z.rename(lat="latitude", lon="longitude").expand_dims(time=[np.datetime64("2022-01-01", "us")])
    return bed.drop_attrs().assign_attrs(units="m")


def test_on_the_real_relief_the_north_retreats_by_tens_of_kilometres(relief: xr.DataArray) -> None:
    level = levels((2006, -27.0), (2024, -29.14))  # 2.14 m, as printed for 2006-2024
    moved = {}
    for name, one in SEEDS.items():
        result = modelled_retreat(level, relief, **dict(one.parameters))
        moved[name] = float(np.diff(result["value"].to_numpy())[0])
    assert all(15 < km < 130 for km in moved.values())
    assert 25 < moved["shore_retreat_atyrau_reported"] < 50, "30-35 km are printed for some Kazakh shores, 2006-2025"


def test_a_coast_has_the_median_of_its_transects(relief: xr.DataArray) -> None:
    level = levels((1995, -26.62), (2024, -29.14))
    for one in COASTS.values():
        given = dict(one.parameters)
        found = coast_retreat(level, relief, **given)
        check_form(found, "km")
        n = int(found["n_expected"].values[-1])
        corners = [np.array(given.pop(key)) for key in ("start", "end", "last_start", "last_end")]
        every = given.pop("every_km")
        assert given.pop("min_transect_share") == 0.5
        wide = max(
            np.linalg.norm((b - a) * 111.2 * [np.cos(np.deg2rad(a[1])), 1])
            for a, b in zip(corners, corners[2:], strict=False)
        )
        assert n - 1 == pytest.approx(wide / every, abs=1.5)
        alone = []
        for share in np.linspace(0, 1, n):
            ends = [tuple(a + share * (b - a)) for a, b in zip(corners[:2], corners[2:], strict=True)]
            single = modelled_retreat(level, relief, start=ends[0], end=ends[1], **given)
            alone += [float(single["value"].values[-1])] if not single["reason"].values[-1] else []
        assert int(found["n_valid"].values[-1]) == len(alone) >= n / 2
        assert found["value"].values[-1] == pytest.approx(sorted(alone)[len(alone) // 2], rel=1e-9)


def test_a_coast_needs_a_bed_that_falls_along_half_of_it() -> None:
    parameters = dict(COASTS["shore_retreat_coast_atyrau_reported"].parameters)
    half = plane(5e-5).where(plane(5e-5)["longitude"] < 51.25, plane(-5e-5))
    level = levels((1995, -26.62), (2024, -29.12))
    refused = coast_retreat(level, half, **parameters)
    assert [str(reason) for reason in refused["reason"].values] == [
        "the bed falls seawards along 13 of 40 transects, 20 are needed"
    ]
    whole = coast_retreat(level, plane(5e-5), **parameters)
    np.testing.assert_allclose(whole["value"], [0.0, 2.5 / 5e-5 / 1e3], rtol=1e-6, atol=1e-9)
    assert set(whole["n_expected"].values) == {40}


def test_transects_lead_from_land_into_the_sea_and_are_provisional() -> None:
    rows = load_transects()
    single = {one.split("_reported")[0].removeprefix("shore_retreat_") for one in SEEDS}
    coasts = {one.split("_reported")[0].removeprefix("shore_retreat_coast_") + "_coast" for one in COASTS}
    assert single | coasts == set(rows)
    for row in rows.values():
        assert row.provisional
        assert row.source
        for lon, lat in (value for key, value in row.parameters().items() if key != "provisional"):
            assert 46 < lon < 55
            assert 44 < lat < 47.5


def positions(values: list[float]) -> xr.DataArray:
    days = ["2006-06-01", "2010-06-01", "2014-06-01", "2018-06-01", "2024-06-01"][: len(values)]
    return make(days, values, units="m", resolution="instant")


def test_observed_positions_give_movement_and_rates() -> None:
    parameters = {"fewest": 2, "position_uncertainty": 500.0, "ci_level": 0.9}
    values = [0.0, 6000.0, 12100.0, 17800.0, 27000.0]
    moved = observed_retreat(positions(values), statistic="net_movement", **parameters)
    check_form(moved, "m")
    assert (moved["value"].item(), moved["std_uncertainty"].item()) == (27000, pytest.approx(500 * 2**0.5))
    rate = observed_retreat(positions(values), statistic="end_point_rate", **parameters)
    check_form(rate, "m year-1")
    assert rate["value"].item() == pytest.approx(1500, rel=1e-3)
    line = observed_retreat(positions(values), statistic="regression_rate", **parameters)
    days = positions(values)["time"].values.astype("datetime64[D]").astype(float)
    assert line["value"].item() == pytest.approx(np.polyfit(days / 365.2425, values, 1)[0], rel=1e-9)
    check_windows(lambda part: observed_retreat(part, statistic="regression_rate", **parameters), positions(values))


def test_too_few_positions_are_refused() -> None:
    parameters = {"fewest": 3, "position_uncertainty": 500.0, "ci_level": 0.9}
    few = observed_retreat(positions([0.0, 10.0]), statistic="regression_rate", **parameters)
    assert few["reason"].item() == "2 of 3 dates"
    assert observed_retreat(positions([]), statistic="net_movement", **parameters).sizes["period"] == 0
    with pytest.raises(NotComputable, match="no statistic"):
        observed_retreat(positions([0.0, 10.0]), statistic="median", **parameters)
    with pytest.raises(NotComputable, match="units"):
        observed_retreat(positions([0.0]).assign_attrs(units="km"), statistic="net_movement", **parameters)
