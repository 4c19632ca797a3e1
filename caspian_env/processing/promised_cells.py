"""Where a grid has values, beside where its seed promises them: at sea, on land or everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WHERE = {"sea": "at sea", "land": "on land", "everywhere": "everywhere around the sea"}
SHORE, OPEN_SEA, LAND = 0, 1, 2
# Masks of providers differ at shores, islands and inland waters; none leaves half of what it promises empty.
MOST = 0.5
_WHOLLY = 0.999


def ground(sea: NDArray[np.float64], bay: NDArray[np.float64]) -> NDArray[np.int8]:
    """`OPEN_SEA`, `LAND` or `SHORE` for each cell.

    Parameters
    ----------
    sea, bay : ndarray (latitude, longitude), 1
        Share of the cell in the Caspian and in Kara-Bogaz-Gol. Where no cell lies wholly in the sea, those that are in it
        as far as any are the open sea.
    """
    import numpy as np

    found = np.full(sea.shape, SHORE, dtype=np.int8)
    found[(sea > 0) & (sea >= _WHOLLY * sea.max(initial=0.0))] = OPEN_SEA
    found[(sea == 0) & (bay == 0)] = LAND
    return found


def broken_promise(gives: str, finite: NDArray[np.bool_], cells: NDArray[np.int8]) -> str:
    """What a grid lacks of what is promised, as a clause; empty where the promise is kept.

    A grid that has more than is promised is as good: a provider may begin to fill what was empty.

    Parameters
    ----------
    gives : str
        ``everywhere``: no cell is empty. ``sea``: most of the open sea has values; ``land``: most of the land. Empty
        promises nothing.
    finite : ndarray (time, cell)
        A time at which the whole grid is empty counts only where all times are.
    cells : ndarray (cell)
        From `ground`.
    """
    if not gives or not finite.size:
        return ""
    given = finite[finite.any(axis=1)]
    if not given.size:
        return f"is empty where the seed promises values {WHERE[gives]}"
    if gives == "everywhere":
        holes = int((~given).sum(axis=1).max())
        return f"has {holes} empty cells where the seed promises values {WHERE[gives]}" if holes else ""
    kind, name = (OPEN_SEA, "open sea") if gives == "sea" else (LAND, "land")
    if not (cells == kind).any():
        return ""
    worst = float(given[:, cells == kind].mean(axis=1).min())
    if worst >= MOST:
        return ""
    return f"has values in {100 * worst:.0f} % of the cells of the {name} where the seed promises them {WHERE[gives]}"
