"""Energy of the littoral states and the world: Our World in Data, one wide table of many countries.

Columns come and go with editions, so each of ours may be absent; an empty cell is a missing value, also where the
provider's own charts draw a line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import Cell, by_country_and_year, cell_value, place_of, whole_year
from caspian_env.formats.provider_csv import rows_of
from caspian_env.formats.table_text import read_lines
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "owid_energy"
# Columns of the provider with the units that its codebook states.
_UNITS = {
    "electricity_generation": "TW h",
    "renewables_share_elec": "percent",
    "renewables_electricity": "TW h",
    "solar_electricity": "TW h",
    "wind_electricity": "TW h",
    "carbon_intensity_elec": "g kW-1 h-1",
    "primary_energy_consumption": "TW h",
    "renewables_share_energy": "percent",
}


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one table that holds the whole record."""
    yield GranuleRef(path="owid-energy-data.csv")


def read_granule(path: Path) -> xr.Dataset:
    """The yearly values of the columns that are there.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        Provider columns in TWh, per cent or g kWh-1.

    Raises
    ------
    BadGranule
        When the table has another separator, lacks its key columns, or holds none of ours.
    """
    lines = read_lines(path, _DATASET)
    rows = csv.DictReader(lines)
    names = next(rows_of(csv.reader(lines[:1]), _DATASET), [])
    if not {"country", "year", "iso_code"} <= set(names):
        problem = f"the header begins {lines[0][:60]!r} and has no country, year and iso_code"
        raise BadGranule(_DATASET, problem, "has the provider changed its layout?")
    if not set(_UNITS) & set(names):
        raise BadGranule(_DATASET, "none of the columns that are collected is there", "has the layout changed?")
    return by_country_and_year(_cells(rows), _DATASET, units={n: u for n, u in _UNITS.items() if n in names})


def _cells(rows: csv.DictReader[str]) -> Iterator[Cell]:
    for row in rows_of(rows, _DATASET):
        code = row["iso_code"] or row["country"]
        if place_of(code) is None:
            continue
        if None in row or None in row.values():
            problem = f"line {rows.line_num} has another number of cells than the header"
            raise BadGranule(_DATASET, problem, "fetch it again")
        for name in _UNITS:
            if name in row:
                yield code, whole_year(row["year"], _DATASET), name, cell_value(row[name], _DATASET)
