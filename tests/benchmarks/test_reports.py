"""The benchmark of reports measures what it says, on a small report; no clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from caspian_env.reports import charts, text
from caspian_env.reports.model import KINDS
from caspian_env.workflows.report_files import files_of

from . import reports


def test_the_report_is_as_large_as_it_says() -> None:
    report = reports.large_report()
    assert len(text.latest(report.values)) == reports.VALUES
    figures = list(report.figures)
    assert len(figures) == reports.CHARTS
    assert len({figure.kind for figure in figures}) >= 5
    assert {figure.kind for figure in figures} <= set(KINDS)


def test_page_and_pdf_of_a_report_share_their_drawings() -> None:
    pytest.importorskip("typst", reason="typst is not installed")
    charts.draw.cache_clear()
    files_of([reports.large_report(4, 2)], ("html", "pdf"))
    found = charts.draw.cache_info()
    assert (found.misses, found.hits) == (2, 2)


@pytest.mark.slow
def test_a_small_measurement_writes_its_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "benchmarks.md"
    assert reports.main(["--values", "5", "--charts", "2", "--repeats", "1", "--out", str(out)]) == 0
    written = out.read_text(encoding="utf-8")
    assert "| pages and CSV |" in written
    assert capsys.readouterr().out in written
