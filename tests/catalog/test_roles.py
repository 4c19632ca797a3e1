"""A reader sees every view and nothing else, on a real server, also after the views were made anew."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.migrate import upgrade
from caspian_env.catalog.roles import grant_reader
from caspian_env.catalog.sql_files import view_files
from caspian_env.catalog.tables import metadata
from caspian_env.errors import CatalogError

VIEWS = [name for name, _ in view_files()]


@pytest.fixture
def owner(request: pytest.FixtureRequest, database_url: str) -> Iterator[Catalog]:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no roles")
    opened = open_catalog(database_url)
    upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def name(owner: Catalog) -> Iterator[str]:
    name = f"reader_{uuid.uuid4().hex[:12]}"
    yield name
    with owner.write() as connection:
        for role in (name, f"{name}_2"):
            if connection.scalar(sa.text("SELECT count(*) FROM pg_roles WHERE rolname = :r"), {"r": role}):
                connection.exec_driver_sql(f"DROP OWNED BY {role}")
                connection.exec_driver_sql(f"DROP ROLE {role}")


@contextmanager
def connected(owner: Catalog, name: str, **more: str) -> Iterator[sa.Connection]:
    """As the role itself, in a session that it tried to make writable."""
    engine = sa.create_engine(owner.engine.url.set(username=name, **more), poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = off")
        connection.commit()
        yield connection


def refused(connection: sa.Connection, statement: str) -> str:
    with pytest.raises(sa.exc.DBAPIError) as caught:
        connection.exec_driver_sql(statement)
    connection.rollback()
    return str(caught.value.orig)


def test_every_view_can_be_read_and_no_table(owner: Catalog, name: str) -> None:
    assert grant_reader(owner, name) is True
    with connected(owner, name) as reader:
        for view in VIEWS:
            reader.exec_driver_sql(f"SELECT * FROM {view}").all()
        for table in [*metadata.tables, "alembic_version"]:
            assert "permission denied" in refused(reader, f"SELECT * FROM {table}")
        seen = reader.exec_driver_sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        assert set(seen.scalars()) == set(VIEWS)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO datum (id, title, source) VALUES ('x', 'x', 'x')",
        "UPDATE v_dataset SET title = 'mine'",
        "UPDATE run SET status = 'ok'",
        "DELETE FROM observation",
        "DELETE FROM v_run",
        "TRUNCATE run",
        "DROP VIEW v_run",
        "CREATE TABLE mine (n integer)",
        "CREATE TEMPORARY TABLE mine (n integer)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE VIEW v_run AS SELECT 1 AS run_id",
        "SELECT * FROM pg_authid",
        "SELECT pg_read_file('postgresql.conf')",
        "COPY (SELECT 1) TO '/tmp/stolen'",
        "CREATE ROLE other",
        "SET ROLE postgres",
    ],
)  # fmt: skip
def test_nothing_else_can_be_done(owner: Catalog, name: str, statement: str) -> None:
    grant_reader(owner, name)
    with connected(owner, name) as reader:
        message = refused(reader, statement)
        assert any(
            words in message for words in ("permission denied", "must be owner", "cannot update view", "cannot delete")
        )


def test_sessions_are_read_only_bounded_and_in_utc(owner: Catalog, name: str) -> None:
    grant_reader(owner, name)
    engine = sa.create_engine(owner.engine.url.set(username=name), poolclass=sa.NullPool)
    with engine.connect() as reader:
        for setting, value in (
            ("default_transaction_read_only", "on"),
            ("timezone", "UTC"),
            ("statement_timeout", "10min"),
        ):
            assert reader.exec_driver_sql(f"SHOW {setting}").scalar() == value


def test_doing_it_again_changes_nothing(owner: Catalog, name: str) -> None:
    assert [grant_reader(owner, name), grant_reader(owner, name)] == [True, False]
    with connected(owner, name) as reader:
        reader.exec_driver_sql("SELECT * FROM v_run").all()


def test_views_made_anew_stay_visible(owner: Catalog, name: str) -> None:
    grant_reader(owner, name)
    upgrade(owner, "0001")
    upgrade(owner)
    with connected(owner, name) as reader:
        for view in VIEWS:
            reader.exec_driver_sql(f"SELECT * FROM {view}").all()
        assert "permission denied" in refused(reader, "SELECT * FROM observation")


def test_a_catalog_without_readers_is_not_opened_by_an_upgrade(owner: Catalog, name: str) -> None:
    with owner.write() as connection:  # the group is known to the whole server, as from another catalog
        if not connection.scalar(sa.text("SELECT count(*) FROM pg_roles WHERE rolname = 'caspian_reader'")):
            connection.exec_driver_sql("CREATE ROLE caspian_reader NOLOGIN")
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN IN ROLE caspian_reader")
    upgrade(owner, "0001")
    upgrade(owner)
    with connected(owner, name) as reader:
        assert "permission denied" in refused(reader, "SELECT * FROM v_run")


def test_the_password_reaches_the_server_only_as_a_verifier(owner: Catalog, name: str) -> None:
    said: list[str] = []
    sa.event.listen(owner.engine, "before_cursor_execute", lambda *event: said.append(str(event[2:4])))
    grant_reader(owner, name, "Pässword 'quoted'; --")
    assert not any("Pässword" in statement for statement in said)
    with owner.read() as connection:
        stored = connection.scalar(sa.text("SELECT rolpassword FROM pg_authid WHERE rolname = :name"), {"name": name})
    assert stored.startswith("SCRAM-SHA-256$")
    grant_reader(owner, name)
    with owner.read() as connection:
        assert connection.scalar(sa.text("SELECT rolpassword FROM pg_authid WHERE rolname = :n"), {"n": name}) == stored


@pytest.mark.parametrize("power", ["SUPERUSER", "CREATEROLE", "CREATEDB", "BYPASSRLS"])
def test_a_role_that_may_do_more_is_left_alone(owner: Catalog, name: str, power: str) -> None:
    with owner.write() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} NOLOGIN {power}")
    with pytest.raises(CatalogError, match="can also administer the server"):
        grant_reader(owner, name)
    with owner.read() as connection:
        assert connection.scalar(sa.text("SELECT rolcanlogin FROM pg_roles WHERE rolname = :n"), {"n": name}) is False


def test_a_role_that_reaches_a_table_is_named_with_it(owner: Catalog, name: str) -> None:
    with owner.write() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
        connection.exec_driver_sql(f"GRANT SELECT ON run TO {name}")
    with pytest.raises(CatalogError, match="reach the table run"):
        grant_reader(owner, name)


def test_who_may_not_grant_is_told(owner: Catalog, name: str) -> None:
    grant_reader(owner, name)
    as_reader = open_catalog(owner.engine.url.set(username=name).render_as_string(hide_password=False))
    with pytest.raises(CatalogError, match=r"owner of the database"):
        grant_reader(as_reader, f"{name}_2")
    as_reader.dispose()


@pytest.mark.parametrize("wrong", ["", "Reader", "a b", "x;drop", "pg_monitor", "caspian_reader", "1st", "a" * 64])
def test_a_strange_name_is_refused(owner: Catalog, wrong: str) -> None:
    with pytest.raises(CatalogError, match="no name for a reader"):
        grant_reader(owner, wrong)


def test_sqlite_says_how_it_is_read() -> None:
    opened = open_catalog("sqlite://")
    with pytest.raises(CatalogError, match="read-only"):
        grant_reader(opened, "reader")
    opened.dispose()
