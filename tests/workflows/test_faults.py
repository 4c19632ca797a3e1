"""When the machine fails: a clear error of ours, nothing half written, and the next attempt repairs. The quick part.

Whole commands and services on failing machines are in `test_faults_of_commands`.
"""

from __future__ import annotations

import resource
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from caspian_env.catalog import engine
from caspian_env.catalog.complaints import public_name, translated
from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.migrate import back_up, require_current, upgrade
from caspian_env.errors import (
    CatalogError,
    DatabaseAway,
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseFull,
    DatabaseReadOnly,
    DiskError,
    DiskFull,
)
from caspian_env.formats.disk import discard, disk_error
from caspian_env.wiring import Platform
from caspian_env.workflows.backup import backup
from caspian_env.workflows.doctor import doctor
from caspian_env.workflows.report import write_bulletin
from tests.workflows.conftest import history
from tests.workflows.fault_bench import SmallDisk, small_disk, taking_nothing, unfinished
from tests.workflows.synthetic_co2 import co2_table, collect_edition, opened

LONG = co2_table(400, {n: 0.05 * (n * 37 % 11) for n in range(400)})
ROOM = r"room left.*free space.*caspian-env archive prune"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", "4m") as made:
        yield made


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with opened(database_url, tmp_path) as made:
        collect_edition(made, co2_table(60))
        yield made


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*") if path.name != "ballast"}


def test_a_bulletin_without_room_leaves_the_one_before(platform: Platform, disk: SmallDisk) -> None:
    write_bulletin(platform, disk.folder)
    before = bytes_of(disk.folder)
    collect_edition(platform, co2_table(72))
    disk.fill(leaving=30_000)
    free = disk.free
    with pytest.raises(DiskFull, match=ROOM) as caught:
        write_bulletin(platform, disk.folder)
    assert caught.value.subject == str(disk.folder)
    assert "the bulletin" in caught.value.problem
    assert bytes_of(disk.folder) == before
    assert disk.free == free
    disk.make_room()
    write_bulletin(platform, disk.folder)
    assert bytes_of(disk.folder) != before


def test_a_backup_without_room_leaves_nothing(platform: Platform, disk: SmallDisk) -> None:
    disk.fill(leaving=8_192)
    with pytest.raises(DiskFull, match=ROOM):
        backup(platform, disk.folder / "catalog.zip")
    assert bytes_of(disk.folder) == {}
    assert disk.free == 8_192
    disk.make_room()
    assert backup(platform, disk.folder / "catalog.zip").file.is_file()


def test_the_archive_gives_back_what_it_took_and_a_later_dataset_may_fit(platform: Platform, disk: SmallDisk) -> None:
    archive = type(platform.archive)(disk.folder)
    disk.fill(leaving=64_000)
    free = disk.free
    with pytest.raises(DiskFull, match=ROOM):
        archive.obtain(b"x" * 20_000 for _ in range(10))
    assert disk.free == free
    assert archive.obtain([b"x" * 20_000]).new


def test_a_full_disk_under_sqlite(disk: SmallDisk, tmp_path: Path) -> None:
    with opened(f"sqlite:///{disk.folder / 'caspian.db'}", tmp_path) as platform:
        collect_edition(platform, co2_table(60))
        disk.fill(leaving=4_096)
        with pytest.raises(DatabaseFull, match=ROOM) as caught:
            collect_edition(platform, LONG)
        assert str(disk.folder) in caught.value.problem
        checks = {one.check: one for one in doctor(platform) if one.severity == "error"}
        assert "the disk is full" in checks["disk"].message
        assert "archive prune" in checks["disk"].remedy
        disk.make_room()
        assert collect_edition(platform, LONG).status == "ok"
        repaired = history(platform.catalog)
    (tmp_path / "other").mkdir()
    with opened(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other") as platform:
        collect_edition(platform, co2_table(60))
        collect_edition(platform, LONG)
        assert history(platform.catalog) == repaired


def test_the_copy_before_an_upgrade_leaves_nothing_where_it_does_not_fit(disk: SmallDisk, tmp_path: Path) -> None:
    catalog = open_catalog(f"sqlite:///{tmp_path / 'caspian.db'}")
    upgrade(catalog)
    disk.fill(leaving=8_192)
    with pytest.raises(DatabaseFull, match=ROOM), catalog.connect():
        back_up(tmp_path / "caspian.db", disk.folder / "copy.db")
    assert bytes_of(disk.folder) == {}
    catalog.dispose()


def within_a_quota(work: Callable[[], object]) -> None:
    """Let no file grow beyond a few kilobytes, which is how a quota shows itself where no disk can be mounted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, hard))
    try:
        work()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_quota_stops_a_bulletin_a_backup_and_a_cube(platform: Platform, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    works: list[Callable[[], object]] = [lambda: write_bulletin(platform, out), lambda: backup(platform, out / "b.zip")]
    if platform.catalog.file is not None:  # the quota is that of this process: it would stop the ledger first
        works = works[1:]
    for work in works:
        with pytest.raises(DiskError, match=r"(?i)file too large.*free space"):
            within_a_quota(work)
    assert bytes_of(out) == {}


def test_a_quota_stops_sqlite(tmp_path: Path) -> None:
    catalog = open_catalog(f"sqlite:///{tmp_path / 'caspian.db'}")
    with pytest.raises(DatabaseFull, match=r"refuses.*quota"):
        within_a_quota(lambda: upgrade(catalog))
    upgrade(catalog)
    catalog.dispose()


def test_what_a_library_that_failed_still_holds_open_gives_its_room_back(disk: SmallDisk) -> None:
    free, path = disk.free, disk.folder / "half.part"
    with path.open("wb", buffering=0) as held:
        held.write(b"x" * 100_000)
        discard(path)
        assert disk.free == free
    assert not path.exists()


def test_a_library_that_does_not_say_why_it_failed(disk: SmallDisk, tmp_path: Path) -> None:
    disk.fill(leaving=0)
    assert isinstance(disk_error(RuntimeError("NetCDF: HDF error"), disk.folder / "not" / "there", "a cube"), DiskFull)
    other = disk_error(RuntimeError("NetCDF: HDF error"), tmp_path, "a cube")
    assert type(other) is DiskError
    assert "a cube cannot be written: NetCDF: HDF error" in str(other)


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


def test_nothing_bears_a_temporary_name_after_all_that(platform: Platform) -> None:
    assert not unfinished(platform.settings.home)
