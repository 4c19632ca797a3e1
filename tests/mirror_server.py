"""A static server on a loopback socket: tags, 304, ranges, directory indexes, and a count of every body byte it sends."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Served:
    """What a mirror was asked and what it sent; ``on_request`` is told the number of each request before the answer.

    ``halts`` is asked before each body whether to send only half of it, and then to wait until the reader is gone;
    ``cuts`` whether to send half and close the connection; ``refuses`` whether a file that the indexes list is not there
    after all.
    """

    url: str = ""
    requests: list[tuple[str, int]] = field(default_factory=list)
    body_bytes: int = 0
    on_request: Callable[[int], None] = lambda number: None
    replaced: dict[str, bytes] = field(default_factory=dict)
    halts: Callable[[str], bool] = lambda path: False
    cuts: Callable[[str], bool] = lambda path: False
    refuses: Callable[[str], bool] = lambda path: False

    def forget(self) -> None:
        self.requests.clear()
        self.body_bytes = 0

    def statuses(self, suffix: str) -> list[int]:
        return [status for path, status in self.requests if path.endswith(suffix)]


@contextmanager
def serving(root: Path) -> Iterator[Served]:
    """The folder as a mirror, for as long as the block lasts; ``replaced`` maps paths to bodies sent with status 200."""
    served = Served()

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(root))

        def do_GET(self) -> None:
            served.on_request(len(served.requests) + 1)
            file = Path(self.translate_path(self.path))
            if self.path in served.replaced:
                self._send(200, served.replaced[self.path])
            elif file.is_dir():  # an index is no file of a provider and is not counted
                super().do_GET()
            elif served.refuses(self.path) or not file.is_file():
                self._send(404, b"")
            else:
                body = file.read_bytes()
                tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
                if self.headers.get("If-None-Match") == tag:
                    self._send(304, b"", tag)
                elif begin := self._begin(tag):  # RFC 9110, 14.2: only of the file that the asker has the beginning of
                    self._send(206, body[begin:], tag, f"bytes {begin}-{len(body) - 1}/{len(body)}")
                else:
                    self._send(200, body, tag)

        def _begin(self, tag: str) -> int:
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            return int(asked[1]) if asked and self.headers.get("If-Range", tag) == tag else 0

        def _send(self, status: int, body: bytes, tag: str | None = None, place: str | None = None) -> None:
            self.send_response(status)
            if place:
                self.send_header("Content-Range", place)
            if tag:
                self.send_header("ETag", tag)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if body and served.cuts(self.path):
                self.close_connection = True
                self.wfile.write(body[: len(body) // 2])
                served.body_bytes += len(body) // 2
                return
            if body and served.halts(self.path):
                self._send_half(body)
                return
            self.wfile.write(body)
            served.body_bytes += len(body)

        def _send_half(self, body: bytes) -> None:
            self.close_connection = True
            self.wfile.write(body[: len(body) // 2])
            with suppress(ConnectionError):
                self.connection.recv(1)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            served.requests.append((self.path, int(getattr(code, "value", code))))

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        served.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield served
        server.shutdown()
