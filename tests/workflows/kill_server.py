"""A fork server that does the platform's work in child processes and kills them at an exactly chosen point.

It has imported everything before and has neither threads nor connections, so that a child is there in milliseconds and
is as good as a process of its own. Orders come as lines of JSON on the standard input, answers go to the standard output.
The platform knows nothing of kill points: they are put into the child, after the fork, around the functions that the
platform calls there.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from xarray.backends import netCDF4_

from caspian_env import archive, wiring
from caspian_env.catalog.engine import Catalog, Connection
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows import compute, cube, write_granule
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.read import Reading
from caspian_env.workflows.run import collect

Hit = Callable[[], None]


@dataclass(frozen=True)
class Order:
    """What a child does, at which time of a clock that stands still; ``kind`` and ``number`` say where it dies."""

    work: str
    home: str
    database_url: str
    mirror: str
    clock: str
    only: tuple[str, ...] = ()
    kind: str = ""
    number: int = 0


def first_bytes_of_a_body(hit: Hit) -> None:
    """When the first bytes of a body have reached the disk."""
    real = archive._write_all

    def write_all(descriptor: int, chunk: bytes) -> None:
        real(descriptor, chunk)
        if chunk and os.fstat(descriptor).st_size == len(chunk):
            hit()

    archive._write_all = write_all


def around_the_rename(hit: Hit) -> None:
    """When a complete file gets its final name: odd hits are just before it, even ones just after it."""
    real = os.replace
    renames = count(1)

    def replace(source: Any, target: Any) -> None:
        if not str(source).endswith(".part"):
            return real(source, target)
        before = next(renames) % 2 == 1
        if before:
            hit()
        real(source, target)
        if not before:
            hit()
        return None

    os.replace = replace


def in_the_middle_of(module: Any, name: str) -> Callable[[Hit], None]:
    """When a function has done its work, before anybody has used it."""

    def put(hit: Hit) -> None:
        real = getattr(module, name)

        def work(*arguments: Any, **named: Any) -> Any:
            given = real(*arguments, **named)
            hit()
            return given

        setattr(module, name, work)

    return put


def commit_after(module: Any, name: str, *, before: bool) -> Callable[[Hit], None]:
    """Just before, or just after, the commit of a transaction in which a function of the catalog was called."""

    def put(hit: Hit) -> None:
        real_write, real = Catalog.write, getattr(module, name)
        meant: set[Connection] = set()

        def noticed(connection: Connection, *arguments: Any, **named: Any) -> Any:
            meant.add(connection)
            return real(connection, *arguments, **named)

        @contextmanager
        def write(catalog: Catalog) -> Iterator[Connection]:
            with real_write(catalog) as connection:
                yield connection
                is_meant = connection in meant
                if is_meant and before:
                    hit()
            if is_meant and not before:
                hit()

        setattr(module, name, noticed)
        Catalog.write = write

    return put


POINTS: Mapping[str, Mapping[str, Callable[[Hit], None]]] = {
    "ingest": {
        "download": first_bytes_of_a_body,
        "rename": around_the_rename,
        "decode": in_the_middle_of(Reading, "read"),
        "before commit": commit_after(write_granule, "record_granule", before=True),
        "after commit": commit_after(write_granule, "record_granule", before=False),
    },
    "cube": {
        "write": in_the_middle_of(netCDF4_.NetCDF4ArrayWrapper, "__setitem__"),
        "rename": around_the_rename,
        "before commit": commit_after(cube, "write_part", before=True),
        "after commit": commit_after(cube, "write_part", before=False),
    },
    "compute": {
        "evaluate": in_the_middle_of(compute, "evaluate"),
        "before commit": commit_after(compute, "write_indicator_values", before=True),
        "after commit": commit_after(compute, "write_indicator_values", before=False),
    },
}


def arm(order: Order) -> None:
    """Make this process kill itself at the point of the order, as ``kill -9`` does."""
    hits = count(1)

    def hit() -> None:
        if next(hits) == order.number:
            os.kill(os.getpid(), signal.SIGKILL)

    POINTS[order.work][order.kind](hit)


def work(order: Order) -> list[Outcome]:
    """Do what is ordered to the end, if it is not killed."""
    if order.kind:
        arm(order)
    moment = datetime.fromisoformat(order.clock)
    settings = Settings(Path(order.home), order.database_url, mirror=order.mirror)
    with open_platform(settings, synthetic=True, clock=lambda: moment) as platform:
        return _work(_in_two_regions(platform), order)


def _in_two_regions(platform: Platform) -> Platform:
    """The same platform with fewer means to compute of each grid, which is where the time goes."""
    datasets = {
        name: replace(dataset, locations=dataset.locations[:2]) for name, dataset in platform.seeds.datasets.items()
    }
    return replace(platform, seeds=replace(platform.seeds, datasets=datasets))


def _work(platform: Platform, order: Order) -> list[Outcome]:
    if order.work == "ingest":
        return collect(platform, only=order.only)
    return [cube.build_cubes(platform) if order.work == "cube" else compute.compute(platform)]


def execute(order: Order) -> dict[str, Any]:
    """Fork a child for an order and tell how it ended: its number, the signal that killed it, and its account."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_child(order, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as told:
        account = json.loads(told.read() or "{}")
    _, status = os.waitpid(child, 0)
    for name in account.pop("modules", []):  # what a child had to import, the next ones have from here
        importlib.import_module(name)
    return {"process": child, "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, **account}


def _be_the_child(order: Order, writing: int) -> None:
    known = set(sys.modules)
    try:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        outcomes = work(order)
        problems = [problem for outcome in outcomes for problem in outcome.problems]
        modules = [name for name, module in sys.modules.items() if name not in known and module.__spec__]
        account = {"statuses": [outcome.status for outcome in outcomes], "problems": problems, "modules": modules}
        with os.fdopen(writing, "w", encoding="utf-8") as telling:
            json.dump(account, telling)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def main() -> None:
    """Execute orders until there are no more; the seeds are read once."""
    seeds = wiring.load_seeds()
    wiring.load_seeds = lambda *_, **__: seeds
    for line in sys.stdin:
        given = json.loads(line)
        answer = execute(Order(**{**given, "only": tuple(given["only"])}))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
