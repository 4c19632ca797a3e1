"""Mass of the water of the sea as satellite gravimetry sees it. Months that were not solved stay empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.periods import Result, as_dataset, checked, month_span, refusal, result

if TYPE_CHECKING:
    import xarray as xr

CM_PER_M = 100.0
GT_PER_M_KM2 = 1e-3
"""A metre of fresh water over a square kilometre, in Gt: 1e6 m3 of 1000 kg."""


def thickness(anomaly: xr.DataArray, *, value_uncertainty: float, ci_level: float) -> xr.Dataset:
    """Anomaly of each month as a layer of water, in cm.

    Parameters
    ----------
    anomaly : xarray.DataArray, dims (time,), m
        Monthly anomaly of the thickness of water over the region.
    value_uncertainty : float
        Standard uncertainty (m) of a value that comes without one.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        In cm. A month between two others that was not solved is refused; nothing is filled.

    Raises
    ------
    NotComputable
        The series is not monthly, not in m, or not ascending.
    """
    rows = _months(anomaly, value_uncertainty, lambda value: value * CM_PER_M, ci_level)
    return as_dataset(rows, units="cm", ci_level=ci_level)


def mass(
    anomaly: xr.DataArray, *, area: float, area_uncertainty: float, value_uncertainty: float, ci_level: float
) -> xr.Dataset:
    """Anomaly of each month as mass, in Gt: thickness times the ``area`` (km2) of the region, as fresh water.

    Other parameters as for `thickness`; ``area_uncertainty`` in km2 is not the larger part.
    """
    share = area_uncertainty / area
    rows = _months(anomaly, value_uncertainty, lambda value: value * area * GT_PER_M_KM2, ci_level, share)
    return as_dataset(rows, units="Gt", ci_level=ci_level)


def _months(
    anomaly: xr.DataArray,
    value_uncertainty: float,
    convert: Callable[[float], float],
    ci_level: float,
    relative: float = 0.0,
) -> list[Result]:
    series = checked(anomaly, "m")
    if series.attrs["resolution"] != "P1M":
        raise NotComputable("mass of water", "its series is not monthly", "give one value a month")
    values = np.asarray(series.values, dtype=float)
    given = series["std_uncertainty"].values
    u = np.where(np.isnan(given), value_uncertainty, given)
    months = series["time"].values.astype("datetime64[M]").astype(int)
    known = {int(month): n for n, month in enumerate(months) if np.isfinite(values[n])}
    if not known:
        return []
    rows = []
    for month in range(min(known), max(known) + 1):
        span = month_span(month)
        if month not in known:
            rows.append(refusal(span, "no solution of this month", n_valid=0, n_expected=1, used=[]))
            continue
        n = known[month]
        error = float(np.hypot(convert(float(u[n])), relative * convert(float(values[n]))))
        made = convert(float(values[n]))
        rows.append(result(span, made, error, n_valid=1, n_expected=1, used=[span], ci_level=ci_level))
    return rows
