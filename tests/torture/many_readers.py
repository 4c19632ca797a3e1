"""Researchers who read while an ingest writes: whether anybody waits for anybody."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median

import sqlalchemy as sa

from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.observations import Observed, write_observations
from caspian_env.catalog.reference import series_id
from tests.benchmarks.many_rows import DAYS
from tests.benchmarks.reading import as_of_statement, fetch

ROWS = 10_000
START = datetime(1990, 1, 1, tzinfo=UTC)
KNOWN = datetime(2030, 1, 1, tzinfo=UTC)


def read_while_written(catalog: Catalog, readers: int, rounds: int) -> str:
    """Write ``rounds`` editions of a series while ``readers`` connections read another; what both reached, in words.

    A reader that finds other than all thirty years, or that the database refuses, is an error.
    """
    url = catalog.engine.url.render_as_string(hide_password=False)
    done, seconds, failures = threading.Event(), [], []
    started = threading.Barrier(readers + 1)

    def read() -> None:
        own = open_catalog(url)
        try:
            with own.read() as connection:
                fetch(connection, sa.text("SELECT 1"))
            started.wait(120)
            while not done.is_set():
                start = time.perf_counter()
                with own.read() as connection:
                    connection.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
                    found = len(fetch(connection, as_of_statement()))
                seconds.append(time.perf_counter() - start)
                if found != DAYS:
                    failures.append(f"{found} rows")
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
            started.abort()
        finally:
            own.dispose()

    threads = [threading.Thread(target=read, daemon=True) for _ in range(readers)]
    for thread in threads:
        thread.start()
    started.wait(120)
    start = time.perf_counter()
    written = _editions(catalog, f"beside {readers}", rounds)
    took = time.perf_counter() - start
    done.set()
    for thread in threads:
        thread.join(120)
    read_by = f"; {len(seconds)} reads of thirty years, median {median(seconds):.2f} s" if seconds else ""
    return f"{readers} readers: {written / took:,.0f} rows/s written{read_by}; {len(failures)} failures {failures[:3]}"


def _editions(catalog: Catalog, name: str, rounds: int) -> int:
    with catalog.write() as connection:
        series = series_id(
            connection, dataset="made_up", variable="made_up", location="place_00001", resolution=name, datum=None
        )
    rows = [Observed(START + timedelta(hours=n), n % 97 / 7, 0.05, 1, "final", source_note=None) for n in range(ROWS)]
    for round_ in range(rounds):
        edition = [replace(row, value=row.value + round_) for row in rows]
        with catalog.write() as connection:
            write_observations(
                connection, series, edition, known_at=KNOWN + timedelta(days=round_), granule_id=1, run_id=1,
                whole_record=True,
            )  # fmt: skip
    return rounds * ROWS
