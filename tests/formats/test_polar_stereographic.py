"""The polar stereographic projection against a published example, a second implementation and itself."""

from __future__ import annotations

import numpy as np
import pytest

from caspian_env.formats.polar_stereographic import PolarStereographic

IMS = PolarStereographic(semi_major=6378137.0, semi_minor=6356257.0, true_scale=60.0, straight_down=-80.0)


def test_the_example_of_snyder() -> None:
    """Pages 315 to 317: the south on the International ellipsoid, here with the signs of its northern mirror image."""
    semi_major, eccentricity_squared = 6378388.0, 0.00672267
    international = PolarStereographic(semi_major, semi_major * (1 - eccentricity_squared) ** 0.5, 71.0, 100.0)
    x, y = international.forward(150.0, 75.0)
    # In the south x = -1540033.6, y = -560526.4 at 150 E, 75 S with 100 W down: mirrored, 50 degrees east of the meridian.
    assert np.hypot(x, y) == pytest.approx(np.hypot(1540033.6, 560526.4), abs=0.2)


def test_the_map_of_ims_is_that_of_proj() -> None:
    pyproj = pytest.importorskip("pyproj", reason="pyproj is not installed")
    there = pyproj.Proj("+proj=stere +lat_0=90 +lat_ts=60 +lon_0=-80 +a=6378137 +b=6356257 +units=m")
    longitude, latitude = np.meshgrid(np.linspace(-180, 179, 37), np.linspace(1, 89.5, 25))
    x, y = IMS.forward(longitude, latitude)
    expected = there(longitude, latitude)
    np.testing.assert_allclose([x, y], expected, atol=1e-3)
    back = IMS.inverse(x, y)
    np.testing.assert_allclose(back, [longitude, latitude], atol=1e-9)


def test_known_places_on_the_map() -> None:
    assert IMS.inverse(0.0, -1000.0)[0] == pytest.approx(-80.0)
    assert np.abs(IMS.forward(13.0, 90.0)).max() < 1e-6
    # On the parallel of true scale a degree of longitude is as long on the map as on the ellipsoid.
    west, east = (np.array(IMS.forward(50.0 + half, 60.0)) for half in (-0.5, 0.5))
    e2 = 1 - (IMS.semi_minor / IMS.semi_major) ** 2
    sine = np.sin(np.deg2rad(60))
    on_ground = IMS.semi_major * np.cos(np.deg2rad(60)) / np.sqrt(1 - e2 * sine**2) * np.deg2rad(1)
    assert np.hypot(*(east - west)) == pytest.approx(on_ground, rel=1e-4)
