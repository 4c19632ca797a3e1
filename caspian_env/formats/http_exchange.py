"""One good answer out of a server that may move, fail or break off. Sending and reading are left to the caller."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from caspian_env.errors import RefusedAnswer, TransportError, Unreachable
from caspian_env.formats.http_answers import (
    complaint,
    continues,
    incomplete,
    retry_after,
    strong_validator,
    too_large,
)
from caspian_env.formats.http_requests import Request, redirect_target

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
    silent: set[str] = field(default_factory=set)  # hosts that gave no answer to all attempts, until they give one

    def answer(self, request: Request) -> R:
        """A good answer; what may pass by itself is tried three times, with growing, uneven pauses.

        A host that gave no answer at all to three attempts is asked once by whoever comes next: a mirror or a provider
        that is down would else cost the pauses for every granule of every dataset.

        Raises
        ------
        TransportError
            What the last attempt met, or what trying again cannot mend.
        """
        good = {206 if "Range" in request.headers else 200, 200}
        if request.as_json:
            good |= {201, 202}  # an order that was taken
        if {"If-None-Match", "If-Modified-Since"} & request.headers.keys():
            good.add(304)
        host = urlsplit(request.url).netloc
        attempts = 1 if host in self.silent else ATTEMPTS
        for attempt in range(1, attempts + 1):
            pause = _pause(attempt)
            problem: TransportError
            try:
                response = self._follow(request)
                self.silent.discard(host)
                if response.status_code in good:
                    return response
                response.close()
                pause = max(pause, retry_after(response.headers))
                problem = complaint(request.subject, response.status_code, request.mirror)
            except Unreachable as error:
                problem = error
                if attempt == ATTEMPTS:
                    self.silent.add(host)
            if not problem.transient or attempt == attempts or pause > min(LONGEST_WAIT, request.until - self.clock()):
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
        received, breaks, skip, validator = 0, 0, 0, strong_validator(response.headers)
        while True:
            try:
                for whole in self.read(request, response):
                    chunk, skip = whole[skip:], max(0, skip - len(whole))
                    received += len(chunk)
                    if received > request.limit:
                        raise too_large(request.subject, request.limit)
                    yield chunk
                if skip:
                    raise incomplete(request.subject, "is shorter than what it sent of the same file before")
                return
            except Unreachable:
                response.close()  # its place among the requests to the host is wanted for the next one
                breaks += 1
                pause = _pause(breaks)
                if not validator or breaks == ATTEMPTS or request.until - self.clock() < pause:
                    raise
                self.sleep(pause)
                response = self._rest(request, validator, received)
                stack.callback(response.close)
                if response.headers.get("etag", validator) != validator:
                    raise
                skip = 0
                if not continues(response.status_code, response.headers, received):
                    if strong_validator(response.headers) != validator:
                        raise
                    skip = received  # it ignores ranges, and sends the same file from its beginning

    def _rest(self, request: Request, validator: str, received: int) -> R:
        wanted = {**request.headers, "Range": f"bytes={received}-", "If-Range": validator}
        return self.answer(replace(request, headers=wanted))

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


def time_left(request: Request, clock: Callable[[], float]) -> float:
    """Seconds until the request's deadline; Unreachable when there are none."""
    left = request.until - clock()
    if left <= 0:
        raise Unreachable(request.subject, "gave no complete answer in time", "try again later")
    return left


def _pause(attempt: int) -> float:
    return random.uniform(0.5, 1.0) * float(1 << (attempt - 1))
