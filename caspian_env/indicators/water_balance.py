"""Water balance of the sea by calendar year: inflow of rivers, change of the level, and what does not close.

The balance takes evaporation from a reanalysis or a bulk formula, never the one that is itself the rest of a balance. Its
intervals are those of a Monte Carlo calculation with a fixed seed. A rest of more than twice its uncertainty says that a
term is wrong; it is no finding about the sea.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isnan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import water_balance as balance
from caspian_env.processing.balance_terms import BalanceTerms, balance_rows
from caspian_env.processing.periods import Result, as_dataset, merged, refusal, result, year_span
from caspian_env.processing.sea_cells import sea_mean

if TYPE_CHECKING:
    import xarray as xr


def inflow(discharge: xr.DataArray, *, relative_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Volume of water that a river brings in each calendar year, in km3.

    Parameters
    ----------
    discharge : xarray.DataArray, dims (time,), m3 s-1
        Daily or monthly means; a month of days follows the rule of WMO-No. 1203, a year needs twelve months.
    relative_uncertainty : float
        Standard uncertainty of a year as a share of it, common to its months.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In km3; years with fewer than twelve months are refused.

    Raises
    ------
    NotComputable
        The series is not in m3 s-1, or neither daily nor monthly.
    """
    rows = [_sum(one, relative_uncertainty * one.value, ci_level) for one in balance.annual_volumes(discharge)]
    return as_dataset(rows, units="km3", ci_level=ci_level)


