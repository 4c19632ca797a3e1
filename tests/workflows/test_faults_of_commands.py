"""Commands and the service as processes on failing machines: what they say, how they end, and that the next run repairs."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import environment
from tests.workflows.fault_bench import (
    ONLY,
    Installation,
    mounted,
    refuses_to_write,
    small_disk,
    taking_nothing,
    unfinished,
)

ROOM = ("room left", "free space", "caspian-env archive prune")
pytestmark = pytest.mark.slow


@pytest.fixture
def installation(database_url: str, small_mirror_files: Path, tmp_path: Path) -> Installation:
    return Installation(tmp_path / "home", database_url, str(small_mirror_files))


def test_the_archive_has_no_room(installation: Installation, undisturbed: tuple[Any, ...]) -> None:
    with small_disk(installation.home / "archive") as disk:
        disk.fill(leaving=150_000)
        said = installation.run()
        said.is_told(3, *ROOM, str(disk.folder), "the bytes of a provider")
        states = dict(installation.rows("SELECT subject, status FROM run WHERE workflow IN ('ingest', 'report')"))
        rest = {"nasa_gistemp": "ok", "noaa_gml_co2": "ok", "bulletin": "ok"}
        assert states == {"noaa_ersst_v5": "failed"} | rest
        assert not unfinished(disk.folder)
        stored = sum(size for (size,) in installation.rows("SELECT size FROM granule"))
        assert disk.free > 150_000 - stored - 3 * 4096
        disk.make_room()
        installation.is_repaired(undisturbed)


def test_the_cubes_have_no_room(installation: Installation, undisturbed: tuple[Any, ...]) -> None:
    with small_disk(installation.home / "cubes") as disk:
        disk.fill(leaving=8_192)
        said = installation.run()
        said.is_told(3, *ROOM, str(disk.folder), "a part of a cube")
        states = dict(installation.rows("SELECT job, status FROM run WHERE workflow IN ('cube', 'compute', 'report')"))
        assert states == {"cube": "failed", "compute": "ok", "report": "ok"}
        assert not unfinished(disk.folder)
        assert not list(disk.folder.rglob("*.nc"))
        assert disk.free == 8_192
        disk.make_room()
        installation.is_repaired(undisturbed)


def test_the_report_has_no_room(installation: Installation, tmp_path: Path) -> None:
    with small_disk(tmp_path / "out") as disk:
        disk.fill(leaving=8_192)
        installation.run("--out", str(disk.folder)).is_told(3, *ROOM, str(disk.folder), "the bulletin")
        states = dict(installation.rows("SELECT job, status FROM run"))
        assert states.pop("report") == "failed"
        assert set(states.values()) == {"ok"}
        installation.do("report", "--out", disk.folder).is_told(1, *ROOM)
        installation.do("db", "backup", disk.folder / "catalog.zip").is_told(1, *ROOM, "the backup catalog.zip")
        assert disk.free == 8_192
        assert [path.name for path in disk.folder.iterdir()] == ["ballast"]
        disk.make_room()
        installation.do("report", "--out", disk.folder).is_told(0)


def test_a_package_of_the_report_is_missing(installation: Installation) -> None:
    lacking = installation.home.parent / "jinja2.py"  # found first by a command that is called in this folder
    lacking.write_text("raise ModuleNotFoundError('No module named jinja2', name='jinja2')\n")
    installation.run().is_told(3, "the package jinja2 is missing", "install caspian-env again", "nasa_gistemp")
    states = dict(installation.rows("SELECT job, status FROM run"))
    assert states.pop("report") == "failed"
    assert set(states.values()) == {"ok"}
    lacking.unlink()
    installation.run().is_told(0, "bulletin")


def test_the_database_has_no_room(small_mirror_files: Path, tmp_path: Path, undisturbed: tuple[Any, ...]) -> None:
    with small_disk(tmp_path / "db", "16m") as disk:
        url = f"sqlite:///{disk.folder / 'caspian.db'}"
        installation = Installation(tmp_path / "home", url, str(small_mirror_files))
        installation.do("init").is_told(0)
        disk.fill(leaving=65_536)
        installation.run().is_told(1, *ROOM, str(disk.folder))
        installation.do("doctor").is_told(1, "the disk is full", "archive prune")
        once = subprocess.run(
            [sys.executable, "-m", "jobs", "--once", "--only", *ONLY], cwd=tmp_path, capture_output=True, text=True,
            env=environment(**installation.settings), timeout=120,
        )  # fmt: skip
        assert once.returncode in (1, 3)
        assert "room left" in once.stderr
        assert "Traceback" not in once.stderr
        disk.make_room()
        installation.is_repaired(undisturbed)


def test_the_log_has_no_room(installation: Installation, undisturbed: tuple[Any, ...], tmp_path: Path) -> None:
    with small_disk(tmp_path / "logs") as disk:
        disk.fill(leaving=0)
        with (disk.folder / "out").open("w") as out:
            said = installation.run(stdout=out)
        said.is_told(1, "standard output", "No space left on device", "free space")
        with (disk.folder / "both").open("w") as both:
            assert installation.run(stdout=both, stderr=both).code == 1
        assert installation.content() == undisturbed
        with (disk.folder / "service").open("w") as log:
            once = [sys.executable, "-m", "jobs", "--once", "--only", *ONLY]
            settings = environment(**installation.settings)
            done = subprocess.run(once, cwd=tmp_path, stdout=log, stderr=log, env=settings, timeout=120, check=False)
        assert done.returncode == 0
    installation.is_repaired(undisturbed)


def test_a_read_only_file(small_mirror_files: Path, tmp_path: Path) -> None:
    kept, home = tmp_path / "kept", tmp_path / "home"
    usual = Installation(home, f"sqlite:///{kept / 'caspian.db'}", str(small_mirror_files))
    usual.do("ingest", "noaa_gml_co2").is_told(0)
    usual.do("compute", "co2_mean_1y").is_told(0)
    with taking_nothing(kept, tmp_path / "shown") as shown:
        url = f"sqlite:///{shown / 'caspian.db'}"
        refuses_to_write(Installation(home, url, str(small_mirror_files)), url, "right to write")


def test_another_process_writes_for_too_long(small_mirror_files: Path, tmp_path: Path) -> None:
    file = tmp_path / "caspian.db"
    installation = Installation(tmp_path / "home", f"sqlite:///{file}", str(small_mirror_files))
    installation.do("init").is_told(0)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for words in (("run",), ("compute",), ("report",)):
            said = installation.do(*words, busy=300)
            said.is_told(1, "another process has been writing", "fuser, lsof", str(file), "caspian-env run again")
        installation.do("doctor").is_told(3, "another process has been writing")
    installation.do("ingest", "noaa_gml_co2").is_told(0)


def test_an_archive_that_cannot_be_written(installation: Installation) -> None:
    archive = installation.home / "archive"
    with mounted(archive, "-t tmpfs -o ro tmpfs"):
        installation.run().is_told(1, str(archive), "Read-only file system", "mount the disk for writing")
        installation.do("doctor").is_told(1, "nothing can be written here")
