"""Strong wind at one station: days of a year that reach a threshold, the greatest wind of a year, and how often it returns.

The wind is the speed at 10 m, a mean of some minutes and no gust: at its own step, or the highest of each day. The highest of a
few reports a day is less than what blew between them; a day that rests on too few reports is a missing day, and neither a
count nor a greatest value allows one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import extreme_values
from caspian_env.processing.daily_years import daily_maximum, stretches
from caspian_env.processing.periods import Result, Span, as_dataset, checked, refusal, result

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

UNITS = "m s-1"


def wind_days(
    wind: xr.DataArray,
    reports: xr.DataArray | None = None,
    *,
    threshold: float,
    fewest_per_day: int,
    value_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Days of each calendar year whose highest wind speed at 10 m reaches a threshold.

    Parameters
    ----------
    wind : xarray.DataArray, dims (time,), m s-1
        Speeds at their own step, or the highest of each day.
    reports : xarray.DataArray, dims (time,), 1, optional
        How many reports the highest of each day was taken from. Left out, daily values are taken as they are.
    threshold : float
        In m s-1; 10 and 15 in use.
    fewest_per_day : int
        Speeds, or reports, that a day needs: 4 for one every six hours.
    value_uncertainty : float
        Standard uncertainty (m s-1) of a speed near the threshold, common to all; the count is repeated with the threshold
        moved by it.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in d; years with a missing day are refused.

    Raises
    ------
    NotComputable
        The series is of months or years, not in m s-1, or not ascending.
    """

    def count(part: Numbers) -> tuple[float, float]:
        here, more, fewer = (float((part >= threshold + d).sum()) for d in (0, -value_uncertainty, value_uncertainty))
        return here, (more - fewer) / 2

    rows = _yearly(wind, reports, fewest_per_day, ci_level, count)
    return as_dataset([_not_negative(row) for row in rows], units="d", ci_level=ci_level)


def greatest(
    wind: xr.DataArray,
    reports: xr.DataArray | None = None,
    *,
    fewest_per_day: int,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Greatest wind speed at 10 m of each calendar year.

    ``relative_uncertainty`` is the standard uncertainty of a speed as a share of it. Other parameters and refusals as for
    `wind_days`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in m s-1.
    """

    def highest(part: Numbers) -> tuple[float, float]:
        return float(part.max()), float(part.max()) * relative_uncertainty

    rows = _yearly(wind, reports, fewest_per_day, ci_level, highest)
    return as_dataset([_not_negative(row) for row in rows], units=UNITS, ci_level=ci_level)


def return_level(
    wind: xr.DataArray,
    reports: xr.DataArray | None = None,
    *,
    return_years: float,
    fewest_per_day: int,
    ci_level: float,
) -> xr.Dataset:
    """Wind speed exceeded once in ``return_years`` on average, from the greatest of each whole year.

    A generalised extreme value law with intervals of the profile likelihood (Coles 2001), in a climate that does not change.
    A return period beyond four times the number of years is refused, and so are fewer than ten years.

    Other parameters as for `wind_days`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        One value in m s-1 for the whole record.
    """
    years = list(_years(wind, reports, fewest_per_day))
    whole = {_year(span): float(part.max()) for span, part in years if np.isfinite(part).all()}
    row = extreme_values.return_row(whole, [_year(span) for span, _ in years], return_years, ci_level)
    return as_dataset([row] if row else [], units=UNITS, ci_level=ci_level)


def _yearly(
    wind: xr.DataArray,
    reports: xr.DataArray | None,
    fewest: int,
    ci_level: float,
    measure: Callable[[Numbers], tuple[float, float]],
) -> list[Result]:
    """The measure, and its uncertainty, of every year without a missing day."""
    rows = []
    for span, part in _years(wind, reports, fewest):
        n, expected = int(np.isfinite(part).sum()), part.size
        if n < expected:
            reason = f"{n} of {expected} days have enough values: a missing day may be the windy one"
            rows.append(refusal(span, reason, n_valid=n, n_expected=expected, used=[span]))
            continue
        value, u = measure(part)
        rows.append(result(span, value, u, n_valid=n, n_expected=expected, used=[span], ci_level=ci_level))
    return rows


def _years(wind: xr.DataArray, reports: xr.DataArray | None, fewest: int) -> list[tuple[Span, Numbers]]:
    """The highest of every day of each calendar year that has any value."""
    days, values, there = daily_maximum(
        checked(wind, UNITS), fewest=fewest, reports=None if reports is None else checked(reports, "1")
    )
    return [(span, values[place]) for span, place in stretches(days, start=(1, 1), end=(12, 31)) if there[place].any()]


def _year(span: Span) -> int:
    return int(span[0].astype("datetime64[Y]").astype(int)) + 1970


def _not_negative(row: Result) -> Result:
    return row if row.reason else replace(row, ci_low=max(0.0, row.ci_low))
