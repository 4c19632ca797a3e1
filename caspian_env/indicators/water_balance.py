"""The yearly water balance of the sea: each term, what is expected of them, what is observed, and the residual.

The residual is published with its interval, in km3 and in cm. Beyond two standard uncertainties it is an alarm about the
data and no finding. Its evaporation is that of a reanalysis over the sea, never the one that the balance itself leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from caspian_env.errors import NotComputable
from caspian_env.processing import annual_amounts as amounts
from caspian_env.processing.balance_years import BalanceYear, balance_years, span_of
from caspian_env.processing.periods import Result, as_dataset, merged, refusal
from caspian_env.processing.sea_cells import sea_amounts
from caspian_env.processing.water_balance import CM_PER_KM, TERMS, Constants, Spread, over_area, volumes

if TYPE_CHECKING:
    import xarray as xr

Form = Literal["km3", "cm", "1"]


def term(
    level: xr.DataArray,
    volga: xr.DataArray,
    ural: xr.DataArray,
    terek: xr.DataArray,
    kura: xr.DataArray,
    precipitation: xr.DataArray,
    evaporation: xr.DataArray,
    *,
    name: str,
    form: Form,
    anchor_year: int,
    min_epochs: int,
    sign: float,
    smallest_share: float,
    fewest_cells: int,
    constants: Mapping[str, Any],
    ci_level: float,
) -> xr.Dataset:
    """One term of the balance of each calendar year, with the interval of a Monte Carlo simulation.

    The change of the level goes from the turn of one year to the next, each the mean of December and January; it is
    compared with rivers + groundwater + precipitation - evaporation - flow into the Kara-Bogaz-Gol.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Monthly means or epochs above one datum.
    volga, ural, terek, kura : xarray.DataArray, dims (time,), m3 s-1
        Discharge of each river, daily or monthly.
    precipitation : xarray.DataArray, dims (time,), mm or mm d-1
        Mean over the sea.
    evaporation : xarray.DataArray, dims (time, latitude, longitude), mm d-1
        Monthly means of a product that does not know this balance, with ``area`` and ``weight`` of each cell.
    name : str
        One of `caspian_env.processing.water_balance.TERMS`.
    form : {'km3', 'cm', '1'}
        As a volume, over the area of the year, or as a multiple of its own standard uncertainty.
    anchor_year : int
        Year of the printed area.
    min_epochs : int
        Fewest altimetric epochs of a month.
    sign, smallest_share, fewest_cells
        Of the evaporation, as in `caspian_env.indicators.evaporation.from_reanalysis`.
    constants : mapping
        Fields of `caspian_env.processing.water_balance.Constants`.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        A year of which a term is missing is refused, and the reason names the term.

    Raises
    ------
    NotComputable
        The term or a constant is not known, or a series is not what it must be.
    """
    if name not in TERMS:
        raise NotComputable("water balance", f"{name!r} is no term of it", f"choose one of {', '.join(TERMS)}")
    months = sea_amounts(evaporation, sign=sign, smallest_share=smallest_share, fewest_cells=fewest_cells)
    years = balance_years(
        level,
        {"volga": volga, "ural": ural, "terek": terek, "kura": kura},
        precipitation,
        {year.year: year for year in amounts.year_amounts(months)},
        anchor_year=anchor_year,
        min_epochs=min_epochs,
    )
    known = Constants.of(constants)
    rows = [_of_year(year, name, form, known, ci_level) for year in years]
    return as_dataset(rows, units=form, ci_level=ci_level)


def _of_year(year: BalanceYear, name: str, form: Form, constants: Constants, ci_level: float) -> Result:
    span = span_of(year)
    if year.terms is None:
        return refusal(span, year.reason, n_valid=year.n_terms, n_expected=year.n_expected, used=[span, *year.used])
    terms = volumes(year.terms, constants)
    found = _in_form(terms[name], terms["area"], form)
    low, high = found.interval(ci_level)
    return Result(
        span, found.value, found.std_uncertainty, low, high, year.n_terms, year.n_expected, year.estimated, "",
        merged(year.used),
    )  # fmt: skip


def _in_form(one: Spread, area: Spread, form: Form) -> Spread:
    if form == "km3":
        return one
    if form == "cm":
        return over_area(one, area, CM_PER_KM)
    return Spread(one.value / one.std_uncertainty, one.draws / one.std_uncertainty)
