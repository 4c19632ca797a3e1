"""Logs and progress bars: for people on their terminal, JSON elsewhere, and each entry of a run with its number."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from caspian_env.cli.show import Pace
from caspian_env.demo import gistemp
from tests.command_line import caspian_env, command, environment

BAR = "\x1b[?25l"  # a bar hides the cursor


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mirror")
    for address, make in gistemp.files(1).items():
        (folder / address).parent.mkdir(parents=True, exist_ok=True)
        (folder / address).write_bytes(make())
    return folder


def on_a_terminal(words: Sequence[str], folder: Path, *, in_front: bool = True, **settings: str) -> str:
    """What a process shows on a terminal that is its own, or (of a session of its own) that of somebody else."""
    program = "import os, sys; os.execvpe(sys.argv[1], sys.argv[1:], os.environ)"
    if not in_front:
        program = "import subprocess, sys; subprocess.run(sys.argv[1:], start_new_session=True)"
    process_id, terminal = pty.fork()
    if process_id == 0:  # pragma: no cover  # the child is another process
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-c", program, *words], environment(**settings) | {"TERM": "xterm"})
    shown = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.waitpid(process_id, 0)
    os.close(terminal)
    return shown.decode()


def entries(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def ingest(mirror: Path) -> list[str]:
    return ["ingest", "nasa_gistemp", "--mirror", str(mirror)]


def test_into_a_pipe_every_line_is_json_and_names_its_run(mirror: Path, tmp_path: Path) -> None:
    first = caspian_env(*ingest(mirror), cwd=tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    begins, ends = entries(first.stderr)
    assert (begins["event"], ends["event"]) == ("run begins", "run ends")
    assert begins["run_id"] == ends["run_id"] == 1
    assert begins["job"] == ends["job"] == "ingest:nasa_gistemp"
    assert (ends["status"], ends["n_fetched"], ends["level"]) == ("ok", 1, "info")
    second = caspian_env(*ingest(mirror), cwd=tmp_path)
    assert [entry["run_id"] for entry in entries(second.stderr)] == [2, 2]
    assert "unchanged" in second.stdout


def test_json_can_be_asked_for_and_then_the_answer_is_an_entry_too(mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "caspian-env.toml").write_text('log = "json"\n', encoding="utf-8")
    failed = caspian_env("freshness", cwd=tmp_path)
    (entry,) = entries(failed.stderr)
    assert failed.returncode == 1
    assert entry["level"] == "error"
    assert "holds no catalog yet" in str(entry["message"])
    plain = caspian_env("freshness", cwd=tmp_path, LOG="human")
    assert plain.stderr.startswith("caspian-env: ")
    (tmp_path / "other.toml").write_text('log = "human"\n', encoding="utf-8")
    for words in (["--config", "other.toml"], ["--config=other.toml"]):
        assert caspian_env("freshness", *words, cwd=tmp_path).stderr.startswith("caspian-env: ")
    assert caspian_env("freshness", cwd=tmp_path, LOG="yaml").returncode == 2


def test_an_error_that_nobody_expected_is_one_entry_with_its_traceback(tmp_path: Path) -> None:
    program = (
        "import sys, caspian_env.cli.operating as operating, caspian_env.cli as cli\n"
        "def broken(*_): raise RuntimeError('the unforeseen\\nin two lines')\n"
        "operating.opened = broken\n"
        "cli.main(sys.argv[1:])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "freshness"], cwd=tmp_path, capture_output=True, text=True, env=environment()
    )
    (entry,) = entries(ran.stderr)
    assert ran.returncode == 1
    assert (entry["level"], entry["message"]) == (
        "critical",
        "unexpected error: RuntimeError: the unforeseen\nin two lines",
    )
    assert "Traceback" in str(entry["traceback"])


def test_a_terminal_shows_a_bar_and_no_log_that_repeats_the_summary(mirror: Path, tmp_path: Path) -> None:
    shown = on_a_terminal(command(*ingest(mirror)), tmp_path)
    assert BAR in shown
    assert "nasa_gistemp" in shown
    assert "run begins" not in shown
    assert "begins" not in shown
    assert "{" not in shown


def test_a_pace_is_that_of_the_last_minutes() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.of("a", 0) == ""
    for done in range(1, 101):
        now[0] += 0.5
        said = pace.of("a", done)
    assert said == "2.0/s"
    for done in range(101, 141):  # the quick ones are longer ago than five minutes
        now[0] += 20
        said = pace.of("a", done)
    assert said == "3.0/min"
    assert pace.of("b", 0) == ""


def test_a_process_that_is_not_in_front_shows_no_bar(mirror: Path, tmp_path: Path) -> None:
    shown = on_a_terminal(command(*ingest(mirror)), tmp_path, in_front=False)
    assert "nasa_gistemp" in shown
    assert BAR not in shown
    assert BAR not in caspian_env(*ingest(mirror), cwd=tmp_path).stderr
