"""How fast grids are: collection and cube, one new day, opening, heatwaves, each beside its peers.

``python -m tests.benchmarks.grids [--days 1461] [--years 40] [--out FILE.md]`` takes a quarter of an hour on two idle cores
and 7 GB of disk; ``--days 120 --years 4`` takes two minutes. Nothing here is a test that depends on the clock.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform as machine
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import h5py
import numpy as np

from caspian_env.model import Window
from caspian_env.workflows import pipeline
from caspian_env.workflows.cube import build_cubes, open_cube
from caspian_env.workflows.ingest import ingest

from .grid_archive import OISST, SST, fill, opened
from .grid_heatwaves import measure_heatwaves
from .grid_peers import NAMES, at_the_floor, at_the_keeping_floor, with_cdo, with_nco, with_xarray
from .grid_runs import YEAR, collect, some_of, where_the_time_goes, workers
from .oisst_files import write_days
from .sections import write_marked, write_section
from .timing import Comparison, cost, take_turns

TITLE, MARK = "Speed of grids", "speed of grids"
FIRST = date(2019, 1, 1)
METHOD = """\
Measured on {date} by `python -m tests.benchmarks.grids --days {days} --years {years} --repeats {repeats}` on {machine}.

- Files: {days} synthetic global days in the layout of NOAA OISST v2.1 (720 × 1440, four packed variables, one deflated chunk
  a day, about 2 MB). They are in the page cache. Imports and the opening of an empty home are not counted.
- Ours, 1: the whole way of `ingest` and `cube` from a local mirror into an empty home: bytes into the archive with sha256 and
  fsync, three variables read, four regional means with uncertainty tested and committed a day at a time (SQLite,
  synchronous=FULL), the years of the cube written and read back. It inflates with ISA-L where that is installed.
- Floor: the same files in {cores} processes that stand ready, eight at a time: sha256 of the bytes, and of three variables
  the window of the study area by h5py, which inflates with its own zlib. Nothing is copied, averaged or stored.
- Floor that keeps the bytes: the same, and each file is written to a new one with fsync. Whoever must be able to show the bytes
  behind a number cannot be faster; a target that is missed counts as explained while ours is within a quarter of this.
- xarray: `open_mfdataset` with all arguments of combining, the box cut in `preprocess` and loaded, the mean. CDO {cdo}:
  `fldmean`, `sellonlatbox`, `selname`, `mergetime`. NCO {nco}: `ncecat` with the variable and the box, `ncwa`; nothing was
  promised about it. All read one variable; xarray also all three. They are given the first {year} files at the most, which
  says as much of their time a file; the row of the floor beside a peer tells what would be possible.
- Cold build, 3: the time of a file in 1, times the days of the years; the synthetic archive of that row was not built so.
- Workers, 5, over all files: what workers do, reading alone; then the whole way with two workers on two cores
  beside one worker on one core; and beside one worker on two cores, where the process that stores has a core of its own
  already, so that two can at most be as fast as the CPU times below allow.
- Peers take turns; a ratio is the median over {repeats} rounds, with the smallest and largest in brackets. Rows without a peer
  in turns are measured once."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the same as a part of a file where one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=1461, help="daily files")
    parser.add_argument("--years", type=int, default=40, help="years of the large archive")
    parser.add_argument("--heatwave-days", type=int, default=15_000)
    parser.add_argument("--cells", type=int, default=719)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="Markdown file to write into")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="caspian-grids-") as folder:
        rows = measure(Path(folder), chosen)
        where = where_the_time_goes(Path(folder), sorted((Path(folder) / "mirror").rglob("*.nc"))[:YEAR])
    cdo = shutil.which("cdo")
    said = METHOD.format(
        date=f"{datetime.now(UTC):%F}", days=chosen.days, years=chosen.years, machine=_machine(), repeats=chosen.repeats,
        cores=os.cpu_count(), year=YEAR, cdo=_version_of(cdo), nco=_version_of(shutil.which("ncks")),
    )  # fmt: skip
    head = ("what", "ours", "peer", "ratio", "target", "")
    table = "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *(row.cells() for row in rows)))
    sys.stdout.write(f"# {TITLE}\n\n{said}\n\n{table}\n\n{where}\n")
    if chosen.out:
        write_section(chosen.out, TITLE, f"{said}\n\n{table}\n\n{where}\n")
        write_marked(chosen.out.resolve().parents[1] / "README.md", MARK, for_readme(said, table))
    return 0


