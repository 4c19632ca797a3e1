"""How the bytes of a granule are got: one request, or what its protocol asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from caspian_env.errors import SeedError
from caspian_env.model import Dataset, GranuleRef
from caspian_env.transport import Answer
from caspian_env.wiring import Platform
from caspian_env.workflows.keys import secrets_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """A granule at one of its addresses, the validators of the last answer, and the time there is."""

    dataset: Dataset
    ref: GranuleRef
    url: str
    etag: str | None
    last_modified: str | None
    deadline_seconds: float


Protocol = Callable[[Platform, Wanted], AbstractContextManager[Answer]]


@contextmanager
def fetch(
    platform: Platform, dataset: Dataset, ref: GranuleRef, url: str, *, etag: str | None, last_modified: str | None,
    deadline_seconds: float,
) -> Iterator[Answer]:  # fmt: skip
    """The answer for a granule, for as long as the block lasts; a mirror is always asked for a plain file.

    Raises
    ------
    NotPublished, Unreachable, RefusedAnswer
        As ``Transport.get``.
    SeedError
        When the source names a protocol that does not exist.
    """
    name = "http" if platform.settings.mirror else ref.protocol
    if name not in PROTOCOLS:
        raise SeedError(dataset.id, f"no protocol {name!r} is known", f"known: {', '.join(PROTOCOLS)}")
    wanted = Wanted(dataset, ref, url, etag, last_modified, deadline_seconds)
    with PROTOCOLS[name](platform, wanted) as answer:
        yield answer


def plain(platform: Platform, wanted: Wanted) -> AbstractContextManager[Answer]:
    """One GET, or one POST where the granule has a form."""
    secret, secret_headers = secrets_of(platform, wanted.dataset)
    return platform.transport.get(
        wanted.url, etag=wanted.etag, last_modified=wanted.last_modified, form=wanted.ref.form, secret=secret,
        secret_headers=secret_headers, max_bytes=wanted.dataset.max_bytes, deadline_seconds=wanted.deadline_seconds,
    )  # fmt: skip


PROTOCOLS: dict[str, Protocol] = {"http": plain}
