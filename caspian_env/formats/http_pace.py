"""Few requests to one host at a time and not too fast, counted over all processes that share a folder.

A place is the lock (``flock``) on one of two files of a host; the time of the last request stands in a third one. The
system drops a lock with its process however that ends, so nobody waits for the dead. Where the folder cannot be written
or the system has no such locks, the same limits hold within the process, and a warning says so.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from caspian_env.errors import Unreachable
from caspian_env.formats.http_requests import Request

PACE_SECONDS = 1.0  # between the beginnings of two requests to one provider: the least that several of them ask for
PARALLEL = 2  # requests to one provider at a time, downloads included
POLL_SECONDS = 0.05
TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)  # what flock may say of a lock that another one has
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alone:
    """The limits of one process, between its threads."""

    _free_at: dict[str, float] = field(default_factory=dict)
    _places: dict[str, threading.Semaphore] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    warned: threading.Event = field(default_factory=threading.Event)

    def turn(self, host: str, now: float) -> float:
        """When the next request to the host may begin; it is taken."""
        with self._lock:
            begin = max(now, self._free_at.get(host, now))
            self._free_at[host] = begin + PACE_SECONDS
            return begin

    def places(self, host: str) -> threading.Semaphore:
        """The places of a host."""
        with self._lock:
            return self._places.setdefault(host, threading.Semaphore(PARALLEL))


@dataclass(frozen=True, slots=True)
class Pace:
    """The limits of all processes that share ``folder``.

    Parameters
    ----------
    folder : Path
        Where the lock files lie; made when it is needed.
    clock, sleep : callables
        Seconds that never go back and are the same in all processes of the machine, and how to wait.
    """

    folder: Path
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    alone: Alone = field(default_factory=Alone)

    def enter(self, host: str, request: Request) -> ExitStack:
        """Return when there is a place among the requests to the host and it is time; closing the stack gives it back.

        Raises
        ------
        Unreachable
            When the request's deadline comes first.
        """
        with ExitStack() as place:
            try:
                self._enter_shared(host, request, place)
            except (OSError, ImportError) as error:
                place.close()
                self._say(error)
                self._enter_alone(host, request, place)
            return place.pop_all()

    def _enter_shared(self, host: str, request: Request, place: ExitStack) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^a-z0-9.-]", "_", host)
        place.callback(os.close, self._locked([f"{name}.{number}" for number in range(PARALLEL)], request))
        turn = self._locked([f"{name}.turn"], request)
        try:
            # The lock is kept while waiting, so the time in the file is never more than a second ahead; one that is
            # comes from before the machine was started.
            wait = _number(os.pread(turn, len(_line(0.0)), 0)) + PACE_SECONDS - self.clock()
            if 0 < wait <= PACE_SECONDS:
                self.sleep(wait)
            os.pwrite(turn, _line(self.clock()), 0)
        finally:
            os.close(turn)

    def _locked(self, names: Sequence[str], request: Request) -> int:
        """Descriptor of the first of these files that nobody has; it is ours until it is closed."""
        while True:
            for name in names:
                if (descriptor := _lock(self.folder / name)) is not None:
                    return descriptor
            self._wait(request)

    def _enter_alone(self, host: str, request: Request, place: ExitStack) -> None:
        places = self.alone.places(host)
        while not places.acquire(blocking=False):
            self._wait(request)
        place.callback(places.release)
        if (wait := self.alone.turn(host, self.clock()) - self.clock()) > 0:
            self.sleep(wait)

    def _wait(self, request: Request) -> None:
        left = request.until - self.clock()
        if left <= 0:
            raise Unreachable(request.subject, "other requests took all the time there was", "try again later")
        self.sleep(min(POLL_SECONDS, left))

    def _say(self, error: Exception) -> None:
        if not self.alone.warned.is_set():
            self.alone.warned.set()
            log.warning("requests are counted within this process only, not over all of them: %s", error)


def _lock(path: Path) -> int | None:
    """Descriptor of the file with our lock on it, None where another one has it."""
    import fcntl  # only POSIX systems have it

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in TAKEN:
            return None
        raise
    return descriptor


def _line(seconds: float) -> bytes:
    return f"{seconds:020.6f}\n".encode("ascii")


def _number(text: bytes) -> float:
    try:
        return float(text.decode("ascii"))
    except ValueError:
        return -PACE_SECONDS
