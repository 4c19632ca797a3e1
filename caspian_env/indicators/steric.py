"""Steric height: how far the sea stands higher because its water is warmer than usual, by a shortcut.

Only the layer on top is taken to change its temperature, by as much as its surface. Salinity and the deep water are left
out, so that it is a correction of some centimetres over the seasons and no part of a trend.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.processing import climate_normals, completeness
from caspian_env.processing.periods import as_dataset, checked, month_span, refusal, result

if TYPE_CHECKING:
    import xarray as xr

CM_PER_M = 100.0


def seasonal_height(
    sst: xr.DataArray,
    *,
    base: Sequence[int],
    min_base_share: float,
    layer: float,
    temperatures: Sequence[float],
    expansion: Sequence[float],
    height_uncertainty: float,
    ci_level: float,
) -> xr.Dataset:
    """Steric height of each month against the mean of the base years, in cm: expansion times difference times depth.

    Parameters
    ----------
    sst : xarray.DataArray, dims (time,), degree_Celsius
        Daily or monthly means of a region.
    base : sequence of int
        First and last year, both included; the mean of its twelve normals is where the height is zero.
    min_base_share : float
        Share of the base years that every calendar month needs; otherwise the newest month is refused.
    layer : float
        Depth (m) of the water that warms with its surface.
    temperatures, expansion : sequence of float
        Temperatures (degC) and the coefficients of thermal expansion (K-1) at them; between them it is linear, and taken at
        the middle of the two temperatures.
    height_uncertainty : float
        Standard uncertainty of the height, m.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In cm.

    Raises
    ------
    NotComputable
        The series is not in degree_Celsius, or not ascending.
    """
    months = completeness.monthly(checked(sst, "degree_Celsius"))
    months.attrs["source_resolution"] = sst.attrs["resolution"]
    normal = completeness.normals(months, base, min_share=min_base_share)
    rows = climate_normals.month_rows(climate_normals.with_uncertainty(months, 0.0), ci_level=ci_level)
    index = months["time"].values.astype("datetime64[M]").astype(int)
    first, last = (base[0] - 1970) * 12, (base[1] - 1969) * 12
    spans = [month_span(int(i)) for i in index[np.isfinite(months.values) & (index >= first) & (index < last)]]
    if not np.isfinite(normal.values).all():
        reason = f"the base period {base[0]}-{base[1]} needs {min_base_share:.0%} of its years for every month"
        newest = [refusal(r.period, reason, n_valid=r.n_valid, n_expected=r.n_expected, used=r.used) for r in rows[-1:]]
        return as_dataset(newest, units="cm", ci_level=ci_level)
    mean, u = float(normal.values.mean()), height_uncertainty * CM_PER_M
    heights = []
    for row in rows:
        alpha = float(np.interp((row.value + mean) / 2, temperatures, expansion))
        height = CM_PER_M * alpha * (row.value - mean) * layer
        heights.append(
            row
            if row.reason
            else result(
                row.period, height, u, n_valid=row.n_valid, n_expected=row.n_expected, used=[*row.used, *spans],
                ci_level=ci_level, estimated=row.estimated,
            )
        )  # fmt: skip
    return as_dataset(heights, units="cm", ci_level=ci_level)
