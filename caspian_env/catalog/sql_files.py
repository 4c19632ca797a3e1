"""The ``.sql`` files of views and triggers: put in place, taken away, and what the heads of the views say."""

from __future__ import annotations

import re
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def view_files() -> list[tuple[str, str]]:
    """Name and text of each view, in the order in which they build on each other."""
    return _sql_files("views")


def trigger_files(backend: str) -> list[tuple[str, str]]:
    """Name and text of each file of triggers for ``sqlite`` or ``postgresql``."""
    return _sql_files(f"triggers_{backend}")


def drop_views(connection: Connection) -> None:
    """Remove every view of the platform."""
    for name, _ in reversed(view_files()):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def create_views(connection: Connection) -> None:
    """Create every view of the platform; on PostgreSQL its documentation becomes comments, shown by psql."""
    for name, text in view_files():
        _execute(connection, text)
        if connection.dialect.name == "postgresql":
            summary, columns = documentation(text)
            _execute(connection, f"COMMENT ON VIEW {name} IS {_quoted(summary)}")
            for column, meaning in columns.items():
                _execute(connection, f"COMMENT ON COLUMN {name}.{column} IS {_quoted(meaning)}")


def documentation(text: str) -> tuple[str, dict[str, str]]:
    """What the head of a view's file says of the view and of each column: ``--   name, name   meaning``."""
    head = [line for line in text.splitlines() if line.startswith("--")]
    columns: dict[str, str] = {}
    names: list[str] = []
    for line in head[1:]:
        named = re.match(r"--   (\w+(?:, \w+)*)(?: {2,}(.*))?$", line)
        if named:
            names = named[1].split(", ")
            columns |= dict.fromkeys(names, (named[2] or "").strip())
        elif line.startswith("--    "):  # goes on with the meaning of the line before
            columns |= {name: f"{columns[name]} {line.removeprefix('--').strip()}".strip() for name in names}
    return head[0].partition(": ")[2], columns


def drop_triggers(connection: Connection) -> None:
    """Remove every trigger of the platform."""
    if connection.dialect.name == "sqlite":
        for name in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    question = (
        "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
        " AND proname LIKE :ours AND prorettype = 'trigger'::regtype"
    )
    for function in connection.execute(sa.text(question.replace("::", r"\:\:")), {"ours": "caspian%"}).scalars().all():
        connection.exec_driver_sql(f"DROP FUNCTION {function} CASCADE")


def create_triggers(connection: Connection) -> None:
    """Put the triggers in place that make stored values immutable."""
    for _, text in trigger_files(connection.dialect.name):
        for statement in text.split("\n--;\n"):
            _execute(connection, statement)


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(sa.text(statement.replace(":", r"\:")))  # no parameters in these files


def _sql_files(folder: str) -> list[tuple[str, str]]:
    files = resources.files("caspian_env.catalog").joinpath(folder)
    found = sorted((f for f in files.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(f.name.removesuffix(".sql"), f.read_text(encoding="utf-8")) for f in found]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
