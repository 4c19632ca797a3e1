"""Depth and under-keel margin of ports at the level of the sea.

``M = D + (L - Z) - T - U``: depth D below the zero Z, level L above the same datum as Z, draught T, clearance U. Where no
source says to which zero a printed depth belongs, D is provisional: the change of the depth is published, and every
number that would pass for a clearance is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.annual_levels import annual_levels, other_datum
from caspian_env.processing.falling_level import year_fallen
from caspian_env.processing.periods import (
    Result,
    Span,
    YearMean,
    as_dataset,
    checked,
    days_in,
    of_year,
    refusal,
    result,
    year_refused,
    year_span,
)

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class _Depth:
    """A printed depth, its zero and datum, and whether that zero was confirmed."""

    depth: float
    depth_date: str
    depth_uncertainty: float
    zero: float
    datum: str
    provisional: bool

    def objection(self, level: xr.DataArray) -> str:
        """Why no clearance may be told from this depth and level; empty if one may."""
        if self.provisional:
            return (
                f"provisional: no source says to which zero the depth of {self.depth:g} m ({self.depth_date}) belongs, so"
                " no clearance is told; see the change of the depth"
            )
        return other_datum(level, self.datum)


def depth_change(
    level: xr.DataArray,
    *,
    zero: float,
    datum: str,
    provisional: bool,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """How much deeper than charted the water stood in each year, L - Z; negative where depth was lost.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Heights above ``datum``; those above another are refused, once, for the newest year.
    zero, datum : float, str
        The zero of the depths, m above the datum of this id.
    provisional : bool
        Whether it is not confirmed that the depths of the port are counted from there; values are marked as estimated.
    min_epochs, annual_uncertainty : int, float
        As for `caspian_env.processing.annual_levels.annual_levels`.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Changes in m.
    """
    years = annual_levels(level, min_epochs=min_epochs, annual_uncertainty=annual_uncertainty)
    if objection := other_datum(level, datum):
        return as_dataset([year_refused(year, objection) for year in years[-1:]], units="m", ci_level=ci_level)
    rows = [of_year(year, value=year.value - zero, u=year.std_uncertainty, ci_level=ci_level) for year in years]
    marked = [row if row.reason else replace(row, estimated=provisional or row.estimated) for row in rows]
    return as_dataset(marked, units="m", ci_level=ci_level)


def margin(
    level: xr.DataArray,
    *,
    depth: float,
    depth_date: str,
    depth_uncertainty: float,
    zero: float,
    datum: str,
    provisional: bool,
    draught: float,
    clearance: float,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Water left under a ship of a declared draught, beyond the clearance, at the mean level of each year.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Heights above ``datum``; those above another are refused, once, for the newest year.
    depth, depth_date, depth_uncertainty : float, str, float
        Charted or dredged depth below the zero (m), when it was told, and its standard uncertainty (m). Silt makes it
        older every year, which is no part of the uncertainty.
    zero, datum : float, str
        The zero of the depth, m above the datum of this id.
    provisional : bool
        Whether the zero of the depth is not confirmed: no margin is told then.
    draught, clearance : float
        Of the ship, and below its keel by the rule of the port, m.
    min_epochs, annual_uncertainty : int, float
        As for `caspian_env.processing.annual_levels.annual_levels`.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Margins in m; negative where the ship may not pass.
    """
    port = _Depth(depth, depth_date, depth_uncertainty, zero, datum, provisional)
    return _annual(level, port, draught + clearance, min_epochs, annual_uncertainty, ci_level)


