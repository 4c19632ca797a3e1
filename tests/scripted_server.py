"""A real server on a loopback socket that says exactly what a test tells it to say, also when that is wrong."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Script:
    """Answers in order, the last one again and again; a float among the pieces of an answer is a pause in seconds."""

    answers: list[Sequence[bytes | float]]
    heard: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def reply(body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None) -> list[bytes | float]:
    """One HTTP answer; ``length`` is what it declares, which may be a lie."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return [("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode(), body]


@contextmanager
def playing(*answers: Sequence[bytes | float], tls: ssl.SSLContext | None = None) -> Iterator[Script]:
    """The server, for as long as the block lasts."""
    script = Script(list(answers))

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                connection = tls.wrap_socket(self.request, server_side=True) if tls else self.request
            except OSError:  # the client did not trust us
                return
            with connection:
                _answer(connection, script)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def shutdown_request(self, request: object) -> None:
            assert isinstance(request, socket.socket)
            request.close()

    with Server(("127.0.0.1", 0), Handler) as server:
        script.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield script
        server.shutdown()


def _answer(connection: socket.socket, script: Script) -> None:
    request = b""
    while b"\r\n\r\n" not in request and (more := connection.recv(65536)):
        request += more
    head, _, body = request.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    script.heard.append((head + b"\r\n\r\n" + body).decode("latin-1"))
    pieces = script.answers[min(len(script.heard), len(script.answers)) - 1]
    try:
        for piece in pieces:
            if isinstance(piece, float):
                time.sleep(piece)
            else:
                connection.sendall(piece)
    except OSError:  # the client had enough
        return
