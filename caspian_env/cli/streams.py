"""The end of a command's output: a disk under it that takes nothing is an error that is told, and no traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from caspian_env.errors import DiskError
from caspian_env.formats.disk import FULL, MAKE_ROOM, READ_ONLY, disk_error


@contextmanager
def whole_output() -> Iterator[None]:
    """Write what is left of standard output before the block ends.

    Raises
    ------
    DiskError
        When the disk under standard output, or under a file that the command wrote, does not take it.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in FULL | READ_ONLY:
            raise
        if error.filename is not None:
            path = Path(os.fsdecode(error.filename)).absolute()
            raise disk_error(error, path.parent, path.name) from error
        drop(sys.stdout)
        problem = f"the disk under it does not take what the command says: {error.strerror}"
        raise DiskError("standard output", problem, MAKE_ROOM) from error
    finally:
        with as_far_as_it_goes():
            pass


@contextmanager
def as_far_as_it_goes() -> Iterator[None]:
    """Say something on standard error; where the disk under it takes nothing, nobody can be told that."""
    try:
        yield
        sys.stderr.flush()
    except OSError:
        drop(sys.stderr)


def drop(stream: TextIO) -> None:
    """Let nothing be left that the interpreter would try to write when it ends: it would fail, with a code of its own."""
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
