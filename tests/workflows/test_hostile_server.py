"""Every hostility of a real server, met by a real collection: nothing wrong accepted, nothing hung, nothing lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from caspian_env.archive import Archive
from caspian_env.demo import co2, ersst
from caspian_env.settings import Settings
from caspian_env.transport import Transport
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.seed import seed
from tests.scripted_server import Script, playing, reply
from tests.workflows.conftest import rows, values_of
from tests.workflows.hostile import HOSTILITIES, LATER, NOTHING_NEW, SET_ASIDE, STORED, Hostility, table

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
SILENCE, JOB, HURRY, LONGEST = 0.25, 30.0, 2.0, 8.0  # seconds: of the server, of a job, of one that drips, of any
MAKERS = {"noaa_gml_co2": co2, "noaa_ersst_v5": ersst}
NAMES = {False: "noaa_gml_co2", True: "noaa_ersst_v5"}


@dataclass(frozen=True)
class Undisturbed:
    """Two synthetic editions of a dataset, what is known after each when nothing goes wrong, and a home with the first."""

    first: bytes
    second: bytes
    before: object
    after: object
    home: Path


@pytest.fixture(scope="module")
def server() -> Iterator[Script]:
    """The one server of all cases, as an address is part of what the catalog remembers."""
    with playing(reply()) as script:
        yield script


@pytest.fixture(scope="module")
def undisturbed(server: Script, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Undisturbed]:
    """The same for each dataset by its name, made when it is wanted."""

    @cache
    def made(name: str) -> Undisturbed:
        first, second = (next(iter(MAKERS[name].files(edition).values()))() for edition in (1, 2))
        home, known = tmp_path_factory.mktemp("undisturbed"), list[object]()
        for number, edition in enumerate((first, second)):
            with opened(home / "going-on", database_below(home / "going-on")) as (platform, _):
                seed(platform)
                server.answers[:] = [reply(edition, 'ETag: "v1"')]
                assert (done := collected(platform, name, server)).status == "ok", done
                known.append(values_of(platform.catalog, name))
            if number == 0:
                shutil.copytree(home / "going-on", home / "first")
        assert known[0] != known[1]
        return Undisturbed(first, second, known[0], known[1], home / "first")

    return made


def database_below(home: Path) -> str:
    return f"sqlite:///{home / 'caspian.db'}"


@contextmanager
def opened(home: Path, url: str) -> Iterator[tuple[Platform, list[float]]]:
    """A platform that waits for no server in earnest, and the pauses it would have made."""
    settings, pauses = Settings(home=home, database_url=url), list[float]()
    with (
        open_platform(settings) as platform,
        Transport(settings, timeout=SILENCE, sleep=pauses.append) as transport,
    ):
        yield replace(platform, transport=transport), pauses


def collected(platform: Platform, name: str, *hosts: Script, seconds: float = JOB) -> Outcome:
    dataset = replace(
        platform.seeds.datasets[name], hosts=tuple(host.url for host in hosts), max_bytes=20_000_000, finite_cells={}
    )
    return ingest(platform, dataset, seconds=seconds)


@pytest.mark.parametrize("hostility", HOSTILITIES, ids=[one.name for one in HOSTILITIES])
def test_nothing_wrong_is_accepted_nothing_hangs_nothing_is_lost(
    hostility: Hostility, server: Script, undisturbed: Callable[[str], Undisturbed], tmp_path: Path
) -> None:
    known = undisturbed(NAMES[hostility.grid])
    home = shutil.copytree(known.home, tmp_path / "home")
    with opened(home, database_below(home)) as (platform, pauses):
        meet(hostility, known, server, platform, pauses)


@pytest.mark.parametrize("becomes", [STORED, NOTHING_NEW, SET_ASIDE, LATER])
def test_the_catalog_says_the_same_on_both_databases(
    becomes: str, server: Script, undisturbed: Callable[[str], Undisturbed], tmp_path: Path, database_url: str
) -> None:
    known = undisturbed("noaa_gml_co2")
    with opened(tmp_path, database_url) as (platform, pauses):
        seed(platform)
        server.answers[:] = [reply(known.first, 'ETag: "v1"')]
        assert collected(platform, "noaa_gml_co2", server).status == "ok"
        meet(next(one for one in HOSTILITIES if one.becomes == becomes), known, server, platform, pauses)


def meet(one: Hostility, known: Undisturbed, server: Script, platform: Platform, pauses: list[float]) -> None:
    """Collect the next edition from the hostile server, then again when it is well."""
    name, archive = NAMES[one.grid], Archive(platform.settings.archive)
    server.answers[:] = one.answers(known.first if one.same else known.second)
    server.heard.clear()
    with playing(reply(known.second)) as spare:
        began, hosts = time.monotonic(), [server, spare] if one.spare else [server]
        outcome = collected(platform, name, *hosts, seconds=HURRY if one.slow else JOB)
        assert time.monotonic() - began < LONGEST
    assert sum(pauses) < 10
    assert len(server.heard) == one.asked
    assert (outcome.status, outcome.new_granules, outcome.rejected, outcome.unchanged) == {
        STORED: ("ok", 1, 0, 0), NOTHING_NEW: ("ok", 0, 0, 1), SET_ASIDE: ("failed", 0, 1, 0),
        LATER: ("failed", 0, 0, 0),
    }[one.becomes]  # fmt: skip
    assert len(outcome.problems) == (one.becomes in (SET_ASIDE, LATER))
    assert one.says in "".join(outcome.problems)
    granules = rows(platform.catalog, "SELECT sha256, state FROM granule")
    assert {archive.verify(sha256).name for sha256, _ in granules} == set(archive.files())  # nothing half, no other
    assert sum(state == "accepted" for _, state in granules) == 1 + (one.becomes == STORED)
    assert values_of(platform.catalog, name) == (known.after if one.becomes == STORED else known.before)
    assert list((archive.root / "incoming").iterdir()) == []

    server.answers[:] = [reply(known.second, 'ETag: "v2"')]
    assert collected(platform, name, server).status == "ok"
    assert values_of(platform.catalog, name) == known.after


def test_a_server_that_asks_for_time_gets_it(
    server: Script, undisturbed: Callable[[str], Undisturbed], tmp_path: Path
) -> None:
    known = undisturbed("noaa_gml_co2")
    home = shutil.copytree(known.home, tmp_path / "home")
    with opened(home, database_below(home)) as (platform, _), Transport(platform.settings) as patient:
        server.answers[:] = [reply(b"", "Retry-After: 1", status="429 Slow"), reply(known.second)]
        server.heard.clear()
        began = time.monotonic()
        assert collected(replace(platform, transport=patient), "noaa_gml_co2", server).status == "ok"
        assert time.monotonic() - began >= 1
        assert len(server.heard) == 2


def test_the_table_of_the_guide_is_what_was_tested() -> None:
    guide = GUIDE.read_text(encoding="utf-8").splitlines()
    rows_of_guide = table()
    begin = guide.index(rows_of_guide[0])
    assert guide[begin : begin + len(rows_of_guide)] == rows_of_guide
    assert not guide[begin + len(rows_of_guide)].startswith("|")
