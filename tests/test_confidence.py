"""The table of confidence words: signed rows of a fixed scale, and nothing that no person wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from caspian_env.errors import SeedError
from caspian_env.seeds.confidence import FILE, load_confidence
from caspian_env.wiring import load_seeds

INDICATORS = load_seeds().indicators
HEADER = "indicator,location,confidence,evidence,agreement,assigned_by,assigned_on,basis\n"
ROW = "co2_mean_1y,mauna_loa,high,robust,high,A. Person,2026-11-26,two laboratories agree within 0.12 ppm\n"


def loaded(folder: Path, rows: str) -> dict[tuple[str, str], str]:
    (folder / FILE).write_text(HEADER + rows, encoding="utf-8")
    return {key: row.confidence for key, row in load_confidence(INDICATORS, folder).items()}


def test_nobody_has_signed_yet_and_the_program_assigns_nothing() -> None:
    assert load_confidence(INDICATORS) == {}
    assert load_seeds().confidence == {}


def test_a_signed_row_is_the_word_of_its_indicator_and_place(tmp_path: Path) -> None:
    assert loaded(tmp_path, ROW) == {("co2_mean_1y", "mauna_loa"): "high"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ROW.replace("A. Person", ""), "has no assigned_by"),
        (ROW.replace("two laboratories agree within 0.12 ppm", ""), "has no basis"),
        (ROW.replace(",high,robust", ",certain,robust"), "confidence is 'certain'"),
        (ROW.replace("robust", "strong"), "evidence is 'strong'"),
        (ROW.replace("2026-11-26", "yesterday"), "assigned_on is 'yesterday'"),
        (ROW.replace("mauna_loa", "caspian_sea"), "location names 'caspian_sea'"),
        (ROW.replace("co2_mean_1y", "co2_mean"), "indicator names 'co2_mean'"),
        (ROW + ROW, "stands twice"),
    ],
)
def test_a_row_that_nobody_signed_or_of_another_scale_is_refused(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(SeedError, match=words):
        loaded(tmp_path, row)
