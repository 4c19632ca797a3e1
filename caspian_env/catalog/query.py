"""Questions in SQL from outside: read-only, limited in rows and time, and never silently cut.

A question and its parameters mean the same on SQLite and PostgreSQL, and so does the answer: times are aware and in
UTC, numbers are int or float.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from caspian_env.catalog.engine import BUSY_MILLISECONDS, Catalog, open_catalog, unchanging
from caspian_env.errors import CatalogError
from caspian_env.model import as_utc

_ALLOWED = {
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
}  # fmt: skip
_FORBIDDEN_FUNCTIONS = {"load_extension", "writefile", "readfile", "edit", "fts3_tokenizer"}
_QUESTIONS = {"select", "with", "values", "explain"}
_QUOTED_OR_COMMENT = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/""", flags=re.DOTALL)
_STORED_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?")  # as SQLite keeps it, see tables.UtcTime
_WRITTEN_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Answer:
    """Column names and rows; ``truncated`` tells that there were more rows than the limit."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    truncated: bool


def open_reader(url: str) -> Catalog:
    """A catalog that can only be read: a SQLite file is opened read-only, and must be there.

    Raises
    ------
    CatalogError
        When there is no such file, or no such kind of database.
    """
    if not url.startswith("sqlite"):
        return open_catalog(url)
    path = Path(sa.make_url(url).database or "").absolute()
    if not path.is_file():
        raise CatalogError(str(path), "there is no such database", "caspian-env run, or caspian-env init, makes one")

    def connect() -> sqlite3.Connection:
        connection = connect_to(f"{path.as_uri()}?mode=ro")
        try:
            connection.execute("PRAGMA schema_version")
        except sqlite3.OperationalError:
            connection.close()
            if (address := unchanging(path)) is None:
                raise
            connection = connect_to(address)
        return connection

    def connect_to(address: str) -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=BUSY_MILLISECONDS / 1000, isolation_level=None)

    engine = sa.create_engine(url, creator=connect, poolclass=sa.NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return Catalog(engine)


def ask(
    catalog: Catalog,
    statement: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    limit: int | None = 1000,
    seconds: float = 30.0,
) -> Answer:
    """The answer to a read-only statement; named parameters are written ``:name``.

    A date or time, also one written as ISO 8601 text, is a moment in UTC; a date is its midnight.

    Raises
    ------
    CatalogError
        When the statement is wrong, would change something, or takes longer than ``seconds``.
    """
    statement = _without_comments(statement)
    word = _first_word(statement)
    if word not in _QUESTIONS:
        raise CatalogError("sql", f"only questions are answered here, not {word.upper()}", "begin with SELECT or WITH")
    reader = open_reader(catalog.engine.url.render_as_string(hide_password=False)) if catalog.file else catalog
    backend = reader.engine.dialect.name
    given = {name: _moment(value, backend) for name, value in (parameters or {}).items()}
    try:
        with reader.read() as connection:
            connection.execute(sa.text("SELECT 1"))  # opens the transaction before it is guarded
            if backend == "sqlite":
                _guard_sqlite(connection.connection.dbapi_connection, seconds)
            else:
                connection.execute(sa.text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
            rows = connection.execute(sa.text(_limited(statement, word, limit)), given)
            found = [tuple(_same_everywhere(cell, backend) for cell in row) for row in rows]
            return Answer(tuple(rows.keys()), found[:limit], limit is not None and len(found) > limit)
    except sa.exc.DBAPIError as error:
        raise CatalogError("sql", _explain(error, seconds), "see the documented views, names begin with v_") from error
    except sa.exc.StatementError as error:
        named = sorted(set(re.findall(r"(?<!:):([A-Za-z_]\w*)", statement)) - set(given))
        problem = f"no value was given of :{', :'.join(named)}" if named else str(error.orig or error).splitlines()[0]
        raise CatalogError("sql", problem, "give every parameter a value: --param as_of=2024-11-11") from error


def _moment(value: Any, backend: str) -> Any:
    """A parameter that names a time, as the database compares it; any other one as it is."""
    if isinstance(value, str) and _WRITTEN_TIME.fullmatch(value):
        value = datetime.fromisoformat(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        return value
    moment = as_utc(value)
    return moment.replace(tzinfo=None).isoformat(sep=" ") if backend == "sqlite" else moment


def _same_everywhere(cell: Any, backend: str) -> Any:
    if isinstance(cell, Decimal):
        return int(cell) if cell.as_tuple().exponent == 0 else float(cell)  # a sum of integers, or a rounded mean
    if isinstance(cell, datetime):
        return as_utc(cell)
    if backend == "sqlite" and isinstance(cell, str) and _STORED_TIME.fullmatch(cell):
        return datetime.fromisoformat(cell).replace(tzinfo=UTC)
    return cell


def _without_comments(statement: str) -> str:
    """The statement with only its own ``:name`` parameters: comments away, colons inside quotes escaped."""

    def keep(piece: re.Match[str]) -> str:
        return " " if piece[0].startswith(("-", "/")) else piece[0].replace(":", r"\:")

    return _QUOTED_OR_COMMENT.sub(keep, statement)


def _first_word(statement: str) -> str:
    words = statement.replace("(", " ").split(maxsplit=1)
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
