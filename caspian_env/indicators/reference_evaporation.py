"""Reference evapotranspiration of grass on land (FAO-56). It is no estimate of the evaporation of the sea."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import evapotranspiration as fao
from caspian_env.processing.daily_years import day_axis
from caspian_env.processing.periods import Result, as_dataset, checked, merged, month_span, refusal, result

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

MIDDLE = 14
"""Days from the first of a month to its middle, the 15th."""


def from_months(
    highest: xr.DataArray,
    lowest: xr.DataArray,
    humidity: xr.DataArray,
    wind: xr.DataArray,
    sunshine: xr.DataArray,
    *,
    latitude: float,
    elevation: float,
    wind_height: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Mean rate of each month from monthly means, with relative humidity (eq. 19) and hours of sunshine (eq. 35).

    Parameters
    ----------
    highest, lowest : xarray.DataArray, dims (time,), degree_Celsius
        Monthly means of the extremes of the day.
    humidity : xarray.DataArray, dims (time,), percent
        Monthly mean relative humidity.
    wind : xarray.DataArray, dims (time,), m s-1
        Monthly mean speed at ``wind_height`` (m).
    sunshine : xarray.DataArray, dims (time,), h
        Hours of sunshine a day; a month's total is refused by its size.
    latitude, elevation : float
        Degrees north, and m above the ocean (negative at the Caspian).
    relative_uncertainty : float
        Standard uncertainty as a share of the value.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm d-1. A month needs all five inputs and the temperature of the month before, for the heat of the soil.

    Raises
    ------
    NotComputable
        Wrong units, not monthly, or hours of sunshine beyond a day's.
    """
    units = ("degree_Celsius", "degree_Celsius", "percent", "m s-1", "h")
    given = (highest, lowest, humidity, wind, sunshine)
    columns = [_by_month(series, unit) for series, unit in zip(given, units, strict=True)]
    if not all(columns):
        return as_dataset([], units="mm d-1", ci_level=ci_level)
    first, last = min(min(c) for c in columns), max(max(c) for c in columns)
    months = np.arange(first, last + 1)
    table = np.array([[column.get(int(month), np.nan) for month in months] for column in columns])
    warm, cold, moist, speed, sun = table
    starts = months.astype("datetime64[M]")
    day = (starts.astype("datetime64[D]") + MIDDLE - starts.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)
    if (sun > fao.daylight_hours(day + 1, latitude) + 0.5).any():
        raise NotComputable("sunshine", "there are more hours than the day has", "give hours a day, not of the month")
    pressure = moist / 100 * fao.mean_saturation_pressure(warm, cold)
    solar = fao.radiation_from_sunshine(sun, day + 1, latitude)
    rate = fao.penman_monteith(
        warm,
        cold,
        pressure,
        speed,
        solar,
        day_of_year=day + 1,
        latitude=latitude,
        elevation=elevation,
        wind_height=wind_height,
        soil_heat=fao.monthly_soil_heat((warm + cold) / 2),
    )
    rows = [_month_row(int(m), table[:, i], float(rate[i]), relative_uncertainty, ci_level)
            for i, m in enumerate(months) if np.isfinite(table[:, i]).any()]  # fmt: skip
    return as_dataset(rows, units="mm d-1", ci_level=ci_level)


def monthly_total_from_days(
    highest: xr.DataArray,
    lowest: xr.DataArray,
    dew_point: xr.DataArray,
    wind: xr.DataArray,
    radiation: xr.DataArray,
    *,
    latitude: float,
    elevation: float,
    wind_height: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Total of each month from daily values, with the dew point (eq. 14) and measured radiation.

    Parameters
    ----------
    highest, lowest, dew_point : xarray.DataArray, dims (time,), degree_Celsius
        Extremes of the day, and its mean dew point.
    wind : xarray.DataArray, dims (time,), m s-1
        Daily mean speed at ``wind_height`` (m).
    radiation : xarray.DataArray, dims (time,), MJ m-2
        Solar radiation of the day.

    Other parameters as for `from_months`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in mm; a month in which a day lacks one of the inputs is refused.
    """
    units = ("degree_Celsius", "degree_Celsius", "degree_Celsius", "m s-1", "MJ m-2")
    given = (highest, lowest, dew_point, wind, radiation)
    axes = [day_axis(checked(series, unit)) for series, unit in zip(given, units, strict=True)]
    if not all(days.size for days, _ in axes):
        return as_dataset([], units="mm", ci_level=ci_level)
    days = np.arange(min(days[0] for days, _ in axes), max(days[-1] for days, _ in axes) + 1)
    warm, cold, dew, speed, sun = (_on(days, *axis) for axis in axes)
    number = (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(int) + 1
    daily = fao.penman_monteith(
        warm,
        cold,
        fao.saturation_pressure(dew),
        speed,
        sun,
        day_of_year=number,
        latitude=latitude,
        elevation=elevation,
        wind_height=wind_height,
    )
    rows = _totals(days, daily, relative_uncertainty, ci_level)
    return as_dataset(rows, units="mm", ci_level=ci_level)


def _by_month(series: xr.DataArray, units: str) -> dict[int, float]:
    """Monthly values by the number of their month."""
    if checked(series, units).attrs["resolution"] != "P1M":
        raise NotComputable(str(series.name or "series"), "it is not monthly", "give monthly means")
    number = series["time"].values.astype("datetime64[M]").astype(int)
    return {int(m): float(v) for m, v in zip(number, series.values, strict=True) if np.isfinite(v)}


def _month_row(month: int, inputs: Numbers, rate: float, relative_uncertainty: float, ci_level: float) -> Result:
    period, n = month_span(month), int(np.isfinite(inputs).sum())
    used = merged([month_span(month - 1, 3)])  # the heat of the soil takes the months before and after
    if np.isfinite(rate):
        u = relative_uncertainty * abs(rate)
        return result(period, rate, u, n_valid=n, n_expected=inputs.size, used=used, ci_level=ci_level)
    reason = f"{n} of {inputs.size} inputs" if n < inputs.size else "the temperature of the month before is missing"
    return refusal(period, reason, n_valid=n, n_expected=inputs.size, used=used)


def _on(days: NDArray[np.datetime64], own: NDArray[np.datetime64], values: Numbers) -> Numbers:
    """Values laid on an axis of days that holds their own."""
    laid = np.full(days.size, np.nan)
    laid[(own - days[0]).astype(int)] = values
    return laid


def _totals(days: NDArray[np.datetime64], daily: Numbers, relative_uncertainty: float, ci_level: float) -> list[Result]:
    """The sum of every month with all of its days, and a refusal for one that lacks some."""
    number = days.astype("datetime64[M]").astype(int)
    rows = []
    for month in np.unique(number[np.isfinite(daily)]):
        part, period = daily[number == month], month_span(int(month))
        n = int(np.isfinite(part).sum())
        if n < part.size:
            reason = f"{n} of {part.size} days have all inputs: a sum allows no missing day"
            rows.append(refusal(period, reason, n_valid=n, n_expected=part.size, used=[period]))
            continue
        u, used = relative_uncertainty * abs(float(part.sum())), [period]
        rows.append(result(period, float(part.sum()), u, n_valid=n, n_expected=part.size, used=used, ci_level=ci_level))
    return rows
