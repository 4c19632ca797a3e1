"""Chlorophyll-a near the surface, as change against the sea's own base years: a relative number, never a concentration.

The Caspian is turbid near rivers and in the north (Case-2 water): sediment and dissolved matter count as chlorophyll, so that
only the change of a place against itself means something, and only where the bottom is not seen: cells that are shallower
than a stated depth in any part are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp, inf, isnan, log, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import completeness
from caspian_env.processing.depth_mask import deep_cells
from caspian_env.processing.periods import Result, Span, as_dataset, month_span, refusal, result
from caspian_env.processing.statistics import interval

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

UNITS, AREA_UNITS = "percent", "km2"


def seasonal_change(
    logarithm: xr.DataArray,
    bed: xr.DataArray,
    *,
    surface: float,
    least_depth: float,
    min_area_share: float,
    season: Sequence[int],
    base: Sequence[int],
    min_base_share: float,
    min_coverage: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Geometric mean of a season against the geometric mean of the base seasons, as a change in percent.

    The mean of logarithms is the logarithm of the geometric mean, which a few very green days do not carry away. The interval
    is symmetric in the logarithm: a concentration has no values below nothing.

    Parameters
    ----------
    logarithm : xarray.DataArray, dims (time, latitude, longitude), 1
        Common logarithm of the concentration of each day, with ``area`` (km2) and ``weight`` (share inside the region).
    bed : xarray.DataArray, dims (time, latitude, longitude), m
        One relief of the bed.
    surface, least_depth : float
        Level of the water above the datum of the relief, and the depth that every part of a cell must have, m.
    min_area_share : float
        Share of the deep area of the region that a day needs.
    season : sequence of int
        First and last month, both included.
    base : sequence of int
        First and last year of the base seasons, both included.
    min_base_share : float
        Share of the base seasons that must be complete.
    min_coverage : float
        Share of the days of a month that must have a value; a season needs each of its months.
    relative_uncertainty : float
        Standard uncertainty of a seasonal mean as a share of it; the scatter of the base seasons is added.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Changes in percent, a season each; ``n_valid`` counts months. Without enough base seasons one refusal, for the newest.

    Raises
    ------
    NotComputable
        The cells are not daily or not dimensionless, the days not ascending, or no cell of the region is deep enough.
    """
    values, weight = _deep(logarithm, bed, surface, least_depth)
    known = np.isfinite(values)
    seen = (known * weight).sum(axis=1)
    mean = np.where(known, values * weight, 0.0).sum(axis=1) / np.where(seen > 0, seen, np.nan)
    days = _of_days(logarithm, np.where(seen >= min_area_share * weight.sum(), mean, np.nan))
    seasons = _seasons(completeness.from_epochs(days, min_epochs=1), season, min_coverage)
    usable = {year: mean for year, (mean, _, _) in seasons.items() if base[0] <= year <= base[1] and not isnan(mean)}
    n_base, spans = base[1] - base[0] + 1, [seasons[year][2] for year in usable]
    if seasons and len(usable) < max(2.0, min_base_share * n_base - 1e-9):
        _, n, span = seasons[max(seasons)]
        reason = (
            f"the base {base[0]}-{base[1]} needs {min_base_share:.0%} of its seasons, this record has {len(usable)}"
        )
        rows = [refusal(span, reason, n_valid=n, n_expected=_length(season), used=[span, *spans])]
        return as_dataset(rows, units=UNITS, ci_level=ci_level)
    usual = float(np.mean(list(usable.values()))) if usable else nan
    scatter = float(np.std(list(usable.values()), ddof=1)) / sqrt(len(usable)) if usable else nan
    u = sqrt(relative_uncertainty**2 + (log(10) * scatter) ** 2)
    rows = [
        refusal(span, f"{n} of {_length(season)} months", n_valid=n, n_expected=_length(season), used=[span])
        if isnan(mean)
        else _changed(span, log(10) * (mean - usual), u, n, [span, *spans], ci_level)
        for mean, n, span in seasons.values()
    ]
    return as_dataset(rows, units=UNITS, ci_level=ci_level)


