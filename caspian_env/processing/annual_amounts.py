"""Amounts of water by month and year, from totals, rates or discharge; a sum allows no gap.

A month of daily values needs every day, and a year all of its months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isnan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import completeness
from caspian_env.processing.base_period import years_needed
from caspian_env.processing.periods import Result, Span, YearMean, checked, of_year, refusal, year_refused, year_span

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

SECONDS_PER_DAY, M3_PER_KM3 = 86_400.0, 1e9

# What a value stands for: the unit of its amount, and the amount of one day at a value of one; None for a total.
_AMOUNT_OF = {
    "mm": ("mm", None),
    "mm d-1": ("mm", 1.0),
    "m3 s-1": ("km3", SECONDS_PER_DAY / M3_PER_KM3),
}


def month_amounts(series: xr.DataArray, units: str) -> xr.DataArray:
    """The amount of every calendar month, over whole calendar years; NaN where a day is missing.

    Parameters
    ----------
    series : xarray.DataArray, dims (time,), mm, mm d-1 or m3 s-1
        Totals or means of days or months.
    units : str
        The unit wanted: mm or km3.

    Returns
    -------
    xarray.DataArray, dims (time,), mm or km3
        With the coordinates of `completeness.monthly`.

    Raises
    ------
    NotComputable
        The series has other units, is of instants, or is not ascending.
    """
    own = str(series.attrs.get("units"))
    unit, per_day = _AMOUNT_OF.get(own, ("", None))
    checked(series, own)
    if unit != units:
        known = " or ".join(name for name, (of, _) in _AMOUNT_OF.items() if of == units)
        raise NotComputable(str(series.name or "series"), f"its units are {own!r}, not {known}", "convert it first")
    if series.attrs["resolution"] not in ("P1D", "P1M"):
        raise NotComputable(str(series.name or "series"), "it is of neither days nor months", "give totals or means")
    if series.attrs["resolution"] == "P1D":
        months = month_totals(series)
        times = np.full(months.size, 1.0 if per_day is None else per_day)
    else:
        months = completeness.monthly(series)
        times = np.asarray(np.ones(months.size) if per_day is None else days_of(months) * per_day, dtype=float)
    u = months["std_uncertainty"].values * times
    made = months.copy(data=months.values * times).assign_coords(std_uncertainty=("time", u))
    return made.assign_attrs(units=units, source_resolution=series.attrs["resolution"])


def month_totals(totals: xr.DataArray) -> xr.DataArray:
    """The total of every calendar month, over whole calendar years; NaN where a day is missing.

    Parameters
    ----------
    totals : xarray.DataArray, dims (time,), any unit
        Totals of days or months.

    Returns
    -------
    xarray.DataArray, dims (time,), same unit
        With the coordinates of `completeness.monthly`.

    Raises
    ------
    NotComputable
        The series is of neither days nor months.
    """
    if totals.attrs.get("resolution") == "P1M":
        return completeness.monthly(totals)
    if totals.attrs.get("resolution") != "P1D":
        raise NotComputable(str(totals.name or "series"), "it is of neither days nor months", "give totals of these")
    months = completeness.from_days(totals, missing_days=1, missing_run=1)
    days = months["n_valid"].values
    return months.copy(data=months.values * days).assign_coords(
        std_uncertainty=("time", months["std_uncertainty"].values * days)
    )


def days_of(months: xr.DataArray) -> NDArray[np.int64]:
    """Days of each calendar month, for an array over months.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), any units
        One value a month.

    Returns
    -------
    ndarray (time,), d
        Whole days.
    """
    start = months["time"].values.astype("datetime64[M]")
    return np.asarray((start + 1).astype("datetime64[D]").astype(int) - start.astype("datetime64[D]").astype(int))


def year_amounts(months: xr.DataArray) -> list[YearMean]:
    """The amount of each calendar year that is touched, in the form of a yearly mean; NaN without its twelve months.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), any units
        As `month_amounts` returns them.
    """
    return [replace(year, value=12 * year.value, std_uncertainty=np.nan) for year in completeness.annual(months)]


def begun_in_january(months: xr.DataArray, units: str, first_month: int) -> xr.DataArray:
    """Monthly amounts moved so that a year from ``first_month`` on is a calendar year to what sums them.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), ``units``
        As `month_amounts` returns them.
    first_month : int
        Calendar month in which the year begins, 1 to 12; the year keeps the number of the calendar year it begins in.
    """
    index = months["time"].values.astype("datetime64[M]") - (first_month - 1)
    moved = months.assign_coords(time=index.astype(months["time"].dtype))
    # Once more, as whole calendar years are what a year is summed from.
    return month_amounts(moved.assign_attrs(resolution="P1M"), units)


def put_back(row: Result, first_month: int) -> Result:
    """A result over the months that it stands for, where `begun_in_january` had moved them."""

    def back(span: Span) -> Span:
        start, end = (edge.astype("datetime64[M]") + (first_month - 1) for edge in span)
        return start.astype("datetime64[s]"), end.astype("datetime64[s]")

    return replace(row, period=back(row.period), used=tuple(back(span) for span in row.used))


def year_rows(
    years: Sequence[YearMean],
    *,
    relative_uncertainty: float,
    ci_level: float,
    plausible: Sequence[float] | None = None,
) -> list[Result]:
    """The amount of each year; one outside ``plausible`` is refused as an error of the data."""
    rows = []
    for year in years:
        row = of_year(year, u=relative_uncertainty * abs(year.value), ci_level=ci_level)
        if not row.reason and plausible is not None and not plausible[0] <= row.value <= plausible[1]:
            reason = f"{row.value:.4g} is outside {plausible[0]:g} to {plausible[1]:g}: an error of the data"
            row = refusal(row.period, reason, n_valid=12, n_expected=12, used=row.used)
        rows.append(row)
    return rows


def anomaly_rows(
    years: Sequence[YearMean],
    *,
    base: Sequence[int],
    min_base_share: float,
    relative_uncertainty: float,
    ci_level: float,
) -> list[Result]:
    """The amount of each year less the mean of the base years; where too few of these exist, one refusal says so.

    The error of the mean, taken as independent from year to year, is added to that of the year.
    """
    first, last = base
    inside = {year.year: year.value for year in years if first <= year.year <= last and not isnan(year.value)}
    length = last - first + 1
    needed = years_needed(base, min_base_share)
    spans: list[Span] = [year_span(year) for year in inside]
    if len(inside) < needed:
        there = f"{len(inside)} (within {min(inside)}-{max(inside)})" if inside else "none"
        reason = f"the base period {first}-{last} needs {needed} of {length} years, this record has {there}"
        return [year_refused(year, reason, spans) for year in years[-1:]]
    normal = float(np.mean(list(inside.values())))
    u_normal = relative_uncertainty * normal / sqrt(len(inside))
    return [
        of_year(
            year,
            value=year.value - normal,
            u=sqrt((relative_uncertainty * year.value) ** 2 + u_normal**2),
            ci_level=ci_level,
            also_used=spans,
        )
        for year in years
    ]
