"""Sheets of workbooks, old (.xls) and new (.xlsx), as rows of plain cells. Macros and links to other files stay shut."""

from __future__ import annotations

import io
import math
import struct
import warnings
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from caspian_env.errors import BadGranule

Cell = str | float | datetime | None
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
UNPACKED_BYTES = 256_000_000  # of all parts of a workbook together
REMEDY = "open it in a spreadsheet program, and save it again"


def is_workbook(content: bytes) -> bool:
    """Whether the first bytes are those of a workbook, old or new."""
    return content.startswith((ZIP, OLE))


def sheet_rows(content: bytes, dataset: str, *, sheet: str | None = None) -> list[list[Cell]]:
    """The cells of one sheet, row by row from the first; the first sheet if none is named.

    Parameters
    ----------
    content : bytes
        The workbook.
    dataset : str
        Named in the error.
    sheet : str, optional
        Name of the sheet.

    Raises
    ------
    BadGranule
        When it is no sound workbook, has no such sheet, or holds a formula whose result was never stored.
    """
    if content.startswith(OLE):
        return _old(content, dataset, sheet)
    if content.startswith(ZIP):
        return _new(content, dataset, sheet)
    raise BadGranule(dataset, "is no workbook by its first bytes", REMEDY)


def column_letter(n: int) -> str:
    """Name of the n-th column, from 0: A, B, … Z, AA."""
    letters = ""
    n += 1
    while n:
        n, rest = divmod(n - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _new(content: bytes, dataset: str, sheet: str | None) -> list[list[Cell]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            # zipfile gives no more of a part than its directory declares, so the sum is a limit that holds.
            unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > UNPACKED_BYTES:
            raise BadGranule(dataset, f"the workbook unpacks to more than {UNPACKED_BYTES} bytes", REMEDY)
        values, formulas = (_sheet(content, dataset, sheet, stored=stored) for stored in (True, False))
    except (BadGranule, MemoryError):
        raise
    except Exception as error:
        # openpyxl has no error of its own for damage: each part fails in its own way, and so do zlib and the XML parser.
        raise BadGranule(dataset, f"the workbook is damaged ({type(error).__name__})", REMEDY) from error
    for n, (row, behind) in enumerate(zip(values, formulas, strict=True), 1):
        for k, (cell, formula) in enumerate(zip(row, behind, strict=True)):
            if cell is None and formula is not None:
                place = f"cell {column_letter(k)}{n}"
                raise BadGranule(dataset, f"{place} is a formula whose result is not stored", REMEDY)
    return [[_plain(cell, dataset, n, k) for k, cell in enumerate(row)] for n, row in enumerate(values, 1)]


def _sheet(content: bytes, dataset: str, sheet: str | None, *, stored: bool) -> list[tuple[Any, ...]]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they tell of colours and drop-down lists that are not kept
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=stored, keep_links=False)
        try:
            found = book[_chosen(book.sheetnames, dataset, sheet)]
            found.reset_dimensions()  # a program's word about the size of its sheet is often wrong
            rows = [tuple(row) for row in found.iter_rows(values_only=True)]
        finally:
            book.close()
    widest = max(map(len, rows), default=0)
    return [row + (None,) * (widest - len(row)) for row in rows]


def _old(content: bytes, dataset: str, sheet: str | None) -> list[list[Cell]]:
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=content, logfile=io.StringIO())
        found = book.sheet_by_name(_chosen(book.sheet_names(), dataset, sheet))
        return [[_old_cell(cell, book.datemode) for cell in found.row(n)] for n in range(found.nrows)]
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, xlrd.xldate.XLDateError) as error:
        raise BadGranule(dataset, f"the workbook is damaged: {str(error)[:120]}", REMEDY) from error
    except (AssertionError, IndexError, KeyError, ValueError, OverflowError, struct.error) as error:
        raise BadGranule(dataset, f"the workbook is damaged ({type(error).__name__})", REMEDY) from error


def _old_cell(cell: Any, datemode: int) -> Cell:
    import xlrd

    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if cell.ctype == xlrd.XL_CELL_DATE:
        moment: datetime = xlrd.xldate_as_datetime(cell.value, datemode)
        return moment
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
    return float(cell.value) if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_BOOLEAN) else str(cell.value)


def _chosen(names: Sequence[str], dataset: str, sheet: str | None) -> str:
    if sheet is None and names:
        return names[0]
    if sheet not in names:
        raise BadGranule(dataset, f"has no sheet {sheet!r}", f"it has {', '.join(names)}")
    assert sheet is not None
    return sheet


def _plain(cell: Any, dataset: str, row: int, column: int) -> Cell:
    if cell is None or isinstance(cell, str | datetime):
        return cell
    if isinstance(cell, int | float) and math.isfinite(cell):
        return float(cell)
    if hasattr(cell, "year"):
        return datetime(cell.year, cell.month, cell.day)
    problem = f"cell {column_letter(column)}{row} holds {str(cell)[:40]!r}"
    raise BadGranule(dataset, problem, "a number, a date or a text is wanted")
