"""Writing and reading numbers that people reported, in vintages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import tables as t
from caspian_env.catalog.observations import TICK, known_at
from caspian_env.errors import BackwardsKnowledge

KEYS = ("quantity", "location_id", "period_start", "period_end")
# What makes a number another number; who signed for it and in which file is about it.
CONTENT = ("value", "unit", "reported_by", "reported_on", "source", "licence", "redistributable", "note")


def write_manual_values(
    connection: Connection, rows: Sequence[Mapping[str, Any]], moment: datetime, *, archived: bool = False
) -> tuple[int, int, int]:
    """Store what differs from what is known, and return how many rows were new, revised and unchanged.

    Raises
    ------
    BackwardsKnowledge
        When the rows are ``archived``, known from a moment in the past, and one of them is known from later already.
    """
    column = t.manual_value.c
    new = revised = unchanged = 0
    for row in rows:
        mine = [column[name] == row[name] for name in KEYS]
        old = connection.execute(
            sa.select(t.manual_value).where(*mine, column.known_to.is_(None))
        ).one_or_none()  # fmt: skip
        if archived and old is not None and old.known_from > moment:
            raise BackwardsKnowledge(
                row["quantity"],
                f"{row['location_id']}, {row['period_start']:%F}: one is known since {old.known_from:%F}, after {moment:%F}",
                "import signed files oldest first",
            )
        if old is not None and all(getattr(old, name) == row[name] for name in CONTENT):
            unchanged += 1
            continue
        since = moment if old is None else max(moment, old.known_from + TICK)
        if old is not None:
            connection.execute(sa.update(t.manual_value).where(column.id == old.id).values(known_to=since))
        connection.execute(sa.insert(t.manual_value).values(**row, known_from=since))
        new, revised = (new + 1, revised) if old is None else (new, revised + 1)
    return new, revised, unchanged


def read_manual_values(connection: Connection, *, as_of: datetime | None = None) -> Sequence[sa.Row[Any]]:
    """What is reported, as known now or at ``as_of``, by quantity, place and period."""
    order = [t.manual_value.c[name] for name in KEYS]
    statement = sa.select(t.manual_value).where(*known_at(as_of, t.manual_value)).order_by(*order)
    return connection.execute(statement).all()
