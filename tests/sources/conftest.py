"""What the tests of all sources need: the hand-made bytes, and a way to change them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caspian_env.model import Window

DATA = Path(__file__).resolve().parent.parent / "data"
Altered = Callable[..., Path]


@pytest.fixture
def window() -> Window:
    """A window of two days that straddles a month end."""
    return Window(datetime(2021, 10, 31, tzinfo=UTC), datetime(2021, 11, 2, tzinfo=UTC))


@pytest.fixture
def altered(tmp_path: Path) -> Altered:
    """Write a copy of a hand-made file with one piece of text replaced; the piece must be there."""

    def alter(dataset: str, name: str, old: str = "", new: str = "") -> Path:
        text = (DATA / dataset / name).read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "granule"
        path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
        return path

    return alter
