"""Which frameworks an indicator speaks to: ``crosswalk.csv``, a row for each definition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caspian_env.errors import SeedError
from caspian_env.seeds.entries import build, csv_rows, refer
from caspian_env.settings import data_folder

THEMES = frozenset("ABCDEFGHIJKLMN")
FRAMEWORKS = ("theme", "sdg", "tehran", "wmo")


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a definition belongs: themes of COP29, SDG target or indicator, Tehran Convention, WMO headline indicator."""

    definition: str
    source: str
    theme: str = ""
    sdg: str = ""
    tehran: str = ""
    wmo: str = ""
    note: str = ""


def load_crosswalk(folder: Path | None = None) -> dict[str, Crossing]:
    """The rows by definition; SeedError names what is wrong."""
    found: dict[str, Crossing] = {}
    for entry, where in csv_rows(data_folder("seeds") if folder is None else folder, "crosswalk.csv", Crossing):
        row = build(Crossing, entry, where)
        for theme in row.theme.split():
            refer(theme, set(THEMES), where, "theme")
        if row.definition in found:
            raise SeedError(f"crosswalk.csv: {row.definition}", "stands twice", "give each definition one row")
        found[row.definition] = row
    return found
