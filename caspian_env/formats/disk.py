"""What a disk refuses, said so that somebody can help: which folder, what was to be written there, and what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from caspian_env.errors import DiskError, DiskFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
# A library that writes by itself does not say why it failed. Writers fill a disk to its last block before they do.
NO_ROOM_BYTES = 1_000_000
MAKE_ROOM = (
    "free space here or raise the quota; caspian-env archive prune names what may go; then caspian-env run repairs"
)


def free_bytes(folder: Path) -> int | None:
    """Room on the disk of a folder, which need not be there yet; None where nobody can tell."""
    try:
        return shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.is_dir())).free
    except (OSError, StopIteration):
        return None


def disk_error(error: BaseException, folder: Path, what: str) -> DiskError:
    """What a disk or a library that writes to it complains of, as an error of ours.

    Parameters
    ----------
    folder : Path
        Where something was to be written.
    what : str
        What that was, with its article.
    """
    number = getattr(error, "errno", None)
    said = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
    free = free_bytes(folder)
    if number in FULL or (not isinstance(number, int) and free is not None and free < NO_ROOM_BYTES):
        left = "" if free is None else f", {free / 1e6:.1f} MB free"
        return DiskFull(str(folder), f"there is no room left to write {what} ({said}{left})", MAKE_ROOM)
    if number in READ_ONLY:
        remedy = "give this user the right to write there, or mount the disk for writing; then run again"
    else:
        remedy = "check the disk, its room and the rights of the folder; then run again"
    return DiskError(str(folder), f"{what} cannot be written: {said}", remedy)


@contextmanager
def writing(folder: Path, what: str) -> Iterator[None]:
    """Turn what the disk complains of inside the block into a DiskError; only disk operations belong there."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, folder, what) from error


def sync(path: Path) -> None:
    """Have the bytes of a file, or the names in a folder, survive a power cut; only POSIX systems can open a folder for it."""
    if os.name != "posix" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def discard(path: Path) -> None:
    """Remove an unfinished file and give its room back, also where a library that failed still holds it open."""
    with suppress(OSError):
        os.truncate(path, 0)
    with suppress(OSError):  # where a disk takes nothing any more, a later sweep removes it
        path.unlink()
