"""Mass of the sea's water seen by gravity: its anomaly, as mass and as level, and its change over twelve months.

The mass is summed over the cells of a mascon product inside the shoreline. A mascon is 120 km wide, so a part of what happens
in the sea is told of the land and the other way; no factor that undoes this is applied, and its bound is in the uncertainty.
Months that were not solved stay missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.periods import Result, as_dataset, month_span, refusal, result

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

M_PER_KM, CM_PER_M = 1000.0, 100.0  # a kilometre cube of fresh water has a mass of one gigatonne

Form = Literal["Gt", "cm"]


def anomaly(
    thickness: xr.DataArray,
    *,
    form: Form,
    density: float,
    error: float,
    leakage: float,
    ci_level: float,
) -> xr.Dataset:
    """Anomaly of the mass of water over the sea of each month, against the mean of the years of the product.

    Parameters
    ----------
    thickness : xarray.DataArray, dims (time, latitude, longitude), m
        Monthly anomaly as a layer of fresh water, with ``area`` (km2) and ``weight`` (share in the sea) of each cell.
    form : {'Gt', 'cm'}
        As mass, or as the level of water of ``density`` over the area.
    density : float
        Of the sea's water, kg m-3; fresh water has 1000.
    error : float
        Standard uncertainty (m of water) of a mean over the sea.
    leakage : float
        Standard uncertainty by leakage as a share of the anomaly.
    ci_level : float
        Probability content of the interval.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in Gt or cm; a month with an empty or exactly zero cell is refused, since a mask was applied to it.

    Raises
    ------
    NotComputable
        Other units, or no cell in the region.
    """
    months, mass, masked, area = _mass(thickness)
    rows = []
    for month, value, hidden in zip(months, mass, masked, strict=True):
        rows.append(_row(month_span(month), value, hidden, area, form, density, error, leakage, ci_level, 1))
    return as_dataset(rows, units=form, ci_level=ci_level)


def change(
    thickness: xr.DataArray,
    *,
    form: Form,
    density: float,
    error: float,
    leakage: float,
    ci_level: float,
) -> xr.Dataset:
    """Change of the mass of water over the sea from a month to the same month of the next year.

    Both months must be solved; nothing is interpolated over a gap. Parameters as for `anomaly`.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        Values in Gt or cm, for the period from the first to the second month.
    """
    months, mass, masked, area = _mass(thickness)
    known = {month: (value, hidden) for month, value, hidden in zip(months, mass, masked, strict=True)}
    rows = []
    for month, (value, hidden) in known.items():
        if month - 12 not in known:
            continue
        before, was_hidden = known[month - 12]
        span = (month_span(month - 12)[0], month_span(month)[1])
        used = [month_span(month - 12), month_span(month)]
        rows.append(
            _row(
                span, value - before, hidden or was_hidden, area, form, density, error * 2**0.5, leakage, ci_level, 2,
                used=used,
            )
        )  # fmt: skip
    return as_dataset(rows, units=form, ci_level=ci_level)


def _row(
    span: tuple[np.datetime64, np.datetime64],
    mass: float,
    hidden: bool,
    area: float,
    form: Form,
    density: float,
    error: float,
    leakage: float,
    ci_level: float,
    n: int,
    used: list[tuple[np.datetime64, np.datetime64]] | None = None,
) -> Result:
    windows = used or [span]
    if hidden:
        reason = "cells of the sea are empty or exactly zero: a mask was applied to the product"
        return refusal(span, reason, n_valid=0, n_expected=n, used=windows)
    # Gt over km2 is km of fresh water; the sea's own water is denser and so its layer thinner.
    factor = 1.0 if form == "Gt" else M_PER_KM * CM_PER_M / area * 1000.0 / density
    u = float(np.hypot(error * area / M_PER_KM, leakage * mass)) * factor
    return result(span, mass * factor, u, n_valid=n, n_expected=n, used=windows, ci_level=ci_level)


def _mass(thickness: xr.DataArray) -> tuple[list[int], Numbers, NDArray[np.bool_], float]:
    """Months since 1970-01, the mass of each (Gt), whether a cell of it was masked, and the area (km2)."""
    name = str(thickness.name or "thickness")
    if thickness.attrs.get("units") != "m":
        problem = f"its units are {thickness.attrs.get('units')!r}, not 'm'"
        raise NotComputable(name, problem, "convert it first")
    ordered = thickness.transpose("time", "latitude", "longitude")
    area = (ordered["area"] * ordered["weight"]).values
    inside = area > 0
    if not inside.any():
        raise NotComputable(name, "none of its cells lies in the region", "take a finer grid")
    months = ordered["time"].values.astype("datetime64[M]").astype(int)
    if not (np.diff(months) > 0).all():
        raise NotComputable(name, "its months are not ascending and unique", "sort it and keep one value a month")
    cells = np.asarray(ordered.values[:, inside], dtype=float)
    masked = (~np.isfinite(cells) | (cells == 0.0)).any(axis=1)
    mass = np.where(np.isfinite(cells), cells, 0.0) @ area[inside] / M_PER_KM
    return [int(month) for month in months], mass, masked, float(area[inside].sum())
