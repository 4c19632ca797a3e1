"""How fast grids are: collection and cube, one new day, opening, heatwaves, each beside its peers.

``python -m tests.benchmarks.grids [--days 1461] [--years 40] [--out FILE.md]`` takes a quarter of an hour and 10 GB of disk;
``--days 120 --years 4`` takes minutes. Nothing here is a test that depends on the clock.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform as machine
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import h5py
import numpy as np

from caspian_env.model import Window
from caspian_env.workflows import pipeline, reading_process
from caspian_env.workflows.cube import build_cubes, open_cube
from caspian_env.workflows.ingest import ingest

from .grid_archive import OISST, SST, fill, opened
from .grid_heatwaves import measure_heatwaves
from .grid_peers import NAMES, at_the_floor, bare, with_cdo, with_nco, with_xarray
from .oisst_files import write_days
from .sections import write_marked, write_section
from .timing import Comparison, cost, take_turns

TITLE, MARK = "Speed of grids", "speed of grids"
FIRST = date(2019, 1, 1)
METHOD = """\
Measured on {date} by `python -m tests.benchmarks.grids --days {days} --years {years}` on {machine}.

- Files: {days} synthetic global days in the layout of NOAA OISST v2.1 (720 × 1440, four packed variables, one deflated chunk
  a day, about 2 MB). They are in the page cache. Imports are not counted.
- Ours, 1: the whole way of `ingest` and `cube` from a local mirror into an empty home: bytes into the archive with sha256 and
  fsync, three variables read, four regional means with uncertainty tested and committed a day at a time (SQLite,
  synchronous=FULL), the years of the cube written and read back.
- xarray: `open_mfdataset` with all arguments of combining, the box cut in `preprocess` and loaded, the mean. CDO {cdo}:
  `fldmean`, `sellonlatbox`, `selname`, `mergetime`. NCO {nco}: `ncecat` with the variable and the box, `ncwa`; nothing was
  promised about it. All read one variable; xarray also all three.
