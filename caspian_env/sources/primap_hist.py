"""Emissions of every country since 1750, from many sources: PRIMAP-hist (Gütschow et al.), on Zenodo.

The file holds each number in two scenarios: HISTCR puts what countries reported first, HISTTP third-party estimates.
They are two series under two names; taken together they would count everything twice. National totals without land use
(category M.0.EL) are read, of all gases in each set of warming potentials that the edition has, and of methane as mass.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, NotPublished, TransportError
from caspian_env.formats.country_years import LITTORAL, WORLD, Cell, by_country_and_year, cell_value
from caspian_env.formats.first_bytes import kind
from caspian_env.formats.provider_csv import rows_of, years_of
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "primap_hist"
_NEWEST = "api/records?q=conceptrecid:4479171&sort=mostrecent&size=1"
_NAME = re.compile(r"PRIMAP-hist_v[\d.]+_final_\d{1,2}-[A-Z][a-z]{2}-\d{4}\.csv$")
_SOURCE, _SCENARIO, _AREA, _CATEGORY = "source", "scenario (PRIMAP-hist)", "area (ISO3)", "category (IPCC2006_PRIMAP)"
_HEADER = (_SOURCE, _SCENARIO, _AREA, "entity", "unit", _CATEGORY)
_SCENARIOS = ("HISTCR", "HISTTP")
_NATIONAL_TOTAL = "M.0.EL"
_ENTITIES = {f"KYOTOGHG ({report}GWP100)": "CO2" for report in ("AR4", "AR5", "AR6")} | {"CH4": "CH4"}
_UNITS = {f"{entity}, {scenario}": "Gg" for entity in _ENTITIES for scenario in _SCENARIOS}
_UNIT = re.compile(r"^(\w+) \* gigagram / (?:a|yr|year)$")
_LONGEST_HEADER = 100_000
_VERSION = re.compile(r"^PRIMAP-hist_v(\d+(?:\.\d+)+)")


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The newest edition as the archive of the provider names it, and the editions that the seed knows.

    Where the archive does not say which is the newest, those that the seed knows come before the error.
    """
    known = [str(path) for path in options["editions"]]
    failure: TransportError | None = None
    try:
        answer = json.loads(http.document(_NEWEST).text)
        record = answer["hits"]["hits"][0]
        names = [str(file["key"]) for file in record["files"]]
        newest = [f"records/{int(record['id'])}/files/{name}" for name in names if _NAME.search(name)]
    except TransportError as error:
        newest = []  # one of the known editions will be there
        failure = None if isinstance(error, NotPublished) else error  # a mirror need not have the list
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise BadGranule(
            _DATASET, f"the list of editions is not read ({error!r:.60})", "has Zenodo changed?"
        ) from error
    paths = list(dict.fromkeys([*newest, *known]))
    yield GranuleRef(path=paths[0], editions=paths[1:])
    if failure:
        raise failure


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """National totals by year of the littoral states and the world.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        Columns named ``entity, scenario``: Gg of carbon dioxide equivalent, or of methane.

    Raises
    ------
    BadGranule
        When the header or a unit is another, the file breaks off, or holds several versions or no national total.
    """
    header, rows = _rows(path)
    years = years_of(header)
    cells: list[Cell] = []
    versions = set()
    for row in rows:
        entity, scenario = row["entity"], row[_SCENARIO]
        if entity not in _ENTITIES or scenario not in _SCENARIOS or row[_CATEGORY] != _NATIONAL_TOTAL:
            continue
        unit = _UNIT.match(row["unit"])
        if unit is None or unit.group(1) != _ENTITIES[entity]:
            raise BadGranule(_DATASET, f"the unit of {entity} is {row['unit']!r}", "has the provider changed it?")
        versions.add(row[_SOURCE])
        column = f"{entity}, {scenario}"
        cells += [(row[_AREA], int(year), column, cell_value(row[year], _DATASET)) for year in years]
    if len(versions) != 1 or not (version := _VERSION.match(next(iter(versions)))):
        problem = f"national totals of {', '.join(sorted(versions)) or 'no version'} in one file"
        raise BadGranule(_DATASET, problem, "fetch it again")
    table = by_country_and_year(cells, _DATASET, units=_UNITS, product_version=versions.pop())
    table.attrs["edition"] = version.group(1)
    return table


def _rows(path: Path) -> tuple[list[str], Iterator[Mapping[str, str]]]:
    """The header, and the rows of our states: of 75 MB most lines are about others and are not taken apart."""
    if (found := kind(path)) != "text":
        raise BadGranule(
            _DATASET, "the file is empty" if found == "empty" else f"{found} in place of text", "try later"
        )
    with path.open("rb") as file:
        first = file.readline(_LONGEST_HEADER).decode("utf-8-sig", "replace")
        file.seek(-1, 2)
        whole = file.read() == b"\n"
    header = next(rows_of(csv.reader([first]), _DATASET), [])
    if missing := [name for name in _HEADER if name not in header]:
        raise BadGranule(_DATASET, f"the header has no {', '.join(missing)}", "has the provider changed its layout?")
    if not whole:
        raise BadGranule(_DATASET, "truncated: the last line breaks off without a line end", "fetch it again")
    return header, _own_rows(path, header)


def _own_rows(path: Path, header: list[str]) -> Iterator[Mapping[str, str]]:
    marks = tuple(f",{code}," for code in (*LITTORAL, *WORLD))
    with path.open(encoding="utf-8-sig", errors="replace") as file:  # a number with a broken letter is none
        next(file)
        for line in file:
            if _NATIONAL_TOTAL not in line or not any(mark in line for mark in marks):
                continue
            fields = next(rows_of(csv.reader([line]), _DATASET))
            if len(fields) != len(header):
                raise BadGranule(_DATASET, f"a row has {len(fields)} cells and not {len(header)}", "fetch it again")
            yield dict(zip(header, fields, strict=True))
