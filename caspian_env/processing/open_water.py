"""Evaporation of open water from air, wind and the temperature of its surface, by the bulk formula.

``E = rho_a C_E U (q_s - q_a) / rho_w`` with a constant coefficient; over salt water the saturation is a little lower.
Arrays may be of any shape that numpy broadcasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.evapotranspiration import saturation_pressure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

DRY_AIR = 287.05  # J kg-1 K-1
VAPOUR_RATIO = 0.622  # molar mass of water over that of dry air
KELVIN, HPA_PER_KPA, PA_PER_HPA = 273.15, 10.0, 100.0
SECONDS_PER_DAY = 86_400.0


def specific_humidity(vapour: Numbers, pressure: Numbers) -> Numbers:
    """Mass of vapour in a mass of moist air, from vapour pressure and air pressure in one unit."""
    return np.asarray(VAPOUR_RATIO * vapour / (pressure - (1 - VAPOUR_RATIO) * vapour))


def bulk_evaporation(
    surface: Numbers,
    air: Numbers,
    dew_point: Numbers,
    wind: Numbers,
    pressure: Numbers,
    *,
    coefficient: float,
    salinity_factor: float,
) -> Numbers:
    """Evaporation of a water surface; negative where dew falls on it.

    Parameters
    ----------
    surface, air, dew_point : array, degree_Celsius
        Temperature of the surface, and of the air and its dew point at 2 m.
    wind : array, m s-1
        Speed at 10 m.
    pressure : array, hPa
        At the surface.
    coefficient : float
        Exchange coefficient of moisture at 10 m: 1.15e-3 by Large and Pond (1982).
    salinity_factor : float
        Vapour pressure over the salt water against that over fresh water.

    Returns
    -------
    array, mm d-1
        Kilograms of water a square metre and day.

    References
    ----------
    Large and Pond 1982, doi:10.1175/1520-0485(1982)012<0464:SALHFM>2.0.CO;2
    """
    vapour = saturation_pressure(dew_point) * HPA_PER_KPA
    q_air = specific_humidity(vapour, pressure)
    q_surface = specific_humidity(salinity_factor * saturation_pressure(surface) * HPA_PER_KPA, pressure)
    virtual = (air + KELVIN) * (1 + (1 / VAPOUR_RATIO - 1) * q_air)
    density = pressure * PA_PER_HPA / (DRY_AIR * virtual)
    return np.asarray(density * coefficient * wind * (q_surface - q_air) * SECONDS_PER_DAY)
