"""A platform of its own with an empty mirror and a clock that only the test moves, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed


@dataclass
class Bench:
    """A platform of its own, its mirror, and a clock that only the test moves."""

    platform: Platform
    mirror: Path
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def collect(self, dataset: str) -> Any:
        return ingest(self.platform, self.platform.seeds.datasets[dataset])

    def put(self, address: str, content: bytes) -> None:
        path = self.mirror / address
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with self.platform.catalog.read() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]


@contextmanager
def bench_at(database_url: str, home: Path, mirror: Path) -> Iterator[Bench]:
    mirror.mkdir()
    settings = Settings(home=home, database_url=database_url, mirror=str(mirror))
    with open_platform(settings) as platform:
        bench = Bench(platform, mirror)
        bench.platform = replace(platform, clock=bench.clock)
        seed(bench.platform)
        yield bench
