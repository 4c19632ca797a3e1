"""What is preliminary is asked for until it is final, however long that takes within reason; then somebody is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.demo import oisst
from caspian_env.errors import Unreachable
from caspian_env.model import Dataset, GranuleRef, Window
from caspian_env.wiring import Platform
from caspian_env.workflows import ingest as module
from caspian_env.workflows.doctor import doctor
from caspian_env.workflows.due import FINAL_WITHIN, Due, what_is_due
from caspian_env.workflows.finding import Finding
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.plan import plan
from tests.mirror_server import Served, serving
from tests.workflows.synthetic_grids import OISST, days, platform_at

LATE, NEVER, SETTLED = date(2025, 12, 20), date(2025, 12, 31), date(2026, 1, 10)
FOLDER = "www.ncei.noaa.gov/data/sea-surface-temperature-optimum-interpolation/v2.1/access/avhrr/"


@dataclass
class Provider:
    """The provider on a loopback socket, and the platform that collects from it."""

    served: Served
    files: Path
    platform: Platform
    dataset: Dataset

    def at(self, moment: datetime) -> Platform:
        seconds = count()
        return replace(self.platform, clock=lambda: moment + timedelta(seconds=next(seconds)))

    def collect(self, *when: int, **options: Window) -> tuple[Outcome, list[str]]:
        """Collect on a day; the account, and the days that the provider was asked for."""
        self.served.forget()
        outcome = ingest(self.at(datetime(*when, 6, tzinfo=UTC)), self.dataset, **options)
        assert all(problem.startswith("nothing is published") for problem in outcome.problems), outcome.problems
        asked = [re.search(r"\.(\d{8}(_preliminary)?)\.nc$", path) for path, _ in self.served.requests]
        return outcome, [found[1] for found in asked if found]

    def publish_final(self, day: date) -> None:
        """As the provider does it: the final file comes, the preliminary one goes."""
        days(self.files, 2, [day])
        (self.files / oisst.address(day, False)).unlink()

    def statuses(self) -> dict[date, set[str]]:
        """What is known now of each day."""
        column, found = t.observation.c, dict[date, set[str]]()
        with self.platform.catalog.read() as connection:
            for time, status in connection.execute(
                sa.select(column.time, column.status).where(column.known_to.is_(None))
            ):
                found.setdefault(time.date(), set()).add(status)
        return found

    def findings(self, *when: int) -> list[Finding]:
        found = doctor(self.at(datetime(*when, 6, tzinfo=UTC)))
        return [finding for finding in found if "preliminary" in finding.message]


@pytest.fixture
def provider(database_url: str, tmp_path: Path) -> Iterator[Provider]:
    files = tmp_path / "provider"
    days(files, 1, [LATE, NEVER])
    days(files, 2, [SETTLED])
    with serving(files) as served, platform_at(tmp_path / "home", database_url, synthetic=False) as platform:
        dataset = replace(platform.seeds.datasets[OISST], hosts=(f"{served.url}/{FOLDER}",))
        alone = replace(platform, seeds=replace(platform.seeds, datasets={OISST: dataset}))
        made = Provider(served, files, alone, dataset)
        _, asked = made.collect(2026, 1, 15)
        assert asked == ["20251220_preliminary", "20251231_preliminary", "20260110"]
        yield made


def test_a_day_older_than_the_look_back_is_asked_for_until_it_is_final(provider: Provider) -> None:
    provider.collect(2026, 3, 1)  # the look-back begins where the last collection ended
    outcome, asked = provider.collect(2026, 3, 2)
    assert asked == ["20251220_preliminary", "20251231_preliminary"]  # both are older, and final days are left alone
    assert (outcome.expected, outcome.unchanged) == (2, 2)
    assert provider.statuses() == {LATE: {"preliminary"}, NEVER: {"preliminary"}, SETTLED: {"final"}}

    provider.publish_final(LATE)
    outcome, asked = provider.collect(2026, 3, 3)
    assert asked == ["20251220", "20251231_preliminary"]
    assert (outcome.fetched, outcome.unchanged) == (1, 1)
    assert outcome.revised > 0
    assert provider.statuses()[LATE] == {"final"}
    with provider.platform.catalog.read() as connection:
        kinds = set(
            connection.execute(sa.select(t.observation.c.kind).where(t.observation.c.status == "final")).scalars()
        )
    assert "finalised" in kinds

    _, asked = provider.collect(2026, 3, 4)
    assert asked == ["20251231_preliminary"]
    (step,) = [s for s in plan(provider.at(datetime(2026, 3, 5, tzinfo=UTC)), listing=True) if s.stage == "collect"]
    assert step.action == "fetch 0 granules that are new, ask of 1 whether they changed"
    assert "preliminary values to be finalised (2025-12-31)" in step.why


def test_what_never_becomes_final_is_a_finding_and_no_eternal_request(provider: Provider) -> None:
    provider.publish_final(LATE)
    provider.collect(2026, 6, 1)
    assert provider.findings(2026, 6, 2) == []
    over = datetime(2025, 12, 31, tzinfo=UTC) + FINAL_WITHIN + timedelta(days=1)
    _, asked = provider.collect(over.year, over.month, over.day)
    assert asked == []
    (finding,) = provider.findings(over.year, over.month, over.day)
    assert (finding.severity, finding.subject) == ("warning", OISST)
    assert "still preliminary after 180 days (2025-12-31 to 2025-12-31)" in finding.message
    command = f"caspian-env ingest {OISST} --window 2025-12-31/2026-01-01"
    assert finding.remedy.startswith(command)
    assert [found.severity for found in provider.findings(2027, 3, 1)] == ["note"]  # old news

    provider.publish_final(NEVER)
    _, asked = provider.collect(2026, 8, 1, window=Window.parse(command.split()[-1]))
    assert asked == ["20251231"]
    assert provider.findings(2026, 8, 2) == []


def test_an_old_day_that_cannot_be_got_does_not_hold_the_look_back(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.collect(2026, 3, 1)

    def unreachable(*_: object) -> None:
        raise Unreachable("the host", "did not answer in time", "try again later")

    with monkeypatch.context() as patch:
        patch.setattr(module, "receive", unreachable)
        outcome = ingest(provider.at(datetime(2026, 3, 8, tzinfo=UTC)), provider.dataset)
    assert len(outcome.problems) == 2
    provider.publish_final(LATE)
    due = what_is_due(provider.at(datetime(2026, 3, 9, tzinfo=UTC)), provider.dataset)
    assert due.waiting == (datetime(2025, 12, 20, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC))
    assert due.window.start == due.waiting[0]
    assert due.look_back_from is not None
    assert provider.collect(2026, 3, 9)[1] == ["20251220", "20251231_preliminary"]


def test_a_granule_without_a_time_or_in_a_named_window_is_always_worth_a_request() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    span = Window(moment, moment + timedelta(days=30))
    old = GranuleRef("x", window=Window(moment - timedelta(days=9), moment - timedelta(days=8)))
    assert Due(span).is_worth_asking(old)
    assert Due(span, moment).is_worth_asking(GranuleRef("x"))
    assert not Due(span, moment).is_worth_asking(old)
    assert Due(span, moment, (moment - timedelta(days=8, hours=12),)).is_worth_asking(old)
