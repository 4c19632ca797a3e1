"""Ice on the sea by season: largest area, first and last day, and how long it stayed.

A season runs from a day of autumn to a day of spring and has the year of its January. There is ice in the region when
cells with at least a given fraction of ice make up a given share of it. A day without a chart is unknown: it is never
free of ice, and a season with a longer gap is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.daily_years import MonthDay, stretches
from caspian_env.processing.periods import Result, Span, as_dataset, refusal, result
from caspian_env.processing.sea_cells import ice_cover

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Rules:
    """What makes ice, what makes a season, and when it is known."""

    covered_from: float
    min_area_share: float
    season_start: MonthDay
    season_end: MonthDay
    max_gap_days: int
    ci_level: float


def largest_area(
    ice: xr.DataArray,
    *,
    relative_uncertainty: float,
    covered_from: float,
    min_area_share: float,
    season_start: Sequence[int],
    season_end: Sequence[int],
    max_gap_days: int,
    ci_level: float,
) -> xr.Dataset:
    """Largest area of ice on a day of each season, in km2: fraction times area of the cells, summed over the region.

    Parameters
    ----------
    ice : xarray.DataArray, dims (time, latitude, longitude), 1
        Daily sea ice area fraction with the coordinates ``area`` (km2) and ``weight``.
    relative_uncertainty : float
        Standard uncertainty as a share of the area.
    covered_from : float
        Fraction from which a cell counts as ice-covered (not used for the area).
    min_area_share : float
        Share of the region that a day needs.
    season_start, season_end : (int, int)
        Month and day of the first and last day of the season, both included.
    max_gap_days : int
        Longest gap that leaves a season as it is; the days in it are unknown.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In km2; a season with a longer gap is refused.

    Raises
    ------
    NotComputable
        The fractions are not daily, or not in the unit 1.
    """
    rules = _rules(covered_from, min_area_share, season_start, season_end, max_gap_days, ci_level)

    def measure(row: Result, area: Numbers, extent: Numbers) -> Result:
        value = float(np.nanmax(area))
        return _with(row, value, relative_uncertainty * value, ci_level)

    return as_dataset(_seasons(ice, rules, measure), units="km2", ci_level=ci_level)


def first_day(
    ice: xr.DataArray,
    *,
    region_share: float,
    covered_from: float,
    min_area_share: float,
    season_start: Sequence[int],
    season_end: Sequence[int],
    max_gap_days: int,
    ci_level: float,
) -> xr.Dataset:
    """First day of each season with ice on ``region_share`` of the region, counted from the first day of the season as 1.

    The uncertainty is that of a day somewhere between the last one known to be free of ice and the first one with ice. A
    season without ice is refused in words. See `largest_area` for the other parameters.
    """
    rules = _rules(covered_from, min_area_share, season_start, season_end, max_gap_days, ci_level)

    def measure(row: Result, area: Numbers, extent: Numbers) -> Result:
        found = _ends(extent, region_share)
        return _none(row, region_share) if found is None else _with(row, found[0] + 1, found[2], ci_level)

    return as_dataset(_seasons(ice, rules, measure), units="d", ci_level=ci_level)


def last_day(
    ice: xr.DataArray,
    *,
    region_share: float,
    covered_from: float,
    min_area_share: float,
    season_start: Sequence[int],
    season_end: Sequence[int],
    max_gap_days: int,
    ci_level: float,
) -> xr.Dataset:
    """Last day of each season with ice on ``region_share`` of the region; counted, and refused, as by `first_day`."""
    rules = _rules(covered_from, min_area_share, season_start, season_end, max_gap_days, ci_level)

    def measure(row: Result, area: Numbers, extent: Numbers) -> Result:
        found = _ends(extent, region_share)
        return _none(row, region_share) if found is None else _with(row, found[1] + 1, found[3], ci_level)

    return as_dataset(_seasons(ice, rules, measure), units="d", ci_level=ci_level)


def duration(
    ice: xr.DataArray,
    *,
    region_share: float,
    covered_from: float,
    min_area_share: float,
    season_start: Sequence[int],
    season_end: Sequence[int],
    max_gap_days: int,
    ci_level: float,
) -> xr.Dataset:
    """Days from the first to the last day with ice, both included; 0 for a season that is known to have had none.

    Parameters as for `first_day`.
    """
    rules = _rules(covered_from, min_area_share, season_start, season_end, max_gap_days, ci_level)

    def measure(row: Result, area: Numbers, extent: Numbers) -> Result:
        first, last, u_first, u_last = _ends(extent, region_share) or (0, -1, 0.0, 0.0)
        return _with(row, last - first + 1, sqrt(u_first**2 + u_last**2), ci_level)

    return as_dataset(_seasons(ice, rules, measure), units="d", ci_level=ci_level)


def _rules(
    covered_from: float,
    min_area_share: float,
    season_start: Sequence[int],
    season_end: Sequence[int],
    max_gap_days: int,
    ci_level: float,
) -> _Rules:
    start, end = (season_start[0], season_start[1]), (season_end[0], season_end[1])
    return _Rules(covered_from, min_area_share, start, end, max_gap_days, ci_level)


def _seasons(ice: xr.DataArray, rules: _Rules, measure: Callable[[Result, Numbers, Numbers], Result]) -> list[Result]:
    """A row for every season with a chart; ``measure`` makes the number of one that has no long gap."""
    cover = ice_cover(_checked(ice), covered_from=rules.covered_from, min_area_share=rules.min_area_share)
    known = np.isfinite(cover.extent_share)
    if not known.any():
        return []
    edges = cover.days[known][[0, -1]].astype("datetime64[Y]")
    days = np.arange(edges[0].astype("datetime64[D]"), (edges[1] + 1).astype("datetime64[D]"))
    area, extent = np.full((2, days.size), np.nan)
    place = (cover.days[known] - days[0]).astype(np.int64)
    area[place], extent[place] = cover.area[known], cover.extent_share[known]
    rows = []
    for span, part in stretches(days, start=rules.season_start, end=rules.season_end):
        if np.isfinite(extent[part]).any():
            row = _known(span, extent[part], rules)
            rows.append(row if row.reason else measure(row, area[part], extent[part]))
    return rows


def _checked(ice: xr.DataArray) -> xr.DataArray:
    if ice.attrs.get("units") != "1" or ice.attrs.get("resolution") != "P1D":
        has = f"{ice.attrs.get('units')!r}, {ice.attrs.get('resolution')!r}"
        raise NotComputable("sea ice", f"it is no daily fraction: {has}", "give daily fractions between 0 and 1")
    return ice


def _known(span: Span, extent: Numbers, rules: _Rules) -> Result:
    """A row without a number: with the reason of a refusal where the season has a long gap."""
    expected = int((span[1] - span[0]) / np.timedelta64(1, "D"))
    there = np.flatnonzero(np.isfinite(extent))
    # A season beyond the ends of the record lacks its days there.
    gap = int(np.diff(np.r_[-1, there, extent.size]).max()) - 1 + expected - extent.size
    reason = f"{there.size} of {expected} days, with a gap of more than {rules.max_gap_days} days" * (
        gap > rules.max_gap_days
    )
    return refusal(span, reason, n_valid=int(there.size), n_expected=expected, used=[span])


def _ends(extent: Numbers, region_share: float) -> tuple[int, int, float, float] | None:
    """Positions of the first and last day with ice, and the standard uncertainty of each from the days not known."""
    known = np.flatnonzero(np.isfinite(extent))
    frozen = np.flatnonzero(np.nan_to_num(extent) >= region_share)
    if not frozen.size:
        return None
    first, last = int(frozen[0]), int(frozen[-1])
    before, after = known[known < first], known[known > last]
    widths = (first - (before[-1] if before.size else -1), (after[0] if after.size else extent.size) - last)
    return first, last, float(widths[0]) / sqrt(12), float(widths[1]) / sqrt(12)  # anywhere within it alike


def _with(row: Result, value: float, u: float, ci_level: float) -> Result:
    made = result(
        row.period, value, u, n_valid=row.n_valid, n_expected=row.n_expected, used=row.used, ci_level=ci_level
    )
    return replace(made, ci_low=max(0.0, made.ci_low))


def _none(row: Result, region_share: float) -> Result:
    return replace(row, reason=f"no day of the season had ice on {region_share:.0%} of the region")