def for_readme(said: str, table: str) -> str:
    """What the README shows: the table, its date, and where the rest stands."""
    measured = said.partition("\n")[0].partition(" by ")[0]
    return f"## {TITLE}\n\n{measured}; method and profile: [benchmarks](docs/benchmarks.md).\n\n{table}"


def measure(folder: Path, chosen: argparse.Namespace) -> list[Comparison]:
    """All rows of the table."""
    files = write_days(folder / "mirror", FIRST, chosen.days)
    rows = [
        *_collecting(folder, files, chosen.repeats),
        *_growing(folder, files),
        *workers(folder, files, chosen.repeats),
    ]
    new_day = _one_new_day(folder, files, chosen.years, 2 * chosen.repeats)
    rows += [*new_day, _cold_build(new_day[0], rows[0].ours, chosen.years), *_opening(folder, chosen.repeats)]
    return rows + measure_heatwaves(chosen.cells, chosen.heatwave_days)


def _collecting(folder: Path, files: Sequence[Path], repeats: int) -> list[Comparison]:
    cdo, ncecat, ncwa = map(shutil.which, ("cdo", "ncecat", "ncwa"))
    some = files[:YEAR]
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        at_the_floor(pool, files[:8])
        with_xarray(files[:8], NAMES)
        collect(folder / "home", some_of(folder, files, 40))
        calls: dict[str, Callable[[int], object]] = {
            "ours": lambda _: collect(folder / "home", folder / "mirror").seconds,
            "floor": lambda _: at_the_floor(pool, files),
            "floor that keeps the bytes": lambda _: at_the_keeping_floor(pool, files, folder / "kept"),
            "xarray, one variable": lambda _: with_xarray(some),
            "xarray, three": lambda _: with_xarray(some, NAMES),
        }
        if cdo:
            calls["CDO, one variable"] = lambda _: with_cdo(cdo, some)
        if ncecat and ncwa:
            calls["NCO, one variable"] = lambda _: with_nco(ncecat, ncwa, some)
        seconds = take_turns(calls, repeats)
    shutil.rmtree(folder / "kept")
    all_of_them = ("ours", "floor", "floor that keeps the bytes")
    counts = {name: len(files if name in all_of_them else some) for name in seconds}
    a_file = {name: [second / counts[name] for second in found] for name, found in seconds.items()}
    rows = [
        replace(cost("1. files → cube and series", a_file, "ours", peer, at_most=most), unit="ms/file")
        for peer, most in (("floor", 1.5), ("floor that keeps the bytes", 1.25))
    ]
    for peer in [name for name in a_file if name not in all_of_them]:
        promised = None if peer.startswith("NCO") else 5
        rows.append(_faster("1. files → cube and series", a_file, "ours", peer, promised))
        rows.append(_faster("1. the floor", a_file, "floor", peer, None))
    return rows


def _faster(what: str, a_file: dict[str, list[float]], mine: str, peer: str, promised: float | None) -> Comparison:
    ratios = tuple(theirs / ours for ours, theirs in zip(a_file[mine], a_file[peer], strict=True))
    ours, theirs = (float(np.median(a_file[name])) * 1e3 for name in (mine, peer))
    return Comparison(what, ours, peer, theirs, ratios, at_least=promised, unit="ms/file")


def _growing(folder: Path, files: Sequence[Path]) -> list[Comparison]:
    """Ten times the files: time a file, and the memory of a process of its own."""
    few = max(len(files) // 10, pipeline.MANY)
    found = {}
    for count in (few, len(files)):
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.grid_memory",
            str(folder / "home"),
            str(some_of(folder, files, count)),
        ]
        seconds, kilobytes = map(
            float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        )
        found[count] = (seconds / count * 1e3, kilobytes / 1024)
    (less, small), (more, large) = found[few], found[len(files)]
    return [
        Comparison(f"2. {len(files)} files", more, f"{few} files", less, (more / less,), at_most=1.1, unit="ms/file"),
        Comparison("2. peak memory", large, f"{few} files", small, (large / small,), at_most=1.2, unit="MB"),
    ]


