"""Greenhouse gas inventories as the Parties reported them: UNFCCC, profiles of states and the table of Annex I.

Two layouts of workbooks. A profile is about one state outside Annex I (here Azerbaijan, Iran and Turkmenistan) and has
the years that it has reported, two to twenty-five. The table of Annex I holds Kazakhstan and Russia; its last year may
be a dash, beside which the change is printed as -1. Notation keys (NO, NA, NE, IE, C) and empty cells are missing, never
zero. Where a state reported no land use, the profile repeats the total without it as the total with it: such a year is
missing here. Warming potentials are those each Party used, which the files do not name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule, NoIndex, NotPublished
from caspian_env.formats.country_years import Cell, by_country_and_year
from caspian_env.formats.provider_workbook import Cell as SheetCell
from caspian_env.formats.provider_workbook import Sheets, workbook_sheets, written_on
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

_DATASET = "unfccc_ghg"
_PROFILES = ("AZE", "IRN", "TKM")
_TABLES, _TABLE = "time_series/", re.compile(r"^Time%20Series%20-%20GHG%20total%20without%20LULUCF.*\.xlsx$")
_TITLE = "GHG total without LULUCF, in kt CO₂ equivalent"
_NAMES = {
    "Azerbaijan": "AZE", "Iran (Islamic Republic of)": "IRN", "Kazakhstan": "KAZ", "Russian Federation": "RUS",
    "Turkmenistan": "TKM",
}  # fmt: skip
_LAND, _GHG, _CO2 = "net emissions/removals by LULUCF / LUCF", "GHG", "CO2"
_ROWS = {
    "GHG emissions without LULUCF / LUCF": "ghg_without_lulucf",
    "GHG net emissions/removals with LULUCF / LUCF": "ghg_with_lulucf",
    "CO2 emissions without LULUCF / LUCF": "co2_without_lulucf",
    "CO2 net emissions/removals with LULUCF / LUCF": "co2_with_lulucf",
}
_UNITS = dict.fromkeys((*_ROWS.values(), "ch4_without_lulucf"), "Gg")  # which is a kilotonne; "kt" is a knot to UDUNITS
_MISSING = {"NO", "NA", "NE", "IE", "C", "—", "–", "-"}
_PRODUCED = re.compile(r"^Report produced on \w+, (\d{1,2} \w+ \d{4})")
_LAYOUT = "has the provider changed its layout?"
_SHEETS = ("Data_by_sector", "Data_by_gas", "Summary Data")


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The profiles, and the table of Annex I where a mirror has it: the provider makes it on demand, at no address.

    The provider has a page for people where a mirror has the folder. Any other answer than these three is an error.
    """
    for code in _PROFILES:
        yield GranuleRef(path=f"ghg_profiles/nonAnnexOne/{code}/{code}_ghg_profile.xlsx")
    try:
        tables = http.listing(_TABLES)
    except (NotPublished, NoIndex):
        return
    yield from (GranuleRef(path=_TABLES + n, base=tables.base) for n in tables.names if _TABLE.match(n))


def read_granule(path: Path) -> xr.Dataset:
    """Emissions of the reported years.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        Totals of all gases, of carbon dioxide and of methane, with and without land use (Gg of carbon dioxide
        equivalent); ``status`` is ``reported``. ``product_version`` of a profile is the day on which its workbook was
        written.

    Raises
    ------
    BadGranule
        When it is no workbook of either kind, or about none of the states.
    """
    first = next(iter(workbook_sheets(path, _DATASET).values()))
    title = str(first[0][0]) if first and first[0] else ""
    if _TITLE in title:
        table = by_country_and_year(_annex_one(first), _DATASET, units=_UNITS)
        table.attrs["edition"] = _produced(first)
    elif title == "GHG emissions, Gg CO2 equivalent":
        cells = _profile(workbook_sheets(path, _DATASET, *_SHEETS))
        # No edition by which two were compared: every state's profile is written on its own day.
        version = f"workbook of {day}" if (day := written_on(path)) else None
        table = by_country_and_year(cells, _DATASET, units=_UNITS, product_version=version)
    else:
        raise BadGranule(_DATASET, f"the first cell is {title[:60]!r}", _LAYOUT)
    table["status"] = ("time", _reported(table.sizes["time"]))
    return table


