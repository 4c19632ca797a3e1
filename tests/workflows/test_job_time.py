"""A job has an end: what it had no time for is counted, and the next run asks for it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from caspian_env.catalog.accounts import collected_until
from caspian_env.model import Window
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.job_time import job_time
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.seed import seed
from tests.scripted_server import playing, reply
from tests.workflows.conftest import rows

DAILY = "noaa_oisst_v2_1"


def collected(platform: Platform, *, pause: float = 0.0, seconds: float | None = None) -> Outcome:
    """The daily grids, with a pause before each."""
    dataset = replace(platform.seeds.datasets[DAILY], finite_cells={})
    return ingest(platform, dataset, seconds=seconds, progress=lambda *_: time.sleep(pause))


def test_what_there_was_no_time_for_is_said_and_comes_next(
    small_mirror: Path, database_url: str, tmp_path: Path
) -> None:
    settings = Settings(tmp_path, database_url, mirror=str(small_mirror))
    with open_platform(settings) as platform:
        seed(platform)
        outcome = collected(platform, pause=1.5, seconds=1.5)
        assert (outcome.status, outcome.expected, outcome.new_granules) == ("partial", 3, 1)
        (said,) = outcome.problems
        assert said == "2 of 3 granules were not asked for: the 1.5 s of the job were over; the next run asks for them"
        assert rows(platform.catalog, "SELECT status, error FROM v_run WHERE subject = :s", s=DAILY) == [
            ("partial", said)
        ]
        with platform.catalog.read() as connection:  # it does not count as having got to its present
            assert collected_until(connection, f"ingest:{DAILY}") is None
        rest = collected(platform)
        assert (rest.status, rest.new_granules, rest.unchanged) == ("ok", 2, 1)
        with platform.catalog.read() as connection:
            reached = collected_until(connection, f"ingest:{DAILY}")
        assert reached is not None
        assert reached > datetime.now(UTC) - timedelta(minutes=5)


def test_a_granule_that_a_server_failed_to_give_is_asked_for_again_however_long_ago(tmp_path: Path) -> None:
    index = b"<title>Index of /</title><a href='202401/'>202401/</a>"
    days = b"<title>Index of /</title><a href='oisst-avhrr-v02r01.20240105.nc'>a day</a>"
    with playing(reply(index), reply(days), reply(status="503 Busy")) as server:
        settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'caspian.db'}")
        with open_platform(settings) as platform:
            seed(platform)
            dataset = replace(platform.seeds.datasets[DAILY], hosts=(server.url,))
            month = Window(datetime(2024, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1))
            outcome = ingest(platform, dataset, window=month)
            assert outcome.status == "failed"
            (ends,) = rows(platform.catalog, "SELECT window_end FROM v_run WHERE subject = :s", s=DAILY)
            assert ends == (datetime(2024, 1, 5, tzinfo=UTC),)


def test_no_listing_is_begun_when_the_time_is_over(tmp_path: Path) -> None:
    with playing(reply(b"never asked")) as server:
        with open_platform(Settings(tmp_path, f"sqlite:///{tmp_path / 'caspian.db'}")) as platform:
            seed(platform)
            dataset = replace(platform.seeds.datasets[DAILY], hosts=(server.url,))
            outcome = ingest(platform, dataset, seconds=0.0)
        assert server.heard == []
    assert outcome.status == "failed"
    assert "0 s of the job were over" in outcome.problems[0]


def test_a_job_ends_by_itself_before_the_service_ends_it() -> None:
    now = [100.0]
    settings = Settings(Path("x"), "sqlite://", worker_minutes=10)
    given = job_time(settings, clock=lambda: now[0])
    assert (given.seconds, given.left, str(given)) == (540.0, 540.0, "9 min")
    now[0] = 700.0
    assert given.is_over