def draft_max(
    level: xr.DataArray,
    *,
    depth: float,
    depth_date: str,
    depth_uncertainty: float,
    zero: float,
    datum: str,
    provisional: bool,
    clearance: float,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Deepest draught that leaves the clearance below the keel at the mean level of each year, D + (L - Z) - U.

    Parameters are those of `margin`, without the draught.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Draughts in m.
    """
    port = _Depth(depth, depth_date, depth_uncertainty, zero, datum, provisional)
    return _annual(level, port, clearance, min_epochs, annual_uncertainty, ci_level)


def days_below(
    level: xr.DataArray,
    *,
    depth: float,
    depth_date: str,
    depth_uncertainty: float,
    zero: float,
    datum: str,
    provisional: bool,
    draught: float,
    clearance: float,
    daily_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Share of the days of each year on which the margin is negative, in per cent; no day may be missing.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Daily mean levels; any other series is refused, once, for its newest year.
    daily_uncertainty : float
        Standard uncertainty of a daily level (m) as far as all days share it. The uncertainty of the share is half of
        its change when all margins move by theirs, up and down.

    Other parameters as in `margin`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Shares in per cent of days.
    """
    checked(level, "m")
    level = level[np.isfinite(level.values)]
    if level.size == 0:
        return as_dataset([], units="percent", ci_level=ci_level)
    port = _Depth(depth, depth_date, depth_uncertainty, zero, datum, provisional)
    years = level["time"].values.astype("datetime64[Y]").astype(int) + 1970
    objection = port.objection(level)
    if not objection and level.attrs["resolution"] != "P1D":
        objection = f"needs daily levels, these are {level.attrs['resolution']}"
    if objection:
        row = _refused(year_span(int(years[-1])), objection, int((years == years[-1]).sum()), 365)
        return as_dataset([row], units="percent", ci_level=ci_level)
    margins = depth + level.values - zero - draught - clearance
    u = sqrt(depth_uncertainty**2 + daily_uncertainty**2)
    return as_dataset(
        [_share(int(year), margins[years == year], u, ci_level) for year in np.unique(years)],
        units="percent",
        ci_level=ci_level,
    )


def crossing_year(
    level: xr.DataArray,
    *,
    depth: float,
    depth_date: str,
    depth_uncertainty: float,
    zero: float,
    datum: str,
    provisional: bool,
    draught: float,
    clearance: float,
    years: int,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Year in which the annual-mean margin reaches zero, were the rate of the last ``years`` annual means to go on.

    The rate is the mean increment with natural variability in its interval; no forecast, and no claim that it goes on.
    One row, for the newest year; it is refused where the rate is no fall, or its interval holds none.

    Parameters are those of `margin`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Decimal years; the interval takes the ends of the margin's and of the rate's.
    """
    port = _Depth(depth, depth_date, depth_uncertainty, zero, datum, provisional)
    known = annual_levels(level, min_epochs=min_epochs, annual_uncertainty=annual_uncertainty)
    if not known:
        return as_dataset([], units="1", ci_level=ci_level)
    last = known[-1].year
    window = [year for year in known if last - years < year.year <= last and not isnan(year.value)]
    span = (year_span(last - years + 1)[0], year_span(last)[1])
    objection = port.objection(level)
    if not objection and len(window) < years:
        objection = f"{len(window)} of {years} annual means"
    if not objection:
        row = _crossing(window, port, draught + clearance, ci_level)
        if isinstance(row, Result):
            return as_dataset([row], units="1", ci_level=ci_level)
        objection = row
    return as_dataset([_refused(span, objection, len(window), years)], units="1", ci_level=ci_level)


def _crossing(window: list[YearMean], port: _Depth, needed: float, ci_level: float) -> Result | str:
    """When the margin reaches zero, or why it does not."""
    newest = window[-1]
    left = port.depth + newest.value - port.zero - needed
    u_left = sqrt(newest.std_uncertainty**2 + port.depth_uncertainty**2)
    if left <= 0:
        return f"the margin of {newest.year} is {left:.2f} m: zero is crossed already"
    return year_fallen(window, left, u_left, ci_level=ci_level, estimated=any(year.estimated for year in window))


def _annual(
    level: xr.DataArray, port: _Depth, needed: float, min_epochs: int, annual_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Depth beyond what is needed, year by year."""
    years = annual_levels(level, min_epochs=min_epochs, annual_uncertainty=annual_uncertainty)
    if objection := port.objection(level):
        return as_dataset([year_refused(year, objection) for year in years[-1:]], units="m", ci_level=ci_level)

    def left(year: YearMean) -> Result:
        u = sqrt(year.std_uncertainty**2 + port.depth_uncertainty**2)
        value = port.depth + year.value - port.zero - needed
        return of_year(year, value=value, u=u, ci_level=ci_level)

    return as_dataset([left(year) for year in years], units="m", ci_level=ci_level)


def _share(year: int, margins: NDArray[np.float64], u: float, ci_level: float) -> Result:
    period = year_span(year)
    days = days_in(period)
    if margins.size < days:
        return _refused(period, f"{margins.size} of {days} days", margins.size, days)
    fewer, share, more = (100.0 * float((margins < limit).mean()) for limit in (-u, 0.0, u))
    return result(period, share, (more - fewer) / 2, n_valid=days, n_expected=days, used=[period], ci_level=ci_level)


def _refused(period: Span, reason: str, n_valid: int, n_expected: int) -> Result:
    return refusal(period, reason, n_valid=n_valid, n_expected=n_expected, used=[period])
