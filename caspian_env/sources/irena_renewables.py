"""Renewable share of electricity capacity and generation: IRENA, table RESHARE of IRENASTAT.

A new table each half year, its edition in the name. A year that is not published yet stands as 0.00 for every area of the
world; such a year is missing, a zero of a single country is a value. The text is Latin-1 with CRLF, under a title line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import Cell, by_country_and_year, cell_value
from caspian_env.formats.first_bytes import expect_text
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "irena_renewables"
_TITLE = "Renewable energy share of electricity capacity and generation (%)"
_HEAD = ["Region/country/area", "Indicator"]
_COLUMNS = {
    "RE share of electricity generation (%)": "generation_share",
    "RE share of electricity capacity (%)": "capacity_share",
}
_NAMES = {
    "Azerbaijan": "AZE", "Iran (Islamic Republic of)": "IRN", "Iran (IR)": "IRN", "Kazakhstan": "KAZ",
    "Russian Federation (the)": "RUS", "Russian Federation": "RUS", "Turkmenistan": "TKM", "World": "WLD",
}  # fmt: skip
_EDITION = re.compile(r"RESHARE_(\d{4})_H([12])\.px$")


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The newest table that is listed."""
    listing = http.listing("")
    editions = {found.groups(): name for name in listing.names if (found := _EDITION.search(name))}
    if editions:
        yield GranuleRef(path=editions[max(editions)], base=listing.base)


def read_granule(path: Path) -> xr.Dataset:
    """The yearly shares, in per cent.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``generation_share`` and ``capacity_share``; a year of zeros everywhere is left out.

    Raises
    ------
    BadGranule
        When title, header or a row is not what the table has.
    """
    text = expect_text(path, _DATASET, encoding="latin-1")
    if not text.endswith("\n"):
        raise BadGranule(_DATASET, "truncated: the last line breaks off without a line end", "fetch it again")
    lines = text.splitlines()
    if len(lines) < 3 or not lines[0].strip('"').startswith(_TITLE):
        raise BadGranule(_DATASET, "does not begin with the title of the table", "has the provider changed its layout?")
    header, *rows = csv.reader(lines[2:])
    if header[:2] != _HEAD or not all(re.fullmatch(r"\d{4}", year) for year in header[2:]):
        raise BadGranule(_DATASET, f"the header is {','.join(header)[:80]!r}", "has the provider changed its layout?")
    if wrong := [row for row in rows if len(row) != len(header)]:
        problem = f"a row of {wrong[0][:1]} has {len(wrong[0])} cells and not {len(header)}"
        raise BadGranule(_DATASET, problem, "fetch it again")
    if unknown := {row[1] for row in rows} - set(_COLUMNS):
        raise BadGranule(_DATASET, f"a row about {unknown.pop()!r}", "has the provider changed its layout?")
    years = [int(year) for year in header[2:]]
    unpublished = {
        (name, year)
        for name in _COLUMNS
        for n, year in enumerate(years, 2)
        if all(float(row[n] or 0) == 0 for row in rows if row[1] == name)
    }
    cells = (cell for row in rows for cell in _cells(row, years, unpublished))
    return by_country_and_year(cells, _DATASET, units=dict.fromkeys(_COLUMNS.values(), "percent"))


def _cells(row: list[str], years: list[int], unpublished: set[tuple[str, int]]) -> Iterator[Cell]:
    code = _NAMES.get(row[0])
    for year, text in zip(years, row[2:], strict=True):
        if code and (row[1], year) not in unpublished:
            yield code, year, _COLUMNS[row[1]], cell_value(text, _DATASET)
