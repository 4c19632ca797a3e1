"""What an HTTP answer means here: its status as an error, how long to wait, and its bytes as the provider keeps them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from caspian_env.errors import NotPublished, RefusedAnswer, TransportError, Unreachable

OF_THE_MIRROR = "start the mirror, or correct --mirror or CASPIAN_ENV_MIRROR"
OWN_VALIDATOR = "date and size: "  # not an ETag, and never sent as one


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells whether a file is still the same (RFC 9110, section 8.8)."""

    etag: str | None
    last_modified: str | None

    def headers(self) -> dict[str, str]:
        """The header fields of a request that only wants what has changed."""
        fields = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in fields.items() if value}

    def after(self, status: int, headers: Mapping[str, str], *, mirror: bool) -> Validators:
        """Those for the next request, given the answer to this one.

        There are none for a body whose end nobody could tell from a broken connection: it is asked for again whole.
        """
        etag, date = headers.get("etag"), None if mirror else settled_date(headers)
        if status == 304:  # not every server repeats what it confirms
            return Validators(etag or self.etag, self.last_modified)
        if not states_end(headers):
            return Validators(None, None)
        return Validators(etag or (date_and_size(headers) if mirror else None), date)


def states_end(headers: Mapping[str, str]) -> bool:
    """Whether a body that breaks off can be told from a whole one (RFC 9112, section 8)."""
    return any(name in headers for name in ("content-length", "transfer-encoding", "content-encoding"))


def settled_date(headers: Mapping[str, str]) -> str | None:
    """``Last-Modified``, unless the file may change again within the second that it names (RFC 9110, section 8.8.2.2)."""
    text = headers.get("last-modified")
    try:
        age = parsedate_to_datetime(headers["date"]) - parsedate_to_datetime(text or "")
    except (ValueError, TypeError, KeyError):
        return text
    return text if age.total_seconds() >= 1 else None


def complaint(subject: str, status: int, mirror: str = "") -> TransportError:
    """The error that an HTTP status other than success stands for (RFC 9110, section 15); ``mirror`` is who answered."""
    if mirror:
        return _complaint_of_mirror(subject, status, mirror)
    if status in (404, 410):
        return NotPublished(subject, f"is not there (HTTP {status})", "it may appear later, or have moved for good")
    if status == 429:
        return Unreachable(subject, "asks for fewer requests (HTTP 429)", "wait, and collect less often")
    if status in (408, 425) or status >= 500:
        return Unreachable(subject, f"the server failed (HTTP {status})", "try again later")
    if status == 400:
        remedy = "compare the parameters with the provider's documentation, they may have changed"
        return RefusedAnswer(subject, "does not accept the request (HTTP 400)", remedy)
    if status in (401, 403, 407):
        remedy = "check the key and accept its licence at the provider; without a key, write to the provider"
        return RefusedAnswer(subject, f"forbids the request (HTTP {status})", remedy)
    return RefusedAnswer(subject, f"answered HTTP {status}, which is not expected", "look at the address by hand")


def _complaint_of_mirror(subject: str, status: int, mirror: str) -> TransportError:
    if status in (404, 410):
        return NotPublished(subject, f"is not on the mirror {mirror} (HTTP {status})", "copy it there, if it should be")
    if status in (401, 403, 407):
        remedy = "check the user and the password in CASPIAN_ENV_MIRROR"
        return RefusedAnswer(subject, f"the mirror {mirror} forbids the request (HTTP {status})", remedy)
    if status in (408, 425, 429) or status >= 500:
        return Unreachable(subject, f"the mirror {mirror} failed (HTTP {status})", "look at the mirror, and try again")
    return RefusedAnswer(subject, f"the mirror {mirror} answered HTTP {status}, which is not expected", OF_THE_MIRROR)


def too_large(subject: str, limit: int) -> RefusedAnswer:
    """The refusal of an answer of more than ``limit`` bytes."""
    return RefusedAnswer(subject, f"is larger than {limit} bytes", "raise max_bytes of the dataset if its files grew")


def incomplete(subject: str, problem: str) -> Unreachable:
    """A body that broke off or was damaged on its way."""
    return Unreachable(subject, problem, "try again")


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that the server asks to wait, 0 where it asks for none (RFC 9110, section 10.2.3).

    A moment is compared with the server's own ``Date``, so a wrong clock on either side does no harm.
    """
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(headers["date"])).total_seconds())
    except (ValueError, TypeError, KeyError):
        return 0.0


def strong_validator(headers: Mapping[str, str]) -> str | None:
    """The ETag, if it stands for exactly these bytes and they were sent as they are (RFC 9110, section 13.1.5)."""
    etag = headers.get("etag", "")
    return etag if etag.startswith('"') and not headers.get("content-encoding") else None


def continues(status: int, headers: Mapping[str, str], received: int) -> bool:
    """Whether an answer carries on after the ``received`` bytes that are there already."""
    return status == 206 and headers.get("content-range", "").startswith(f"bytes {received}-")


def content(chunks: Iterator[bytes], headers: Mapping[str, str], subject: str, limit: int) -> Iterator[bytes]:
    """The file behind an answer's bytes: a gzip coding nobody asked for is undone, a ``.gz`` file stays as it is.

    Raises
    ------
    RefusedAnswer
        When the coding is another one.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    compressed = coding in ("gzip", "x-gzip")
    if coding in ("", "identity") or (compressed and urlsplit(subject).path.endswith(".gz")):
        return chunks
    if compressed:
        return inflate(chunks, subject, limit)
    raise RefusedAnswer(subject, f"is coded as {coding[:40]!r}, which nobody asked for", "look at the address by hand")


def inflate(chunks: Iterator[bytes], subject: str, limit: int) -> Iterator[bytes]:
    """Undo a gzip content coding, never holding or giving more than ``limit`` bytes.

    Raises
    ------
    RefusedAnswer
        When the content is larger than the limit.
    Unreachable
        When it is damaged or ends early.
    """
    engine = zlib.decompressobj(wbits=31)
    total = 0
    for chunk in chunks:
        try:
            piece = engine.decompress(chunk, limit - total + 1)
        except zlib.error as error:
            raise incomplete(subject, f"the compressed answer is damaged: {error}") from error
        total += len(piece)
        if total > limit:
            raise too_large(subject, limit)
        if piece:
            yield piece
    if not engine.eof or engine.unused_data:
        raise incomplete(subject, "the compressed answer does not end where it should")


def date_and_size(headers: Mapping[str, str]) -> str | None:
    """A validator of our own for a server without ETags: the file's date and length; None where it tells neither."""
    date, size = headers.get("last-modified"), headers.get("content-length")
    return f"{OWN_VALIDATOR}{date} {size}" if date and size else None
