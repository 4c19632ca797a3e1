"""Alerts from condition to mailbox: raised once, delivered once, acknowledged, over when the condition is."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from caspian_env.catalog.alerts import acknowledge, all_alerts, open_alerts
from caspian_env.errors import CatalogError, SeedError
from caspian_env.logs import log_to_standard_output
from caspian_env.model import AlertRule
from caspian_env.seeds import load_alert_rules
from caspian_env.wiring import Platform
from caspian_env.workflows import alerts as workflow
from caspian_env.workflows.alerts import check_alerts
from caspian_env.workflows.compute import compute
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.ledger import ledger
from caspian_env.workflows.outcome import Outcome
from tests.mail_server import mail_server
from tests.workflows.synthetic_co2 import DATASET, co2_table, collect_edition, opened, publish

DAY = timedelta(days=1)
START = datetime(1994, 1, 20, tzinfo=UTC)
STALE = AlertRule("stale", "stale_source", "warning", "stale", states=("stale",))
FAILED = AlertRule("failed", "failed_run", "critical", "failed", states=("failed", "missed"))
PARTIAL = AlertRule("stays", "partial_run", "warning", "stays partial")
MOVED = AlertRule("moved", "revision", "warning", "moved", times_uncertainty=3.0, within_days=30)
HIGH = AlertRule(
    "high", "threshold", "critical", "high", indicator="co2_mean_1y", location="mauna_loa", above=356.0, source="made up"
)  # fmt: skip


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Platform]:
    with opened(database_url, tmp_path, clock=clock) as made:
        yield made


@contextmanager
def rules(*chosen: AlertRule) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow, "load_alert_rules", lambda: {rule.id: rule for rule in chosen})
        yield


def check(platform: Platform, *chosen: AlertRule, **options: Any) -> Outcome:
    with rules(*chosen):
        return check_alerts(platform, **options)


def open_ones(platform: Platform) -> list[Any]:
    with platform.catalog.read() as connection:
        return list(open_alerts(connection))


def told(platform: Platform, **settings: str) -> Platform:
    return replace(platform, settings=replace(platform.settings, **settings))


def test_a_stale_source_is_raised_once_and_over_when_it_gives_again(platform: Platform, clock: Clock) -> None:
    collect_edition(platform, co2_table(48))
    assert check(platform, STALE).first == 0
    clock.now = START + 100 * DAY
    assert check(platform, STALE).first == 1
    clock.now += DAY
    again = check(platform, STALE)
    assert (again.first, again.unchanged) == (0, 1)
    (alert,) = open_ones(platform)
    assert (alert.subject, alert.raised_at, alert.last_seen) == (DATASET, START + 100 * DAY, START + 101 * DAY)
    collect_edition(platform, co2_table(52))
    assert check(platform, STALE).withdrawn == 1
    clock.now += 200 * DAY
    assert check(platform, STALE).first == 1
    (new,) = open_ones(platform)
    assert new.id != alert.id
    assert new.first_seen == alert.first_seen


def test_a_source_without_its_key_is_no_news(platform: Platform, clock: Clock) -> None:
    collect_edition(platform, co2_table(48))
    clock.now = START + 100 * DAY
    rule = replace(STALE, states=("stale", "never"))
    check(told(platform, mirror=""), rule)
    assert "dahiti_water_level" not in {row.subject for row in open_ones(platform)}


def test_a_failed_run_is_over_with_the_next_good_one(platform: Platform, clock: Clock) -> None:
    ingest(platform, platform.seeds.datasets[DATASET])  # the mirror is empty
    assert check(platform, FAILED).first == 1
    (alert,) = open_ones(platform)
    assert (alert.subject, alert.severity) == (f"ingest:{DATASET}", "critical")
    assert "not published" in alert.message
    clock.now += DAY
    collect_edition(platform, co2_table(48))
    assert check(platform, FAILED).withdrawn == 1


def test_a_run_that_stays_partial_is_told_and_one_that_may_pass_only_when_it_comes_again(
    platform: Platform, clock: Clock
) -> None:
    def partial(*, may_pass: bool) -> None:
        clock.now += timedelta(minutes=15)
        outcome = Outcome(DATASET, fetched=1, may_pass=may_pass)
        with ledger(platform, "ingest", DATASET, outcome):
            outcome.problems.append("one is missing")

    partial(may_pass=True)
    assert check(platform, PARTIAL).first == 0  # it is tried again before anybody need know
    partial(may_pass=True)
    assert check(platform, PARTIAL).first == 1
    (alert,) = open_ones(platform)
    assert alert.subject == f"ingest:{DATASET}"
    assert "is still partial" in alert.message
    assert alert.message.endswith(": one is missing")
    clock.now += DAY
    with ledger(platform, "ingest", DATASET, Outcome(DATASET)):
        pass
    assert check(platform, PARTIAL).withdrawn == 1
    partial(may_pass=False)
    assert check(platform, PARTIAL).first == 1


def test_a_failure_of_long_ago_is_not_raised(platform: Platform, clock: Clock) -> None:
    ingest(platform, platform.seeds.datasets[DATASET])
    clock.now += 31 * DAY
    assert check(platform, FAILED).first == 0


def test_a_threshold_looks_at_the_newest_value(platform: Platform) -> None:
    collect_edition(platform, co2_table(36))  # annual mean of 1992: 354.4
    assert check(platform, HIGH).first == 0
    collect_edition(platform, co2_table(48))  # of 1993: 356.2
    assert check(platform, HIGH).first == 1
    (alert,) = open_ones(platform)
    assert alert.subject == "co2_mean_1y@mauna_loa"
    assert "1993-01-01/1994-01-01" in alert.message
    assert "above 356; threshold: made up" in alert.message
    assert check(platform, replace(HIGH, above=360.0)).withdrawn == 1


@pytest.mark.parametrize(("change", "raised"), [(0.59, 0), (0.63, 1), (-0.7, 1)])
def test_a_revision_is_measured_in_standard_uncertainties(
    platform: Platform, clock: Clock, change: float, raised: int
) -> None:
    collect_edition(platform, co2_table(48))  # uncertainty 0.20
    clock.now += DAY
    publish(Path(str(platform.settings.mirror)), co2_table(48, {5: change, 7: change / 2}))
    ingest(platform, platform.seeds.datasets[DATASET])
    check(platform, MOVED)
    alerts = [row for row in open_ones(platform) if "dioxide_in_air at" in row.subject]
    assert len(alerts) == raised
    if alerts:
        assert alerts[0].subject.startswith(f"{DATASET} mole_fraction_of_carbon_dioxide_in_air at mauna_loa 1994-01-21")
        assert (
            f"1 value (1990-06-01) moved by up to {abs(change) / 0.2:.1f} standard uncertainties" in alerts[0].message
        )
    clock.now += 31 * DAY
    check(platform, MOVED)
    assert open_ones(platform) == []


def test_an_indicator_that_moved_is_a_revision_too(platform: Platform, clock: Clock) -> None:
    collect_edition(platform, co2_table(48))
    clock.now += DAY
    publish(Path(str(platform.settings.mirror)), co2_table(48, dict.fromkeys(range(12, 24), 0.5)))  # 2.5 u each
    ingest(platform, platform.seeds.datasets[DATASET])
    compute(platform, only={"co2_mean_1y"})
    check(platform, MOVED)
    assert [row.subject.split()[0] for row in open_ones(platform)] == ["co2_mean_1y@mauna_loa"]


def test_new_alerts_are_told_once_on_every_channel(platform: Platform, clock: Clock, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("")
    ingest(platform, platform.seeds.datasets[DATASET])
    heard: list[str] = []
    with mail_server() as box:
        telling = told(
            platform, smtp_url=f"smtp://127.0.0.1:{box.port}", alert_to="ana@example.org, bo@example.org",
            webhook_url=httpserver.url_for("/hook"),
        )  # fmt: skip
        assert check(telling, FAILED, say=lambda line, _row: heard.append(line)).status == "ok"
        assert check(telling, FAILED, say=lambda line, _row: heard.append(line)).status == "ok"
        (mail,) = box.messages
    assert mail.recipients == ["ana@example.org", "bo@example.org"]
    assert f"critical: ingest:{DATASET}".encode() in mail.content
    ((request, _),) = httpserver.log
    document = json.loads(request.get_data())
    assert [alert["subject"] for alert in document["alerts"]] == [f"ingest:{DATASET}"]
    assert [document["text"]] == heard
    (alert,) = open_ones(platform)
    assert set(json.loads(alert.delivered)) == {"stdout", "email", "webhook"}


def test_a_channel_that_failed_is_tried_again_and_the_others_go_on(platform: Platform, httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/hook").respond_with_data("", status=503)
    httpserver.expect_ordered_request("/hook").respond_with_data("")
    ingest(platform, platform.seeds.datasets[DATASET])
    with mail_server() as box:
        telling = told(
            platform, smtp_url=f"smtp://127.0.0.1:{box.port}", alert_to="ana@example.org",
            webhook_url=httpserver.url_for("/hook"),
        )  # fmt: skip
        first = check(telling, FAILED)
        assert first.status == "partial"
        assert "webhook at localhost" in first.problems[0]
        assert check(telling, FAILED).status == "ok"
        assert len(box.messages) == 1
    assert len(httpserver.log) == 2


class Full(io.StringIO):
    """A file on a disk without room."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_standard_output_that_takes_nothing_is_tried_again_and_the_others_go_on(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(platform, platform.seeds.datasets[DATASET])
    with monkeypatch.context() as full, mail_server() as box:
        full.setattr(sys, "stdout", Full())
        log = log_to_standard_output("alerts on a full disk")
        telling = told(platform, smtp_url=f"smtp://127.0.0.1:{box.port}", alert_to="ana@example.org")
        first = check(telling, FAILED, say=lambda line, _row: log.warning(line))
        assert len(box.messages) == 1
    assert first.status == "partial"
    (problem,) = first.problems
    assert problem.startswith("1 alerts could not be told by stdout: standard output: does not take it: No space left")
    heard: list[str] = []
    assert check(telling, FAILED, say=lambda line, _row: heard.append(line)).status == "ok"
    assert len(heard) == 1


