"""All editions of all real files at hand, month by month in their true order, through the collection as an institute has it."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from caspian_env.catalog.query import ask
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.run import collect

TABLE = Path(__file__).resolve().parent.parent / "data" / "archive_coverage.csv"
ROWS = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
# Whole files that a source must set aside, with words of its reason.
SET_ASIDE = {
    "2020-08/raw.githubusercontent.com/owid/co2-data/master/owid-co2-data.csv": {"scale"},
    # A part of the provider's table, from 2004 on: an edition that loses so much is not taken for a withdrawal, and once a
    # newer one is known it is only an older one.
    "2024-11/nyc3.digitaloceanspaces.com/owid-public/data/co2/owid-co2-data.csv": {"lost", "newer"},
}


def words(reason: str | None) -> set[str]:
    return set((reason or "").replace(",", " ").split())


def covered(archive: Path) -> dict[str, str]:
    """The dataset of each file that has one, by vintage and address."""
    names = [p.relative_to(archive).as_posix() for p in archive.glob("20*/**/*") if p.is_file()]
    return {
        name: row["dataset"]
        for name in sorted(names)
        for row in ROWS
        if row["dataset"] and fnmatchcase(name.partition("/")[2], row["pattern"])
    }


def known_at(month: str) -> datetime:
    year, number = map(int, month.split("-"))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


@pytest.mark.slow
def test_every_file_is_ingested_or_named(shared: Callable[..., Path], database_url: str, tmp_path: Path) -> None:
    archive = shared("archive")
    wanted = covered(archive)
    datasets = tuple(sorted(set(wanted.values())))
    problems: list[str] = []
    for month in sorted({name.partition("/")[0] for name in wanted}):
        mirror = tmp_path / month
        script = [sys.executable, str(archive / "compose.py"), month, str(mirror)]
        subprocess.run(script, check=True, capture_output=True)
        settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(mirror), datasets=datasets)
        with open_platform(settings) as platform:
            outcomes = collect(platform, known_at=known_at(month))
        problems += [f"{month} {o.subject}: {p}" for o in outcomes for p in o.problems if "not published" not in p]
    with open_platform(settings) as platform:
        rows = ask(
            platform.catalog,
            "SELECT g.dataset_id, g.sha256, g.state, g.reason, min(r.url) FROM granule g JOIN retrieval r"
            " ON r.granule_id = g.id GROUP BY g.dataset_id, g.sha256, g.state, g.reason",
        ).rows
        again = collect(platform, known_at=known_at(month))
    known = {(dataset, digest): (state, reason) for dataset, digest, state, reason, _ in rows}
    missing, refused = [], {}
    for name, dataset in wanted.items():
        digest = hashlib.sha256((archive / name).read_bytes()).hexdigest()
        state, reason = known.get((dataset, digest), (None, None))
        if state is None:
            missing.append(name)
        elif state == "rejected":
            refused[name] = reason
    assert missing == []
    assert set(refused) == set(SET_ASIDE), problems
    assert {name: reason for name, reason in refused.items() if not SET_ASIDE[name] & words(reason)} == {}
    assert [(o.subject, o.written, o.new_granules) for o in again if o.written or o.new_granules] == []
