"""What a hostile server does, as answers on a socket, and what must become of each; the guide's table has these words."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.scripted_server import reply

Answers = Sequence[Sequence[bytes | float]]
HTML = b"<!DOCTYPE html>\n<html><body>We will be back soon.</body></html>\n"
DATE = "Date: Mon, 02 Feb 2026 00:00:00 GMT"
BOMB = gzip.compress(b"0" * 100_000_000)
NOTHING_NEW, SET_ASIDE, LATER, STORED = "nothing new", "set aside", "later", "stored"
WORDS = {
    STORED: "stored", NOTHING_NEW: "ok, nothing new", SET_ASIDE: "set aside, said in a line; mended by the next run",
    LATER: "said in a line; mended by the next run",
}  # fmt: skip


@dataclass(frozen=True)
class Hostility:
    """What the server does with the new edition (given to ``answers``), and how often it is asked for it.

    ``becomes`` is one of the words above; ``says`` is a word of the line about it. ``same`` is for a server that has no
    new edition, ``grid`` for one that has netCDF, ``spare`` for one of two hosts, the other of which is well, ``slow``
    for one that only the deadline of the job can end.
    """

    name: str
    answers: Callable[[bytes], Answers]
    happens: str
    becomes: str
    asked: int
    says: str = ""
    same: bool = False
    grid: bool = False
    spare: bool = False
    slow: bool = False


def cut(body: bytes, share: float = 0.6) -> bytes:
    return body[: int(len(body) * share)]


def lines(body: bytes) -> bytes:
    """The beginning of it, up to the end of a line."""
    return body[: body.rindex(b"\n", 0, int(len(body) * 0.6)) + 1]


def unstated(body: bytes) -> list[bytes | float]:
    """An answer that ends when the connection does, as in HTTP/1.0."""
    return [b"HTTP/1.0 200 OK\r\n\r\n", body]


def chunked(body: bytes) -> list[bytes | float]:
    """An answer in one chunk that is not followed by the last one."""
    return [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"%x\r\n" % len(body) + body + b"\r\n"]


def broken(body: bytes, *headers: str) -> list[bytes | float]:
    """An answer that ends in the middle of its body."""
    return reply(cut(body), *headers, length=len(body))


def rest(body: bytes, *headers: str) -> list[bytes | float]:
    """What a server sends when it is asked for the rest of ``broken``."""
    begin = len(cut(body))
    place = f"Content-Range: bytes {begin}-{len(body) - 1}/{len(body)}"
    return reply(body[begin:], place, *headers, status="206 Partial Content")


def unending(head: bytes, pieces: int = 200) -> list[bytes | float]:
    """An answer that drips, a byte every tenth of a second."""
    drip: list[bytes | float] = [b"x", 0.1]
    return [head, *drip * pieces]


def stated(length: int, *headers: str) -> bytes:
    answer = reply(b"", *headers, length=length)[0]
    assert isinstance(answer, bytes)
    return answer


V1, V2 = 'ETag: "n1"', 'ETag: "n2"'
HOSTILITIES = (
    Hostility("drops the connection in mid-body, once; ranges honoured", lambda new: [broken(new, V1), rest(new, V1)],
              "taken up where it ended (`Range`, `If-Range`)", STORED, 2),
    Hostility("drops the connection in mid-body, once; no validator", lambda new: [broken(new), reply(new)],
              "begun once more, whole", STORED, 2),
    Hostility("drops the connection in mid-body, always", lambda new: [broken(new)],
              "begun twice, nothing of it kept", LATER, 2, "bytes"),
    Hostility("drops the connection before any answer", lambda _: [[b""]],
              "tried three times", LATER, 3, "connection failed"),
    Hostility("ignores ranges", lambda new: [broken(new, V1), reply(new, V1)],
              "the whole file is taken, what was there already is skipped", STORED, 2),
    Hostility("has another file when asked for the rest", lambda new: [broken(new, V1), reply(new, V2), reply(new, V2)],
              "never patched together; begun once more, whole", STORED, 3),
    Hostility("sends a part where the whole was asked for", lambda new: [rest(new)],
              "refused", LATER, 1, "HTTP 206"),
    Hostility("states a `Content-Length` above the truth", lambda new: [reply(new, length=len(new) + 7)],
              "counts as broken off; begun twice", LATER, 2, "bytes"),
    Hostility("states a `Content-Length` below the truth", lambda new: [reply(new, length=len(new) - 3)],
              "only so much is read, and the reader finds the table cut off", SET_ASIDE, 1, "csv"),
    Hostility("states a `Content-Length` beyond the limit", lambda new: [reply(new, length=10**12)],
              "refused before the body", LATER, 1, "larger than"),
    Hostility("breaks off at a line end, against its `Content-Length`", lambda new: [reply(lines(new), length=len(new))],
              "begun twice, nothing of it kept", LATER, 2, "bytes"),
    Hostility("sends chunks and breaks off at a line end, without the last chunk", lambda new: [chunked(lines(new))],
              "begun twice, nothing of it kept", LATER, 2),
    Hostility("states no length and breaks off at a line end, once",
              lambda new: [unstated(lines(new)), *[unstated(new)] * 3],
              "asked for twice; two answers of unlike size are asked for again", STORED, 4),
    Hostility("states no length and ends at the same line each time", lambda new: [unstated(lines(new))],
              "asked for twice; the catalog finds values missing that were there before", SET_ASIDE, 2, "csv"),
    Hostility("answers 429 with `Retry-After`", lambda new: [reply(b"", "Retry-After: 7", status="429 Slow"), reply(new)],
              "waits as long as it asks", STORED, 2),
    Hostility("answers 429 with a `Retry-After` of a day", lambda _: [reply(b"", "Retry-After: 86400", status="429 Slow")],
              "does not wait", LATER, 1, "429"),
    Hostility("answers 500 in bursts", lambda new: [reply(HTML, status="500 Oh")] * 2 + [reply(new)],
              "tried again with growing, uneven pauses", STORED, 3),
    Hostility("answers 500 for good", lambda _: [reply(HTML, status="500 Oh")],
              "tried three times", LATER, 3, "500"),
    Hostility("answers 500 for good, the second host is well", lambda _: [reply(HTML, status="500 Oh")],
              "the second host is asked", STORED, 3, spare=True),
    Hostility("says nothing", lambda _: [[3.0]],
              "tried three times, each until the longest silence is over", LATER, 3, "in time"),
    Hostility("sends a body that drips without end", lambda _: [unending(stated(10**6))],
              "ended by the deadline of the granule and of the job", LATER, 1, "in time", slow=True),
    Hostility("sends a body without end or length", lambda _: [[b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 2000]],
              "refused at the size limit of the dataset", LATER, 1, "larger than"),
    Hostility("sends header fields without end", lambda _: [unending(b"HTTP/1.1 200 OK\r\nX-Long: ")],
              "ended by the deadline of the granule and of the job", LATER, 1, "in time", slow=True),
    Hostility("redirects in a circle", lambda _: [reply(b"", "Location: /again", status="302 Found")],
              "followed five times, then refused", LATER, 6, "redirects"),
    Hostility("redirects to another scheme", lambda _: [reply(b"", "Location: file:///etc/passwd", status="301 Moved")],
              "refused", LATER, 1, "not safe"),
    Hostility("redirects to plain http elsewhere",
              lambda _: [reply(b"", "Location: http://provider.example/x", status="301 Moved")],
              "refused", LATER, 1, "not safe"),
    Hostility("sends a gzip bomb as content coding", lambda _: [reply(BOMB, "Content-Encoding: gzip")],
              "refused at the size limit of what comes out", LATER, 1, "larger than"),
    Hostility("codes the content although nobody asked",
              lambda new: [reply(gzip.compress(new), "Content-Encoding: gzip", V1)],
              "undone, checksum verified", STORED, 1),
    Hostility("sends other bytes than its gzip checksum says",
              lambda new: [reply(gzip.compress(new)[:-8] + bytes(8), "Content-Encoding: gzip")],
              "counts as broken off; begun twice", LATER, 2, "compressed"),
    Hostility("changes the `ETag` of the same bytes", lambda old: [reply(old, 'ETag: "other"')],
              "seen by the sha256, no new granule and no new vintage", NOTHING_NEW, 1, same=True),
    Hostility("says \"not modified\" of an `ETag` it repeats not",
              lambda _: [[b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"]],
              "believed, the `ETag` stays", NOTHING_NEW, 1, same=True),
    Hostility("sends an error page with status 200", lambda _: [reply(HTML, V1)],
              "seen by its first bytes", SET_ASIDE, 1, "HTML page"),
    Hostility("sends nothing with status 200", lambda _: [reply(b"", V1)],
              "seen by its size", SET_ASIDE, 1, "empty"),
    Hostility("sends truncated netCDF with status 200", lambda new: [reply(cut(new), V1)],
              "seen by the reader", SET_ASIDE, 1, "mnmean.nc", grid=True),
    Hostility("sends text in place of netCDF with status 200", lambda _: [reply(b"busy, come back\n", V1)],
              "seen by its first bytes", SET_ASIDE, 1, "text in place of netCDF", grid=True),
)  # fmt: skip


def table() -> list[str]:
    """The rows of the guide."""
    head = ["| the server | what happens | the run |", "| --- | --- | --- |"]
    return head + [f"| {one.name} | {one.happens} | {WORDS[one.becomes]} |" for one in HOSTILITIES]
