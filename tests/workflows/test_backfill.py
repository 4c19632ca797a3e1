"""A back-fill asks for what is missing and for nothing else, goes on where it was stopped, and says how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from caspian_env.errors import SettingsError
from caspian_env.model import Window
from caspian_env.wiring import Platform
from caspian_env.workflows.backfill import backfill, duration, pieces
from caspian_env.workflows.outcome import Outcome
from tests.workflows.synthetic_grids import ERSST, NEW, OISST, SETTLED, TURNING, days, months, platform_at

WHOLE = Window(datetime(2024, 12, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    (tmp_path / "mirror").mkdir()
    with platform_at(tmp_path / "home", database_url, tmp_path / "mirror") as made:
        yield made


@contextmanager
def asked(platform: Platform) -> Iterator[list[str]]:
    """The addresses asked for; they are answered as ever."""
    seen: list[str] = []
    real = platform.transport.get
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(platform.transport, "get", lambda url, **options: (seen.append(url), real(url, **options))[1])
        yield seen


def fill(platform: Platform, window: Window = WHOLE, **options: Any) -> Outcome:
    return backfill(platform, platform.seeds.datasets[OISST], window, **options)


def test_what_is_there_costs_no_request(platform: Platform, tmp_path: Path) -> None:
    days(tmp_path / "mirror", 1, [SETTLED])
    with asked(platform) as first:
        assert fill(platform).fetched == 1
    days(tmp_path / "mirror", 1, [TURNING])
    with asked(platform) as second:
        outcome = fill(platform)
    with asked(platform) as third:
        again = fill(platform)
    assert [len(requests) for requests in (first, second, third)] == [1, 1, 0]
    assert "20241231" in first[0]
    assert "20251231" in second[0]
    assert (outcome.expected, outcome.fetched, outcome.unchanged) == (2, 1, 1)
    assert (again.expected, again.fetched, again.unchanged) == (2, 0, 2)


def test_one_that_was_stopped_goes_on(platform: Platform, tmp_path: Path) -> None:
    days(tmp_path / "mirror", 2, [SETTLED, TURNING, NEW])

    def stop(_subject: str, _done: int, _total: int) -> None:
        if len(seen) == 2:
            raise KeyboardInterrupt

    with asked(platform) as seen, pytest.raises(KeyboardInterrupt):
        fill(platform, progress=stop)
    with asked(platform) as rest:
        fill(platform)
    assert len(seen) == 2
    assert len(rest) == 1
    with platform.catalog.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM granule WHERE state = 'accepted'")).scalar_one() == 3
        statuses = connection.execute(sa.text("SELECT status FROM run WHERE workflow = 'ingest' ORDER BY id")).scalars()
        assert list(statuses)[:3] == ["ok", "ok", "failed"]


def test_a_granule_that_was_set_aside_is_asked_for_again(platform: Platform, tmp_path: Path) -> None:
    (path,) = days(tmp_path / "mirror", 1, [SETTLED]).values()
    whole = path.read_bytes()
    path.write_bytes(whole[:2000])
    assert fill(platform).rejected == 1
    path.write_bytes(whole)
    assert fill(platform).new_granules == 1


def test_each_year_is_a_run_and_says_how_long_the_rest_takes(platform: Platform, tmp_path: Path) -> None:
    days(tmp_path / "mirror", 2, [SETTLED, TURNING, NEW])
    lines: list[str] = []
    ticks = iter(range(0, 10_000, 60))
    fill(platform, say=lines.append, clock=lambda: float(next(ticks)))
    assert lines[0].startswith(
        "noaa_oisst_v2_1 2024-12-01/2026-01-31: 3 pieces, one request at a time, at most 426 granules"
    )
    assert "at least 7 min, 1 s between requests" in lines[0]
    assert lines[1:] == [
        "2024-12-01/2025-01-01: 1 fetched, 0 were there, 0 problems; about 2 min left at this pace",
        "2025-01-01/2026-01-01: 1 fetched, 0 were there, 0 problems; about 60 s left at this pace",
        "2026-01-01/2026-01-31: 1 fetched, 0 were there, 0 problems",
    ]
    with platform.catalog.read() as connection:
        rows = connection.execute(sa.text("SELECT count(*) FROM run WHERE window_start IS NOT NULL")).scalar_one()
    assert rows == 3


def test_a_dataset_that_comes_whole_is_one_piece(platform: Platform, tmp_path: Path) -> None:
    months(tmp_path / "mirror", "2025-12")
    dataset = platform.seeds.datasets[ERSST]
    assert list(pieces(dataset, WHOLE)) == [WHOLE]
    assert backfill(platform, dataset, WHOLE).fetched == 1
    assert backfill(platform, dataset, WHOLE).unchanged == 1


def test_what_is_not_published_is_a_problem(platform: Platform) -> None:
    assert fill(platform).status == "failed"


def test_a_window_outside_the_dataset_is_refused(platform: Platform) -> None:
    with pytest.raises(SettingsError, match="begins on 1981-09-01"):
        fill(platform, Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(1975, 1, 1, tzinfo=UTC)))


def test_years_are_cut_at_the_window() -> None:
    from caspian_env.seeds import load_datasets

    window = Window(datetime(2023, 5, 2, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
    found = [str(piece) for piece in pieces(load_datasets()[OISST], window)]
    assert found == ["2023-05-02/2024-01-01", "2024-01-01/2025-01-01"]
    assert date(2024, 12, 31) == SETTLED


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (600, "10 min"), (12_600, "3.5 h"), (200_000, "2.3 days")]
)
def test_times_are_for_people(seconds: float, words: str) -> None:
    assert duration(seconds) == words
