"""Bringing a database to the schema of this version: back up, drop views, upgrade tables, recreate triggers and views.

Views and triggers are ``.sql`` files, not part of the migration history: PostgreSQL refuses to alter a table under a
view, and SQLite refuses to rename one that a view or trigger names, so both go before a change and come back after it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog import roles
from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.sql_files import create_triggers, create_views, drop_triggers, drop_views
from caspian_env.errors import CatalogError, NewerDatabase
from caspian_env.formats.disk import discard
from caspian_env.settings import data_folder

if TYPE_CHECKING:  # alembic is heavy, and only who changes a schema needs it
    from alembic.config import Config

_RECORDED = sa.table("alembic_version", sa.column("version_num", sa.String))


@dataclass(frozen=True, slots=True)
class Status:
    """What a database is: its kind, schema revision beside the newest one, size in bytes, and rows of each table."""

    name: str
    backend: str
    revision: str
    head: str
    size: int
    rows: Mapping[str, int]


def upgrade(catalog: Catalog, revision: str = "head") -> str:
    """Bring the database to ``revision`` and return the revision it had before ('' when it was empty).

    A SQLite file is copied first, to `backup_file`, by the one process that changes it. Everything happens in one
    transaction: a migration that fails leaves the database as it was.

    Raises
    ------
    NewerDatabase
        When the database was written by a newer version; nothing is changed then.
    CatalogError
        When the migration would lose a row, or leave one without its parent.
    """
    if catalog.file:
        make_folder(catalog.file.parent)
    before, wanted = current_revision(catalog), {"head": newest_revision(), "base": ""}.get(revision, revision)
    if before and before == wanted:
        return before
    with schema_change(catalog) as connection:
        # Only who holds the lock knows what there is: another process may have brought the database there meanwhile,
        # and a copy made now would take the place of the one made before.
        before = _known(catalog, current_of(connection))
        if before and before == wanted:
            return before
        from alembic import command

        if before and catalog.file:
            back_up(catalog.file, backup_file(catalog.file, before))
        move = command.upgrade if wanted > before else command.downgrade
        config = _config()
        config.attributes["connection"] = connection
        move(config, revision)
    return before


@contextmanager
def schema_change(catalog: Catalog) -> Iterator[Connection]:
    """A transaction in which tables may change; views and triggers are away meanwhile, and come back at the head."""
    with catalog.connect() as connection, _foreign_keys_off(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # an index on many rows takes its time
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('caspian-env schema'))")
        has_readers = roles.has_readers(connection)
        drop_views(connection)
        drop_triggers(connection)
        before = _count_rows(connection)
        yield connection
        _refuse_lost_rows(before, _count_rows(connection))
        _refuse_orphans(connection)
        if current_of(connection) == newest_revision():
            create_triggers(connection)
            create_views(connection)
            if has_readers:
                roles.grant_views(connection)


def status(catalog: Catalog) -> Status:
    """What the database is and holds; NewerDatabase when this version cannot tell."""
    revision = current_revision(catalog)
    with catalog.read() as connection:
        rows = _count_rows(connection)
        if connection.dialect.name == "sqlite":
            question = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        else:
            question = "SELECT pg_database_size(current_database())"
        size = int(connection.exec_driver_sql(question).scalar_one())
        rows.pop("alembic_version", None)
    return Status(catalog.name, catalog.engine.dialect.name, revision, newest_revision(), size, rows)


def current_revision(catalog: Catalog) -> str:
    """The schema revision of the database, '' when it is empty; NewerDatabase when this code does not know it."""
    with catalog.read() as connection:
        return _known(catalog, current_of(connection))


def revisions() -> tuple[str, ...]:
    """The schema revisions of this version in their order: a migration's file begins with its own."""
    return tuple(sorted(path.name[:4] for path in data_folder("migrations").joinpath("versions").glob("[0-9]*.py")))


def newest_revision() -> str:
    """The schema revision of this version."""
    return revisions()[-1]


def current_of(connection: Connection) -> str:
    """The revision recorded in the database, as it stands in this transaction."""
    if not sa.inspect(connection).has_table(_RECORDED.name):
        return ""
    return connection.scalar(sa.select(_RECORDED.c.version_num)) or ""


def require_current(catalog: Catalog) -> None:
    """Refuse to work on an empty or outdated database; one that is not there is not made."""
    there = catalog.file is None or catalog.file.is_file()
    revision, head = current_revision(catalog) if there else "", newest_revision()
    if revision != head:
        problem = (
            "holds no catalog yet" if not revision else f"is at schema revision {revision}, this version needs {head}"
        )
        raise CatalogError(catalog.name, problem, "caspian-env run, or caspian-env init, brings it up to date")


def require_same(catalog: Catalog, connection: Connection) -> None:
    """Refuse to begin a run in a database that another version has brought to its own schema meanwhile.

    A service may go on for months beside a newer version that somebody installed and ran once.

    Raises
    ------
    NewerDatabase
        When the schema is a newer one; CatalogError when it is an older one.
    """
    revision = _known(catalog, current_of(connection))
    if revision != newest_revision():
        problem = f"is at schema revision {revision or 'none'}, this version needs {newest_revision()}"
        raise CatalogError(catalog.name, problem, "caspian-env db upgrade brings it up to date")


def backup_file(source: Path, revision: str) -> Path:
    """Where the copy lies that is made before a database leaves a revision."""
    return source.with_suffix(f".before-{revision}-upgrade.db")


def back_up(source: Path, target: Path) -> Path:
    """A consistent copy of a SQLite file, also while it is in use."""
    partial = target.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(partial)) as new:
            old.backup(new)
        partial.replace(target)
    finally:
        discard(partial)
    return target


def make_folder(folder: Path) -> None:
    """Make the folder of a database where it is missing; CatalogError when the disk refuses it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CatalogError(str(folder), f"the folder cannot be made: {error.strerror}", "name another home") from error


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(data_folder("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _known(catalog: Catalog, revision: str) -> str:
    """A revision of this version; NewerDatabase for another."""
    if revision and revision not in revisions():
        raise NewerDatabase(
            catalog.name,
            f"its schema revision {revision} is not known to this version",
            "upgrade caspian-env, or restore the backup made before the upgrade",
        )
    return revision


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    """No enforcement on SQLite: with it, recreating a parent table deletes its rows first, and so their children."""
    if connection.dialect.name != "sqlite":
        yield
        return
    # Said to the driver: inside a transaction, which SQLAlchemy would begin, the pragma does nothing.
    driver: sqlite3.Connection | None = connection.connection.driver_connection
    assert driver is not None, "the connection is open"
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _count_rows(connection: Connection) -> dict[str, int]:
    count = sa.select(sa.func.count())
    return {
        name: connection.scalar(count.select_from(sa.table(name))) or 0
        for name in sa.inspect(connection).get_table_names()
    }


def _refuse_lost_rows(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    lost = [f"{before[name] - after[name]} of {name}" for name in before.keys() & after.keys() - {"alembic_version"}
            if after[name] < before[name]]  # fmt: skip
    if lost:
        raise CatalogError(
            "migration", f"it would lose rows ({', '.join(sorted(lost))})", "report this; nothing was changed"
        )


def _refuse_orphans(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        problem = f"it would leave {len(broken)} rows without their parent"
        raise CatalogError("migration", problem, "report this; nothing was changed")
