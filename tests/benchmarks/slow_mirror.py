"""A mirror on this machine that is as far away as a provider: every answer takes a while, and everything is counted."""

from __future__ import annotations

import hashlib
import html
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


@dataclass(frozen=True)
class Asked:
    """One request: what for, with which tag, and what it was told."""

    path: str
    tag: str | None
    status: int
    body_bytes: int


@dataclass
class SlowMirror:
    """Where it is, and what it was asked."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def slow_mirror(root: Path, seconds: float, *, tagged_listings: bool = True) -> Iterator[SlowMirror]:
    """The folder as a mirror for as long as the block lasts, ``seconds`` away.

    Files have ETags, and listings too unless ``tagged_listings`` says otherwise: most servers give them none.
    """
    served = SlowMirror()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            time.sleep(seconds)
            place = root / unquote(self.path).lstrip("/")
            if not place.exists():
                self._send(404, b"", None)
                return
            listing = place.is_dir()
            body = _index(place, self.path) if listing else place.read_bytes()
            tag = None if listing and not tagged_listings else f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if tag and self.headers.get("If-None-Match") == tag:
                self._send(304, b"", tag)
            else:
                self._send(200, body, tag)

        def _send(self, status: int, body: bytes, tag: str | None) -> None:
            self.send_response(status)
            if tag:
                self.send_header("ETag", tag)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            served.asked.append(Asked(self.path, self.headers.get("If-None-Match"), status, len(body)))
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        served.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield served
        server.shutdown()


def _index(folder: Path, path: str) -> bytes:
    names = sorted(entry.name + "/" * entry.is_dir() for entry in folder.iterdir())
    links = "".join(f'<a href="{html.escape(name)}">{html.escape(name)}</a>\n' for name in names)
    return f"<title>Index of {html.escape(path)}</title>\n{links}".encode()
