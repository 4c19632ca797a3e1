"""Runs of a collection with its cube, what they cost in time and in CPU time, and what a second worker gains."""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from caspian_env.workflows import reading_process
from caspian_env.workflows.alike_days import Plan
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.reading_process import Readers

from .grid_archive import OISST, opened
from .grid_peers import bare
from .timing import Comparison, Seconds, take_turns

YEAR = 366  # files


@dataclass(frozen=True)
class Spent:
    """Seconds of a run, and the CPU seconds of the main thread, of the other threads and of the readers."""

    seconds: float
    main: float
    threads: float
    readers: float


def collect(folder: Path, mirror: Path) -> Spent:
    """A collection and its cube in an empty home; opening the home is not counted."""
    shutil.rmtree(folder, ignore_errors=True)
    with opened(folder, mirror) as platform:
        begun = _clocks()
        outcome = ingest(platform, platform.seeds.datasets[OISST])
        cubes = build_cubes(platform, only=[OISST])
        seconds, main, process, readers = (end - start for start, end in zip(begun, _clocks(), strict=True))
    assert (outcome.status, cubes.status) == ("ok", "ok"), outcome.problems + cubes.problems
    return Spent(seconds, main, process - main, readers)


def _clocks() -> tuple[float, float, float, float]:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter(), time.thread_time(), time.process_time(), ended.ru_utime + ended.ru_stime


def some_of(folder: Path, files: Sequence[Path], count: int) -> Path:
    """A mirror of the first files."""
    mirror = folder / f"mirror-{count}"
    for path in files[:count]:
        target = mirror / path.relative_to(folder / "mirror")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            os.link(path, target)
    return mirror


def where_the_time_goes(folder: Path, files: Sequence[Path]) -> str:
    """CPU time a file of a collection with its cube, by who spends it, and that of the floor; other work hardly moves it."""
    mirror = some_of(folder, files, len(files))
    begun = time.process_time()
    for path in files:
        bare(str(path))
    floor = (time.process_time() - begun) * 1e3 / len(files)
    spent = collect(folder / "home", mirror)
    main, threads, readers = (part * 1e3 / len(files) for part in (spent.main, spent.threads, spent.readers))
    ours = main + threads + readers
    return (
        f"CPU time a file, over {len(files)} files: floor {floor:.1f} ms; ours {ours:.1f} ms, {ours / floor:.2f} times as"
        f" much, of which {readers:.1f} ms in the processes that inflate and average (with their start), {threads:.1f} ms in"
        f" the threads that copy and hash, {main:.1f} ms in the one that tests, commits and writes the cube."
    )


def workers(folder: Path, files: Sequence[Path], repeats: int) -> list[Comparison]:
    """What a second worker gains: in reading alone, and in the whole way from files to cube and series."""
    mirror = some_of(folder, files, len(files))
    plan = _plan_of(folder, files)
    seconds = take_turns(
        {
            "reading, one worker": lambda _: _reading_alone(files, plan, 1),
            "reading, two workers": lambda _: _reading_alone(files, plan, 2),
            "one worker, one core": lambda _: _with_workers(1, folder, mirror, one_core=True),
            "one worker, all cores": lambda _: _with_workers(1, folder, mirror),
            "two workers": lambda _: _with_workers(2, folder, mirror),
        },
        repeats,
    )
    return [
        _gain("5. reading alone, two workers", seconds, "reading, two workers", "reading, one worker", 1.7),
        _gain("5. all of 1, two workers", seconds, "two workers", "one worker, one core", 1.7),
        _gain("5. all of 1, two workers", seconds, "two workers", "one worker, all cores", None),
    ]


def _gain(what: str, seconds: Seconds, mine: str, peer: str, promised: float | None) -> Comparison:
    ratios = tuple(one / two for two, one in zip(seconds[mine], seconds[peer], strict=True))
    two, one = (median(seconds[name]) * 1e3 for name in (mine, peer))
    return Comparison(what, two, peer.removeprefix("reading, "), one, ratios, at_least=promised)


def _with_workers(count: int, folder: Path, mirror: Path, *, one_core: bool = False) -> float:
    """Seconds of the whole way with so many workers."""
    with _at_most(count), _on_one_core() if one_core else nullcontext():
        return collect(folder / "home", mirror).seconds


def _reading_alone(files: Sequence[Path], plan: Plan, count: int) -> float:
    """Seconds in which so many workers, who stand ready, read the files by the plan of a collection."""
    with Readers(count) as readers, ThreadPoolExecutor(count) as threads:
        list(threads.map(lambda path: readers.ask(path, plan), files[: 8 * count]))
        begun = time.perf_counter()
        found = list(threads.map(lambda path: readers.ask(path, plan), files))
        seconds = time.perf_counter() - begun
    assert all(found), "the plan does not fit"
    return seconds


def _plan_of(folder: Path, files: Sequence[Path]) -> Plan:
    """The plan that a collection learns from its first file."""
    plans: list[Plan] = []
    real = Readers.ask

    def noted(readers: Readers, path: Path, plan: Plan) -> object:
        plans.append(plan)
        return real(readers, path, plan)

    Readers.ask = noted
    try:
        collect(folder / "home", some_of(folder, files, 40))
    finally:
        Readers.ask = real
    return plans[0]


@contextmanager
def _at_most(count: int) -> Iterator[None]:
    most = reading_process.MOST_READERS
    reading_process.MOST_READERS = count
    try:
        yield
    finally:
        reading_process.MOST_READERS = most


@contextmanager
def _on_one_core() -> Iterator[None]:
    """This thread, and the threads and processes it begins, share one core, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(all_cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)
