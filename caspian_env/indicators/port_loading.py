"""Draught and cargo that ports lose to a falling level, from printed figures and the change of the level since.

No source says to which level the design depth of a port belongs, so nothing here uses one: a draught that was lost is a
difference of two levels of one series, and a printed shortfall is carried on by the fall since the year it was printed.
Dredging and silt are in none of it.
"""

from __future__ import annotations

from dataclasses import replace
from math import isnan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.annual_levels import annual_levels
from caspian_env.processing.falling_level import year_fallen
from caspian_env.processing.periods import Result, YearMean, as_dataset, refusal, result, year_refused, year_span

if TYPE_CHECKING:
    import xarray as xr


def draught_lost(
    level: xr.DataArray, *, base_year: int, min_epochs: int, annual_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Draught that a port lost since a year at unchanged depth and clearance, max(0, L_base - L), in each later year.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Heights above any datum: it falls out of the difference.
    base_year : int
        Year whose mean level is compared with.
    min_epochs, annual_uncertainty : int, float
        As for `caspian_env.processing.annual_levels.annual_levels`.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Draughts in m, estimated; one refusal where the base year has no mean.
    """
    years = annual_levels(level, min_epochs=min_epochs, annual_uncertainty=annual_uncertainty)
    rows = _no_mean(years, base_year) or _since(years, base_year, 0.0, 0.0, ci_level)[1:]
    return as_dataset(rows, units="m", ci_level=ci_level)


def draught_deficit(
    level: xr.DataArray,
    *,
    wanted: float,
    possible: float,
    possible_high: float | None,
    printed_on: str,
    printed_uncertainty: float,
    level_year: int,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Printed shortfall of the draught, carried on by the fall since its year: max(0, wanted - possible + L_then - L).

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Heights above any datum: it falls out of the difference.
    wanted, possible, possible_high : float, float, float or None
        Draught by the norm, and in use with the upper end where a range was printed (m); the middle is taken.
    printed_on : str
        When that was told.
    printed_uncertainty : float
        Standard uncertainty of the two printed figures together, m.
    level_year : int
        Year whose mean level the printed figures belong to; earlier years have no value, as the depth was another one.
    min_epochs, annual_uncertainty, ci_level : int, float, float
        As in `draught_lost`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Deficits in m, estimated; one refusal where the year of the figures has no mean.
    """
    middle = possible if possible_high is None else (possible + possible_high) / 2
    years = annual_levels(level, min_epochs=min_epochs, annual_uncertainty=annual_uncertainty)
    told = f", the year of what was printed on {printed_on}"
    rows = _no_mean(years, level_year, told) or _since(
        years, level_year, wanted - middle, printed_uncertainty, ci_level
    )
    return as_dataset(rows, units="m", ci_level=ci_level)


def loading_loss(
    level: xr.DataArray,
    *,
    full: float,
    loaded: float,
    loaded_high: float | None,
    printed_on: str,
    rounding: float,
    level_year: int,
    cargo_per_metre: float | None,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Cargo left on shore, 100 (full - loaded) / full, in the year it was printed for, and after it with the level.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Heights above any datum: it falls out of the difference.
    full, loaded, loaded_high : float, float, float or None
        Full and actual load, in tonnes or in per cent of the full one; the upper end where a range was printed.
    printed_on : str
        When that was told.
    rounding : float
        Step to which the loads were printed; its standard uncertainty is the step over the root of 12.
    level_year : int
        Year whose mean level the printed load belongs to.
    cargo_per_metre : float or None
        Load for a metre of draught, in the unit of ``full``; where no source gives it, the year of the printed load alone
        has a value.
    min_epochs, annual_uncertainty, ci_level : int, float, float
        As in `draught_lost`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Losses in per cent, estimated; from 0 to 100.
    """
    middle = loaded if loaded_high is None else (loaded + loaded_high) / 2
    step = rounding / sqrt(12) if loaded_high is None else (loaded_high - loaded) / sqrt(12)
    shortfall = 100 * (full - middle) / full
    u = 100 * step / full
    per_metre = 0.0 if cargo_per_metre is None else 100 * cargo_per_metre / full
    years = annual_levels(level, min_epochs=min_epochs, annual_uncertainty=annual_uncertainty)
    rows = _no_mean(years, level_year, f", the year of what was printed on {printed_on}")
    if not rows:
        rows = _since(years, level_year, shortfall, u, ci_level, scale=per_metre, ceiling=100.0)
        rows = rows[:1] if cargo_per_metre is None else rows
    return as_dataset(rows, units="percent", ci_level=ci_level)


def year_of_fall(
    level: xr.DataArray,
    *,
    metres: float,
    years: int,
    min_epochs: int,
    annual_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Year in which the annual mean stands ``metres`` below the newest one, were the rate of ``years`` means to go on.

    The rate is the mean increment with natural variability in its interval; no forecast, and no claim that it goes on.
    One row, for the newest year; it is refused where the rate is no fall, or its interval holds none.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Heights above any datum: it falls out of the difference.
    metres : float
        Depth that is lost then, against the newest annual mean.
    years : int
        Annual means of the rate, without a gap.
    min_epochs, annual_uncertainty, ci_level : int, float, float
        As in `draught_lost`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Decimal years.
    """
    means = annual_levels(level, min_epochs=min_epochs, annual_uncertainty=annual_uncertainty)
    known = [year for year in means if not isnan(year.value)]
    if not known:
        return as_dataset([], units="1", ci_level=ci_level)
    window = [year for year in known if known[-1].year - years < year.year]
    row: Result | str = f"{len(window)} of {years} annual means"
    if len(window) == years:
        row = year_fallen(window, metres, known[-1].std_uncertainty, ci_level=ci_level, estimated=True)
    if isinstance(row, str):
        span = (year_span(window[0].year)[0], year_span(window[-1].year)[1])
        used = [year_span(year.year) for year in window]
        row = refusal(span, row, n_valid=len(window), n_expected=years, used=used)
    return as_dataset([row], units="1", ci_level=ci_level)


def _no_mean(years: list[YearMean], base_year: int, told: str = "") -> list[Result]:
    """The refusal of the newest year, where the year to compare with has no mean."""
    if any(year.year == base_year and not isnan(year.value) for year in years):
        return []
    reason = f"no annual mean of {base_year}{told}"
    return [year_refused(year, reason) for year in years[-1:]]


def _since(
    years: list[YearMean], base_year: int, offset: float, u_offset: float, ci_level: float, *,
    scale: float = 1.0, ceiling: float = np.inf,
) -> list[Result]:  # fmt: skip
    """``offset + scale * (L_base - L)`` from the base year on, held between zero and the ceiling."""
    known = {year.year: year for year in years if not isnan(year.value)}
    if base_year not in known:  # no year at all, as `_no_mean` refuses the newest where there is one
        return []
    base, made = known[base_year], []
    for year in (one for one in known.values() if one.year >= base_year):
        u_fall = 0.0 if year is base else sqrt(base.std_uncertainty**2 + year.std_uncertainty**2)
        row = result(
            year_span(year.year), offset + scale * (base.value - year.value), sqrt(u_offset**2 + (scale * u_fall) ** 2),
            n_valid=year.n_months, n_expected=12, used=[year_span(base_year), year_span(year.year)], ci_level=ci_level,
            estimated=True,
        )  # fmt: skip
        made.append(_held(row, ceiling))
    return made


def _held(row: Result, ceiling: float) -> Result:
    low, value, high = (min(max(number, 0.0), ceiling) for number in (row.ci_low, row.value, row.ci_high))
    return replace(row, value=value, ci_low=low, ci_high=high)
