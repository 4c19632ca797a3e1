"""Shorelines on a transect: DSAS statistics on synthetic positions, profiles and slopes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy import stats

from caspian_env.errors import NotComputable
from caspian_env.processing.shoreline import bed_slope, end_point_rate, net_movement, profile, regression_rate

YEARS = np.array([2006.5, 2010.3, 2014.0, 2019.7, 2024.2])


def test_a_steady_retreat_is_found_by_all_three() -> None:
    positions = 1000 + 150.0 * (YEARS - 2006.5)
    assert net_movement(YEARS, positions, u_position=30).estimate == pytest.approx(150 * 17.7)
    assert end_point_rate(YEARS, positions, u_position=30).estimate == pytest.approx(150)
    assert regression_rate(YEARS, positions).estimate == pytest.approx(150)
    shuffled = np.argsort([3, 1, 4, 0, 2])
    assert end_point_rate(YEARS[shuffled], positions[shuffled], u_position=30).estimate == pytest.approx(150)


def test_regression_is_that_of_scipy() -> None:
    positions = 150.0 * (YEARS - 2006.5) + np.array([40.0, -70, 10, 90, -30])
    found, peer = regression_rate(YEARS, positions, level=0.9), stats.linregress(YEARS, positions)
    assert_allclose([found.estimate, found.std_uncertainty], [peer.slope, peer.stderr], rtol=1e-12)
    half = stats.t.ppf(0.95, 3) * peer.stderr
    assert_allclose([found.ci_low, found.ci_high], [peer.slope - half, peer.slope + half], rtol=1e-12)


def test_measurement_alone_is_in_the_uncertainty_of_the_ends() -> None:
    moved = net_movement([2000, 2010], [0.0, 500.0], u_position=30)
    assert moved.std_uncertainty == pytest.approx(30 * 2**0.5)
    assert end_point_rate([2000, 2010], [0.0, 500.0], u_position=30).std_uncertainty == pytest.approx(3 * 2**0.5)
    rng = np.random.default_rng(7)
    draws = rng.normal(0, 30, (4000, 2)) @ np.array([-0.1, 0.1])
    assert draws.std() == pytest.approx(3 * 2**0.5, rel=0.05)


@pytest.mark.parametrize(
    ("years", "positions", "problem"),
    [
        ([2000], [1.0], "1 shorelines"),
        ([2000, 2000], [1.0, 2.0], "a date stands twice"),
        ([1, 2], [1.0, np.nan], "missing"),
    ],
)
def test_what_is_no_set_of_shorelines_is_refused(years: list[float], positions: list[float], problem: str) -> None:
    with pytest.raises(NotComputable, match=problem):
        net_movement(years, positions, u_position=1)


def plane(slope: float) -> xr.DataArray:
    """A bed that falls to the south by ``slope`` m per m from -25 m at 47 N."""
    lat, lon = np.arange(44.0, 48.01, 0.1), np.arange(48.0, 54.01, 0.1)
    metres = 6371007.2 * np.deg2rad(47.0 - lat)
    return xr.DataArray(
        np.broadcast_to((-25 - slope * metres)[:, None], (lat.size, lon.size)),
        dims=("latitude", "longitude"),
        coords={"latitude": lat, "longitude": lon},
        name="bed",
    )


def test_the_slope_of_a_plane_is_found_along_a_meridian() -> None:
    distance, height = profile(plane(5e-5), (52.0, 47.0), (52.0, 45.5), spacing_km=2.0)
    assert distance[-1] == pytest.approx(6371.0072 * np.deg2rad(1.5), rel=1e-9)
    slope = bed_slope(distance, height, lowest=-34, highest=-25, fewest=5)
    assert not isinstance(slope, str)
    assert slope.estimate == pytest.approx(5e-5, rel=1e-6)
    assert slope.n_points > 70


def test_a_bed_that_does_not_fall_has_no_shoreline_model() -> None:
    rising = profile(plane(-5e-5), (52.0, 45.5), (52.0, 47.0), spacing_km=2.0)
    falling = profile(plane(5e-5), (52.0, 47.0), (52.0, 45.5), spacing_km=2.0)
    assert "5 points" in str(bed_slope(*falling, lowest=-10, highest=-5, fewest=5))
    assert not isinstance(bed_slope(*falling, lowest=-34, highest=-25, fewest=5), str)
    upwards = (rising[0], -50.0 - rising[1])
    assert "does not fall" in str(bed_slope(*upwards, lowest=-34, highest=-15, fewest=5))
    with pytest.raises(NotComputable, match="leaves the relief"):
        profile(plane(5e-5), (52.0, 47.0), (52.0, 40.0), spacing_km=2.0)
