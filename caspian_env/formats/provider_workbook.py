"""Sheets of a provider's .xlsx workbook as its spreadsheet program last stored them, opened once.

Results of formulas are taken where they are stored and are empty where not: a provider's spare columns are no damage.
Files that people send in are read by ``workbooks``, which complains about such cells. No macro, no link is followed.
"""

from __future__ import annotations

import math
import warnings
import zipfile
from pathlib import Path
from typing import Any

from caspian_env.errors import BadGranule
from caspian_env.formats.first_bytes import kind
from caspian_env.formats.workbooks import UNPACKED_BYTES

Cell = str | float | None
Sheets = dict[str, list[list[Cell]]]


def workbook_sheets(path: Path, dataset: str, *names: str) -> Sheets:
    """The rows of the sheets named, all of one length; the first sheet always, by its own name.

    Raises
    ------
    BadGranule
        When the file is no sound workbook, or lacks a sheet.
    """
    if (found := kind(path)) != "a zip archive":
        problem = "the file is empty" if found == "empty" else f"{found} in place of a workbook"
        raise BadGranule(dataset, problem, "the provider may be under maintenance: try again later")
    try:
        with zipfile.ZipFile(path) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > UNPACKED_BYTES:
            raise BadGranule(dataset, f"the workbook unpacks to more than {UNPACKED_BYTES} bytes", "look at the file")
        return _read(path, dataset, names)
    except (BadGranule, MemoryError):
        raise
    except Exception as error:
        # openpyxl has no error of its own for damage: each part fails in its own way, and so do zlib and the XML parser.
        raise BadGranule(dataset, f"the workbook is damaged ({type(error).__name__})", "fetch it again") from error


def written_on(path: Path) -> str:
    """The newest day on which a part of a workbook was written, by its zip archive; '' where it holds no such day.

    The days in a workbook's properties are often those of the template that it was filled into.
    """
    with zipfile.ZipFile(path) as parts:
        newest = max((part.date_time[:3] for part in parts.infolist()), default=(1980, 1, 1))
    year, month, day = newest
    return f"{year:04}-{month:02}-{day:02}" if year > 1980 else ""  # 1980-01-01 is what zip has in place of no day


def _read(path: Path, dataset: str, names: tuple[str, ...]) -> Sheets:
    import openpyxl

    # The archive gives files no extension, and openpyxl wants one where it is told a name.
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they tell of colours and drop-down lists that are not kept
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            if missing := [name for name in names if name not in book.sheetnames]:
                problem = f"the workbook has no sheet {', '.join(missing)}"
                raise BadGranule(dataset, problem, f"it has {', '.join(book.sheetnames)[:200]}")
            return {name: _rows(book[name]) for name in dict.fromkeys((book.sheetnames[0], *names))}
        finally:
            book.close()


def _rows(sheet: Any) -> list[list[Cell]]:
    sheet.reset_dimensions()  # a program's word about the size of its sheet is often wrong
    rows = [[_plain(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    widest = max(map(len, rows), default=0)
    return [row + [None] * (widest - len(row)) for row in rows]


def _plain(cell: Any) -> Cell:
    if cell is None or isinstance(cell, str):
        return cell
    return float(cell) if isinstance(cell, int | float) and math.isfinite(cell) else str(cell)
