"""Mann-Kendall tests of a trend: plain, pre-whitened, and with the variance of Hamed and Rao.

Values with memory make the plain test say "trend" far too often; the pre-whitened one is what the platform goes by.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.memory import lag_one

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

FEWEST = 4
"""Fewest values of a test: three lags enter the variance of Hamed and Rao."""

HAMED_RAO_ALPHA = 0.05
"""Two-sided level at which a rank correlation enters the variance of Hamed and Rao."""


@dataclass(frozen=True, slots=True)
class Test:
    """A two-sided test of no trend: standard score ``z``, probability ``p``, Kendall's ``tau``, score ``s``, its variance."""

    __test__ = False  # a noun of statistics, nothing for pytest to collect

    z: float
    p: float
    tau: float
    s: float
    var_s: float
    n: int


def mann_kendall(y: ArrayLike) -> Test:
    """The plain test, for independent values (Mann 1945, doi:10.2307/1907187), with ties and continuity correction.

    Parameters
    ----------
    y : array_like, shape (n,), any unit
        Values in the order of time; missing ones are NaN.

    Raises
    ------
    NotComputable
        Fewer than four values.
    """
    values = _given(y)
    values = values[np.isfinite(values)]
    return _test(values, score_variance(values))


def prewhitened(y: ArrayLike) -> Test:
    """The plain test on what each value adds to the one before: ``y[t] - r1 y[t-1]``.

    Lag-1 correlation r1 of the values themselves (von Storch 1995, doi:10.1007/978-3-662-03167-4_2). It keeps its
    nominal rate of false alarms unless memory is strong, at the price of some power. Both values of a pair must exist.

    Parameters
    ----------
    y : array_like, shape (n,), any unit
        Values at equal steps; missing ones are NaN and stay where they are.

    Raises
    ------
    NotComputable
        Fewer than four values, or fewer than four pairs of neighbours.
    """
    values = _given(y)
    there = np.isfinite(values)
    known = values[there]
    r1 = lag_one(known - known.mean(), np.flatnonzero(there).astype(float), scale=float(np.abs(known).max()))
    fresh = values[1:] - r1 * values[:-1]
    fresh = fresh[np.isfinite(fresh)]
    if fresh.size < FEWEST:
        raise NotComputable("pre-whitened test", f"it has {fresh.size} pairs of neighbours", "give a longer series")
    return _test(fresh, score_variance(fresh))


def hamed_rao(y: ArrayLike, *, alpha: float = HAMED_RAO_ALPHA) -> Test:
    """Liberal: the test with the variance of Hamed and Rao, for comparison with literature that uses it.

    On values with memory it says "trend" two to seven times too often (see ``docs/evidence.md``); it never decides here.
    The variance of the score grows by the rank correlations of the values freed from their Sen slope, at every lag where
    they are significant (Hamed and Rao 1998, doi:10.1016/S0022-1694(97)00125-X).

    Parameters
    ----------
    y : array_like, shape (n,), any unit
        Values at equal steps; missing ones are left out, the slope that is taken off is that of the true times (as
        pymannkendall has it).
    alpha : float
        Two-sided level at which a rank correlation counts.

    Raises
    ------
    NotComputable
        Fewer than four values, or correlations so negative that no variance is left.
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    given = _given(y)
    place = np.flatnonzero(np.isfinite(given))
    values = given[place]
    n = values.size
    first, second = np.triu_indices(n, 1)
    slope = float(np.median((values[second] - values[first]) / (place[second] - place[first])))
    # Sen's slope may be that of one pair, whose ranks rounding then decides: counted from 1 as pymannkendall counts.
    ranks = rankdata(values - slope * np.arange(1, n + 1))
    deviation = ranks - ranks.mean()
    scatter = float(deviation @ deviation)
    lags = np.arange(1, n)
    correlation = np.array([deviation[lag:] @ deviation[: n - lag] for lag in lags]) / (scatter or 1.0)
    counts = np.abs(correlation) > ndtri(1 - alpha / 2) / sqrt(n)
    weights = ((n - lags) * (n - lags - 1) * (n - lags - 2)).astype(float)
    factor = 1 + 2 / (n * (n - 1) * (n - 2)) * float(weights[counts] @ correlation[counts])
    if factor <= 0:
        raise NotComputable("test of Hamed and Rao", "its variance is not positive", "use the pre-whitened test")
    return _test(values, score_variance(values) * factor)


def score_variance(values: Numbers) -> float:
    """Variance of Kendall's score where there is no trend, with ties (Kendall 1975).

    Parameters
    ----------
    values : ndarray (n,), any units
    """
    n = values.size
    _, ties = np.unique(values, return_counts=True)
    return float(n * (n - 1) * (2 * n + 5) - np.sum(ties * (ties - 1) * (2 * ties + 5))) / 18


def _test(values: Numbers, variance: float) -> Test:
    from scipy.special import ndtr

    n = values.size
    first, second = np.triu_indices(n, 1)
    s = float(np.sign(values[second] - values[first]).sum())
    z = (s - np.sign(s)) / sqrt(variance) if variance > 0 else 0.0
    return Test(float(z), float(2 * ndtr(-abs(z))), s / (n * (n - 1) / 2), s, variance, n)


def _given(y: ArrayLike) -> Numbers:
    values = np.asarray(y, dtype=float)
    there = int(np.isfinite(values).sum())
    if values.ndim != 1 or there < FEWEST:
        raise NotComputable("Mann-Kendall test", f"{there} values are too few", f"give at least {FEWEST}")
    return values
