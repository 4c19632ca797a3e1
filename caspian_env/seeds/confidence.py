"""Confidence words, each from a named person's entry in ``confidence.csv``; the program never finds one by itself.

The scale is that of Mastrandrea et al. 2010 (IPCC guidance note on uncertainties): evidence by agreement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from caspian_env.errors import SeedError
from caspian_env.model import Indicator
from caspian_env.seeds.entries import build, csv_rows, refer
from caspian_env.settings import data_folder

FILE = "confidence.csv"
WORDS = {"very low", "low", "medium", "high", "very high"}
EVIDENCE = {"limited", "medium", "robust"}
AGREEMENT = {"low", "medium", "high"}


@dataclass(frozen=True, slots=True)
class Assessment:
    """How much confidence a person has in the values of an indicator at one place, and on what ground."""

    indicator: str
    location: str
    confidence: str
    evidence: str
    agreement: str
    assigned_by: str
    assigned_on: str
    basis: str


def load_confidence(
    indicators: Mapping[str, Indicator], folder: Path | None = None
) -> dict[tuple[str, str], Assessment]:
    """The rows of ``confidence.csv`` by indicator and place.

    Raises
    ------
    SeedError
        When a row has an empty cell, another word than those of the scale, no date, or a value that no indicator has.
    """
    found: dict[tuple[str, str], Assessment] = {}
    for entry, where in csv_rows(data_folder("seeds") if folder is None else folder, FILE, Assessment):
        row = build(Assessment, entry, where)
        refer(row.indicator, set(indicators), where, "indicator")
        refer(row.location, set(indicators[row.indicator].locations), where, "location")
        for key, words in (("confidence", WORDS), ("evidence", EVIDENCE), ("agreement", AGREEMENT)):
            if getattr(row, key) not in words:
                raise SeedError(where, f"{key} is {getattr(row, key)!r}", f"write one of {', '.join(sorted(words))}")
        try:
            date.fromisoformat(row.assigned_on)
        except ValueError as error:
            raise SeedError(where, f"assigned_on is {row.assigned_on!r} and no date", "write YYYY-MM-DD") from error
        if (row.indicator, row.location) in found:
            raise SeedError(where, f"{row.indicator} at {row.location} stands twice", "keep the newer row")
        found[row.indicator, row.location] = row
    return found
