"""How much of a value is left in the next one: lag-1 correlation of a series with gaps, freed from its small-sample bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

LARGEST = 0.98
"""Cap of the corrected correlation; intervals are so wide there that the cap itself no longer matters."""

MEAN, LINE = 1, 2
"""Terms that were fitted to the values: how strongly the correlation of what is left is corrected."""


def corrected(deviation: Numbers, position: Numbers, *, scale: float = 0.0, fitted: int = MEAN) -> float:
    """Lag-1 correlation r, from 0 to its cap: ``(n r1 + 1)/(n - 4)``, or ``(n r1 + 2)/(n - 4)`` where a line was fitted.

    The first is Kendall's (1954, doi:10.2307/2332719). Intercept and slope together take twice as much from r1 as a mean
    does (van Giersbergen 2005, Economics Letters 89, 75-82), which is the second (Hamed 2009, equation 24,
    doi:10.1016/j.jhydrol.2009.01.040). That one was made for a regression on the value before; what it leaves of the bias of
    r1 was measured, in docs/evidence.md.

    Parameters
    ----------
    deviation, position, scale
        As for `lag_one`; at least five values.
    fitted : int
        `MEAN`, or `LINE`: the terms that were fitted to the values.
    """
    n = deviation.size
    r1 = lag_one(deviation, position, scale=scale)
    if r1 == 0.0:  # no scatter: nothing to correct
        return 0.0
    return min(LARGEST, max(0.0, (n * r1 + fitted) / (n - 4)))


def lag_one(deviation: Numbers, position: Numbers, *, scale: float = 0.0) -> float:
    """Lag-1 autocorrelation r1 of deviations from a mean or a line; zero where there is no scatter or no neighbours.

    Parameters
    ----------
    deviation : array, shape (n,), any unit
        With mean zero.
    position : array, shape (n,)
        Where they lie, ascending; neighbours are one smallest step apart, so a gap makes none.
    scale : float
        Size of the values they are left of: residuals that are a rounding error have no memory.
    """
    n, scatter = deviation.size, float(deviation @ deviation)
    if n < 2 or scatter <= n * (1e-12 * scale) ** 2:
        return 0.0
    steps = np.diff(position)
    near = steps < 1.5 * steps.min()  # months, counted in days or years, are not quite equal
    products = float(deviation[1:][near] @ deviation[:-1][near])
    return products / scatter * (n - 1) / int(near.sum())