def _one_new_day(folder: Path, files: Sequence[Path], years: int, repeats: int) -> list[Comparison]:
    """A day that comes to an archive of one year and to one of many; each round has a day of its own."""
    day, calls = FIRST - timedelta(days=1), {}
    for count in (1, years):
        with opened(folder / f"archive-{count}") as platform:
            fill(platform, range(day.year - count + 1, day.year + 1), day - timedelta(days=repeats + 1))
        calls[f"{count} years"] = lambda round_, count=count: _add_day(folder, count, round_, day)
    mirror = folder / "new"
    for round_ in range(repeats + 1):
        write_days(mirror / str(round_), day - timedelta(days=repeats - round_), 1, seasons=1)
    for call in calls.values():
        call(0)
    seconds = take_turns({name: lambda n, call=call: call(n + 1) for name, call in calls.items()}, repeats)
    return [cost(f"3. one new day, archive of {years} years", seconds, f"{years} years", "1 years", at_most=1.2)]


def _cold_build(new_day: Comparison, milliseconds_a_file: float, years: int) -> Comparison:
    """One new day beside the building of all the years before it."""
    cold = milliseconds_a_file * 365.25 * years
    what, peer = "3. the same beside the cold build", f"{years} years"
    return Comparison(what, new_day.ours, peer, cold, (cold / new_day.ours,), at_least=100)


def _add_day(folder: Path, count: int, round_: int, last: date) -> float:
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    with opened(folder / f"archive-{count}", folder / "new" / str(round_)) as platform:
        gc.collect()
        begun = time.perf_counter()
        outcome = ingest(platform, platform.seeds.datasets[OISST], window=Window(end - timedelta(days=30), end))
        cubes = build_cubes(platform, only=[OISST])
        seconds = time.perf_counter() - begun
    assert (outcome.new_granules, cubes.fetched, cubes.problems) == (1, 1, []), (outcome, cubes)
    return seconds


def _opening(folder: Path, repeats: int) -> list[Comparison]:
    from caspian_env.processing.zonal import weights_of, zonal_mean

    large = max(folder.glob("archive-*"), key=lambda path: int(path.name.partition("-")[2]))
    with opened(large) as platform:
        paths = sorted((large / "cubes" / OISST).rglob("*.nc"))
        geometry = platform.seeds.locations["middle_caspian"].geometry
        assert geometry is not None
        open_cube(platform, OISST).close()
        with open_cube(platform, OISST) as cube:
            weights = weights_of(cube, geometry)
            calls = {
                "open": lambda _: open_cube(platform, OISST).close(),
                "one second": lambda _: 1.0,
                "mean": lambda _: zonal_mean(cube[SST], weights),
                "bare read": lambda _: _bare_read(paths),
            }
            seconds = take_turns(calls, repeats + 2)
    return [
        cost(f"6. open {len(paths)} parts", seconds, "open", "one second", at_most=1.0),
        cost("6. sub-basin mean of all", seconds, "mean", "bare read", at_most=1.5),
    ]


def _bare_read(paths: Sequence[Path]) -> None:
    for path in paths:
        with h5py.File(path, "r") as file:
            file[SST][:]


def _machine() -> str:
    parts = [
        f"{os.cpu_count()} shared cores ({machine.machine()})",
        machine.system(),
        f"Python {machine.python_version()}",
    ]
    try:
        isal = f"isal {version('isal')}"
    except ModuleNotFoundError:
        isal = "without isal"
    return ", ".join([*parts, *(f"{name} {version(name)}" for name in ("xarray", "h5py", "netCDF4", "numpy")), isal])


def _version_of(program: str | None) -> str:
    if program is None:
        return "(not installed)"
    found = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return (found.stdout + found.stderr).partition("ersion ")[2].split()[0]


if __name__ == "__main__":
    sys.exit(main())
