"""Listings and small texts are sent once: afterwards only a server without validators sends them again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from caspian_env.errors import NotPublished, RefusedAnswer, Unreachable
from caspian_env.settings import Settings
from caspian_env.transport import Transport
from tests.scripted_server import playing, reply

INDEX = b"<title>Index of /d</title><a href='a.nc'>a.nc</a><a href='202401/'>202401/</a>"
LONGER = INDEX + b"<a href='b.nc'>b.nc</a>"
UNCHANGED = [b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"]
DATE = "Date: Mon, 02 Feb 2026 00:00:09 GMT"
OLD, FRESH = "Last-Modified: Mon, 02 Feb 2026 00:00:00 GMT", "Last-Modified: Mon, 02 Feb 2026 00:00:09 GMT"


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[], Transport]:
    """A transport of the same home each time, as of one run after another."""
    return lambda: Transport(Settings(tmp_path, "sqlite://"), timeout=5, sleep=lambda _: None)


def listed(transport: Transport, url: str) -> list[str]:
    with transport:
        return list(transport.bound([url]).listing("d").names)


@pytest.mark.parametrize("validator", [('ETag: "v1"',), (DATE, OLD)])
def test_an_unchanged_listing_is_one_conditional_request(
    opened: Callable[[], Transport], validator: tuple[str, ...]
) -> None:
    with playing(reply(INDEX, *validator), UNCHANGED, UNCHANGED, reply(LONGER, *validator)) as server:
        found = [listed(opened(), server.url) for _ in range(4)]
    assert found == [["202401/", "a.nc"]] * 3 + [["202401/", "a.nc", "b.nc"]]
    asked = "if-none-match" if "ETag" in validator[0] else "if-modified-since"
    assert [asked in heard.lower() for heard in server.heard] == [False, True, True, True]


def test_a_small_text_too(opened: Callable[[], Transport]) -> None:
    with playing(reply(b"one", 'ETag: "v1"'), UNCHANGED, UNCHANGED) as server:
        for _ in range(3):
            with opened() as transport:
                assert transport.bound([server.url]).document("axes?x=1").text == "one"
    assert len(server.heard) == 3


@pytest.mark.parametrize(
    "answer",
    [
        reply(INDEX),
        reply(INDEX, DATE, FRESH),  # it may change again within the second
        [b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nConnection: close\r\n\r\n', INDEX],  # nobody knows where it ends
    ],
)
def test_what_cannot_be_confirmed_is_asked_for_whole(
    opened: Callable[[], Transport], answer: list[bytes | float]
) -> None:
    with playing(answer) as server:
        assert listed(opened(), server.url) == listed(opened(), server.url) == ["202401/", "a.nc"]
    assert "if-" not in server.heard[1].lower()


def test_a_page_that_is_no_listing_is_not_kept(opened: Callable[[], Transport]) -> None:
    with playing(reply(b"<h1>maintenance</h1>", 'ETag: "v1"'), reply(INDEX, 'ETag: "v1"')) as server:
        with pytest.raises(Unreachable, match="not a directory index"):
            listed(opened(), server.url)
        assert listed(opened(), server.url) == ["202401/", "a.nc"]
    assert "if-none-match" not in server.heard[1].lower()


@pytest.mark.parametrize("damage", ["", "{}", "[1]", '{"sha256": "0", "page": {}}', "half"])
def test_a_damaged_cache_costs_a_transfer(opened: Callable[[], Transport], tmp_path: Path, damage: str) -> None:
    with playing(reply(INDEX, 'ETag: "v1"')) as server:
        listed(opened(), server.url)
        (kept,) = (tmp_path / "cache" / "pages").iterdir()
        text = kept.read_text(encoding="utf-8")
        kept.write_text(text.replace("a.nc", "x.nc") if damage == "half" else damage, encoding="utf-8")
        assert listed(opened(), server.url) == ["202401/", "a.nc"]
    assert "if-none-match" not in server.heard[1].lower()
    assert json.loads(kept.read_text(encoding="utf-8"))["page"]["etag"] == '"v1"'


def test_a_home_that_cannot_be_written_costs_a_transfer(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    with playing(reply(INDEX, 'ETag: "v1"')) as server:
        for _ in range(2):
            assert listed(Transport(Settings(tmp_path / "home", "sqlite://")), server.url) == ["202401/", "a.nc"]


def test_a_key_is_not_kept(tmp_path: Path, opened: Callable[[], Transport]) -> None:
    keys: tuple[dict[str, str], dict[str, str]] = ({"api_key": "s3cr3t"}, {"X-Key": "s3cr3t"})
    with playing(reply(b"text", 'ETag: "v1"')) as server, opened() as transport:
        assert transport.bound([server.url], keys).document("list").text == "text"
    assert "api_key=s3cr3t" in server.heard[0]
    (kept,) = (tmp_path / "cache" / "pages").iterdir()
    assert "s3cr3t" not in kept.read_text(encoding="utf-8") + kept.name


def test_the_host_that_answered_is_asked_first_from_then_on(opened: Callable[[], Transport]) -> None:
    refused = reply(status="403 Forbidden")
    with playing(refused) as first, playing(reply(INDEX)) as second, opened() as transport:
        hosts = transport.bound([first.url, second.url])
        assert [hosts.listing("d").base for _ in range(3)] == [second.url] * 3
    assert (len(first.heard), len(second.heard)) == (1, 3)


def test_that_something_is_wrong_is_told_before_that_nothing_is_there(opened: Callable[[], Transport]) -> None:
    gone, refused, down = (reply(status=status) for status in ("404 Gone", "403 Forbidden", "503 Busy"))
    with playing(gone) as one, playing(refused) as two, playing(down) as three, opened() as transport:
        for order in ([one, two], [two, one]):
            with pytest.raises(RefusedAnswer, match="403"):
                transport.bound([server.url for server in order]).listing("d")
        with pytest.raises(Unreachable, match="503"):
            transport.bound([three.url, two.url, one.url]).listing("d")
        with pytest.raises(NotPublished):
            transport.bound([one.url]).listing("d")


def test_a_listing_that_unpacks_to_a_bomb_is_refused(opened: Callable[[], Transport]) -> None:
    bomb = gzip.compress(b"0" * 20_000_000)
    with playing(reply(bomb, "Content-Encoding: gzip")) as server, pytest.raises(RefusedAnswer, match="larger than"):
        listed(opened(), server.url)


def test_a_304_that_repeats_no_tag_keeps_the_tag(opened: Callable[[], Transport]) -> None:
    with playing(UNCHANGED) as server, opened() as transport:
        with transport.get(server.url, etag='"v1"', last_modified="x", max_bytes=9, deadline_seconds=9) as answer:
            assert answer.not_modified
        assert (answer.etag, answer.last_modified) == ('"v1"', "x")
