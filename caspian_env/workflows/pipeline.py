"""Fetching, reading and storing at the same time, in order, with little in memory.

Threads fetch a few granules ahead; processes read those that are alike (HDF5 must not be entered by two threads of
one process); the caller stores them, one transaction each, in the order they were asked for. Of a few granules each is
fetched when its turn has come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from caspian_env.model import GranuleRef
from caspian_env.workflows.alike_days import Means, Plan
from caspian_env.workflows.reading_cluster import FileReaders
from caspian_env.workflows.reading_process import readers_here

MANY = 32  # granules; below that processes take longer to start than they save
AHEAD = 32  # granules that are fetched and read before their turn
T = TypeVar("T")
Read = tuple[Means, Plan] | None


@dataclass(frozen=True, slots=True)
class Turn(Generic[T]):
    """A granule whose turn has come: what fetching it gave, and its means if another process reads it by a plan."""

    ref: GranuleRef
    fetched: Callable[[], T]
    means: Callable[[], Read]


def in_turn(
    refs: Sequence[GranuleRef],
    fetch: Callable[[GranuleRef], T],
    new_bytes: Callable[[T], Path | None],
    plan: Callable[[], Plan | None] | None,
    at_once: int = 1,
    readers_of: Callable[[], AbstractContextManager[FileReaders]] = readers_here,
) -> Iterator[Turn[T]]:
    """The granules in order; with a ``plan`` and many of them, those ahead are fetched and read meanwhile.

    Parameters
    ----------
    fetch : callable
        Called in other threads, begun in order; what it raises is raised by ``Turn.fetched``.
    new_bytes : callable
        Where the bytes lie that have to be read, of what fetching gave; None if there are none.
    plan : callable, optional
        How files alike are read, as far as it is known by now; without it nothing is read ahead.
    at_once : int
        How many granules are fetched at the same time; providers are asked for one.
    readers_of : callable
        Who reads ahead.
    """
    if plan is None or len(refs) < MANY:
        yield from (Turn(ref, partial(fetch, ref), lambda: None) for ref in refs)
        return
    with (
        readers_of() as readers, ThreadPoolExecutor(at_once) as fetching, ThreadPoolExecutor(readers.count) as reading,
    ):  # fmt: skip
        line: deque[tuple[GranuleRef, Future[tuple[T, Future[Read] | None]]]] = deque()
        rest = iter(refs)

        def read(path: Path, by: Plan) -> Read:
            found = readers.ask(path, by)
            return None if found is None else (found, by)

        def work(ref: GranuleRef) -> tuple[T, Future[Read] | None]:
            fetched = fetch(ref)
            return fetched, ahead(fetched)

        def ahead(fetched: T) -> Future[Read] | None:
            path, by = new_bytes(fetched), plan()
            return reading.submit(read, path, by) if path and by else None

        def fill() -> None:
            while len(line) < AHEAD and (ref := next(rest, None)) is not None:
                line.append((ref, fetching.submit(copy_context().run, work, ref)))

        try:
            fill()
            is_planned = False
            while line:
                ref, worked = line.popleft()
                yield Turn(ref, partial(_fetched, worked), partial(_read, worked))
                if not is_planned and plan() is not None:
                    is_planned = True
                    _take_up(line, ahead)
                fill()
        finally:
            for _, worked in line:
                worked.cancel()


def _take_up(
    line: deque[tuple[GranuleRef, Future[tuple[T, Future[Read] | None]]]], ahead: Callable[[T], Future[Read] | None]
) -> None:
    """Have those read that were fetched before there was a plan."""
    for number, (ref, worked) in enumerate(line):
        if not worked.done() or worked.exception() is not None:
            continue
        fetched, begun = worked.result()
        if begun is None and (begun := ahead(fetched)) is not None:
            anew: Future[tuple[T, Future[Read] | None]] = Future()
            anew.set_result((fetched, begun))
            line[number] = (ref, anew)


def _fetched(worked: Future[tuple[T, Future[Read] | None]]) -> T:
    return worked.result()[0]


def _read(worked: Future[tuple[T, Future[Read] | None]]) -> Read:
    reading = worked.result()[1]
    return None if reading is None else reading.result()
