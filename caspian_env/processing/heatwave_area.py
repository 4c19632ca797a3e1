"""The share of a region's area that is in a marine heatwave, day by day; every cell has its own climatology."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.day_of_year import day_of_year
from caspian_env.processing.heatwave_days import marked
from caspian_env.processing.marine_heatwaves import BLOCK_CELLS, FILL_DAYS, climatology
from caspian_env.processing.periods import checked
from caspian_env.processing.spells import fill_short_gaps

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


def daily_share(
    cells: xr.DataArray, base: tuple[int, int], min_base_share: float, min_area_share: float
) -> tuple[xr.DataArray, Numbers | None]:
    """Days on which enough of a region was observed, and the share of its observed area in a heatwave.

    Parameters
    ----------
    cells : xarray.DataArray, dims (time, latitude, longitude), degree_Celsius
        Daily means with the coordinates ``area`` and ``weight``.
    base : (int, int)
        First and last year of the base period.
    min_base_share : float
        Share of the days of the base on which enough of the region was observed.
    min_area_share : float
        Share of the area, of the cells that ever have a value, that is enough.

    Returns
    -------
    xarray.DataArray, dims (time,)
        The observed share of the area on each of its days, NaN where it is too small.
    numpy.ndarray (day,) or None
        The share in a heatwave on every day of the calendar years touched; None where the base is not covered.
    """
    import xarray as xr

    flat = cells.transpose("time", "latitude", "longitude").to_numpy().reshape(cells.sizes["time"], -1)
    weight = (cells["area"] * cells["weight"]).transpose("latitude", "longitude").to_numpy().ravel()
    used = (weight > 0) & np.isfinite(flat).any(axis=0)
    flat, weight = np.asarray(flat[:, used], dtype=float), weight[used]
    share = np.isfinite(flat) @ weight / weight.sum() if weight.size else np.zeros(len(flat))
    observed = xr.DataArray(
        np.where(share >= min_area_share, share, np.nan),
        dims="time",
        coords={"time": cells["time"]},
        attrs=dict(cells.attrs),
        name=cells.name,
    )
    checked(observed, "degree_Celsius")
    given = cells["time"].to_numpy().astype("datetime64[D]")
    years = given.astype("datetime64[Y]").astype(int) + 1970
    inside = (years >= base[0]) & (years <= base[1]) & (share >= min_area_share)
    length = (np.datetime64(f"{base[1] + 1}-01-01") - np.datetime64(f"{base[0]}-01-01")).astype(int)
    if not weight.size or inside.sum() < min_base_share * length:
        return observed, None
    edges = given[np.isfinite(observed.to_numpy())][[0, -1]].astype("datetime64[Y]")
    days = np.arange(edges[0].astype("datetime64[D]"), (edges[1] + 1).astype("datetime64[D]"))
    whole = np.full((weight.size, days.size), np.nan)
    place = (given - days[0]).astype(np.int64)
    there = (place >= 0) & (place < days.size)
    whole[:, place[there]] = flat[there].T
    return observed, _share(days, whole, weight, base)


def _share(days: NDArray[np.datetime64], cells: Numbers, weight: Numbers, base: tuple[int, int]) -> Numbers:
    """Weighted share of the cells with a value that are in a heatwave; zero where none has one."""
    import xarray as xr

    series = xr.DataArray(cells, dims=("cell", "time"), coords={"time": days.astype("datetime64[ns]")})
    thresh = climatology(series, base)["thresh"].transpose("cell", "dayofyear").to_numpy()
    number = day_of_year(days) - 1
    hot, known = np.zeros((2, days.size))
    for start in range(0, len(cells), BLOCK_CELLS):
        block = slice(start, start + BLOCK_CELLS)
        filled = fill_short_gaps(cells[block], max_days=FILL_DAYS)
        inside, _ = marked(filled > thresh[block][:, number])
        hot += weight[block] @ inside
        known += weight[block] @ np.isfinite(filled)
    return np.asarray(hot / np.where(known > 0, known, 1.0))
