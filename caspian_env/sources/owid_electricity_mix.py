"""Electricity by origin and country: the chart download ``elec-fossil-nuclear-renewables.csv`` of Our World in Data.

Three columns make the whole: renewables, nuclear and fossil. The names of the columns carry the unit, and words of the
chart that come and go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import Cell, by_country_and_year, cell_value, place_of, whole_year
from caspian_env.formats.provider_csv import csv_rows
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "owid_electricity_mix"
_COLUMNS = {
    "renewables": "Electricity from renewables - TWh", "nuclear": "Electricity from nuclear - TWh",
    "fossil": "Electricity from fossil fuels - TWh",
}  # fmt: skip
_PLACES = 6  # the littoral states and the world


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one table that holds the whole record."""
    yield GranuleRef(path="grapher/elec-fossil-nuclear-renewables.csv")


def read_granule(path: Path) -> xr.Dataset:
    """Electricity generated in a year, by origin.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``renewables``, ``nuclear`` and ``fossil`` (TWh).

    Raises
    ------
    BadGranule
        When a column is missing, or the file breaks off: a place is not in it, or its last value is no whole one.
    """
    cells: list[Cell] = []
    last = ""
    for row in csv_rows(path, _DATASET, needed=("Entity", "Code", "Year")):
        names = _names(row)
        last = row[names["fossil"]]
        if place_of(row["Code"]) is None:
            continue
        year = whole_year(row["Year"], _DATASET)
        cells += [(row["Code"], year, name, cell_value(row[column], _DATASET)) for name, column in names.items()]
    # The file ends without a line end, so that only its last row tells of a broken transfer.
    missing = _PLACES - len({place_of(code) for code, *_ in cells})
    if missing or last.endswith("."):
        problem = f"truncated: {missing} of {_PLACES} places are missing" if missing else f"truncated at {last!r}"
        raise BadGranule(_DATASET, problem, "fetch it again")
    table = by_country_and_year(cells, _DATASET, units=dict.fromkeys(_COLUMNS, "TW h"))
    table.attrs["edition"] = str(max(year for _, year, *_ in cells))
    return table


def _names(row: Mapping[str, str]) -> dict[str, str]:
    found = {ours: next((name for name in row if name.startswith(words)), "") for ours, words in _COLUMNS.items()}
    if missing := [_COLUMNS[ours] for ours, name in found.items() if not name]:
        raise BadGranule(_DATASET, f"the header has no {', '.join(missing)}", "has the provider changed its layout?")
    return found
