"""The benchmark of grids still runs, and says what it measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import grids


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the peers
def test_a_small_measurement_writes_its_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "benchmarks.md"
    sizes = ["--days", "40", "--years", "2", "--cells", "4", "--heatwave-days", "11400", "--repeats", "1"]
    assert grids.main([*sizes, "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert text == capsys.readouterr().out
    for number in range(1, 7):
        assert f"| {number}. " in text
