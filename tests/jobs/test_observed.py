"""A real service as its operator sees it: scraped, read in its logs, heard of by mail, and looked at with ps."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pytest_httpserver import HTTPServer

from tests.mail_server import mail_server

from .conftest import Operations, Process, process_of

ONE, OTHER = "noaa_gml_co2", "nasa_gistemp"
pytestmark = pytest.mark.slow


def port_of(operations: Operations, service: Process) -> int:
    said = re.compile(r"metrics and health at 127\.0\.0\.1:(\d+)")
    operations.wait_for(lambda: said.search(service.output), "the endpoint")
    return int(said.findall(service.output)[0])


def asked(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def numbers(port: int) -> dict[tuple[str, ...], float]:
    status, text = asked(port, "/metrics")
    assert status == 200, text
    return {
        (sample.name.removeprefix("caspian_env_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def descendants(process_id: int) -> set[int]:
    """A process and all that it started, those in sessions of their own too."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    found = {process_id}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def test_a_service_is_scraped(operations: Operations) -> None:
    operations.settings["METRICS"] = "127.0.0.1:0"
    active = operations.start("jobs", "--only", ONE, OTHER, fault=f"segfault:{OTHER}")
    port = port_of(operations, active)
    operations.wait_for(lambda: asked(port, "/health")[0] == 200, "a healthy service")
    assert json.loads(asked(port, "/health")[1])["role"] == "active"
    standby = operations.start("jobs", "--only", ONE, OTHER)
    beside = port_of(operations, standby)
    operations.wait_for(lambda: asked(beside, "/health")[0] == 200, "a healthy standby")
    assert json.loads(asked(beside, "/health")[1])["role"] == "standing by"
    operations.wait_for(lambda: operations.runs(job="report", status="ok"), "everything that is due")
    found = numbers(port)
    assert found[("active",)] == 1
    assert numbers(beside)[("active",)] == 0
    (row,) = operations.runs(job=f"ingest:{ONE}", status="ok")
    assert found[("runs_total", f"ingest:{ONE}", "ok")] == 1
    assert found[("runs_total", f"ingest:{OTHER}", "failed")] == 1
    assert found[("last_success_timestamp_seconds", f"ingest:{ONE}")] == row.finished_at.timestamp()
    spent = (row.finished_at - row.started_at).total_seconds()
    assert found[("run_duration_seconds_sum", f"ingest:{ONE}")] == pytest.approx(spent, abs=0.002)
    (file,) = (Path(operations.mirror) / "gml.noaa.gov").rglob("co2_mm_mlo.csv")
    assert found[("received_bytes_total", ONE)] == found[("archived_bytes", ONE)] == file.stat().st_size
    states = {state: found[("dataset_state", ONE, state)] for state in ("fresh", "late", "stale", "retired", "never")}
    assert sorted(states.values()) == [0, 0, 0, 0, 1]
    assert found[("dataset_age_seconds", ONE)] > 0
    active.stop()
    operations.wait_for(lambda: numbers(beside)[("active",)] == 1, "the standby to take over")
    # All that the scheduler did with the network was to listen on loopback.
    for process in (active, standby):
        sockets = set(re.findall(r"^AUDIT (.*)$", process.output, flags=re.MULTILINE))
        assert sockets == {"socket.bind (('127.0.0.1', 0),)"}


def test_no_secret_is_an_argument_or_told(operations: Operations) -> None:
    secrets = {
        "DAHITI_KEY": "secret-of-dahiti", "SMTP_URL": "smtp://caspian:secret-of-mail@127.0.0.1:9",
        "ALERT_TO": "ana@example.org", "WEBHOOK_URL": "http://127.0.0.1:9/secret-of-webhook",
    }  # fmt: skip
    operations.settings |= {**secrets, "METRICS": "127.0.0.1:0", "LOG": "json"}
    where, _, rest = operations.database_url.partition("@")
    if rest and where.count(":") == 1:  # a server on which anybody may give a password
        operations.settings["DATABASE_URL"] = f"{where}:secret-of-database@{rest}"
    service = operations.start("jobs", "--only", "dahiti_water_level", ONE, fault=f"hang:{ONE}")
    port = port_of(operations, service)
    operations.wait_for(lambda: operations.runs(job=f"ingest:{ONE}", status="running"), "a job that hangs")
    operations.wait_for(lambda: operations.runs(job="alerts", status="partial"), "alerts that reach nobody")
    (hanging,) = operations.runs(job=f"ingest:{ONE}", status="running")
    family = descendants(service.child.pid)
    assert process_of(hanging) in family - {service.child.pid}
    for process_id in family:
        folder = Path("/proc") / str(process_id)
        assert b"secret" not in (folder / "cmdline").read_bytes()
        assert b"secret" not in (folder / "comm").read_bytes()
    assert b"secret-of-dahiti" in (Path("/proc") / str(process_of(hanging)) / "environ").read_bytes()
    assert "secret" not in asked(port, "/metrics")[1] + asked(port, "/health")[1]
    service.stop()
    assert "secret" not in service.output


