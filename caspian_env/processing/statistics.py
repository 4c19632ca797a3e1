"""Rates of change with honest intervals. Pure numpy and scipy.

A sea level is an integrated series: today is yesterday plus the balance. The error of an ordinary straight line is far
too small for it, so its rate is the mean of the annual increments, whose own memory widens the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf, isfinite, isnan, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEVEL = 0.9
"""Interval level printed everywhere (5-95 %)."""

PRIOR_MEMORY = 0.35
"""Lag-1 correlation of annual level increments where they are too few to estimate it."""

FEWEST_FOR_MEMORY = 6
"""Fewest increments from which their lag-1 correlation is estimated."""

LARGEST_MEMORY = 0.9
"""Cap of the estimated lag-1 correlation: near 1 the interval would lose its meaning."""

CAREFUL_DOF = 3.0
"""Least degrees of freedom of the careful interval: below, its factor grows without holding the truth more often."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate per step with its standard uncertainty (k=1), interval, degrees of freedom and lag-1 correlation ``r``."""

    estimate: float
    std_uncertainty: float
    ci_low: float
    ci_high: float
    dof: float
    r: float


def interval(value: float, u: float, level: float = LEVEL, dof: float = inf) -> tuple[float, float]:
    """Two-sided interval of ``value`` at ``level``: normal, or Student's t where ``dof`` is finite.

    Parameters
    ----------
    value, u : float
        Estimate and standard uncertainty (k=1), in one unit. Without ``u`` or ``dof`` (NaN) both ends are NaN.
    level : float
        Probability content, 0 to 1.
    dof : float
        Degrees of freedom; infinite means normal.

    Raises
    ------
    NotComputable
        The level is no probability, or the uncertainty is negative.
    """
    if not 0 < level < 1:
        raise NotComputable("interval", f"its level {level} is not between 0 and 1", "write for example 0.9")
    if isnan(value) or isnan(u) or isnan(dof):
        return nan, nan
    if u < 0:
        raise NotComputable("interval", f"its standard uncertainty {u:g} is negative", "is it a fill value?")
    k = _coverage_factor(level, dof)
    return value - k * u, value + k * u


@lru_cache(maxsize=1024)  # every value of a series asks for the same
def _coverage_factor(level: float, dof: float) -> float:
    from scipy.special import ndtri, stdtrit  # what scipy.stats asks too, which takes a second to import

    quantile = 0.5 + level / 2
    return float(stdtrit(dof, quantile)) if isfinite(dof) else float(ndtri(quantile))


def increment_rate(levels: ArrayLike, *, level: float = LEVEL, careful: bool = False) -> Rate:
    """Mean increment per step of an integrated series, with an interval that allows for the increments' memory.

    It answers what the mean rate would be were the period repeated: natural variability is part of the uncertainty.
    The lag-1 correlation is freed from its small-sample bias as for Kendall (1954, doi:10.2307/2332719), and shrinks
    the number of independent increments as in Santer et al. (2000, doi:10.1029/1999JD901105).

    Parameters
    ----------
    levels : array_like, shape (n,), any unit
        Values at n equal steps, n >= 3, none missing.
    level : float
        Probability content of the interval.
    careful : bool
        Raise the lag-1 correlation to (m r1 + 1.5) / (m - 5) instead of (m r1 + 1) / (m - 4), and give Student's t three
        degrees of freedom at least instead of one. Chosen by simulation, not derived: with 29 increments a nominal 95 %
        then holds 93 % and more for any correlation up to 0.8 (docs/evidence.md).

    Returns
    -------
    Rate
        In the unit of ``levels`` per step.

    Raises
    ------
    NotComputable
        Fewer than three values, or a missing one.
    """
    values = np.asarray(levels, dtype=float)
    if values.ndim != 1 or values.size < 3:
        raise NotComputable("mean rate", f"{values.size} values give fewer than two increments", "give at least three")
    if not np.isfinite(values).all():
        raise NotComputable("mean rate", "a value of the period is missing", "choose a period without gaps")
    steps = np.diff(values)
    m = steps.size
    r = _memory(steps, 0.5 if careful else 0.0)
    estimate = float((values[-1] - values[0]) / m)
    error = float(np.std(steps, ddof=1)) / sqrt(m) * sqrt((1 + r) / (1 - r))
    fewest = CAREFUL_DOF if careful and m >= FEWEST_FOR_MEMORY else 1.0
    dof = max(fewest, m * (1 - r) / (1 + r) - 1)
    return Rate(estimate, error, *interval(estimate, error, level, dof), dof=dof, r=r)


def _memory(steps: NDArray[np.float64], more: float) -> float:
    """Bias-corrected lag-1 correlation of the increments, from 0 to its cap; the prior where it cannot be had.

    ``more`` goes beyond the correction of Kendall.
    """
    m = steps.size
    deviation = steps - steps.mean()
    scatter = float(deviation @ deviation)
    rounding = m * (1e-12 * float(np.abs(steps).max())) ** 2
    if m < FEWEST_FOR_MEMORY or scatter <= rounding:
        return PRIOR_MEMORY
    r1 = float(deviation[1:] @ deviation[:-1]) / scatter
    return min(LARGEST_MEMORY, max(0.0, (m * r1 + 1 + more) / (m - 4 - 2 * more)))


def observed_change(
    first: float, last: float, *, steps: int, u_first: float, u_last: float, level: float = LEVEL
) -> Rate:
    """Change between two values per step, with the measurement error of the two ends only.

    It says what happened between two dates, and nothing about another period: natural variability is left out.

    Parameters
    ----------
    first, last : float
        Values at the two ends, in one unit.
    steps : int
        Steps between them; N annual means are N-1 steps apart.
    u_first, u_last : float
        Their standard uncertainties, taken to be independent.
    level : float
        Probability content of the interval.

    Raises
    ------
    NotComputable
        No step lies between the ends.
    """
    if steps < 1:
        raise NotComputable("observed change", "its two ends are not apart", "choose at least two years")
    estimate = (last - first) / steps
    error = sqrt(u_first**2 + u_last**2) / steps
    return Rate(estimate, error, *interval(estimate, error, level), dof=inf, r=0.0)
