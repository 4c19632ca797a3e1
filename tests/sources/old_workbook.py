"""Write workbooks in the format of Excel 97-2003 (BIFF8 in an OLE2 container), small ones, for tests.

As in the public descriptions of both formats: [MS-XLS] and [MS-CFB].
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR = 512
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
LEAST_STREAM = 4096  # shorter streams would live in the mini stream


def old_workbook(rows: Sequence[Sequence[str | float | None]], sheet: str = "Sheet1") -> bytes:
    """One sheet with these cells."""
    head = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    name = sheet.encode("utf-16-le")
    size_of_bound = 4 + 4 + 2 + 2 + len(name)
    start = len(head) + size_of_bound + 4
    bound = _record(0x0085, struct.pack("<IHBB", start, 0, len(sheet), 1) + name)
    cells = b"".join(_cell(i, k, cell) for i, row in enumerate(rows) for k, cell in enumerate(row) if cell is not None)
    own = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    return _container(head + bound + _record(0x000A, b"") + own + cells + _record(0x000A, b""))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _cell(row: int, column: int, cell: str | float) -> bytes:
    if isinstance(cell, str):
        return _record(0x0204, struct.pack("<HHHHB", row, column, 0, len(cell), 1) + cell.encode("utf-16-le"))
    return _record(0x0203, struct.pack("<HHHd", row, column, 0, cell))


def _container(stream: bytes) -> bytes:
    stream = stream.ljust(LEAST_STREAM, b"\0")
    stream += b"\0" * (-len(stream) % SECTOR)
    n = len(stream) // SECTOR
    assert n + 2 <= SECTOR // 4, "one sector of the allocation table is enough for tests"
    fat = [*range(1, n), END, END, FAT]  # the stream, the directory, the table itself
    table = struct.pack(f"<{SECTOR // 4}I", *fat, *[FREE] * (SECTOR // 4 - len(fat)))
    directory = _entry("Root Entry", 5, child=1) + _entry("Workbook", 2, first=0, size=len(stream))
    directory = directory.ljust(SECTOR, b"\0")
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"",
        0, 1, n, 0, LEAST_STREAM, END, 0, END, 0,
    )  # fmt: skip
    header += struct.pack("<109I", n + 1, *[FREE] * 108)
    return header + stream + directory + table


def _entry(name: str, kind: int, *, child: int = FREE, first: int = END, size: int = 0) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return struct.pack("<64sHBBIII16sIQQIQ", text, len(text), kind, 1, FREE, FREE, child, b"", 0, 0, 0, first, size)