def test_every_line_of_a_service_under_supervision_is_json_and_names_its_run(operations: Operations) -> None:
    operations.settings["LOG"] = "auto"  # its standard error is a file
    code, output = operations.run("jobs", "--once", "--only", ONE, OTHER, fault=f"memory:{OTHER}")
    assert code == 3
    entries = [json.loads(line) for line in output.splitlines() if not line.startswith("AUDIT")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"]) for entry in entries)
    rows = {row.id: row for row in operations.runs()}
    began = {entry["run_id"]: entry for entry in entries if entry.get("event") == "run begins"}
    ended = {entry["run_id"]: entry for entry in entries if entry.get("event") == "run ends"}
    assert set(began) == set(ended) == set(rows)
    for number, row in rows.items():
        assert began[number]["job"] == ended[number]["job"] == row.job
        assert began[number]["process"] == process_of(row)
        assert ended[number]["level"] == {"ok": "info", "partial": "warning", "failed": "error"}[row.status]
    (collected,) = operations.runs(job=f"ingest:{ONE}")
    told = ended[collected.id]
    assert (told["status"], told["n_fetched"], told["n_written"]) == ("ok", 1, collected.n_written)
    assert told["seconds"] > 0
    assert {"jobs", "caspian_env.account"} <= {entry["logger"] for entry in entries}
    operations.settings["LOG"] = "human"
    _, output = operations.run("jobs", "--once", "--only", ONE)
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z (INFO|WARNING|ERROR) |AUDIT", line) for line in output.splitlines())


@pytest.mark.parametrize("way", ["service", "once"])
def test_what_failed_is_told_by_mail_and_webhook(operations: Operations, way: str, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("")
    with mail_server() as box:
        operations.settings |= {
            "SMTP_URL": f"smtp://127.0.0.1:{box.port}", "ALERT_TO": "ana@example.org",
            "WEBHOOK_URL": httpserver.url_for("/hook"),
        }  # fmt: skip
        words = ("--once",) if way == "once" else ()
        process = operations.start("jobs", *words, "--only", ONE, OTHER, fault=f"segfault:{OTHER}")
        if way == "once":
            assert process.end(300) == 3, process.output
        else:
            # As soon as it has happened, and not only when everything else is done.
            operations.wait_for(lambda: box.messages and httpserver.log, "the alert")
            operations.wait_for(lambda: operations.runs(job="report", status="ok"), "the rest")
            process.stop()
        letters = [message.content.decode() for message in box.messages]
        bodies = [json.loads(request.get_data()) for request, _ in httpserver.log]
    told = [alert for body in bodies for alert in body["alerts"] if alert["rule"] == "run_failed"]
    assert [(alert["subject"], alert["severity"]) for alert in told] == [(f"ingest:{OTHER}", "critical")]
    assert "SIGSEGV" in told[0]["message"]
    assert sum(letter.count("rule run_failed") for letter in letters) == 1  # once, however often it was looked at
    assert any(f"ingest:{OTHER}" in letter and "SIGSEGV" in letter for letter in letters)


def test_alerts_that_reach_nobody_are_named_and_leave_the_exit_code_to_what_was_due(operations: Operations) -> None:
    operations.settings |= {"SMTP_URL": "smtp://127.0.0.1:9", "ALERT_TO": "ana@example.org"}
    late = (
        datetime(2028, 6, 1, 12, tzinfo=UTC) - datetime.now(UTC)
    ).total_seconds()  # whatever is on the mirror is stale
    code, output = operations.run("jobs", "--once", "--only", ONE, shift=late)
    assert "alerts could not be told by email: mail server 127.0.0.1" in output
    (check,) = operations.runs(job="alerts")
    assert check.status == "partial"
    assert code == 0, output


@pytest.mark.parametrize("logs", ["human", "json"])
def test_alerts_stand_on_the_standard_output_of_the_service_once_and_nothing_else_does(
    operations: Operations, logs: str
) -> None:
    operations.settings["LOG"] = logs
    late = (datetime(2028, 6, 1, 12, tzinfo=UTC) - datetime.now(UTC)).total_seconds()
    service = operations.start("jobs", "--only", ONE, OTHER, shift=late, apart=True)
    operations.wait_for(lambda: len(operations.runs(job="alerts", status="ok")) >= 2, "two checks")
    service.stop()
    lines = [line for line in service.answers.splitlines() if not line.startswith("AUDIT")]
    assert sorted(name for line in lines for name in (ONE, OTHER) if f"{name} is stale" in line) == [OTHER, ONE]
    assert len(lines) == 2
    assert not any("is stale" in line for line in service.output.splitlines())
    if logs == "human":
        assert all(re.match(r"\S+Z WARNING \[run \d+\] \[warning\] ", line) for line in lines)
    else:
        entries = [json.loads(line) for line in lines]
        assert {(e["event"], e["level"], e["rule"], e["severity"]) for e in entries} == {
            ("alert", "warning", "source_stale", "warning")
        }
        assert sorted(entry["subject"] for entry in entries) == [OTHER, ONE]
