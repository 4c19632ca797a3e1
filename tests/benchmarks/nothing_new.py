"""How long a run takes that finds nothing new, beside the bare requests that it needs.

``python -m tests.benchmarks.nothing_new [--out FILE.md]`` takes two minutes. A synthetic mirror stands on this machine,
0.2 s away. Nothing here is a test that depends on the clock.
"""

from __future__ import annotations

import argparse
import os
import platform as machine
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import httpx

from caspian_env.demo import co2, dahiti, ersst, gistemp, gwm, oisst
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.run import run

from .sections import write_section
from .slow_mirror import SlowMirror, slow_mirror
from .timing import Comparison, cost, take_turns

TITLE = "A run that finds nothing new"
ONLY = (
    "nasa_gwm_lake", "dahiti_water_level", "noaa_oisst_v2_1", "noaa_ersst_v5", "nasa_gistemp", "noaa_gml_co2",
    "reported_levels",
)  # fmt: skip
METHOD = """\
Measured on {date} by `python -m tests.benchmarks.nothing_new` on {machine}.

- A mirror of synthetic files over HTTP on this machine answers every request after {delay:g} s. It has ETags for files and
  for listings. A first run collects everything; then runs that find nothing new take turns with the bare requests.
- Ours is the whole of `caspian-env run` for the {datasets} datasets of the demonstration: collect, cubes, indicators,
  bulletin, SQLite. The imports of the first run are not counted.
- The peer sends the same requests, with the same tags, one after the other over one connection of httpx, as ours does: no
  request overlaps another on either side.
- A run asks {granules} granules and {listings} listings, once each, and {absent} address{plural} of a preferred host that
  this mirror lacks; it is sent {body} bytes of bodies.
- The ratio is the median over {repeats} rounds, with the smallest and largest in brackets."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the same as a part of a file where one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds that an answer takes")
    parser.add_argument("--days", type=int, default=31, help="daily grids in the mirror")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="Markdown file to write into")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="caspian-nothing-new-") as folder:
        text = measure(Path(folder), chosen)
    sys.stdout.write(f"# {TITLE}\n\n{text}")
    if chosen.out:
        write_section(chosen.out, TITLE, text)
    return 0


def make_mirror(folder: Path, days: int) -> Path:
    """The synthetic files of the demonstration, and some of its daily grids."""
    files = {a: make for member in (co2, dahiti, ersst, gistemp, gwm) for a, make in member.files(1).items()}
    grids = oisst.files(1)
    files |= {address: grids[address] for address in sorted(grids)[:days]}
    for address, make in files.items():
        (folder / address).parent.mkdir(parents=True, exist_ok=True)
        (folder / address).write_bytes(make())
    return folder


@contextmanager
def opened(home: Path, mirror: str) -> Iterator[Platform]:
    """A platform on the mirror; synthetic grids promise no number of cells."""
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'caspian.db'}", mirror=mirror)
    with open_platform(settings) as platform:
        datasets = {name: replace(dataset, finite_cells={}) for name, dataset in platform.seeds.datasets.items()}
        yield replace(platform, seeds=replace(platform.seeds, datasets=datasets))


def measure(folder: Path, chosen: argparse.Namespace) -> str:
    """The account of one measurement, in Markdown."""
    mirror = make_mirror(folder / "mirror", chosen.days)
    with slow_mirror(mirror, chosen.delay) as served, opened(folder / "home", served.url) as platform:
        whole(platform)
        served.asked.clear()
        if whole(platform):
            raise SystemExit("the second run found something new")
        needed = list(served.asked)
        calls = {"ours": lambda _: whole(platform), "bare": lambda _: bare(served, needed)}
        seconds = take_turns(calls, chosen.repeats)
    compared = cost("nothing new", seconds, "ours", "bare", at_most=1.5)
    listings = [asked for asked in needed if asked.path.endswith("/") and asked.status != 404]
    absent = sum(asked.status == 404 for asked in needed)
    said = METHOD.format(
        date=f"{datetime.now(UTC):%F}", machine=_machine(), delay=chosen.delay, datasets=len(ONLY), absent=absent,
        plural="es" * (absent != 1), listings=len(listings), granules=len(needed) - len(listings) - absent,
        body=sum(asked.body_bytes for asked in needed), repeats=chosen.repeats,
    )  # fmt: skip
    return f"{said}\n\n{_table(compared, len(needed))}\n"


def whole(platform: Platform) -> bool:
    """A run of everything; whether it changed anything."""
    return run(platform, only=ONLY).changed


def bare(served: SlowMirror, needed: Sequence[object]) -> None:
    """The same requests and nothing else."""
    with httpx.Client(base_url=served.url, headers={"Accept-Encoding": "identity"}) as client:
        for asked in list(needed):
            tag = {"If-None-Match": asked.tag} if asked.tag else {}
            client.get(asked.path, headers=tag)


def _table(compared: Comparison, requests: int) -> str:
    cells = (compared.cells()[0], f"{requests} requests", *compared.cells()[1:])
    head = ("what", "asked", "ours", "peer", "ratio", "target", "")
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), cells))


def _machine() -> str:
    parts = [
        f"{os.cpu_count()} shared cores ({machine.machine()})",
        machine.system(),
        f"Python {machine.python_version()}",
    ]
    return ", ".join([*parts, f"httpx {version('httpx')}"])


if __name__ == "__main__":
    sys.exit(main())
