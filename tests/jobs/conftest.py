"""Real processes on one database: the service, workers that break, and ``caspian-env``, all on a small mirror."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.engine import open_catalog
from caspian_env.demo import DATASETS

from .small_mirror import write_small_mirror

ROOT = Path(__file__).resolve().parents[2]
SHIFTED = Path(__file__).with_name("shifted.py")
PATIENCE = 120.0
LOOK_SECONDS = 0.3  # often enough, and cheap enough not to slow down what is waited for


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_mirror(tmp_path_factory.mktemp("small-mirror"))


@dataclass(frozen=True)
class Process:
    """A process, and where it writes."""

    child: subprocess.Popen[bytes]
    log: Path
    said: Path

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    @property
    def answers(self) -> str:
        """Standard output alone, where it was kept apart."""
        return self.said.read_text(encoding="utf-8")

    def end(self, seconds: float = 60) -> int:
        """Its exit code, once it has one."""
        return self.child.wait(seconds)

    def stop(self, number: int = signal.SIGTERM) -> str:
        """Ask it to stop; what it wrote."""
        self.child.send_signal(number)
        assert self.end() == 0, self.output
        return self.output


@dataclass
class Operations:
    """One installation, and the processes that were started on it."""

    database_url: str
    home: Path
    mirror: Path | str
    zone: str = "UTC"
    settings: dict[str, str] = field(default_factory=dict)
    pace: dict[str, str] = field(default_factory=dict)
    started: list[Process] = field(default_factory=list)

    def start(
        self, role: str, *arguments: str, shift: float = 0.0, fault: str = "none:none", apart: bool = False
    ) -> Process:  # fmt: skip
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CASPIAN_ENV_")}
        environment |= {
            "CASPIAN_ENV_DATABASE_URL": self.database_url, "CASPIAN_ENV_HOME": str(self.home),
            "CASPIAN_ENV_MIRROR": str(self.mirror), "CASPIAN_ENV_DATASETS": ",".join(DATASETS),
            "CASPIAN_ENV_METRICS": "", "CASPIAN_ENV_LOG": "human", "TZ": self.zone, "PGTZ": self.zone,
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        environment |= {f"CASPIAN_ENV_{name}": value for name, value in self.settings.items()}
        environment |= self.pace
        words = [sys.executable, str(SHIFTED), str(shift), fault, role, *arguments]
        log = self.home / f"{len(self.started)}-{role}.log"
        said = log.with_suffix(".out") if apart else log
        # Files: a worker that outlives its service holds a pipe open.
        with log.open("a", encoding="utf-8") as logs, said.open("a", encoding="utf-8") as answers:
            child = subprocess.Popen(words, env=environment, cwd=self.home, stdout=answers, stderr=logs)
        self.started.append(Process(child, log, said))
        return self.started[-1]

    def run(self, role: str, *arguments: str, **more: Any) -> tuple[int, str]:
        process = self.start(role, *arguments, **more)
        return process.end(PATIENCE), process.output

    def runs(self, **wanted: object) -> list[sa.Row[Any]]:
        """The ledger, oldest first."""
        catalog = open_catalog(self.database_url)
        try:
            with catalog.read() as connection:
                if not sa.inspect(connection).has_table("run"):
                    return []
                where = [t.run.c[name] == value for name, value in wanted.items()]
                return list(connection.execute(sa.select(t.run).where(*where).order_by(t.run.c.id)))
        finally:
            catalog.dispose()

    def count(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        catalog = open_catalog(self.database_url)
        try:
            with catalog.read() as connection:
                return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0
        finally:
            catalog.dispose()

    def count_values(self) -> int:
        return self.count(t.observation)

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < PATIENCE, f"waited in vain for {what}: {self.runs()}"
            time.sleep(LOOK_SECONDS)

    def wait_until(self, condition: Callable[[], object], what: str, process: Process) -> None:
        """The same where there is no ledger to look at."""
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < PATIENCE, f"waited in vain for {what}: {process.output}"
            time.sleep(LOOK_SECONDS)

    def end(self) -> None:
        for process in self.started:
            process.child.terminate()
        for process in self.started:
            try:
                process.end(20)
            except subprocess.TimeoutExpired:
                process.child.kill()
                process.child.wait()
        for row in self.runs(status="running"):  # workers whose service was killed
            with suppress(ProcessLookupError):
                os.kill(process_of(row), signal.SIGKILL)


@pytest.fixture
def operations(database_url: str, tmp_path: Path, mirror: Path) -> Iterator[Operations]:
    home = tmp_path / "home"
    home.mkdir()
    made = Operations(database_url, home, mirror)
    yield made
    made.end()


def until(moment: datetime) -> float:
    """By how much to shift a clock that is to show a moment now."""
    return (moment - datetime.now(UTC)).total_seconds()


def process_of(row: sa.Row[Any]) -> int:
    """The process that holds a run."""
    return int(row.holder.split(":")[1])
