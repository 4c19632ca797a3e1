"""Answers of providers: whole or refused, asked politely, tried again only where that can help."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from caspian_env.errors import NotPublished, RefusedAnswer, SettingsError, TransportError, Unreachable
from caspian_env.settings import VERSION, Settings
from caspian_env.transport import Transport
from tests.scripted_server import playing, reply

BODY = b"time,level\n" * 20_000


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def transport(pauses: list[float], tmp_path: Path) -> Iterator[Transport]:
    settings = Settings(tmp_path, "sqlite://", contact="sea@example.org")
    with Transport(settings, timeout=5, sleep=pauses.append) as opened:
        yield opened


def fetch(transport: Transport, url: str, **more: object) -> bytes:
    limits = {"max_bytes": 10_000_000, "deadline_seconds": 20.0} | more
    with transport.get(url, **limits) as answer:
        return b"".join(answer.body)


def test_an_answer_carries_bytes_validators_and_an_honest_user_agent(
    transport: Transport, httpserver: HTTPServer
) -> None:
    headers = {"ETag": '"v1"', "Last-Modified": "Mon, 02 Feb 2026 00:00:00 GMT"}
    heard: list[Request] = []

    def handle(request: Request) -> Response:
        heard.append(request)
        return Response(BODY, headers=headers, content_type="text/CSV; charset=utf-8")

    httpserver.expect_request("/level.csv").respond_with_handler(handle)
    url = httpserver.url_for("/level.csv")
    with transport.get(url, max_bytes=len(BODY), deadline_seconds=5) as answer:
        assert b"".join(answer.body) == BODY
    assert (answer.url, answer.http_status, answer.not_modified, answer.media_type) == (url, 200, False, "text/csv")
    assert (answer.etag, answer.last_modified) == ('"v1"', headers["Last-Modified"])
    assert heard[0].headers["User-Agent"] == f"caspian-env/{VERSION} (+sea@example.org)"
    assert heard[0].headers["Accept-Encoding"] == "identity"


def test_an_unchanged_answer_is_not_sent_again(transport: Transport, httpserver: HTTPServer) -> None:
    date = "Mon, 02 Feb 2026 00:00:00 GMT"
    validators = {"If-None-Match": '"v1"', "If-Modified-Since": date}
    httpserver.expect_request("/x", headers=validators).respond_with_data(status=304, headers={"ETag": '"v1"'})
    url = httpserver.url_for("/x")
    with transport.get(url, etag='"v1"', last_modified=date, max_bytes=9, deadline_seconds=5) as answer:
        assert list(answer.body) == []
    assert (answer.not_modified, answer.http_status, answer.etag) == (True, 304, '"v1"')


def test_a_304_that_nobody_asked_for_is_refused(transport: Transport) -> None:
    with playing([b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"]) as server, pytest.raises(RefusedAnswer):
        fetch(transport, server.url)


@pytest.mark.parametrize(
    ("status", "kind", "asked"),
    [
        (404, NotPublished, 1),
        (410, NotPublished, 1),
        (400, RefusedAnswer, 1),
        (401, RefusedAnswer, 1),
        (403, RefusedAnswer, 1),
        (418, RefusedAnswer, 1),
        (204, RefusedAnswer, 1),
        (408, Unreachable, 3),
        (429, Unreachable, 3),
        (500, Unreachable, 3),
        (503, Unreachable, 3),
    ],
)
def test_statuses(
    transport: Transport,
    httpserver: HTTPServer,
    pauses: list[float],
    status: int,
    kind: type[TransportError],
    asked: int,
) -> None:
    httpserver.expect_request("/x").respond_with_data("trouble", status=status)
    url = httpserver.url_for("/x")
    with pytest.raises(kind, match=str(status)) as caught:
        fetch(transport, url)
    assert type(caught.value) is kind
    assert caught.value.subject == url
    assert caught.value.remedy
    assert len(httpserver.log) == asked
    assert len(pauses) == asked - 1


def test_a_passing_failure_is_tried_again_with_growing_pauses(transport: Transport, pauses: list[float]) -> None:
    with playing(reply(status="503 Busy"), [b""], reply(b"good")) as server:
        assert fetch(transport, server.url) == b"good"
    assert 0.5 <= pauses[0] <= 1.0 <= pauses[1] <= 2.0


DATE = "Date: Mon, 02 Feb 2026 00:00:00 GMT"


@pytest.mark.parametrize("headers", [("Retry-After: 7",), (DATE, "Retry-After: Mon, 02 Feb 2026 00:00:07 GMT")])
def test_a_server_may_ask_for_time(transport: Transport, pauses: list[float], headers: tuple[str, ...]) -> None:
    with playing(reply(b"", *headers, status="429 Slow"), reply(b"good")) as server:
        assert fetch(transport, server.url) == b"good"
    assert pauses == [7.0]


@pytest.mark.parametrize(("asks", "deadline"), [(3600, 9000.0), (30, 10.0)])
def test_but_not_for_more_than_there_is(transport: Transport, pauses: list[float], asks: int, deadline: float) -> None:
    with playing(reply(b"", f"Retry-After: {asks}", status="503 Busy")) as server, pytest.raises(Unreachable):
        fetch(transport, server.url, deadline_seconds=deadline)
    assert pauses == []
    assert len(server.heard) == 1


def test_nobody_listening_and_no_such_host_are_unreachable(transport: Transport) -> None:
    with playing(reply()) as server:
        pass
    with pytest.raises(Unreachable, match="connection failed"):
        fetch(transport, server.url)


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "ftp://example.org/x", "file:///etc/passwd", "", "http://[::1"]
)
def test_only_https_or_this_machine_is_asked(transport: Transport, url: str) -> None:
    with pytest.raises(RefusedAnswer, match="not an https address"):
        fetch(transport, url)


def test_a_declared_and_a_real_size_above_the_limit_are_refused(transport: Transport) -> None:
    endless = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *[b"x" * 1000] * 50]
    with playing(reply(BODY), endless) as server:
        with pytest.raises(RefusedAnswer, match="larger than 999 bytes"):
            fetch(transport, server.url, max_bytes=999)
        with pytest.raises(RefusedAnswer, match="larger than 999 bytes"):
            fetch(transport, server.url, max_bytes=999)


@pytest.mark.parametrize(
    "broken",
    [
        reply(b"short", length=500),
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nshort\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Le"],
        [b"not http at all\r\n\r\n"],
    ],
)
def test_a_broken_answer_is_never_taken_for_whole(transport: Transport, broken: list[bytes]) -> None:
    with playing(broken) as server, pytest.raises(Unreachable):
        fetch(transport, server.url)


def test_a_host_that_is_down_costs_its_pauses_once(transport: Transport, pauses: list[float]) -> None:
    silence: list[bytes] = [b""]
    script = [silence, silence, silence, silence, reply(b"ok"), silence, reply(b"ok")]
    with playing(*script) as server:
        for so_far in (2, 2):  # three attempts, then a single one
            with pytest.raises(Unreachable):
                fetch(transport, server.url)
            assert len(pauses) == so_far
        assert fetch(transport, server.url) == b"ok"
        assert fetch(transport, server.url) == b"ok", "a host that is back is waited for again"
        assert len(pauses) == 3
        assert len(server.heard) == len(script)


def test_a_broken_transfer_is_taken_up_where_it_ended(transport: Transport, pauses: list[float]) -> None:
    first = reply(BODY[:70_000], 'ETag: "v1"', length=len(BODY))
    rest = reply(BODY[70_000:], f"Content-Range: bytes 70000-{len(BODY) - 1}/{len(BODY)}", status="206 Partial")
    with playing(first, rest) as server:
        assert fetch(transport, server.url) == BODY
    assert "range: bytes=70000-" in server.heard[1].lower()
    assert 'if-range: "v1"' in server.heard[1].lower()
    assert len(pauses) == 1


def test_a_server_that_ignores_ranges_sends_the_same_file_again(transport: Transport) -> None:
    broken = reply(BODY[:99], 'ETag: "v1"', length=len(BODY))
    with playing(broken, reply(BODY[:9], 'ETag: "v1"', length=len(BODY)), reply(BODY, 'ETag: "v1"')) as server:
        assert fetch(transport, server.url) == BODY
    with playing(broken, reply(BODY[:50], 'ETag: "v1"')) as server, pytest.raises(Unreachable, match="shorter"):
        fetch(transport, server.url)


def test_a_rest_under_another_tag_is_not_patched_on(transport: Transport) -> None:
    second = reply(
        BODY[99:], 'ETag: "v2"', f"Content-Range: bytes 99-{len(BODY) - 1}/{len(BODY)}", status="206 Partial"
    )
    with playing(reply(BODY[:99], 'ETag: "v1"', length=len(BODY)), second) as server, pytest.raises(Unreachable):
        fetch(transport, server.url)


@pytest.mark.parametrize("second", [reply(BODY, 'ETag: "v2"'), reply(b"rest", "Content-Range: bytes 1-4/9")])
def test_a_file_that_changed_meanwhile_is_not_patched_together(transport: Transport, second: list[bytes]) -> None:
    with playing(reply(BODY[:99], 'ETag: "v1"', length=len(BODY)), second) as server, pytest.raises(Unreachable):
        fetch(transport, server.url)
    assert len(server.heard) == 2


def test_a_silent_and_a_dripping_server_meet_the_time_limits() -> None:
    settings = Settings(Path("unused"), "sqlite://")
    drop: list[bytes | float] = [b"x", 0.05]
    drip = [reply(length=10**6)[0], *drop * 100]
    with Transport(settings, timeout=0.1, sleep=lambda _: None) as transport:
        with playing([2.0]) as silent, pytest.raises(Unreachable, match="in time"):
            fetch(transport, silent.url)
        assert len(silent.heard) == 3
        began = time.monotonic()
        with playing(drip) as server, pytest.raises(Unreachable, match="in time"):
            fetch(transport, server.url, deadline_seconds=0.3)
    assert time.monotonic() - began < 2
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x="]
)
def test_a_deadline_holds_between_the_bytes_of_a_header(tmp_path: Path, head: bytes) -> None:
    drip: list[bytes | float] = [b"x", 0.05]
    began = time.monotonic()
    with Transport(Settings(tmp_path, "sqlite://"), timeout=5, sleep=lambda _: None) as transport:
        with playing([head, *drip * 100]) as server, pytest.raises(Unreachable, match="in time"):
            fetch(transport, server.url, deadline_seconds=1.2)
        assert len(server.heard) == 1
        with playing(reply(b"ok")) as server:
            assert fetch(transport, server.url) == b"ok"
    assert time.monotonic() - began < 4


def test_a_coding_nobody_asked_for_is_undone_but_a_gz_file_stays(transport: Transport) -> None:
    packed = gzip.compress(BODY)
    with playing(reply(packed, "Content-Encoding: gzip")) as server:
        assert fetch(transport, server.url + "/x.csv") == BODY
        assert fetch(transport, server.url + "/x.csv.gz") == packed
        with pytest.raises(RefusedAnswer, match="larger than"):
            fetch(transport, server.url + "/x.csv", max_bytes=len(packed) + 1)
    with (
        playing(reply(packed[:-9], "Content-Encoding: gzip")) as server,
        pytest.raises(Unreachable, match="compressed"),
    ):
        fetch(transport, server.url)
    with playing(reply(BODY, "Content-Encoding: gzip")) as server, pytest.raises(Unreachable, match="damaged"):
        fetch(transport, server.url)
    with playing(reply(BODY, "Content-Encoding: br")) as server, pytest.raises(RefusedAnswer, match="'br'"):
        fetch(transport, server.url)


def test_an_address_reaches_the_provider_as_it_was_written(transport: Transport) -> None:
    path = "/v2/AZE;IRN/Time%20Series(1)+x=y&z%2Cq?format=json&per_page=1000&p=a%2Fb;c"
    with playing(reply(b"ok")) as server:
        fetch(transport, server.url + path + "#fragment")
    assert server.heard[0].startswith(f"GET {path} HTTP/1.1\r\n")


def moved(location: str, status: str = "302 Found") -> list[bytes | float]:
    return reply(b"", f"Location: {location}", status=status)


def test_redirects_are_followed_up_to_five_times(transport: Transport) -> None:
    with playing(*[moved(f"/{n}") for n in range(5)], reply(b"there")) as server:
        assert fetch(transport, server.url + "/start") == b"there"
    assert [heard.split()[1] for heard in server.heard] == ["/start", "/0", "/1", "/2", "/3", "/4"]
    with playing(moved("/again")) as server, pytest.raises(RefusedAnswer, match="more than 5 times"):
        fetch(transport, server.url)
    assert len(server.heard) == 6


@pytest.mark.parametrize(
    "location",
    [
        "http://example.org/x",
        "https://example.org/x",
        "file:///etc/passwd",
        "ftp://a.org/x",
        "http://[bad",
        "https:///x",
    ],
)
def test_an_unsafe_redirect_is_refused(transport: Transport, location: str) -> None:
    with playing(moved(location)) as server, pytest.raises(RefusedAnswer, match="redirects to") as caught:
        fetch(transport, server.url)
    assert caught.value.subject == server.url
    assert len(server.heard) == 1


def test_an_index_page_is_listed_after_redirects_and_an_outage_page_falls_over(
    transport: Transport, httpserver: HTTPServer
) -> None:
    page = "<title>Index of /data/</title><a href='?C=N'>Name</a><a href='/data/a.nc'>a.nc</a><a href='b/'>b/</a>"
    httpserver.expect_request("/old/").respond_with_data(status=301, headers={"Location": "/data/"})
    httpserver.expect_request("/data/").respond_with_data(page, content_type="text/html")
    httpserver.expect_request("/down/old/").respond_with_data("<h1>maintenance</h1>", content_type="text/html")
    httpserver.expect_request("/gone/old/").respond_with_data(status=404)
    base = httpserver.url_for("").rstrip("/")
    found = transport.bound([base + "/gone", base + "/down", base]).listing("old")
    assert (found.base, found.names) == (base, ["a.nc", "b/"])
    with pytest.raises(NotPublished):
        transport.bound([base + "/gone"]).listing("old")
    with pytest.raises(Unreachable, match="not a directory index"):
        transport.bound([base + "/down", base + "/gone"]).listing("old")


@pytest.mark.parametrize("contact", ["Институт", "a\r\nX-Evil: 1"])
def test_a_contact_must_fit_a_header(contact: str) -> None:
    with pytest.raises(SettingsError, match="ASCII"):
        Transport(Settings(Path("unused"), "sqlite://", contact=contact))


def test_connections_are_closed_when_the_reader_loses_interest(transport: Transport) -> None:
    with playing(reply(BODY)) as server:
        with transport.get(server.url, max_bytes=10**7, deadline_seconds=5) as answer:
            assert next(answer.body)
        assert fetch(transport, server.url) == BODY
