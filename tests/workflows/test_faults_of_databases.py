"""Databases that take nothing, are held by others, damaged or away: what is told, and that reading goes on."""

from __future__ import annotations

import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from caspian_env.catalog import engine
from caspian_env.catalog.complaints import public_name, translated
from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.migrate import require_current, upgrade
from caspian_env.errors import (
    CatalogError,
    DatabaseAway,
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseReadOnly,
)
from caspian_env.workflows.doctor import doctor
from tests.workflows.conftest import history
from tests.workflows.fault_bench import taking_nothing
from tests.workflows.synthetic_co2 import co2_table, collect_edition, opened


def test_a_database_on_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with opened(f"sqlite:///{kept / 'caspian.db'}", tmp_path) as platform:
        collect_edition(platform, co2_table(60))
        written = history(platform.catalog)
    with taking_nothing(kept, tmp_path / "shown") as shown:
        catalog = open_catalog(f"sqlite:///{shown / 'caspian.db'}")
        require_current(catalog)
        assert history(catalog) == written
        for attempt in (catalog.require_writable, lambda: within(catalog)):
            with pytest.raises(DatabaseReadOnly, match=r"only be read.*right to write") as caught:
                attempt()
            assert str(shown) in caught.value.subject
        # What another process writes is seen, not a state that was taken for the last one.
        with closing(sqlite3.connect(kept / "caspian.db")) as other:
            other.execute("UPDATE dataset SET title = 'changed' WHERE id = 'noaa_gml_co2'")
            other.commit()
        with catalog.read() as connection:
            assert "changed" in connection.exec_driver_sql("SELECT title FROM dataset").scalars().all()
        catalog.dispose()


def within(catalog: Catalog) -> None:
    with catalog.write() as connection:
        connection.exec_driver_sql("DELETE FROM alert")


def test_a_log_that_cannot_be_read_is_not_left_out(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    source = open_catalog(f"sqlite:///{kept / 'caspian.db'}")
    upgrade(source)
    with source.engine.connect():  # as after a crash: what was committed last is in the log alone
        for ending in ("", "-wal"):
            target = tmp_path / "crashed" / f"caspian.db{ending}"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes((kept / f"caspian.db{ending}").read_bytes())
    source.dispose()
    with taking_nothing(tmp_path / "crashed", tmp_path / "shown") as shown:
        catalog = open_catalog(f"sqlite:///{shown / 'caspian.db'}")
        with pytest.raises(CatalogError, match="cannot be opened"), catalog.read():
            pass
        catalog.dispose()


def test_a_role_that_may_only_read(catalog: Catalog) -> None:
    if catalog.file is not None:
        pytest.skip("roles are those of a server")
    with catalog.write() as connection:
        connection.exec_driver_sql("CREATE ROLE only_reads SUPERUSER LOGIN")
        connection.exec_driver_sql("ALTER ROLE only_reads SET default_transaction_read_only = on")
    url = catalog.engine.url.set(username="only_reads", password="top-secret-word")
    as_reader = open_catalog(url.render_as_string(hide_password=False))
    require_current(as_reader)
    for attempt in (as_reader.require_writable, lambda: within(as_reader)):
        with pytest.raises(DatabaseReadOnly, match="connect as the owner") as caught:
            attempt()
        assert "secret" not in str(caught.value)
    as_reader.dispose()
    with catalog.write() as connection:
        connection.exec_driver_sql("DROP ROLE only_reads")


def test_another_process_writes_for_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_MILLISECONDS", 100)
    monkeypatch.setattr(engine, "PROBE_MILLISECONDS", 100)
    file = tmp_path / "caspian.db"
    with opened(f"sqlite:///{file}", tmp_path) as platform:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(DatabaseBusy, match=rf"another process.*who has {file} open"):
                collect_edition(platform, co2_table(60))
            writing = [one for one in doctor(platform) if one.check == "writing"]
            assert [(one.severity, "another process" in one.message) for one in writing] == [("warning", True)]
        assert collect_edition(platform, co2_table(60)).status == "ok"


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "caspian.db").write_bytes(b"no database at all" * 500)
    catalog = open_catalog(f"sqlite:///{tmp_path / 'caspian.db'}")
    with pytest.raises(DatabaseDamaged, match="db restore"), catalog.read():
        pass
    catalog.dispose()


def test_a_server_that_takes_the_call_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CONNECT_SECONDS", 2)  # the least that the protocol's library takes
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        catalog = open_catalog(f"postgresql+psycopg://me:top-secret-word@127.0.0.1:{port}/db")
        begun = time.monotonic()
        with pytest.raises(DatabaseAway, match=r"does not answer.*CASPIAN_ENV_DATABASE_URL") as caught, catalog.read():
            pass
        assert time.monotonic() - begun < 6
        assert caught.value.transient
        assert "secret" not in str(caught.value)


def test_every_wait_for_a_server_is_bounded(catalog: Catalog) -> None:
    if catalog.file is not None:
        pytest.skip("this is about a server")
    with catalog.read() as connection:
        for name, value in engine.SESSION.items():
            assert connection.exec_driver_sql(f"SHOW {name}").scalar() == value
        driver: Any = connection.connection
        told = driver.driver_connection.info.get_parameters()
        assert told["connect_timeout"] == str(engine.CONNECT_SECONDS)
        assert {name: told[name] for name in engine.KEEPALIVE} == {n: str(v) for n, v in engine.KEEPALIVE.items()}


def test_a_server_that_goes_away_between_the_last_answer_and_the_end(
    catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    if catalog.file is not None:
        pytest.skip("this is about a server")
    with pytest.raises(DatabaseAway, match="went away"), catalog.read() as connection:
        session = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with catalog.read() as other:
            other.execute(sa.text("SELECT pg_terminate_backend(:it, 5000)"), {"it": session})
    with catalog.read() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me:top-secret@host/db",
        "postgresql+psycopg://me@host/db?password=top-secret&sslpassword=top-secret&connect_timeout=3",
    ],
)
def test_no_secret_of_an_address_is_told(url: str) -> None:
    parsed = sa.make_url(url)
    assert "secret" not in public_name(parsed)
    told = translated(pg_error(f"could not log in with top-secret as {parsed.username}"), parsed)
    assert "secret" not in str(told)
    assert "could not log in with ***" in str(told)


def pg_error(text: str) -> Exception:
    import psycopg

    return psycopg.OperationalError(text)


@pytest.mark.parametrize("url", ["postgresql://me:top/secret@host:port/db", "not an address"])
def test_an_address_that_is_none_is_not_repeated(url: str) -> None:
    with pytest.raises(CatalogError, match="CASPIAN_ENV_DATABASE_URL") as caught:
        open_catalog(url)
    assert url not in str(caught.value)
    assert "secret" not in str(caught.value)
