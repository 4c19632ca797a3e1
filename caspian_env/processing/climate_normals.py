"""Normals of calendar months, yearly means and trends of years, for temperature and precipitation alike.

A normal of January belongs to the span from its first January to the end of its last, as the climatology bounds of the CF
conventions have it; so the twelve normals of one base period are told apart by their spans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, isnan, nan, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import trends
from caspian_env.processing.completeness import WMO_NORMAL_SHARE
from caspian_env.processing.periods import Result, Span, days_in, month_span, refusal, result, year_span
from caspian_env.processing.statistics import interval
from caspian_env.processing.trend_rules import END_SHARE, FEWEST_FOR_TREND

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

Slope = Literal["ols", "sen"]


def with_uncertainty(months: xr.DataArray, standard: float) -> xr.DataArray:
    """The same months, with a standard uncertainty in their unit where they came without one."""
    u = months["std_uncertainty"].values
    return months.assign_coords(std_uncertainty=("time", np.where(np.isnan(u), standard, u)))


def month_rows(months: xr.DataArray, *, ci_level: float) -> list[Result]:
    """Every month that has a value, and a refusal for one that was begun but has too few.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), any unit
        As `completeness.monthly` gives them.
    """
    index = months["time"].values.astype("datetime64[M]").astype(int)
    touched = np.flatnonzero(months["n_valid"].values > 0)
    expected = [
        1 if months.attrs.get("source_resolution") == "P1M" else days_in(month_span(int(index[i]))) for i in touched
    ]
    rows = []
    for i, n_expected in zip(touched, expected, strict=True):
        span, n = month_span(int(index[i])), int(months["n_valid"].values[i])
        value, u = float(months.values[i]), float(months["std_uncertainty"].values[i])
        if np.isnan(value):
            reason = f"{n} of {n_expected} days: too many are missing, or too many in a row"
            rows.append(refusal(span, reason, n_valid=n, n_expected=n_expected, used=[span]))
            continue
        estimated = bool(months["estimated"].values[i])
        rows.append(
            result(
                span, value, u, n_valid=n, n_expected=n_expected, used=[span], ci_level=ci_level, estimated=estimated
            )
        )
    return rows


def year_table(months: xr.DataArray, first: int, last: int) -> Numbers:
    """Months over the years ``first`` to ``last``, shape (years, 12); NaN where there is none."""
    table = np.full((last - first + 1, 12), np.nan)
    index = months["time"].values.astype("datetime64[M]").astype(int) - (first - 1970) * 12
    inside = (index >= 0) & (index < table.size)
    table.ravel()[index[inside]] = months.values[inside]
    return table


def normal_rows(
    months: xr.DataArray, base: Sequence[int], *, total: bool, min_share: float, common: float, ci_level: float
) -> list[Result]:
    """The normals of the twelve calendar months, and that of the year; each refused that has too few base years.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), any unit
        As `completeness.monthly` gives them.
    base : sequence of int
        First and last year, both included.
    total : bool
        Whether the year is the sum of its months (precipitation) or their mean (temperature).
    min_share : float
        Share of the base years that a month needs (WMO-No. 1203: 0.8).
    common : float
        Standard uncertainty that all values share and that no averaging makes smaller, in the unit.
    """
    first, last = base
    table = year_table(months, first, last)
    start = (first - 1970) * 12
    spans = [month_span(start + int(i)) for i in np.flatnonzero(np.isfinite(table.ravel()))]
    rows = []
    for month in range(12):
        own = [span for span in spans if int(span[0].astype("datetime64[M]").astype(int)) % 12 == month]
        period = (month_span(start + month)[0], month_span(start + month + 12 * (last - first))[1])
        rows.append(_normal(table[:, month], period, own, base, min_share, common, ci_level))
    return [*rows, _year_normal(rows, table, spans, base, total, common, ci_level)]


def _normal(
    values: Numbers,
    period: Span,
    used: Sequence[Span],
    base: Sequence[int],
    min_share: float,
    common: float,
    ci_level: float,
) -> Result:
    there = np.isfinite(values)
    n, length = int(there.sum()), values.size
    needed = max(2, ceil(min_share * length - 1e-9))
    if n < needed:
        known = np.flatnonzero(there) + base[0]
        has = f"{n} (within {known[0]}-{known[-1]})" if n else "none"
        reason = f"the base period {base[0]}-{base[1]} needs {needed} of {length} years, this record has {has}"
        return refusal(period, reason, n_valid=n, n_expected=length, used=used or [period])
    u = sqrt(common**2 + float(values[there].var(ddof=1)) / n)
    return result(
        period,
        float(values[there].mean()),
        u,
        n_valid=n,
        n_expected=length,
        used=used,
        ci_level=ci_level,
        dof=n - 1,
    )


def _year_normal(
    rows: Sequence[Result],
    table: Numbers,
    spans: Sequence[Span],
    base: Sequence[int],
    total: bool,
    common: float,
    ci_level: float,
) -> Result:
    """Sum or mean of the twelve normals; its sampling error is that of the whole years."""
    first, last = base
    period = (year_span(first)[0], year_span(last)[1])
    whole = np.isfinite(table).all(axis=1)
    n, length = int(whole.sum()), len(table)
    refused = [row for row in rows if row.reason]
    if refused or n < 2:
        reason = refused[0].reason if refused else f"{n} of {length} years have all twelve months"
        return refusal(period, reason, n_valid=n, n_expected=length, used=spans or [period])
    yearly = table[whole].sum(axis=1) if total else table[whole].mean(axis=1)
    value = sum(row.value for row in rows) / (1 if total else 12)
    u = sqrt(common**2 + float(yearly.var(ddof=1)) / n)
    return result(period, value, u, n_valid=n, n_expected=length, used=spans, ci_level=ci_level, dof=n - 1)


def trend_rows(
    yearly: dict[int, float], *, years: int, slope: Slope, ci_level: float, min_share: float = WMO_NORMAL_SHARE
) -> list[Result]:
    """The slope through every window of ``years`` calendar years that the rules allow; the newest is refused in words.

    80 % of the years must have a value, and one must lie in the first and in the last tenth of the window.

    Parameters
    ----------
    yearly : dict
        Value of each year that has one; NaN is none.
    years : int
        Length of the window, at least ten.

    Returns
    -------
    list of Result
        In the unit of the values per year. The standard uncertainty of Sen's slope is half its interval over the quantile of
        a normal error, as `interval` turns the one into the other; the interval itself need not be symmetric.

    Raises
    ------
    NotComputable
        The window is shorter than ten years.
    """
    if years < FEWEST_FOR_TREND:
        raise NotComputable("trend", f"a window of {years} years", f"there is none below {FEWEST_FOR_TREND}")
    known = {year: value for year, value in sorted(yearly.items()) if np.isfinite(value)}
    if not known:
        return []
    first, last = min(known), max(known)
    ends = range(min(first + years - 1, last), last + 1)
    rows = [_trend(known, end - years + 1, years, slope, ci_level, min_share) for end in ends]
    return [row for row in rows[:-1] if not row.reason] + rows[-1:]


def _trend(known: dict[int, float], first: int, years: int, slope: Slope, ci_level: float, min_share: float) -> Result:
    axis = np.arange(first, first + years)
    values = np.array([known.get(int(year), nan) for year in axis])
    there = np.isfinite(values)
    n, end = int(there.sum()), ceil(years * END_SHARE)
    period = (year_span(first)[0], year_span(first + years - 1)[1])
    used = [year_span(int(year)) for year in axis[there]]
    if n < min_share * years or not (there[:end].any() and there[-end:].any()):
        reason = (
            f"{n} of the {years} years {first}-{first + years - 1} have a value;"
            f" {ceil(min_share * years - 1e-9)} are needed, one of them in the first and one in the last tenth"
        )
        return refusal(period, reason, n_valid=n, n_expected=years, used=used)
    method = trends.ols if slope == "ols" else trends.sen
    line = method(values, axis.astype(float), level=ci_level)
    u = line.std_uncertainty
    if isnan(u):
        low, high = interval(0.0, 1.0, ci_level)
        u = (line.ci_high - line.ci_low) / (high - low)
    row = refusal(period, "", n_valid=n, n_expected=years, used=used)
    return replace(row, value=line.estimate, std_uncertainty=u, ci_low=line.ci_low, ci_high=line.ci_high)
