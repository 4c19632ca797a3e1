"""The edge of the sea at a level: a circle of a bowl, without ponds that the water does not reach."""

from __future__ import annotations

import numpy as np
import pytest

from caspian_env.processing.waterline import waterline

LATITUDE, LONGITUDE = np.arange(-5.0, 5.01, 0.25), np.arange(-6.0, 6.01, 0.25)
APART = np.hypot(LONGITUDE[None, :], LATITUDE[:, None])
EVERYWHERE = np.ones(APART.shape, dtype=bool)


def bowl() -> np.ndarray:
    """A cone that rises by 10 m a degree from its middle at -40 m."""
    return np.asarray(-40.0 + 10.0 * APART)


@pytest.mark.parametrize("level", [-25.0, -12.5])
def test_the_line_lies_where_the_bed_has_the_level(level: float) -> None:
    (line,) = waterline(bowl(), LATITUDE, LONGITUDE, EVERYWHERE, level)
    assert line[0] == line[-1], "it is closed"
    away = np.hypot(*np.transpose(line))
    assert away == pytest.approx(
        np.full(len(line), (level + 40.0) / 10.0), abs=0.07
    )  # of straight lines over a curved one


def test_a_pond_that_the_sea_does_not_reach_has_no_line() -> None:
    heights = bowl()
    heights[2:4, 2:4] = -38.0
    assert len(waterline(heights, LATITUDE, LONGITUDE, EVERYWHERE, -20.0)) == 1
    assert len(waterline(bowl(), LATITUDE, LONGITUDE, EVERYWHERE, -39.9)) == 1


def test_what_is_not_open_to_the_sea_stays_dry() -> None:
    reach = np.broadcast_to(LONGITUDE[None, :] < 1.1, APART.shape)
    lines = waterline(bowl(), LATITUDE, LONGITUDE, reach, -20.0)
    assert max(x for line in lines for x, _ in line) < 1.3


def test_below_the_bed_there_is_no_shore() -> None:
    assert waterline(bowl(), LATITUDE, LONGITUDE, EVERYWHERE, -50.0) == ()
