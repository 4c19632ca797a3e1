"""Comma-separated text as data portals export it: one header, quoted cells, and often no line end after the last row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from caspian_env.errors import BadGranule
from caspian_env.formats.first_bytes import expect_text

Row = TypeVar("Row", list[str], dict[str, str])
LAYOUT = "has the provider changed its layout, or somebody saved the file again?"


def csv_rows(
    path: Path, dataset: str, *, needed: Sequence[str], lower_case: bool = False, ended: bool = False
) -> Iterator[Mapping[str, str]]:
    """The rows below the first line, each as a mapping from column name to text.

    Parameters
    ----------
    needed : sequence of str
        Columns that must be there; others may come and go.
    lower_case : bool
        Whether column names are compared, and given, in lower case.
    ended : bool
        Whether the provider ends the last line too, so that one without its end is a transfer that broke off.

    Raises
    ------
    BadGranule
        When the file is not text or breaks off, a column is missing, nameless or named twice, a row has another number
        of cells than the header, or there is no row.
    """
    text = expect_text(path, dataset)
    if ended and not text.endswith("\n"):
        raise BadGranule(dataset, "truncated: the last line breaks off without a line end", "fetch it again")
    reader = csv.reader(io.StringIO(text, newline=""))
    header = _header(next(rows_of(reader, dataset), []), dataset, needed, lower_case=lower_case)
    empty = True
    for cells in rows_of(reader, dataset):
        if not cells:
            continue
        if len(cells) != len(header):
            problem = f"line {reader.line_num} has {len(cells)} cells and not {len(header)}"
            raise BadGranule(dataset, problem, "fetch it again, the transfer may have broken off")
        empty = False
        yield dict(zip(header, cells, strict=True))
    if empty:
        raise BadGranule(
            dataset, "a header without a single row", "the provider may be publishing now: try again later"
        )


def years_of(names: Sequence[str]) -> list[str]:
    """The column names that are years."""
    return [name for name in names if len(name) == 4 and name.isdecimal()]


def rows_of(reader: Iterator[Row], dataset: str) -> Iterator[Row]:
    """What a reader of the csv module gives, lists or mappings.

    Raises
    ------
    BadGranule
        When a line is none: a cell longer than any, for a quote that is never closed, or a carriage return within it.
    """
    try:
        yield from reader
    except csv.Error as error:
        raise BadGranule(dataset, f"cannot be read as rows: {error}", LAYOUT) from error


def _header(names: list[str], dataset: str, needed: Sequence[str], *, lower_case: bool) -> list[str]:
    header = [name.strip().lower() if lower_case else name.strip() for name in names]
    if len(header) == 1 and ";" in header[0]:
        raise BadGranule(dataset, "the separator is a semicolon, as a spreadsheet program writes it", LAYOUT)
    if missing := [name for name in needed if name not in header]:
        raise BadGranule(dataset, f"the header has no {', '.join(missing)}: {','.join(header)[:80]!r}", LAYOUT)
    if "" in header or len(set(header)) < len(header):
        raise BadGranule(dataset, "a column is nameless or named twice", LAYOUT)
    return header
