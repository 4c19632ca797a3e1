"""The years that others are compared with: how many of them a rule needs, which months they have, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing.periods import Span, merged, month_span, year_span

if TYPE_CHECKING:
    import xarray as xr


def years_needed(base: Sequence[int], min_share: float) -> int:
    """Fewest years of the base period, first and last included, that hold a share of it."""
    return ceil(min_share * (base[1] - base[0] + 1) - 1e-9)


def base_months(months: xr.DataArray, base: Sequence[int]) -> tuple[Span, ...]:
    """The months of the base period that have a value.

    Parameters
    ----------
    months : xarray.DataArray, dims (time,), any units
        Monthly values; NaN where a month has none.
    """
    first, last = ((year - 1970) * 12 for year in (base[0], base[1] + 1))
    index = months["time"].values.astype("datetime64[M]").astype(int)
    wanted = np.isfinite(months.values) & (index >= first) & (index < last)
    return merged(month_span(int(i)) for i in index[wanted])


def pooled_span(base: Sequence[int], window_days: int) -> Span:
    """The base period, first and last year included, with the days beside it that windows on its first and last days reach."""
    beside = np.timedelta64(window_days // 2, "D")
    return year_span(base[0])[0] - beside, year_span(base[1])[1] + beside


def uncovered(normal: xr.DataArray, base: Sequence[int], min_share: float, spans: Sequence[Span]) -> str:
    """Why the base period has no normal, with the years that are there; empty where it has one.

    Parameters
    ----------
    normal : xarray.DataArray, dims (month,), any units
        As `completeness.normals` gives it, with ``n_valid``.
    spans : sequence of spans
        What `base_months` gives.
    """
    if np.isfinite(normal.values).all():
        return ""
    length, there = base[1] - base[0] + 1, "none"
    if spans:
        first, last = spans[0][0], spans[-1][1] - np.timedelta64(1, "s")
        there = f"{int(normal['n_valid'].min())} (within {str(first)[:4]}-{str(last)[:4]})"
    needed = f"{years_needed(base, min_share)} of {length} years of every month"
    return f"the base period {base[0]}-{base[1]} needs {needed}, this record has {there}"
