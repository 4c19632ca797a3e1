"""Heavy work in a process of its own, within limits of time and memory: what kills it is one failed run.

``python -m jobs.worker MEMORY_MB SECONDS ARGUMENTS…`` is ``caspian-env ARGUMENTS…`` inside those limits. The process sets
them itself, since nothing may run between fork and exec of a service that has threads.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from caspian_env.catalog.ledger import HANDED_BACK, INTERRUPTED, TRANSIENT
from caspian_env.workflows.holder import holder_of

COMMAND = (sys.executable, "-m", "jobs.worker")
LOOK_SECONDS = 0.1
UNWIND_SECONDS = 15.0  # for the ledger entry of a worker that is told to stop
ORPHAN_SECONDS = 60  # beyond its limit, for a worker whose service is gone


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take: address space in MB (2**20 bytes) and seconds on the clock."""

    memory_mb: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """How a worker ended: its exit code, who it was, and why it did not end by itself or did not end well.

    ``cause`` is that of the ledger: whether it was handed back, ended in the middle of its work, or gave up.
    """

    exit_code: int
    holder: str
    why: str
    cause: str


def run_worker(
    arguments: Sequence[str], limits: Limits, hand_back: Event, command: Sequence[str] = COMMAND,
    started: Callable[[int], None] = lambda process_id: None, aloud: bool = False,
) -> Ended:  # fmt: skip
    """Run ``caspian-env ARGUMENTS`` in a process within limits and wait for it; ``hand_back`` stops it early.

    ``aloud`` says that its standard output is that of this process; else nobody hears it.
    """
    words = [*command, str(limits.memory_mb), f"{limits.seconds:.0f}", *arguments]
    # A session of its own: Ctrl-C on a terminal reaches the service alone, which then stops in good order.
    # What a command prints for people is in its logs too, save for alerts.
    output = None if aloud else subprocess.DEVNULL
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, start_new_session=True) as child:
        holder = holder_of(child.pid)
        started(child.pid)
        end, why = time.monotonic() + limits.seconds, ""
        while child.poll() is None and not why:
            if hand_back.wait(LOOK_SECONDS):
                why = "handed back, because the service stops"
            elif time.monotonic() > end:
                why = f"stopped after {limits.seconds / 60:.0f} minutes, the limit of a job"
        if why:
            _stop(child)
        code = child.wait()
        cause = HANDED_BACK if hand_back.is_set() and why else INTERRUPTED if why or code < 0 else TRANSIENT
        return Ended(code, holder, why or _in_words(code), cause)


def main(arguments: Sequence[str] | None = None) -> None:
    """Set the limits of this process, then be ``caspian-env``."""
    memory_mb, seconds, *rest = sys.argv[1:] if arguments is None else arguments
    size = int(memory_mb) * 2**20
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        size = min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (size, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(int(seconds) + ORPHAN_SECONDS)

    from caspian_env.cli import main as caspian_env

    caspian_env(rest, as_a_service=True)


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Ask the worker to unwind, so that it closes its run itself; end it when it does not."""
    _signal(child, signal.SIGTERM)
    try:
        child.wait(UNWIND_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    if child.poll() is None:  # not reaped yet, so the group is still its own
        os.killpg(child.pid, number)


def _in_words(exit_code: int) -> str:
    if exit_code < 0:
        return f"the worker was killed by {signal.Signals(-exit_code).name}"
    return f"the worker ended with exit code {exit_code}"


if __name__ == "__main__":
    main()
