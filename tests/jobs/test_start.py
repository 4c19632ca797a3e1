"""How a service begins where its database is away, refuses it, or is not there; and a timetable that is read in part."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from caspian_env.settings import Settings
from caspian_env.workflows.seed import keep_apart
from jobs.service import main
from tests.command_line import environment
from tests.workflows.fault_bench import Server, own_server
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish

from .conftest import Operations

ONE = "noaa_gml_co2"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as made:
        yield made


def asked(port: int) -> tuple[int, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/health")
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


@pytest.mark.slow
def test_a_service_that_begins_before_its_database_waits_for_it(server: Server, tmp_path: Path, mirror: Path) -> None:
    operations = Operations(server.database(), tmp_path, mirror, settings={"METRICS": "127.0.0.1:0"})
    server.crash()
    service = operations.start("jobs", "--only", ONE)
    try:
        waiting = "the service waits for its database"
        operations.wait_until(lambda: service.output.count(waiting) >= 2, "two vain tries", service)
        found = re.search(r"metrics and health at 127\.0\.0\.1:(\d+)", service.output)
        assert found
        status, told = asked(int(found[1]))
        assert (status, told["reason"]) == (503, "the database does not answer")
        waits = [float(wait) for wait in re.findall(r"waits for its database.*next try in (\d+) s", service.output)]
        assert waits == sorted(waits)  # longer and longer: the log does not fill up
        assert service.child.poll() is None
        server.start()
        operations.wait_for(lambda: operations.runs(job="report", status="ok"), "all its work")
        assert asked(int(found[1]))[0] == 200
        assert "the database answers" in service.stop()
        assert "secret" not in service.output
        assert "Traceback" not in service.output
    finally:
        server.start()
        operations.end()


def test_the_home_of_a_demonstration_is_refused_before_anything_is_said_of_datasets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_apart(Settings(tmp_path, f"sqlite:///{tmp_path / 'caspian-synthetic.db'}"), synthetic=True)
    with pytest.raises(SystemExit) as ended:
        main(["--timetable", "--home", str(tmp_path)])
    assert ended.value.code == 1
    told = caplog.text + capsys.readouterr().err
    assert "holds synthetic demonstration data" in told
    assert "is left out" not in told


@pytest.mark.slow
def test_a_service_that_waits_for_its_database_can_be_stopped(tmp_path: Path, mirror: Path) -> None:
    with socket.socket() as taken:  # bound, and nobody listens there
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg://postgres@127.0.0.1:{taken.getsockname()[1]}/caspian"
        operations = Operations(url, tmp_path, mirror)
        service = operations.start("jobs")
        operations.wait_until(lambda: "waits for its database" in service.output, "a vain try", service)
        assert service.stop(signal.SIGTERM).rstrip().endswith("stopped")
        code, output = operations.run("jobs", "--once")  # cron asks again by itself
        assert code == 1
        assert "does not answer" in output


@pytest.mark.slow
def test_what_does_not_pass_by_itself_ends_the_service(server: Server, tmp_path: Path, mirror: Path) -> None:
    url = server.database()
    server.say("CREATE ROLE guest LOGIN PASSWORD 'right-secret-word'")
    rules = Path(server.handle.pgdata) / "pg_hba.conf"
    rules.write_text(f"local all guest scram-sha-256\n{rules.read_text()}")
    server.say("SELECT pg_reload_conf()")
    place, _, query = url.partition("?")
    for address, words in (
        (url.replace("postgres:top-secret-word", "guest:bad-secret-word"), "password authentication failed"),
        (url.replace("postgres:", "nobody:"), 'role "nobody" does not exist'),
        (f"{place.rpartition('/')[0]}/nowhere?{query}", 'database "nowhere" does not exist'),
    ):
        operations = Operations(address, tmp_path, mirror)
        code, output = operations.run("jobs", "--only", ONE)
        assert code == 1, output
        assert words in output
        assert "check CASPIAN_ENV_DATABASE_URL" in output
        assert "secret" not in output
        assert "Traceback" not in output


def test_a_timetable_may_be_read_in_part(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "jobs", "--timetable"]
    told = environment(HOME=str(tmp_path), DATABASE_URL=f"sqlite:///{tmp_path / 'caspian.db'}")
    with subprocess.Popen(words, cwd=tmp_path, env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout and child.stderr
        child.stdout.close()  # as `head -0` does, before the first line
        said = child.stderr.read().decode()
        assert child.wait(60) == 0, said
    assert "Traceback" not in said
    assert "BrokenPipe" not in said


@pytest.mark.slow
def test_the_timetable_knows_of_runs_by_hand(tmp_path: Path) -> None:
    publish(tmp_path / "mirror", co2_table(48))
    told = environment(
        HOME=str(tmp_path / "home"), DATABASE_URL=f"sqlite:///{tmp_path / 'caspian.db'}", DATASETS=DATASET
    )

    def shown() -> dict[str, str]:
        words = [sys.executable, "-m", "jobs", "--timetable"]
        lines = subprocess.run(words, cwd=tmp_path, env=told, capture_output=True, text=True, check=True).stdout
        assert len({line.index("  next ") for line in lines.splitlines()}) == 1
        return {line.split()[0]: line for line in lines.splitlines()}

    assert "last never" in shown()[f"ingest:{DATASET}"]
    assert "done never" in shown()[f"ingest:{DATASET}"]
    words = [sys.executable, "-m", "caspian_env", "ingest", DATASET, "--mirror", "mirror"]
    subprocess.run(words, cwd=tmp_path, env=told, capture_output=True, check=True)
    assert re.search(r"last never +done 20\d\d-", shown()[f"ingest:{DATASET}"])
    assert "done never" in shown()["compute"]
