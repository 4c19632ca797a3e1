"""Intervals by moving blocks: resampling that keeps the memory of a series within a block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.statistics import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """A statistic of a series, the scatter of its replicates and their percentile interval."""

    estimate: float
    std_uncertainty: float
    ci_low: float
    ci_high: float
    block: int
    n: int


def block(
    y: ArrayLike,
    statistic: Callable[[NDArray[np.float64]], float],
    *,
    block: int,
    n: int,
    seed: int,
    level: float = LEVEL,
) -> Bootstrapped:
    """Percentile interval of a statistic from series put together out of overlapping blocks.

    Moving blocks of Künsch (1989, doi:10.1214/aos/1176347265). The same seed gives the same interval. For stationary
    series: a trend is torn apart by the blocks, so resample the residuals about it.

    Parameters
    ----------
    y : array_like, shape (m,) or (m, k), any unit
        Values in the order of time, none missing; rows stay together.
    statistic : callable
        From an array like ``y`` to a number.
    block : int
        Steps in a block; 1 is the ordinary bootstrap. Long against the memory, short against the series.
    n : int
        Number of replicates.
    seed : int
        Of the random generator.
    level : float
        Probability content of the interval.

    Raises
    ------
    NotComputable
        A missing value, or a block that does not fit at least twice.
    """
    values = np.asarray(y, dtype=float)
    m = len(values) if values.ndim else 0
    if not np.isfinite(values).all():
        raise NotComputable("block bootstrap", "a value is missing", "choose a period without gaps")
    if block < 1 or m < 2 * block or n < 2:
        raise NotComputable(
            "block bootstrap", f"blocks of {block} in {m} values", "give a series of two blocks or more"
        )
    random = np.random.default_rng(seed)
    starts = random.integers(0, m - block + 1, size=(n, -(-m // block)))
    order = (starts[:, :, None] + np.arange(block)).reshape(n, -1)[:, :m]
    replicates = np.array([statistic(values[row]) for row in order])
    low, high = np.quantile(replicates, [0.5 - level / 2, 0.5 + level / 2])
    return Bootstrapped(float(statistic(values)), float(replicates.std(ddof=1)), float(low), float(high), block, n)
