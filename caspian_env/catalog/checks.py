"""Checks of what datasets promise: what was found, and which datasets are proven."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from caspian_env.catalog import tables as t
from caspian_env.settings import VERSION


def record_check(
    connection: Connection,
    *,
    dataset_id: str,
    checked_at: datetime,
    url: str | None,
    passed: bool,
    findings: Sequence[Mapping[str, Any]],
) -> None:
    """Keep what a check has found; none is ever replaced."""
    values = {
        "dataset_id": dataset_id, "checked_at": checked_at, "url": url, "passed": passed,
        "findings": json.dumps(list(findings), ensure_ascii=False), "code_version": VERSION,
    }  # fmt: skip
    connection.execute(sa.insert(t.dataset_check).values(values))


def last_checks(connection: Connection) -> dict[str, Row[Any]]:
    """The newest check of each dataset that was ever checked."""
    newest = sa.select(sa.func.max(t.dataset_check.c.id)).group_by(t.dataset_check.c.dataset_id)
    rows = connection.execute(sa.select(t.dataset_check).where(t.dataset_check.c.id.in_(newest)))
    return {row.dataset_id: row for row in rows}


def passed_checks(connection: Connection, as_of: datetime | None = None) -> set[str]:
    """Datasets of which a check has passed at some time, by ``as_of`` if given."""
    column = t.dataset_check.c
    wanted = [column.passed, *([column.checked_at <= as_of] if as_of else [])]
    return set(connection.scalars(sa.select(column.dataset_id).where(*wanted)))
