"""Greenhouse gases by country, sector and gas: EDGAR (JRC and IEA), the workbook of the yearly booklet.

Fossil carbon dioxide, methane, nitrous oxide and F-gases in carbon dioxide equivalents with GWP-100 of AR5; no land use.
The totals are followed by an empty row, EU27 and GLOBAL TOTAL. Methane and carbon dioxide are sums over the sectors of
the second sheet, which is checked against the totals of the first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import Cell, by_country_and_year
from caspian_env.formats.provider_workbook import Cell as SheetCell
from caspian_env.formats.provider_workbook import workbook_sheets
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "edgar_ghg"
_FIRST_YEAR = 2024  # of the booklets whose layout is known
_TITLE = re.compile(r"GHG emissions of all world countries, (\d{4}) Report")
_PROMISES = ("GWP-100 AR5", "GHG_totals_by_country sheet are expressed in Mt CO2eq/yr")
_SHEETS = {
    "total": "GHG_totals_by_country", "per_gdp": "GHG_per_GDP_by_country", "per_capita": "GHG_per_capita_by_country",
}  # fmt: skip
_INFO, _SECTORS = "info", "GHG_by_sector_and_country"
_METHANE, _CO2 = "GWP_100_AR5_CH4", "CO2"
_UNITS = {"total": "Mt", "per_gdp": "kg", "per_capita": "t", "ch4": "Mt", "ch4_waste": "Mt", "co2": "Mt"}
_WORLD = "GLOBAL TOTAL"
_CODES = ("AZE", "IRN", "KAZ", "RUS", "TKM", _WORLD)
_CLOSE = 1e-6  # the sectors of the 2024 booklet add up to the totals within 1e-12


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The workbook of each year since the first whose layout is known, the newest first; one of them is enough."""
    paths = [f"booklet/EDGAR_{y}_GHG_booklet_{y}.xlsx" for y in range(window.end.year, _FIRST_YEAR - 1, -1)]
    if paths:
        yield GranuleRef(path=paths[0], editions=paths[1:])


def read_granule(path: Path) -> xr.Dataset:
    """Emissions by year of the littoral states and the world.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``total``, ``ch4``, ``ch4_waste``, ``co2`` (Mt of carbon dioxide equivalent), ``per_capita`` (t a head),
        ``per_gdp`` (kg for each international dollar of 2017, which is t for 1000 of them).

    Raises
    ------
    BadGranule
        When it is no workbook, its sheets, units or warming potentials are others, or sectors do not add up to totals.
    """
    sheets = workbook_sheets(path, _DATASET, _INFO, *_SHEETS.values(), _SECTORS)
    words = " ".join(str(cell) for row in sheets[_INFO] for cell in row if cell)
    title = _TITLE.search(words)
    if title is None or (lost := next((promise for promise in _PROMISES if promise not in words), "")):
        raise BadGranule(
            _DATASET, f"the sheet info does not say {lost if title else 'which report it is'!r}", "read it"
        )
    totals = {name: list(_cells(sheets[sheet], sheet, name)) for name, sheet in _SHEETS.items()}
    sectors = list(_sector_cells(sheets[_SECTORS]))
    _check_sums(totals["total"], sectors)
    cells = [cell for part in totals.values() for cell in part] + list(_sums(sectors))
    named = ((_place(code), year, column, value) for code, year, column, value in cells)
    table = by_country_and_year(named, _DATASET, units=_UNITS, product_version=title.group())
    table.attrs["edition"] = title.group(1)
    return table


def _place(code: str) -> str:
    return "World" if code == _WORLD else code


def _cells(table: Sequence[Sequence[SheetCell]], sheet: str, column: str) -> Iterator[Cell]:
    header, *rows = table or [()]
    years = _years(header, sheet, ("EDGAR Country Code", "Country"))
    seen = set()
    for row in rows:
        if row and row[0] in _CODES:
            code = str(row[0])
            seen.add(code)
            yield from ((code, year, column, _value(row[n], sheet)) for n, year in years)
    if missing := sorted(set(_CODES) - seen):
        raise BadGranule(_DATASET, f"sheet {sheet} has no row {', '.join(missing)}", "is the workbook whole?")


def _sector_cells(table: Sequence[Sequence[SheetCell]]) -> Iterator[tuple[str, str, Cell]]:
    """Substance and sector of each number of our states; an empty cell is no such emission, and adds nothing."""
    header, *rows = table or [()]
    years = _years(header, _SECTORS, ("Substance", "Sector", "EDGAR Country Code", "Country"))
    for substance, sector, code, *rest in rows:
        if code in _CODES:
            row = (substance, sector, code, *rest)
            for n, year in years:
                yield str(substance), str(sector), (str(code), year, str(substance), _value(row[n], _SECTORS))


def _sums(sectors: Sequence[tuple[str, str, Cell]]) -> Iterator[Cell]:
    added: dict[tuple[str, int, str], float] = {}
    for substance, sector, (code, year, _, value) in sectors:
        if math.isnan(value):
            continue
        names = {_METHANE: ["ch4"], _CO2: ["co2"]}.get(substance, [])
        if substance == _METHANE and sector == "Waste":
            names.append("ch4_waste")
        for name in names:
            added[code, year, name] = added.get((code, year, name), 0.0) + value
    yield from ((*key, value) for key, value in added.items())


def _check_sums(totals: Sequence[Cell], sectors: Sequence[tuple[str, str, Cell]]) -> None:
    added: dict[tuple[str, int], float] = {}
    for _, _, (code, year, _, value) in sectors:
        added[code, year] = added.get((code, year), 0.0) + (0.0 if math.isnan(value) else value)
    for code, year, _, total in totals:
        found = added.get((code, year), math.nan)
        if not math.isnan(total) and not abs(found - total) <= _CLOSE * total:
            problem = f"the sectors of {code} in {year} add up to {found:g} Mt and the total is {total:g} Mt"
            raise BadGranule(_DATASET, problem, "has somebody edited the workbook?")


def _years(header: Sequence[SheetCell], sheet: str, first: Sequence[str]) -> list[tuple[int, int]]:
    if tuple(header[: len(first)]) != tuple(first):
        problem = f"sheet {sheet} begins with {header[:4]} and not {', '.join(first)}"
        raise BadGranule(_DATASET, problem, "has the provider changed its layout?")
    return [(n, int(cell)) for n, cell in enumerate(header) if isinstance(cell, float) and cell.is_integer()]


def _value(cell: SheetCell, sheet: str) -> float:
    if cell is None:
        return math.nan
    if not isinstance(cell, float):
        raise BadGranule(_DATASET, f"sheet {sheet} holds {cell!r} where a number is wanted", "has the layout changed?")
    return cell
