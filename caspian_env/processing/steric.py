"""Steric height: how much a column of water stands taller because it is warmer or fresher, by TEOS-10.

GSW knows no anomaly of the composition of Caspian salt, whose density differs from that of ocean salt; the height is one of
ocean water of the same salinity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def steric_height(
    temperature: ArrayLike,
    salinity: ArrayLike,
    thickness: ArrayLike,
    *,
    reference_temperature: ArrayLike,
    reference_salinity: ArrayLike,
) -> NDArray[np.float64]:
    """Steric height of columns of layers against a reference column: ``-sum((rho - rho0) / rho0 * dz)``.

    Parameters
    ----------
    temperature : array, shape (..., layer), degree_Celsius
        In-situ temperature; pressure is that of the middle of the layer in decibar, taken as its depth in metres.
    salinity : array, shape (..., layer), g kg-1
        Absolute salinity.
    thickness : array, shape (layer,), m
        From the surface downward.
    reference_temperature, reference_salinity : array, shape (layer,) or scalar
        Of the reference column.

    Returns
    -------
    array, shape (...), m
        NaN where a layer lacks a value.

    Raises
    ------
    NotComputable
        GSW is not installed, or a thickness is not positive.

    References
    ----------
    TEOS-10: IOC, SCOR and IAPSO 2010, The international thermodynamic equation of seawater
    """
    try:
        import gsw
    except ModuleNotFoundError as error:
        raise NotComputable("steric height", "GSW is not installed", "pip install gsw") from error
    dz = np.asarray(thickness, dtype=float)
    if not (dz > 0).all():
        raise NotComputable("steric height", "a layer has no thickness", "give positive thicknesses in metres")
    pressure = np.cumsum(dz) - dz / 2

    def density(salt: ArrayLike, warm: ArrayLike) -> NDArray[np.float64]:
        salt = np.broadcast_to(np.asarray(salt, float), np.broadcast_shapes(np.shape(warm), np.shape(salt), dz.shape))
        conservative = gsw.CT_from_t(salt, np.asarray(warm, float), pressure)
        return np.asarray(gsw.rho(salt, conservative, pressure))

    reference = density(reference_salinity, reference_temperature)
    departure = (density(salinity, temperature) - reference) / reference
    return np.asarray(-(departure * dz).sum(axis=-1))
