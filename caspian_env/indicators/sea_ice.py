"""Ice of a region by season: first and last day, length, and greatest extent, from daily charts.

A season runs from 1 November to 30 April and has the year of its January (Lavrova et al. 2022 count from November). A cell
belongs to the extent where at least 15 % of its water is ice; its whole water counts, with the exact area of the cell inside
the region. A day has ice where the extent covers at least 5 % of the region. A missing day in winter is not a day without
ice: gaps of up to two days are filled on the straight line and flagged, longer ones refuse the season.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.daily_years import day_axis, stretches
from caspian_env.processing.periods import Result, as_dataset, days_in, refusal, result
from caspian_env.processing.spells import fill_short_gaps

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

START, END = (11, 1), (4, 30)
FILL_DAYS = 2


def greatest_extent(
    ice: xr.DataArray, *, cell_share: float, min_area_share: float, edge_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Largest extent of ice on one day of the season.

    Parameters
    ----------
    ice : xarray.DataArray, dims (time, latitude, longitude), 1
        Daily share of ice in the water of each cell, with ``area`` (km2) and ``weight`` (share inside the region).
    cell_share : float
        Share of ice from which a cell belongs to the extent.
    min_area_share : float
        Share of the region's area that a day needs.
    edge_uncertainty : float
        Standard uncertainty of an extent, km2.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In km2.

    Raises
    ------
    NotComputable
        The cells are not daily shares, or a day stands twice.
    """
    extent, whole = _extent(ice, cell_share, min_area_share)
    rows = _seasons(extent, lambda values: float(values.max()), edge_uncertainty, ci_level, most=whole)
    return as_dataset(rows, units="km2", ci_level=ci_level)


def first_day(
    ice: xr.DataArray,
    *,
    cell_share: float,
    region_share: float,
    min_area_share: float,
    edge_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """First day of the season with ice, counted from 1 November, which is 1; refused in a season without any.

    Parameters
    ----------
    region_share : float
        Share of the region's area that ice must cover on a day.

    Other parameters as in `greatest_extent`. The uncertainty is how far the day moves at the most when all
    extents move by theirs.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In d.
    """
    extent, whole = _extent(ice, cell_share, min_area_share)
    rows = _seasons(extent, lambda values: _ends(values, region_share * whole)[0], edge_uncertainty, ci_level)
    return as_dataset(rows, units="d", ci_level=ci_level)


def last_day(
    ice: xr.DataArray,
    *,
    cell_share: float,
    region_share: float,
    min_area_share: float,
    edge_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Last day of the season with ice, counted from 1 November, which is 1; as `first_day`."""
    extent, whole = _extent(ice, cell_share, min_area_share)
    rows = _seasons(extent, lambda values: _ends(values, region_share * whole)[1], edge_uncertainty, ci_level)
    return as_dataset(rows, units="d", ci_level=ci_level)


def season_length(
    ice: xr.DataArray,
    *,
    cell_share: float,
    region_share: float,
    min_area_share: float,
    edge_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Days from the first to the last day with ice, both included; zero in a season without any. As `first_day`."""
    extent, whole = _extent(ice, cell_share, min_area_share)

    def length(values: Numbers) -> float:
        first, last = _ends(values, region_share * whole)
        return last - first + 1 if np.isfinite(first) else 0.0

    return as_dataset(_seasons(extent, length, edge_uncertainty, ci_level), units="d", ci_level=ci_level)


def _extent(ice: xr.DataArray, cell_share: float, min_area_share: float) -> tuple[xr.DataArray, float]:
    """Extent of each day (km2; NaN where too little was charted), and the area of the region, km2."""
    import xarray as xr

    if ice.attrs.get("units") != "1" or ice.dims[0] != "time":
        raise NotComputable("ice", "its cells are no shares along time", "give the fraction of ice, unit 1")
    areas = (ice["area"] * ice["weight"]).values
    chosen = areas > 0
    values, weight = ice.values[:, chosen], areas[chosen]
    whole = float(weight.sum())
    seen = (np.isfinite(values) * weight).sum(axis=1)
    extent = ((values >= cell_share) * weight).sum(axis=1)
    extent = np.where(seen >= min_area_share * whole, extent, np.nan)
    return xr.DataArray(
        extent, {"time": ice["time"].values}, ("time",), "ice", {"resolution": ice.attrs["resolution"]}
    ), whole


def _seasons(
    extent: xr.DataArray,
    measure: Callable[[Numbers], float],
    edge_uncertainty: float,
    ci_level: float,
    most: float = np.inf,
) -> list[Result]:
    """A row for every season with a charted day; refused where a gap is longer than two days."""
    days, values = day_axis(extent)
    rows = []
    for span, place in stretches(days, start=START, end=END):
        part, expected = values[place], days_in(span)
        n = int(np.isfinite(part).sum())
        if not n:
            continue
        filled = fill_short_gaps(part[np.newaxis], max_days=FILL_DAYS)[0]
        known = int(np.isfinite(filled).sum())
        if known < expected:
            reason = f"{n} of {expected} days: a day that is missing in winter is not a day without ice"
            rows.append(refusal(span, reason, n_valid=n, n_expected=expected, used=[span]))
            continue
        value = measure(filled)
        if not np.isfinite(value):
            reason = "no day of the season had ice on enough of the region"
            rows.append(refusal(span, reason, n_valid=n, n_expected=expected, used=[span]))
            continue
        moved = [measure(np.maximum(filled + shift, 0.0)) for shift in (-edge_uncertainty, edge_uncertainty)]
        u = max((abs(other - value) for other in moved if np.isfinite(other)), default=0.0)
        row = result(
            span, value, u, n_valid=n, n_expected=expected, used=[span], ci_level=ci_level, estimated=n < expected
        )
        rows.append(replace(row, ci_low=max(0.0, row.ci_low), ci_high=max(value, min(most, row.ci_high))))
    return rows


def _ends(extent: Numbers, least: float) -> tuple[float, float]:
    """First and last day with at least this extent (1 is the first of the season); NaN without one."""
    there = np.flatnonzero((extent >= least) & (extent > 0))
    return (float(there[0] + 1), float(there[-1] + 1)) if there.size else (np.nan, np.nan)
