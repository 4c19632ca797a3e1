"""When a level that goes on falling as it fell will have lost a given depth: no forecast, and no claim that it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from caspian_env.processing.periods import Result, YearMean, merged, year_span
from caspian_env.processing.statistics import increment_rate, interval


def year_fallen(
    window: Sequence[YearMean], depth: float, u_depth: float, *, ci_level: float, estimated: bool
) -> Result | str:
    """Decimal year in which the level stands ``depth`` below its newest annual mean, or why none can be told.

    The rate is the mean increment with natural variability in its interval; the interval of the year takes the ends of
    that of the depth and of that of the rate.

    Parameters
    ----------
    window : sequence of YearMean
        Annual means in m, year after year, none of them NaN.
    depth, u_depth : float
        Depth above zero that is left, and its standard uncertainty, m.
    ci_level : float
        Probability content of the interval.
    estimated : bool
        How the year is marked.
    """
    rate = increment_rate(np.array([year.value for year in window]), level=ci_level)
    told = f"{100 * rate.estimate:+.1f} cm/yr ({100 * rate.ci_low:+.1f} to {100 * rate.ci_high:+.1f})"
    if rate.estimate >= 0:
        return f"not reached at the rate of {told}"
    if rate.ci_high >= 0:
        return f"not reached within the interval of the rate, {told}"
    fewest, most = interval(depth, u_depth, ci_level)
    now = window[-1].year + 0.5  # an annual mean stands for the middle of its year
    return Result(
        period=(year_span(window[0].year)[0], year_span(window[-1].year)[1]),
        value=now - depth / rate.estimate,
        std_uncertainty=sqrt((u_depth / rate.estimate) ** 2 + (depth * rate.std_uncertainty / rate.estimate**2) ** 2),
        ci_low=now - max(fewest, 0.0) / rate.ci_low,
        ci_high=now - most / rate.ci_high,
        n_valid=len(window),
        n_expected=len(window),
        estimated=estimated,
        reason="",
        used=merged([year_span(year.year) for year in window]),
    )