def bloom_area(
    logarithm: xr.DataArray,
    bed: xr.DataArray,
    *,
    surface: float,
    least_depth: float,
    season: Sequence[int],
    base: Sequence[int],
    percentile: float,
    min_base_share: float,
    min_coverage: float,
    min_area_share: float,
    relative_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Area that is greener than usual in each month of the season: mean over its days of the cells above their own percentile.

    Parameters
    ----------
    percentile : float
        Of the days of the base seasons, cell by cell, between 0 and 100.
    min_area_share : float
        Share of the region's deep area that a day needs; the area found is carried to the whole of it.

    Other parameters as in `seasonal_change`. The uncertainty is how far the area moves at the most when all days are greener
    or paler by theirs and the base is not.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In km2, months of the season only; without enough base seasons one refusal, for the newest.

    Raises
    ------
    NotComputable
        As `seasonal_change`.
    """
    values, areas = _deep(logarithm, bed, surface, least_depth)
    times, weight = logarithm["time"].values, areas
    known = np.isfinite(values)
    seen = (known * weight).sum(axis=1) / max(float(weight.sum()), np.finfo(float).tiny)
    enough = seen >= min_area_share

    def monthly(day: NDArray[np.float64]) -> xr.DataArray:
        return completeness.from_epochs(_of_days(logarithm, np.where(enough, day, np.nan)), min_epochs=1)

    usual = {
        year: span
        for year, (mean, _, span) in _seasons(monthly(seen), season, min_coverage).items()
        if base[0] <= year <= base[1] and not isnan(mean)
    }
    n_base = base[1] - base[0] + 1
    if len(usual) < max(2.0, min_base_share * n_base - 1e-9):
        reason = f"the base {base[0]}-{base[1]} needs {min_base_share:.0%} of its seasons, this record has {len(usual)}"
        rows = [
            refusal(
                row.period, reason, n_valid=row.n_valid, n_expected=row.n_expected, used=[row.period, *usual.values()]
            )
            for row in _bloom_rows([monthly(seen)] * 3, season, min_coverage, [], inf, ci_level)[-1:]
        ]
        return as_dataset(rows, units=AREA_UNITS, ci_level=ci_level)
    of_base = np.zeros(times.size, dtype=bool)
    for start, end in usual.values():
        of_base |= enough & (times >= start) & (times < end)
    limit, there = np.full(weight.size, np.nan), known[of_base].any(axis=0)
    limit[there] = np.nanpercentile(values[np.ix_(of_base, there)], percentile, axis=0)
    weight = np.where(np.isfinite(limit), weight, 0.0)
    whole, shift = float(areas.sum()), log(1 + relative_uncertainty) / log(10)
    observed = np.maximum((known * weight).sum(axis=1), np.finfo(float).tiny)
    greener = [
        monthly((((values + moved) > limit) * weight).sum(axis=1) / observed * whole) for moved in (0.0, -shift, shift)
    ]
    rows = _bloom_rows(greener, season, min_coverage, list(usual.values()), whole, ci_level)
    return as_dataset(rows, units=AREA_UNITS, ci_level=ci_level)


def _deep(
    logarithm: xr.DataArray, bed: xr.DataArray, surface: float, least_depth: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values (day, cell) of the cells of the region that are deep enough, and their areas inside it, km2."""
    if (logarithm.attrs.get("units"), logarithm.attrs.get("resolution"), logarithm.ndim) != ("1", "P1D", 3):
        raise NotComputable("chlorophyll", "its cells are no daily logarithms", "give the common logarithm of each day")
    if (np.diff(logarithm["time"].values) <= np.timedelta64(0)).any():
        raise NotComputable("chlorophyll", "times are not ascending", "sort them")
    areas = (logarithm["area"] * logarithm["weight"]).values
    chosen = (areas > 0) & deep_cells(logarithm, bed, surface=surface, least_depth=least_depth)
    if not chosen.any():
        problem = f"no cell of the region is {least_depth:g} m deep in all its parts"
        raise NotComputable("chlorophyll", problem, "take a deeper region or a finer grid")
    return logarithm.values[:, chosen], areas[chosen]


def _of_days(logarithm: xr.DataArray, values: NDArray[np.float64]) -> xr.DataArray:
    """One value for each day."""
    return logarithm[:, 0, 0].reset_coords(drop=True).copy(data=values)


def _bloom_rows(
    greener: Sequence[xr.DataArray],
    season: Sequence[int],
    min_coverage: float,
    spans: list[Span],
    whole: float,
    ci_level: float,
) -> list[Result]:
    """Months of the season from the area as it is, and with all days paler and greener."""
    months, paler, brighter = greener
    rows = []
    for i in np.flatnonzero(months["n_valid"].values > 0):
        month = int(months["time"].values[i].astype("datetime64[M]").astype(int))
        span, n = month_span(month), int(months["n_valid"].values[i])
        length = int((span[1] - span[0]) / np.timedelta64(1, "D"))
        if not season[0] <= month % 12 + 1 <= season[1]:
            continue
        if n < min_coverage * length:
            rows.append(refusal(span, f"{n} of {length} days", n_valid=n, n_expected=length, used=[span]))
            continue
        value = float(months.values[i])
        u = max(abs(float(other.values[i]) - value) for other in (paler, brighter))
        row = result(
            span, value, u, n_valid=n, n_expected=length, used=[span, *spans], ci_level=ci_level, estimated=True
        )
        rows.append(replace(row, ci_low=max(0.0, row.ci_low), ci_high=min(whole, row.ci_high)))
    return rows


def _length(season: Sequence[int]) -> int:
    return season[1] - season[0] + 1


def _seasons(months: xr.DataArray, season: Sequence[int], min_coverage: float) -> dict[int, tuple[float, int, Span]]:
    """By year: mean of the season's months (NaN where one lacks days), how many are there, and the season's span."""
    found = {}
    index = months["time"].values.astype("datetime64[M]")
    length = np.diff(np.append(index, index[-1:] + 1).astype("datetime64[D]")).astype(int)
    enough = months["n_valid"].values >= min_coverage * length
    for january in range(0, months.size, 12):
        part = slice(january + season[0] - 1, january + season[1])
        n = int(enough[part].sum())
        if not months["n_valid"].values[part].any():
            continue
        mean = float(months.values[part].mean()) if n == _length(season) else nan
        first = int(index[part.start].astype(int))
        found[first // 12 + 1970] = (mean, n, month_span(first, _length(season)))
    return found


def _changed(span: Span, change: float, u: float, n: int, used: list[Span], ci_level: float) -> Result:
    """A change of the natural logarithm, in percent; every value rests on filled gaps and is marked as estimated."""
    low, high = interval(change, u, ci_level)
    percent = [100 * (exp(value) - 1) for value in (change, low, high)]
    row = result(
        span, percent[0], 100 * exp(change) * u, n_valid=n, n_expected=n, used=used, ci_level=ci_level, estimated=True
    )
    return replace(row, ci_low=percent[1], ci_high=percent[2])
