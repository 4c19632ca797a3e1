"""Rate of the sea level since a declared turning point, and how the rate changes.

A level is an integrated series: the rates are mean annual increments, and the interval of a curvature comes from the
scatter and memory of the increments, not from a straight line's residuals.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.level_years import (
    annual_rows,
    members,
    newest_refused,
    rate_result,
    whole_windows,
    year_of,
)
from caspian_env.processing.periods import Result, as_dataset
from caspian_env.processing.statistics import Rate, increment_rate, interval

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


def rate_since(
    level: xr.DataArray,
    *,
    since: int,
    min_years: int,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Mean annual increment from the annual mean of a declared year to each later one.

    The year was chosen by somebody who had seen the record: the rate and its interval hold given that choice.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Height above the series' own datum.
    since : int
        The declared year; its annual mean is the first of the window.
    min_years : int
        Fewest annual means of a window.
    min_epochs, min_cycle_years, annual_uncertainty, ci_level
        As for `caspian_env.processing.level_years.annual_rows`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Rates in cm year-1, one for each last year up to the first gap.
    """
    rows = annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)

    def rate(window: Sequence[Result]) -> Result:
        return rate_result(window, increment_rate([row.value for row in window], level=ci_level), ci_level)

    lengths = [(year_of(row), year_of(row) - since + 1) for row in rows if year_of(row) - since + 1 >= min_years]
    windows = [members(rows, last, length) for last, length in lengths]
    made = [rate(window) for window, (_, length) in zip(windows, lengths, strict=True) if len(window) == length]
    newest = max(min_years, lengths[-1][1]) if lengths else min_years
    return as_dataset([*made, *newest_refused(rows, newest)], units="cm year-1", ci_level=ci_level)


def acceleration(
    level: xr.DataArray,
    *,
    years: int,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Mean annual increment of the last ``years`` annual means minus that of the ``years`` before them.

    The two are taken as independent, with the degrees of freedom of Welch and Satterthwaite. See `rate_since` for the
    other parameters.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Differences in cm year-1, one for each window of twice ``years`` calendar years without a gap.
    """
    rows = annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)

    def difference(window: Sequence[Result]) -> Result:
        values = [row.value for row in window]
        before, after = (increment_rate(part, level=ci_level) for part in (values[:years], values[years:]))
        u = sqrt(before.std_uncertainty**2 + after.std_uncertainty**2)
        parts = before.std_uncertainty**4 / before.dof + after.std_uncertainty**4 / after.dof
        dof = u**4 / parts if parts else inf
        change = after.estimate - before.estimate
        return rate_result(window, Rate(change, u, *interval(change, u, ci_level, dof), dof=dof, r=after.r), ci_level)

    made = [difference(window) for window in whole_windows(rows, 2 * years)]
    return as_dataset([*made, *newest_refused(rows, 2 * years)], units="cm year-1", ci_level=ci_level)


def curvature(
    level: xr.DataArray,
    *,
    years: int,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Twice the quadratic coefficient of the parabola through ``years`` annual means, a description of the window.

    Its interval takes the level as the sum of increments that scatter about a straight line with lag-1 memory; the formal
    error of the parabola would be far too small. See `rate_since` for the other parameters.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in cm year-2, one for each window of ``years`` calendar years without a gap.
    """
    rows = annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)
    made = [
        rate_result(window, _parabola(np.array([row.value for row in window]), ci_level), ci_level)
        for window in whole_windows(rows, years)
    ]
    return as_dataset([*made, *newest_refused(rows, years)], units="cm year-2", ci_level=ci_level)


def _parabola(values: NDArray[np.float64], ci_level: float) -> Rate:
    """Second derivative of the least-squares parabola, and its error where increments are a line plus AR(1) noise."""
    n = values.size
    t = np.arange(n) - (n - 1) / 2
    weights = 2 * np.linalg.pinv(np.vander(t, 3))[0]  # of each level in the second derivative
    estimate = float(weights @ values)
    steps = np.diff(values)
    line = np.vander(t[1:] - 0.5, 2)
    residual = steps - line @ np.linalg.lstsq(line, steps, rcond=None)[0]
    m = steps.size
    r = increment_rate(np.r_[0.0, np.cumsum(residual)], level=ci_level).r
    # A level is the sum of the increments before it, so an increment weighs as all later levels together.
    later = np.cumsum(weights[::-1])[::-1][1:]
    memory = r ** np.abs(np.subtract.outer(np.arange(m), np.arange(m)))
    u = sqrt(float(residual @ residual) / (m - 2) * float(later @ memory @ later))
    dof = max(1.0, m * (1 - r) / (1 + r) - 2)
    return Rate(estimate, u, *interval(estimate, u, ci_level, dof), dof=dof, r=r)
