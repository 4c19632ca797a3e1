"""Annual extremes: the generalised extreme value law by maximum likelihood, and return levels with their intervals.

The shape has the sign of Coles (2001): positive is a heavy tail, negative an upper bound. (scipy has the opposite one.)
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import log, nan
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.periods import Result, refusal, year_span
from caspian_env.processing.statistics import LEVEL, interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

FEWEST = 10
"""Fewest annual extremes of a law with three parameters."""

LONGEST = 4
"""Return periods beyond this many times the record are refused."""

IMPOSSIBLE = 1e9
"""Cost of parameters under which the values cannot be; finite, because the search subtracts costs."""

GUMBEL = 1e-7
"""Shapes nearer to zero than this are taken as zero, where the general formula loses its digits."""


@dataclass(frozen=True, slots=True)
class Gev:
    """A fitted law: location, scale, shape, each with standard uncertainty (k=1; NaN where the shape is below -1/2).

    ``replicates`` are parameters of bootstrap samples, shape (n_boot, 3); without them intervals are of the profile
    likelihood.
    """

    location: float
    scale: float
    shape: float
    u: tuple[float, float, float]
    log_likelihood: float
    level: float
    maxima: Numbers = field(repr=False)
    replicates: Numbers = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReturnLevel:
    """The level exceeded in a year with probability 1/``years``, with its interval."""

    years: float
    estimate: float
    ci_low: float
    ci_high: float


def gev(annual_maxima: ArrayLike, *, level: float = LEVEL, n_boot: int = 0, seed: int = 0) -> Gev:
    """The law of annual maxima by maximum likelihood (Coles 2001, doi:10.1007/978-1-4471-3675-0, chapter 3).

    Parameters
    ----------
    annual_maxima : array_like, shape (n,), any unit
        One per year; missing ones are NaN. For minima give them with the opposite sign.
    level : float
        Probability content of the intervals of return levels.
    n_boot : int
        Samples of a parametric bootstrap for the intervals; 0 means profile likelihood.
    seed : int
        Of the random generator.

    Raises
    ------
    NotComputable
        Fewer than ten values, all of them equal, or no maximum of the likelihood.
    """
    maxima = np.asarray(annual_maxima, dtype=float)
    maxima = maxima[np.isfinite(maxima)]
    if maxima.ndim != 1 or maxima.size < FEWEST:
        raise NotComputable("extreme values", f"{maxima.size} annual values are too few", f"give at least {FEWEST}")
    if float(np.ptp(maxima)) <= 1e-12 * float(np.abs(maxima).max()):
        raise NotComputable("extreme values", "all values are equal", "there is no law to fit")
    middle, spread = float(maxima.mean()), float(maxima.std())
    standard = (maxima - middle) / spread
    best = _fitted(standard)
    cost = _minus_log_likelihood(best, standard)
    units = np.array([spread, spread, 1.0])
    location, scale, shape = (float(v) for v in best * units + np.array([middle, 0.0, 0.0]))
    u = _uncertainty(best, standard) * units
    random = np.random.default_rng(seed)
    draws = (_sample(best, random, maxima.size) for _ in range(n_boot))
    replicates = np.array([_fitted(draw) for draw in draws]).reshape(n_boot, 3) * units + [middle, 0.0, 0.0]
    likelihood = -cost - maxima.size * log(spread)
    return Gev(location, scale, shape, (float(u[0]), float(u[1]), float(u[2])), likelihood, level, maxima, replicates)


def return_level(fit: Gev, years: float) -> ReturnLevel:
    """The level that is exceeded once in ``years`` on average, in a climate that does not change.

    Parameters
    ----------
    fit : Gev
        From `gev`; its level and replicates decide on the interval.
    years : float
        Return period, more than one year.

    Raises
    ------
    NotComputable
        The return period is beyond four times the record, or not beyond one year.
    """
    n = fit.maxima.size
    if not 1 < years <= LONGEST * n:
        raise NotComputable(
            f"return level of {years:g} years",
            f"the record has {n} years",
            f"ask for more than 1 and at most {LONGEST * n}",
        )
    estimate = float(_quantile(np.array([fit.location, fit.scale, fit.shape]), years))
    if fit.replicates.size:
        levels = np.array([_quantile(row, years) for row in fit.replicates])
        low, high = np.quantile(levels, [0.5 - fit.level / 2, 0.5 + fit.level / 2])
    else:
        low, high = _profile_interval(fit, years, estimate)
    return ReturnLevel(years, estimate, float(low), float(high))


def return_row(
    greatest: Mapping[int, float], years: Sequence[int], return_years: float, ci_level: float
) -> Result | None:
    """The return level of a record as one result for the whole of it; None where no year has a value.

    Parameters
    ----------
    greatest : mapping of int to float
        The greatest value of each year that is whole, in any unit.
    years : sequence of int
        All years with a value, whole or not, ascending; the result spans them.
    return_years : float
        Return period; refused as by `return_level`, and so are fewer whole years than `gev` asks for.
    ci_level : float
        Probability content of the interval. The standard uncertainty is that of an interval of this width.
    """
    if not years:
        return None
    period = (year_span(years[0])[0], year_span(years[-1])[1])
    used = [year_span(year) for year in years]
    blank = refusal(period, "", n_valid=len(greatest), n_expected=years[-1] - years[0] + 1, used=used)
    try:
        found = return_level(gev(list(greatest.values()), level=ci_level), return_years)
    except NotComputable as unfit:
        return replace(blank, reason=f"{unfit.problem}; {unfit.remedy}")
    u = (found.ci_high - found.ci_low) / (2 * interval(0.0, 1.0, ci_level)[1])
    return replace(blank, value=found.estimate, std_uncertainty=u, ci_low=found.ci_low, ci_high=found.ci_high)


def _fitted(values: Numbers) -> Numbers:
    """Location, scale and shape of the greatest likelihood of standardised values."""
    from scipy.optimize import minimize

    def cost(p: Numbers) -> float:
        return _minus_log_likelihood(np.array([p[0], np.exp(p[1]), p[2]]), values)

    spread = float(values.std())
    gumbel = spread * 6**0.5 / np.pi
    start = [float(values.mean()) - 0.5772 * gumbel, log(gumbel), 0.0]
    tight = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000, "maxfev": 4000}
    found = minimize(cost, start, method="Nelder-Mead", options=tight)
    if not found.success or not found.fun < IMPOSSIBLE:
        raise NotComputable("extreme values", "the likelihood has no maximum", "look at the values for errors")
    return np.array([found.x[0], np.exp(found.x[1]), found.x[2]])


def _minus_log_likelihood(parameters: Numbers, values: Numbers) -> float:
    location, scale, shape = parameters
    if scale <= 0 or abs(shape) >= 1:  # below -1 the likelihood has no bound; above 1 there is no mean
        return IMPOSSIBLE
    reduced = (values - location) / scale
    if abs(shape) < GUMBEL:
        exponent = reduced
    else:
        inner = 1 + shape * reduced
        if inner.min() <= 0:
            return IMPOSSIBLE
        exponent = np.log(inner) / shape
    with np.errstate(over="ignore"):
        return float(values.size * log(scale) + np.sum((1 + shape) * exponent + np.exp(-exponent)))


def _quantile(parameters: Numbers, years: float) -> float:
    location, scale, shape = parameters
    return float(location + scale * _reduced_quantile(shape, years))


def _reduced_quantile(shape: float, years: float) -> float:
    reduced = -log(-np.log1p(-1 / years))
    return float(reduced if abs(shape) < GUMBEL else np.expm1(shape * reduced) / shape)


def _sample(parameters: Numbers, random: np.random.Generator, n: int) -> Numbers:
    location, scale, shape = parameters
    reduced = -np.log(random.exponential(size=n))
    drawn = location + scale * (reduced if abs(shape) < GUMBEL else np.expm1(shape * reduced) / shape)
    return np.asarray(drawn, dtype=float)


def _uncertainty(best: Numbers, values: Numbers) -> Numbers:
    """Standard uncertainties from the curvature of the likelihood, which says nothing for shapes below -1/2."""
    if best[2] <= -0.5:
        return np.full(3, nan)
    step = 1e-4
    moves = np.eye(3) * step

    def at(move: Numbers) -> float:
        return _minus_log_likelihood(best + move, values)

    differences = np.array([[at(a + b) - at(a - b) - at(b - a) + at(-a - b) for b in moves] for a in moves])
    if np.abs(differences).max() >= IMPOSSIBLE / 2 or (np.linalg.eigvalsh(differences) <= 0).any():
        return np.full(3, nan)  # too near to parameters under which the values cannot be
    return np.asarray(np.sqrt(np.diag(np.linalg.inv(differences / (4 * step**2)))))


def _profile_interval(fit: Gev, years: float, estimate: float) -> tuple[float, float]:
    """Where twice the fall of the likelihood, at its best for a given return level, reaches the quantile of chi squared."""
    from scipy.optimize import minimize
    from scipy.special import gammaincinv

    middle, spread = float(fit.maxima.mean()), float(fit.maxima.std())
    values = (fit.maxima - middle) / spread
    best = np.array([(fit.location - middle) / spread, fit.scale / spread, fit.shape])
    allowed = _minus_log_likelihood(best, values) + float(gammaincinv(0.5, fit.level))  # half a quantile of chi squared

    def excess(z: float, near: Numbers) -> tuple[float, Numbers]:
        """How far the best likelihood with this return level lies below what is allowed, and where it is."""

        def cost(p: Numbers) -> float:
            scale = np.exp(p[0])
            return _minus_log_likelihood(np.array([z - scale * _reduced_quantile(p[1], years), scale, p[1]]), values)

        starts = (near, np.array([near[0] + 0.3, 0.1]))  # a wider law, where the one nearby makes a value impossible
        found = [minimize(cost, s, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8}) for s in starts]
        better = min(found, key=lambda one: float(one.fun))
        return float(better.fun) - allowed, better.x

    centre, start = (estimate - middle) / spread, np.array([log(best[1]), best[2]])
    low, high = (_crossing(excess, centre, start, direction) for direction in (-1, 1))
    return low * spread + middle, high * spread + middle


def _crossing(
    excess: Callable[[float, Numbers], tuple[float, Numbers]], centre: float, start: Numbers, direction: int
) -> float:
    """The nearest point on one side of ``centre`` where the excess is no longer negative, each search near the last."""
    from scipy.optimize import brentq

    def fall(z: float, near: Numbers) -> float:
        return excess(z, near)[0]

    inside, step, near = centre, 0.1, start
    for _ in range(60):
        outside = inside + direction * step
        beyond, found = excess(outside, near)
        if beyond >= 0:
            return float(brentq(fall, *sorted((inside, outside)), args=(near,), xtol=1e-6))
        inside, step, near = outside, step * 1.5, found
    raise NotComputable("return level", "the likelihood does not bound it", "give a longer record")
