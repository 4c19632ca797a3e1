"""Extremes over a threshold: declustered peaks and the generalised Pareto law of their excesses.

Beside the law of annual maxima in `extreme_values`, whose return levels these can be held against.

The shape has the sign of Coles (2001): positive is a heavy tail, negative an upper bound. (scipy has the same one here.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.extreme_values import GUMBEL, IMPOSSIBLE, LONGEST, ReturnLevel
from caspian_env.processing.statistics import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

FEWEST = 20
"""Fewest peaks of a law with two parameters and a rate."""


@dataclass(frozen=True, slots=True)
class Pareto:
    """A fitted law of excesses over ``threshold``, with ``rate`` peaks a year in ``years`` years of record.

    ``replicates`` are scale, shape and rate of bootstrap samples, shape (n_boot, 3).
    """

    threshold: float
    scale: float
    shape: float
    rate: float
    years: float
    level: float
    excesses: Numbers = field(repr=False)
    replicates: Numbers = field(repr=False)


def declustered(
    time: ArrayLike, values: ArrayLike, *, threshold: float, apart: np.timedelta64
) -> tuple[NDArray[Any], Numbers]:
    """The highest value of each cluster: values over the threshold with less than ``apart`` from one to the next.

    Parameters
    ----------
    time : array_like of datetime64, shape (n,)
        Ascending.
    values : array_like, shape (n,), any unit
        Missing ones are NaN.
    threshold : float
        In the unit of the values.
    apart : numpy.timedelta64
        Time without a value over the threshold that ends a cluster; three days for a surge of the Caspian.

    Returns
    -------
    tuple of array
        Times and values of the peaks.

    Raises
    ------
    NotComputable
        The times are not ascending.
    """
    moments, given = np.asarray(time), np.asarray(values, dtype=float)
    if (np.diff(moments) <= np.timedelta64(0)).any():
        raise NotComputable("peaks", "times are not ascending", "sort them")
    over = np.flatnonzero(given > threshold)
    if not over.size:
        return moments[:0], given[:0]
    starts = np.flatnonzero(np.r_[True, np.diff(moments[over]) >= apart])
    highest = np.array([part[np.argmax(given[part])] for part in np.split(over, starts[1:])])
    return moments[highest], given[highest]


def pareto(
    peaks: ArrayLike, *, threshold: float, years: float, level: float = LEVEL, n_boot: int = 200, seed: int = 0
) -> Pareto:
    """The law of independent peaks over a threshold by maximum likelihood.

    Coles 2001, doi:10.1007/978-1-4471-3675-0, chapter 4.

    Parameters
    ----------
    peaks : array_like, shape (n,), any unit
        From `declustered`.
    threshold : float
        The one that the peaks lie over.
    years : float
        Length of the record without its gaps.
    level : float
        Probability content of the intervals of return levels.
    n_boot, seed : int
        Samples of a parametric bootstrap, whose number of peaks is that of a Poisson process.

    Raises
    ------
    NotComputable
        Fewer than twenty peaks, a peak not over the threshold, no length of record, or all peaks equal.
    """
    excesses = np.asarray(peaks, dtype=float) - threshold
    excesses = excesses[np.isfinite(excesses)]
    if excesses.size < FEWEST:
        raise NotComputable(
            "peaks", f"{excesses.size} peaks are too few", f"give at least {FEWEST}, or a lower threshold"
        )
    if excesses.min() <= 0 or years <= 0:
        raise NotComputable(
            "peaks", "a peak is not over the threshold, or the record has no length", "see `declustered`"
        )
    if float(np.ptp(excesses)) <= 1e-12 * float(excesses.max()):
        raise NotComputable("peaks", "all peaks are equal", "there is no law to fit")
    scale, shape = _fitted(excesses)
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(n_boot):
        n = max(FEWEST, int(random.poisson(excesses.size)))
        drawn = random.exponential(size=n)
        drawn = scale * (drawn if abs(shape) < GUMBEL else np.expm1(shape * drawn) / shape)
        rows.append((*_fitted(drawn), n / years))
    replicates = np.array(rows, dtype=float).reshape(n_boot, 3)
    return Pareto(threshold, scale, shape, excesses.size / years, years, level, excesses, replicates)


def return_level(fit: Pareto, years: float) -> ReturnLevel:
    """The level that is exceeded once in ``years`` on average, in a climate that does not change.

    Raises
    ------
    NotComputable
        The return period is beyond four times the record, or shorter than the time between two peaks.
    """
    if not 1 / fit.rate < years <= LONGEST * fit.years:
        raise NotComputable(
            f"return level of {years:g} years",
            f"the record has {fit.years:g} years",
            f"ask for more than {1 / fit.rate:.2g} and at most {LONGEST * fit.years:g}",
        )
    estimate = fit.threshold + _excess(fit.scale, fit.shape, fit.rate * years)
    levels = [fit.threshold + _excess(scale, shape, rate * years) for scale, shape, rate in fit.replicates]
    low, high = np.quantile(levels, [0.5 - fit.level / 2, 0.5 + fit.level / 2]) if levels else (np.nan, np.nan)
    return ReturnLevel(years, estimate, min(float(low), estimate), max(float(high), estimate))


def _excess(scale: float, shape: float, peaks: float) -> float:
    """The excess that one of so many peaks exceeds on average."""
    reduced = log(peaks)
    return float(scale * (reduced if abs(shape) < GUMBEL else np.expm1(shape * reduced) / shape))


def _fitted(excesses: Numbers) -> tuple[float, float]:
    """Scale and shape of the greatest likelihood."""
    from scipy.optimize import minimize

    mean = float(excesses.mean())
    values = excesses / mean

    def cost(p: Numbers) -> float:
        scale, shape = np.exp(p[0]), p[1]
        if abs(shape) >= 1:
            return IMPOSSIBLE
        inner = 1 + shape * values / scale
        if inner.min() <= 0:
            return IMPOSSIBLE
        spread = values / scale if abs(shape) < GUMBEL else np.log(inner) / shape
        return float(values.size * p[0] + (1 + shape) * spread.sum())

    found = minimize(cost, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 2000})
    if not found.success or not found.fun < IMPOSSIBLE:
        raise NotComputable("peaks", "the likelihood has no maximum", "look at the values for errors")
    return float(np.exp(found.x[0]) * mean), float(found.x[1])
