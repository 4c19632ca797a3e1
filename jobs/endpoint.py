"""``/metrics`` and ``/health`` over HTTP, on loopback unless told otherwise: the only socket that the service opens.

It listens and never connects, and looks no name up. Every answer is given or refused in bounded time, whatever the
database or the reader does, and never says more of an error than that there is one.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Event, Lock, Thread, Timer
from typing import Any

from caspian_env.errors import DatabaseUnusable
from caspian_env.wiring import Platform
from jobs.exposition import CONTENT_TYPE, text_of
from jobs.telling import health, metrics

ANSWER_SECONDS = 5.0  # for the database; scrapers wait ten by default
READER_SECONDS = 10.0  # for one request as a whole, however slowly it is sent or read
log = logging.getLogger("jobs")
Answer = tuple[int, str, str]  # status, media type, body


@contextmanager
def endpoint(address: tuple[str, int] | None, platform: Platform) -> Iterator[None]:
    """Answer at an address during the block; where it is taken the service works without, and says so."""
    if address is None:
        yield
        return
    answers = {"/metrics": lambda: _metrics(platform), "/health": lambda: _health(platform)}
    try:
        server = _Server(address, {path: _in_time(ask) for path, ask in answers.items()})
    except OSError as error:
        log.warning("no metrics at %s:%d: %s; CASPIAN_ENV_METRICS names another address", *address, error.strerror)
        yield
        return
    with server:
        log.info("metrics and health at %s:%d", address[0], server.server_port)
        thread = Thread(target=server.serve_forever, name="endpoint", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _metrics(platform: Platform) -> Answer:
    return 200, CONTENT_TYPE, text_of(metrics(platform))


def _health(platform: Platform) -> Answer:
    well, known = health(platform)
    return 200 if well else 503, "application/json", json.dumps(known)


def _in_time(ask: Callable[[], Answer]) -> Callable[[], Answer]:
    """The same question, one at a time; TimeoutError when there is no answer in time."""
    free = Lock()

    def asked() -> Answer:
        if not free.acquire(timeout=ANSWER_SECONDS):
            raise TimeoutError
        found: list[Answer | Exception] = []
        done = Event()

        def work() -> None:
            try:
                found.append(ask())
            except Exception as error:
                found.append(error)
            finally:
                free.release()
                done.set()

        Thread(target=work, name="question", daemon=True).start()  # it may hang as long as the database does
        if not done.wait(ANSWER_SECONDS):
            raise TimeoutError
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    return asked


class _Server(ThreadingHTTPServer):
    """The server of the standard library, without its look-up of the own name."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], answers: Mapping[str, Callable[[], Answer]]) -> None:
        self.answers = answers
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Request)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[0], self.server_address[1]  # type: ignore[assignment]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that goes away is its own affair."""


class _Request(BaseHTTPRequestHandler):
    """GET and HEAD of the answers there are."""

    server: _Server
    server_version, sys_version = "caspian-env", ""
    timeout = READER_SECONDS

    def setup(self) -> None:
        super().setup()
        self.cut = Timer(READER_SECONDS, self._hang_up)
        self.cut.daemon = True
        self.cut.start()

    def finish(self) -> None:
        self.cut.cancel()
        super().finish()

    def do_GET(self) -> None:  # the name that the standard library calls
        status, media_type, text = self._answer()
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def _answer(self) -> Answer:
        path = self.path.partition("?")[0]
        ask = self.server.answers.get(path)
        if ask is None:
            return 404, "text/plain; charset=utf-8", f"there are {' and '.join(self.server.answers)}\n"
        try:
            return ask()
        except Exception as error:
            log.warning("%s could not be answered: %s: %s", path, type(error).__name__, error)
            away = isinstance(error, DatabaseUnusable | TimeoutError)
            reason = "the database does not answer" if away else "the catalog is not ready"
            failing = {"status": "failing", "reason": reason}
            return 503, "application/json", json.dumps(failing)

    def _hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Scrapes are no news."""
