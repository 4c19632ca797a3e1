"""Annual mean levels as results, and the windows of them that rates and changes are made from.

N years are always N annual means, so N-1 increments lie between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import completeness
from caspian_env.processing.annual_levels import as_printed
from caspian_env.processing.periods import Result, Span, checked, month_span, of_year, refusal, result, year_span
from caspian_env.processing.statistics import Rate

if TYPE_CHECKING:
    import xarray as xr

CM_PER_M = 100.0


def annual_rows(
    level: xr.DataArray, min_epochs: int, min_cycle_years: int, annual_uncertainty: float, ci_level: float
) -> list[Result]:
    """Annual means and refusals, for every year with data; one missing month of a year is filled and marked.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Annual values are taken as they are printed, with their own uncertainty where they have one.
    min_epochs, min_cycle_years : int
        Fewest epochs of a month, and fewest years of seasonal cycle from which a month is filled.
    annual_uncertainty, ci_level : float
        Standard uncertainty (m) of an annual mean, and content of its interval.

    Raises
    ------
    NotComputable
        The series is not in metres, not ascending, or has two annual values in one year.
    """
    checked(level, "m")
    if level.attrs["resolution"] == "P1Y":
        return _reported(level, annual_uncertainty, ci_level)
    observed = completeness.monthly(level, min_epochs=min_epochs)
    months = completeness.fill_single_months(observed, min_cycle_years=min_cycle_years)
    return [
        of_year(
            mean,
            u=annual_uncertainty,
            ci_level=ci_level,
            also_used=_fill_spans(observed, mean.year) if mean.filled else (),
        )
        for mean in completeness.annual(months)
    ]


def _fill_spans(observed: xr.DataArray, year: int) -> list[Span]:
    """The months that filled the missing one of ``year``: those of the seasonal cycle, and its two neighbours."""
    index = observed["time"].values.astype("datetime64[M]").astype(int)
    january = (year - 1970) * 12 - int(index[0])
    gap = january + int(np.argmax(np.isnan(observed.values[january : january + 12])))
    support = index[completeness.cycle_support(observed)]
    return [*(month_span(int(i)) for i in support), month_span(int(index[gap]) - 1, 3)]


def _reported(level: xr.DataArray, annual_uncertainty: float, ci_level: float) -> list[Result]:
    """Annual values as the provider prints them."""
    return [
        result(
            year_span(printed.year),
            printed.value,
            printed.std_uncertainty,
            n_valid=1,
            n_expected=1,
            used=[year_span(printed.year)],
            ci_level=ci_level,
            estimated=printed.estimated,
        )
        for printed in as_printed(level, annual_uncertainty)
    ]


def members(rows: Sequence[Result], last: int, years: int, ends_only: bool = False) -> list[Result]:
    """The publishable annual means that a window ending in ``last`` needs and has, in order."""
    have = {year_of(row): row for row in rows if not row.reason}
    first = last - years + 1
    return [have[year] for year in ((first, last) if ends_only else range(first, last + 1)) if year in have]


def whole_windows(rows: Sequence[Result], years: int, *, ends_only: bool = False) -> list[list[Result]]:
    """For every last year, the annual means of its window, where all that are needed exist."""
    windows = (members(rows, year_of(row), years, ends_only) for row in rows)
    return [window for window in windows if len(window) == (2 if ends_only else years)]


def newest_refused(rows: Sequence[Result], years: int, *, ends_only: bool = False) -> list[Result]:
    """The refusal of the window that ends in the newest year, if an annual mean that it needs is missing."""
    if not rows:
        return []
    newest, needed = rows[-1], 2 if ends_only else years
    window = members(rows, year_of(newest), years, ends_only)
    if len(window) == needed:
        return []
    reason = f"{len(window)} of {needed} annual means"
    if newest.reason:
        reason += f"; {year_of(newest)} has {newest.reason}"
    span = (year_span(year_of(newest) - years + 1)[0], newest.period[1])
    return [refusal(span, reason, n_valid=len(window), n_expected=needed, used=[span])]


def rate_result(window: Sequence[Result], rate: Rate, ci_level: float) -> Result:
    """A rate in cm/yr over a window of annual means."""
    return result(
        (window[0].period[0], window[-1].period[1]),
        rate.estimate * CM_PER_M,
        rate.std_uncertainty * CM_PER_M,
        dof=rate.dof,
        n_valid=len(window),
        n_expected=len(window),
        used=[span for row in window for span in row.used],
        ci_level=ci_level,
        estimated=any(row.estimated for row in window),
    )


def year_of(row: Result) -> int:
    """The calendar year of an annual result."""
    return int(row.period[0].astype("datetime64[Y]").astype(int)) + 1970
