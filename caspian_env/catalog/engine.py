"""Connections: one engine for the platform, reads that cannot write, writes that do not wait for ever.

SQLite runs in WAL mode with one writer at a time (``BEGIN IMMEDIATE``), so that readers never block and a second
writer waits instead of failing half way. PostgreSQL runs on psycopg 3 with every wait bounded. What goes wrong with the
database itself leaves this module as an error of ours (see `complaints`), wherever in a transaction it happens.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection as Connection
from sqlalchemy.engine import Engine

from caspian_env.catalog.complaints import AGAIN, WRITERS, public_name, translated, unanswered
from caspian_env.errors import CatalogError, DatabaseAway, DatabaseReadOnly

BUSY_MILLISECONDS = 60_000
PROBE_MILLISECONDS = 2_000
CONNECT_SECONDS = 10
UNCHANGING = "caspian: opened as a file that nobody changes"
# What a session may take, told to the server: a wait for a lock, one statement (the slowest of a full load takes seconds),
# and silence inside a transaction, after which a client that is frozen or unplugged holds nothing any more.
SESSION = {"timezone": "UTC", "lock_timeout": "1min", "statement_timeout": "15min",
           "idle_in_transaction_session_timeout": "15min"}  # fmt: skip
# A server that vanished without a word is noticed within a minute: after 20 s of silence, three questions 10 s apart; and
# what was sent is not waited for longer than 50 s.
KEEPALIVE = {"keepalives": 1, "keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3,
             "tcp_user_timeout": 50_000}  # fmt: skip


@dataclass(frozen=True)
class Catalog:
    """A database: ``read()`` and ``write()`` give connections inside one transaction each."""

    engine: Engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only transaction on a consistent state; DatabaseUnusable where the database itself fails."""
        with self.connect(reads=True) as connection:
            yield connection.execution_options(caspian_reads=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed whole, or not at all; DatabaseUnusable where the database itself fails."""
        with self.connect() as connection, connection.begin():
            if self.file is None and connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "on":
                problem = "the database can only be read: transactions of this role, or of this server, are read-only"
                raise DatabaseReadOnly(self.name, problem, f"{WRITERS}; {AGAIN}")
            yield connection

    @contextmanager
    def connect(self, *, reads: bool = False) -> Iterator[Connection]:
        """A connection whose complaints about the database itself are errors of ours.

        Raises
        ------
        DatabaseUnusable
            When the database is away, busy, full, damaged, or may not be written.
        """
        try:
            connection = self.engine.connect()
        except (sa.exc.DBAPIError, self.driver_error) as error:
            raise unanswered(error, self.engine.url) from error
        try:
            with connection:
                try:
                    yield connection
                except (sa.exc.DBAPIError, self.driver_error) as error:
                    if isinstance(translated(error, self.engine.url, reads=reads), DatabaseAway):
                        connection.invalidate()  # it must not be asked to roll back
                    raise
        except (sa.exc.DBAPIError, self.driver_error) as error:  # of the rollback too with which a reader gives it back
            told = translated(error, self.engine.url, reads=reads)
            if told is None:
                raise
            raise told from error

    def require_writable(self) -> None:
        """Make sure that a transaction may write to this catalog now; it waits two seconds at the most, and writes nothing.

        Raises
        ------
        DatabaseReadOnly, DatabaseBusy, DatabaseAway
            When it may not.
        """
        with self.connect() as connection:
            if self.file is not None:
                _set_busy_timeout(connection, PROBE_MILLISECONDS)
            try:
                with connection.begin():
                    connection.exec_driver_sql("DELETE FROM alembic_version WHERE 1 = 0")
            finally:
                if self.file is not None:
                    _set_busy_timeout(connection, BUSY_MILLISECONDS)

    @property
    def driver_error(self) -> type[Exception]:
        """What the driver raises where it is used without SQLAlchemy."""
        found: type[Exception] = self.engine.dialect.loaded_dbapi.Error
        return found

    @property
    def name(self) -> str:
        """The address without its secrets."""
        return public_name(self.engine.url)

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
    except (sa.exc.ArgumentError, ValueError) as error:  # a port that is no number, where it may name what is no port
        remedy = "e.g. sqlite:///caspian.db; write @ : / in a password as %40 %3A %2F"
        raise CatalogError("CASPIAN_ENV_DATABASE_URL", "is not a database address", remedy) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_MILLISECONDS / 1000})
        event.listen(engine, "do_connect", _sqlite_open)
        event.listen(engine, "checkin", _do_not_keep)
        event.listen(engine, "begin", _sqlite_begin)
        return Catalog(engine)
    if backend != "postgresql":
        raise CatalogError(backend, "is not a supported database", "use sqlite:///FILE or postgresql://…")
    options = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    settings = {"options": options, "connect_timeout": CONNECT_SECONDS, **KEEPALIVE}
    try:
        engine = sa.create_engine(parsed, pool_pre_ping=True, connect_args=settings)
    except ModuleNotFoundError as error:
        raise CatalogError(
            "PostgreSQL", "its driver is not installed", 'pip install "caspian-env[postgres]"'
        ) from error
    event.listen(engine, "begin", _postgres_begin)
    return Catalog(engine)


def _sqlite_open(_dialect: Any, record: Any, arguments: Any, options: Any) -> sqlite3.Connection:
    """A connection to a file; to one that lies on a disk or in a folder that takes nothing, one that can only read."""
    connection: sqlite3.Connection = sqlite3.connect(*arguments, **options)
    try:
        _prepare(connection)
    except sqlite3.OperationalError:
        connection.close()
        if (address := unchanging(Path(arguments[0]))) is None:
            raise
        connection = sqlite3.connect(address, **options | {"uri": True})
        _prepare(connection)
        record.info[UNCHANGING] = True
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.isolation_level = None  # transactions are begun below, explicitly
    for pragma in (f"busy_timeout={BUSY_MILLISECONDS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def unchanging(file: Path) -> str | None:
    """The address of a file that nobody can be changing, to be read without the files that lie beside one in use.

    SQLite makes those files even for reading, and fails where it may not. A log beside the file that is not empty holds
    what was committed last, which must not be left out: then there is no such address.
    """
    log = file.with_name(f"{file.name}-wal")
    if not file.is_file() or os.access(file.parent, os.W_OK) or (log.exists() and log.stat().st_size):
        return None
    return f"{file.absolute().as_uri()}?immutable=1"


def _do_not_keep(_connection: Any, record: Any) -> None:
    """Look again at every transaction whether the file can still be taken for one that nobody changes."""
    if record.info.get(UNCHANGING):
        record.invalidate()


def _set_busy_timeout(connection: Connection, milliseconds: int) -> None:
    driver: Any = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA busy_timeout={milliseconds}")


def _sqlite_begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("caspian_reads", False)
    # Straight to the driver: a transaction may be as small as one row, and this would be half of its time.
    driver: Any = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
    driver.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
    if not reads:
        # Of a file that cannot be written SQLite begins to read without a word. This needs the right to write, does
        # nothing, and so refuses at once what would be refused later, or not at all where there was nothing to change.
        driver.execute("PRAGMA incremental_vacuum(0)")


def _postgres_begin(connection: Connection) -> None:
    if connection.get_execution_options().get("caspian_reads", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
