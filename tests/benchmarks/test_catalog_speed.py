"""The benchmark still runs; what it measures is printed, never asserted here."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import catalog_speed


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_small_run_measures_everything_and_shows_the_plans(
    tmp_path: Path, backend: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--observations", "20000", "--rows", "400", "--repeats", "1", "--only", backend]
    if backend == "postgresql":
        arguments += ["--postgres", request.getfixturevalue("postgres_server")]
    assert catalog_speed.main([*arguments, "--out", str(tmp_path / "speed.md")]) == 0
    text = (tmp_path / "speed.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == text
    for word in ("first load", "edition, 5 % revised", "`read_series`", "1,000 other series", "Plan, as of a date"):
        assert word in text
    assert "5.0% of them with two or three vintages" in text
    if backend == "sqlite":  # PostgreSQL may well read a table whole of which it needs the half
        assert "SCAN observation" not in text
