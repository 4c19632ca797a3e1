"""Which process holds a claim, and whether it is known to be gone.

A holder is written as ``host:process-id:machine-start``. The last part tells a restarted machine, another container and
a process id that is used again from the process that was meant; without it (no ``/proc``) nobody is known to be gone,
and a claim is free again when its lease has run out.
"""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from pathlib import Path

UNKNOWN = "?"


def holder_of(process_id: int | None = None) -> str:
    """The name of this process, or of another one on this machine, as a holder."""
    process_id = os.getpid() if process_id is None else process_id
    return f"{platform.node()}:{process_id}:{_machine()}-{_start_of(process_id) or UNKNOWN}"


def is_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that is no more; False in doubt."""
    try:
        node, process_id, mark = holder.rsplit(":", 2)
        machine, _, start = mark.rpartition("-")
        number = int(process_id)
    except ValueError:
        return False
    if node != platform.node() or machine != _machine() or UNKNOWN in (machine, start):
        return False
    return _start_of(number) != start


def in_words(holder: str | None) -> str:
    """For a line on a terminal."""
    node, _, rest = (holder or "").partition(":")
    return f"process {rest.partition(':')[0]} on {node}" if rest else "an unknown process"


@cache
def _machine() -> str:
    """One boot of one machine, and one space of process ids on it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        space = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return UNKNOWN
    return hashlib.sha256(f"{boot}{space}".encode()).hexdigest()[:8]


def _start_of(process_id: int) -> str | None:
    """When a process started, in ticks since the boot; None when there is none, or only its remains."""
    try:
        text = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # proc(5): after the name in parentheses come the state (field 3) and, as field 22, the start time.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]
