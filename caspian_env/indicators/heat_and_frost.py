"""Heat and frost: days beyond a threshold or a percentile, warm spells, and freezing degree-days.

Definitions of the Expert Team on Climate Change Detection and Indices (ETCCDI). A count or a sum allows no missing day,
since the day that is missing may be the hot one; a year or season with a gap is refused. The uncertainty of a count is
half its change when all values move up and down by the uncertainty of the thermometer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from caspian_env.processing.daily_years import day_axis, stretches
from caspian_env.processing.percentile_days import base_windows, calendar_day, jackknife, over_years
from caspian_env.processing.periods import (
    Result,
    Span,
    as_dataset,
    checked,
    days_in,
    merged,
    refusal,
    result,
    year_span,
)
from caspian_env.processing.spells import spells

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

UNITS = "degree_Celsius"
JANUARY_1, DECEMBER_31 = (1, 1), (12, 31)


def days_beyond(
    temperature: xr.DataArray,
    *,
    threshold: float,
    side: Literal["at_or_above", "above", "below"],
    value_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Days of each calendar year on which the temperature lies beyond a threshold.

    With the highest of the day: hot days (at or above 35 or 40), summer days SU (above 25), ice days ID (below 0). With
    the lowest: tropical nights TR (above 20), frost days FD (below 0).

    Parameters
    ----------
    temperature : xarray.DataArray, dims (time,), degree_Celsius
        Daily highest or lowest temperature.
    threshold : float
        In degC.
    side : {'at_or_above', 'above', 'below'}
        Which days count.
    value_uncertainty : float
        Standard uncertainty (degC) of the thermometer, common to all days.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in d; years with a missing day are refused.

    Raises
    ------
    NotComputable
        The series is not daily, not in degree_Celsius, or not ascending.
    """
    compare = {"at_or_above": np.greater_equal, "above": np.greater, "below": np.less}[side]
    rows = _per_stretch(
        temperature,
        lambda values, shift: float(compare(values + shift, threshold).sum()),
        start=JANUARY_1,
        end=DECEMBER_31,
        value_uncertainty=value_uncertainty,
        ci_level=ci_level,
    )
    return as_dataset(rows, units="d", ci_level=ci_level)


