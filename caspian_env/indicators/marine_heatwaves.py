"""Marine heatwaves by calendar year: how many, how many days, how strong, and over what share of the sea.

After Hobday et al. 2016 and 2018; `climatology` and `detect` are those of `caspian_env.processing.marine_heatwaves`. The
base period decides the answer, so that each base is an indicator of its own, and so is the series without its trend: a
fixed base turns lasting warming into one lasting heatwave. A heatwave belongs to the year in which it begins, its days to
the years in which they lie. Years with a gap of more than five days are refused.

The uncertainty is what another draw of base years would change; errors of the product are not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.daily_years import day_axis
from caspian_env.processing.heatwave_area import daily_share
from caspian_env.processing.heatwave_days import Quantity, by_year, heatwave_days, normals, without_trend
from caspian_env.processing.marine_heatwaves import FILL_DAYS, climatology, detect
from caspian_env.processing.periods import Result, Span, as_dataset, checked, merged, refusal, year_span
from caspian_env.processing.spells import fill_short_gaps

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = [
    "area_share",
    "category_days",
    "climatology",
    "cumulative_intensity",
    "days",
    "detect",
    "events",
    "maximum_intensity",
]

UNITS = "degree_Celsius"
REACH = np.timedelta64(14, "D")
"""How far beyond a year its numbers may depend on days: two joined spells of five days and a gap that is interpolated."""


@dataclass(frozen=True, slots=True)
class _Method:
    """What the functions of this module have in common."""

    base: Sequence[int]
    min_base_share: float
    detrended: bool
    resamples: int
    seed: int
    ci_level: float


def events(
    sst: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    detrended: bool,
    resamples: int,
    seed: int,
    ci_level: float,
) -> xr.Dataset:
    """Marine heatwaves that begin in each calendar year.

    Parameters
    ----------
    sst : xarray.DataArray, dims (time,), degree_Celsius
        Daily means of a region.
    base : sequence of int
        First and last year of the base period, both included.
    min_base_share : float
        Share of the days of the base that every calendar month needs.
    detrended : bool
        Whether the straight line of the base years is taken away first.
    resamples, seed : int
        How often the base years are drawn anew for the uncertainty, and the seed of the draw.
    ci_level : float
        Probability content of the interval: percentiles of the draws.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        A count; ``n_valid`` are the days observed. Where the record does not hold the base, the newest year is refused.

    Raises
    ------
    NotComputable
        The series is not daily, not in degree_Celsius, or not ascending.
    """
    method = _Method(base, min_base_share, detrended, resamples, seed, ci_level)
    return as_dataset(_rows(sst, "events", None, method), units="1", ci_level=ci_level)


def days(
    sst: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    detrended: bool,
    resamples: int,
    seed: int,
    ci_level: float,
) -> xr.Dataset:
    """Days of each calendar year that lie in a marine heatwave, in d; parameters and refusals as for `events`."""
    method = _Method(base, min_base_share, detrended, resamples, seed, ci_level)
    return as_dataset(_rows(sst, "days", None, method), units="d", ci_level=ci_level)


def category_days(
    sst: xr.DataArray,
    *,
    category: int,
    base: Sequence[int],
    min_base_share: float,
    detrended: bool,
    resamples: int,
    seed: int,
    ci_level: float,
) -> xr.Dataset:
    """Days of each calendar year in a marine heatwave that are of one category, in d.

    ``category`` is 1 to 4: how often, in whole numbers, the day exceeds the distance from the seasonal mean to the threshold
    (Hobday et al. 2018, doi:10.5670/oceanog.2018.205). See `events` for the rest.
    """
    method = _Method(base, min_base_share, detrended, resamples, seed, ci_level)
    return as_dataset(_rows(sst, "category_days", category, method), units="d", ci_level=ci_level)


def maximum_intensity(
    sst: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    detrended: bool,
    resamples: int,
    seed: int,
    ci_level: float,
) -> xr.Dataset:
    """Highest temperature above the seasonal mean on a heatwave day of each year, in degree_Celsius.

    A year without a heatwave is refused in words: it has no highest one. See `events` for parameters.
    """
    method = _Method(base, min_base_share, detrended, resamples, seed, ci_level)
    return as_dataset(_rows(sst, "intensity_max", None, method), units=UNITS, ci_level=ci_level)


def cumulative_intensity(
    sst: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    detrended: bool,
    resamples: int,
    seed: int,
    ci_level: float,
) -> xr.Dataset:
    """Sum over the heatwave days of each year of the temperature above the seasonal mean, in degree_Celsius d.

    Parameters and refusals as for `events`.
    """
    method = _Method(base, min_base_share, detrended, resamples, seed, ci_level)
    return as_dataset(_rows(sst, "intensity_cumulative", None, method), units=f"{UNITS} d", ci_level=ci_level)


def area_share(
    cells: xr.DataArray, *, base: Sequence[int], min_base_share: float, min_area_share: float, ci_level: float
) -> xr.Dataset:
    """Mean over the days of each calendar year of the share of the region's area that is in a marine heatwave, in percent.

    Every cell has its own climatology. No uncertainty is given: that of the base years is common to neighbouring cells in a
    way that one number for the region would hide.

    Parameters
    ----------
    cells : xarray.DataArray, dims (time, latitude, longitude), degree_Celsius
        Daily means with the coordinates ``area`` and ``weight``.
    base, min_base_share
        As for `events`; the share is asked of the region's days.
    min_area_share : float
        Share of the area that must be observed for a day to count.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In percent; years with a missing day are refused, as is the newest year where the base is not covered.
    """
    observed, share = daily_share(cells, (base[0], base[1]), min_base_share, min_area_share)
    days, known = day_axis(observed)
    if not days.size:
        return as_dataset([], units="percent", ci_level=ci_level)
    starts, spans = _years(days)
    rows = []
    for place, span in zip(np.split(np.arange(days.size), starts[1:]), spans, strict=True):
        n = int(np.isfinite(known[place]).sum())
        if not n:
            continue
        used = [_widened(span), *_base_spans(base, days, known)]
        row = refusal(span, _gap(n, place.size), n_valid=n, n_expected=place.size, used=used)
        if n == place.size and share is not None:
            row = replace(row, value=100 * float(share[place].mean()), reason="")
        rows.append(row)
    if share is None:
        rows = [replace(rows[-1], reason=_uncovered(days, known, base, min_base_share))]
    return as_dataset(rows, units="percent", ci_level=ci_level)


def _rows(sst: xr.DataArray, quantity: Quantity, category: int | None, method: _Method) -> list[Result]:
    days, values = day_axis(checked(sst, UNITS))
    if not days.size:
        return []
    starts, spans = _years(days)
    observed = np.add.reduceat(np.isfinite(values), starts, dtype=np.int64)
    lengths = np.diff(np.r_[starts, days.size])
    bases = _base_spans(method.base, days, values)
    if reason := _uncovered(days, values, method.base, method.min_base_share):
        used = [spans[-1], *bases]
        return [refusal(spans[-1], reason, n_valid=int(observed[-1]), n_expected=int(lengths[-1]), used=used)]
    if method.detrended:
        values = without_trend(days, values, method.base)
    normal = normals(days, values, method.base, resamples=method.resamples, seed=method.seed)
    table = by_year(heatwave_days(days, values, normal), starts, quantity, category)
    filled = np.isfinite(fill_short_gaps(values[np.newaxis], max_days=FILL_DAYS)[0])
    whole = np.add.reduceat(filled, starts, dtype=np.int64) == lengths
    rows = []
    for i, span in enumerate(spans):
        if not observed[i]:
            continue
        n, expected, used = int(observed[i]), int(lengths[i]), [_widened(span), *bases]
        row = refusal(span, _gap(n, expected), n_valid=n, n_expected=expected, used=used)
        rows.append(_valued(row, table[:, i], method.ci_level) if whole[i] else row)
    return rows


def _valued(row: Result, numbers: Numbers, ci_level: float) -> Result:
    """The number of the base as it is, and the scatter of the numbers of drawn bases."""
    value = float(numbers[0])
    if not isfinite(value):
        return replace(row, reason="no marine heatwave in the year")
    drawn = numbers[1:][np.isfinite(numbers[1:])]
    if drawn.size < 2:
        return replace(row, value=value, std_uncertainty=nan, reason="")
    low, high = np.quantile(drawn, [0.5 - ci_level / 2, 0.5 + ci_level / 2])
    return replace(
        row,
        value=value,
        std_uncertainty=float(drawn.std(ddof=1)),
        ci_low=min(value, float(low)),
        ci_high=max(value, float(high)),
        estimated=row.n_valid < row.n_expected,
        reason="",
    )


def _years(days: NDArray[np.datetime64]) -> tuple[NDArray[np.int64], list[Span]]:
    """First position and span of each calendar year of a whole axis."""
    year = days.astype("datetime64[Y]")
    starts = np.flatnonzero(np.r_[True, year[1:] != year[:-1]])
    return starts, [year_span(int(y)) for y in year[starts].astype(int) + 1970]


def _gap(n: int, expected: int) -> str:
    return f"{n} of {expected} days, with a gap of more than {FILL_DAYS} days or an end that is open"


def _widened(span: Span) -> Span:
    return span[0] - REACH, span[1] + REACH


def _base_spans(base: Sequence[int], days: NDArray[np.datetime64], values: Numbers) -> tuple[Span, ...]:
    """The years of the base that have a value."""
    years = np.unique(days[np.isfinite(values)].astype("datetime64[Y]").astype(int) + 1970)
    return merged(year_span(int(year)) for year in years if base[0] <= year <= base[1])


def _uncovered(days: NDArray[np.datetime64], values: Numbers, base: Sequence[int], min_share: float) -> str:
    """Why the base has no climatology, with the years that are there; empty where it has one."""
    year, month = days.astype("datetime64[Y]").astype(int) + 1970, days.astype("datetime64[M]").astype(int) % 12
    inside = (year >= base[0]) & (year <= base[1]) & np.isfinite(values)
    whole = np.arange(np.datetime64(f"{base[0]}-01-01"), np.datetime64(f"{base[1] + 1}-01-01"))
    expected = np.bincount(whole.astype("datetime64[M]").astype(int) % 12, minlength=12)
    share = np.bincount(month[inside], minlength=12) / expected
    if (share >= min_share).all():
        return ""
    years = year[inside]
    has = f"{share.min():.0%} (within {years[0]}-{years[-1]})" if years.size else "none"
    return (
        f"the base period {base[0]}-{base[1]} needs {min_share:.0%} of the days of every month, this record has {has}"
    )
