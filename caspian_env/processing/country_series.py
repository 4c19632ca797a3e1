"""Yearly series of countries as numbers by year, and what may be the base of a ratio."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from caspian_env.errors import NotComputable
from caspian_env.processing.periods import checked

if TYPE_CHECKING:
    import xarray as xr


def by_year(series: xr.DataArray, units: str, coordinate: str | None = None) -> dict[int, float]:
    """The finite values (or those of a coordinate beside them) of a yearly series by year; NotComputable if it is none.

    Parameters
    ----------
    series : xarray.DataArray, dims (time,), ``units``
        One value a year.
    """
    checked(series, units)
    if series.attrs["resolution"] != "P1Y":
        raise NotComputable(str(series.name), "it is no yearly series", "give one value a year")
    years = series["time"].values.astype("datetime64[Y]").astype(int) + 1970
    shown = series.values if coordinate is None else series[coordinate].values
    pairs = zip(years, series.values, shown, strict=True)
    return {int(year): float(wanted) for year, value, wanted in pairs if isfinite(value)}


def unfit_base(base: float | None, base_year: int) -> str:
    """Why a value cannot be the base of a ratio; '' where it can."""
    if base is None:
        return f"no value of the base year {base_year} in this series"
    return "" if base > 0 else f"the value of the base year {base_year} is not above zero"
