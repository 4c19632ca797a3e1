"""The catalog that the documentation asks: synthetic provider files in three states of knowledge.

Edition 1 and 2 are those of the demonstration. Before them stands an older edition of the level record, made from the
first one: it ends in October 2024, and its values of that month are 3 cm higher.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from caspian_env.demo import DATASETS, co2, dahiti, ersst, gistemp, gwm, oisst
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.run import collect

OLDER, FIRST, SECOND = (datetime(*day, 6, tzinfo=UTC) for day in ((2024, 11, 5), (2026, 1, 5), (2026, 2, 5)))
DAILY_FROM = "20251201"  # the daily grids of two months are enough here


def write_mirrors(folder: Path) -> dict[datetime, Path]:
    """The three states, each as a mirror folder, by the moment at which they are collected."""
    states = {}
    for moment, edition in ((FIRST, 1), (SECOND, 2)):
        states[moment] = folder / f"edition-{edition}"
        for member in (gwm, dahiti, gistemp, co2, ersst, oisst):
            for address, make in member.files(edition).items():
                if member is oisst and address.rsplit(".", 2)[-2][:8] < DAILY_FROM:
                    continue
                _write(states[moment] / address, make())
    record = json.loads((states[FIRST] / dahiti.ADDRESS).read_bytes())
    kept = [row for row in record["data"] if row["date"] < "2024-11-01"]
    for row in kept:
        row["height"] = round(row["height"] + (0.03 if row["date"] >= "2024-10-01" else 0), 3)
    record["data"], record["target"]["points"] = kept, len(kept)
    _write(folder / "older" / dahiti.ADDRESS, json.dumps(record).encode("ascii"))
    return {OLDER: folder / "older", **states}


def build_catalog(mirrors: dict[datetime, Path], url: str, home: Path) -> None:
    """Collect and compute at each of the three moments, as if the clock stood there."""
    for moment, mirror in mirrors.items():
        settings = Settings(home=home, database_url=url, mirror=str(mirror), datasets=DATASETS)
        with open_platform(settings, synthetic=True, clock=lambda moment=moment: moment) as platform:
            collected = collect(platform, only=["dahiti_water_level"] if moment == OLDER else [])
            assert all(outcome.status == "ok" for outcome in collected), [outcome.problems for outcome in collected]
            compute(platform)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
