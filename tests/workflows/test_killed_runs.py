"""A run killed at any moment leaves nothing half written; the next one ends where an undisturbed one does."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from caspian_env.workflows.outcome import exit_code
from caspian_env.workflows.run import collect
from tests.command_line import command, environment
from tests.mirror_server import serving
from tests.workflows.conftest import history, opened, rows


@pytest.mark.slow
def test_killed_between_granules(small_mirror_files: Path, database_url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(small_mirror_files) as served:
        for number in (2, 7, 11):
            process = subprocess.Popen(
                command("ingest", "--home", home, "--mirror", served.url), cwd=tmp_path, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=environment(DATABASE_URL=database_url),
            )  # fmt: skip
            served.forget()
            served.on_request = lambda n, at=number, victim=process: victim.kill() if n == at else None
            assert process.wait(timeout=60) == -signal.SIGKILL
        served.on_request = lambda _: None
        with opened(home, served.url, database_url) as platform:
            assert exit_code(collect(platform)) == 0
            repaired = history(platform.catalog)
            left = rows(platform.catalog, "SELECT workflow, subject FROM v_run WHERE status = 'running'")
            died = rows(platform.catalog, "SELECT error FROM v_run WHERE status = 'failed'")
            assert sum(outcome.written for outcome in collect(platform)) == 0
    assert left == []
    assert len(died) == 3
    assert all(error for (error,) in died)
    with opened(tmp_path / "other", small_mirror_files) as platform:
        collect(platform)
        assert history(platform.catalog) == repaired


def test_interrupted_from_the_keyboard(small_mirror_files: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    # Tests that were started in the background by a shell ignore Ctrl-C, and so would everything they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with serving(small_mirror_files) as served:
        process = subprocess.Popen(
            command("run", "--home", home, "--mirror", served.url), cwd=tmp_path, env=environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        served.on_request = lambda n: process.send_signal(signal.SIGINT) if n == 2 else None
        _, complaint = process.communicate(timeout=240)
        served.on_request = lambda _: None
        assert process.returncode not in (0, 3)
        assert "Traceback" not in complaint
        with opened(home, served.url) as platform:
            interrupted = rows(platform.catalog, "SELECT status, error FROM v_run WHERE status <> 'ok'")
            assert [status for status, _ in interrupted] == ["failed"]
            assert "stopped from the keyboard" in interrupted[0][1]
            assert all(outcome.status == "ok" for outcome in collect(platform))


def test_a_failing_reader_is_no_reason_to_stop(
    small_mirror_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caspian_env.sources import nasa_gistemp

    def fail(path: Path) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr(nasa_gistemp, "read_granule", fail)
    with opened(tmp_path / "home", small_mirror_files) as platform:
        failed, fine = collect(platform, only=["nasa_gistemp", "noaa_gml_co2"])
        assert (failed.status, fine.status) == ("failed", "ok")
        assert "ZeroDivisionError: nobody foresaw this" in failed.problems[0]
        monkeypatch.undo()
        assert all(outcome.status == "ok" for outcome in collect(platform, only=["nasa_gistemp"]))
