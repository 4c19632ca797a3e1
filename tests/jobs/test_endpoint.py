"""What the service tells of itself, to whom, and what it does when it cannot."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from caspian_env.catalog.lease import acquire_lease, release_lease
from caspian_env.catalog.ledger import Task, record_missed
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.holder import holder_of
from caspian_env.workflows.ledger import ledger
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.seed import seed
from jobs import endpoint as module
from jobs.dispatch import ROLE
from jobs.endpoint import endpoint

ANYWHERE = ("127.0.0.1", 0)


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with open_platform(Settings(home=tmp_path, database_url=database_url)) as opened:
        seed(opened)
        yield opened


@contextmanager
def listening(platform: Platform, caplog: pytest.LogCaptureFixture) -> Iterator[int]:
    with caplog.at_level(logging.INFO, "jobs"), endpoint(ANYWHERE, platform):
        found = re.search(r"metrics and health at 127\.0\.0\.1:(\d+)", caplog.text)
        assert found
        yield int(found[1])


def asked(port: int, path: str, method: str = "GET") -> tuple[int, str, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    assert "Python" not in str(answer.headers)
    found = answer.status, answer.headers["Content-Type"], answer.read().decode()
    connection.close()
    return found


def lease(platform: Platform, holder: str, seconds: float = 60) -> int | None:
    with platform.catalog.write() as connection:
        return acquire_lease(
            connection, ROLE, holder=holder, now=platform.clock(), seconds=seconds, gone=lambda _: False
        )


def health(port: int) -> tuple[int, str]:
    status, _, body = asked(port, "/health")
    return status, json.loads(body)["role"]


def test_healthy_is_who_is_active_or_stands_by_for_one_that_is(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(platform, caplog) as port:
        assert health(port) == (503, "nobody is active")
        token = lease(platform, holder_of())
        assert health(port) == (200, "active")
        assert token is not None
        with platform.catalog.write() as connection:
            release_lease(connection, ROLE, token, now=platform.clock())
        assert health(port) == (503, "nobody is active")
        lease(platform, "elsewhere:1:a-1", seconds=1)
        assert health(port) == (200, "standing by")
        time.sleep(1.1)
        assert health(port) == (503, "nobody is active")


def test_the_numbers_are_those_of_the_catalog(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    before = time.time()
    for problems in ([], ["one is missing"]):
        with ledger(platform, "ingest", "x", Outcome("x", fetched=1, problems=problems)):
            pass
    with pytest.raises(RuntimeError), ledger(platform, "report", "y", Outcome("y")):
        raise RuntimeError
    moments = [datetime(2026, 6, day, tzinfo=UTC) for day in (1, 2)]
    with platform.catalog.write() as connection:
        record_missed(connection, Task("report:y", "report", "y", "0", "0"), moments, platform.clock(), "nobody did")
    with listening(platform, caplog) as port:
        status, media_type, text = asked(port, "/metrics")
    assert (status, media_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = {
        (sample.name.removeprefix("caspian_env_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found[("info", "0.1.0")] == 1
    assert found[("active",)] == 0
    counts = {key[1:]: value for key, value in found.items() if key[0] == "runs_total"}
    assert counts == {
        ("ingest:x", "ok"): 1, ("ingest:x", "partial"): 1, ("report:y", "failed"): 1, ("report:y", "missed"): 2,
    }  # fmt: skip
    assert found[("run_duration_seconds_count", "ingest:x")] == 2
    assert found[("run_duration_seconds_count", "report:y")] == 1
    assert 0 < found[("run_duration_seconds_sum", "ingest:x")] < time.time() - before
    assert before - 1 < found[("last_success_timestamp_seconds", "ingest:x")] < time.time() + 1
    assert (
        found[("last_end_timestamp_seconds", "ingest:x", "partial")]
        >= found[("last_success_timestamp_seconds", "ingest:x")]
    )
    assert ("last_success_timestamp_seconds", "report:y") not in found
    assert found[("dataset_state", "nasa_gistemp", "never")] == 1
    assert found[("dataset_state", "nasa_gistemp", "fresh")] == 0


def test_other_paths_and_methods_are_refused(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    with listening(platform, caplog) as port:
        assert asked(port, "/") == (404, "text/plain; charset=utf-8", "there are /metrics and /health\n")
        assert asked(port, "/metrics", "POST")[0] == 501
        assert asked(port, "/metrics?name=x", "HEAD")[::2] == (200, "")


def test_a_database_that_hangs_is_a_503_in_time(
    platform: Platform, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)
    goes_on = threading.Event()
    monkeypatch.setattr(module, "health", lambda _: (goes_on.wait(30), {}))
    with listening(platform, caplog) as port:
        begun = time.monotonic()
        for _ in range(3):  # the second question waits for the first, and not for ever
            status, _, body = asked(port, "/health")
            assert (status, json.loads(body)["reason"]) == (503, "the database does not answer")
        assert time.monotonic() - begun < 10
        goes_on.set()
        monkeypatch.setattr(module, "health", lambda _: (True, {"role": "active"}))
        assert asked(port, "/metrics")[0] in (200, 503)
        time.sleep(0.1)
        assert health(port) == (200, "active")


def test_a_database_that_fails_is_a_503_without_its_words(
    platform: Platform, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Platform) -> None:
        raise RuntimeError("could not connect to postgresql://caspian:secret@db")

    monkeypatch.setattr(module, "metrics", fail)
    with listening(platform, caplog) as port:
        status, _, body = asked(port, "/metrics")
    assert status == 503
    assert "secret" not in body


def test_a_reader_that_dawdles_is_left(
    platform: Platform, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READER_SECONDS", 0.5)
    with listening(platform, caplog) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as slow:
        begun = time.monotonic()
        slow.sendall(b"GET /metrics HT")
        while time.monotonic() - begun < 20:  # a byte from time to time is not enough to stay
            try:
                slow.sendall(b"T")
            except OSError:
                break
            time.sleep(0.1)
        assert time.monotonic() - begun < 5
        assert asked(port, "/health")[0] == 503


def test_where_the_address_is_taken_the_service_goes_on(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(ANYWHERE) as taken:
        address = ("127.0.0.1", taken.getsockname()[1])
        with endpoint(address, platform):
            pass
    assert f"no metrics at 127.0.0.1:{address[1]}: Address already in use" in caplog.text
    with endpoint(None, platform):
        pass
