"""Spells: runs of days on which something holds, in many cells at once, and short gaps between days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Spells:
    """Spells as positions: the cell, the first and the last day (included) of each, in the order of cells and days."""

    cell: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


def spells(holds: NDArray[np.bool_], *, min_days: int, join_days: int) -> Spells:
    """Spells of at least ``min_days``; then those with at most ``join_days`` between them become one.

    Parameters
    ----------
    holds : numpy.ndarray (cell, day)
        Whether it holds; false where a day is missing.
    """
    import numpy as np

    edges = np.diff(holds.astype(np.int8), axis=1, prepend=0, append=0)
    cell, first = np.nonzero(edges == 1)
    _, after = np.nonzero(edges == -1)
    long = after - first >= min_days
    cell, first, last = cell[long], first[long], after[long] - 1
    if not cell.size:
        return Spells(cell, first, last)
    new = np.ones(cell.size, dtype=bool)
    new[1:] = (cell[1:] != cell[:-1]) | (first[1:] - last[:-1] - 1 > join_days)
    ends = np.append(np.flatnonzero(new)[1:], cell.size) - 1
    return Spells(cell[new], first[new], last[ends])


def fill_short_gaps(values: NDArray[np.float64], *, max_days: int) -> NDArray[np.float64]:
    """Gaps of up to ``max_days`` between two values filled on the straight line; longer ones and the ends stay.

    Parameters
    ----------
    values : numpy.ndarray (cell, day)
        NaN where a day is missing; not changed.
    """
    import numpy as np

    missing = np.isnan(values)
    if not missing.any():
        return values
    edges = np.diff(missing.astype(np.int8), axis=1, prepend=0, append=0)
    cell, first = np.nonzero(edges == 1)
    _, after = np.nonzero(edges == -1)
    short = (after - first <= max_days) & (first > 0) & (after < values.shape[1])
    cell, first, after = cell[short], first[short], after[short]
    lengths = after - first
    gap = np.repeat(np.arange(lengths.size), lengths)
    step = np.arange(gap.size) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1
    left, right = values[cell, first - 1], values[cell, after]
    filled = values.copy()
    filled[cell[gap], first[gap] + step - 1] = left[gap] + (right - left)[gap] * step / (lengths + 1)[gap]
    return filled
