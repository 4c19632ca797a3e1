"""Where the mean of a series changes: several breaks after Bai and Perron, a single one after Pettitt or beside a line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, exp, floor, log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.memory import corrected

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

FEWEST = 10
"""Fewest values in which breaks are looked for."""

DRAWN = 4000
"""Series drawn for the probability of a step: it is exact to 0.3 % near 5 %."""

SIDE = 3
"""Fewest values on each side of a step; fewer are outliers."""

OUTSIDE = 0.025
"""Probability left out at each end of the interval of a break."""


@dataclass(frozen=True, slots=True)
class Breaks:
    """Mean shifts: the last index of every segment but the final one, with 95 % intervals (indices, ends included).

    ``means`` are those of the segments; ``bic`` and ``rss`` belong to 0, 1, 2 … breaks, and the least BIC was chosen.
    ``r`` is the lag-1 correlation that the intervals allow for.
    """

    last_index: tuple[int, ...]
    intervals95: tuple[tuple[int, int], ...]
    means: tuple[float, ...]
    bic: tuple[float, ...]
    rss: tuple[float, ...]
    r: float


@dataclass(frozen=True, slots=True)
class Change:
    """The most likely single change: last index before it, the statistic of its test and its probability by chance."""

    last_index: int
    k: float
    p: float


def bai_perron(
    y: ArrayLike, *, min_share: float = 0.1, max_breaks: int | None = None, allow_for_memory: bool = False
) -> Breaks:
    """The mean shifts that explain a series best, their number by BIC, each with its 95 % interval.

    Least squares over all partitions by dynamic programming (Bai and Perron 2003, doi:10.1002/jae.659); intervals from
    the limit law of a break date with a variance of its own on each side (Bai 1997, doi:10.1162/003465397557132). A
    change within the first or last ``min_share`` of the record cannot be seen.

    Parameters
    ----------
    y : array_like, shape (n,), any unit
        Values at equal steps, none missing.
    min_share : float
        Least share of the record in a segment.
    max_breaks : int, optional
        By default as many as segments fit.
    allow_for_memory : bool
        Widen the intervals by the bias-corrected lag-1 correlation of the residuals. Without it they hold for
        independent residuals.

    Raises
    ------
    NotComputable
        Fewer than ten values, one missing, or a share that leaves no room for a break.
    """
    values = np.asarray(y, dtype=float)
    if values.ndim != 1 or values.size < FEWEST:
        raise NotComputable("breaks", f"{values.size} values are too few", f"give at least {FEWEST}")
    if not np.isfinite(values).all():
        raise NotComputable("breaks", "a value is missing", "choose a period without gaps")
    if not 0 < min_share <= 0.5:
        raise NotComputable("breaks", f"segments of {min_share:.0%} leave no room for a break", "choose 0.1 to 0.5")
    n, shortest = values.size, max(2, floor(values.size * min_share))
    most = n // shortest - 1 if max_breaks is None else min(max_breaks, n // shortest - 1)
    partitions = _best_partitions(_segment_costs(values), shortest, most)
    # Running sums are exact to about twelve digits of what there is to explain: less than that is nothing.
    rounding = max(1e-12 * partitions[0][0], n * (1e-12 * float(np.abs(values).max())) ** 2, 1e-300)
    rss = tuple(max(cost, rounding) for cost, _ in partitions)
    # m breaks cost 2 (m + 1) parameters: m + 1 means, m dates and the variance.
    bic = tuple(n * (log(2 * pi * s / n) + 1) + 2 * (m + 1) * log(n) for m, s in enumerate(rss))
    last = partitions[int(np.argmin(bic))][1]
    segments = np.split(values, [index + 1 for index in last])
    r = _residual_memory(segments) if allow_for_memory else 0.0
    spans = tuple(
        _interval95(index, before, after, r, n)
        for index, before, after in zip(last, segments[:-1], segments[1:], strict=True)
    )
    return Breaks(last, spans, tuple(float(part.mean()) for part in segments), bic, rss, r)


def pettitt(y: ArrayLike) -> Change:
    """The most likely single change of location, by ranks (Pettitt 1979, doi:10.2307/2346729).

    Its probability is the usual approximation ``2 exp(-6 K²/(n³ + n²))``, one at the most; for independent values.

    Parameters
    ----------
    y : array_like, shape (n,), any unit
        Values at equal steps, none missing.

    Raises
    ------
    NotComputable
        Fewer than ten values, or one missing.
    """
    values = np.asarray(y, dtype=float)
    if values.ndim != 1 or values.size < FEWEST or not np.isfinite(values).all():
        raise NotComputable("Pettitt test", "its values are too few, or one is missing", f"give at least {FEWEST}")
    n = values.size
    score = np.sign(values[:, None] - values[None, :]).sum(axis=1)
    walk = np.cumsum(score)[:-1]
    index = int(np.argmax(np.abs(walk)))
    k = abs(float(walk[index]))
    return Change(index, k, min(1.0, 2 * exp(-6 * k**2 / (n**3 + n**2))))


def step(y: ArrayLike) -> Change:
    """The most likely step beside a straight line, which a moved station or another sensor leaves in a series that warms.

    Maximal F of a step added to a line that both sides share (Wang 2003,
    doi:10.1175/1520-0442(2003)016<3383:COOALY>2.0.CO;2): the standard normal homogeneity test of Alexandersson (1986,
    doi:10.1002/joc.3370060607) for a series that has a trend. Each side has three values at least. The probability comes
    from series without a step, drawn with a fixed seed and with the memory that line and step leave, bias-corrected. In
    short series with memory it is still too small: at nominal 5 % thirty values with a lag-1 correlation of 0.35 show a
    step in 16 % of cases (at nominal 1 % in 6 %), without memory in 4 % (1 %).

    Parameters
    ----------
    y : array_like, shape (n,), any unit
        Values at equal steps, none missing.

    Raises
    ------
    NotComputable
        Fewer than ten values, or one missing.
    """
    values = np.asarray(y, dtype=float)
    if values.ndim != 1 or values.size < FEWEST or not np.isfinite(values).all():
        raise NotComputable("homogeneity test", "its values are too few, or one is missing", f"give at least {FEWEST}")
    left = _off_the_line(values[np.newaxis])
    if float(np.sum(left**2)) <= values.size * (1e-12 * float(np.abs(values).max())) ** 2:
        return Change(0, 0.0, 1.0)
    f = _f_of_steps(left)[0]
    found = int(np.argmax(f))
    last, k = found + SIDE - 1, float(f[found])
    beside = _off_the_line((np.arange(values.size) > last).astype(float)[np.newaxis])[0]
    rest = left[0] - beside * float(left[0] @ beside) / float(beside @ beside)
    r = corrected(rest, np.arange(values.size, dtype=float), scale=float(np.abs(values).max()))
    chance = _by_chance(values.size, min(19, round(20 * r)))
    return Change(last, k, float(1 + np.sum(chance >= k)) / (1 + DRAWN))


def _off_the_line(rows: Numbers) -> Numbers:
    x = np.arange(rows.shape[1]) - (rows.shape[1] - 1) / 2
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred - (centred @ x / (x @ x))[:, np.newaxis] * x)


def _f_of_steps(left: Numbers) -> Numbers:
    """F of a step after each possible value of each row that its line was taken off, (row, split)."""
    n = left.shape[1]
    steps = _off_the_line((np.arange(n) >= np.arange(SIDE, n - SIDE + 1)[:, np.newaxis]).astype(float))
    explained = (left @ steps.T) ** 2 / np.sum(steps**2, axis=1)
    rest = np.sum(left**2, axis=1, keepdims=True) - explained
    return np.asarray(explained / np.maximum(rest, 1e-12 * explained + 1e-300) * (n - 3))


@lru_cache(maxsize=64)
def _by_chance(n: int, twentieths: int) -> Numbers:
    """The greatest F of drawn series with a lag-1 correlation of so many twentieths."""
    r = twentieths / 20
    drawn = np.random.default_rng(n).normal(size=(DRAWN, n))
    drawn[:, 0] /= sqrt(1 - r**2)
    for i in range(1, n):
        drawn[:, i] += r * drawn[:, i - 1]
    return np.asarray(_f_of_steps(_off_the_line(drawn)).max(axis=1))


def _segment_costs(values: Numbers) -> Numbers:
    """Squared deviations from the mean of every stretch, by first and last index; infinite where it runs backwards."""
    n = values.size
    shifted = values - values.mean()
    sums, squares = np.r_[0.0, np.cumsum(shifted)], np.r_[0.0, np.cumsum(shifted**2)]
    first, last = np.arange(n)[:, None], np.arange(n)[None, :]
    length = np.maximum(last - first + 1, 1)
    cost = squares[None, 1:] - squares[:-1, None] - (sums[None, 1:] - sums[:-1, None]) ** 2 / length
    return np.where(last >= first, np.maximum(cost, 0.0), np.inf)


def _best_partitions(costs: Numbers, shortest: int, most: int) -> list[tuple[float, tuple[int, ...]]]:
    """For 0, 1, 2 … breaks the least cost, and the last index of every segment but the final one."""
    n = costs.shape[0]
    allowed = np.where(np.arange(n)[None, :] - np.arange(n)[:, None] + 1 >= shortest, costs, np.inf)
    best = allowed[0].copy()  # of the first values up to each index
    found: list[tuple[float, tuple[int, ...]]] = [(float(best[-1]), ())]
    origins: list[NDArray[np.int64]] = []
    for _ in range(most):
        table = best[:-1, None] + allowed[1:]  # a last segment that begins after each index
        origins.append(np.argmin(table, axis=0))
        best = table.min(axis=0)
        if not np.isfinite(best[-1]):
            break
        end, path = n - 1, []
        for origin in reversed(origins):
            end = int(origin[end])
            path.append(end)
        found.append((float(best[-1]), tuple(reversed(path))))
    return found


def _residual_memory(segments: list[Numbers]) -> float:
    residual = np.concatenate([part - part.mean() for part in segments])
    scale = max(float(np.abs(part).max()) for part in segments)
    return corrected(residual, np.arange(residual.size, dtype=float), scale=scale)


def _interval95(index: int, before: Numbers, after: Numbers, r: float, n: int) -> tuple[int, int]:
    """Indices between which the last value of a segment lies with 95 %; the whole record where the law gives none."""
    shift2 = float(after.mean() - before.mean()) ** 2
    wider = (1 + r) / (1 - r)
    var_before, var_after = float(before.var()) * wider, float(after.var()) * wider
    if var_before + var_after <= 1e-24 * shift2:
        return index, index
    pooled = (var_before * before.size + var_after * after.size) / (before.size + after.size)
    # A side without scatter of its own, or with forty times less, is outside the law: both take what they share.
    if min(var_before, var_after) <= max(var_before, var_after) * OUTSIDE / (1 - OUTSIDE):
        var_before = var_after = pooled
    ratio = var_after / var_before
    earlier = _reach(1 / ratio) * var_after / shift2
    later = _reach(ratio) * var_before / shift2
    return max(0, floor(index - earlier)), min(n - 1, ceil(index + later))


def _reach(ratio: float) -> float:
    """How far the maximum of Bai's process lies on one side with probability `OUTSIDE`, in units of its own variance."""
    from scipy.optimize import brentq

    far = 50.0
    while _beyond(far, ratio) > OUTSIDE:
        far *= 2
    return float(brentq(lambda x: _beyond(x, ratio) - OUTSIDE, 0.0, far, xtol=1e-10))


def _beyond(x: float, ratio: float) -> float:
    """Probability that Brownian motion with drift -1/2 on both sides has its maximum beyond ``x`` on the near side.

    The far side has ``ratio`` times the variance of the near one (Bai 1997, appendix B, there for the left tail).
    """
    from scipy.special import log_ndtr

    root, f = sqrt(x), 1 / ratio
    first = root * exp(-x / 8) / sqrt(2 * pi)
    second = ratio * (ratio + 2) / (ratio + 1) * exp(f * (1 + f) * x / 2 + log_ndtr(-(0.5 + f) * root))
    third = ((ratio + 2) ** 2 / (ratio + 1) - 2 + x / 2) * exp(log_ndtr(-root / 2))
    return float(third - second - first)
