"""Files of an object store that stands in for the network: a mirror at ``s3://BUCKET/PREFIX`` or another fsspec address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from caspian_env.errors import NotPublished, StoreAway, Unreachable
from caspian_env.formats.http_answers import too_large
from caspian_env.formats.object_store import ObjectStore


@contextmanager
def opened(store: ObjectStore, name: str, subject: str, limit: int) -> Iterator[Iterator[bytes]]:
    """The bytes of an object, for as long as the block lasts.

    Raises
    ------
    NotPublished
        When there is no such object.
    RefusedAnswer
        When it holds more than ``limit`` bytes.
    Unreachable
        When the store does not answer or refuses; also while the bytes are read.
    """
    with _store_errors(subject):
        held = store.find(name)
    if held is None:
        raise NotPublished(subject, f"is not in {store}")
    if held.size > limit:
        raise too_large(subject, limit)
    yield _chunks(store, name, subject)


def folder_names(store: ObjectStore, name: str, subject: str) -> list[str]:
    """Names in a folder of the store, sorted; folders end with ``/``.

    Raises
    ------
    NotPublished, Unreachable
        As ``opened``.
    """
    with _store_errors(subject):
        names = store.names(name.rstrip("/"))
    if not names:
        raise NotPublished(subject, f"is not in {store}")
    return names


def _chunks(store: ObjectStore, name: str, subject: str) -> Iterator[bytes]:
    with _store_errors(subject):
        yield from store.chunks(name)


@contextmanager
def _store_errors(subject: str) -> Iterator[None]:
    try:
        yield
    except StoreAway as error:
        raise Unreachable(subject, f"the mirror does not give it: {error.problem}", error.remedy) from error
