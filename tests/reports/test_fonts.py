"""The kept typeface is the one that the recipe makes from Noto Sans, with its licence beside it."""

import pytest

from caspian_env.reports import fonts
from tests.reports.cut_font import cut


@pytest.mark.slow
def test_what_is_kept_is_what_the_recipe_cuts() -> None:
    assert fonts.FILE.read_bytes() == cut()
    assert fonts.PRINT_FILE.read_bytes() == cut(None)


def test_its_licence_lies_beside_it() -> None:
    assert "SIL Open Font License, Version 1.1" in (fonts.FILE.parent / "OFL.txt").read_text(encoding="utf-8")
