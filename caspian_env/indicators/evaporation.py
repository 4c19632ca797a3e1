"""Evaporation of the sea by three estimates that stand side by side: a reanalysis, the bulk formula, the water balance.

Nobody measures it. The spread of the three says more about what is not known than the error of any of them. The one from
the balance is what the other terms leave; it contains all their errors, and it never enters the closure of the balance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from caspian_env.processing import annual_amounts as amounts
from caspian_env.processing import climate_normals as climate
from caspian_env.processing import completeness
from caspian_env.processing.balance_years import balance_years, span_of
from caspian_env.processing.open_water import bulk_evaporation
from caspian_env.processing.periods import Result, as_dataset, checked, merged, refusal, result, year_span
from caspian_env.processing.sea_cells import sea_amounts
from caspian_env.processing.water_balance import MM_PER_KM, Constants, over_area, volumes

if TYPE_CHECKING:
    import xarray as xr

UNITS = "mm"

Step = Literal["month", "year"]


def from_reanalysis(
    evaporation: xr.DataArray,
    *,
    step: Step,
    sign: float,
    smallest_share: float,
    fewest_cells: int,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Evaporation of a month or year over the cells that lie wholly in the sea.

    Parameters
    ----------
    evaporation : xarray.DataArray, dims (time, latitude, longitude), mm d-1
        Monthly means, with ``area`` and ``weight`` of each cell.
    step : {'month', 'year'}
        Of what the amounts are.
    sign : float
        -1 where the product counts what leaves the water as negative.
    smallest_share, fewest_cells
        Of `caspian_env.processing.sea_cells.sea_only_mean`.
    relative_uncertainty : float
        Standard uncertainty as a share of the amount, common to all months.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm; a year needs its twelve months.

    Raises
    ------
    NotComputable
        Other units, or too few cells in the sea.
    """
    months = sea_amounts(evaporation, sign=sign, smallest_share=smallest_share, fewest_cells=fewest_cells)
    return _amounts(months, step, relative_uncertainty, ci_level)


