"""Sea level: annual mean, its rates, and the distance to the minimum of 1977.

N years are always N annual means, so N-1 increments lie between them and every rate is per year of those N-1.
A rate is given for each last year whose N annual means all exist; where the newest year has none, that one window is
refused with its reason, older gaps simply have no rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import completeness
from caspian_env.processing.periods import (
    Result,
    Span,
    as_dataset,
    checked,
    month_span,
    of_year,
    refusal,
    result,
    year_span,
)
from caspian_env.processing.statistics import Rate, increment_rate
from caspian_env.processing.statistics import observed_change as change_between

if TYPE_CHECKING:
    import xarray as xr

CM_PER_M = 100.0


def annual_mean(
    level: xr.DataArray, *, min_epochs: int, min_cycle_years: int, annual_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Mean level of each calendar year, as the mean of its twelve monthly means; an annual series as it is reported.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Height above the series' own datum.
    min_epochs : int
        Fewest altimetric epochs in a month (about three are expected at ten days).
    min_cycle_years : int
        Fewest years of seasonal cycle from which the one missing month of a year may be filled.
    annual_uncertainty : float
        Standard uncertainty (m) of an annual mean, not divided by the number of epochs: their formal errors leave out
        what they have in common. A reported annual value keeps its own where it has one.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in m. A year with other than twelve months, after filling, is refused.

    Raises
    ------
    NotComputable
        The series is not in metres, not ascending, or has two annual values in one year.
    """
    rows = _annual(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)
    return as_dataset(rows, units="m", ci_level=ci_level)


def mean_rate(
    level: xr.DataArray,
    *,
    years: int,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Mean annual increment over ``years`` annual means, with natural variability in its interval.

    See `caspian_env.processing.statistics.increment_rate` for the estimator, and `annual_mean` for the other parameters.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Rates in cm year-1, one for every window of ``years`` calendar years without a gap.
    """
    rows = _annual(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)

    def rate(window: Sequence[Result]) -> Result:
        values = np.array([row.value for row in window])
        return _rate_result(window, increment_rate(values, level=ci_level), ci_level)

    return as_dataset(
        [*map(rate, _whole_windows(rows, years)), *_newest_refused(rows, years)], units="cm year-1", ci_level=ci_level
    )


def observed_change(
    level: xr.DataArray,
    *,
    years: int,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Rate of the change from the first to the last of ``years`` annual means, with measurement error only.

    The difference of the two annual means divided by the ``years`` - 1 years between them; its uncertainty is theirs,
    taken as independent. What lies between does not enter, and nothing is said about another period.
    See `annual_mean` for the other parameters.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Rates in cm year-1, one for every pair of annual means ``years`` - 1 years apart.
    """
    rows = _annual(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)

    def change(ends: Sequence[Result]) -> Result:
        first, last = ends
        rate = change_between(
            first.value,
            last.value,
            steps=years - 1,
            u_first=first.std_uncertainty,
            u_last=last.std_uncertainty,
            level=ci_level,
        )
        return _rate_result(ends, rate, ci_level)

    pairs = _whole_windows(rows, years, ends_only=True)
    return as_dataset(
        [*map(change, pairs), *_newest_refused(rows, years, ends_only=True)], units="cm year-1", ci_level=ci_level
    )


def above_minimum(
    level: xr.DataArray,
    *,
    minimum: float,
    tolerance: float,
    datum: str,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """How far each annual mean stands above the recorded minimum; negative below it.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        attrs ``datum``: heights above another datum than the minimum's are refused, once, for the newest year.
    minimum, tolerance : float
        The minimum (m) above ``datum``, and by how much its printed values differ (m), taken as its standard uncertainty.
    datum : str
        Datum id of the minimum.

    Other parameters as in `annual_mean`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Distances in m.
    """
    rows = _annual(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)
    own = level.attrs.get("datum", "none")
    if own != datum:
        title = "the Baltic datum BS77" if datum == "BS77" else f"the datum {datum}"
        reason = f"needs {title}, this series is in {own}"
        refused = [
            refusal(r.period, reason, n_valid=r.n_valid, n_expected=r.n_expected, used=r.used) for r in rows[-1:]
        ]
        return as_dataset(refused, units="m", ci_level=ci_level)

    def distance(row: Result) -> Result:
        u = sqrt(row.std_uncertainty**2 + tolerance**2)
        return result(
            row.period,
            row.value - minimum,
            u,
            n_valid=row.n_valid,
            n_expected=row.n_expected,
            used=row.used,
            ci_level=ci_level,
            estimated=row.estimated,
        )

    return as_dataset([row if row.reason else distance(row) for row in rows], units="m", ci_level=ci_level)


def _annual(
    level: xr.DataArray, min_epochs: int, min_cycle_years: int, annual_uncertainty: float, ci_level: float
) -> list[Result]:
    """Annual means and refusals, for every year with data."""
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
    level = level[np.isfinite(level.values)]
    years = level["time"].values.astype("datetime64[Y]").astype(int) + 1970
    if np.unique(years).size != years.size:
        raise NotComputable(str(level.name or "level"), "a year holds two annual values", "keep one series per source")
    given = level["std_uncertainty"].values if "std_uncertainty" in level.coords else np.full(years.size, np.nan)
    status = level["status"].values if "status" in level.coords else np.full(years.size, "")
    return [
        result(
            year_span(int(year)),
            float(value),
            annual_uncertainty if isnan(u) else float(u),
            n_valid=1,
            n_expected=1,
            used=[year_span(int(year))],
            ci_level=ci_level,
            estimated=bool(word == "estimated"),
        )
        for year, value, u, word in zip(years, level.values, given, status, strict=True)
    ]


def _members(rows: Sequence[Result], last: int, years: int, ends_only: bool) -> list[Result]:
    """The publishable annual means that a window ending in ``last`` needs and has, in order."""
    have = {_year(row): row for row in rows if not row.reason}
    first = last - years + 1
    return [have[year] for year in ((first, last) if ends_only else range(first, last + 1)) if year in have]


def _whole_windows(rows: Sequence[Result], years: int, *, ends_only: bool = False) -> list[list[Result]]:
    """For every last year, the annual means of its window, where all that are needed exist."""
    windows = (_members(rows, _year(row), years, ends_only) for row in rows)
    return [window for window in windows if len(window) == (2 if ends_only else years)]


def _newest_refused(rows: Sequence[Result], years: int, *, ends_only: bool = False) -> list[Result]:
    """The refusal of the window that ends in the newest year, if an annual mean that it needs is missing."""
    if not rows:
        return []
    newest, needed = rows[-1], 2 if ends_only else years
    window = _members(rows, _year(newest), years, ends_only)
    if len(window) == needed:
        return []
    reason = f"{len(window)} of {needed} annual means"
    if newest.reason:
        reason += f"; {_year(newest)} has {newest.reason}"
    span = (year_span(_year(newest) - years + 1)[0], newest.period[1])
    return [refusal(span, reason, n_valid=len(window), n_expected=needed, used=[span])]


def _rate_result(window: Sequence[Result], rate: Rate, ci_level: float) -> Result:
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


def _year(row: Result) -> int:
    """The calendar year of an annual result."""
    return int(row.period[0].astype("datetime64[Y]").astype(int)) + 1970
