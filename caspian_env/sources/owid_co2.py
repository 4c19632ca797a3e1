"""Greenhouse gases and carbon dioxide by country: Our World in Data, ``owid-co2-data.csv``.

A wide table of all countries; a few columns of the littoral states and the world are read. Empty is missing. The world
has had the code ``OWID_WRL`` and has none now. The file does not say which edition it is: the newest year with carbon
dioxide stands for it. The address has moved from GitHub to one host and then to another, and the old ones still answer
with old editions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import LITTORAL, Cell, by_country_and_year, cell_value, whole_year
from caspian_env.formats.provider_csv import csv_rows
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "owid_co2"
_NEEDED = ("country", "year", "iso_code", "co2")
_MEGATONNES = ("total_ghg", "total_ghg_excluding_lucf", "co2", "co2_including_luc", "methane")
_TONNES_A_HEAD = ("co2_per_capita", "ghg_per_capita")
_UNITS = {**dict.fromkeys(_MEGATONNES, "Mt"), **dict.fromkeys(_TONNES_A_HEAD, "t")}
# Tonnes a head follow from megatonnes and population, both in the file. Rounded to 0.001 on both sides they differ by
# less than this share in the editions of 2020 to 2025; in August 2020 most were printed as 0.
_CLOSE, _ROUNDING, _FEW = 0.02, 0.006, 0.05


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one table, of which each host may have another edition."""
    yield GranuleRef(path="owid-co2-data.csv", editions=())


def read_granule(path: Path) -> xr.Dataset:
    """Emissions by year of the littoral states and the world.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        The provider's columns, those that the edition has: megatonnes (Mt), and tonnes a head (t).

    Raises
    ------
    BadGranule
        When the layout is another, a state is missing, or the values a head do not fit totals and population.
    """
    cells: list[Cell] = []
    off = compared = 0
    for row in csv_rows(path, _DATASET, needed=_NEEDED, ended=True):
        code = "World" if row["country"] == "World" else row["iso_code"]
        if code != "World" and code not in LITTORAL:
            continue
        values = {name: cell_value(row[name], _DATASET) for name in _UNITS if name in row}
        cells += [(code, whole_year(row["year"], _DATASET), name, value) for name, value in values.items()]
        fits = _fits(values, row)
        compared += fits is not None
        off += fits is False
    if off > _FEW * compared:
        problem = f"{off} of {compared} values a head do not fit totals and population: their scale is lost"
        raise BadGranule(_DATASET, problem, "wait for the provider's repair")
    if missing := sorted(set(LITTORAL) - {cell[0] for cell in cells}):
        raise BadGranule(_DATASET, f"has no row of {', '.join(missing)}", "is the file whole?")
    table = by_country_and_year(cells, _DATASET, units=_UNITS)
    table.attrs["edition"] = str(max(year for _, year, name, value in cells if name == "co2" and value == value))
    return table


def _fits(values: Mapping[str, float], row: Mapping[str, str]) -> bool | None:
    """Whether carbon dioxide a head is what total and population say; None where one of them is missing."""
    population = cell_value(row.get("population", ""), _DATASET)
    given, total = values.get("co2_per_capita", math.nan), values["co2"]
    if math.isnan(given) or math.isnan(total) or not population > 0:
        return None
    expected = total * 1e6 / population
    return abs(given - expected) <= _CLOSE * expected + _ROUNDING
