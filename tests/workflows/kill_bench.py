"""What kills are compared on: copies of one state, the undisturbed run, and all that a catalog and a home hold."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.engine import Connection, open_catalog
from caspian_env.demo import co2, gistemp, gwm
from tests.command_line import ROOT, environment
from tests.mirror_server import Served
from tests.workflows.kill_server import Order
from tests.workflows.synthetic_grids import days, months

# A fortnight of the first edition is preliminary. The ingest that is killed finds its last nine days, eight of which the
# catalog has as preliminary, made final, and the 31 days of January: 40 granules, 8 of which revise what is known.
BEFORE = [date(2025, 12, 24) + timedelta(days=n) for n in range(8)]
GRANULES = [date(2025, 12, 23) + timedelta(days=n) for n in range(40)]
TABLES = {member.DATASET: member for member in (co2, gistemp, gwm)}

BASE_AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
KILLED_AT = BASE_AT + timedelta(days=1)
REPAIRED_AT = KILLED_AT + timedelta(minutes=1)  # long before the lease of the killed run is over

BOOKKEEPING = {"run", "lease"}
SURROGATES = {"granule", "retrieval", "series", "qc_override", "cube_part", "indicator_value", "alert"}
MOMENTS = {"known_from", "known_to", "known_at", "retrieved_at"}
SINCE = "since the kill"
Content = dict[str, list[tuple[Any, ...]]]
# What was inflated for a cube and not used yet: a convenience that may be deleted at any time.
MAY_BE_LEFT = ("cubes", "windows")


@dataclass(frozen=True)
class State:
    """A home and the database that belongs to it."""

    home: Path
    url: str


@dataclass(frozen=True)
class Picture:
    """All rows of a catalog that are no bookkeeping, and the names of all files of a home."""

    content: Content
    files: list[str]


@dataclass(frozen=True)
class Run:
    """One row of the ledger."""

    status: str
    error: str
    holder: str
    n_fetched: int
    n_unchanged: int


@dataclass(frozen=True)
class Bench:
    """A fork server, a mirror over HTTP, a place for states, and the server of PostgreSQL ('' for SQLite)."""

    orders: subprocess.Popen[str]
    served: Served
    folder: Path
    postgres: str

    def do(self, work: str, state: State, at: datetime, *, mirror: str = "", **point: Any) -> dict[str, Any]:
        """Let a child work on a state, and die at a point if one is given."""
        order = Order(work, str(state.home), state.url, mirror or self.served.url, at.isoformat(), **point)
        assert self.orders.stdin is not None
        assert self.orders.stdout is not None
        self.orders.stdin.write(json.dumps(asdict(order)) + "\n")
        self.orders.stdin.flush()
        return dict(json.loads(self.orders.stdout.readline()))

    def done(self, work: str, state: State, at: datetime, **named: Any) -> None:
        """Let a child work to its end, which must be a good one."""
        answer = self.do(work, state, at, **named)
        assert answer["signal"] == 0
        assert answer.get("statuses"), "the child failed, its traceback is on the standard error"
        assert set(answer["statuses"]) == {"ok"}, answer["problems"]

    def new(self) -> State:
        """An empty state."""
        home = self.folder / uuid.uuid4().hex
        if not self.postgres:
            return State(home, f"sqlite:///{home / 'caspian.db'}")
        self._say(f'CREATE DATABASE "{home.name}"')
        return State(home, self._url(home.name))

    def copy(self, state: State) -> State:
        """The same state again; archived bytes are links."""
        home = self.folder / uuid.uuid4().hex
        shutil.copytree(state.home, home, copy_function=_link_or_copy)
        if not self.postgres:
            return State(home, f"sqlite:///{home / 'caspian.db'}")
        self._say(f'CREATE DATABASE "{home.name}" TEMPLATE "{state.home.name}"')
        return State(home, self._url(home.name))

    def drop(self, state: State) -> None:
        """Remove a state."""
        shutil.rmtree(state.home)
        if self.postgres:
            self._say(f'DROP DATABASE "{state.home.name}" WITH (FORCE)')

    @contextmanager
    def copied(self, state: State) -> Iterator[State]:
        """A copy for as long as the block lasts."""
        copy = self.copy(state)
        yield copy
        self.drop(copy)

    def _url(self, name: str) -> str:
        base, _, query = self.postgres.partition("?")
        url = base.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://", 1) + f"/{name}"
        return f"{url}?{query}" if query else url

    def _say(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.postgres, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def fork_server() -> Iterator[subprocess.Popen[str]]:
    """The process of ``kill_server``; one thread for linear algebra, as threads do not survive a fork."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.workflows.kill_server"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, encoding="utf-8", env=environment() | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    ) as process:  # fmt: skip
        yield process
        assert process.stdin is not None
        process.stdin.close()


