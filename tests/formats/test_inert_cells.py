"""What a provider writes never becomes a formula in somebody's spreadsheet."""

from __future__ import annotations

import pytest

from caspian_env.formats.inert_cells import inert


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-2+3", "\t=1", "\r=1", '=HYPERLINK("x")'])
def test_a_formula_is_shown_and_not_executed(text: str) -> None:
    assert inert(text) == "'" + text


@pytest.mark.parametrize("cell", ["", "-", "-28.9", "+1e-3", "a=b", "Baku", -28.9, None, 3])
def test_numbers_and_words_stay(cell: object) -> None:
    assert inert(cell) is cell
