"""Yearly numbers of countries: as published, against a base year of the same series, a head, shares, sums and rates.

One ratio takes its numbers from one series of one source, so one edition; editions and sources are never chained. What a
year does not have is refused, and a base year that is missing is not replaced by another.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from caspian_env.processing.country_series import by_year, unfit_base
from caspian_env.processing.periods import Result, Span, as_dataset, refusal, result, year_span

if TYPE_CHECKING:
    import xarray as xr

TONNES_IN_MEGATONNE = 1e6


def published(series: xr.DataArray, *, ci_level: float) -> xr.Dataset:
    """The number of each year as its source states it.

    Parameters
    ----------
    series : xarray.DataArray, dims (time,), any units
        One value a year.
    ci_level : float
        Probability content of the interval, where the source states an uncertainty.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        The years that the source has, in the units of the series.

    Raises
    ------
    NotComputable
        The series is not yearly, or not ascending.
    """
    units = str(series.attrs.get("units"))
    spread = by_year(series, units, "std_uncertainty")
    rows = [
        result(year_span(year), value, spread[year], n_valid=1, n_expected=1, used=[year_span(year)], ci_level=ci_level)
        for year, value in by_year(series, units).items()
    ]
    return as_dataset(rows, units=units, ci_level=ci_level)


def change_since(series: xr.DataArray, *, base_year: int, ci_level: float) -> xr.Dataset:
    """Change of each year against a base year of the same series, 100 (E_t / E_base - 1).

    Parameters
    ----------
    series : xarray.DataArray, dims (time,), any units
        One value a year.
    base_year : int
        The year with which every other one is compared.
    ci_level : float
        Kept for the form; sources state no uncertainty of emissions, and none is invented.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Change in percent, every year but the base year; refused where the base year is missing or not above zero.

    Raises
    ------
    NotComputable
        The series is not yearly, or not ascending.
    """
    years = by_year(series, str(series.attrs.get("units")))
    base = years.get(base_year)
    rows = []
    for year, value in years.items():
        if year == base_year:
            continue
        used = [year_span(base_year), year_span(year)]
        why = unfit_base(base, base_year)
        if why or base is None:
            rows.append(refusal(year_span(year), why, n_valid=1, n_expected=2, used=[year_span(year)]))
            continue
        rows.append(_plain(year, 100 * (value / base - 1), used, 2, ci_level))
    return as_dataset(rows, units="percent", ci_level=ci_level)


def mean_rate(series: xr.DataArray, *, years: int, ci_level: float) -> xr.Dataset:
    """Mean yearly change over the years before each year, 100 ((E_t / E_{t-n})^(1/n) - 1).

    Parameters
    ----------
    series : xarray.DataArray, dims (time,), any units
        One value a year.
    years : int
        n, how far back.
    ci_level : float
        Kept for the form.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Rate in percent year-1 for the years that have one n years before; refused where one of the two is not above zero.

    Raises
    ------
    NotComputable
        The series is not yearly, or not ascending.
    """
    found = by_year(series, str(series.attrs.get("units")))
    rows = []
    for year, value in found.items():
        before = found.get(year - years)
        if before is None:
            continue
        used = [year_span(year - years), year_span(year)]
        if before <= 0 or value <= 0:
            reason = f"a yearly rate needs emissions above zero in {year - years} and {year}"
            rows.append(refusal(year_span(year), reason, n_valid=2, n_expected=2, used=used))
            continue
        rows.append(_plain(year, 100 * ((value / before) ** (1 / years) - 1), used, 2, ci_level))
    return as_dataset(rows, units="percent year-1", ci_level=ci_level)


def per_head(emissions: xr.DataArray, population: xr.DataArray, *, ci_level: float) -> xr.Dataset:
    """Emissions of a year divided by its population.

    Parameters
    ----------
    emissions : xarray.DataArray, dims (time,), Mt
        Total of each year.
    population : xarray.DataArray, dims (time,), 1
        People in the middle of each year.
    ci_level : float
        Kept for the form.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Tonnes a head (t) for the years of the emissions; refused where there is no population.

    Raises
    ------
    NotComputable
        A series is not yearly, not ascending, or in other units.
    """
    people = by_year(population, "1")
    rows = []
    for year, value in by_year(emissions, "Mt").items():
        heads = people.get(year, nan)
        if not heads > 0:
            rows.append(_refused(year, f"no population of {year}"))
            continue
        rows.append(_plain(year, value * TONNES_IN_MEGATONNE / heads, [year_span(year)], 2, ci_level))
    return as_dataset(rows, units="t", ci_level=ci_level)


def share(part: xr.DataArray, whole: xr.DataArray, *, ci_level: float) -> xr.Dataset:
    """A part of a whole in each year, 100 part / whole, both of one source and edition.

    Parameters
    ----------
    part, whole : xarray.DataArray, dims (time,), the same units
        One value a year.
    ci_level : float
        Kept for the form.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Percent, for the years of the part; refused where there is no whole above zero.

    Raises
    ------
    NotComputable
        A series is not yearly, not ascending, or the two have different units.
    """
    units = str(part.attrs.get("units"))
    wholes = by_year(whole, units)
    rows = []
    for year, value in by_year(part, units).items():
        total = wholes.get(year, nan)
        if not total > 0:
            rows.append(_refused(year, f"no total above zero in {year}"))
            continue
        rows.append(_plain(year, 100 * value / total, [year_span(year)], 2, ci_level))
    return as_dataset(rows, units="percent", ci_level=ci_level)


def share_of_sum(
    renewables: xr.DataArray, nuclear: xr.DataArray, fossil: xr.DataArray, *, ci_level: float
) -> xr.Dataset:
    """Renewables in what is generated in each year, 100 renewables / (renewables + nuclear + fossil).

    Parameters
    ----------
    renewables, nuclear, fossil : xarray.DataArray, dims (time,), the same units
        One value a year, all of one source and edition.
    ci_level : float
        Kept for the form.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Percent, for the years of renewables; refused where one of the others is missing or nothing is generated.

    Raises
    ------
    NotComputable
        A series is not yearly, not ascending, or has other units than the first.
    """
    units = str(renewables.attrs.get("units"))
    others = [by_year(series, units) for series in (nuclear, fossil)]
    rows = []
    for year, value in by_year(renewables, units).items():
        whole = value + sum(other.get(year, nan) for other in others)
        if not whole > 0:
            rows.append(
                refusal(year_span(year), f"no whole of {year}", n_valid=1, n_expected=3, used=[year_span(year)])
            )
            continue
        rows.append(_plain(year, 100 * value / whole, [year_span(year)], 3, ci_level))
    return as_dataset(rows, units="percent", ci_level=ci_level)


def sum_of(first: xr.DataArray, second: xr.DataArray, *, ci_level: float) -> xr.Dataset:
    """The sum of two quantities in each year that has both, such as wind and solar capacity.

    Parameters
    ----------
    first, second : xarray.DataArray, dims (time,), the same units
        One value a year.
    ci_level : float
        Kept for the form.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        The sum in the units of the first; refused where one of the two is missing, for a gap is no zero.

    Raises
    ------
    NotComputable
        A series is not yearly, not ascending, or the two have different units.
    """
    units = str(first.attrs.get("units"))
    one, other = by_year(first, units), by_year(second, units)
    rows = []
    for year in sorted(one | other):
        if year not in one or year not in other:
            rows.append(_refused(year, f"one of the two is missing in {year}"))
            continue
        rows.append(_plain(year, one[year] + other[year], [year_span(year)], 2, ci_level))
    return as_dataset(rows, units=units, ci_level=ci_level)


def _plain(year: int, value: float, used: list[Span], n: int, ci_level: float) -> Result:
    """A value without uncertainty, for its source states none."""
    return result(year_span(year), value, nan, n_valid=n, n_expected=n, used=used, ci_level=ci_level)


def _refused(year: int, reason: str) -> Result:
    return refusal(year_span(year), reason, n_valid=1, n_expected=2, used=[year_span(year)])
