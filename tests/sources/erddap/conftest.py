"""A real griddap server for the session, a proxy in front of it that fails on demand, and platforms that look there."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from caspian_env.model import Dataset, Window
from caspian_env.seeds import load_datasets
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.seed import seed

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 90.0
AUGUST = Window(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 8, 4, tzinfo=UTC))


@pytest.fixture(scope="session")
def erddap() -> Iterator[str]:
    """Base address of the griddap products of ``server.py``; it needs some seconds to start, once."""
    pytest.importorskip("xpublish_erddap", reason="xpublish-erddap is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sources.erddap.server", str(port)], stderr=subprocess.PIPE, cwd=ROOT
    )
    base = f"http://127.0.0.1:{port}/erddap/griddap/"
    try:
        until = time.monotonic() + PATIENCE
        while not _answers(f"{base}dhw_5km.dds"):
            assert process.poll() is None, process.stderr and process.stderr.read().decode()[-2000:]
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.2)
        yield base
    finally:
        process.terminate()
        process.wait()
        if process.stderr:
            process.stderr.close()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:
        return False


@dataclass
class Proxy:
    """Passes requests on; those whose address contains a text of ``faults`` fail in the way named beside it."""

    base: str
    faults: list[tuple[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


RELOADING = b'Error {\n    code=404;\n    message="Not Found: Currently unknown datasetID=somewhat";\n}\n'
GARBLED = (
    b'Error {\n    code=404;\n    message="Not Found: Your query produced no matching results. Query error: For variable=time '
    b'axis#0=time Constraint=\\"[(2026-08-01)]\\": {0}=\\"{1}\\" is greater than the axis maximum={2} (and even {3}).";\n}\n'
)
OUTAGE = b"<!DOCTYPE html><html><head><title>502 Proxy Error</title></head><body>Try later</body></html>"


@pytest.fixture
def proxy(erddap: str) -> Iterator[Proxy]:
    with proxied(erddap) as running:
        yield running


@contextmanager
def proxied(erddap: str) -> Iterator[Proxy]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            proxy.asked.append(self.path)
            fault = next((kind for text, kind in proxy.faults if text in self.path), "")
            real = erddap.partition("/erddap/")[0] + self.path
            if fault == "redirect":
                self.send(302, b"", location=real)
            elif fault in ("reload", "garbled"):
                self.send(404, RELOADING if fault == "reload" else GARBLED)
            elif fault == "html":
                self.send(200, OUTAGE)
            else:
                self.pass_on(real, cut=fault == "truncated")

        def pass_on(self, real: str, *, cut: bool) -> None:
            try:
                with urllib.request.urlopen(real, timeout=60) as answer:
                    body = answer.read()
                self.send(200, body[: len(body) // 2] if cut else body, length=len(body))
            except urllib.error.HTTPError as error:
                with error:
                    self.send(error.code, error.read())

        def send(self, status: int, body: bytes, *, location: str = "", length: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}/erddap/griddap/")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield proxy
        server.shutdown()


def moved(dataset_id: str, bases: Sequence[str], **options: Any) -> Dataset:
    """A dataset of the seeds whose servers are at these addresses, all with the first server's names."""
    dataset = load_datasets()[dataset_id]
    first = dataset.options["servers"][0]
    servers = [{**first, "base": base} for base in bases]
    return replace(dataset, hosts=tuple(bases), options={**dataset.options, "servers": servers, **options})


@contextmanager
def live(home: Path, database_url: str) -> Iterator[Platform]:
    """A seeded platform without a mirror."""
    with open_platform(Settings(home=home, database_url=database_url)) as platform:
        seed(platform)
        yield platform
