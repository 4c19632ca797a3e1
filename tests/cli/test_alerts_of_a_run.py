"""``caspian-env run`` tells what it leaves behind, once, on real servers; who could not be told is no fault of the data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from pytest_httpserver import HTTPServer

from caspian_env.catalog.alerts import open_alerts
from caspian_env.catalog.engine import open_catalog
from caspian_env.cli import main
from tests.command_line import caspian_env
from tests.mail_server import mail_server
from tests.workflows.conftest import rows
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish

pytestmark = pytest.mark.slow
DEAD = {
    "SMTP_URL": "smtp://127.0.0.1:9",
    "ALERT_TO": "ana@example.org",
    "WEBHOOK_URL": "http://127.0.0.1:9/secret-hook",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a mirror whose only table ended decades ago: it is collected whole, and its source is stale."""
    publish(tmp_path / "mirror", co2_table(48))
    return tmp_path


def ran(folder: Path, url: str, *words: str, **settings: str) -> CompletedProcess[str]:
    options = ("--home", "home", "--mirror", "mirror", *words)
    return caspian_env("run", *options, cwd=folder, DATABASE_URL=url, DATASETS=DATASET, **settings)


def lines_of(done: CompletedProcess[str]) -> list[str]:
    """The lines on alerts."""
    return [line for line in done.stdout.splitlines() if line.startswith(("alerts", "! alerts"))]


def delivered(url: str) -> list[Mapping[str, str]]:
    catalog = open_catalog(url)
    try:
        with catalog.read() as connection:
            return [json.loads(row.delivered) for row in open_alerts(connection)]
    finally:
        catalog.dispose()


def test_a_run_tells_once_whoever_looks_next(folder: Path, database_url: str, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("")
    with mail_server() as box:
        settings = {
            "SMTP_URL": f"smtp://127.0.0.1:{box.port}", "ALERT_TO": "ana@example.org",
            "WEBHOOK_URL": httpserver.url_for("/hook"),
        }  # fmt: skip
        first = ran(folder, database_url, **settings)
        assert first.returncode == 0, first.stderr
        (line,) = lines_of(first)
        assert "1 new, 0 go on, 0 are over; 1 told by email, 1 told by webhook" in line
        again = ran(folder, database_url, **settings)
        (line,) = lines_of(again)
        assert "0 new, 1 go on, 0 are over; nothing new was told" in line
        by_hand = caspian_env(
            "alerts", "check", "--json", "--home", "home", cwd=folder, DATABASE_URL=database_url, DATASETS=DATASET,
            **settings,
        )  # fmt: skip
        assert json.loads(by_hand.stdout)["notes"] == []
        (mail,) = box.messages
    assert f"warning: {DATASET}".encode() in mail.content
    ((request, _),) = httpserver.log
    assert [alert["subject"] for alert in json.loads(request.get_data())["alerts"]] == [DATASET]


def test_servers_that_are_dead_are_named_and_tried_again_and_the_exit_code_is_that_of_the_collection(
    folder: Path, database_url: str
) -> None:
    first = ran(folder, database_url, **DEAD)
    assert first.returncode == 0, first.stderr
    line, by_email, by_webhook = lines_of(first)
    assert "1 new" in line
    assert "told by" not in line
    assert by_email.startswith("! alerts: 1 alerts could not be told by email: mail server 127.0.0.1")
    assert by_webhook.startswith("! alerts: 1 alerts could not be told by webhook: webhook at 127.0.0.1")
    assert "secret-hook" not in first.stdout + first.stderr
    assert delivered(database_url) == [{}]
    catalog = open_catalog(database_url)
    try:
        assert rows(catalog, "SELECT status FROM v_run WHERE job = 'alerts'") == [("partial",)]
    finally:
        catalog.dispose()
    with mail_server() as box:
        second = ran(folder, database_url, "--json", **DEAD | {"SMTP_URL": f"smtp://127.0.0.1:{box.port}"})
        assert len(box.messages) == 1
    answer = json.loads(second.stdout)
    assert (second.returncode, answer["exit_code"]) == (0, 0)
    assert answer["alerts"]["notes"] == ["1 told by email"]
    assert ["by webhook" in problem for problem in answer["alerts"]["problems"]] == [True]
    assert [set(one) for one in delivered(database_url)] == [{"email"}]


def test_a_run_without_a_channel_says_that_nobody_was_told(folder: Path, database_url: str) -> None:
    done = ran(folder, database_url)
    assert done.returncode == 0, done.stderr
    (line,) = lines_of(done)
    assert "1 new, 0 go on, 0 are over; told to nobody" in line
    assert delivered(database_url) == [{}]


def test_a_run_that_broke_off_is_told_too(folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("no page today")

    monkeypatch.setattr("caspian_env.workflows.report.build", broken)
    monkeypatch.chdir(folder)
    with mail_server() as box:
        settings = {"SMTP_URL": f"smtp://127.0.0.1:{box.port}", "ALERT_TO": "ana@example.org"}
        for name, value in settings.items() | {"DATABASE_URL": database_url, "DATASETS": DATASET}.items():
            monkeypatch.setenv(f"CASPIAN_ENV_{name}", value)
        with pytest.raises(RuntimeError, match="no page today"):
            main(["run", "--home", "home", "--mirror", "mirror"])
        (mail,) = box.messages
    assert b"rule run_failed" in mail.content
