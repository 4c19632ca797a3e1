"""A provider is asked by all processes of a home together as if they were one: two at a time, a second apart."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from caspian_env.errors import Unreachable
from caspian_env.formats.http_pace import PACE_SECONDS, PARALLEL
from caspian_env.settings import Settings
from caspian_env.transport import Transport
from tests.scripted_server import playing, reply

ASKING = """
import sys
from pathlib import Path
from caspian_env.settings import Settings
from caspian_env.transport import Transport
home, url, count, hold = sys.argv[1:]
with Transport(Settings(Path(home), "sqlite://"), pace_loopback=True) as transport:
    if hold == "hold":
        first = transport.get(url, max_bytes=9, deadline_seconds=60)
        second = transport.get(url, max_bytes=9, deadline_seconds=60)
        first.__enter__(), second.__enter__()
        print("holding", flush=True)
        sys.stdin.read()
    for _ in range(int(count)):
        with transport.get(url, max_bytes=9, deadline_seconds=60) as answer:
            assert b"".join(answer.body) == b"ok"
"""
TOLERANCE = 0.15  # a request is on its way for a moment after its turn has come


@dataclass
class Seen:
    """When each request began and ended, seconds, and the address of the server."""

    url: str = ""
    begun: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    def most_at_once(self) -> int:
        return max(sum(b <= moment < e for b, e in zip(self.begun, self.ended, strict=True)) for moment in self.begun)


@contextmanager
def slow_server(seconds: float) -> Iterator[Seen]:
    seen, lock = Seen(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with lock:
                number = len(seen.begun)
                seen.begun.append(time.monotonic())
                seen.ended.append(float("inf"))
            time.sleep(seconds)
            seen.ended[number] = time.monotonic()
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        seen.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield seen
        server.shutdown()


@contextmanager
def asking(home: Path, url: str, count: int = 0, hold: str = "") -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", ASKING, str(home), url, str(count), hold]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_three_processes_ask_two_at_a_time_and_a_second_apart(tmp_path: Path) -> None:
    with slow_server(2.3) as seen:
        with (
            asking(tmp_path, seen.url, 2) as one,
            asking(tmp_path, seen.url, 1) as two,
            asking(tmp_path, seen.url, 1) as three,
        ):
            assert [process.wait(40) for process in (one, two, three)] == [0, 0, 0]
        gaps = [later - earlier for earlier, later in zip(seen.begun, seen.begun[1:], strict=False)]
        assert len(gaps) == 3
        assert min(gaps) >= PACE_SECONDS - TOLERANCE
        assert seen.most_at_once() == PARALLEL


def test_a_dead_process_leaves_its_places_at_once(tmp_path: Path) -> None:
    settings = Settings(tmp_path, "sqlite://")
    with (
        playing(reply(b"ok")) as server,
        asking(tmp_path, server.url, hold="hold") as other,
        Transport(settings, pace_loopback=True) as transport,
    ):
        assert other.stdout
        assert other.stdout.readline() == "holding\n"
        with (
            pytest.raises(Unreachable, match="other requests took"),
            transport.get(server.url, max_bytes=9, deadline_seconds=0.3),
        ):
            pass
        assert len(server.heard) == PARALLEL
        other.kill()
        other.wait()
        killed = time.monotonic()
        with transport.get(server.url, max_bytes=9, deadline_seconds=10) as answer:
            assert b"".join(answer.body) == b"ok"
        assert time.monotonic() - killed < PACE_SECONDS + 1


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def paced(home: Path, clock: Clock) -> Transport:
    settings = Settings(home, "sqlite://")
    return Transport(settings, clock=lambda: clock.now, sleep=clock.sleep, pace_loopback=True)


def fetch(transport: Transport, url: str) -> bytes:
    with transport.get(url, max_bytes=10_000, deadline_seconds=100) as answer:
        return b"".join(answer.body)


def test_without_a_folder_the_limits_hold_in_the_process_and_one_line_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "home").write_text("a file where the home should be", encoding="utf-8")
    clock = Clock()
    with playing(reply(b"ok")) as server, paced(tmp_path / "home", clock) as transport:
        assert [fetch(transport, server.url) for _ in range(3)] == [b"ok"] * 3
        with (
            transport.get(server.url, max_bytes=9, deadline_seconds=9),
            transport.get(server.url, max_bytes=9, deadline_seconds=9),
            pytest.raises(Unreachable, match="other requests took"),
            transport.get(server.url, max_bytes=9, deadline_seconds=1),
        ):
            pass
    assert clock.slept[:2] == [PACE_SECONDS, PACE_SECONDS]
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "within this process only" in warnings[0].getMessage()


@pytest.mark.parametrize("left", ["99999999.5\n", "garbage", "", "\0" * 64])
def test_a_time_from_before_the_machine_started_or_no_time_is_not_waited_for(tmp_path: Path, left: str) -> None:
    clock = Clock()
    (tmp_path / "cache" / "hosts").mkdir(parents=True)
    (tmp_path / "cache" / "hosts" / "127.0.0.1.turn").write_text(left, encoding="utf-8")
    with playing(reply(b"ok")) as server, paced(tmp_path, clock) as transport:
        assert fetch(transport, server.url) == b"ok"
        assert clock.slept == []
        assert fetch(transport, server.url) == b"ok"
        assert clock.slept == [PACE_SECONDS]


def test_trying_again_and_taking_up_never_wait_for_ones_own_place(tmp_path: Path) -> None:
    body = b"0123456789" * 100
    first = reply(body[:400], 'ETag: "v1"', length=1000)
    second = reply(body[400:600], 'ETag: "v1"', "Content-Range: bytes 400-999/1000", status="206 Partial", length=600)
    third = reply(body[600:], 'ETag: "v1"', "Content-Range: bytes 600-999/1000", status="206 Partial")
    busy = reply(status="503 Busy")
    moved = reply(b"", "Location: /there", status="302 Found")
    clock = Clock()
    with playing(busy, moved, first, second, third) as server, paced(tmp_path, clock) as transport:
        assert fetch(transport, server.url) == body
    assert len(server.heard) == 5
    assert clock.now < 1010


def test_the_lock_files_stay_small_and_few(tmp_path: Path) -> None:
    clock = Clock()
    with playing(reply(b"ok")) as server, paced(tmp_path, clock) as transport:
        for _ in range(5):
            fetch(transport, server.url)
    files = sorted((tmp_path / "cache" / "hosts").iterdir())
    assert {file.name for file in files} <= {"127.0.0.1.0", "127.0.0.1.1", "127.0.0.1.turn"}
    assert sum(file.stat().st_size for file in files) < 100
