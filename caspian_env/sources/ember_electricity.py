"""Electricity of the littoral states and the world: Ember, yearly full release in long format.

One row for each area, year and quantity; the quantity is told by category, subcategory, variable and unit together, and
the same words stand with other units for other quantities. The column of country codes was renamed once.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import Cell, by_country_and_year, cell_value, whole_year
from caspian_env.formats.provider_csv import rows_of
from caspian_env.formats.table_text import read_lines
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "ember_electricity"
_CODE = ("ISO 3 code", "Country code")
_KEYS = ("Area", "Year", "Category", "Variable", "Unit", "Value")
# Category, variable and unit as the provider writes them; ours; units in UDUNITS spelling.
_WANTED = {
    ("Electricity generation", "Total Generation", "TWh"): ("generation", "TW h"),
    ("Electricity generation", "Renewables", "%"): ("renewable_share", "percent"),
    ("Power sector emissions", "CO2 intensity", "gCO2/kWh"): ("carbon_intensity", "g kW-1 h-1"),
    ("Capacity", "Solar", "GW"): ("solar_capacity", "GW"),
    ("Capacity", "Wind", "GW"): ("wind_capacity", "GW"),
}


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one table that holds the whole record."""
    yield GranuleRef(path="yearly_full_release_long_format.csv")


def read_granule(path: Path) -> xr.Dataset:
    """The yearly values of generation, renewable share, carbon intensity, solar and wind capacity.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``generation`` (TWh), ``renewable_share`` (per cent), ``carbon_intensity`` (g of CO2 per kWh), ``solar_capacity`` and
        ``wind_capacity`` (GW).

    Raises
    ------
    BadGranule
        When a column is missing, a row is cut, or a quantity stands twice.
    """
    lines = read_lines(path, _DATASET)
    rows = csv.DictReader(lines)
    names = next(rows_of(csv.reader(lines[:1]), _DATASET), [])
    code = next((name for name in _CODE if name in names), None)
    if code is None or not set(_KEYS) <= set(names):
        raise BadGranule(_DATASET, f"the header is {lines[0][:80]!r}", "has the provider changed its layout?")
    units = dict(_WANTED.values())
    return by_country_and_year(_cells(rows, code), _DATASET, units=units)


def _cells(rows: csv.DictReader[str], code: str) -> Iterator[Cell]:
    for row in rows_of(rows, _DATASET):
        if None in row or None in row.values():
            problem = f"line {rows.line_num} has another number of cells than the header"
            raise BadGranule(_DATASET, problem, "fetch it again")
        found = _WANTED.get((row["Category"], row["Variable"], row["Unit"]))
        if found:
            year = whole_year(row["Year"], _DATASET)
            yield row[code] or row["Area"], year, found[0], cell_value(row["Value"], _DATASET)
