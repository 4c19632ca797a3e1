"""Bytes that end the process that reads them: the next run finds out in another process, and goes on without them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from caspian_env.archive import Kept
from caspian_env.demo import oisst
from caspian_env.errors import BadGranule, DamagedGranule
from caspian_env.seeds import load_datasets
from caspian_env.wiring import source_of
from caspian_env.workflows import trial_reading
from caspian_env.workflows.trial_reading import marked
from tests.command_line import command, environment
from tests.workflows.conftest import put

# Loaded by Python at its start: the reader of carbon dioxide dies, or never comes back, as a C library can.
DEADLY = """
import os, signal, time
import caspian_env.sources.noaa_gml_co2 as module
whole = module.read_granule
def read_granule(path):
    if b"poison" in path.read_bytes():
        {}
    return whole(path)
module.read_granule = read_granule
"""
DEATH = "os.kill(os.getpid(), signal.SIGSEGV)"
CO2, LEVEL = "noaa_gml_co2", "nasa_gwm_lake"
ADDRESS = "gml.noaa.gov/webdata/ccgg/trends/co2/co2_mm_mlo.csv"


def ended(home: Path, mirror: Path, deadly: Path, *words: str) -> subprocess.CompletedProcess[str]:
    told = environment(HOME=str(home), MIRROR=str(mirror), DATASETS=f"{CO2},{LEVEL}")
    told["PYTHONPATH"] = f"{deadly}:{told['PYTHONPATH']}"
    return subprocess.run(
        command(*words), cwd=mirror, env=told, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_run_that_a_file_ended_is_followed_by_one_that_sets_it_aside(small_mirror: Path, tmp_path: Path) -> None:
    good = (small_mirror / ADDRESS).read_bytes()
    put(small_mirror, ADDRESS, good + b"# poison\n")
    deadly = tmp_path / "deadly"
    deadly.mkdir()
    (deadly / "sitecustomize.py").write_text(DEADLY.format(DEATH), encoding="utf-8")
    home = tmp_path / "home"
    assert ended(home, small_mirror, deadly, "ingest").returncode == -11
    for _ in range(2):  # and it stays so: nothing dies any more
        second = ended(home, small_mirror, deadly, "ingest")
        assert second.returncode == 3, second.stdout + second.stderr
        assert "ends the process that reads them (signal 11)" in " ".join((second.stdout + second.stderr).split())
    assert ended(home, small_mirror, deadly, "series", LEVEL, "--limit", "1").returncode == 0, "the rest went on"
    put(small_mirror, ADDRESS, good)
    assert ended(home, small_mirror, deadly, "ingest").returncode == 0
    assert "mauna_loa" in ended(home, small_mirror, deadly, "series", CO2, "--limit", "1").stdout


def test_a_mark_goes_with_the_block_and_stands_where_the_process_is_killed(tmp_path: Path) -> None:
    dataset, path = load_datasets()[CO2], tmp_path / "granule"
    path.write_bytes(b"")
    kept = Kept("0" * 64, 0, path, new=True)
    mark = tmp_path / "marks" / f"{CO2}-{kept.sha256}"
    with pytest.raises(ValueError, match="mine"), marked(tmp_path / "marks", dataset, kept) as suspected:
        assert not suspected
        assert mark.exists()
        raise ValueError("mine")
    assert not mark.exists()
    mark.touch()  # somebody was killed; bytes that only raise are no danger
    with marked(tmp_path / "marks", dataset, kept) as suspected:
        assert suspected
    assert not mark.exists()


def test_a_trial_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_reading, "TRIAL_SECONDS", 0.01)  # less than Python needs to start
    kept = Kept("1" * 64, 0, tmp_path / "granule", new=True)
    (tmp_path / f"{CO2}-{kept.sha256}").touch()
    with pytest.raises(BadGranule, match="takes longer than"), marked(tmp_path, load_datasets()[CO2], kept):
        pass
    assert (tmp_path / f"{CO2}-{kept.sha256}").exists(), "the next run tries again before it reads"


def test_damaged_netcdf_is_read_by_no_process_of_ours_a_second_time(tmp_path: Path) -> None:
    """What a library written in C could not decode may have harmed the memory of who asked it."""
    dataset, path = load_datasets()["noaa_oisst_v2_1"], tmp_path / "granule"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 600)
    kept = Kept("2" * 64, path.stat().st_size, path, new=True)
    reader = source_of(dataset)
    with pytest.raises(DamagedGranule) as first, marked(tmp_path, dataset, kept):
        reader.read_granule(path)
    entered = False
    with pytest.raises(DamagedGranule) as second, marked(tmp_path, dataset, kept):
        entered = True
    assert not entered
    assert second.value.problem == first.value.problem
    path.write_bytes(oisst.files(1)[min(oisst.files(1))]())  # the archive was mended
    with marked(tmp_path, dataset, kept) as suspected:
        assert suspected
    assert not (tmp_path / f"noaa_oisst_v2_1-{kept.sha256}").exists()
