"""One good answer out of a server that may move, fail or break off. Sending and reading are left to the caller."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from caspian_env.errors import RefusedAnswer, TransportError, Unreachable
from caspian_env.formats.http_answers import complaint, continues, retry_after, strong_validator, too_large
from caspian_env.formats.http_requests import Request, redirect_target

PACE_SECONDS = 1.0  # between two requests to one provider: the least that several of them ask for
ATTEMPTS = 3
LONGEST_WAIT = 60.0
REDIRECTS = 5
MOVED = (301, 302, 303, 307, 308)


class Response(Protocol):
    """An answer whose body is still to be read."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Header fields; names in any case."""

    def close(self) -> None:
        """Let go of the connection."""


R = TypeVar("R", bound=Response)


@dataclass(frozen=True, slots=True)
class Exchange(Generic[R]):
    """How to be patient with a server.

    Parameters
    ----------
    send : callable
        Sends one request to an address, with a form or without.
    read : callable
        Gives the bytes of an answer as they arrive; Unreachable when they break off.
    clock, sleep : callables
        Seconds that never go back, and how to wait.
    mirror : str or None
        Base address that may lead on to itself over plain http.
    """

    send: Callable[[Request, str, Mapping[str, str] | None], R]
    read: Callable[[Request, R], Iterator[bytes]]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    mirror: str | None = None

    def answer(self, request: Request) -> R:
        """A good answer; what may pass by itself is tried three times, with growing, uneven pauses.

        Raises
        ------
        TransportError
            What the last attempt met, or what trying again cannot mend.
        """
        good = {206 if "Range" in request.headers else 200, 200}
        if {"If-None-Match", "If-Modified-Since"} & request.headers.keys():
            good.add(304)
        for attempt in range(1, ATTEMPTS + 1):
            pause = _pause(attempt)
            problem: TransportError
            try:
                response = self._follow(request)
                if response.status_code in good:
                    return response
                response.close()
                pause = max(pause, retry_after(response.headers))
                problem = complaint(request.subject, response.status_code)
            except Unreachable as error:
                problem = error
            if not problem.transient or attempt == ATTEMPTS or pause > min(LONGEST_WAIT, request.until - self.clock()):
                break
            self.sleep(pause)
        raise problem

    def body(self, request: Request, response: R, stack: ExitStack) -> Iterator[bytes]:
        """The bytes as sent; a transfer that broke is taken up where it ended, if the file is still the same.

        Raises
        ------
        RefusedAnswer
            When there are more of them than the request's limit.
        Unreachable
            When they break off for good.
        """
        received, breaks = 0, 0
        while True:
            try:
                for chunk in self.read(request, response):
                    received += len(chunk)
                    if received > request.limit:
                        raise too_large(request.subject, request.limit)
                    yield chunk
                return
            except Unreachable:
                breaks += 1
                pause, validator = _pause(breaks), strong_validator(response.headers)
                if not validator or breaks == ATTEMPTS or request.until - self.clock() < pause:
                    raise
                self.sleep(pause)
                rest = {**request.headers, "Range": f"bytes={received}-", "If-Range": validator}
                response = self.answer(replace(request, headers=rest))
                stack.callback(response.close)
                if not continues(response.status_code, response.headers, received):
                    raise

    def _follow(self, request: Request) -> R:
        url, form = request.url, request.form
        for _ in range(REDIRECTS + 1):
            response = self.send(request, url, form)
            if response.status_code not in MOVED or "location" not in response.headers:
                return response
            response.close()
            if response.status_code not in (307, 308):  # the others turn a POST into a GET
                form = None
            url = redirect_target(request, url, response.headers["location"], self.mirror)
        raise RefusedAnswer(request.subject, f"redirects more than {REDIRECTS} times", "look at the address by hand")


@dataclass(frozen=True, slots=True)
class Pace:
    """Keeps requests to one host apart by ``PACE_SECONDS``, also between threads."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    _free_at: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, host: str) -> None:
        """Return when it is this caller's turn with the host."""
        with self._lock:
            now = self.clock()
            turn = max(now, self._free_at.get(host, now))
            self._free_at[host] = turn + PACE_SECONDS
        if turn > now:
            self.sleep(turn - now)


def time_left(request: Request, clock: Callable[[], float]) -> float:
    """Seconds until the request's deadline; Unreachable when there are none."""
    left = request.until - clock()
    if left <= 0:
        raise Unreachable(request.subject, "gave no complete answer in time", "try again later")
    return left


def _pause(attempt: int) -> float:
    return random.uniform(0.5, 1.0) * float(1 << (attempt - 1))