def _reported(count: int) -> NDArray[np.object_]:
    import numpy as np

    return np.full(count, "reported", dtype=object)


def _profile(sheets: Sheets) -> Iterator[Cell]:
    by_sector, gases, summary = (sheets[name] for name in _SHEETS)
    code = _state(summary)
    header, *rows = by_sector
    years = [(n, int(str(cell))) for n, cell in enumerate(header) if re.fullmatch(r"\d{4}", str(cell))]
    found: dict[str, Sequence[SheetCell]] = {}
    for row in rows:  # yearly changes follow below under the same names
        found.setdefault(str(row[0]).strip(), row)
    if missing := [name for name in _ROWS if name not in found]:
        raise BadGranule(_DATASET, f"the profile of {code} has no row {missing[0]!r}", _LAYOUT)
    for name, column in _ROWS.items():
        land = found.get(f"{name[:3]} {_LAND}") if column.endswith("_with_lulucf") else None
        for n, year in years:
            value = _value(found[name][n])
            yield code, year, column, value if land is None or not math.isnan(_value(land[n])) else math.nan
    methane = next((row for row in gases if row[0] == "CH₄"), None)  # of the first block, without land use
    if methane is None or gases[0][: years[-1][0] + 1] != header[: years[-1][0] + 1]:
        raise BadGranule(_DATASET, f"the profile of {code} has no methane of the same years", _LAYOUT)
    yield from ((code, year, "ch4_without_lulucf", _value(methane[n])) for n, year in years)


def _state(summary: Sequence[Sequence[SheetCell]]) -> str:
    texts = (str(cell) for row in summary for cell in row if cell)
    for text in texts:
        if text.startswith("Emissions Summary for "):
            name = text.removeprefix("Emissions Summary for ").strip()
            if name in _NAMES:
                return _NAMES[name]
            raise BadGranule(_DATASET, f"the profile is about {name}", "fetch it again")
    raise BadGranule(_DATASET, "the profile does not say which state it is about", _LAYOUT)


def _annex_one(rows: Sequence[Sequence[SheetCell]]) -> Iterator[Cell]:
    head = next((n for n, row in enumerate(rows) if row[:2] == ["Party", "Base year"]), None)
    if head is None:
        raise BadGranule(_DATASET, "the table of Annex I has no row of Party and years", _LAYOUT)
    years = []
    for n, cell in enumerate(rows[head]):
        if found := re.fullmatch(r"(?:Last Inventory Year \()?(\d{4})\)?", str(cell)):
            years.append((n, int(found.group(1))))
    states = {str(row[0]): row for row in rows[head + 1 :] if str(row[0]) in _NAMES}
    for name in ("Kazakhstan", "Russian Federation"):
        if name not in states:
            raise BadGranule(_DATASET, f"the table of Annex I has no row of {name}", "is the workbook whole?")
    for name, row in states.items():
        yield from ((_NAMES[name], year, "ghg_without_lulucf", _value(row[n])) for n, year in years)


def _produced(rows: Sequence[Sequence[SheetCell]]) -> str:
    for row in reversed(rows):
        if found := _PRODUCED.match(str(row[0])):
            return f"{datetime.strptime(found.group(1), '%d %B %Y'):%F}"  # a day, without a time
    raise BadGranule(_DATASET, "the table does not say when it was produced", "is it whole?")


def _value(cell: SheetCell) -> float:
    if cell is None or (isinstance(cell, str) and cell.strip() in _MISSING | {""}):
        return math.nan
    if isinstance(cell, float):
        return cell
    raise BadGranule(_DATASET, f"{cell!r} is neither a number nor a notation key", _LAYOUT)
