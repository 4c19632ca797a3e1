"""Means over the cells of a region that the grid itself takes for sea, and the ice on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


def sea_mean(cells: xr.DataArray, sea: xr.DataArray, *, min_area_share: float) -> xr.DataArray:
    """Mean over the sea cells of a region, weighted by the area inside, where enough of it has a value.

    Parameters
    ----------
    cells : xarray.DataArray, dims (time, latitude, longitude), any unit
        With the coordinates ``area`` and ``weight``.
    sea : xarray.DataArray, dims (time, latitude, longitude)
        A quantity of the same grid that exists on the sea alone, such as its surface temperature.
    min_area_share : float
        Share of the area of the sea cells that a time needs.

    Returns
    -------
    xarray.DataArray, dims (time,), same unit and resolution
        Times with too few cells are left out. In the form of a series: coordinates ``std_uncertainty`` (NaN) and ``status``.

    Raises
    ------
    NotComputable
        The two are on different grids, or the region holds no sea cell.
    """
    import xarray as xr

    for axis in ("latitude", "longitude"):
        if cells.sizes[axis] != sea.sizes[axis] or not np.allclose(cells[axis], sea[axis]):
            raise NotComputable("mean over the sea", "its cells are not those of the sea", "take both from one dataset")
    is_sea = np.isfinite(sea.transpose("time", ...).to_numpy()).any(axis=0)
    weight = np.where(is_sea, _weights(cells), 0.0)
    if not weight.sum() > 0:
        raise NotComputable("mean over the sea", "no cell of the region is sea on this grid", "take a finer grid")
    values = cells.transpose("time", "latitude", "longitude").to_numpy().astype(float)
    known = np.isfinite(values)
    share = (known * weight).sum(axis=(1, 2)) / weight.sum()
    enough = (share >= min_area_share) & (share > 0)
    total = (np.where(known, values, 0.0) * weight).sum(axis=(1, 2)) / np.where(enough, share * weight.sum(), 1.0)
    n = int(enough.sum())
    return xr.DataArray(
        total[enough],
        dims="time",
        coords={
            "time": cells["time"].to_numpy()[enough],
            "std_uncertainty": ("time", np.full(n, np.nan)),
            "status": ("time", np.full(n, "final")),
        },
        attrs=dict(cells.attrs),
        name=cells.name,
    )


@dataclass(frozen=True, slots=True)
class IceCover:
    """Ice of a region on days: area of the ice (km2), and share of the area whose cells are ice-covered; NaN if unknown."""

    days: NDArray[np.datetime64]
    area: Numbers
    extent_share: Numbers


def ice_cover(fraction: xr.DataArray, *, covered_from: float, min_area_share: float) -> IceCover:
    """Ice of a region day by day; a day on which too little of it was observed is unknown and not free of ice.

    Parameters
    ----------
    fraction : xarray.DataArray, dims (time, latitude, longitude), 1
        Sea ice area fraction, with the coordinates ``area`` (km2) and ``weight``.
    covered_from : float
        Fraction from which a cell counts as ice-covered.
    min_area_share : float
        Share of the area, of the cells that ever have a value, that a day needs.
    """
    values = fraction.transpose("time", "latitude", "longitude").to_numpy().astype(float)
    known = np.isfinite(values)
    weight = np.where(known.any(axis=0), _weights(fraction), 0.0)
    total = max(float(weight.sum()), np.finfo(float).tiny)
    seen = (known * weight).sum(axis=(1, 2))
    enough = (seen >= min_area_share * total) & (seen > 0)
    share = np.where(enough, seen, np.nan)
    ice = (np.where(known, values, 0.0) * weight).sum(axis=(1, 2)) / share * total
    with np.errstate(invalid="ignore"):
        extent = ((known & (values >= covered_from)) * weight).sum(axis=(1, 2)) / share
    return IceCover(fraction["time"].to_numpy().astype("datetime64[D]"), ice, extent)


def _weights(cells: xr.DataArray) -> Numbers:
    """Area of each cell inside the region, km2."""
    return np.asarray((cells["area"] * cells["weight"]).transpose("latitude", "longitude").to_numpy(), dtype=float)