- Cold build, 3: the time of a file in 1, times the days of the years; the synthetic archive of that row was not built so.
- Floor: sha256 and h5py of the three variables in {cores} processes that stand ready, nothing stored.
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
        where = where_the_time_goes(Path(folder))
    cdo = shutil.which("cdo")
    said = METHOD.format(
        date=f"{datetime.now(UTC):%F}", days=chosen.days, years=chosen.years, machine=_machine(), repeats=chosen.repeats,
        cores=os.cpu_count(), cdo=_version_of(cdo), nco=_version_of(shutil.which("ncks")),
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


def where_the_time_goes(folder: Path) -> str:
    """CPU time a file of a collection with its cube, by who spends it, and that of the floor; other work hardly moves it."""
    files = sorted((folder / "mirror").rglob("*.nc"))[:366]
    mirror = _some(folder, files, len(files))
    begun = time.process_time()
    for path in files:
        bare(str(path))
    floor = time.process_time() - begun
    before, main, whole = resource.getrusage(resource.RUSAGE_CHILDREN), time.thread_time(), time.process_time()
    collect(folder / "home", mirror)
    main, whole = time.thread_time() - main, time.process_time() - whole
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    readers = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    floor, main, whole, readers = (seconds * 1e3 / len(files) for seconds in (floor, main, whole, readers))
    return (
        f"CPU time a file, over {len(files)} files: floor {floor:.1f} ms; ours {readers + whole:.1f} ms, of which"
        f" {readers:.1f} ms in the processes that inflate and average, {whole - main:.1f} ms in the threads that copy and"
        f" hash, {main:.1f} ms in the one that tests, commits and writes the cube (with opening an empty home)."
    )


def measure(folder: Path, chosen: argparse.Namespace) -> list[Comparison]:
    """All rows of the table."""
    files = write_days(folder / "mirror", FIRST, chosen.days)
    rows = [*_collecting(folder, files, chosen.repeats), *_growing(folder, files)]
    new_day = _one_new_day(folder, files, chosen.years, chosen.repeats)
    rows += [*new_day, _cold_build(new_day[0], rows[1].ours, chosen.years), *_opening(folder, chosen.repeats)]
    return rows + measure_heatwaves(chosen.cells, chosen.heatwave_days)


def collect(folder: Path, mirror: Path) -> float:
    """Seconds of a collection and its cube in an empty home."""
    shutil.rmtree(folder, ignore_errors=True)
    with opened(folder, mirror) as platform:
        begun = time.perf_counter()
        outcome = ingest(platform, platform.seeds.datasets[OISST])
        cubes = build_cubes(platform, only=[OISST])
        seconds = time.perf_counter() - begun
    assert (outcome.status, cubes.status) == ("ok", "ok"), outcome.problems + cubes.problems
    return seconds


def _collecting(folder: Path, files: Sequence[Path], repeats: int) -> list[Comparison]:
    cdo, ncecat, ncwa = map(shutil.which, ("cdo", "ncecat", "ncwa"))
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        at_the_floor(pool, files[:8])
        collect(folder / "warm", _some(folder, files, 40))
        calls: dict[str, Callable[[int], object]] = {
            "ours": lambda _: collect(folder / "home", folder / "mirror"),
            "floor": lambda _: at_the_floor(pool, files),
            "xarray, one variable": lambda _: with_xarray(files),
            "xarray, three": lambda _: with_xarray(files, NAMES),
        }
        if cdo:
            calls["CDO, one variable"] = lambda _: with_cdo(cdo, files)
        if ncecat and ncwa:
            calls["NCO, one variable"] = lambda _: with_nco(ncecat, ncwa, files)
        seconds = take_turns(calls, repeats)
    rows = [cost("1. files → cube and series", seconds, "ours", "floor", at_most=1.5)]
    peers = [name for name in seconds if name not in ("ours", "floor")]
    return rows + [_faster("1. files → cube and series", seconds, peer, len(files)) for peer in peers]


def _faster(what: str, seconds: dict[str, list[float]], peer: str, files: int) -> Comparison:
    ratios = tuple(theirs / mine for mine, theirs in zip(seconds["ours"], seconds[peer], strict=True))
    ours, theirs = (float(np.median(seconds[name])) * 1e3 / files for name in ("ours", peer))
    promised = None if peer.startswith("NCO") else 5
    return Comparison(what, ours, peer, theirs, ratios, at_least=promised, unit="ms/file")


def _some(folder: Path, files: Sequence[Path], count: int) -> Path:
    """A mirror of the first files."""
    mirror = folder / f"mirror-{count}"
    for path in files[:count]:
        target = mirror / path.relative_to(folder / "mirror")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            os.link(path, target)
    return mirror


def _growing(folder: Path, files: Sequence[Path]) -> list[Comparison]:
    """Ten times the files: time a file, and the memory of a process of its own; then one reader beside two."""
    few = max(len(files) // 10, pipeline.MANY)
    found = {}
    for count in (few, len(files)):
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.grid_memory",
            str(folder / "alone"),
            str(_some(folder, files, count)),
        ]
        seconds, kilobytes = map(
            float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        )
        found[count] = (seconds / count * 1e3, kilobytes / 1024)
    (less, small), (more, large) = found[few], found[len(files)]
    rows = [
        Comparison(f"2. {len(files)} files", more, f"{few} files", less, (more / less,), at_most=1.1, unit="ms/file"),
        Comparison("2. peak memory", large, f"{few} files", small, (large / small,), at_most=1.2, unit="MB"),
    ]
    most, mirror = reading_process.MOST_READERS, _some(folder, files, len(files))
    try:
        reading_process.MOST_READERS = 1
        one = collect(folder / "home", mirror)
        reading_process.MOST_READERS = 2
        two = collect(folder / "home", mirror)
    finally:
        reading_process.MOST_READERS = most
    rows.append(Comparison("5. two readers", two * 1e3, "one reader", one * 1e3, (one / two,), at_least=1.7))
    return rows


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
