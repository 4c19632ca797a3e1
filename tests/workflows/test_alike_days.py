"""Many daily files that are alike are read quickly, and nothing else about them differs."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from caspian_env.catalog.query import ask
from caspian_env.formats.alike import pattern_of, read_alike
from caspian_env.sources import noaa_oisst_v2_1 as source
from caspian_env.wiring import Platform
from caspian_env.workflows import alike_cells, alike_days, pipeline, reading_process
from caspian_env.workflows.alike_days import Cells, Plan
from caspian_env.workflows.cube import build_cubes, open_cube
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.outcome import Outcome
from tests.benchmarks.oisst_files import LAT, LON, Layout, season_chunks, write_day, write_days
from tests.workflows.synthetic_grids import OISST, platform_at

FIRST, COUNT = date(2023, 12, 28), 12
CONTENT = (
    "SELECT location_id, time, value, std_uncertainty, qc_flag, status, granule_sha256, url FROM v_observation"
    " WHERE dataset_id = 'noaa_oisst_v2_1' ORDER BY location_id, time"
)


@pytest.fixture(scope="module")
def chunks() -> list[bytes]:
    return season_chunks(0)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve days over the turn of a year, only to be read."""
    folder = tmp_path_factory.mktemp("alike")
    write_days(folder, FIRST, COUNT, seasons=1)
    return folder


@contextmanager
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        for name in ("pipeline", "alike_cells"):
            patch.setattr(f"caspian_env.workflows.{name}.MANY", 4)
        for name in ("alike_cells", "cube_parts"):
            patch.setattr(f"caspian_env.workflows.{name}.FEWEST", 2)
        yield


def collected(platform: Platform) -> tuple[Outcome, list[Any], dict[int, str]]:
    outcome = ingest(platform, platform.seeds.datasets[OISST])
    build_cubes(platform, only=[OISST])
    rows = [tuple(row) for row in ask(platform.catalog, CONTENT, {}, limit=None).rows]
    parts = {path.stat().st_size: path.name for path in (platform.settings.home / "cubes").rglob("*.nc")}
    return outcome, rows, parts


