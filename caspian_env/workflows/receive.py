"""One granule from one address into the archive, whole, within its time."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime

from caspian_env.archive import Kept
from caspian_env.catalog.provenance import LastRetrieval
from caspian_env.errors import Unreachable
from caspian_env.model import Dataset, GranuleRef
from caspian_env.seeds.local import READER
from caspian_env.transport import Answer
from caspian_env.wiring import Platform, published_by_of
from caspian_env.workflows.fetch import fetch
from caspian_env.workflows.holder import holder_of

TRANSFERS = 2


def receive(
    platform: Platform, dataset: Dataset, ref: GranuleRef, url: str, last: LastRetrieval | None, seconds: float,
    known_at: datetime | None = None,
) -> tuple[Answer, Kept | None]:  # fmt: skip
    """The answer and the bytes it brought, None where nothing has changed since ``last``.

    A transfer that broke off, and that the server does not let us take up, is begun once more. An answer whose end nothing
    states is asked for twice, and taken if the second is as long: a connection does not break twice at one byte.

    Of a table of the platform, as it was known at ``known_at``, the rows that nobody had published by then are left out.

    Raises
    ------
    NotPublished, Unreachable, RefusedAnswer
        As ``Transport.get``.
    """
    until = time.monotonic() + seconds
    for transfer in range(1, TRANSFERS + 1):
        begun = False
        size: int | None = None
        try:
            while True:
                with fetch(
                    platform, dataset, ref, url,
                    etag=last.etag if last else None,
                    last_modified=last.last_modified if last else None,
                    deadline_seconds=until - time.monotonic(),
                ) as answer:  # fmt: skip
                    begun = True
                    answer = replace(answer, etag=declaration(dataset) or answer.etag)
                    if known_at and (published_by := published_by_of(dataset)):
                        answer = replace(answer, body=iter([published_by(b"".join(answer.body), known_at.date())]))
                    if answer.not_modified:
                        return answer, None
                    if answer.end_is_stated or size is not None:
                        wanted = None if answer.end_is_stated else size
                        return answer, platform.archive.obtain(_as_long(answer, wanted), owner=holder_of())
                    size = sum(len(chunk) for chunk in answer.body)
        except Unreachable:
            if not begun or transfer == TRANSFERS or time.monotonic() >= until:
                raise
    raise AssertionError("the loop above returns or raises")


def _as_long(answer: Answer, size: int | None) -> Iterator[bytes]:
    """The body; Unreachable where it has another size than the one before it."""
    received = 0
    for chunk in answer.body:
        received += len(chunk)
        yield chunk
    if size not in (None, received):
        raise Unreachable(
            answer.url, f"states no length and had {size} bytes, then {received}: one of the two broke off", "try again"
        )


def declaration(dataset: Dataset) -> str | None:
    """A name for how the files of an institute are read and tested, in place of an ETag; None for those of a provider.

    Columns, units, zeros and places are declared and may be corrected, and then the same bytes state other values. The
    part after the last hyphen is about the tests.
    """
    if dataset.module != READER:
        return None
    read = [{**asdict(measured), "qc": None, "gates": None} for measured in dataset.variables]
    tested = [[measured.qc, measured.gates] for measured in dataset.variables]
    return f"declared-{_digest([read, dataset.options, dataset.default_status])}-{_digest(tested)}"


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]
