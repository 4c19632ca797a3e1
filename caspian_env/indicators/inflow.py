"""Inflow of the rivers: amounts of months and years, their anomaly, and the day of the flood's peak.

From the discharge of one or several rivers, daily or monthly; a gauge's and a model's alike. What is taken from the river
above the gauge is gone, so this is no naturalised flow. A sum allows no missing day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import annual_amounts as amounts
from caspian_env.processing import climate_normals as climate
from caspian_env.processing.daily_years import day_axis, stretches
from caspian_env.processing.periods import YearMean, as_dataset, checked, refusal, result

if TYPE_CHECKING:
    import xarray as xr

UNITS = "km3"


def monthly(discharge: xr.DataArray, *, relative_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Amount of water of each calendar month.

    Parameters
    ----------
    discharge : xarray.DataArray, dims (time,), m3 s-1
        Means of days or months.
    relative_uncertainty : float
        Standard uncertainty as a share of the amount, common to all days.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in km3; a month with a missing day is refused.

    Raises
    ------
    NotComputable
        The series is not in m3 s-1, or not ascending.
    """
    months = amounts.month_amounts(discharge, UNITS)
    months = months.assign_coords(std_uncertainty=("time", relative_uncertainty * np.abs(months.values)))
    rows = climate.month_rows(months, ci_level=ci_level)
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def annual(
    discharge: xr.DataArray, *, plausible: Sequence[float] | None, relative_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Amount of water of each calendar year.

    Parameters
    ----------
    plausible : two floats, or None
        Between which the amount (km3) must lie; a year beyond them is refused as an error of the data.

    Other parameters as for `monthly`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in km3; a year with a missing day is refused.
    """
    years = amounts.year_amounts(amounts.month_amounts(discharge, UNITS))
    rows = amounts.year_rows(years, relative_uncertainty=relative_uncertainty, ci_level=ci_level, plausible=plausible)
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def annual_anomaly(
    discharge: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Amount of each calendar year less the mean of the base years.

    Parameters
    ----------
    base : sequence of int
        First and last year of the base period, both included.
    min_base_share : float
        Share of the base years that must have an amount (WMO-No. 1203: 0.8).

    Other parameters as for `monthly`. A relative error that stays the same for decades would cancel in part; it is
    not taken to.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in km3; without enough base years one refusal, for the newest year.
    """
    years = amounts.year_amounts(amounts.month_amounts(discharge, UNITS))
    rows = amounts.anomaly_rows(
        years, base=base, min_base_share=min_base_share, relative_uncertainty=relative_uncertainty, ci_level=ci_level
    )
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def annual_of_four(
    volga: xr.DataArray,
    ural: xr.DataArray,
    terek: xr.DataArray,
    kura: xr.DataArray,
    *,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Amount of water of each calendar year of four rivers together; their relative errors are taken as common.

    Parameters
    ----------
    volga, ural, terek, kura : xarray.DataArray, dims (time,), m3 s-1
        Discharge of each river.

    Other parameters as for `monthly`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in km3; a year in which one of them lacks a day is refused.
    """
    years = _together(volga, ural, terek, kura)
    rows = amounts.year_rows(years, relative_uncertainty=relative_uncertainty, ci_level=ci_level)
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def anomaly_of_four(
    volga: xr.DataArray,
    ural: xr.DataArray,
    terek: xr.DataArray,
    kura: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Amount of each calendar year of four rivers less the mean of the base years; see `annual_anomaly`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in km3.
    """
    rows = amounts.anomaly_rows(
        _together(volga, ural, terek, kura), base=base, min_base_share=min_base_share,
        relative_uncertainty=relative_uncertainty, ci_level=ci_level,
    )  # fmt: skip
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def peak_day(discharge: xr.DataArray, *, day_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Day of the year on which the discharge is largest; the first of them where several are alike.

    Parameters
    ----------
    discharge : xarray.DataArray, dims (time,), m3 s-1
        Daily means.
    day_uncertainty : float
        Standard uncertainty in days: a flood crest is flat.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in d, 1 for 1 January; years with a missing day are refused.

    Raises
    ------
    NotComputable
        The series is not of days.
    """
    if checked(discharge, "m3 s-1").attrs["resolution"] != "P1D":
        raise NotComputable(str(discharge.name or "discharge"), "it is not of days", "give daily means")
    days, values = day_axis(discharge)
    rows = []
    for span, place in stretches(days, start=(1, 1), end=(12, 31)):
        part = values[place]
        n = int(np.isfinite(part).sum())
        if 0 < n < part.size:
            reason = f"{n} of {part.size} days: the largest may be among the others"
            rows.append(refusal(span, reason, n_valid=n, n_expected=part.size, used=[span]))
        elif n:
            top = float(np.argmax(part)) + 1
            rows.append(result(span, top, day_uncertainty, n_valid=n, n_expected=n, used=[span], ci_level=ci_level))
    return as_dataset(rows, units="d", ci_level=ci_level)


def _together(*rivers: xr.DataArray) -> list[YearMean]:
    """The years of all rivers, each the sum of theirs; as few months as the river that has the fewest."""
    each = [{y.year: y for y in amounts.year_amounts(amounts.month_amounts(one, UNITS))} for one in rivers]
    found = []
    for year in sorted(set().union(*each)):
        known = [river[year] for river in each if year in river]
        one = known[0]
        whole = len(known) == len(each)
        found.append(
            replace(
                one,
                value=sum(part.value for part in known) if whole else np.nan,
                n_months=min(part.n_months for part in known) if whole else 0,
                estimated=any(part.estimated for part in known),
            )
        )
    return found
