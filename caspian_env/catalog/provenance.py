"""Recording which run fetched which bytes, when: retrievals and granules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.adding import insert

NO_NEWER_EDITION = "no newer edition than"  # part of the reason why sound bytes were put off


@dataclass(frozen=True, slots=True)
class LastRetrieval:
    """What the newest answer of an address was: its validators, the granule it brought, and whether that was taken.

    An edition that was put off because a newer one is known counts as taken: it need not be read again, unless somebody
    wants it.
    """

    etag: str | None
    last_modified: str | None
    granule_id: int | None
    sha256: str
    size: int
    accepted: bool
    put_off: bool = False


@dataclass(frozen=True, slots=True)
class RetrievalRecord:
    """One answer, or the lack of one, of one address."""

    dataset_id: str
    url: str
    retrieved_at: datetime
    known_at: datetime
    outcome: str
    http_status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    bytes_received: int = 0
    granule_id: int | None = None
    error: str | None = None


def is_known(connection: Connection, dataset_id: str, sha256: str) -> bool:
    """Whether a dataset has brought these bytes before."""
    return connection.execute(_granule(), {"of": dataset_id, "bytes": sha256}).one_or_none() is not None


def record_granule(
    connection: Connection, *, dataset_id: str, sha256: str, size: int, media_type: str | None,
    product_version: str | None = None, rejected: str | None = None,
) -> int:  # fmt: skip
    """Record the bytes as read, or as set aside with the reason, and return the granule's key.

    The same bytes are one granule; a reading that succeeds after an earlier rejection turns it to accepted. Bytes that
    were accepted once stay so, for values rest on them: that they were refused when they came again is said by their
    retrieval.
    """
    state = {"state": "rejected" if rejected else "accepted", "reason": rejected, "product_version": product_version}
    values = {"dataset_id": dataset_id, "sha256": sha256, "size": size, "media_type": media_type, **state}
    added = connection.scalar(_new_granule(connection.dialect.name), values)
    if added is not None:
        return int(added)
    found = connection.execute(_granule(), {"of": dataset_id, "bytes": sha256}).one()
    if found.state == "rejected":
        connection.execute(sa.update(t.granule).where(t.granule.c.id == found.id).values(state))
    return int(found.id)


def record_retrieval(connection: Connection, run_id: int, record: RetrievalRecord) -> None:
    """Record one answer."""
    values = {name: getattr(record, name) for name in RetrievalRecord.__slots__}
    connection.execute(_new_retrieval(), {"run_id": run_id, **values})


def last_retrieval(connection: Connection, dataset_id: str, url: str) -> LastRetrieval | None:
    """The newest answer of an address that brought, or confirmed, a granule."""
    row = connection.execute(_newest_answer(), {"of": dataset_id, "address": url}).one_or_none()
    if row is None:
        return None
    taken = row.state == "accepted" and row.error is None
    put_off = NO_NEWER_EDITION in (row.error or row.reason or "")
    return LastRetrieval(
        row.etag, row.last_modified, row.granule_id, row.sha256, row.size, accepted=taken or put_off, put_off=put_off
    )


@cache
def _granule() -> sa.Select[Any]:
    column = t.granule.c
    wanted = (column.dataset_id == sa.bindparam("of"), column.sha256 == sa.bindparam("bytes"))
    return sa.select(column.id, column.state).where(*wanted)


@cache
def _new_granule(dialect: str) -> sa.sql.dml.ReturningInsert[int]:
    return insert(t.granule, dialect).on_conflict_do_nothing().returning(t.granule.c.id)


@cache
def _new_retrieval() -> sa.Insert:
    return sa.insert(t.retrieval)


@cache
def _newest_answer() -> sa.Select[Any]:
    retrieval, granule = t.retrieval.c, t.granule.c
    return (
        sa.select(
            retrieval.etag, retrieval.last_modified, retrieval.granule_id, granule.sha256, granule.size, granule.state,
            retrieval.error, granule.reason,
        )
        .join(t.granule, granule.id == retrieval.granule_id)
        .where(retrieval.url == sa.bindparam("address"), retrieval.dataset_id == sa.bindparam("of"))
        .order_by(retrieval.id.desc())
        .limit(1)
    )  # fmt: skip


def accepted_versions(connection: Connection, dataset_id: str, run_id: int | None = None) -> set[str]:
    """The product versions of the granules that were accepted, by one run or ever."""
    granule, retrieval = t.granule.c, t.retrieval.c
    wanted = sa.select(granule.product_version).distinct().where(
        granule.dataset_id == dataset_id, granule.state == "accepted", granule.product_version.is_not(None)
    )  # fmt: skip
    if run_id is not None:
        wanted = wanted.join(t.retrieval, retrieval.granule_id == granule.id)
        wanted = wanted.where(retrieval.run_id == run_id, retrieval.error.is_(None))
    return set(connection.scalars(wanted))


def is_unfinished_since(connection: Connection, dataset_id: str, etag_prefix: str, run_id: int) -> bool:
    """Whether files were once read under another ETag prefix, and no run but ``run_id`` has ended well since the last of it.

    A run ends well as ``ok`` or ``partial``; one that was killed does not.
    """
    retrieval, run = t.retrieval.c, t.run.c
    other = sa.select(sa.func.max(retrieval.run_id)).where(
        retrieval.dataset_id == dataset_id, retrieval.etag.is_not(None), ~retrieval.etag.startswith(etag_prefix)
    )
    last_other = connection.scalar(other)
    if last_other is None:
        return False
    ended = sa.select(run.id).where(
        run.workflow == "ingest", run.subject == dataset_id, run.id > last_other, run.id != run_id,
        run.status.in_(("ok", "partial")),
    )  # fmt: skip
    return connection.scalar(ended.limit(1)) is None


def latest_known(connection: Connection, dataset_id: str) -> datetime | None:
    """The moment up to which the catalog's knowledge of a dataset reaches."""
    column = t.retrieval.c
    latest: datetime | None = connection.scalar(
        sa.select(sa.func.max(column.known_at)).where(column.dataset_id == dataset_id, column.granule_id.is_not(None))
    )
    return latest
