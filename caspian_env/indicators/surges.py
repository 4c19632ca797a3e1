"""Surges and set-downs at one gauge.

A surge lifts the level by 0.30 m or more above the mean of its month at that gauge (Nesterov et al. 2018); the mean of the
month takes away the falling level of the sea and its season. Levels are at the gauge's own step, six hours or shorter. A
count allows no missing day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import extreme_values
from caspian_env.processing.periods import Result, as_dataset, checked, month_span, refusal, result, year_span

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

HOUR, DAY = np.timedelta64(3600, "s"), np.timedelta64(1, "D")

Direction = Literal["surge", "set_down"]


@dataclass(frozen=True, slots=True)
class _Year:
    """One year of departures from the monthly means (positive in the direction asked for), and how many days it has."""

    year: int
    time: NDArray[np.datetime64]
    departure: Numbers
    n_days: int
    n_expected: int


def surge_days(
    level: xr.DataArray,
    *,
    direction: Direction,
    threshold: float,
    fewest_per_day: int,
    value_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Days of each calendar year on which the level departs from the mean of its month by the threshold or more.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Levels of one gauge at their own step (resolution 'instant').
    direction : {'surge', 'set_down'}
        Above or below the mean.
    threshold : float
        Departure in m, positive; 0.3 by Nesterov et al. (2018).
    fewest_per_day : int
        Values that a day needs: 4 for six-hourly levels.
    value_uncertainty : float
        Standard uncertainty (m) of a level, common to all; the count is repeated with the threshold moved by it.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in d; years with a missing day are refused.

    Raises
    ------
    NotComputable
        The series is not of instants, not in m, or not ascending.
    """

    def days(one: _Year, bound: float) -> float:
        return float(np.unique(one.time[one.departure >= bound].astype("datetime64[D]")).size)

    rows = _yearly(level, direction, fewest_per_day, ci_level, _moved(days, threshold, value_uncertainty))
    return as_dataset([_not_negative(row) for row in rows], units="d", ci_level=ci_level)


def greatest_departure(
    level: xr.DataArray, *, direction: Direction, fewest_per_day: int, value_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Greatest departure of each calendar year from the mean of its month, positive in its direction.

    Parameters and refusals as for `surge_days`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in m.
    """
    rows = _yearly(
        level, direction, fewest_per_day, ci_level, lambda one: (float(one.departure.max()), value_uncertainty)
    )
    return as_dataset(rows, units="m", ci_level=ci_level)


def longest_surge(
    level: xr.DataArray,
    *,
    direction: Direction,
    threshold: float,
    fewest_per_day: int,
    value_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Longest time of each calendar year without a level back inside the threshold; each level stands for its step.

    Parameters and refusals as for `surge_days`. A surge that crosses the new year is cut by it.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in h; 0 where there was none.
    """

    def hours(one: _Year, bound: float) -> float:
        beyond = np.r_[False, one.departure >= bound, False].astype(np.int8)
        first, after = np.flatnonzero(np.diff(beyond) == 1), np.flatnonzero(np.diff(beyond) == -1)
        ends = np.r_[one.time, one.time[-1] + _step(one.time)][after]
        return float(((ends - one.time[first]) / HOUR).max()) if first.size else 0.0

    rows = _yearly(level, direction, fewest_per_day, ci_level, _moved(hours, threshold, value_uncertainty))
    return as_dataset([_not_negative(row) for row in rows], units="h", ci_level=ci_level)


def return_level(
    level: xr.DataArray, *, direction: Direction, return_years: float, fewest_per_day: int, ci_level: float
) -> xr.Dataset:
    """Departure exceeded once in ``return_years`` on average, from the greatest of each whole year.

    A generalised extreme value law with intervals of the profile likelihood, in a climate that does not change. A return
    period beyond four times the number of years is refused, and so are fewer than ten years.

    Other parameters as for `surge_days`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        One value in m for the whole record.
    """
    years = _years(level, direction, fewest_per_day)
    greatest = {one.year: float(one.departure.max()) for one in years if one.n_days == one.n_expected}
    row = extreme_values.return_row(greatest, [one.year for one in years], return_years, ci_level)
    return as_dataset([row] if row else [], units="m", ci_level=ci_level)


def _yearly(
    level: xr.DataArray,
    direction: Direction,
    fewest_per_day: int,
    ci_level: float,
    measure: Callable[[_Year], tuple[float, float]],
) -> list[Result]:
    """The measure, and its uncertainty, of every year without a missing day."""
    rows = []
    for one in _years(level, direction, fewest_per_day):
        span = year_span(one.year)
        if one.n_days < one.n_expected:
            reason = _gap(one.n_days, one.n_expected)
            rows.append(refusal(span, reason, n_valid=one.n_days, n_expected=one.n_expected, used=[span]))
            continue
        value, u = measure(one)
        rows.append(
            result(span, value, u, n_valid=one.n_days, n_expected=one.n_expected, used=[span], ci_level=ci_level)
        )
    return rows


def _moved(
    measure: Callable[[_Year, float], float], threshold: float, by: float
) -> Callable[[_Year], tuple[float, float]]:
    """A measure at the threshold, and half its change when the threshold moves by the error of the gauge."""

    def both(one: _Year) -> tuple[float, float]:
        low, high = measure(one, threshold - by), measure(one, threshold + by)
        return measure(one, threshold), abs(low - high) / 2

    return both


def _years(level: xr.DataArray, direction: Direction, fewest_per_day: int) -> list[_Year]:
    """Departures from the mean of each calendar month, year by year."""
    series = checked(level, "m")
    if series.attrs["resolution"] != "instant":
        raise NotComputable(
            str(series.name or "level"), "it is a mean of days or months", "give levels of six hours or less"
        )
    there = np.isfinite(series.values)
    time, values = series["time"].values[there].astype("datetime64[s]"), np.asarray(series.values, float)[there]
    month = time.astype("datetime64[M]")
    _, place, n = np.unique(month, return_inverse=True, return_counts=True)
    sign = 1 if direction == "surge" else -1
    # Rounded to a micrometre: a departure of exactly the threshold must not depend on the last bit of a mean.
    departure = np.round(sign * (values - (np.bincount(place, weights=values) / np.maximum(n, 1))[place]), 6)
    own = time.astype("datetime64[Y]").astype(int) + 1970
    found = []
    for year in np.unique(own):
        inside = own == year
        _, per_day = np.unique(time[inside].astype("datetime64[D]"), return_counts=True)
        start, end = month_span((int(year) - 1970) * 12, 12)
        whole = int((per_day >= fewest_per_day).sum())
        found.append(_Year(int(year), time[inside], departure[inside], whole, int((end - start) / DAY)))
    return found


def _step(time: NDArray[np.datetime64]) -> np.timedelta64:
    """The usual time between two levels."""
    return (
        np.median(np.diff(time).astype(np.int64)).astype(np.int64).astype("timedelta64[s]") if time.size > 1 else HOUR
    )


def _gap(n: int, expected: int) -> str:
    return f"{n} of {expected} days have enough values: a count allows no missing day"


def _not_negative(row: Result) -> Result:
    return row if row.reason else replace(row, ci_low=max(0.0, row.ci_low))
