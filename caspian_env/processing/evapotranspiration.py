"""Reference evapotranspiration of grass by the equation of Penman and Monteith as FAO-56 writes it. For land, never the sea.

Allen, Pereira, Raes and Smith (1998), FAO Irrigation and Drainage Paper 56; numbers of equations are those of the paper.
Arrays may be of any shape that numpy broadcasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

SOLAR_CONSTANT = 0.0820
"""MJ m-2 min-1 (eq. 21)."""

STEFAN_BOLTZMANN = 4.903e-9
"""MJ K-4 m-2 d-1 (eq. 39)."""

ALBEDO = 0.23
"""Of the reference grass (eq. 38)."""


def saturation_pressure(temperature: ArrayLike) -> Numbers:
    """Saturation vapour pressure (kPa) at a temperature (degC); eq. 11. At the dew point it is the actual one (eq. 14)."""
    t = np.asarray(temperature, dtype=float)
    return np.asarray(0.6108 * np.exp(17.27 * t / (t + 237.3)))


def mean_saturation_pressure(highest: ArrayLike, lowest: ArrayLike) -> Numbers:
    """Mean of the saturation pressures (kPa) at the extremes of the day (degC); eq. 12."""
    return np.asarray((saturation_pressure(highest) + saturation_pressure(lowest)) / 2)


def psychrometric_constant(elevation: float) -> float:
    """In kPa degC-1 at an elevation (m above the ocean, negative at the Caspian); eqs. 7 and 8."""
    return float(0.665e-3 * 101.3 * ((293 - 0.0065 * elevation) / 293) ** 5.26)


def wind_at_2m(wind: ArrayLike, height: float) -> Numbers:
    """Wind speed (m s-1) at 2 m from that at ``height`` (m) above grass; eq. 47."""
    return np.asarray(np.asarray(wind, dtype=float) * 4.87 / np.log(67.8 * height - 5.42))


def _sun(day_of_year: ArrayLike, latitude: float) -> tuple[Numbers, Numbers, float]:
    """Sunset hour angle and declination (rad) of each day, and the latitude in radians."""
    phi = np.deg2rad(latitude)
    declination = 0.409 * np.sin(2 * np.pi / 365 * np.asarray(day_of_year, dtype=float) - 1.39)
    return np.arccos(np.clip(-np.tan(phi) * np.tan(declination), -1, 1)), declination, float(phi)


def extraterrestrial_radiation(day_of_year: ArrayLike, latitude: float) -> Numbers:
    """Radiation at the top of the atmosphere (MJ m-2 d-1) at a latitude (degrees north); eqs. 21 to 25."""
    sunset, declination, phi = _sun(day_of_year, latitude)
    distance = 1 + 0.033 * np.cos(2 * np.pi / 365 * np.asarray(day_of_year, dtype=float))
    height = sunset * np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.sin(sunset)
    return np.asarray(24 * 60 / np.pi * SOLAR_CONSTANT * distance * height)


def daylight_hours(day_of_year: ArrayLike, latitude: float) -> Numbers:
    """Hours from sunrise to sunset; eq. 34."""
    return np.asarray(24 / np.pi * _sun(day_of_year, latitude)[0])


def radiation_from_sunshine(sunshine: ArrayLike, day_of_year: ArrayLike, latitude: float) -> Numbers:
    """Solar radiation (MJ m-2 d-1) from hours of sunshine; eq. 35 with its default coefficients 0.25 and 0.50."""
    share = np.asarray(sunshine, dtype=float) / daylight_hours(day_of_year, latitude)
    return np.asarray((0.25 + 0.50 * share) * extraterrestrial_radiation(day_of_year, latitude))


def net_radiation(
    highest: ArrayLike, lowest: ArrayLike, vapour_pressure: ArrayLike, solar: ArrayLike, clear_sky: ArrayLike
) -> Numbers:
    """Net radiation of the grass (MJ m-2 d-1); eqs. 38 to 40.

    Parameters
    ----------
    highest, lowest : array_like
        degC.
    vapour_pressure : array_like
        kPa.
    solar, clear_sky : array_like
        MJ m-2 d-1; their ratio is taken as 1 where it is greater.
    """
    warm, cold = (np.asarray(t, dtype=float) + 273.16 for t in (highest, lowest))
    cover = 1.35 * np.minimum(np.asarray(solar) / np.asarray(clear_sky), 1.0) - 0.35
    outgoing = STEFAN_BOLTZMANN * (warm**4 + cold**4) / 2 * (0.34 - 0.14 * np.sqrt(vapour_pressure)) * cover
    return np.asarray((1 - ALBEDO) * np.asarray(solar) - outgoing)


def penman_monteith(
    highest: ArrayLike,
    lowest: ArrayLike,
    vapour_pressure: ArrayLike,
    wind: ArrayLike,
    solar: ArrayLike,
    *,
    day_of_year: ArrayLike,
    latitude: float,
    elevation: float,
    wind_height: float,
    soil_heat: ArrayLike = 0.0,
) -> Numbers:
    """Reference evapotranspiration of short grass (mm d-1) for days, or for the mean day of a month; eq. 6.

    Parameters
    ----------
    highest, lowest : array_like
        Air temperature at 2 m (degC).
    vapour_pressure : array_like
        Actual vapour pressure (kPa).
    wind : array_like
        Mean wind speed (m s-1) at ``wind_height``.
    solar : array_like
        Solar radiation (MJ m-2 d-1).
    day_of_year : array_like
        1 to 366; for a month that of its middle.
    latitude, elevation, wind_height : float
        Degrees north; m above the ocean; m above the ground.
    soil_heat : array_like
        Heat into the soil (MJ m-2 d-1): 0 for a day (eq. 42), see `monthly_soil_heat` for months.

    Returns
    -------
    numpy.ndarray
        NaN where an input is missing. It may be a little below zero in dew; it is not cut off.
    """
    mean = (np.asarray(highest, dtype=float) + np.asarray(lowest, dtype=float)) / 2
    saturated = mean_saturation_pressure(highest, lowest)
    slope = 4098 * saturation_pressure(mean) / (mean + 237.3) ** 2
    gamma, u2 = psychrometric_constant(elevation), wind_at_2m(wind, wind_height)
    clear_sky = (0.75 + 2e-5 * elevation) * extraterrestrial_radiation(day_of_year, latitude)
    net = net_radiation(highest, lowest, vapour_pressure, solar, clear_sky)
    radiative = 0.408 * slope * (net - np.asarray(soil_heat, dtype=float))
    aerodynamic = gamma * 900 / (mean + 273) * u2 * (saturated - np.asarray(vapour_pressure, dtype=float))
    return np.asarray((radiative + aerodynamic) / (slope + gamma * (1 + 0.34 * u2)))


def monthly_soil_heat(mean: ArrayLike) -> Numbers:
    """Heat into the soil (MJ m-2 d-1) from monthly mean temperatures (degC) in order: eq. 43, or 44 without the next one.

    The first month has none before it and stays NaN.
    """
    t = np.asarray(mean, dtype=float)
    before, after = np.r_[np.nan, t[:-1]], np.r_[t[1:], np.nan]
    return np.asarray(np.where(np.isfinite(after), 0.07 * (after - before), 0.14 * (t - before)))
