"""Packed windows kept between two readings: what a collection has inflated, a cube need not inflate again.

One small file a granule, named like it. It is a convenience and no record: it is not forced to the disk, and a file that
is cut, damaged or of another layout is as good as none.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.formats.alike import Pattern, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Spool:
    """The folder of one dataset; ``rows`` and ``columns`` are the part of the windows that is kept."""

    folder: Path
    rows: tuple[int, int]
    columns: tuple[int, int]

    def content(self, pattern: Pattern, window: Window) -> bytes:
        """What is kept of a window."""
        arrays = b"".join(array.tobytes() for array in self.part(window).packed.values())
        content = self._head(pattern) + window.time.tobytes() + arrays
        return hashlib.sha256(content).digest() + content

    def keep(self, name: str, content: bytes) -> None:
        """Keep it; where the disk takes no more, nothing is kept and nobody need know."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(content)
        except OSError:
            return

    def part(self, window: Window) -> Window:
        """The part of a window that is kept."""
        rows, columns = slice(*self.rows), slice(*self.columns)
        return Window(window.time, {name: array[rows, columns] for name, array in window.packed.items()})

    def take(self, name: str, pattern: Pattern, kinds: Mapping[str, str]) -> Window | None:
        """The part kept under a name, if it is whole and of this pattern; ``kinds`` are the packed types by variable."""
        import numpy as np

        try:
            content = (self.folder / name).read_bytes()
        except OSError:
            return None
        digest, content = content[:_DIGEST], content[_DIGEST:]
        head = self._head(pattern)
        if hashlib.sha256(content).digest() != digest or not content.startswith(head):
            return None
        at = len(head) + 8
        time = np.frombuffer(content[len(head) : at], "datetime64[us]")
        rows, columns = (end - begin for begin, end in (self.rows, self.columns))
        packed: dict[str, NDArray[Any]] = {}
        for variable, kind in kinds.items():
            size = rows * columns * np.dtype(kind).itemsize
            packed[variable] = np.frombuffer(content[at : at + size], kind).reshape(rows, columns)
            at += size
        return Window(time, packed) if at == len(content) else None

    def _head(self, pattern: Pattern) -> bytes:
        where = (pattern.rows, pattern.columns, self.rows, self.columns)
        return repr((pattern.layout, where, list(pattern.packings))).encode() + b"\n"


def drop_old_windows(folder: Path, seconds: float) -> None:
    """Forget what was kept longer ago: granules that were superseded before their cube was built."""
    if folder.is_dir():
        for path in folder.iterdir():
            if time.time() - path.stat().st_mtime > seconds:
                path.unlink(missing_ok=True)


def drop_windows(folder: Path, names: Iterable[str]) -> None:
    """Forget the windows kept in a folder under these names."""
    if folder.is_dir():
        for name in names:
            (folder / name).unlink(missing_ok=True)
