"""Marine heatwaves of a region year by year: events, days, area and intensity (Hobday et al. 2016, 2018).

Detected in every cell of a cube and averaged over the region's area, so that three days over a third of the area and one
day over all of it are the same number of days. A base period belongs to every one of these numbers.

A fixed base turns warming into lasting heatwave. The detrended variant takes the straight line through the base years out
of every cell first, and continues it: what is left are departures from a warming sea.

A year needs every day, gaps of up to five days filled on the straight line; a day needs half of the region's area.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.indicators.heatwave_days import HeatDays, RegionDays, heat_days, region_days
from caspian_env.indicators.marine_heatwaves import WINDOW_DAYS
from caspian_env.processing import completeness
from caspian_env.processing.base_period import base_months, pooled_span, uncovered
from caspian_env.processing.periods import Result, Span, as_dataset, days_in, month_span, refusal, result, year_span

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Inside = NDArray[np.int64]

UNITS = "degree_Celsius"


def events(
    sst: xr.DataArray,
    *,
    base: Sequence[int],
    detrended: bool,
    min_base_share: float,
    min_area_share: float,
    ice_below: float,
    groups: int,
    ci_level: float,
) -> xr.Dataset:
    """Marine heatwaves that begin in each calendar year, as a mean over the region's area.

    Parameters
    ----------
    sst : xarray.DataArray, dims (time, latitude, longitude), degree_Celsius
        Daily means of cells, with their ``area`` (km2) and ``weight`` (share inside the region).
    base : sequence of int
        First and last year of the climatology, both included.
    detrended : bool
        Whether the straight line through the base years is subtracted from each cell first.
    min_base_share : float
        Share of the base years that every calendar month needs.
    min_area_share : float
        Share of the region's area that a day needs.
    ice_below : float
        A cell colder than this (degC) is taken for ice, where there is no heatwave.
    groups : int
        Parts of the base period that are left out in turn; the scatter of the results is the uncertainty, a jackknife of
        blocks of years.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        A count, unit 1. Without a base period one refusal, for the newest year.

    Raises
    ------
    NotComputable
        The cells are not daily, not in degree_Celsius, or not ascending.
    """
    rows = _years(
        sst, lambda heat, at: float(heat.starts[at].sum()), None, base, detrended, min_base_share, min_area_share,
        ice_below, groups, ci_level,
    )  # fmt: skip
    return as_dataset(rows, units="1", ci_level=ci_level)


def days(
    sst: xr.DataArray,
    *,
    category: int,
    base: Sequence[int],
    detrended: bool,
    min_base_share: float,
    min_area_share: float,
    ice_below: float,
    groups: int,
    ci_level: float,
) -> xr.Dataset:
    """Days of each calendar year in marine heatwave, as a mean over the region's area.

    The category of a day is how often its departure holds the distance between climatology and threshold, 1 (moderate)
    to 4 (extreme, and beyond); a day between two joined events counts as moderate. Other parameters as in `events`.

    Parameters
    ----------
    category : int
        1 to 4 for the days of one category, 0 for all of them.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in d.
    """

    def counted(heat: HeatDays, at: Inside) -> float:
        return float((heat.share[at] if category == 0 else heat.share[at, category - 1]).sum())

    rows = _years(
        sst, counted, 366.0, base, detrended, min_base_share, min_area_share, ice_below, groups, ci_level
    )  # fmt: skip
    return as_dataset(rows, units="d", ci_level=ci_level)


def area(
    sst: xr.DataArray,
    *,
    at_once: bool,
    base: Sequence[int],
    detrended: bool,
    min_base_share: float,
    min_area_share: float,
    ice_below: float,
    groups: int,
    ci_level: float,
) -> xr.Dataset:
    """Share of the region's area in marine heatwave in each calendar year; other parameters as in `events`.

    Parameters
    ----------
    at_once : bool
        The largest share of any one day; otherwise the share that had a heatwave at some time of the year.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In percent.
    """

    def reached(heat: HeatDays, at: Inside) -> float:
        if at_once:
            return 100 * float(np.nanmax(heat.share[at].sum(axis=1)))
        return 100 * heat.reached[int(heat.days[at[0]].astype("datetime64[Y]").astype(int)) + 1970]

    rows = _years(
        sst, reached, 100.0, base, detrended, min_base_share, min_area_share, ice_below, groups, ci_level
    )  # fmt: skip
    return as_dataset(rows, units="percent", ci_level=ci_level)


def cumulative_intensity(
    sst: xr.DataArray,
    *,
    base: Sequence[int],
    detrended: bool,
    min_base_share: float,
    min_area_share: float,
    ice_below: float,
    groups: int,
    ci_level: float,
) -> xr.Dataset:
    """Sum over the days of heatwave of how far they lie above the climatology, as a mean over the region's area.

    Parameters as in `events`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In degree_Celsius d.
    """
    rows = _years(
        sst, lambda heat, at: float(heat.excess[at].sum()), None, base, detrended, min_base_share, min_area_share,
        ice_below, groups, ci_level,
    )  # fmt: skip
    return as_dataset(rows, units="degree_Celsius d", ci_level=ci_level)


def _years(
    sst: xr.DataArray,
    measure: Callable[[HeatDays, Inside], float],
    most: float | None,
    base: Sequence[int],
    detrended: bool,
    min_base_share: float,
    min_area_share: float,
    ice_below: float,
    groups: int,
    ci_level: float,
) -> list[Result]:
    """A row for every year that has an observed day; ``most`` is what no value can exceed."""
    if sst.attrs.get("units") != UNITS:
        raise NotComputable("marine heatwaves", f"units are {sst.attrs.get('units')!r}, not {UNITS!r}", "convert first")
    region = region_days(sst)
    seen = region.observed >= min_area_share
    if not seen.any():
        return []
    year = region.days.astype("datetime64[Y]").astype(np.int64) + 1970
    touched = np.unique(year[seen])
    if reason := _without_base(region, seen, base, min_base_share):
        at = np.flatnonzero(year == touched[-1])
        return [_refused(int(touched[-1]), reason, seen, at)]
    found = heat_days(sst, (base[0], base[1]), detrended=detrended, ice_below=ice_below, groups=groups)
    rows = []
    for one in touched:
        at, span = np.flatnonzero(year == one), year_span(int(one))
        expected = days_in(span)
        n = int((found[0].usable[at] >= min_area_share).sum())
        if n < expected:
            reason = f"{n} of {expected} days, gaps of up to five days filled: a count or sum allows no missing day"
            rows.append(_refused(int(one), reason, seen, at))
            continue
        middle, *others = (measure(heat, at) for heat in found)
        rows.append(_counted(int(one), middle, others, most, int(seen[at].sum()), base, ci_level))
    return rows


def _counted(
    year: int, value: float, others: Sequence[float], most: float | None, n: int, base: Sequence[int], ci_level: float
) -> Result:
    span, g = year_span(year), len(others)
    u = sqrt((g - 1) / g * sum((other - sum(others) / g) ** 2 for other in others))
    row = result(
        span, value, u, n_valid=n, n_expected=days_in(span), used=_windows(year, base), ci_level=ci_level,
        estimated=n < days_in(span), dof=g - 1,
    )  # fmt: skip
    high = row.ci_high if most is None else min(most, row.ci_high)
    return replace(row, ci_low=max(0.0, row.ci_low), ci_high=max(high, value))


def _refused(year: int, reason: str, seen: NDArray[np.bool_], at: Inside) -> Result:
    span = year_span(year)
    return refusal(span, reason, n_valid=int(seen[at].sum()), n_expected=days_in(span), used=[span])


def _windows(year: int, base: Sequence[int]) -> list[Span]:
    """The year with a month on either side, as an event may cross its ends, and the base period with the days beside it."""
    return [month_span((year - 1970) * 12 - 1, 14), pooled_span(base, WINDOW_DAYS)]


def _without_base(region: RegionDays, seen: NDArray[np.bool_], base: Sequence[int], min_base_share: float) -> str:
    """Why the base period has no climatology; empty where it has one."""
    import xarray as xr

    daily = xr.DataArray(
        np.where(seen, region.mean, np.nan), dims="time", coords={"time": region.days.astype("datetime64[s]")},
        attrs={"resolution": "P1D"},
    )  # fmt: skip
    months = completeness.monthly(daily)
    normal = completeness.normals(months, base, min_share=min_base_share)
    return uncovered(normal, base, min_base_share, base_months(months, base))
