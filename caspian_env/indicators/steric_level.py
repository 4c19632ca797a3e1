"""The steric part of the level: what warming and freshening of the upper layer lift it, by TEOS-10.

From the temperature of the surface, taken for the whole of a mixed layer, and a salinity. In summer the layer is thinner
than that, so the height is a bound from above; below the layer nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import completeness
from caspian_env.processing.base_period import base_months
from caspian_env.processing.periods import Result, as_dataset, checked, month_span, refusal, result
from caspian_env.processing.steric import steric_height

if TYPE_CHECKING:
    import xarray as xr

CM_PER_M = 100.0


def of_mixed_layer(
    sst: xr.DataArray,
    *,
    salinity: float | None,
    layer: float,
    base: Sequence[int],
    min_base_share: float,
    uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Steric height of a mixed layer of each month against the mean temperature of the base years.

    Parameters
    ----------
    sst : xarray.DataArray, dims (time,), degree_Celsius
        Means of days or months over the region.
    salinity : float, or None
        Of the layer, g kg-1, constant; None where none is known, and then nothing is computed.
    layer : float
        Its depth, m.
    base : sequence of int
        First and last year whose mean temperature is the reference.
    min_base_share : float
        Share of the base years that every calendar month needs.
    uncertainty : float
        Standard uncertainty, cm.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in cm; one refusal for the newest month without a salinity, or without the base years.

    Raises
    ------
    NotComputable
        Other units, or GSW is not installed.
    """
    months = completeness.monthly(checked(sst, "degree_Celsius"))
    index = months["time"].values.astype("datetime64[M]").astype(int)
    there = index[np.isfinite(months.values)]
    if not there.size:
        return as_dataset([], units="cm", ci_level=ci_level)
    first, last = base
    normals = completeness.normals(months, (first, last), min_share=min_base_share)
    inside = base_months(months, base)
    span = month_span(int(there[-1]))
    if salinity is None or isnan(float(normals.mean(skipna=False))):
        years = f"the base period {first}-{last} has {int(normals['n_valid'].min())} years of some month"
        reason = "no salinity is known, and without one there is no density" if salinity is None else years
        row = refusal(span, reason, n_valid=0, n_expected=1, used=[span, *inside])
        return as_dataset([row], units="cm", ci_level=ci_level)
    heights = steric_height(
        months.values[:, None], salinity, [layer], reference_temperature=[float(normals.mean())],
        reference_salinity=salinity,
    )  # fmt: skip
    rows: list[Result] = [
        result(
            month_span(int(i)), CM_PER_M * float(height), uncertainty, n_valid=1, n_expected=1,
            used=[month_span(int(i)), *inside], ci_level=ci_level,
        )
        for i, height in zip(index, heights, strict=True)
        if np.isfinite(height)
    ]  # fmt: skip
    return as_dataset(rows, units="cm", ci_level=ci_level)
