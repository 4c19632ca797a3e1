"""All greenhouse gases by country, land use included: the chart download ``total-ghg-emissions.csv`` of Our World in Data.

Its source has changed from Climate Watch (CAIT, from 1990) to Jones et al. (from 1850), and the name of its one column
with it. The newest year stands for the edition. The file does not say which warming potentials it was made with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import Cell, by_country_and_year, cell_value, whole_year
from caspian_env.formats.provider_csv import csv_rows
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "owid_total_ghg"
_SOURCES = {
    "Total including LUCF": "Climate Watch (CAIT)",
    "Annual greenhouse gas emissions in CO₂ equivalents": "Jones et al.",
}
_FALLEN = 5.0  # more than a country's total ever falls by in a year, and less than by a digit that is missing


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one table that holds the whole record."""
    yield GranuleRef(path="grapher/total-ghg-emissions.csv")


def read_granule(path: Path) -> xr.Dataset:
    """Emissions by year of the littoral states and the world.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``total_ghg`` (t of carbon dioxide equivalent, land use included).

    Raises
    ------
    BadGranule
        When the column of values has no known name, or the last country breaks off before the newest year or in a value.
    """
    cells: list[Cell] = []
    source, last = "", 0
    years = set[int]()
    ends: list[tuple[str, str]] = []  # country and value of the last rows
    for row in csv_rows(path, _DATASET, needed=("Entity", "Code", "Year")):
        column = next((name for name in _SOURCES if name in row), None)
        if column is None:
            problem = f"none of its columns {', '.join(row)} is known to hold the totals"
            raise BadGranule(_DATASET, problem, "has the chart another source now?")
        source, last = _SOURCES[column], whole_year(row["Year"], _DATASET)
        years.add(last)
        cells.append((row["Code"], last, "total_ghg", cell_value(row[column], _DATASET)))
        ends = [*ends[-1:], (row["Entity"], row[column])]
    # The file ends without a line end, so that only its last row tells of a broken transfer.
    if last != max(years):
        raise BadGranule(_DATASET, f"the last country ends in {last} and others in {max(years)}", "fetch it again")
    _refuse_broken(ends)
    table = by_country_and_year(cells, _DATASET, units={"total_ghg": "t"}, product_version=f"source {source}")
    table.attrs["edition"] = str(max(years))
    return table


def _refuse_broken(ends: Sequence[tuple[str, str]]) -> None:
    """BadGranule, if the last value lacks digits: each that is cut from its end makes it ten times smaller."""
    text, value = ends[-1][1], cell_value(ends[-1][1], _DATASET)
    if math.isnan(value) or text.endswith("."):
        raise BadGranule(_DATASET, f"truncated: the last line breaks off at {text!r}", "fetch it again")
    if len(ends) == 2 and ends[0][0] == ends[1][0] and abs(value) < abs(cell_value(ends[0][1], _DATASET)) / _FALLEN:
        problem = f"truncated: the last value is {text}, that of the year before {ends[0][1]}"
        raise BadGranule(_DATASET, problem, "fetch it again")
