"""Global mean temperature above 1850-1900: an anomaly against a later base, plus how much warmer that base was.

A series that begins in 1880 has no 1850-1900 of its own, so the step between the two bases comes from one that does, with
its uncertainty. It is the same for all years, so it tilts no trend.
"""

from __future__ import annotations

from math import isnan, sqrt
from typing import TYPE_CHECKING

from caspian_env.processing import completeness
from caspian_env.processing.periods import Result, YearMean, as_dataset, checked, refusal, result, year_span

if TYPE_CHECKING:
    import xarray as xr

UNITS = "degree_Celsius"


def above_1850_1900(
    anomaly: xr.DataArray,
    *,
    years: int,
    offset: float,
    offset_uncertainty: float,
    value_uncertainty: float,
    early_uncertainty: float,
    early_until: int,
    ci_level: float,
) -> xr.Dataset:
    """Mean anomaly of every window of ``years`` calendar years, plus the step from 1850-1900 to the base of the series.

    Parameters
    ----------
    anomaly : xarray.DataArray, dims (time,), degree_Celsius
        Monthly anomalies against the base of the series.
    years : int
        Length of the window; each of its years needs twelve months.
    offset, offset_uncertainty : float
        Mean of the base of the series minus that of 1850-1900, and its standard uncertainty, degC.
    value_uncertainty, early_uncertainty : float
        Standard uncertainty (degC) of an annual mean after ``early_until`` and up to it; taken as common to all years of a
        window, as the series does not say how it is shared.
    early_until : int
        Last year of the larger uncertainty.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Degrees above the mean of 1850-1900; the newest window is refused where a year of it is incomplete.

    Raises
    ------
    NotComputable
        The series is not in degree_Celsius, or not ascending.
    """
    means = completeness.annual(completeness.monthly(checked(anomaly, UNITS)))
    rows = []
    for end in range(years - 1, len(means)):
        window = means[end - years + 1 : end + 1]
        whole = window[-1].year - window[0].year == years - 1 and not any(isnan(year.value) for year in window)
        if whole:
            errors = [early_uncertainty if year.year <= early_until else value_uncertainty for year in window]
            u = sqrt((sum(errors) / years) ** 2 + offset_uncertainty**2)
            rows.append(_mean(window, offset, u, ci_level))
        elif end == len(means) - 1:
            rows.append(_refused(window, years))
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def _mean(window: list[YearMean], offset: float, u: float, ci_level: float) -> Result:
    period, n = (year_span(window[0].year)[0], year_span(window[-1].year)[1]), len(window)
    value = sum(year.value for year in window) / n + offset
    estimated = any(year.estimated for year in window)
    return result(
        period, value, u, n_valid=12 * n, n_expected=12 * n, used=[period], ci_level=ci_level, estimated=estimated
    )


def _refused(window: list[YearMean], years: int) -> Result:
    newest = window[-1]
    period, n = (year_span(window[0].year)[0], year_span(newest.year)[1]), sum(year.n_months for year in window)
    short = [f"{year.year} ({year.n_months} of 12 months)" for year in window if isnan(year.value)]
    reason = f"incomplete: {', '.join(short)}" if short else f"{len(window)} of {years} years in a row"
    return refusal(period, reason, n_valid=n, n_expected=12 * years, used=[period])
