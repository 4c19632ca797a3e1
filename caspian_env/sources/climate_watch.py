"""Historical emissions by country, sector and gas: Climate Watch, ``historical_emissions/download.csv``.

The layout has drifted under one address: since 2025 a column of ISO codes stands in front and "LUCF" is "LULUCF". The
portal gives what its user chose, so that a file may hold one sector alone. It names no warming potentials: editions of
the new layout are in AR5 by the provider's word; of the older ones nobody knows, and they stay under names of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import Cell, by_country_and_year, cell_value
from caspian_env.formats.provider_csv import csv_rows, years_of
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "climate_watch"
_UNIT = "MtCO₂e"
_MISSING = ("", "N/A", "false")
_CODES = {
    "Azerbaijan": "AZE", "Iran": "IRN", "Kazakhstan": "KAZ", "Russia": "RUS", "Turkmenistan": "TKM", "World": "World",
}  # fmt: skip
_WITH, _WITHOUT = "Total including LULUCF", "Total excluding LULUCF"
_WANTED = {
    (_WITH, "All GHG"), (_WITHOUT, "All GHG"), (_WITH, "CO2"), (_WITHOUT, "CO2"), (_WITH, "CH4"), ("Waste", "CH4"),
}  # fmt: skip
_COLUMNS = [f"{sector}, {gas}{basis}" for sector, gas in sorted(_WANTED) for basis in ("", ", AR5")]
_NEEDS_NO_POTENTIAL = "CO2"
_LONGEST_HEADER = 10_000


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one table that holds the whole record."""
    yield GranuleRef(path="api/v1/data/historical_emissions/download.csv")


def read_granule(path: Path) -> xr.Dataset:
    """Emissions by year of the littoral states and the world.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        Columns named ``sector, gas`` with ``, AR5`` where the layout says so; Mt of carbon dioxide equivalent.

    Raises
    ------
    BadGranule
        When the layout or the unit is another, the last line breaks off, or none of the sectors and gases wanted is in
        the file.
    """
    cells: list[Cell] = []
    newest, ended = "", not _is_original(path)
    last: Mapping[str, str] = {}
    for row in csv_rows(path, _DATASET, needed=("Country", "Data source", "Sector", "Gas", "Unit"), ended=ended):
        last = row
        newest = newest or max(years_of(list(row)), default="")
        code, column = _CODES.get(row["Country"]), _column(row)
        if code is None or column is None:
            continue
        if row["Unit"] != _UNIT:
            raise BadGranule(_DATASET, f"the unit is {row['Unit']!r} and not {_UNIT}", "has the layout changed?")
        cells += [(code, int(y), column, cell_value(row[y], _DATASET, _MISSING)) for y in years_of(list(row))]
    if not ended:
        _refuse_broken(last)
    table = by_country_and_year(cells, _DATASET, units=dict.fromkeys(_COLUMNS, "Mt"))
    table.attrs["edition"] = newest
    return table


def _is_original(path: Path) -> bool:
    """Whether it is the layout of 2020, whose lines end as on Windows, and the last one not at all."""
    with path.open("rb") as file:
        return file.readline(_LONGEST_HEADER).endswith(b"\r\n")


def _refuse_broken(last: Mapping[str, str]) -> None:
    """BadGranule, if the last cell of the last row is empty or no value, as a transfer that broke off leaves it."""
    text = list(last.values())[-1]
    if not text:
        raise BadGranule(_DATASET, "truncated: the last cell of the last line is empty", "fetch it again")
    cell_value(text, _DATASET, _MISSING)


def _column(row: Mapping[str, str]) -> str | None:
    sector = row["Sector"].replace("LUCF", "LULUCF") if "LULUCF" not in row["Sector"] else row["Sector"]
    if (sector, row["Gas"]) not in _WANTED:
        return None
    in_ar5 = "ISO" in row and row["Gas"] != _NEEDS_NO_POTENTIAL
    return f"{sector}, {row['Gas']}" + (", AR5" if in_ar5 else "")