def write_mirrors(folder: Path) -> tuple[Path, Path]:
    """The synthetic mirror before the ingest, and the one that the ingest finds."""
    before, now = folder / "before", folder / "now"
    days(before, 1, BEFORE)
    months(before, "2025-12")
    for member in TABLES.values():
        for address, make in member.files(1).items():
            path = before / address
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(make())
    days(now, 2, GRANULES)
    return before, now


def picture(state: State) -> Picture:
    """All that a state holds; natural keys stand for surrogate ones, and moments since the kill for one another."""
    files = (path.relative_to(state.home) for path in state.home.rglob("*") if path.is_file())
    return Picture(content(state), sorted(str(path) for path in files if path.parts[:2] != MAY_BE_LEFT))


def content(state: State) -> Content:
    """Every row of every table but the bookkeeping, sorted; of the answers of providers those that brought something."""
    catalog = open_catalog(state.url)
    with catalog.read() as connection:
        found = {table.name: _rows(connection, table) for table in t.metadata.sorted_tables}
    catalog.dispose()
    names: dict[str, dict[Any, tuple[Any, ...]]] = {
        "series_id": {row["id"]: tuple(row.values())[1:] for row in found["series"]},
        "granule_id": {row["id"]: (row["dataset_id"], row["sha256"]) for row in found["granule"]},
        "value_id": {
            row["id"]: tuple(
                str(row[name]) for name in ("indicator_id", "location_id", "period_start", "kind", "value")
            )
            for row in found["indicator_value"]
        },
    }
    found["retrieval"] = [row for row in found["retrieval"] if row["outcome"] == "new"]
    return {
        table: sorted((tuple(_natural(table, column, value, names) for column, value in row.items()) for row in rows), key=repr)
        for table, rows in found.items()
        if table not in BOOKKEEPING
    }  # fmt: skip


def runs(state: State, job: str) -> list[Run]:
    """The runs of a job in their order."""
    column = t.run.c
    wanted = sa.select(
        column.status, sa.func.coalesce(column.error, ""), column.holder, column.n_fetched, column.n_unchanged
    )
    catalog = open_catalog(state.url)
    with catalog.read() as connection:
        found = [Run(*row) for row in connection.execute(wanted.where(column.job == job).order_by(column.id))]
    catalog.dispose()
    return found


def count_granules(state: State) -> int:
    """How many granules the catalog holds."""
    catalog = open_catalog(state.url)
    with catalog.read() as connection:
        found = connection.scalar(sa.select(sa.func.count()).select_from(t.granule)) or 0
    catalog.dispose()
    return found


def unfinished(state: State) -> list[Path]:
    """The temporary files of archive and cubes."""
    return sorted(state.home.rglob("*.part"))


def _rows(connection: Connection, table: sa.Table) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def _natural(table: str, column: str, value: Any, names: dict[str, dict[Any, tuple[Any, ...]]]) -> Any:
    if column == "run_id" or (column == "id" and table in SURROGATES):
        return None
    if column in names and value is not None:
        return names[column][value]
    if column in MOMENTS and value is not None and value >= KILLED_AT:
        return SINCE
    if table == "catalog_property":  # the moment from which a method is in force is a part of the name
        return str(value).replace(KILLED_AT.isoformat(), SINCE).replace(REPAIRED_AT.isoformat(), SINCE)
    return value


def _link_or_copy(source: str, target: str) -> None:
    """Archived bytes are never written again, so that a link will do."""
    if "/archive/" in source:
        os.link(source, target)
    else:
        shutil.copy2(source, target)
