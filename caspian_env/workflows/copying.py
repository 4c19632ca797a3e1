"""One catalog copied into another, empty database of either kind, and compared row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from caspian_env.catalog.dump import Layout, insert_lines, layouts, loading, write_lines
from caspian_env.catalog.engine import Connection
from caspian_env.catalog.migrate import newest_revision, require_current, status
from caspian_env.errors import CatalogError
from caspian_env.settings import database_address
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.backup import leaving_no_trace
from caspian_env.workflows.run import Progress

Told = dict[str, tuple[int, str]]  # of each table how many rows, and the sha256 of their lines


@dataclass(frozen=True, slots=True)
class Copied:
    """From which database into which, and how many rows each table has in both."""

    source: str
    target: str
    revision: str
    rows: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self) | {"total_rows": sum(self.rows.values())}


@dataclass(slots=True)
class _Counted:
    """Lines on their way: how many there were, and their sha256."""

    rows: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def of(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.digest.update(chunk)
            for line in chunk.splitlines():
                self.rows += 1
                yield line

    @property
    def told(self) -> tuple[int, str]:
        return self.rows, self.digest.hexdigest()


def copy_database(platform: Platform, url: str, *, progress: Progress | None = None) -> Copied:
    """Copy the whole catalog, as of one moment, into an empty database; all of it or nothing.

    Every row is read back from the copy and compared with what was read from the original. Archive, cubes and reports
    stay where they are: a home belongs to whichever database its settings name.

    Parameters
    ----------
    platform : Platform
        The catalog to copy; others may go on writing to it, and what they write later is not in the copy.
    url : str
        Address of the new database, as in ``CASPIAN_ENV_DATABASE_URL``.

    Raises
    ------
    CatalogError
        When the target is not empty, is no database address, or holds other rows afterwards.
    DatabaseUnusable
        When one of the two databases fails.
    """
    require_current(platform.catalog)
    total = sum(status(platform.catalog).rows.values())
    settings = replace(platform.settings, database_url=database_address(url))
    with open_platform(settings, clock=platform.clock) as other, leaving_no_trace(other):
        revision = newest_revision()
        with loading(other.catalog, revision) as target:
            with platform.catalog.read() as source:
                sent = _send(source, target, total, progress)
            _compare(other.catalog.name, target, sent, total, progress)
        rows = {table: n for table, (n, _) in sent.items()}
        return Copied(platform.catalog.name, other.catalog.name, revision, rows)


def _send(source: Connection, target: Connection, total: int, progress: Progress | None) -> Told:
    sent: Told = {}
    for layout in layouts():
        lines = _Counted()
        insert_lines(target, layout, lines.of(write_lines(source, layout)))
        sent[layout.name] = lines.told
        _tell(progress, "copy", sent, total)
    return sent


def _compare(name: str, target: Connection, sent: Told, total: int, progress: Progress | None) -> None:
    found: Told = {}
    for layout in layouts():
        table, expected = layout.name, sent[layout.name]
        found[table] = _read_back(target, layout)
        if found[table] != expected:
            problem = f"{found[table][0]} of {expected[0]} rows of {table} came out, or not as they went in"
            raise CatalogError(name, problem, "look at the original with caspian-env doctor; nothing was copied")
        _tell(progress, "compare", found, total)


def _read_back(connection: Connection, layout: Layout) -> tuple[int, str]:
    lines = _Counted()
    for _ in lines.of(write_lines(connection, layout)):
        pass
    return lines.told


def _tell(progress: Progress | None, subject: str, done: Told, total: int) -> None:
    if progress is not None:
        progress(subject, sum(rows for rows, _ in done.values()), total)
