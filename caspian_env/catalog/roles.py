"""Readers: roles of a PostgreSQL server that see the views of this catalog, and nothing else of it.

What readers may see is granted to one group, ``caspian_reader``; a reader is a login role in that group. Default
privileges would not do: they speak of tables and views alike, and readers see no table. So whoever recreates the
views grants them again, in the same transaction (`grant_views`).
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from caspian_env.catalog.complaints import MAY_NOT
from caspian_env.catalog.engine import Catalog
from caspian_env.errors import CatalogError

GROUP = "caspian_reader"
# Of every session of a reader; UTC, so that a time written without a zone means the same on every machine.
SETTINGS = ("default_transaction_read_only = on", "timezone = 'UTC'", "statement_timeout = '10min'")
OWNER = "connect as the owner of the database, with the right CREATEROLE"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def grant_reader(catalog: Catalog, name: str, password: str | None = None) -> bool:
    """Make the role ``name``, or bring it up to date, and return whether it is new.

    Doing it again changes nothing; without ``password`` an existing one stays, and a new role has none.

    Raises
    ------
    CatalogError
        On SQLite, for a name that is no plain role name, for a role that may do more than read, and when the
        connected role may not grant.
    """
    if catalog.engine.dialect.name != "postgresql":
        raise CatalogError(
            "SQLite", "has no roles; whoever can open the file can read it",
            "reading never changes it: caspian-env sql, caspian_env.connect() and file:…?mode=ro open it read-only",
        )  # fmt: skip
    if not _NAME.fullmatch(name) or name.startswith("pg_") or name == GROUP:
        raise CatalogError(name, "is no name for a reader", "use lower-case letters, digits and _")
    try:
        with catalog.write() as connection:
            _open_catalog_to_group(connection)
            new = _make_role(connection, name)
            if password:
                _set_password(connection, name, password)
            _refuse_more_than_reading(connection, name)
    except CatalogError as error:  # as the catalog tells it to whoever writes, who needs no right to make roles
        remedy = OWNER if error.problem.startswith(MAY_NOT) else error.remedy
        raise CatalogError(error.subject, error.problem, remedy) from error
    except sa.exc.DBAPIError as error:
        problem = str(error.orig).strip().splitlines()[0]
        raise CatalogError(name, problem, OWNER) from error
    return new


def has_readers(connection: Connection) -> bool:
    """Whether this catalog was ever opened to the group of readers."""
    if connection.dialect.name != "postgresql":
        return False
    question = """SELECT count(*) FROM pg_namespace n, aclexplode(n.nspacl) granted
                  JOIN pg_roles r ON r.oid = granted.grantee
                  WHERE n.nspname = current_schema() AND r.rolname = :group AND granted.privilege_type = 'USAGE'"""
    return bool(connection.scalar(sa.text(question), {"group": GROUP}))


def grant_views(connection: Connection) -> None:
    """Let readers select from every view of the platform."""
    for view in sa.inspect(connection).get_view_names():
        if view.startswith("v_"):
            connection.exec_driver_sql(f"GRANT SELECT ON {view} TO {GROUP}")


def _make_role(connection: Connection, name: str) -> bool:
    new = not _exists(connection, name)
    if new:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
    else:
        _refuse_more_than_reading(connection, name)  # before anything of an existing role is changed
        connection.exec_driver_sql(f"ALTER ROLE {name} LOGIN")
    connection.exec_driver_sql(f"GRANT {GROUP} TO {name}")
    for setting in SETTINGS:
        connection.exec_driver_sql(f"ALTER ROLE {name} SET {setting}")
    return new


def _exists(connection: Connection, name: str) -> bool:
    return bool(connection.scalar(sa.text("SELECT count(*) FROM pg_roles WHERE rolname = :name"), {"name": name}))


def _set_password(connection: Connection, name: str, password: str) -> None:
    # Only the verifier goes to the server, so that no log of statements holds the password.
    driver = connection.connection.driver_connection
    assert driver is not None, "the connection is open"
    verifier = driver.pgconn.encrypt_password(password.encode(), name.encode()).decode()
    connection.exec_driver_sql(f"ALTER ROLE {name} PASSWORD '{verifier}'")


def _open_catalog_to_group(connection: Connection) -> None:
    if not _exists(connection, GROUP):
        connection.exec_driver_sql(f"CREATE ROLE {GROUP} NOLOGIN")
    database, schema = connection.execute(sa.text("SELECT current_database(), current_schema()")).one()
    quote = connection.dialect.identifier_preparer.quote_identifier
    for statement in (
        f"REVOKE CREATE ON SCHEMA {quote(schema)} FROM PUBLIC",
        f"REVOKE TEMPORARY ON DATABASE {quote(database)} FROM PUBLIC",  # readers keep no tables of their own
        f"GRANT CONNECT ON DATABASE {quote(database)} TO {GROUP}",
        f"GRANT USAGE ON SCHEMA {quote(schema)} TO {GROUP}",
    ):
        connection.exec_driver_sql(statement)
    grant_views(connection)
    if not has_readers(connection):  # PostgreSQL only warns when a grant is not ours to give
        raise CatalogError(database, "the connected role may not grant", "connect as the owner of the database")


def _refuse_more_than_reading(connection: Connection, name: str) -> None:
    power = """
        SELECT CASE WHEN r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication
                    THEN 'administer the server'
                    WHEN has_schema_privilege(r.oid, current_schema(), 'CREATE') THEN 'create tables'
                    WHEN has_database_privilege(r.oid, current_database(), 'CREATE, TEMPORARY') THEN 'create'
                    WHEN EXISTS (SELECT 1 FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                                 WHERE m.member = r.oid AND g.rolname <> :group) THEN 'act as another role' END
        FROM pg_roles r WHERE r.rolname = :name"""
    tables = """
        SELECT 'reach the table ' || c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm', 'f')
          AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_t%'
          AND has_table_privilege(:name, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') LIMIT 1"""
    more = connection.scalar(sa.text(power), {"name": name, "group": GROUP}) or connection.scalar(
        sa.text(tables.replace("::", r"\:\:")), {"name": name}
    )
    if more:
        raise CatalogError(name, f"this role can also {more}", "take that away from it, or choose a new name")
