"""Where the edge of the sea lies at a level, from the relief of its bed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from caspian_env.processing.hypsometry import connected

if TYPE_CHECKING:
    from numpy.typing import NDArray

Line = tuple[tuple[float, float], ...]


def waterline(
    heights: NDArray[np.float64],
    latitude: NDArray[np.float64],
    longitude: NDArray[np.float64],
    open_to_sea: NDArray[np.bool_],
    level: float,
) -> tuple[Line, ...]:
    """The lines of equal height around the water that is joined with the deepest cell; modelled, not observed.

    Hollows that the sea does not reach at this level have no line, and neither has what lies outside of ``open_to_sea``.
    Wind, which moves the edge of the flat north by kilometres, and what has silted up since the soundings are not in it.

    Parameters
    ----------
    heights : ndarray (latitude, longitude), m
        The relief of the bed above the datum of the level.
    latitude, longitude : ndarray, degrees
        Centres of the cells.
    open_to_sea : ndarray (latitude, longitude) of bool
        Cells that the sea may reach, as those without the Kara-Bogaz-Gol.
    level : float
        Height of the water, m.

    Returns
    -------
    tuple of lines, each of (longitude, latitude) in degrees
    """
    from contourpy import LineType, contour_generator

    wet = connected(open_to_sea & (heights <= level), heights)
    # What is low but not reached, and the edge of the grid, is as if it were land.
    dry = np.where(wet, heights, np.maximum(heights, level + 1.0))
    found: Any = contour_generator(longitude, latitude, dry, line_type=LineType.Separate).lines(level)
    return tuple(tuple((float(x), float(y)) for x, y in line) for line in found)