def total_inflow(
    volga: xr.DataArray,
    ural: xr.DataArray,
    terek: xr.DataArray,
    kura: xr.DataArray,
    *,
    relative_uncertainty: float,
    other_inflow: float,
    other_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Volume of all inflow of each calendar year, in km3: four rivers and a fixed volume of all others.

    Parameters
    ----------
    volga, ural, terek, kura : xarray.DataArray, dims (time,), m3 s-1
        As for `inflow`; a year that one of them lacks is refused.
    relative_uncertainty : float
        Of the four rivers, in common.
    other_inflow, other_uncertainty : float
        Rivers not in the list and groundwater together, km3 a year, and their standard uncertainty.
    ci_level : float
        Probability content of the interval.
    """
    rows = []
    for one in _rivers(volga, ural, terek, kura):
        whole = replace(one, value=one.value + other_inflow)
        rows.append(_sum(whole, sqrt((relative_uncertainty * one.value) ** 2 + other_uncertainty**2), ci_level))
    return as_dataset(rows, units="km3", ci_level=ci_level)


def inflow_anomaly(
    discharge: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    relative_uncertainty: float,
    year_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Volume of each calendar year minus the mean of the base years, in km3.

    Parameters
    ----------
    discharge, ci_level
        As for `inflow`.
    base : sequence of int
        First and last year, both included.
    min_base_share : float
        Share of the base years that must be whole (WMO-No. 1203: 0.8); otherwise the newest year is refused.
    relative_uncertainty : float
        What all years have in common, as a share: it scales the anomaly and no more.
    year_uncertainty : float
        What a year has for itself, as a share of its volume.
    """
    years = balance.annual_volumes(discharge)
    inside = [one for one in years if base[0] <= one.year <= base[1] and not isnan(one.value)]
    length = base[1] - base[0] + 1
    needed = int(np.ceil(min_base_share * length - 1e-9))
    spans = [year_span(one.year) for one in inside]
    if len(inside) < needed:
        has = f"{len(inside)} (within {inside[0].year}-{inside[-1].year})" if inside else "none"
        reason = f"the base period {base[0]}-{base[1]} needs {needed} of {length} years, this record has {has}"
        rows = [
            refusal(year_span(one.year), reason, n_valid=one.n_months, n_expected=12, used=[*one.used, *spans])
            for one in years[-1:]
        ]
        return as_dataset(rows, units="km3", ci_level=ci_level)
    mean = float(np.mean([one.value for one in inside]))
    rows = []
    for one in years:
        anomaly = replace(one, value=one.value - mean, used=merged([*one.used, *spans]))
        own = year_uncertainty * sqrt(one.value**2 + mean**2 / len(inside))
        rows.append(_sum(anomaly, sqrt((relative_uncertainty * anomaly.value) ** 2 + own**2), ci_level))
    return as_dataset(rows, units="km3", ci_level=ci_level)


def inflow_depth(
    volga: xr.DataArray,
    ural: xr.DataArray,
    terek: xr.DataArray,
    kura: xr.DataArray,
    *,
    area: float,
    area_uncertainty: float,
    relative_uncertainty: float,
    other_inflow: float,
    other_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """`total_inflow` as a depth over the sea, in mm: a million divided by ``area`` (km2) millimetres for each km3."""
    rows = []
    for one in _rivers(volga, ural, terek, kura):
        volume = one.value + other_inflow
        u = sqrt(
            (relative_uncertainty * one.value) ** 2 + other_uncertainty**2 + (volume * area_uncertainty / area) ** 2
        )
        depth = replace(one, value=balance.mm_from_km3(volume, area))
        rows.append(_sum(depth, balance.mm_from_km3(u, area), ci_level))
    return as_dataset(rows, units="mm", ci_level=ci_level)


def level_change(level: xr.DataArray, *, min_epochs: int, turn_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Change of the level from one turn of the year to the next, in mm.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Epochs or months; the four months about the two turns must exist.
    min_epochs : int
        Fewest epochs in a month.
    turn_uncertainty : float
        Standard uncertainty (m) of the level of a turn of the year; those of the two are independent.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In mm; the year is refused where one of the four months is missing.
    """
    u = sqrt(2) * turn_uncertainty * balance.MM_PER_M
    rows = []
    for one in balance.level_changes(level, min_epochs=min_epochs):
        if isnan(one.value):
            reason = f"{one.n_months} of the four months about the two turns of the year"
            rows.append(refusal(year_span(one.year), reason, n_valid=one.n_months, n_expected=4, used=one.used))
            continue
        rows.append(
            result(
                year_span(one.year), one.value, u, n_valid=one.n_months, n_expected=4, used=one.used, ci_level=ci_level
            )
        )
    return as_dataset(rows, units="mm", ci_level=ci_level)


def residual(
    level: xr.DataArray,
    volga: xr.DataArray,
    ural: xr.DataArray,
    terek: xr.DataArray,
    kura: xr.DataArray,
    precipitation: xr.DataArray,
    evaporation: xr.DataArray,
    sea: xr.DataArray,
    *,
    evaporation_uncertainty: float,
    evaporation_sign: int,
    area: float,
    area_uncertainty: float,
    bay_outflow: float,
    bay_uncertainty: float,
    inflow_uncertainty: float,
    other_inflow: float,
    other_uncertainty: float,
    precipitation_uncertainty: float,
    turn_uncertainty: float,
    min_epochs: int,
    min_area_share: float,
    draws: int,
    seed: int,
    ci_level: float,
) -> xr.Dataset:
    """What the balance of each calendar year leaves: change of the level minus inflow, precipitation and losses, in mm.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        As for `level_change`.
    volga, ural, terek, kura : xarray.DataArray, dims (time,), m3 s-1
        As for `inflow`.
    precipitation, evaporation : xarray.DataArray, dims (time, latitude, longitude), mm d-1
        Monthly rates with the coordinates ``area`` and ``weight``; ``evaporation_sign`` is -1 where loss is negative.
    sea : xarray.DataArray, dims (time, latitude, longitude)
        Surface temperature of the same grid, which tells its sea cells.
    area, area_uncertainty : float
        Of the sea without the bay, km2.
    bay_outflow, bay_uncertainty : float
        Into the Kara-Bogaz-Gol, km3 a year.
    other_inflow, other_uncertainty : float
        As for `total_inflow`.
    evaporation_uncertainty, inflow_uncertainty, precipitation_uncertainty : float
        Standard uncertainties as shares of the year's value.
    turn_uncertainty : float
        As for `level_change`, m.
    min_epochs, min_area_share : int, float
        Fewest epochs in a month, and share of the sea cells that a month needs.
    draws, seed : int
        Of the Monte Carlo calculation.
    ci_level : float
        Probability content of the interval, between percentiles of the draws.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In mm; a year that lacks a term is refused with its name. The steric change from one turn of a year to the next, some
        millimetres, is left in it.
    """
    terms = BalanceTerms(
        change=balance.level_changes(level, min_epochs=min_epochs),
        rivers=_rivers(volga, ural, terek, kura),
        precipitation=balance.annual_depths(sea_mean(precipitation, sea, min_area_share=min_area_share)),
        evaporation=balance.annual_depths(
            balance.loss(sea_mean(evaporation, sea, min_area_share=min_area_share), evaporation_sign)
        ),
        area=balance.Factor(area, area_uncertainty),
        bay=balance.Factor(bay_outflow, bay_uncertainty),
        others=balance.Factor(other_inflow, other_uncertainty),
        shares=(inflow_uncertainty, precipitation_uncertainty, evaporation_uncertainty),
        turn_uncertainty=turn_uncertainty,
    )
    return as_dataset(balance_rows(terms, draws=draws, seed=seed, ci_level=ci_level), units="mm", ci_level=ci_level)


def _rivers(*discharge: xr.DataArray) -> list[balance.YearSum]:
    return balance.total([balance.annual_volumes(one) for one in discharge])


def _sum(one: balance.YearSum, u: float, ci_level: float) -> Result:
    return balance.sum_row(one, u, ci_level=ci_level)
