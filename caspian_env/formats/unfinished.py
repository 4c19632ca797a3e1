"""Files that are being written: they bear the name of the process that writes them, so that others know whose they are.

A file ``OWNER.abcdefgh.part`` gets its final name when it is complete. What a killed process left behind is removed by
the next one: at once where the owner is known to be gone, and after a day where nobody can tell.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

Gone = Callable[[str], bool]
SUFFIX = ".part"
ABANDONED_SECONDS = 24 * 3600.0


def new_unfinished(folder: Path, owner: str) -> tuple[int, Path]:
    """A new empty file, open for writing: its descriptor and place; OSError where the disk refuses."""
    folder.mkdir(parents=True, exist_ok=True)
    # The names of processes have colons, which not every file system takes.
    handle, name = tempfile.mkstemp(prefix=f"{quote(owner, safe='')}." if owner else None, suffix=SUFFIX, dir=folder)
    return handle, Path(name)


def owner_of(path: Path) -> str:
    """Which process writes the file, '' where its name does not say."""
    named = path.name.rsplit(".", 2)
    return unquote(named[0]) if len(named) == 3 else ""


def untouched(folder: Path, now: float, seconds: float) -> list[Path]:
    """The unfinished files of a folder that have not been touched for so long."""
    return [path for path in sorted(folder.glob(f"*{SUFFIX}")) if _is_older(path, now - seconds)]


def sweep(folder: Path, gone: Gone, now: float | None = None) -> int:
    """Remove unfinished files whose owner is ``gone`` or that nobody touched for a day; gives how many went.

    Parameters
    ----------
    gone : callable
        Whether a process is known to be dead; False in doubt.
    now : float, optional
        Seconds since 1970 to judge by, the present if left out.
    """
    oldest = (time.time() if now is None else now) - ABANDONED_SECONDS
    left = [path for path in sorted(folder.glob(f"*{SUFFIX}")) if gone(owner_of(path)) or _is_older(path, oldest)]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def nobody_is_gone(_: str) -> bool:
    """Age alone tells."""
    return False


def _is_older(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:  # its owner, or another sweep, was faster
        return False