def from_bulk_formula(
    sst: xr.DataArray,
    air: xr.DataArray,
    dew_point: xr.DataArray,
    wind: xr.DataArray,
    pressure: xr.DataArray,
    *,
    step: Step,
    coefficient: float,
    salinity_factor: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Evaporation of a month or year from monthly means of air, wind and the temperature of the surface.

    The bulk formula of `caspian_env.processing.open_water.bulk_evaporation`.

    Parameters
    ----------
    sst, air, dew_point : xarray.DataArray, dims (time,), degree_Celsius
        Means of days or months over the region.
    wind : xarray.DataArray, dims (time,), m s-1
        Speed at 10 m; the mean of speeds, not of components.
    pressure : xarray.DataArray, dims (time,), hPa
        At the surface.
    coefficient, salinity_factor : float
        Of the formula.

    Other parameters as for `from_reanalysis`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm; only months in which all five exist.
    """
    units = ("degree_Celsius", "degree_Celsius", "degree_Celsius", "m s-1", "hPa")
    monthly = [
        completeness.monthly(checked(one, unit))
        for one, unit in zip((sst, air, dew_point, wind, pressure), units, strict=True)
    ]
    if not all(one.size for one in monthly):
        return as_dataset([], units=UNITS, ci_level=ci_level)
    first = monthly[0]
    axis = first["time"].values
    five = [one.reindex(time=axis).values for one in monthly]
    rate = bulk_evaporation(
        five[0], five[1], five[2], five[3], five[4], coefficient=coefficient, salinity_factor=salinity_factor
    )
    there = np.isfinite(rate)
    months = first.copy(data=rate * amounts.days_of(first)).assign_coords(
        std_uncertainty=("time", np.full(axis.size, np.nan)), n_valid=("time", there.astype(int))
    )
    months = months.assign_attrs(units=UNITS, source_resolution="P1M")
    return _amounts(months, step, relative_uncertainty, ci_level)


def from_balance(
    level: xr.DataArray,
    volga: xr.DataArray,
    ural: xr.DataArray,
    terek: xr.DataArray,
    kura: xr.DataArray,
    precipitation: xr.DataArray,
    *,
    anchor_year: int,
    min_epochs: int,
    constants: Mapping[str, Any],
    ci_level: float,
) -> xr.Dataset:
    """Evaporation of a year as what the other terms of the water balance leave for it.

    Never a term of the closure: put into it, the balance would close by construction.

    Parameters
    ----------
    level, volga, ural, terek, kura, precipitation, anchor_year, min_epochs, constants, ci_level
        As for `caspian_env.indicators.water_balance.term`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm over the area of the year.
    """
    rivers = {"volga": volga, "ural": ural, "terek": terek, "kura": kura}
    years = balance_years(level, rivers, precipitation, None, anchor_year=anchor_year, min_epochs=min_epochs)
    known, rows = Constants.of(constants), []
    for year in years:
        if year.terms is None:
            rows.append(
                refusal(
                    span_of(year), year.reason, n_valid=year.n_terms, n_expected=year.n_expected,
                    used=[span_of(year), *year.used],
                )
            )  # fmt: skip
            continue
        terms = volumes(year.terms, known)
        depth = over_area(terms["evaporation"], terms["area"], MM_PER_KM)
        low, high = depth.interval(ci_level)
        rows.append(
            Result(
                span_of(year), depth.value, depth.std_uncertainty, low, high, year.n_terms, year.n_expected,
                year.estimated, "", merged(year.used),
            )
        )  # fmt: skip
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def spread_of_three(
    level: xr.DataArray,
    volga: xr.DataArray,
    ural: xr.DataArray,
    terek: xr.DataArray,
    kura: xr.DataArray,
    precipitation: xr.DataArray,
    evaporation: xr.DataArray,
    sst: xr.DataArray,
    air: xr.DataArray,
    dew_point: xr.DataArray,
    wind: xr.DataArray,
    pressure: xr.DataArray,
    *,
    reanalysis: Mapping[str, Any],
    bulk: Mapping[str, Any],
    balance: Mapping[str, Any],
    ci_level: float,
) -> xr.Dataset:
    """Largest less smallest of the three estimates of a year: what is not known of the evaporation.

    Parameters
    ----------
    reanalysis, bulk, balance : mapping
        Parameters of `from_reanalysis`, `from_bulk_formula` and `from_balance`, without ``step`` and ``ci_level``.

    The series are those of the three functions.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm, of the years that all three tell of; refused where one of them is. The uncertainty is that of the
        two estimates that are furthest apart.
    """
    estimates = {
        "reanalysis": from_reanalysis(evaporation, step="year", ci_level=ci_level, **reanalysis),
        "bulk formula": from_bulk_formula(sst, air, dew_point, wind, pressure, step="year", ci_level=ci_level, **bulk),
        "balance": from_balance(level, volga, ural, terek, kura, precipitation, ci_level=ci_level, **balance),
    }
    tables = {
        name: {start: one.isel(period=i) for i, start in enumerate(one["period_start"].values)}
        for name, one in estimates.items()
    }
    common = sorted(set.intersection(*(set(table) for table in tables.values())))
    rows = [_apart({name: table[start] for name, table in tables.items()}, ci_level) for start in common]
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def _apart(own: Mapping[str, xr.Dataset], ci_level: float) -> Result:
    """Largest less smallest of the estimates of one year."""
    any_one = next(iter(own.values()))
    period = year_span(int(any_one["period_start"].values.astype("datetime64[Y]").astype(int)) + 1970)
    used = [
        (start, end)
        for row in own.values()
        for start, end in zip(row["input_start"].values, row["input_end"].values, strict=True)
        if not np.isnat(start)
    ]
    if reasons := [f"{name}: {row['reason'].item()}" for name, row in own.items() if row["reason"].item()]:
        n = len(own) - len(reasons)
        return refusal(period, "; ".join(reasons), n_valid=n, n_expected=len(own), used=used)
    low, high = (pick(own.values(), key=lambda row: float(row["value"])) for pick in (min, max))
    u = sqrt(float(low["std_uncertainty"]) ** 2 + float(high["std_uncertainty"]) ** 2)
    wide = float(high["value"]) - float(low["value"])
    row = result(period, wide, u, n_valid=len(own), n_expected=len(own), used=used, ci_level=ci_level)
    return replace(row, ci_low=max(0.0, row.ci_low))


def _amounts(months: xr.DataArray, step: Step, relative_uncertainty: float, ci_level: float) -> xr.Dataset:
    if step == "month":
        months = months.assign_coords(std_uncertainty=("time", relative_uncertainty * np.abs(months.values)))
        rows = climate.month_rows(months, ci_level=ci_level)
    else:
        years = amounts.year_amounts(months)
        rows = amounts.year_rows(years, relative_uncertainty=relative_uncertainty, ci_level=ci_level)
    return as_dataset(rows, units=UNITS, ci_level=ci_level)
