"""The COP29 briefing of November 2024, reconstructed from archived editions, and today's: on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.query import ask
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows import report_since
from caspian_env.workflows.compute import compute
from caspian_env.workflows.report import definition_of, fill_report
from caspian_env.workflows.report_numbers import shown_indicators
from caspian_env.workflows.report_since import since
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed
from tests.workflows.conftest import compose

pytestmark = pytest.mark.slow
COP29 = datetime(2024, 11, 30, tzinfo=UTC)
DATASETS = (
    "edgar_ghg", "owid_total_ghg", "climate_watch", "unfccc_ghg", "irena_renewables", "world_bank", "noaa_gml_co2",
    "nasa_gistemp", "reported_levels",
)  # fmt: skip
STATES = ("2024-11", "2026-08")
# By the folders of the archive: files that came, or came in a new edition, between November 2024 and August 2026.
NEW = {"climate_watch", "nasa_gistemp", "noaa_gml_co2", "owid_total_ghg", "world_bank"}


def shown(platform: Platform) -> set[str]:
    """Every indicator of the briefing, and those that the table of its targets rests on."""
    definition = definition_of("cop29")
    listed = [name for section in definition["sections"] for name in section.get("indicators", ())]
    found = {one.id for one in shown_indicators(platform, listed)}
    found |= {
        i.id for i in platform.seeds.indicators.values() if i.definition in ("ghg_total_1y", "ghg_rate_10y") or i.target
    }
    return {
        name for name in found if {given.dataset for given in platform.seeds.indicators[name].inputs} <= set(DATASETS)
    }


@pytest.fixture
def platform(shared: Callable[..., Path], database_url: str, tmp_path: Path) -> Iterator[Platform]:
    for month in STATES:
        mirror = compose(shared, month, tmp_path / month)
        settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(mirror), datasets=DATASETS)
        moment = datetime(int(month[:4]), int(month[5:]), 28, tzinfo=UTC)
        with open_platform(settings) as opened:
            seed(opened)
            collect(opened, known_at=moment)
            compute(opened, only=shown(opened), known_at=moment)
    with open_platform(settings) as opened:
        yield opened


def test_then_and_now_differ_by_new_editions_and_new_targets_and_both_are_listed(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = since(platform, "cop29", COP29)
    assert found.reconstructed
    assert found.other == ()
    assert found.new_targets == ("aze_2035", "kaz_2035", "rus_2035_high", "rus_2035_low")
    assert found.ended_targets == ("aze_2050",)
    assert {one.dataset_id for one in found.editions} == NEW
    for one in found.editions:
        assert one.now and one.then != one.now, one
        assert one.n_numbers > 0, one
    assert found.n_same > 100
    with platform.catalog.read() as connection:
        then = fill_report(connection, platform, "cop29", as_of=COP29)
    notes = [table.note for section in then.sections for table in section.tables if table.id == "targets"]
    assert "Reconstructed" in notes[0]
    changed = ask(platform.catalog, "SELECT DISTINCT dataset_id FROM v_observation_history WHERE known_from > :day",
                  {"day": "2024-12-01 00:00:00"}, limit=None)  # fmt: skip
    assert {row[0] for row in changed.rows} == NEW

    # A number that changes without new bytes and without a new target is told, not explained away.
    def altered(connection: Connection, platform: Platform, report_id: str, *, as_of: datetime | None = None) -> object:
        report = fill_report(connection, platform, report_id, as_of=as_of)
        if as_of is not None:
            return report
        at = next(n for n, v in enumerate(report.values) if v.indicator_id.endswith("_edgar"))
        value = replace(report.values[at], value=report.values[at].value + 1)
        return replace(report, values=(*report.values[:at], value, *report.values[at + 1 :]))

    monkeypatch.setattr(report_since, "fill_report", altered)
    again = since(platform, "cop29", COP29)
    assert len(again.other) == 1 and "_edgar@" in again.other[0]
