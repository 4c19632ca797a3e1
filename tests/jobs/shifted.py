"""The service, its workers and ``caspian-env`` as real processes whose clock is shifted, and workers that break.

``python shifted.py SECONDS FAULT:DATASET jobs|worker|caspian-env ARGUMENTS…``; the fault hits the ingest of one dataset
in the middle of its first granule, or (``early``) before it could claim anything; ``KIND-once`` leaves later attempts in
peace. ``RETRY_SECONDS`` and ``HOLD_SECONDS`` say how long the service waits with another attempt, and for one.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from caspian_env import wiring
from caspian_env.cli import main as caspian_env
from caspian_env.workflows import ingest
from jobs import dispatch, schedule, service, worker
from jobs.shift import Timing

SHIFT, FAULT, ROLE, *ARGUMENTS = sys.argv[1:]
OBSERVE = ingest.observe
FAST = Timing(lease_seconds=20, renew_seconds=0.5, standby_seconds=0.5, stop_seconds=4, look_seconds=0.2)


def shifted() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(SHIFT))


def break_down(*given: object, **named: object) -> object:
    kind, _, once = FAULT.partition(":")[0].partition("-")
    if once:
        try:
            Path("broken-down").touch(exist_ok=False)
        except FileExistsError:
            return OBSERVE(*given, **named)
    if kind == "segfault":
        ctypes.string_at(0)
    elif kind in ("kill", "early"):
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "memory":
        held = [bytearray(2**26) for _ in range(10_000)]
        raise AssertionError(f"{len(held)} blocks of 64 MB were to be had: there is no limit")
    elif kind == "hang":
        time.sleep(600)
    elif kind == "asleep":
        os.kill(os.getpid(), signal.SIGSTOP)
        return OBSERVE(*given, **named)
    raise AssertionError(f"{kind} did not break it")


def tell_of_sockets(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        sys.stdout.write(
            f"AUDIT {event} {arguments[1:] if event in ('socket.bind', 'socket.connect') else arguments}\n"
        )
        sys.stdout.flush()


def main() -> None:
    wiring.open_platform.__wrapped__.__kwdefaults__["clock"] = shifted
    kind, _, dataset = FAULT.partition(":")
    if ROLE == "worker" and dataset in ARGUMENTS:
        if kind == "early":
            break_down()
        ingest.observe = break_down
    if ROLE == "jobs":
        sys.addaudithook(tell_of_sockets)
        dispatch.RETRY_AFTER = timedelta(seconds=float(os.environ.get("RETRY_SECONDS", "3600")))
        dispatch.HOLD_BACK = timedelta(seconds=float(os.environ.get("HOLD_SECONDS", "0")))
        dispatch.LOOK_AFTER_OTHERS = timedelta(seconds=1)
        schedule.FIRST_MINUTE += int(os.environ.get("MINUTES_LATER", "0"))
        command = [sys.executable, __file__, SHIFT, FAULT, "worker"]
        service.main(ARGUMENTS, clock=shifted, command=command, timing=FAST)
    elif ROLE == "worker":
        worker.main(ARGUMENTS)
    else:
        caspian_env(ARGUMENTS)


if __name__ == "__main__":
    main()