def test_what_somebody_acknowledged_is_told_no_more(platform: Platform) -> None:
    ingest(platform, platform.seeds.datasets[DATASET])
    check(platform, FAILED)
    (alert,) = open_ones(platform)
    with platform.catalog.write() as connection:
        assert acknowledge(connection, alert.id, by="Ana", now=START).acknowledged_by == "Ana"
    heard: list[str] = []
    assert check(platform, FAILED, say=lambda line, _row: heard.append(line)).unchanged == 1
    assert heard == []
    with platform.catalog.write() as connection, pytest.raises(CatalogError, match="Ana"):
        acknowledge(connection, alert.id, by="Bo", now=START)
    with platform.catalog.write() as connection, pytest.raises(CatalogError, match="does not exist"):
        acknowledge(connection, 9999, by="Bo", now=START)


def test_a_rule_that_cannot_be_judged_keeps_its_alerts_and_spoils_no_other(platform: Platform) -> None:
    collect_edition(platform, co2_table(48))
    check(platform, HIGH)
    outcome = check(platform, replace(HIGH, location="nowhere"), replace(HIGH, id="other"))
    assert outcome.status == "partial"
    assert (outcome.rejected, outcome.first, outcome.withdrawn) == (1, 1, 0)
    assert {row.rule for row in open_ones(platform)} == {"high", "other"}


