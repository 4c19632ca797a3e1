"""The page of sources is the one that the seeds make, and the list for the first live day names what is unproven."""

from __future__ import annotations

import re

from caspian_env.seeds import load_datasets, load_uncovered
from caspian_env.workflows.catalogue import THEMES, sources_page
from tests.command_line import ROOT

DATASETS, UNCOVERED = load_datasets(ROOT / "seeds"), load_uncovered(ROOT / "seeds")


def test_the_page_is_made_from_the_seeds() -> None:
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    assert page == sources_page(DATASETS.values(), UNCOVERED), "caspian-env datasets --markdown > docs/sources.md"
    assert {dataset.theme for dataset in DATASETS.values()} <= set(THEMES)


def test_a_cell_cannot_break_the_table() -> None:
    for line in (ROOT / "docs" / "sources.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (11, 6)


def test_what_is_not_covered_has_a_reason_and_names_a_dataset_or_none() -> None:
    assert all(row["pattern"] and row["what"] and row["reason"] for row in UNCOVERED)
    assert {row["instead"] for row in UNCOVERED} <= {"", *DATASETS}


def test_geometry_of_unknown_origin_is_named_as_not_covered() -> None:
    (row,) = (row for row in UNCOVERED if row["pattern"].startswith("major_basins.zip"))
    assert "producer, version and licence are not stated" in row["reason"]


def test_what_is_frozen_or_retired_is_told_with_date_and_successor() -> None:
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    assert [dataset.id for dataset in DATASETS.values() if dataset.state != "active"] == ["gpcp_v2_2", "noaa_gsod"]
    assert "| frozen since 2016, followed by gpcp |" in page
    assert "| frozen since 2025-08-29 |" in page
    assert "| retired | 2024-07-01 | `dahiti_water_level` |" in page
    for row in UNCOVERED:
        assert re.fullmatch(r"(\d{4}(-\d{2}){0,2})?", row["since"]), row
        assert row["what"] not in ("moved", "ending") or row["since"], row


def test_the_first_live_day_names_every_unproven_dataset_and_no_other() -> None:
    text = (ROOT / "docs" / "first-live-day.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"caspian-env datasets check (\w+)", text))
    assert commands == {d.id for d in DATASETS.values() if d.proven_on != "real"}
