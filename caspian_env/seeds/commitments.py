"""The rules by which a target gets its status word: ``commitments.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caspian_env.errors import SeedError
from caspian_env.seeds.entries import entries, known_keys
from caspian_env.settings import data_folder


@dataclass(frozen=True, slots=True)
class Rules:
    """How old a source may be that still counts, and which sources are shown, in this order."""

    newest_within_years: int
    sources: tuple[str, ...]


def load_rules(folder: Path | None = None) -> Rules:
    """The rules; SeedError names what is wrong."""
    folder = data_folder("seeds") if folder is None else folder
    found = {}
    for entry, where in entries(folder, "commitments.yaml"):
        row = known_keys(entry, {"id", "value", "why"}, where)
        if not row.get("why"):
            raise SeedError(where, "has no why", "say why the rule is as it is")
        found[row.get("id")] = row.get("value")
    within, sources = found.get("newest_within_years"), found.get("sources")
    if not isinstance(within, int) or not isinstance(sources, list) or not all(isinstance(s, str) for s in sources):
        raise SeedError("commitments.yaml", "lacks newest_within_years or sources", "give a number and a list of names")
    return Rules(within, tuple(sources))
