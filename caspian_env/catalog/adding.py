"""Adding rows that another process may be adding at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert(table: sa.Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    """An insert into a table that can do nothing where the row is there, in the words of the database at hand.

    Each database's words are loaded where they are needed: a command that asks a SQLite file need not wait for PostgreSQL's.
    """
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
