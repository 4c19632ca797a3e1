"""Chlorophyll-a near the surface, as change against the sea's own base years: a relative number, never a concentration.

The Caspian is turbid near rivers and in the north (Case-2 water): sediment and dissolved matter count as chlorophyll, so that
only the change of a place against itself means something, and only where the bottom is not seen: cells that are shallower
than a stated depth in any part are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, inf, isnan, log, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import completeness
from caspian_env.processing.base_period import years_needed
from caspian_env.processing.depth_mask import deep_cells
from caspian_env.processing.periods import Result, Span, as_dataset, days_in, month_span, refusal, refused_once, result
from caspian_env.processing.statistics import interval

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

UNITS, AREA_UNITS = "percent", "km2"


@dataclass(frozen=True, slots=True)
class _Season:
    """Mean over the months of one season (NaN where one lacks days), how many of them are there, and from when to when."""

    mean: float
    n_months: int
    span: Span


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
    days = _area_mean(values, weight, min_area_share)
    seasons = _seasons(_by_month(logarithm, days), season, min_coverage)
    of_base = _complete(seasons, base)
    spans = [one.span for one in of_base]
    if seasons and (reason := _no_base(len(of_base), base, min_base_share)):
        newest = seasons[max(seasons)]
        used = [newest.span, *spans]
        row = refusal(newest.span, reason, n_valid=newest.n_months, n_expected=_length(season), used=used)
        return as_dataset([row], units=UNITS, ci_level=ci_level)
    means = [one.mean for one in of_base]
    usual = float(np.mean(means)) if means else nan
    scatter = float(np.std(means, ddof=1)) / sqrt(len(means)) if means else nan
    u = sqrt(relative_uncertainty**2 + (log(10) * scatter) ** 2)

    def changed(one: _Season) -> Result:
        if isnan(one.mean):
            reason, expected = f"{one.n_months} of {_length(season)} months", _length(season)
            return refusal(one.span, reason, n_valid=one.n_months, n_expected=expected, used=[one.span])
        return _in_percent(one, log(10) * (one.mean - usual), u, [one.span, *spans], ci_level)

    return as_dataset([changed(one) for one in seasons.values()], units=UNITS, ci_level=ci_level)


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
    known, whole = np.isfinite(values), float(areas.sum())
    seen = (known * areas).sum(axis=1) / max(whole, np.finfo(float).tiny)
    enough = seen >= min_area_share

    def monthly(day: Numbers) -> xr.DataArray:
        return _by_month(logarithm, np.where(enough, day, np.nan))

    spans = [one.span for one in _complete(_seasons(monthly(seen), season, min_coverage), base)]
    if reason := _no_base(len(spans), base, min_base_share):
        rows = _bloom_rows([monthly(seen)] * 3, season, min_coverage, [], inf, ci_level)
        return as_dataset(refused_once(rows, reason, spans), units=AREA_UNITS, ci_level=ci_level)
    limit = _percentiles(values, enough & _within(logarithm["time"].values, spans), percentile)
    weight = np.where(np.isfinite(limit), areas, 0.0)
    observed = np.maximum((known * weight).sum(axis=1), np.finfo(float).tiny)
    shift = log(1 + relative_uncertainty) / log(10)
    greener = [
        monthly((((values + moved) > limit) * weight).sum(axis=1) / observed * whole) for moved in (0.0, -shift, shift)
    ]
    rows = _bloom_rows(greener, season, min_coverage, spans, whole, ci_level)
    return as_dataset(rows, units=AREA_UNITS, ci_level=ci_level)


def _deep(logarithm: xr.DataArray, bed: xr.DataArray, surface: float, least_depth: float) -> tuple[Numbers, Numbers]:
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


def _area_mean(values: Numbers, weight: Numbers, min_area_share: float) -> Numbers:
    """Mean over the cells of each day, by their areas; NaN on a day that shows too little of the region."""
    known = np.isfinite(values)
    seen = (known * weight).sum(axis=1)
    mean = np.where(known, values * weight, 0.0).sum(axis=1) / np.where(seen > 0, seen, np.nan)
    return np.where(seen >= min_area_share * weight.sum(), mean, np.nan)


def _by_month(logarithm: xr.DataArray, days: Numbers) -> xr.DataArray:
    """Means of the months of one value for each day."""
    return completeness.from_epochs(logarithm[:, 0, 0].reset_coords(drop=True).copy(data=days), min_epochs=1)


def _within(times: NDArray[np.datetime64], spans: Sequence[Span]) -> NDArray[np.bool_]:
    """Which days lie in any of the spans."""
    inside = np.zeros(times.size, dtype=bool)
    for start, end in spans:
        inside |= (times >= start) & (times < end)
    return inside


def _percentiles(values: Numbers, days: NDArray[np.bool_], percentile: float) -> Numbers:
    """The percentile of each cell over these days; NaN for a cell that none of them shows."""
    found, there = np.full(values.shape[1], np.nan), np.isfinite(values[days]).any(axis=0)
    found[there] = np.nanpercentile(values[np.ix_(days, there)], percentile, axis=0)
    return found


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
        length = days_in(span)
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


def _seasons(months: xr.DataArray, season: Sequence[int], min_coverage: float) -> dict[int, _Season]:
    """By year, the seasons with a value in any of their months."""
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
        found[first // 12 + 1970] = _Season(mean, n, month_span(first, _length(season)))
    return found


def _complete(seasons: Mapping[int, _Season], base: Sequence[int]) -> list[_Season]:
    """The seasons of the base years that lack no month."""
    return [one for year, one in seasons.items() if base[0] <= year <= base[1] and not isnan(one.mean)]


def _no_base(n: int, base: Sequence[int], min_base_share: float) -> str:
    """Why ``n`` seasons are too few to compare with; empty where they are not."""
    if n >= max(2, years_needed(base, min_base_share)):
        return ""
    return f"the base {base[0]}-{base[1]} needs {min_base_share:.0%} of its seasons, this record has {n}"


def _in_percent(one: _Season, change: float, u: float, used: list[Span], ci_level: float) -> Result:
    """A change of the natural logarithm, in percent; every value rests on filled gaps and is marked as estimated."""
    low, high = interval(change, u, ci_level)
    percent = [100 * (exp(value) - 1) for value in (change, low, high)]
    row = result(
        one.span, percent[0], 100 * exp(change) * u, n_valid=one.n_months, n_expected=one.n_months, used=used,
        ci_level=ci_level, estimated=True,
    )  # fmt: skip
    return replace(row, ci_low=percent[1], ci_high=percent[2])