def test_quick_and_careful_collections_leave_the_same(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, platform_at(tmp_path / "careful", mirror=mirror) as platform:
        patch.setattr("caspian_env.workflows.read.alike_of", lambda _: None)
        patch.setattr("caspian_env.workflows.cube_parts.alike_of", lambda _: None)
        careful, rows, parts = collected(platform)
    read: list[Path] = []
    real = source.read_granule
    with few_are_many(monkeypatch), platform_at(tmp_path / "quick", mirror=mirror) as platform:
        monkeypatch.setattr(source, "read_granule", lambda path, **more: read.append(path) or real(path, **more))
        quick, quick_rows, quick_parts = collected(platform)
        assert len(open_cube(platform, OISST)["time"]) == COUNT
        assert list((tmp_path / "quick/cubes/windows").rglob("*.nc")) == []
    assert (quick.status, quick.first, quick.new_granules) == ("ok", 4 * COUNT, COUNT)
    assert (careful.first, careful.new_granules) == (4 * COUNT, COUNT)
    assert quick_rows == rows
    assert len(rows) == 4 * COUNT
    assert quick_parts == parts  # the same bytes
    assert len(read) == 3  # the first day, and the first of each part of the cube


def test_files_fetched_before_the_first_was_read_are_read_by_others(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[Path] = []
    real = alike_days.means_of
    monkeypatch.setattr("caspian_env.workflows.read.means_of", lambda path, plan: here.append(path) or real(path, plan))
    with few_are_many(monkeypatch), platform_at(tmp_path, mirror=mirror) as platform:
        assert ingest(platform, platform.seeds.datasets[OISST]).first == 4 * COUNT
    assert len(here) < COUNT // 2, "all but those that were being fetched in that moment"


@pytest.mark.parametrize(
    ("fault", "words", "many"),
    [
        (Layout(lat=LAT + np.float32(0.125)), "lat are", True),
        (Layout(lon=LON + np.float32(0.25)), "lon are", False),
        (Layout(lat=LAT[::-1]), "axis lat runs the other way", True),
        (Layout(units="K"), "units of sst are 'K'", False),
        (Layout(calendar="noleap"), "calendar is 'noleap'", False),
    ],
)
def test_a_day_of_another_grid_unit_or_calendar_is_set_aside(
    mirror: Path,
    tmp_path: Path,
    chunks: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
    fault: Layout,
    words: str,
    many: bool,
) -> None:
    odd = FIRST + timedelta(days=5)
    for path in mirror.rglob("*.nc"):
        copy = tmp_path / "mirror" / path.relative_to(mirror)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if f"{odd:%Y%m%d}" in path.name:
            write_day(copy, odd, chunks, fault)
        elif many or int(path.name[-11:-3]) <= 20240102:
            os.link(path, copy)
    if many:
        monkeypatch.setattr(pipeline, "MANY", 4)
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        outcome, rows, _ = collected(platform)
        again = ingest(platform, platform.seeds.datasets[OISST])
    assert (outcome.status, outcome.rejected) == ("partial", 1)
    (problem,) = outcome.problems
    assert f"{odd:%Y%m%d}.nc" in problem
    assert words in problem
    assert not any(f"{odd}" in str(row[1]) for row in rows)
    assert len(rows) == 4 * (outcome.expected - 1)
    assert again.rejected == 1  # a later collection remembers the grid


def test_another_packing_is_read_with_care(mirror: Path, tmp_path: Path, chunks: list[bytes]) -> None:
    first = min(mirror.rglob("*.nc"))
    raw = source.read_granule(first)
    pattern = pattern_of(first, raw, source.ALIKE)
    assert pattern is not None
    other = tmp_path / "x.nc"
    write_day(other, FIRST, chunks)
    found = read_alike(other, pattern)
    assert found is not None
    for name, packing in pattern.packings.items():
        np.testing.assert_array_equal(
            packing.decoded(found.packed[name]), source.read_granule(other)[name].values[0, 0]
        )
    write_day(other, FIRST, chunks, Layout(scale=0.02))
    assert read_alike(other, pattern) is None


def test_damaged_bytes_are_never_taken_for_numbers(mirror: Path, tmp_path: Path) -> None:
    first = min(mirror.rglob("*.nc"))
    pattern = pattern_of(first, source.read_granule(first), source.ALIKE)
    assert pattern is not None
    with h5py.File(first) as file:
        stored = file["sst"].id.get_chunk_info(0)
    content = bytearray(first.read_bytes())
    content[stored.byte_offset + stored.size // 2] ^= 0xFF
    broken = tmp_path / "broken.nc"
    broken.write_bytes(content)
    assert read_alike(broken, pattern) is None
    broken.write_bytes(first.read_bytes()[:-400_000])
    assert read_alike(broken, pattern) is None
    assert read_alike(tmp_path / "none.nc", pattern) is None


def test_a_reading_process_that_cannot_be_started_says_nothing_against_the_bytes(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory() -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    path = next(mirror.rglob("*.nc"))
    pattern = pattern_of(path, source.read_granule(path), source.ALIKE)
    assert pattern is not None
    monkeypatch.setattr(reading_process, "_started", no_memory)
    with reading_process.Readers(1) as readers:
        assert readers.ask(path, Plan(pattern, (), (), (), np.empty(0, int), np.empty(0, np.int8))) is None


def test_a_reading_process_that_is_killed_is_replaced(mirror: Path, tmp_path: Path) -> None:
    paths = sorted(mirror.rglob("*.nc"))[:3]
    raw = source.read_granule(paths[0])
    pattern = pattern_of(paths[0], raw, source.ALIKE)
    spool = alike_cells.spool_of(raw, "sst", tmp_path)
    assert pattern is not None
    assert spool is not None
    cells = Cells(pattern, spool)
    with reading_process.Readers(1) as readers:
        for path in paths:
            assert readers.ask(path, cells) is None
            process = readers.idle.get()
            assert process is not None
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            readers.idle.put(process)
    kinds = dict.fromkeys(pattern.packings, "<i2")
    assert all(spool.take(path.name, pattern, kinds) for path in paths)
    kept = tmp_path / paths[0].name
    kept.write_bytes(kept.read_bytes()[:-1])
    assert spool.take(paths[0].name, pattern, kinds) is None
    assert spool.take(paths[1].name, replace(pattern, layout="another"), kinds) is None
