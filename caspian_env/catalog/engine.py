"""Connections: one engine for the platform, reads that cannot write, writes that do not wait for ever.

SQLite runs in WAL mode with one writer at a time (``BEGIN IMMEDIATE``), so that readers never block and a second
writer waits instead of failing half way. PostgreSQL runs on psycopg 3 with every wait bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection as Connection
from sqlalchemy.engine import Engine

from caspian_env.errors import CatalogError

BUSY_MILLISECONDS = 60_000
CONNECT_SECONDS = 10
LOCK_TIMEOUT = "60s"


@dataclass(frozen=True)
class Catalog:
    """A database: ``read()`` and ``write()`` give connections inside one transaction each."""

    engine: Engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only transaction on a consistent state."""
        with self._connect() as connection:
            yield connection.execution_options(caspian_reads=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed whole, or not at all."""
        with self._connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        try:
            connection = self.engine.connect()
        except sa.exc.OperationalError as error:
            raise CatalogError(
                self.name, f"the database does not answer: {_first_line(error.orig)}", "check CASPIAN_ENV_DATABASE_URL"
            ) from error
        with connection:
            yield connection

    @property
    def name(self) -> str:
        """The address without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None for a server."""
        url = self.engine.url
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_catalog(url: str) -> Catalog:
    """A catalog on SQLite or PostgreSQL; nothing is created or changed yet.

    Raises
    ------
    CatalogError
        For another kind of database, or when the PostgreSQL driver is not installed.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise CatalogError(
            "CASPIAN_ENV_DATABASE_URL", "is not a database address", "e.g. sqlite:///caspian.db"
        ) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_MILLISECONDS / 1000})
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return Catalog(engine)
    if backend != "postgresql":
        raise CatalogError(backend, "is not a supported database", "use sqlite:///FILE or postgresql://…")
    options = f"-c timezone=UTC -c lock_timeout={LOCK_TIMEOUT}"
    try:
        engine = sa.create_engine(
            parsed, pool_pre_ping=True, connect_args={"options": options, "connect_timeout": CONNECT_SECONDS}
        )
    except ModuleNotFoundError as error:
        raise CatalogError(
            "PostgreSQL", "its driver is not installed", 'pip install "caspian-env[postgres]"'
        ) from error
    event.listen(engine, "begin", _postgres_begin)
    return Catalog(engine)


def _sqlite_connect(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # transactions are begun below, explicitly
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MILLISECONDS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("caspian_reads", False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _postgres_begin(connection: Connection) -> None:
    if connection.get_execution_options().get("caspian_reads", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _first_line(error: object) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