def test_the_alerts_of_a_rule_that_was_taken_back_are_over(platform: Platform) -> None:
    collect_edition(platform, co2_table(48))
    check(platform, HIGH)
    assert check(platform, STALE).withdrawn == 1
    with platform.catalog.read() as connection:
        assert [row.rule for row in all_alerts(connection)] == ["high"]


def test_the_rules_of_the_seeds_can_be_judged(platform: Platform) -> None:
    outcome = check_alerts(platform)
    assert (outcome.status, outcome.fetched) == ("ok", len(load_alert_rules()))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{id: a, kind: odd, severity: note, title: t}", "kind"),
        ("{id: a, kind: revision, severity: loud, title: t, times_uncertainty: 3}", "severity"),
        ("{id: a, kind: revision, severity: note, title: t}", "times_uncertainty"),
        ("{id: a, kind: threshold, severity: note, title: t, indicator: x, location: y, above: 1}", "source"),
        ("{id: a, kind: threshold, severity: note, title: t, indicator: x, location: y, source: z}", "above or below"),
    ],
)
def test_a_rule_that_says_too_little_is_refused(tmp_path: Path, entry: str, said: str) -> None:
    (tmp_path / "alerts.yaml").write_text(f"- {entry}\n", encoding="utf-8")
    with pytest.raises(SeedError, match=said):
        load_alert_rules(tmp_path)
