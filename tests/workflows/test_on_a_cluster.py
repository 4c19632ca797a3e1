"""On a dask cluster the same comes out as without, whatever is killed meanwhile."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from caspian_env.indicators import heatwave_days, marine_heatwaves
from caspian_env.processing import cluster as spread
from caspian_env.processing.cluster import each
from caspian_env.wiring import Platform, cluster_of
from caspian_env.workflows import reading_cluster, reading_process
from caspian_env.workflows.alike_days import Cells, Plan
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.ingest import ingest
from tests.benchmarks.oisst_files import write_days
from tests.workflows.synthetic_grids import OISST, platform_at
from tests.workflows.test_alike_days import COUNT, collected, few_are_many

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # distributed warns of its own shutdown
FIRST = date(2023, 12, 28)
BASE = (2001, 2004)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("days")
    write_days(folder, FIRST, COUNT, seasons=1)
    return folder


@pytest.fixture(scope="module")
def without(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], dict[int, str]]:
    """Rows and parts of the cube as a collection leaves them that has no cluster."""
    with platform_at(tmp_path_factory.mktemp("without"), mirror=mirror) as platform:
        _, rows, parts = collected(platform)
    return rows, parts


@pytest.fixture
def address() -> Iterator[str]:
    """A cluster of two processes; afterwards nothing is connected to it."""
    from distributed import LocalCluster, default_client

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster.scheduler_address
        with suppress(ValueError):
            default_client().close()


@contextmanager
def on(address: str, home: Path, mirror: Path) -> Iterator[Platform]:
    with platform_at(home, mirror=mirror) as platform:
        yield replace(platform, settings=replace(platform.settings, dask=address))


def pids(platform: Platform) -> list[int]:
    client = cluster_of(platform.settings)
    assert client is not None
    return list(client.run(os.getpid).values())


@pytest.fixture
def a_few_ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Twelve files are read like many, three of them ahead, when the first has shown how."""
    monkeypatch.setattr("caspian_env.workflows.pipeline.AHEAD", 3)
    with few_are_many(monkeypatch):
        yield


def counted(monkeypatch: pytest.MonkeyPatch) -> list[type]:
    asked: list[type] = []
    real = reading_cluster.OnCluster.ask

    def ask(self: reading_cluster.OnCluster, path: Path, plan: Plan | Cells) -> Any:
        asked.append(type(plan))
        return real(self, path, plan)

    monkeypatch.setattr(reading_cluster.OnCluster, "ask", ask)
    return asked


