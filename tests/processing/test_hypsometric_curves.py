"""Hypsometry: its identities on arbitrary curves and synthetic reliefs."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from caspian_env.errors import NotComputable
from caspian_env.processing.hypsometry import connected, depth, from_areas, hypsometry, membership, spread, wet_share

LADDER = np.linspace(-36, -20, 33)
RULES = {"offset": 0.0, "lowest": -36.0, "highest": -20.0, "step": 0.5}


def cone(n: int = 81, *, units: str = "m", times: int = 1) -> xr.DataArray:
    """A cone 1000 m deep whose radius is 40 cells at 0 m, in cells of 1 km2; all of it is sea."""
    axis = np.arange(n) - n // 2
    heights = -1000 + 25.0 * np.hypot(*np.meshgrid(axis, axis))
    return xr.DataArray(
        np.broadcast_to(heights, (times, n, n)).copy(),
        dims=("time", "latitude", "longitude"),
        coords={
            "area": (("latitude", "longitude"), np.ones((n, n))),
            "weight": (("latitude", "longitude"), np.ones((n, n))),
        },
        attrs={"units": units},
        name="bed",
    )


def weighted(relief: xr.DataArray, weight: np.ndarray | float) -> xr.DataArray:
    return relief.assign_coords(weight=(("latitude", "longitude"), np.broadcast_to(weight, relief.shape[1:]).copy()))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 5e4), min_size=33, max_size=33),
    st.floats(-35.9, -20.1),
    st.floats(-35.9, -20.1),
    st.floats(0, 1e5),
)
def test_identities_of_any_curve(increments: list[float], one: float, other: float, below: float) -> None:
    curve = from_areas(LADDER, 1e5 + np.cumsum(increments), below)
    low, high = sorted((one, other))
    h = 1e-3
    assert curve.area(low) <= curve.area(high) + 1e-6, "A is monotone"
    assert curve.area(high) - curve.area(low) >= -1e-6, "nothing negative is laid bare"
    slope = (curve.volume(one + h) - curve.volume(one - h)) / (2 * h) * 1000
    assert_allclose(slope, curve.area(one), rtol=2e-4)
    levels = np.linspace(low, high, 400)
    integral = np.trapezoid([curve.area(level) for level in levels], levels) / 1000
    assert_allclose(curve.volume(high) - curve.volume(low), integral, rtol=1e-3, atol=1e-6)
    assert curve.volume(-36) == below


def test_a_cone_has_the_area_and_volume_of_a_cone() -> None:
    relief = cone()
    curve = hypsometry(relief, relief, weighted(relief, 0.0), **RULES)
    for level in (-34.2, -28.0, -21.0):
        radius = (1000 + level) / 25
        assert_allclose(curve.area(level), np.pi * radius**2, rtol=5e-3)
        assert_allclose(curve.volume(level), np.pi * radius**2 * (1000 + level) / 3 / 1000, rtol=5e-3)
    trapezoid = (curve.area(-30) + curve.area(-29)) / 2 / 1000
    assert_allclose(curve.volume(-29) - curve.volume(-30), trapezoid, rtol=0.05)
    assert_allclose(curve.widening(-28), 2 * np.pi * (972 / 25) / 25, rtol=0.05)


def test_an_offset_moves_the_levels() -> None:
    relief = cone()
    plain = hypsometry(relief, relief, weighted(relief, 0.0), **RULES)
    moved = hypsometry(relief, relief, weighted(relief, 0.0), **RULES | {"offset": 1.0})
    assert_allclose(moved.area(-27.0), plain.area(-28.0), rtol=1e-3)


def test_regions_share_the_sea_and_the_shore_beyond_its_outline() -> None:
    relief = cone()
    x = relief["weight"].to_numpy().cumsum(axis=1)
    outline = (relief.to_numpy()[0] < -200).astype(float)  # the outline ends before the shore
    west, east = outline * (x < 30), outline * (x >= 30)
    sea, bay = weighted(relief, outline), weighted(relief, 0.0)
    parts = [hypsometry(weighted(relief, part), sea, bay, **RULES).area(-28.0) for part in (west, east)]
    whole = hypsometry(sea, sea, bay, **RULES).area(-28.0)
    assert_allclose(sum(parts), whole, rtol=1e-12)
    assert_allclose(whole, np.pi * (972 / 25) ** 2, rtol=5e-3)


def test_a_lake_beside_the_sea_and_the_bay_are_left_out() -> None:
    relief = cone()
    alone = hypsometry(relief, relief, weighted(relief, 0.0), **RULES).area(-28.0)
    relief[0, 2:5, 2:5] = -100.0
    assert hypsometry(relief, relief, weighted(relief, 0.0), **RULES).area(-28.0) == pytest.approx(alone)
    bay = np.zeros(relief.shape[1:])
    bay[40:, 70:] = 1.0
    sea = weighted(relief, 1.0 - bay)
    without = hypsometry(sea, sea, weighted(relief, bay), **RULES).area(-28.0)
    dry = relief.to_numpy()[0][40:, 70:] < -28
    assert alone - without == pytest.approx(dry.sum(), abs=4)


def test_small_parts() -> None:
    heights = np.array([[-30.0, -5.0, -30.0], [-5.0, -5.0, -5.0], [-30.0, -30.0, -40.0]])
    assert connected(heights < -20, heights).sum() == 3
    assert not connected(heights < -99, heights).any()
    low, high = spread(heights)
    assert ((high - low) >= 1.0).all(), "a relief in whole metres is no finer than one"
    quarter = np.array([-30.0]), np.array([-26.0])
    assert wet_share(*quarter, -29.0) == pytest.approx(0.25)
    assert depth(*quarter, -29.0) == pytest.approx(0.125)
    assert depth(*quarter, -20.0) == pytest.approx(8.0)
    share = membership(np.array([[1.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 1.0]]))
    assert share[0, 0] == 1
    assert share[0, 2] == 0


@pytest.mark.parametrize(
    ("relief", "problem"),
    [
        (cone(units="ft"), "its units are 'ft'"),
        (cone(times=2), "no single field"),
        (cone().isel(time=0), "no single field"),
        (cone().where(cone() < -500), "has gaps"),
        (cone() * 0.5, "no bed of the Caspian, -500 m"),
        (cone().clip(min=-29.0).where(cone() > -999, -1000.0).assign_attrs(units="m"), "a plain in place of the bed"),
    ],
)
def test_what_is_no_relief_is_refused_by_name(relief: xr.DataArray, problem: str) -> None:
    relief = relief.assign_attrs(units=relief.attrs.get("units", "m")).rename("bed")
    with pytest.raises(NotComputable, match="bed") as refused:
        hypsometry(relief, relief, weighted(relief, 0.0) if relief.ndim == 3 else relief, **RULES)
    assert problem in str(refused.value)
