"""How the bytes of a granule are got: one request, or what its protocol asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from caspian_env.errors import NotPublished, SeedError, Unreachable
from caspian_env.formats.erddap import UNKNOWN
from caspian_env.formats.mirror_addresses import public_address
from caspian_env.model import Dataset, GranuleRef
from caspian_env.transport import Answer
from caspian_env.wiring import Platform
from caspian_env.workflows.keys import secrets_of
from caspian_env.workflows.orders import cdse_download, hydroweb_order
from caspian_env.workflows.processes import process_order
from caspian_env.workflows.zarr_pieces import zarr_piece

NETCDF = b"CDF"  # ERDDAP writes netCDF-3
WHOLE_TABLE: dict[str, Any] = {"query": [], "response": {"format": "json-stat2"}}


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


def json_post(platform: Platform, wanted: Wanted) -> AbstractContextManager[Answer]:
    """One POST whose form, with the key in it, is a JSON document."""
    secret, secret_headers = secrets_of(platform, wanted.dataset)
    return platform.transport.get(
        wanted.url, etag=wanted.etag, last_modified=wanted.last_modified, form=wanted.ref.form or {}, secret=secret,
        secret_headers=secret_headers, max_bytes=wanted.dataset.max_bytes, deadline_seconds=wanted.deadline_seconds,
        json_body=True,
    )  # fmt: skip


@contextmanager
def pxweb_table(platform: Platform, wanted: Wanted) -> Iterator[Answer]:
    """A whole table of a PxWeb interface (version 1) as JSON-stat 2.0: a POST of a query that chooses nothing."""
    with platform.transport.get(
        wanted.url, etag=wanted.etag, last_modified=wanted.last_modified, form=WHOLE_TABLE, json_body=True,
        max_bytes=wanted.dataset.max_bytes, deadline_seconds=wanted.deadline_seconds,
    ) as answer:  # fmt: skip
        yield replace(answer, url=public_address(wanted.url))  # the query is always the same, and no part of the name


def hydroweb_workflow(platform: Platform, wanted: Wanted) -> AbstractContextManager[Answer]:
    """A zip that hydroweb.next packs to order."""
    return hydroweb_order(platform, wanted.dataset, wanted.ref, wanted.url, wanted.deadline_seconds)


def cdse_token(platform: Platform, wanted: Wanted) -> AbstractContextManager[Answer]:
    """A product of the Copernicus Data Space, opened by a token."""
    return cdse_download(
        platform, wanted.dataset, wanted.ref, wanted.url, wanted.deadline_seconds, wanted.etag, wanted.last_modified
    )


def ogc_process(platform: Platform, wanted: Wanted) -> AbstractContextManager[Answer]:
    """A file that a Copernicus data store makes to order."""
    return process_order(platform, wanted.dataset, wanted.ref, wanted.url, wanted.deadline_seconds)


def zarr(platform: Platform, wanted: Wanted) -> AbstractContextManager[Answer]:
    """A piece of a zarr store, as netCDF."""
    return zarr_piece(platform, wanted.dataset, wanted.ref, wanted.url, wanted.deadline_seconds)


@contextmanager
def griddap(platform: Platform, wanted: Wanted) -> Iterator[Answer]:
    """A piece of a grid from an ERDDAP server: netCDF by its first bytes, and a 404 understood.

    Raises
    ------
    NotPublished
        When the server knows the dataset and has nothing there.
    Unreachable
        When it does not know the dataset, for good or for now, or sends a page of its proxy in place of the file.
    """
    try:
        with plain(platform, wanted) as answer:
            yield replace(answer, body=_netcdf_only(answer))
    except NotPublished as error:
        axes = wanted.url.partition("?")[0].removesuffix(".nc") + ".dds"
        try:
            platform.transport.document(axes)
        except NotPublished:
            raise Unreachable(error.subject, UNKNOWN, "try again in a quarter of an hour") from error
        raise


def _netcdf_only(answer: Answer) -> Iterator[bytes]:
    head = b""
    for chunk in answer.body:
        if len(head) < len(NETCDF):
            head += chunk
            if len(head) < len(NETCDF):
                continue
            chunk = head
            if not head.startswith(NETCDF):
                break
        yield chunk
    if not head.startswith(NETCDF):
        raise Unreachable(answer.url, "answered with something else than netCDF", "try again later")


PROTOCOLS: dict[str, Protocol] = {
    "griddap": griddap,
    "http": plain,
    "json_post": json_post,
    "pxweb_table": pxweb_table,
    "hydroweb_workflow": hydroweb_workflow,
    "cdse_token": cdse_token,
    "ogc_process": ogc_process,
    "zarr_piece": zarr,
}
