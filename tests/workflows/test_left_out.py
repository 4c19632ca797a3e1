"""What an installation does not collect is no finding and no alert of it, nor is what a person was told already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from caspian_env.catalog.health import last_runs
from caspian_env.errors import Unpublishable
from caspian_env.seeds import load_alert_rules
from caspian_env.wiring import Platform
from caspian_env.workflows.conditions import judge
from caspian_env.workflows.doctor import doctor
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.ledger import ledger
from caspian_env.workflows.outcome import Outcome
from tests.workflows.synthetic_co2 import DATASET, co2_table, collect_edition, opened

OTHER = "noaa_gml_ch4"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """One dataset collected, and one that the mirror does not hold, whose collection failed."""
    with opened(f"sqlite:///{tmp_path / 'home' / 'caspian.db'}", tmp_path) as made:
        collect_edition(made, co2_table(48))
        assert ingest(made, made.seeds.datasets[OTHER]).status == "failed"
        yield made


def only(platform: Platform, *datasets: str) -> Platform:
    return replace(platform, settings=replace(platform.settings, datasets=datasets))


def found_about(platform: Platform, name: str) -> list[str]:
    return [one.severity for one in doctor(platform) if name in one.subject and one.severity in ("warning", "error")]


def alerts_about(platform: Platform, name: str) -> list[str]:
    return [
        found.rule for rule in load_alert_rules().values() for found in judge(platform, rule) if name in found.subject
    ]


def test_a_dataset_that_is_not_collected_any_more_is_no_finding_and_no_alert(platform: Platform) -> None:
    both = only(platform, DATASET, OTHER)
    assert found_about(both, OTHER)
    assert alerts_about(both, f"ingest:{OTHER}") == ["run_failed"]
    one = only(platform, DATASET)
    assert (found_about(one, OTHER), alerts_about(one, OTHER)) == ([], [])
    other = only(platform, OTHER)  # the values of the first are there, and grow old with nobody asking
    assert (found_about(other, DATASET), alerts_about(other, DATASET)) == ([], [])


def test_a_refused_freeze_is_no_failed_run(platform: Platform) -> None:
    refused = ledger(platform, "freeze", "bulletin", Outcome("bulletin"), job="freeze:bulletin")
    with pytest.raises(Unpublishable), refused:
        raise Unpublishable("bulletin", "must not be frozen: 1 refused")
    with platform.catalog.read() as connection:
        jobs = {row.job for row in last_runs(connection, platform.clock().replace(year=1990))}
    assert "freeze:bulletin" not in jobs
    assert f"ingest:{OTHER}" in jobs


def test_an_address_that_no_alert_can_reach_is_a_finding(platform: Platform) -> None:
    settings = replace(platform.settings, webhook_url="hooks.example.org/secret")
    (found,) = (one for one in doctor(replace(platform, settings=settings)) if one.subject == "CASPIAN_ENV_WEBHOOK_URL")
    assert (found.severity, found.remedy) == ("warning", "write https://HOST…")
    assert "secret" not in found.message


def test_own_datasets_that_the_list_forgets_are_named(platform: Platform) -> None:
    own = replace(platform.seeds.datasets[DATASET], id="example_own", theme="local")
    seeds = replace(platform.seeds, datasets={**platform.seeds.datasets, own.id: own})
    forgotten = only(replace(platform, seeds=seeds), DATASET)
    notes = [one for one in doctor(forgotten) if own.id in one.subject and one.severity == "note"]
    assert [("CASPIAN_ENV_DATASETS" in note.remedy) for note in notes] == [True]
