"""Evaporation from open water by bulk formulas. Arrays may be of any shape that numpy broadcasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.evapotranspiration import saturation_pressure

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

RATIO = 0.622
"""Molar mass of water to that of dry air."""

DRY_AIR = 287.05
"""Gas constant of dry air, J kg-1 K-1."""

KELVIN = 273.15
SECONDS_PER_DAY = 86_400.0


def specific_humidity(vapour_pressure: ArrayLike, pressure: ArrayLike) -> Numbers:
    """Specific humidity (1) of air with a vapour pressure at a pressure, both in kPa."""
    e = np.asarray(vapour_pressure, dtype=float)
    return np.asarray(RATIO * e / (np.asarray(pressure, dtype=float) - (1 - RATIO) * e))


def dalton(
    surface: ArrayLike,
    air: ArrayLike,
    humidity: ArrayLike,
    wind: ArrayLike,
    pressure: ArrayLike,
    *,
    coefficient: float,
    salinity_factor: float,
) -> Numbers:
    """Evaporation (mm d-1) as a coefficient times air density, wind speed and the difference of specific humidity.

    Parameters
    ----------
    surface, air : array_like
        Temperature of the water's surface and of the air, degC.
    humidity : array_like
        Relative humidity of the air, percent.
    wind : array_like
        Speed at the height that the coefficient belongs to, m s-1.
    pressure : array_like
        Air pressure, hPa.
    coefficient : float
        Transfer coefficient of water vapour (Dalton number).
    salinity_factor : float
        Ratio of the vapour pressure over the water to that over fresh water.

    Returns
    -------
    numpy.ndarray
        Negative in dew; NaN where an input is missing.
    """
    kpa = np.asarray(pressure, dtype=float) / 10
    moist = saturation_pressure(air) * np.asarray(humidity, dtype=float) / 100
    q_air = specific_humidity(moist, kpa)
    q_surface = specific_humidity(salinity_factor * saturation_pressure(surface), kpa)
    virtual = (np.asarray(air, dtype=float) + KELVIN) * (1 + (1 / RATIO - 1) * q_air)
    density = kpa * 1e3 / (DRY_AIR * virtual)
    return np.asarray(SECONDS_PER_DAY * coefficient * density * np.asarray(wind, dtype=float) * (q_surface - q_air))


def from_latent_heat(flux: ArrayLike, surface: ArrayLike) -> Numbers:
    """Evaporation (mm d-1) from an upward latent heat flux (W m-2) at the temperature of the surface (degC).

    Latent heat of vaporisation: 2.501 - 0.00237 t, MJ kg-1 (Gill 1982, Atmosphere-Ocean Dynamics, appendix 4).
    """
    heat = (2.501 - 0.00237 * np.asarray(surface, dtype=float)) * 1e6
    return np.asarray(SECONDS_PER_DAY * np.asarray(flux, dtype=float) / heat)
