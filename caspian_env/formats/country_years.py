"""Yearly numbers by country, however a provider lays them out, as one table over time and location."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule

if TYPE_CHECKING:
    import xarray as xr

# ISO 3166-1 alpha-3 codes of the littoral states are their ids here; the world has several codes among providers.
LITTORAL = ("AZE", "IRN", "KAZ", "RUS", "TKM")
WORLD = ("WLD", "OWID_WRL", "World", "EARTH")
GLOBE = "globe"
FIRST_YEAR, LAST_YEAR = 1678, 2261  # whole years of datetime64[ns]

Cell = tuple[str, int, str, float]  # country code, year, column, value


def place_of(code: str) -> str | None:
    """Our id of a country code, None for a place that is not collected."""
    return code if code in LITTORAL else GLOBE if code in WORLD else None


def by_country_and_year(
    cells: Iterable[Cell], dataset: str, *, units: Mapping[str, str], product_version: str | None = None
) -> xr.Dataset:
    """The values of the littoral states and the world along ``time`` (first of January) and ``location``.

    Parameters
    ----------
    cells : iterable of (country code, year, column, value)
        NaN where nothing is published; countries that are not collected are left out.
    units : mapping of str to str
        The columns wanted and their units.

    Raises
    ------
    BadGranule
        When a number stands twice with different values, is infinite, its year cannot be kept, or there is none at all.
    """
    import numpy as np
    import xarray as xr

    found: dict[tuple[str, int, str], float] = {}
    for code, year, column, value in cells:
        place = place_of(code)
        if place is None or column not in units or math.isnan(value):
            continue
        if not FIRST_YEAR <= year <= LAST_YEAR:
            # Not only wrong: nanoseconds of a far year would turn into another time, and a table up to it fills the memory.
            raise BadGranule(dataset, f"{str(year)[:40]} is no year", "has the provider changed its layout?")
        if math.isinf(value):
            raise BadGranule(
                dataset, f"{column} of {code} in {year} is infinite", "has the provider changed its layout?"
            )
        if found.setdefault((place, year, column), value) != value:
            raise BadGranule(dataset, f"{column} of {code} in {year} stands twice", "has the provider merged files?")
    if not found:
        raise BadGranule(dataset, "holds no value of the littoral states or the world", "has the layout changed?")
    years = range(min(key[1] for key in found), max(key[1] for key in found) + 1)
    places = sorted({key[0] for key in found})
    table = xr.Dataset(
        coords={"time": [np.datetime64(f"{year:04d}-01-01", "ns") for year in years], "location": places}
    )
    for column in units:
        values = [[found.get((place, year, column), math.nan) for place in places] for year in years]
        if not np.isnan(values).all():
            table[column] = (("time", "location"), np.array(values), {"units": units[column]})
    if product_version:
        table.attrs["product_version"] = product_version
    return table


def whole_year(text: str, dataset: str) -> int:
    """The year of a cell.

    Raises
    ------
    BadGranule
        When it is no whole number within the years that can be kept.
    """
    value = cell_value(text, dataset)
    if not value.is_integer() or not FIRST_YEAR <= value <= LAST_YEAR:
        raise BadGranule(dataset, f"{text[:40]!r} is not a year", "has the provider changed its layout?")
    return int(value)


def cell_value(text: str, dataset: str, missing: Iterable[str] = ("", "NA", "..", "-")) -> float:
    """The number of a cell, NaN where it is one of the provider's signs for a missing one.

    Raises
    ------
    BadGranule
        When it is neither.
    """
    if text.strip() in missing:
        return math.nan
    try:
        value = float(text)
    except ValueError as error:
        raise BadGranule(dataset, f"{text[:40]!r} is not a number", "has the provider changed its layout?") from error
    return value
