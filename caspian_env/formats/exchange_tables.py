"""One table of indicator values in three exchange formats: SDMX-CSV, a Frictionless data package, CSV on the Web.

The rows are the same in all of them; what differs is how the columns are described. Written are bytes by file name.
SDMX-CSV 1.0 with a data structure definition in SDMX-ML 2.1 (https://sdmx.org/), Data Package 1.0
(https://specs.frictionlessdata.io/), CSVW (https://www.w3.org/TR/tabular-data-model/).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caspian_env.formats.inert_cells import inert
from caspian_env.formats.sdmx_structure import FLOW, About, Column, structure, unit_code

DATA, REPORTED, WITHHELD = "indicators.csv", "reported.csv", "withheld.csv"


COLUMNS = (
    Column("INDICATOR", True, False, "Id of the indicator"),
    Column("REF_AREA", True, False, "Id of the place; ISO 3166-1 alpha-3 of countries"),
    Column("TIME_PERIOD", True, False, "Year, month, or first day and ISO 8601 duration"),
    Column("OBS_VALUE", False, True, "Value in UNIT_MEASURE"),
    Column("UNIT_MEASURE", False, False, "Unit, UDUNITS spelling; in SDMX its code"),
    Column("STD_UNCERTAINTY", False, True, "Standard uncertainty (k=1); empty where the sources state none"),
    Column("CI_LOW", False, True, "Lower end of the interval"),
    Column("CI_HIGH", False, True, "Upper end of the interval"),
    Column("CI_LEVEL", False, True, "Nominal coverage of the interval"),
    Column("N_VALID", False, True, "Inputs that were there"),
    Column("N_EXPECTED", False, True, "Inputs that were wanted"),
    Column("OBS_STATUS_WORD", False, False, "final, reported, estimated, preliminary"),
    Column("QC_FLAG", False, True, "QARTOD roll-up of the inputs"),
    Column("DATUM", False, False, "Vertical reference of heights"),
    Column("METHOD_VERSION", False, False, "Version of the method"),
    Column("BASE_YEAR", False, True, "Base year, where the number is against one"),
    Column("GWP_SET", False, False, "100-year warming potentials"),
    Column("LULUCF", False, False, "Whether land use is in it"),
    Column("TARGET", False, False, "Id of the target that the number is about"),
    Column("SOURCES", False, False, "Ids of the datasets it was made from"),
    Column("EDITION", False, False, "Editions of these"),
    Column("LICENCE", False, False, "Licences of the inputs"),
    Column("KNOWN_FROM", False, False, "Since when this value is known, UTC"),
    Column("THEME", False, False, "Themes of COP29"),
    Column("SDG", False, False, "Target or indicator of the Sustainable Development Goals"),
    Column("TEHRAN", False, False, "Article or protocol of the Tehran Convention"),
    Column("GCOS", False, False, "Essential climate variable of GCOS"),
    Column("WMO", False, False, "Headline climate indicator of WMO"),
    Column("TITLE", False, False, "What the number is"),
)
REPORTED_COLUMNS = (
    Column("QUANTITY", True, False, "Id of the quantity that somebody reported; no measurement of this platform"),
    Column("REF_AREA", True, False, "Id of the place; ISO 3166-1 alpha-3 of countries"),
    Column("TIME_PERIOD", True, False, "Year, month, or first day and ISO 8601 duration"),
    Column("VALUE", False, True, "Value as reported, in UNIT_MEASURE"),
    Column("UNIT_MEASURE", False, False, "Unit, UDUNITS spelling"),
    Column("REPORTED_BY", False, False, "Who said so"),
    Column("REPORTED_ON", False, False, "When it was said"),
    Column("SOURCE", False, False, "Where it can be read"),
    Column("LICENCE", False, False, "Under which licence"),
    Column("NOTE", False, False, "What to keep in mind"),
    Column("SIGNED_BY", False, False, "Who answers for the file that it was taken from"),
    Column("SIGNED_ON", False, False, "When that was signed"),
    Column("KNOWN_FROM", False, False, "Since when this value is known, UTC"),
    Column("THEME", False, False, "Theme of COP29"),
    Column("TITLE", False, False, "What the number is"),
)
WITHHELD_COLUMNS = (
    Column("INDICATOR", True, False, "Id of the indicator or reported quantity that is kept back"),
    Column("REF_AREA", True, False, "Id of the place"),
    Column("N_ROWS", False, True, "How many values are kept back"),
    Column("SOURCES", False, False, "Datasets whose rows they repeat, or who reported them"),
    Column("LICENCE", False, False, "Licence that keeps them back"),
)
Row = Mapping[str, Any]
TABLES: tuple[tuple[str, Sequence[Column], str], ...] = (
    (DATA, COLUMNS, "Indicator values"),
    (REPORTED, REPORTED_COLUMNS, "Numbers reported by persons"),
    (WITHHELD, WITHHELD_COLUMNS, "Kept back under licences that forbid passing rows on"),
)
Tables = Mapping[str, Sequence[Row]]  # the rows of each file of TABLES


def sdmx_csv(tables: Tables, about: About) -> dict[str, bytes]:
    """SDMX-CSV with its data structure definition and codelists; what was reported and kept back stands beside it.

    Units are codes there, whose names in the codelist are their spelling in the other formats.
    """
    names = ["DATAFLOW", *(column.name for column in COLUMNS)]
    rows = ({"DATAFLOW": FLOW, **row, "UNIT_MEASURE": unit_code(str(row["UNIT_MEASURE"]))} for row in tables[DATA])
    return {
        **_files(tables),
        DATA: _table(names, rows),
        "structure.xml": structure(COLUMNS, about),
    }


def data_package(tables: Tables, about: About) -> dict[str, bytes]:
    """A Frictionless data package: the tables and ``datapackage.json``."""
    package = {
        "name": "caspian-env-indicators", "title": about.title, "description": about.description,
        "created": about.created, "profile": "tabular-data-package",
        "resources": [_resource(name, columns, title, len(tables[name])) for name, columns, title in TABLES],
    }  # fmt: skip
    return {**_files(tables), "datapackage.json": _json(package)}


def csvw(tables: Tables, about: About) -> dict[str, bytes]:
    """CSV on the Web: the tables and ``csv-metadata.json``."""
    group = {
        "@context": "http://www.w3.org/ns/csvw",
        "dc:title": about.title, "dc:description": about.description, "dc:created": about.created,
        "tables": [
            {"url": name, "tableSchema": {"columns": [_csvw_column(c) for c in columns],
                                          "primaryKey": [c.name for c in columns if c.key]}}
            for name, columns, _ in TABLES
        ],
    }  # fmt: skip
    return {**_files(tables), "csv-metadata.json": _json(group)}


def _files(tables: Tables) -> dict[str, bytes]:
    return {name: _table([c.name for c in columns], tables[name]) for name, columns, _ in TABLES}


def _csvw_column(column: Column) -> Mapping[str, Any]:
    return {
        "name": column.name, "titles": column.name, "dc:description": column.meaning,
        "datatype": "number" if column.number else "string", "required": column.key,
    }  # fmt: skip


def _resource(name: str, columns: Sequence[Column], title: str, n: int) -> Mapping[str, Any]:
    fields = [
        {"name": c.name, "type": "number" if c.number else "string", "description": c.meaning,
         **({"constraints": {"required": True}} if c.key else {})}
        for c in columns
    ]  # fmt: skip
    schema = {"fields": fields, "primaryKey": [c.name for c in columns if c.key], "missingValues": [""]}
    return {
        "name": name.removesuffix(".csv"), "path": name, "title": f"{title}, {n} rows", "profile": "tabular-data-resource",
        "format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "schema": schema,
    }  # fmt: skip


def _table(names: Sequence[str], rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\r\n", extrasaction="ignore", restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(row.get(name)) for name in names})
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else inert(str(value))


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
