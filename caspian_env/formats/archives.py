"""Contents of zip and gzip files, in memory and within limits: an archive is a provider's word about itself.

Sizes are counted while they are inflated, never read from headers, and nothing is ever written to a disk.
"""

from __future__ import annotations

import gzip
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from caspian_env.errors import BadGranule
from caspian_env.formats.first_bytes import kind

CHUNK = 1 << 16
# 46 bytes and a name stand for a member in the directory at a zip file's end; a kilobyte each leaves room for comments.
DIRECTORY_BYTES_PER_MEMBER = 1024
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
NESTED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c", b"Rar!")
TAR_MARK = slice(257, 262)
UNSAFE_NAME = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|[\x00-\x1f]")
BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)
REMEDY = "look at the file in the archive; the provider's copy may be damaged"


def zip_members(
    path: Path | bytes,
    dataset: str,
    *,
    wanted: Callable[[str], bool] = lambda name: True,
    max_bytes: int = 512_000_000,
    max_members: int = 2000,
    nested: bool = False,
) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each wanted file of a zip archive, in the order of its directory, within limits.

    Parameters
    ----------
    path : Path or bytes
        The archive, or its bytes where it came out of another.
    dataset : str
        Whose file it is, for the error.
    wanted : callable
        Which names are read; all of them by default. Folders are never given.
    max_bytes : int
        Most bytes of all wanted files together, as they come out.
    max_members : int
        Most entries of the archive, wanted or not.
    nested : bool
        Whether a wanted file may be an archive itself, as a workbook is.

    Raises
    ------
    BadGranule
        When the file is no zip archive, is damaged or exceeds a limit; when any name in it climbs out, is absolute or
        comes twice; when a wanted file is encrypted, a link, packed by other means than deflate, or an archive itself
        that was not allowed. What was given before the error is sound by its own checksum.
    """
    if isinstance(path, Path) and (found := kind(path)) != "a zip archive":
        problem = "the file is empty" if found == "empty" else f"{found} in place of a zip archive"
        raise BadGranule(dataset, problem, "the provider may be under maintenance: try again later")
    with path.open("rb") if isinstance(path, Path) else io.BytesIO(path) as file:
        guarded = _Guarded(file, max(max_members * DIRECTORY_BYTES_PER_MEMBER, CHUNK))
        with _damage(dataset, "the zip archive is damaged"):
            archive = zipfile.ZipFile(guarded)
        with archive:
            left = max_bytes
            for entry in _sound_entries(archive, dataset, max_members):
                if entry.is_dir() or not wanted(entry.filename):
                    continue
                content = _inflated(archive, entry, dataset, left, nested)
                left -= len(content)
                yield entry.filename, content


def gunzip(path: Path, dataset: str, *, max_bytes: int = 1_000_000_000) -> bytes:
    """The whole content of a gzip file, checksums verified, if it is not more than ``max_bytes``.

    Raises
    ------
    BadGranule
        When the file is no gzip data, is cut off or damaged, or holds more.
    """
    if (found := kind(path)) != "gzip data":
        problem = "the file is empty" if found == "empty" else f"{found} in place of gzip data"
        raise BadGranule(dataset, problem, "the provider may be under maintenance: try again later")
    with _damage(dataset, "the gzip data are damaged"), gzip.open(path, "rb") as file:
        return _limited(file, dataset, max_bytes, path.name)


@dataclass(frozen=True, slots=True)
class _Guarded:
    """The archive as ``zipfile`` reads it: its directory, which comes in one piece, only if it is of a sane size."""

    file: BinaryIO
    most: int

    def read(self, count: int = -1) -> bytes:
        """Bytes from here on."""
        if count > self.most:
            raise ValueError("its directory is too large")
        return self.file.read(count)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """Where we are."""
        return self.file.tell()

    def seekable(self) -> bool:
        """Always."""
        return True


def _sound_entries(archive: zipfile.ZipFile, dataset: str, max_members: int) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > max_members:
        raise BadGranule(dataset, f"the archive has {len(entries)} members, more than {max_members}", REMEDY)
    names = set[str]()
    for entry in entries:
        # zipfile itself cuts a name at its first null byte, which is one way to hide another.
        if UNSAFE_NAME.search(entry.filename) or UNSAFE_NAME.search(entry.orig_filename):
            raise BadGranule(dataset, f"a member's name leads out of the archive: {entry.orig_filename!r}", REMEDY)
        if entry.filename in names:
            raise BadGranule(dataset, f"the archive has two members named {entry.filename!r}", REMEDY)
        names.add(entry.filename)
    return entries


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, dataset: str, most: int, nested: bool) -> bytes:
    name = entry.filename
    if entry.flag_bits & ENCRYPTED:
        raise BadGranule(dataset, f"member {name!r} is encrypted", "ask the provider; archives are read without keys")
    if entry.compress_type not in METHODS:
        raise BadGranule(dataset, f"member {name!r} is packed by method {entry.compress_type}, not deflate", REMEDY)
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise BadGranule(dataset, f"member {name!r} is a link", REMEDY)
    with _damage(dataset, f"member {name!r} is damaged"), archive.open(entry) as member:
        content = _limited(member, dataset, most, name)
    if not nested and (content.startswith(NESTED) or content[TAR_MARK] == b"ustar"):
        raise BadGranule(dataset, f"member {name!r} is an archive itself", "archives in archives are not opened")
    return content


def _limited(file: IO[bytes] | gzip.GzipFile, dataset: str, most: int, name: str) -> bytes:
    """All of ``file``, read in pieces so that a bomb is noticed when it has grown one piece too far."""
    pieces, left = [], most
    while piece := file.read(CHUNK):
        left -= len(piece)
        if left < 0:
            raise BadGranule(dataset, f"{name!r} unpacks to more than the {most} bytes allowed here", REMEDY)
        pieces.append(piece)
    return b"".join(pieces)


@contextmanager
def _damage(dataset: str, what: str) -> Iterator[None]:
    """Turn what zipfile, gzip and zlib raise on damaged bytes into ours."""
    try:
        yield
    except BROKEN as error:
        raise BadGranule(dataset, f"{what}: {error}", REMEDY) from error
    except RuntimeError as error:  # zipfile's word for members that need a password
        raise BadGranule(dataset, f"{what}: {error}", REMEDY) from error