@pytest.mark.usefixtures("a_few_ahead")
def test_rows_and_cube_are_the_same_and_workers_read_them(
    address: str, mirror: Path, without: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = counted(monkeypatch)
    with on(address, tmp_path, mirror) as platform:
        monkeypatch.setattr(reading_process, "_started", lambda: pytest.fail("read here"))
        outcome, rows, parts = collected(platform)
        assert (outcome.status, outcome.problems) == ("ok", [])
        assert (rows, parts) == without
        assert asked.count(Plan) >= COUNT // 2
        for path in (tmp_path / "cubes").rglob("*.nc"):
            path.unlink()
        asked.clear()
        again = build_cubes(platform, only=[OISST])  # nothing is kept of the cells any more: workers inflate them again
    assert (again.status, Cells in asked) == ("ok", True)
    assert {path.stat().st_size: path.name for path in (tmp_path / "cubes").rglob("*.nc")} == parts


@pytest.mark.usefixtures("a_few_ahead")
def test_a_worker_killed_over_a_file_costs_another_try_and_nothing_else(
    address: str, mirror: Path, without: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_process, "_started", lambda: pytest.fail("read here"))
    with on(address, tmp_path, mirror) as platform:
        victim = pids(platform)[0]
        os.kill(victim, signal.SIGSTOP)  # what it is given stays with it
        threading.Timer(4, os.kill, (victim, signal.SIGKILL)).start()
        begun = time.monotonic()
        _, rows, parts = collected(platform)
        assert time.monotonic() - begun > 4, "nothing waited for the worker that was killed"
    assert (rows, parts) == without


@contextmanager
def scheduler_of_its_own(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes], subprocess.Popen[bytes]]]:
    """A scheduler and a worker as commands, so that each can be killed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, root = f"tcp://127.0.0.1:{port}", Path(__file__).resolve().parents[2]
    dask, quiet = [sys.executable, "-m", "dask"], {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    here = ["--no-dashboard", "--host", "127.0.0.1"]
    worker = ["--nthreads", "2", "--no-nanny", "--death-timeout", "20", "--local-directory", str(folder)]
    commands = [[*dask, "scheduler", *here, "--port", str(port)], [*dask, "worker", address, *here, *worker]]
    processes = [subprocess.Popen(command, cwd=root, **quiet) for command in commands]
    try:
        from distributed import Client

        with Client(address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=30)
        yield address, processes[0], processes[1]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.usefixtures("a_few_ahead")
def test_a_killed_scheduler_loses_nothing(
    mirror: Path, without: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = counted(monkeypatch)
    with scheduler_of_its_own(tmp_path / "dask") as (address, scheduler, _), on(address, tmp_path, mirror) as platform:

        def kill_half_way(_: str, done: int, __: int) -> None:
            if done == COUNT // 2:
                scheduler.kill()
                scheduler.wait()

        with caplog.at_level(logging.WARNING, logger="caspian_env"):
            outcome = ingest(platform, platform.seeds.datasets[OISST], progress=kill_half_way)
            assert (outcome.status, outcome.new_granules) == ("ok", COUNT)
            assert "the cluster does not read files" in caplog.text
            caplog.clear()
            monkeypatch.setattr("caspian_env.wiring.CLUSTER_SECONDS", 1)
            unchanged, rows, parts = collected(platform)
            assert "no scheduler answers at tcp://" in caplog.text
    assert len(asked) > 2
    assert unchanged.unchanged == COUNT
    assert (rows, parts) == without


def test_workers_that_do_not_see_the_archive_or_are_of_another_version_are_left_alone(
    address: str, mirror: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = next(mirror.rglob("*.nc"))
    with on(address, tmp_path, mirror) as platform:
        client = cluster_of(platform.settings)
        plan = Plan(_pattern(path), (), (), (), np.empty(0, int), np.empty(0, np.int8))
        for words, version, asked in (("see", reading_cluster.VERSION, tmp_path / "none.nc"), ("has", "0.1", path)):
            monkeypatch.setattr(reading_cluster, "VERSION", version)
            with reading_process.readers_here() as here, caplog.at_level(logging.WARNING, logger="caspian_env"):
                workers = reading_cluster.OnCluster(client, here, 1)
                found = workers.ask(asked, plan)
            assert (found is None) == (asked != path), "the file was read here"
            assert f"a worker {'does not see' if words == 'see' else 'has caspian-env'}" in caplog.text


def _pattern(path: Path) -> Any:
    from caspian_env.formats.alike import pattern_of
    from caspian_env.sources import noaa_oisst_v2_1 as source

    return pattern_of(path, source.read_granule(path), source.ALIKE)


@pytest.fixture
def sst(monkeypatch: pytest.MonkeyPatch) -> xr.DataArray:
    """Six years of six cells, in blocks of two, and no work too small for a cluster."""
    monkeypatch.setattr(spread, "LARGE", 0)
    monkeypatch.setattr(marine_heatwaves, "BLOCK_CELLS", 2)
    time_axis = np.arange("2000-01-01", "2006-01-01", dtype="datetime64[D]")
    random = np.random.default_rng(6)
    noise = np.cumsum(random.normal(0, 0.3, (time_axis.size, 2, 3)), axis=0)
    season = 14 + 9 * np.sin(2 * np.pi * np.arange(time_axis.size) / 365.25)
    return xr.DataArray(
        season[:, None, None] + noise - noise.mean(axis=0),
        {"time": time_axis.astype("datetime64[ns]"), "latitude": [40.0, 41.0], "longitude": [50.0, 51.0, 52.0]},
        ("time", "latitude", "longitude"),
        attrs={"units": "degree_Celsius", "resolution": "P1D"},
    ).assign_coords(
        area=(("latitude", "longitude"), np.full((2, 3), 5.0)), weight=(("latitude", "longitude"), np.ones((2, 3)))
    )


def heatwaves(sst: xr.DataArray) -> tuple[xr.Dataset, Any]:
    heatwave_days._found.cache_clear()
    plain = sst.reset_coords(drop=True)
    found = heatwave_days.heat_days(sst, BASE, detrended=True, ice_below=-1.8, groups=2)
    return marine_heatwaves.detect(plain, BASE), [
        np.concatenate([part.usable, part.share.ravel(), part.starts, part.excess, [*part.reached.values()]])
        for part in found
    ]


def assert_same(found: tuple[xr.Dataset, Any], expected: tuple[xr.Dataset, Any]) -> None:
    assert expected[0].sizes["event"] > 5
    xr.testing.assert_identical(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_heatwaves_are_the_same_on_a_cluster_whose_worker_is_killed(
    address: str, mirror: Path, tmp_path: Path, sst: xr.DataArray, caplog: pytest.LogCaptureFixture
) -> None:
    expected = heatwaves(sst)
    with on(address, tmp_path, mirror) as platform:
        victim = pids(platform)[0]
        client = cluster_of(platform.settings)
        assert client is not None
        os.kill(victim, signal.SIGSTOP)
        threading.Timer(4, os.kill, (victim, signal.SIGKILL)).start()
        with caplog.at_level(logging.WARNING, logger="caspian_env"):
            assert_same(heatwaves(sst), expected)
        assert client.run_on_scheduler(_tasks_done) > 5
    assert "computed here" not in caplog.text


def _tasks_done(dask_scheduler: Any) -> int:
    return sum(prefix.state_counts["memory"] for prefix in dask_scheduler.task_prefixes.values())


def test_heatwaves_are_computed_here_when_the_scheduler_is_killed(
    mirror: Path, tmp_path: Path, sst: xr.DataArray, caplog: pytest.LogCaptureFixture
) -> None:
    expected = heatwaves(sst)
    running = scheduler_of_its_own(tmp_path / "dask")
    with running as (address, scheduler, worker), on(address, tmp_path, mirror) as platform:
        assert cluster_of(platform.settings) is not None
        os.kill(worker.pid, signal.SIGSTOP)  # it takes the work and gives nothing back
        threading.Timer(2, scheduler.kill).start()
        with caplog.at_level(logging.WARNING, logger="caspian_env"):
            assert_same(heatwaves(sst), expected)
    assert "so it is computed here" in caplog.text


def test_what_a_piece_raises_is_raised(address: str, mirror: Path, tmp_path: Path, sst: xr.DataArray) -> None:
    from caspian_env.errors import NotComputable

    with on(address, tmp_path, mirror) as platform:
        cluster_of(platform.settings)
        with pytest.raises(NotComputable, match="no dimension time"):
            each(_refusing, (), [sst.isel(time=0, drop=True).to_numpy(), np.zeros(3)])


def _refusing(cells: Any) -> Callable[..., Any]:
    return marine_heatwaves._cells(xr.DataArray(cells))
