"""Published annual levels of the Caspian in the Baltic system, each with who printed it and when.

The table is kept by hand beside the other seeds. A dataset takes the rows of one place, the whole sea or a part of it: the
two differ by decimetres and are never one series. A reported level is never mixed with a measured one: it keeps its
status ``reported``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, NotPublished
from caspian_env.formats.table_text import number, read_lines, read_table, time_series
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "reported_levels"
_HEADER = ("year", "level_m", "place", "reported_on", "source", "url", "note")


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The one table, which comes with the platform."""
    yield GranuleRef(path="seed:reported_levels.csv", status="reported")


def published_by(table: bytes, day: date, *, options: Mapping[str, Any]) -> bytes:
    """The table as it could have been kept on a day: without the rows that were published later.

    Raises
    ------
    NotPublished
        When nothing of the place that the options name had been published.
    """
    lines = table.decode("utf-8").splitlines(keepends=True)
    rows = {
        n: dict(zip(_HEADER, cells, strict=False)) for n, line in enumerate(lines) for cells in csv.reader([line]) if n
    }
    later = {n for n, row in rows.items() if row.get("reported_on", "") > f"{day:%F}"}
    if rows and not any(row.get("place") == options["place"] for n, row in rows.items() if n not in later):
        raise NotPublished(_DATASET, f"no level of {options['place']} was published by {day:%F}", "ask for a later day")
    return "".join(line for n, line in enumerate(lines) if n not in later).encode()


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """Annual levels of the place that the options name.

    Returns
    -------
    xarray.Dataset, dims (time,)
        ``level_m`` (m above the zero of the Baltic system), stamped at January 1st of the year; ``status`` and
        ``source_note``.

    Raises
    ------
    BadGranule
        When a column, a source or a date of report is missing, or a year stands twice.
    """
    rows = read_table(read_lines(path, _DATASET), _HEADER, _DATASET)
    notes = [_source(row) for row in rows]
    kept = [(row, note) for row, note in zip(rows, notes, strict=True) if row["place"] == options["place"]]
    return time_series(
        [_year(row) for row, _ in kept],
        {"level_m": [number(row["level_m"], _DATASET) for row, _ in kept]},
        _DATASET,
        units={"level_m": "m"},
        words={"status": ["reported"] * len(kept), "source_note": [note for _, note in kept]},
    )


def _year(row: Mapping[str, str]) -> datetime:
    try:
        return datetime(int(row["year"]), 1, 1)
    except (ValueError, OverflowError) as error:
        raise BadGranule(_DATASET, f"{row['year'][:40]!r} is not a year", "mend seeds/reported_levels.csv") from error


def _source(row: Mapping[str, str]) -> str:
    try:
        reported_on = date.fromisoformat(row["reported_on"])
    except ValueError as error:
        problem = f"{row['year']}: {row['reported_on']!r} is not the date of a report"
        raise BadGranule(_DATASET, problem, "mend seeds/reported_levels.csv") from error
    if not row["source"]:
        raise BadGranule(_DATASET, f"{row['year']}: no source is named", "mend seeds/reported_levels.csv")
    return "; ".join(part for part in (f"{row['source']}, {reported_on:%F}", row["url"], row["note"]) if part)
