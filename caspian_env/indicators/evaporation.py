"""Evaporation of the sea by calendar year: three estimates that stand side by side and are never made one.

A reanalysis over its sea cells, a bulk formula or a latent heat flux, and what the water balance leaves. Their spread is the
uncertainty that counts; the one given with each is its own alone. The last one never enters a balance.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import air_sea
from caspian_env.processing import water_balance as balance
from caspian_env.processing.balance_terms import BalanceTerms, balance_rows
from caspian_env.processing.periods import as_dataset, checked
from caspian_env.processing.sea_cells import sea_mean

if TYPE_CHECKING:
    import xarray as xr


def reanalysis(
    evaporation: xr.DataArray,
    sea: xr.DataArray,
    *,
    sign: int,
    relative_uncertainty: float,
    min_area_share: float,
    ci_level: float,
) -> xr.Dataset:
    """Evaporation of each calendar year over the sea cells of a reanalysis, in mm.

    Parameters
    ----------
    evaporation : xarray.DataArray, dims (time, latitude, longitude), mm d-1
        Monthly rates with the coordinates ``area`` and ``weight``.
    sea : xarray.DataArray, dims (time, latitude, longitude)
        Surface temperature of the same grid, which tells its sea cells.
    sign : int
        -1 where the dataset has the loss negative.
    relative_uncertainty : float
        Standard uncertainty of a year as a share of it.
    min_area_share : float
        Share of the sea cells that a month needs.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In mm, a loss is positive; years with fewer than twelve months are refused.

    Raises
    ------
    NotComputable
        Other units, different grids, or no sea cell in the region.
    """
    rate = balance.loss(sea_mean(evaporation, sea, min_area_share=min_area_share), sign)
    return _years(rate, relative_uncertainty, ci_level)


def net_precipitation(
    precipitation: xr.DataArray,
    evaporation: xr.DataArray,
    sea: xr.DataArray,
    *,
    sign: int,
    precipitation_uncertainty: float,
    evaporation_uncertainty: float,
    min_area_share: float,
    ci_level: float,
) -> xr.Dataset:
    """Precipitation minus evaporation of each calendar year over the sea cells of a reanalysis, in mm.

    Parameters as for `reanalysis`; the two uncertainties are shares of their terms and independent.
    """
    rain = balance.annual_depths(sea_mean(precipitation, sea, min_area_share=min_area_share))
    lost = balance.annual_depths(balance.loss(sea_mean(evaporation, sea, min_area_share=min_area_share), -sign))
    falls, goes = ({one.year: one.value for one in years} for years in (rain, lost))
    rows = []
    for one in balance.total([rain, lost]):
        terms = (falls.get(one.year, np.nan) * precipitation_uncertainty, goes.get(one.year, np.nan))
        rows.append(
            balance.sum_row(one, sqrt(terms[0] ** 2 + (terms[1] * evaporation_uncertainty) ** 2), ci_level=ci_level)
        )
    return as_dataset(rows, units="mm", ci_level=ci_level)


def dalton(
    surface: xr.DataArray,
    air: xr.DataArray,
    humidity: xr.DataArray,
    wind: xr.DataArray,
    pressure: xr.DataArray,
    *,
    coefficient: float,
    salinity_factor: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Evaporation of each calendar year by a bulk formula from daily or monthly series, in mm.

    Parameters
    ----------
    surface, air : xarray.DataArray, dims (time,), degree_Celsius
        Temperature of the water's surface and of the air.
    humidity, wind, pressure : xarray.DataArray, dims (time,), percent, m s-1 and hPa
        Relative humidity, mean speed (not that of mean components), and air pressure.
    coefficient : float
        Transfer coefficient of water vapour for the heights of the instruments.
    salinity_factor : float
        Ratio of the vapour pressure over the water to that over fresh water.
    relative_uncertainty, ci_level
        As for `reanalysis`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In mm, from the times that all five have. Monthly means leave out what wind and humidity do together within a month.
    """
    units = ("degree_Celsius", "degree_Celsius", "percent", "m s-1", "hPa")
    series = _together([checked(s, u) for s, u in zip((surface, air, humidity, wind, pressure), units, strict=True)])
    rate = air_sea.dalton(
        *(one.values for one in series), coefficient=coefficient, salinity_factor=salinity_factor
    )  # fmt: skip
    return _years(_rate(series[0], rate), relative_uncertainty, ci_level)


def from_latent_heat(
    flux: xr.DataArray, surface: xr.DataArray, *, relative_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Evaporation of each calendar year from the upward latent heat flux and the temperature of the surface, in mm.

    Parameters
    ----------
    flux : xarray.DataArray, dims (time,), W m-2
        Daily or monthly means; upward is positive.
    surface : xarray.DataArray, dims (time,), degree_Celsius
        Temperature of the water's surface at the same times.
    relative_uncertainty, ci_level
        As for `reanalysis`.
    """
    series = _together([checked(flux, "W m-2"), checked(surface, "degree_Celsius")])
    rate = air_sea.from_latent_heat(series[0].values, series[1].values)
    return _years(_rate(series[0], rate), relative_uncertainty, ci_level)


def residual(
    level: xr.DataArray,
    volga: xr.DataArray,
    ural: xr.DataArray,
    terek: xr.DataArray,
    kura: xr.DataArray,
    precipitation: xr.DataArray,
    sea: xr.DataArray,
    *,
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
    """The evaporation of each calendar year that would close the water balance, in mm.

    Precipitation plus inflow minus what flows into the bay minus the change of the level. Whatever is wrong in one of them
    is in it. Parameters as for `caspian_env.indicators.water_balance.residual`.
    """
    terms = BalanceTerms(
        change=balance.level_changes(level, min_epochs=min_epochs),
        rivers=balance.total([balance.annual_volumes(one) for one in (volga, ural, terek, kura)]),
        precipitation=balance.annual_depths(sea_mean(precipitation, sea, min_area_share=min_area_share)),
        evaporation=None,
        area=balance.Factor(area, area_uncertainty),
        bay=balance.Factor(bay_outflow, bay_uncertainty),
        others=balance.Factor(other_inflow, other_uncertainty),
        shares=(inflow_uncertainty, precipitation_uncertainty, 0.0),
        turn_uncertainty=turn_uncertainty,
    )
    return as_dataset(balance_rows(terms, draws=draws, seed=seed, ci_level=ci_level), units="mm", ci_level=ci_level)


def _years(rate: xr.DataArray, relative_uncertainty: float, ci_level: float) -> xr.Dataset:
    rows = [
        balance.sum_row(one, abs(relative_uncertainty * one.value), ci_level=ci_level)
        for one in balance.annual_depths(rate)
    ]
    return as_dataset(rows, units="mm", ci_level=ci_level)


def _together(series: list[xr.DataArray]) -> list[xr.DataArray]:
    """The series at the times that all of them have."""
    if len({one.attrs["resolution"] for one in series}) > 1:
        raise NotComputable("evaporation", "its inputs are of different resolutions", "give all by day or all by month")
    times = series[0]["time"].values
    for one in series[1:]:
        times = np.intersect1d(times, one["time"].values)
    return [one.sel(time=times) for one in series]


def _rate(like: xr.DataArray, rate: np.ndarray) -> xr.DataArray:
    """A rate (mm d-1) in the form of a series."""
    made = like.copy(data=rate)
    made.attrs = dict(like.attrs) | {"units": "mm d-1"}
    return made
