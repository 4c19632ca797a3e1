"""Annual mean levels of a series of any resolution, for what is derived from a level."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import completeness
from caspian_env.processing.periods import YearMean, checked

if TYPE_CHECKING:
    import xarray as xr


def annual_levels(level: xr.DataArray, *, min_epochs: int, annual_uncertainty: float) -> list[YearMean]:
    """The mean level of each calendar year with data, in order.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Annual values are taken as they are; years of months, days or epochs need twelve months.
    min_epochs : int
        Fewest epochs of a month, where the series is one of epochs.
    annual_uncertainty : float
        Standard uncertainty (m) of an annual mean that states none; a stated one is kept only for annual values, as
        the formal errors of epochs leave out what they have in common.

    Returns
    -------
    list of YearMean
        ``value`` is NaN in a year that is incomplete, with ``n_months`` of 12.

    Raises
    ------
    NotComputable
        The series is not in metres, not ascending, or has two annual values in one year.
    """
    checked(level, "m")
    if level.attrs["resolution"] == "P1Y":
        return as_printed(level, annual_uncertainty)
    years = completeness.annual(completeness.monthly(level, min_epochs=min_epochs))
    return [
        YearMean(y.year, y.value, annual_uncertainty, y.n_months, estimated=y.estimated, filled=y.filled) for y in years
    ]


def other_datum(level: xr.DataArray, datum: str, what: str = "") -> str:
    """Why heights cannot be compared with ``what`` (or anything) above a datum: they are above another; '' if they can.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        attrs ``datum``.
    """
    own = level.attrs.get("datum", "none")
    return "" if own == datum else f"{what} needs the datum {datum}, this series is in {own}".lstrip()


def as_printed(level: xr.DataArray, annual_uncertainty: float) -> list[YearMean]:
    """Annual values as their provider prints them, each with its own uncertainty where one is stated.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Annual values.
    annual_uncertainty : float
        Standard uncertainty (m) of a value that states none.

    Raises
    ------
    NotComputable
        A year holds two of them.
    """
    level = level[np.isfinite(level.values)]
    years = level["time"].values.astype("datetime64[Y]").astype(int) + 1970
    if np.unique(years).size != years.size:
        raise NotComputable(str(level.name or "level"), "a year holds two annual values", "keep one series per source")
    stated = level["std_uncertainty"].values if "std_uncertainty" in level.coords else np.full(years.size, np.nan)
    status = level["status"].values if "status" in level.coords else np.full(years.size, "")
    return [
        YearMean(
            int(year),
            float(value),
            annual_uncertainty if isnan(u) else float(u),
            12,
            estimated=bool(word == "estimated"),
            filled=False,
        )
        for year, value, u, word in zip(years, level.values, stated, status, strict=True)
    ]
