"""Bringing a database to the schema of this version: back up, drop views, upgrade tables, recreate triggers and views.

Views and triggers are idempotent ``.sql`` files, not part of the migration history: PostgreSQL refuses to alter a
table under a view, and SQLite recreates tables without their triggers, so both are put back after each upgrade.
"""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from caspian_env.catalog.engine import Catalog
from caspian_env.errors import CatalogError, NewerDatabase
from caspian_env.settings import data_folder


def upgrade(catalog: Catalog, revision: str = "head") -> str:
    """Bring the database to ``revision`` and return the revision it had before ('' when it was empty).

    Raises
    ------
    NewerDatabase
        When the database was written by a newer version; nothing is changed then.
    """
    from alembic import command

    before = current_revision(catalog)
    target = _script().get_revision(revision)
    if before and target is not None and before == target.revision:
        return before
    if before and catalog.file:
        back_up(catalog.file, catalog.file.with_suffix(f".before-{before}-upgrade.db"))
    with catalog.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # With enforcement on, recreating a parent table would silently delete its children.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        with connection.begin():
            drop_views(connection)
            config = _config()
            config.attributes["connection"] = connection
            move = command.upgrade if _is_ahead(before, revision) else command.downgrade
            move(config, revision)
            if current_of(connection):
                create_triggers(connection)
                create_views(connection)
            _check_foreign_keys(connection)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            connection.commit()
    return before


def current_revision(catalog: Catalog) -> str:
    """The schema revision of the database, '' when it is empty; NewerDatabase when this code does not know it."""
    with catalog.read() as connection:
        revision = current_of(connection)
    known = {script.revision for script in _script().walk_revisions()}
    if revision and revision not in known:
        raise NewerDatabase(
            catalog.name,
            f"its schema revision {revision} is not known to this version",
            "upgrade caspian-env, or restore the backup made before the upgrade",
        )
    return revision


def current_of(connection: Connection) -> str:
    """The revision recorded in the database, as it stands in this transaction."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def require_current(catalog: Catalog) -> None:
    """Refuse to work on an empty or outdated database."""
    revision, head = current_revision(catalog), _script().get_current_head()
    if revision != head:
        problem = (
            "holds no catalog yet" if not revision else f"is at schema revision {revision}, this version needs {head}"
        )
        raise CatalogError(catalog.name, problem, "caspian-env run, or caspian-env init, brings it up to date")


def back_up(source: Path, target: Path) -> Path:
    """A consistent copy of a SQLite file, also while it is in use."""
    partial = target.with_suffix(".partial")
    with sqlite3.connect(source) as old, sqlite3.connect(partial) as new:
        old.backup(new)
    old.close()
    new.close()
    partial.replace(target)
    return target


def view_files() -> list[tuple[str, str]]:
    """Name and text of each view, in the order in which they build on each other."""
    return _sql_files("views")


def drop_views(connection: Connection) -> None:
    """Remove every view of the platform."""
    for name, _ in reversed(view_files()):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def create_views(connection: Connection) -> None:
    """Create every view of the platform."""
    for _, text in view_files():
        _execute(connection, text)


def create_triggers(connection: Connection) -> None:
    """Put the triggers in place that make stored values immutable."""
    for _, text in _sql_files(f"triggers_{connection.dialect.name}"):
        for statement in text.split("\n--;\n"):
            _execute(connection, statement)


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(sa.text(statement.replace(":", r"\:")))  # no parameters in these files


def _sql_files(folder: str) -> list[tuple[str, str]]:
    files = resources.files("caspian_env.catalog").joinpath(folder)
    found = sorted((f for f in files.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(f.name.removesuffix(".sql"), f.read_text(encoding="utf-8")) for f in found]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(data_folder("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _is_ahead(before: str, revision: str) -> bool:
    if revision == "base":
        return False
    if not before or revision == "head":
        return True
    older = {script.revision for script in _script().iterate_revisions(before, "base")}
    return revision not in older


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        raise CatalogError("migration", f"it would leave {len(broken)} rows without their parent", "report this")
