"""Quantities that people report: ``manual.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caspian_env.errors import SeedError
from caspian_env.seeds.entries import build, entries, refer
from caspian_env.settings import data_folder


@dataclass(frozen=True, slots=True)
class Reportable:
    """A quantity without an open feed: its unit, the theme of COP29, and limits beyond which it is a slip of the pen."""

    id: str
    title: str
    theme: str
    scope: str
    unit: str
    low: float
    high: float


def load_reportables(folder: Path | None = None) -> dict[str, Reportable]:
    """The quantities by id; SeedError names what is wrong."""
    found: dict[str, Reportable] = {}
    for entry, where in entries(data_folder("seeds") if folder is None else folder, "manual.yaml"):
        row = build(Reportable, entry, where)
        refer(row.scope, {"global", "country"}, where, "scope")
        if row.id in found:
            raise SeedError(where, "stands twice", "give each quantity an id of its own")
        found[row.id] = row
    return found
