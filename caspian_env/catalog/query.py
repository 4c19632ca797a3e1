"""Questions in SQL from outside: read-only, limited in rows and time, and never silently cut."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from caspian_env.catalog.engine import Catalog
from caspian_env.errors import CatalogError

_ALLOWED = {
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
}  # fmt: skip
_FORBIDDEN_FUNCTIONS = {"load_extension", "writefile", "readfile", "edit", "fts3_tokenizer"}


_QUESTIONS = {"select", "with", "values", "explain"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Column names and rows; ``truncated`` tells that there were more rows than the limit."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    truncated: bool


def ask(
    catalog: Catalog,
    statement: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    limit: int | None = 1000,
    seconds: float = 30.0,
) -> Answer:
    """The answer to a read-only statement; named parameters are written ``:name``.

    Raises
    ------
    CatalogError
        When the statement is wrong, would change something, or takes longer than ``seconds``.
    """
    backend = catalog.engine.dialect.name
    word = _first_word(statement)
    if word not in _QUESTIONS:
        raise CatalogError("sql", f"only questions are answered here, not {word.upper()}", "begin with SELECT or WITH")
    try:
        with catalog.read() as connection:
            connection.execute(sa.text("SELECT 1"))  # opens the transaction before it is guarded
            if backend == "sqlite":
                _guard_sqlite(connection.connection.dbapi_connection, seconds)
            else:
                connection.execute(sa.text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
            rows = connection.execute(sa.text(_limited(statement, word, limit)), dict(parameters or {}))
            found = [tuple(row) for row in rows]
            return Answer(tuple(rows.keys()), found[:limit], limit is not None and len(found) > limit)
    except sa.exc.DBAPIError as error:
        raise CatalogError("sql", _explain(error, seconds), "see the documented views, names begin with v_") from error
    except sa.exc.StatementError as error:
        raise CatalogError("sql", str(error.orig or error).splitlines()[0], "give every parameter a value") from error
    finally:
        if backend == "sqlite":
            catalog.dispose()  # the guarded connection is not given to anybody else


def _first_word(statement: str) -> str:
    without_comments = re.sub(r"--[^\n]*|/\*.*?\*/", " ", statement, flags=re.DOTALL)
    words = without_comments.replace("(", " ").split(maxsplit=1)
    return words[0].lower() if words else ""


def _limited(statement: str, word: str, limit: int | None) -> str:
    if limit is None or word == "explain":
        return statement
    return f"SELECT * FROM (\n{statement.rstrip().rstrip(';')}\n) AS answer LIMIT {limit + 1}"  # one more tells of the rest


def _guard_sqlite(connection: Any, seconds: float) -> None:
    end = time.monotonic() + seconds

    def allow(action: int, first: str | None, second: str | None, *_: object) -> int:
        harmless = action in _ALLOWED and (second or "").lower() not in _FORBIDDEN_FUNCTIONS
        return sqlite3.SQLITE_OK if harmless else sqlite3.SQLITE_DENY

    connection.set_authorizer(allow)
    connection.set_progress_handler(lambda: int(time.monotonic() > end), 10_000)


def _explain(error: sa.exc.DBAPIError, seconds: float) -> str:
    text = str(error.orig).strip().splitlines()[0]
    if text == "interrupted" or "statement timeout" in text:
        return f"took longer than {seconds:g} s"
    if text == "not authorized" or "read-only transaction" in text:
        return "would change or attach something; only reading is allowed"
    return text
