"""Renewable share of electricity capacity and generation: IRENA, table RESHARE of IRENASTAT.

A new table each half year, its edition in the name. A year that is not published yet stands as 0.00 for every area of the
world; such a year is missing, a zero of a single country is a value. The interface (PxWeb, version 1) gives a table as
JSON-stat 2.0; its web page exports the same as text, Latin-1 with CRLF, under a title line. Both are read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from caspian_env.errors import BadGranule
from caspian_env.formats.country_years import Cell, by_country_and_year, cell_value
from caspian_env.formats.first_bytes import expect_text
from caspian_env.formats.json_stat import json_stat_cells
from caspian_env.formats.provider_csv import rows_of
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "irena_renewables"
_TITLE = "Renewable energy share of electricity capacity and generation (%)"
_COLUMNS = {
    "RE share of electricity generation (%)": "generation_share",
    "RE share of electricity capacity (%)": "capacity_share",
}
_NAMES = {
    "Azerbaijan": "AZE", "Iran (Islamic Republic of)": "IRN", "Iran (IR)": "IRN", "Kazakhstan": "KAZ",
    "Russian Federation (the)": "RUS", "Russian Federation": "RUS", "Turkmenistan": "TKM", "World": "WLD",
}  # fmt: skip
# RESHARE_2024_H1.px, RE-SHARE_2025_H2_PX.px: the name keeps only its beginning, the year and the half.
_EDITION = re.compile(r"^RE-?SHARE_(\d{4})_(?:H|cycle)([12])[^/]*\.px$")
_AREA, _WHAT, _YEAR = "Region/country/area", "Indicator", "Year"


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The newest table that is listed."""
    listing = http.listing("")
    editions = {found.groups(): name for name in listing.names if (found := _EDITION.search(name))}
    if editions:
        yield GranuleRef(path=editions[max(editions)], base=listing.base, protocol="pxweb_table")


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
    with path.open("rb") as file:
        rows = _from_json(path) if file.read(1) == b"{" else _from_export(path)
    if unknown := {row.what for row in rows} - set(_COLUMNS):
        raise BadGranule(_DATASET, f"a row about {unknown.pop()!r}", "has the provider changed its layout?")
    published = {(row.what, row.year) for row in rows if row.value not in (0, None)}
    cells: Iterator[Cell] = (
        (_NAMES[row.area], row.year, _COLUMNS[row.what], row.value)
        for row in rows
        if row.area in _NAMES and row.value is not None and (row.what, row.year) in published
    )
    return by_country_and_year(cells, _DATASET, units=dict.fromkeys(_COLUMNS.values(), "percent"))


class _Row(NamedTuple):
    area: str
    what: str
    year: int
    value: float | None


def _from_json(path: Path) -> list[_Row]:
    """The rows of a table as the interface gives it, by the labels of their categories."""
    try:
        return [
            _Row(labels[_AREA], labels[_WHAT], int(labels[_YEAR]), value) for labels, value in json_stat_cells(path)
        ]
    except KeyError as error:
        raise BadGranule(_DATASET, f"the table has no dimension {error}", "has the provider changed it?") from error
    except ValueError as error:
        raise BadGranule(_DATASET, f"is not a table in JSON-stat 2.0: {error}", "fetch it again") from error


def _from_export(path: Path) -> list[_Row]:
    """The rows of a table as its web page exports it."""
    text = expect_text(path, _DATASET, encoding="latin-1")
    if not text.endswith("\n"):
        raise BadGranule(_DATASET, "truncated: the last line breaks off without a line end", "fetch it again")
    lines = text.splitlines()
    if len(lines) < 3 or not lines[0].strip('"').startswith(_TITLE):
        raise BadGranule(_DATASET, "does not begin with the title of the table", "has the provider changed its layout?")
    header, *rows = rows_of(csv.reader(lines[2:]), _DATASET)
    if header[:2] != [_AREA, _WHAT] or not all(re.fullmatch(r"\d{4}", year) for year in header[2:]):
        raise BadGranule(_DATASET, f"the header is {','.join(header)[:80]!r}", "has the provider changed its layout?")
    if wrong := [row for row in rows if len(row) != len(header)]:
        problem = f"a row of {wrong[0][:1]} has {len(wrong[0])} cells and not {len(header)}"
        raise BadGranule(_DATASET, problem, "fetch it again")
    return [
        _Row(row[0], row[1], int(year), None if isnan(value := cell_value(text, _DATASET)) else value)
        for row in rows
        for year, text in zip(header[2:], row[2:], strict=True)
    ]
