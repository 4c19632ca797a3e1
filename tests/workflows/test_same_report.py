"""The bulletin is drawn again only if it would come out otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from caspian_env.reports.model import Report
from caspian_env.reports.page import build
from caspian_env.wiring import Platform
from caspian_env.workflows import report
from caspian_env.workflows.report import write_bulletin
from caspian_env.workflows.run import collect
from tests.workflows.conftest import CO2, opened, put
from tests.workflows.synthetic_co2 import co2_table


def drawn(platform: Platform, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, bytes]]:
    """How often it was drawn, and the files."""
    calls: list[Report] = []

    def noted(bulletin: Report) -> dict[str, bytes]:
        calls.append(bulletin)
        return build(bulletin)

    monkeypatch.setattr(report, "build", noted)
    files = {path.name: path.read_bytes() for path in write_bulletin(platform, folder)}
    monkeypatch.undo()
    return len(calls), files


def test_it_is_drawn_when_something_changed_or_is_missing(
    small_mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, cache = tmp_path / "reports", tmp_path / "home" / "cache" / "bulletin"
    put(small_mirror, CO2, co2_table(400).encode())
    with opened(tmp_path / "home", small_mirror) as platform:
        collect(platform, only=["noaa_gml_co2", "dahiti_water_level"])
        first = drawn(platform, folder, monkeypatch)
        assert first[0] == 1
        assert drawn(platform, folder, monkeypatch) == (0, first[1])
        assert drawn(platform, tmp_path / "elsewhere", monkeypatch) == first
        page = folder / "bulletin.html"
        for harm in (lambda: page.write_bytes(b"edited"), page.unlink):
            harm()
            assert drawn(platform, folder, monkeypatch) == first
        for kept in cache.iterdir():
            kept.write_text("{}", encoding="utf-8")
        assert drawn(platform, folder, monkeypatch) == first
        collect(platform, only=["nasa_gwm_lake"])
        times, files = drawn(platform, folder, monkeypatch)
        assert times == 1
        assert files != first[1]
