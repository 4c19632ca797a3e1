"""Files of a folder that stands in for the network: a mirror on disk, or the seeds. Nothing outside is ever read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from caspian_env.errors import NotPublished, RefusedAnswer, Unreachable
from caspian_env.formats.http_answers import too_large

CHUNK = 1 << 20  # each piece is waited for by threads that hash and store others, so a few large ones
ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)


@contextmanager
def opened(root: Path, name: str, subject: str, limit: int) -> Iterator[Iterator[bytes]]:
    """The bytes of a file below ``root``, for as long as the block lasts.

    Raises
    ------
    NotPublished
        When there is no such file.
    RefusedAnswer
        When it holds more than ``limit`` bytes, lies outside ``root`` or may not be read.
    Unreachable
        When the folder or the disk fails; also while the bytes are read.
    """
    path = path_inside(root, name, subject)
    with _disk_errors(root, subject):
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise NotPublished(subject, f"is not a file in {root}")
        if status.st_size > limit:
            raise too_large(subject, limit)
        file = path.open("rb")
    with file:
        yield _chunks(file, subject, limit)


def folder_names(root: Path, name: str, subject: str) -> list[str]:
    """Names in a folder below ``root``, sorted; folders end with ``/``.

    Raises
    ------
    NotPublished, RefusedAnswer, Unreachable
        As ``opened``.
    """
    path = path_inside(root, name, subject)
    with _disk_errors(root, subject), os.scandir(path) as entries:
        return sorted(entry.name + "/" * entry.is_dir() for entry in entries)


def path_inside(root: Path, name: str, subject: str) -> Path:
    """The place of ``name`` below the folder ``root``, links resolved.

    Raises
    ------
    RefusedAnswer
        When the name, or a link on its way, leads out of the folder.
    Unreachable
        When the folder itself is not there, as with a disk that is not mounted.
    """
    if not root.is_dir():
        raise Unreachable(subject, f"the folder {root} is not there", "mount it, or correct the setting")
    outside = RefusedAnswer(subject, f"leads out of the folder {root}", "keep names and links inside it")
    if name.startswith("/") or "\0" in name or {".", ".."} & set(name.replace("\\", "/").split("/")):
        raise outside
    try:
        path = (root / name).resolve()
    except RuntimeError as error:  # a loop of links, on Python before 3.13
        raise NotPublished(subject, f"is a loop of links in {root}") from error
    if not path.is_relative_to(root.resolve()):
        raise outside
    return path


def _chunks(file: BinaryIO, subject: str, limit: int) -> Iterator[bytes]:
    total = 0
    while True:
        try:
            chunk = file.read(CHUNK)
        except OSError as error:
            raise Unreachable(subject, f"the disk failed: {error}", "check the disk") from error
        if not chunk:
            return
        total += len(chunk)
        if total > limit:  # it grew since it was opened
            raise too_large(subject, limit)
        yield chunk


@contextmanager
def _disk_errors(root: Path, subject: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in ABSENT:
            raise NotPublished(subject, f"is not in {root}") from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise RefusedAnswer(subject, f"may not be read: {error}", "check its permissions") from error
        raise Unreachable(subject, f"the disk failed: {error}", "check the disk") from error
