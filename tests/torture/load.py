"""A catalog of the size that the platform is designed for, and whether it still answers at once.

``python -m tests.torture.load [--observations 50000000] [--granules 100000]`` makes a synthetic catalog, asks it what
people ask, and runs with nothing new; the same is asked of a small one. ``--postgres`` adds readers beside a writer.
It takes a quarter of an hour and 12 GB of disk, which it gives back. Nothing here is a test that depends on the clock.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.migrate import upgrade
from tests.benchmarks.catalog_speed import opened_server
from tests.benchmarks.many_rows import DAYS, FIRST_DAY, fill
from tests.benchmarks.nothing_new import make_mirror, opened, whole
from tests.benchmarks.reading import as_of_statement, fetch, latest_statement
from tests.benchmarks.slow_mirror import slow_mirror
from tests.benchmarks.timing import take_turns

from .many_readers import read_while_written

COMMANDS = (
    ("datasets",), ("freshness",), ("indicators",), ("indicator", "co2_mean_1y"), ("series", "noaa_gml_co2"),
    ("revisions", "--dataset", "noaa_gml_co2"), ("explain", "co2_mean_1y@2020"), ("alerts",), ("plan",),
    ("sql", "SELECT count(*) FROM v_run"),
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Make, ask, print; give the disk back."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--observations", type=int, default=50_000_000)
    parser.add_argument("--granules", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--days", type=int, default=10, help="daily grids of the synthetic mirror")
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--postgres", action="store_true", help="readers beside a writer on PostgreSQL instead")
    parser.add_argument(
        "--homes", type=Path, help="where the SQLite catalogs are kept, and taken from if they are there"
    )
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="caspian-load-") as folder:
        if chosen.postgres:
            _on_postgres(Path(folder), chosen)
        else:
            _on_sqlite(Path(folder), chosen.homes or Path(folder), chosen)
    return 0


def filled(catalog: Catalog, observations: int, granules: int) -> str:
    """Fill an empty catalog and give it ``granules`` more granules, each with its retrieval; what it holds, in words."""
    upgrade(catalog)
    held = fill(catalog, observations, max(1, -(-(observations - DAYS) // DAYS)), twin=False)
    with catalog.write() as connection:
        rows = [
            {"dataset_id": "made_up", "sha256": f"{n:064x}", "size": 1, "state": "accepted"} for n in range(granules)
        ]
        connection.execute(sa.insert(t.granule), rows)
        found = {
            "run_id": 1, "dataset_id": "made_up", "outcome": "new", "http_status": 200, "bytes_received": 1,
        }  # fmt: skip
        retrievals = [
            found
            | {
                "url": f"https://example.org/{n}.nc",
                "retrieved_at": FIRST_DAY + timedelta(hours=n),
                "known_at": FIRST_DAY + timedelta(hours=n),
                "granule_id": 3 + n,
            }
            for n in range(granules)
        ]
        connection.execute(sa.insert(t.retrieval), retrievals)
    return f"{held}; {granules:,} granules"


def _on_sqlite(folder: Path, kept: Path, chosen: argparse.Namespace) -> None:
    homes = {"small": kept / "small", "large": kept / "large"}
    sizes = {"small": (2 * DAYS, 10), "large": (chosen.observations, chosen.granules)}
    for name, home in homes.items():
        if home.exists():
            _say(f"{name}: made before")
            continue
        home.mkdir(parents=True)
        start = time.perf_counter()
        catalog = open_catalog(f"sqlite:///{home / 'caspian.db'}")
        held = filled(catalog, *sizes[name])
        catalog.dispose()
        size = (home / "caspian.db").stat().st_size / 2**30
        _say(f"{name}: {held}; {size:.1f} GB, made in {time.perf_counter() - start:.0f} s")
    mirror = make_mirror(folder / "mirror", chosen.days)
    with slow_mirror(mirror, 0.0) as served:
        _nothing_new({name: (home, served.url) for name, home in homes.items()}, chosen.repeats)
        for command in COMMANDS:
            calls = {name: partial(_asked, home, served.url, command) for name, home in homes.items()}
            _compare(" ".join(("caspian-env", *command)), take_turns(calls, chosen.repeats))
    catalog = open_catalog(f"sqlite:///{homes['large'] / 'caspian.db'}")
    with catalog.read() as connection:
        calls = {
            "small": lambda _: _thirty_years(fetch(connection, latest_statement())),
            "large": lambda _: _thirty_years(fetch(connection, as_of_statement())),
        }
        take_turns(calls, 2)
        _compare("thirty years: latest-only table, as of", take_turns(calls, 3 * chosen.repeats))
    catalog.dispose()


def _nothing_new(homes: dict[str, tuple[Path, str]], repeats: int) -> None:
    with opened(*homes["small"]) as small, opened(*homes["large"]) as large:
        platforms = {"small": small, "large": large}
        for platform in platforms.values():
            whole(platform)
            if whole(platform):
                raise SystemExit("the second run found something new")
        calls = {name: (lambda _, it=platform: _void(whole(it))) for name, platform in platforms.items()}
        _compare("run with nothing new", take_turns(calls, repeats))


def _void(_: object) -> None:
    """Not the seconds, whatever was answered."""


def _thirty_years(rows: Sequence[object]) -> None:
    assert len(rows) == DAYS


def _asked(home: Path, mirror: str, command: Sequence[str], _: int) -> None:
    words = [sys.executable, "-m", "caspian_env", *command, "--home", str(home)]
    words += ["--mirror", mirror] if command[0] == "plan" else []
    ran = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    if ran.returncode not in (0, 3):
        _say(f"FAILED {' '.join(command)}: {ran.returncode}: {ran.stderr}")


def _on_postgres(folder: Path, chosen: argparse.Namespace) -> None:
    with opened_server("load") as catalog:
        start = time.perf_counter()
        _say(f"postgresql: {filled(catalog, chosen.observations, chosen.granules)}")
        _say(f"made in {time.perf_counter() - start:.0f} s")
        for readers in (0, chosen.readers):
            _say(read_while_written(catalog, readers, rounds=10))


def _compare(what: str, seconds: dict[str, list[float]]) -> None:
    small, large = median(seconds["small"]), median(seconds["large"])
    _say(f"| {what} | {1000 * small:,.0f} ms | {1000 * large:,.0f} ms | {large / small:.2f} |")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
