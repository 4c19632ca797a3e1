"""``kill -9`` at seeded points: one more run ends where an undisturbed one does, and nothing is left of the dead one.

Every kill is a SIGKILL of a process of its own, in the middle of what the point names, on a copy of one synthetic state;
every repair is another process. All rows of the catalog are compared but the tables ``run`` and ``lease``, the numbers of
runs, and answers of providers that brought nothing new. The clock stands still at the kill and stands a minute later at
the repair: moments of knowledge since the kill count as one, those before it must stay what they are.
"""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.command_line import ROOT
from tests.mirror_server import serving
from tests.workflows.kill_bench import (
    BASE_AT,
    BEFORE,
    GRANULES,
    KILLED_AT,
    REPAIRED_AT,
    SINCE,
    TABLES,
    Bench,
    Picture,
    Run,
    State,
    count_granules,
    fork_server,
    picture,
    runs,
    unfinished,
    write_mirrors,
)
from tests.workflows.synthetic_grids import ERSST, OISST

KINDS = ("download", "rename", "decode", "before commit", "after commit")
AT_LEAST, KILLS = 5, 50
JOBS = {"ingest": f"ingest:{OISST}", "cube": "cube", "compute": "compute"}


def seeded_points(seed: int = 9) -> list[tuple[str, int]]:
    """Which of the 40 downloads, renames … are hit: five of each kind, and the rest of any kind."""
    random = Random(seed)
    all_points = [(kind, number) for kind in KINDS for number in range(1, len(GRANULES) + 1)]
    chosen = [point for kind in KINDS for point in random.sample([p for p in all_points if p[0] == kind], AT_LEAST)]
    others = [point for point in all_points if point not in chosen]
    return sorted(chosen + random.sample(others, KILLS - len(chosen)), key=all_points.index)


POINTS = seeded_points()
CUBE_POINTS = [("write", 3), ("write", 20), ("rename", 1), ("rename", 4), ("before commit", 3), ("after commit", 2)]
COMPUTE_POINTS = [("evaluate", 1), ("evaluate", 6), ("before commit", 2), ("before commit", 5), ("after commit", 3)]


@dataclass(frozen=True)
class Prepared:
    """The states that are killed, and what undisturbed runs make of copies of them, by the work that is done."""

    bench: Bench
    states: dict[str, State]
    undisturbed: dict[str, Picture]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    folder = tmp_path_factory.mktemp(f"killed-{request.param}")
    postgres = request.getfixturevalue("postgres_server") if request.param == "postgresql" else ""
    before, now = write_mirrors(folder)
    with fork_server() as orders, serving(now) as served:
        bench = Bench(orders, served, folder, postgres)
        base = bench.new()
        bench.done("ingest", base, BASE_AT, mirror=str(before), only=(*TABLES, ERSST, OISST))
        states = {"ingest": base}
        collected = bench.copy(base)
        bench.done("ingest", collected, KILLED_AT, only=(OISST,))
        states |= {"cube": collected, "compute": collected}
        undisturbed = {"ingest": picture(collected)}
        for work in ("cube", "compute"):
            with bench.copied(collected) as copy:
                bench.done(work, copy, KILLED_AT)
                undisturbed[work] = picture(copy)
        yield Prepared(bench, states, undisturbed)
        bench.drop(collected)
        bench.drop(base)


def test_each_kind_is_hit_often_enough() -> None:
    hits = Counter(kind for kind, _ in POINTS)
    assert len(set(POINTS)) == KILLS == hits.total()
    assert min(hits[kind] for kind in KINDS) >= AT_LEAST
    renames = [number % 2 for kind, number in POINTS if kind == "rename"]
    assert set(renames) == {0, 1}, "just before and just after the rename"
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"\(([a-z ]+)\) \| (\d+) \|", guide)) == {kind: str(hits[kind]) for kind in KINDS}
    assert f"each of the {KILLS + len(CUBE_POINTS) + len(COMPUTE_POINTS)} kills" in guide


