"""Area and volume of the sea, and the seabed laid bare, from annual levels and a relief of the bed.

The relief does not change: what changes is the level, and every value is the curve of the region read at one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isnan, sqrt
from typing import TYPE_CHECKING

from caspian_env.processing.annual_levels import annual_levels, other_datum
from caspian_env.processing.hypsometry import M_IN_KM, Hypsometry, hypsometry
from caspian_env.processing.periods import Result, YearMean, as_dataset, of_year, year_refused

if TYPE_CHECKING:
    import xarray as xr


def area(
    level: xr.DataArray,
    bed: xr.DataArray,
    sea: xr.DataArray,
    bay: xr.DataArray,
    *,
    datum: str,
    offset: float,
    relief_uncertainty: float,
    definition_uncertainty: float,
    lowest: float,
    highest: float,
    step: float,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Area of the water at the mean level of each year, in one region of the sea without the Kara-Bogaz-Gol.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Heights above ``datum``; those above another are refused, once, for the newest year.
    bed, sea, bay : xarray.DataArray, dims (time, latitude, longitude), m
        The relief with its weights in the region, in the whole sea, and in the Kara-Bogaz-Gol, which is left out.
    datum : str
        Datum id of the levels that the relief is compared with.
    offset, relief_uncertainty : float
        What is added to the relief to have it above ``datum``, and the standard uncertainty of its heights as a whole, m.
    definition_uncertainty : float
        Standard uncertainty from what counts as sea, as a share of the value.
    lowest, highest, step : float
        Levels at which areas are counted, m; a level outside is refused.
    min_epochs, annual_uncertainty : int, float
        As for `caspian_env.processing.annual_levels.annual_levels`.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Areas in km2.

    Raises
    ------
    NotComputable
        The level is not in metres, or the relief shows no bed of the Caspian.
    """
    curve = hypsometry(bed, sea, bay, offset=offset, lowest=lowest, highest=highest, step=step)

    def at(height: float, u: float) -> tuple[float, float]:
        value = curve.area(height)
        slope = curve.widening(height)
        return value, sqrt((definition_uncertainty * value) ** 2 + slope**2 * (relief_uncertainty**2 + u**2))

    rows = _years(level, datum, curve, at, min_epochs, annual_uncertainty, ci_level)
    return as_dataset(rows, units="km2", ci_level=ci_level)


def volume(
    level: xr.DataArray,
    bed: xr.DataArray,
    sea: xr.DataArray,
    bay: xr.DataArray,
    *,
    datum: str,
    offset: float,
    relief_uncertainty: float,
    definition_uncertainty: float,
    lowest: float,
    highest: float,
    step: float,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Volume of the water at the mean level of each year, the integral of the area over the level.

    Parameters are those of `area`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Volumes in km3.
    """
    curve = hypsometry(bed, sea, bay, offset=offset, lowest=lowest, highest=highest, step=step)

    def at(height: float, u: float) -> tuple[float, float]:
        value = curve.volume(height)
        vertical = curve.area(height) * sqrt(relief_uncertainty**2 + u**2) / M_IN_KM
        return value, sqrt((definition_uncertainty * value) ** 2 + vertical**2)

    rows = _years(level, datum, curve, at, min_epochs, annual_uncertainty, ci_level)
    return as_dataset(rows, units="km3", ci_level=ci_level)


def exposed_seabed(
    level: xr.DataArray,
    bed: xr.DataArray,
    sea: xr.DataArray,
    bay: xr.DataArray,
    *,
    reference_level: float,
    reference_uncertainty: float,
    datum: str,
    offset: float,
    relief_uncertainty: float,
    definition_uncertainty: float,
    lowest: float,
    highest: float,
    step: float,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Area that was sea at a reference level and lies dry at the mean level of each year; never negative.

    A year above the reference is refused, as nothing is exposed against it. The relief enters both areas, so that its
    error as a whole counts only by the difference of their slopes.

    Parameters
    ----------
    reference_level, reference_uncertainty : float
        Level that exposure is counted from, and its standard uncertainty, m above ``datum``.

    Other parameters as in `area`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Areas in km2.
    """
    curve = hypsometry(bed, sea, bay, offset=offset, lowest=lowest, highest=highest, step=step)

    def at(height: float, u: float) -> tuple[float, float] | str:
        if height > reference_level:
            return f"the level stood above the reference of {reference_level:.2f} m: nothing is exposed against it"
        value = curve.area(reference_level) - curve.area(height)
        here, there = curve.widening(height), curve.widening(reference_level)
        heights = ((there - here) * relief_uncertainty) ** 2 + (here * u) ** 2 + (there * reference_uncertainty) ** 2
        return value, sqrt((definition_uncertainty * value) ** 2 + heights)

    rows = _years(level, datum, curve, at, min_epochs, annual_uncertainty, ci_level)
    return as_dataset(rows, units="km2", ci_level=ci_level)


def _years(
    level: xr.DataArray,
    datum: str,
    curve: Hypsometry,
    at: Callable[[float, float], tuple[float, float] | str],
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> list[Result]:
    """The curve read at the level of each year; ``at`` gives value and uncertainty, or why there is none."""
    years = annual_levels(level, min_epochs=min_epochs, annual_uncertainty=annual_uncertainty)
    if objection := other_datum(level, datum):
        return [year_refused(year, objection) for year in years[-1:]]

    def read(year: YearMean) -> Result:
        if isnan(year.value):
            return year_refused(year, f"{year.n_months} of 12 months")
        if not curve.lowest <= year.value <= curve.highest:
            reason = f"the level {year.value:.2f} m lies outside of the curve, {curve.lowest:g} to {curve.highest:g} m"
            return year_refused(year, reason)
        found = at(year.value, year.std_uncertainty)
        if isinstance(found, str):
            return year_refused(year, found)
        return of_year(year, value=found[0], u=found[1], ci_level=ci_level)

    return [read(year) for year in years]