def freezing_degree_days(
    temperature: xr.DataArray,
    *,
    freezing: float,
    start: Sequence[int],
    end: Sequence[int],
    value_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Sum over the cold season of how far each day lies below the freezing point; the season has the year of its January.

    Parameters
    ----------
    temperature : xarray.DataArray, dims (time,), degree_Celsius
        Daily mean temperature, or the lowest of the day for the variant of Lavrova et al. (2022).
    freezing : float
        Freezing point in degC; 0 by definition, not that of the water.
    start, end : (int, int)
        Month and day of the first and last day of the season, both included.
    value_uncertainty, ci_level
        As for `days_beyond`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in degree_Celsius d; a season with a missing day is refused.
    """
    rows = _per_stretch(
        temperature,
        lambda values, shift: float(np.maximum(0.0, freezing - values - shift).sum()),
        start=(start[0], start[1]),
        end=(end[0], end[1]),
        value_uncertainty=value_uncertainty,
        ci_level=ci_level,
    )
    return as_dataset(rows, units="degree_Celsius d", ci_level=ci_level)


def days_above_percentile(
    highest: xr.DataArray,
    *,
    base: Sequence[int],
    quantile: float,
    window_days: int,
    min_base_share: float,
    max_missing_days: int,
    ci_level: float,
) -> xr.Dataset:
    """Share of the days of a year above the percentile of their time of the year (TX90p; with the lowest, TN90p).

    Parameters
    ----------
    highest : xarray.DataArray, dims (time,), degree_Celsius
        Daily highest (or lowest) temperature.
    base : sequence of int
        First and last year of the base, both included. Within it a year is replaced by each of the others in turn.
    quantile, window_days
        0.9 and 5 by definition.
    min_base_share : float
        Share of the days of the base that must exist.
    max_missing_days : int
        Missing days that a year may have; 0 for a rule as strict as that of counts.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In percent of the days with a value. The uncertainty is the scatter of the replacements' base: the standard
        deviation of what the year would be with each year of the base left out, as a jackknife.
    """

    def share(values: Numbers, bound: Numbers) -> float:
        there = np.isfinite(values)
        return 100 * float((values[there] > bound[there]).sum()) / int(there.sum())

    rows = _percentile_rows(
        highest, share, base, quantile, window_days, min_base_share, max_missing_days, True, ci_level
    )
    return as_dataset([_within(row, 100.0) for row in rows], units="percent", ci_level=ci_level)


def warm_spell_days(
    highest: xr.DataArray,
    *,
    base: Sequence[int],
    quantile: float,
    window_days: int,
    min_days: int,
    bootstrap: bool,
    min_base_share: float,
    ci_level: float,
) -> xr.Dataset:
    """Days of a year in warm spells: at least six in a row above the 90th percentile of their time of the year (WSDI).

    A spell ends with the year, as in the definition. Parameters as for `days_above_percentile`.

    Parameters
    ----------
    min_days : int
        Days in a row that make a spell; 6 by definition.
    bootstrap : bool
        Whether years of the base are replaced too; the software of ETCCDI does so for shares of days but not for spells.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in d; years with a missing day are refused.
    """

    def in_spells(values: Numbers, bound: Numbers) -> float:
        found = spells((values > bound)[np.newaxis], min_days=min_days, join_days=0)
        return float((found.last - found.first + 1).sum())

    rows = _percentile_rows(highest, in_spells, base, quantile, window_days, min_base_share, 0, bootstrap, ci_level)
    return as_dataset([_within(row, 366.0) for row in rows], units="d", ci_level=ci_level)


def _per_stretch(
    temperature: xr.DataArray,
    measure: Callable[[Numbers, float], float],
    *,
    start: tuple[int, int],
    end: tuple[int, int],
    value_uncertainty: float,
    ci_level: float,
) -> list[Result]:
    """The measure of every whole stretch, and a refusal for one that has a gap."""
    days, values = day_axis(checked(temperature, UNITS))
    rows = []
    for span, place in stretches(days, start=start, end=end):
        part = values[place]
        n, expected = int(np.isfinite(part).sum()), days_in(span)
        if not n:
            continue
        if n < expected:
            rows.append(_gap(span, n, expected))
            continue
        middle, high, low = (measure(part, shift) for shift in (0.0, value_uncertainty, -value_uncertainty))
        row = result(span, middle, abs(high - low) / 2, n_valid=n, n_expected=expected, used=[span], ci_level=ci_level)
        rows.append(replace(row, ci_low=max(0.0, row.ci_low)))
    return rows


def _percentile_rows(
    series: xr.DataArray,
    measure: Callable[[Numbers, Numbers], float],
    base: Sequence[int],
    quantile: float,
    window_days: int,
    min_base_share: float,
    max_missing_days: int,
    bootstrap: bool,
    ci_level: float,
) -> list[Result]:
    days, values = day_axis(checked(series, UNITS))
    numbers = calendar_day(days) if days.size else np.array([], dtype=np.int64)
    places = stretches(days, start=JANUARY_1, end=DECEMBER_31)
    parts = {_year(span): (values[place], numbers[place]) for span, place in places}
    valid = {year: int(np.isfinite(part).sum()) for year, (part, _) in parts.items()}
    if not any(valid.values()):
        return []
    lengths = {year: part.size for year, (part, _) in parts.items()}
    spans = merged(year_span(year) for year in range(base[0] - 1, base[1] + 2) if valid.get(year))
    if reason := _uncovered(valid, base, min_base_share):
        newest = max(year for year, n in valid.items() if n)
        used = [year_span(newest), *spans]
        return [refusal(year_span(newest), reason, n_valid=valid[newest], n_expected=lengths[newest], used=used)]
    kept = [year for year, n in valid.items() if n and lengths[year] - n <= max_missing_days]
    windows = base_windows(days, values, base, window_days=window_days)

    def count(year: int, bounds: Numbers) -> float:
        part, number = parts[year]
        return measure(part, bounds[number])

    found = over_years(windows, kept, count, quantile=quantile, bootstrap=bootstrap)
    errors = jackknife(windows, kept, count, quantile)
    rows = []
    for year, n in valid.items():
        span = year_span(year)
        if n and year not in found:
            rows.append(_gap(span, n, lengths[year]))
        elif n:
            used = [span, *spans]
            rows.append(
                result(
                    span, found[year], errors[year], n_valid=n, n_expected=lengths[year], used=used, ci_level=ci_level
                )
            )
    return rows


def _uncovered(valid: dict[int, int], base: Sequence[int], min_base_share: float) -> str:
    """Why the base has no percentiles, with the years that are there; empty where it has."""
    inside = {year: n for year, n in valid.items() if base[0] <= year <= base[1] and n}
    expected = days_in((year_span(base[0])[0], year_span(base[1])[1]))
    if sum(inside.values()) >= min_base_share * expected:
        return ""
    has = f"{sum(inside.values())} of them (within {min(inside)}-{max(inside)})" if inside else "none"
    return f"the base {base[0]}-{base[1]} needs {min_base_share:.0%} of its {expected} days, this record has {has}"


def _gap(span: Span, n: int, expected: int) -> Result:
    reason = f"{n} of {expected} days: a count or sum allows no missing day"
    return refusal(span, reason, n_valid=n, n_expected=expected, used=[span])


def _within(row: Result, highest: float) -> Result:
    return row if row.reason else replace(row, ci_low=max(0.0, row.ci_low), ci_high=min(highest, row.ci_high))


def _year(span: Span) -> int:
    return int(span[0].astype("datetime64[Y]").astype(int)) + 1970
