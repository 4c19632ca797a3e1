"""Sea level: annual mean, its rates, and the distance to the minimum of 1977.

N years are always N annual means, so N-1 increments lie between them and every rate is per year of those N-1.
A rate is given for each last year whose N annual means all exist; where the newest year has none, that one window is
refused with its reason, older gaps simply have no rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.level_years import annual_rows, newest_refused, rate_result, whole_windows
from caspian_env.processing.periods import Result, as_dataset, refused_once, result
from caspian_env.processing.statistics import increment_rate
from caspian_env.processing.statistics import observed_change as change_between

if TYPE_CHECKING:
    import xarray as xr


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
    rows = annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)
    return as_dataset(rows, units="m", ci_level=ci_level)


def mean_rate(
    level: xr.DataArray,
    *,
    years: int,
    min_epochs: int,
    min_cycle_years: int,
    annual_uncertainty: float,
    careful: bool = False,
    ci_level: float,
) -> xr.Dataset:
    """Mean annual increment over ``years`` annual means, with natural variability in its interval.

    See `caspian_env.processing.statistics.increment_rate` for the estimator and what ``careful`` adds to it, and
    `annual_mean` for the other parameters.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Rates in cm year-1, one for every window of ``years`` calendar years without a gap.
    """
    rows = annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)

    def rate(window: Sequence[Result]) -> Result:
        values = np.array([row.value for row in window])
        return rate_result(window, increment_rate(values, level=ci_level, careful=careful), ci_level)

    return as_dataset(
        [*map(rate, whole_windows(rows, years)), *newest_refused(rows, years)], units="cm year-1", ci_level=ci_level
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
    rows = annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)

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
        return rate_result(ends, rate, ci_level)

    pairs = whole_windows(rows, years, ends_only=True)
    return as_dataset(
        [*map(change, pairs), *newest_refused(rows, years, ends_only=True)], units="cm year-1", ci_level=ci_level
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
    rows = annual_rows(level, min_epochs, min_cycle_years, annual_uncertainty, ci_level)
    own = level.attrs.get("datum", "none")
    if own != datum:
        title = "the Baltic datum BS77" if datum == "BS77" else f"the datum {datum}"
        refused = refused_once(rows, f"needs {title}, this series is in {own}")
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