@pytest.mark.slow
def test_undisturbed_runs_have_something_to_do(prepared: Prepared) -> None:
    ingested, cubes, computed = (prepared.undisturbed[work].content for work in ("ingest", "cube", "compute"))
    grids = [row for row in ingested["granule"] if OISST in row]
    assert len(grids) == len(BEFORE) + len(GRANULES)
    known_from, known_to = 2, 3
    revised = [row for row in ingested["observation"] if row[known_from] == BASE_AT and row[known_to] == SINCE]
    assert len(revised) == 2 * len(BEFORE), "one in each of two regions"
    assert len(cubes["cube_part"]) > 4
    assert len(computed["indicator_value"]) > 20


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "number"), POINTS, ids=str)
def test_killed_ingest(prepared: Prepared, kind: str, number: int) -> None:
    bench = prepared.bench
    with bench.copied(prepared.states["ingest"]) as state:
        bodies = count(1)
        halts = (
            (lambda path: path.endswith(".nc") and next(bodies) == number) if kind == "download" else lambda _: False
        )
        bench.served.halts = halts
        dead = killed(prepared, "ingest", state, kind, number, only=(OISST,))
        bench.served.halts = lambda _: False
        done = assert_killed_where_meant(prepared, state, kind, number)
        repaired = run_again(prepared, "ingest", state, dead, only=(OISST,))
        assert (repaired.n_unchanged, repaired.n_fetched) == (done, len(GRANULES) - done), "it goes on where it stopped"


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "number"), CUBE_POINTS, ids=str)
def test_killed_cube(prepared: Prepared, kind: str, number: int) -> None:
    with prepared.bench.copied(prepared.states["cube"]) as state:
        dead = killed(prepared, "cube", state, kind, number)
        before_rename = kind == "rename" and number % 2 == 1
        assert len(unfinished(state)) == (kind == "write" or before_rename)
        run_again(prepared, "cube", state, dead)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "number"), COMPUTE_POINTS, ids=str)
def test_killed_compute(prepared: Prepared, kind: str, number: int) -> None:
    with prepared.bench.copied(prepared.states["compute"]) as state:
        dead = killed(prepared, "compute", state, kind, number)
        run_again(prepared, "compute", state, dead)


def killed(prepared: Prepared, work: str, state: State, kind: str, number: int, **named: Any) -> int:
    """Let a process die at a point; its number."""
    answer = prepared.bench.do(work, state, KILLED_AT, kind=kind, number=number, **named)
    assert answer["signal"] == signal.SIGKILL, f"the point was never reached: {answer}"
    assert runs(state, JOBS[work])[-1].status == "running", "a process that is killed says nothing more"
    return int(answer["process"])


def run_again(prepared: Prepared, work: str, state: State, dead: int, **named: Any) -> Run:
    """One more run; then all is as if nothing had happened, and the dead run is accounted for."""
    earlier = len(runs(prepared.states[work], JOBS[work]))
    prepared.bench.done(work, state, REPAIRED_AT, **named)
    lost, repaired = runs(state, JOBS[work])[earlier:]
    assert lost.status == "failed"
    assert re.match(rf"lease lost: \S+:{dead}:\S+ is gone", lost.error), lost.error
    assert repaired.status == "ok"
    found, expected = picture(state), prepared.undisturbed[work]
    assert found.files == expected.files, "no temporary file, and every file that there should be"
    for table, rows in expected.content.items():
        assert found.content[table] == rows, table
    return repaired


def assert_killed_where_meant(prepared: Prepared, state: State, kind: str, number: int) -> int:
    """What a process leaves that was killed while it received, renamed, read or stored a granule; how many were stored.

    Granules are received ahead of the one that is stored, each still stored in one transaction and in order.
    """
    sizes = [path.stat().st_size for path in unfinished(state)]
    whole = [path.stat().st_size for path in sorted(Path(prepared.bench.folder, "now").rglob("*.nc"))][number - 1]
    if kind == "download":
        assert len(sizes) == 1
        assert 0 < sizes[0] < whole, "in the middle of the body"
    elif kind == "rename" and number % 2 == 1:
        assert sizes == [whole]
    stored = count_granules(state) - count_granules(prepared.states["ingest"])
    if kind.endswith("commit"):
        assert stored == (number if kind == "after commit" else number - 1)
    else:
        assert stored < number
    assert stored <= len(archived(state)) - len(archived(prepared.states["ingest"]))
    return stored


def archived(state: State) -> list[Path]:
    """The files of the archive that have their final name."""
    return [path for path in (state.home / "archive").rglob("*") if path.is_file() and path.suffix != ".part"]
