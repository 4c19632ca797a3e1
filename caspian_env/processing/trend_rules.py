"""What may be said about the trend of a series of years: which methods, which words, and when nothing at all.

No trend below ten years, no word of significance below twenty, 80 % of the years and values at both ends of the period,
and no straight line through a century of sea level, which rose and fell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import breaks, kendall, trends
from caspian_env.processing.statistics import LEVEL, increment_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

FEWEST_FOR_TREND, FEWEST_FOR_WORDS = 10, 20
"""Years of a period below which there is only the change between two dates, and no word of significance."""

CAREFUL_FROM = 20
"""Years from which the rate of a level has the careful interval of `increment_rate`, which then holds more at every memory
that was tried (docs/evidence.md): the words of significance rest on it."""

LEAST_SHARE, END_SHARE = 0.8, 0.1
"""Share of the years that must have a value, and share at each end in which one must lie."""

LONGEST_LINE = 60
"""Years of level beyond which no straight line is drawn: the longest regime of the record, 1921 to 1977, has 57."""

CHANGE, INCREMENT, OLS, SEN = "change between two years", "mean annual increment", "OLS, n_eff", "Sen slope"
STEP = "step beside the line, maximal F"
PREWHITENED, HAMED_RAO = "Mann-Kendall, pre-whitened", "Mann-Kendall, Hamed-Rao (liberal)"
DESCRIPTION = "only describes: the rate of a level is its mean increment"
SCATTER = "scatter about the line and its memory included: n_eff {:.1f}, lag-1 correlation {:.2f}"
RANKS = "the same included, by ranks"
INTEGRATED = "says little of a level: the mean increment decides"
CLASSICAL = "for comparison with literature only"
STEPPED = "most likely after {}; asks for the history of the series, as memory and a bend look like steps too"
LIKELY_STEP = 0.01
"""Probability below which a step is named in the sentence: small, as the test alarms too often where there is memory."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one method says: a slope with its interval, or a test; NaN and empty where it has none."""

    method: str
    first_year: int
    last_year: int
    estimate: float = np.nan
    ci_low: float = np.nan
    ci_high: float = np.nan
    z: float = np.nan
    p: float = np.nan
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that may be said about a period of ``n_expected`` years, ``n_valid`` of which have a value, in one sentence."""

    first_year: int
    last_year: int
    n_valid: int
    n_expected: int
    lines: tuple[Line, ...]
    sentence: str


def judged(first_year: int, values: Numbers, *, integrated: bool, level: float = LEVEL) -> Verdict:
    """What may be said about the trend of a series of years.

    Parameters
    ----------
    first_year : int
        Of the period.
    values : array, shape (n,), any unit
        One for every year of the period; missing ones are NaN.
    integrated : bool
        Whether today is yesterday plus a balance: level, volume, area.
    level : float
        Probability content of the intervals.

    Returns
    -------
    Verdict
        Slopes in the unit of ``values`` per year.
    """
    years = np.arange(first_year, first_year + values.size)
    known = int(np.isfinite(values).sum())
    empty = Verdict(first_year, int(years[-1]) if years.size else first_year, known, values.size, (), "")
    if reason := _too_few(values):
        change = _change(years, values) if known >= 2 else ()
        return replace(empty, lines=change, sentence=reason)
    if integrated and values.size > LONGEST_LINE:
        return replace(empty, lines=_regimes(years, values, level), sentence=(
            f"no line through {values.size} years of a level that rose and fell: its regimes stand for themselves"
        ))  # fmt: skip
    lines = tuple(_lines(years, values, integrated, level))
    return replace(empty, lines=lines, sentence=_sentence(lines, values.size, integrated, level))


def _too_few(values: Numbers) -> str:
    """Why there is no trend, or nothing."""
    there = np.isfinite(values)
    n, known, end = values.size, int(there.sum()), ceil(values.size * END_SHARE)
    if n < FEWEST_FOR_TREND:
        return f"no trend below {FEWEST_FOR_TREND} years, only the change between two of them"
    if known < LEAST_SHARE * n:
        return f"no trend: {known} of {n} years have a value, {LEAST_SHARE:.0%} are needed"
    if not (there[:end].any() and there[-end:].any()):
        return f"no trend: no value lies in the first or in the last {END_SHARE:.0%} of the period"
    return ""


def _change(years: NDArray[np.int64], values: Numbers) -> tuple[Line, ...]:
    first, last = np.flatnonzero(np.isfinite(values))[[0, -1]]
    rate = float(values[last] - values[first]) / int(last - first)
    return (Line(CHANGE, int(years[first]), int(years[last]), rate, note="per year between them; no interval"),)


def _lines(years: NDArray[np.int64], values: Numbers, integrated: bool, level: float) -> Iterator[Line]:
    blank = Line("", int(years[0]), int(years[-1]))
    if integrated:
        yield _increment(years, values, level)
    x = years.astype(float)
    line = trends.ols(values, x, level=level)
    yield replace(
        blank, method=OLS, estimate=line.estimate, ci_low=line.ci_low, ci_high=line.ci_high,
        note=DESCRIPTION if integrated else SCATTER.format(line.n_eff, line.r),
    )  # fmt: skip
    sen = trends.sen(values, x, level=level)
    if integrated:
        yield replace(
            blank, method=SEN, estimate=sen.estimate, note="only describes: no interval of it holds for a level"
        )
    else:
        yield replace(blank, method=SEN, estimate=sen.estimate, ci_low=sen.ci_low, ci_high=sen.ci_high, note=RANKS)
    if years.size >= FEWEST_FOR_WORDS:
        yield _tested(blank, PREWHITENED, kendall.prewhitened, values, INTEGRATED if integrated else "")
        yield _tested(blank, HAMED_RAO, kendall.hamed_rao, values, CLASSICAL)
        if not integrated:
            yield _step(years, values, blank)


def _increment(years: NDArray[np.int64], values: Numbers, level: float) -> Line:
    blank = Line(INCREMENT, int(years[0]), int(years[-1]))
    try:
        rate = increment_rate(values, level=level, careful=values.size >= CAREFUL_FROM)
    except NotComputable as refused:
        return replace(blank, note=f"{refused.problem}: {refused.remedy}")
    return replace(
        blank, estimate=rate.estimate, ci_low=rate.ci_low, ci_high=rate.ci_high,
        note=f"natural variability included; lag-1 correlation of the increments {rate.r:.2f}",
    )  # fmt: skip


def _step(years: NDArray[np.int64], values: Numbers, blank: Line) -> Line:
    """Change of an instrument or a product beside the trend; years without a value are passed over."""
    there = np.isfinite(values)
    found = breaks.step(values[there])
    return replace(blank, method=STEP, p=found.p, note=STEPPED.format(years[there][found.last_index]))


def _tested(
    blank: Line, method: str, test: Callable[[Numbers], kendall.Test], values: Numbers, note: str
) -> Line:  # fmt: skip
    try:
        result = test(values)
    except NotComputable as refused:
        return replace(blank, method=method, note=f"{refused.problem}: {refused.remedy}")
    return replace(blank, method=method, z=result.z, p=result.p, note=note)


def _regimes(years: NDArray[np.int64], values: Numbers, level: float) -> tuple[Line, ...]:
    """The mean increment of each stretch between breaks of the annual increments, with the interval of each break."""
    try:
        found = breaks.bai_perron(np.diff(values))
    except NotComputable as refused:
        return (Line(INCREMENT, int(years[0]), int(years[-1]), note=f"{refused.problem}: {refused.remedy}"),)
    lines, start = [], 0
    for index, span in zip([*found.last_index, values.size - 2], [*found.intervals95, None], strict=True):
        end = index + 1  # increment i ends with year i + 1
        line = _increment(years[start : end + 1], values[start : end + 1], level)
        if span is not None:
            low, high = (int(years[min(i + 1, years.size - 1)]) for i in span)
            line = replace(line, note=f"ends {line.last_year}, 95 % interval {low} to {high}; {line.note}")
        lines.append(line)
        start = end
    return tuple(lines)


def _sentence(lines: tuple[Line, ...], n: int, integrated: bool, level: float) -> str:
    """The one sentence: a direction only where the interval earned it, a word of significance only after twenty years."""
    by_method = {line.method: line for line in lines}
    main = by_method[INCREMENT if integrated else OLS]
    if np.isnan(main.estimate):
        return f"no rate: {main.note}"
    if n < FEWEST_FOR_WORDS:
        return f"{n} years: no word of significance below {FEWEST_FOR_WORDS}"
    direction = "rising" if main.estimate > 0 else "falling"
    outside = main.ci_low > 0 or main.ci_high < 0
    if integrated:
        if outside:
            return f"{direction}: the {level:.0%} interval of the mean increment leaves out zero"
        return f"the mean increment cannot be told from zero at {level:.0%}"
    agrees = by_method[PREWHITENED].p < 1 - level
    step = "; a step beside the line is likely, ask for its cause first" if by_method[STEP].p < LIKELY_STEP else ""
    if outside and agrees:
        return f"{direction}: both the {level:.0%} interval of the slope and the pre-whitened test say so{step}"
    if outside or agrees:
        return f"not clear: the interval of the slope and the pre-whitened test disagree{step}"
    return f"no trend can be told from zero at {level:.0%}{step}"
