"""Straight lines through a series with short memory: least squares and Sen's slope, with intervals that allow for it.

For surface temperature, air temperature, inflow, precipitation and the like. The level of the sea is an integrated
series: there these lines only describe, and `statistics.increment_rate` has the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.kendall import score_variance
from caspian_env.processing.memory import LINE, corrected
from caspian_env.processing.statistics import LEVEL, interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

FEWEST = 5
"""Fewest values of a trend: the correction of the lag-1 correlation divides by n - 4."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A slope per step with its interval; ``n_eff`` independent values remain of a residual with lag-1 correlation ``r``."""

    estimate: float
    std_uncertainty: float
    ci_low: float
    ci_high: float
    dof: float
    r: float
    n_eff: float


def ols(
    y: ArrayLike, x: ArrayLike | None = None, *, level: float = LEVEL, harmonics: int = 0, steps_per_cycle: float = 12
) -> Trend:
    """Least-squares slope whose interval allows for the memory of the residuals.

    The lag-1 correlation r1 of the residuals is freed from the small-sample bias that a fitted line gives it,
    ``r = (n r1 + 2)/(n - 4)`` and not below zero (Hamed 2009, doi:10.1016/j.jhydrol.2009.01.040; see `memory.corrected`);
    ``n_eff = n (1 - r)/(1 + r)`` takes the place of n in the standard error and in the degrees of freedom (Santer et al.
    2000, doi:10.1029/1999JD901105). Coverage as measured stands in docs/evidence.md.

    Parameters
    ----------
    y : array_like, shape (n,), any unit
        Values at equal steps; missing ones are NaN and stay where they are.
    x : array_like, shape (n,), optional
        Where they lie, ascending; by default 0, 1, 2 …. The slope is per unit of ``x``.
    level : float
        Probability content of the interval.
    harmonics : int
        Sine waves fitted beside the line: 2 stands for an annual and a semi-annual one in monthly values.
    steps_per_cycle : float
        Units of ``x`` in one cycle of the first harmonic.

    Returns
    -------
    Trend
        In the unit of ``y`` per unit of ``x``.

    Raises
    ------
    NotComputable
        Too few values for the line and its harmonics, or values that are not ascending in ``x``.
    """
    position, values = _given(y, x, fewest=FEWEST + 2 * harmonics)
    phase = 2 * pi * np.outer(position, np.arange(1, harmonics + 1)) / steps_per_cycle
    others = np.c_[np.ones(position.size), np.cos(phase), np.sin(phase)]
    # The slope is the one against what of x the other terms leave (Frisch, Waugh and Lovell), which keeps its digits.
    centred = position - position.mean()
    alone = centred - others @ np.linalg.lstsq(others, centred, rcond=None)[0]
    left = values - others @ np.linalg.lstsq(others, values, rcond=None)[0]
    spread = float(alone @ alone)
    slope = float(alone @ left) / spread
    residual = left - slope * alone
    r = corrected(residual, position, scale=float(np.abs(values).max()), fitted=LINE)
    n = values.size
    n_eff = n * (1 - r) / (1 + r)
    dof = max(1.0, n_eff - others.shape[1] - 1)
    error = sqrt(float(residual @ residual) / dof / spread)
    return Trend(slope, error, *interval(slope, error, level, dof), dof=dof, r=r, n_eff=n_eff)


def sen(y: ArrayLike, x: ArrayLike | None = None, *, level: float = LEVEL, allow_for_memory: bool = True) -> Trend:
    """Median of the slopes between all pairs of values, with an interval from the variance of Kendall's score.

    Outliers hardly move it. The interval is the one of Sen (1968, doi:10.1080/01621459.1968.10480934), made wider by
    the memory of the residuals, whose correlation is corrected as that of deviations from a mean (`memory.corrected`): the
    interval is wide enough with that. With ``allow_for_memory=False`` it is the classical one, which holds for independent
    values only. It has no standard uncertainty.

    Parameters
    ----------
    y, x, level
        As for `ols`.
    allow_for_memory : bool
        Whether the variance of the score grows by ``(1 + r)/(1 - r)``, with the quantile of Student's t at ``n_eff - 2``.

    Raises
    ------
    NotComputable
        Fewer than five values, or values that are not ascending in ``x``.
    """
    position, values = _given(y, x, fewest=FEWEST)
    first, second = np.triu_indices(values.size, 1)
    slopes = np.sort((values[second] - values[first]) / (position[second] - position[first]))
    slope = float(np.median(slopes))
    residual = values - slope * position
    r = corrected(residual - residual.mean(), position, scale=float(np.abs(values).max())) if allow_for_memory else 0.0
    n_eff = values.size * (1 - r) / (1 + r)
    dof = max(1.0, n_eff - 2) if allow_for_memory else inf  # r is estimated, as in `ols`
    _, reach = interval(0.0, sqrt(score_variance(values) * values.size / n_eff), level, dof)
    low = slopes[max(0, round((slopes.size - reach) / 2) - 1)]
    high = slopes[min(slopes.size - 1, round((slopes.size + reach) / 2))]
    return Trend(slope, nan, float(low), float(high), dof=dof, r=r, n_eff=n_eff)


def _given(y: ArrayLike, x: ArrayLike | None, *, fewest: int) -> tuple[Numbers, Numbers]:
    """Positions and values where a value is."""
    values = np.asarray(y, dtype=float)
    position = np.arange(values.size, dtype=float) if x is None else np.asarray(x, dtype=float)
    if values.ndim != 1 or position.shape != values.shape:
        raise NotComputable("trend", "values and their positions do not go together", "give one position for each")
    there = np.isfinite(values)
    if int(there.sum()) < fewest:
        raise NotComputable("trend", f"{int(there.sum())} values are too few", f"give at least {fewest}")
    if not (np.diff(position) > 0).all():
        raise NotComputable("trend", "its times are not ascending and unique", "sort it and keep one value per time")
    return position[there], values[there]
