"""A back-fill asks for what is missing and for nothing else, goes on where it was stopped, and says how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from caspian_env.errors import SettingsError
from caspian_env.model import GranuleRef, Window
from caspian_env.seeds import load_datasets
from caspian_env.transport import Transport
from caspian_env.wiring import Platform
from caspian_env.workflows.backfill import backfill, pieces
from caspian_env.workflows.forecast import Forecast, duration
from caspian_env.workflows.missing import Missing, merged, unlisted
from caspian_env.workflows.outcome import Outcome, exit_code
from tests.mirror_server import serving
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
    # A day is due two days after it, and the clock stands at the first of February.
    assert lines == [
        "noaa_oisst_v2_1 2024-12-01/2026-01-31: 3 pieces, one request at a time; at most 425 granules left",
        "2024-12-01/2025-01-01: 1 fetched, 0 were there, nothing is listed for 30 days; at most 394 granules left",
        "2025-01-01/2026-01-01: 1 fetched, 0 were there, nothing is listed for 364 days; at most 29 granules left",
        "2026-01-01/2026-01-31: 1 fetched, 0 were there, nothing is listed for 28 days",
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


def test_it_ends_with_what_was_filled_and_what_is_missing_and_why(platform: Platform, tmp_path: Path) -> None:
    """A whole day, a damaged one, one that the mirror lists and does not give, and days that nobody has."""
    made = days(tmp_path / "mirror", 2, [date(2025, 12, day) for day in (1, 2, 3, 6, 7)])
    made[date(2025, 12, 2)].write_bytes(made[date(2025, 12, 2)].read_bytes()[:2000])
    with serving(tmp_path / "mirror") as served:
        gone = made[date(2025, 12, 7)].relative_to(tmp_path / "mirror").as_posix()
        forbidden = {f"/{gone}"}
        served.refuses = forbidden.__contains__
        http = replace(platform, transport=Transport(replace(platform.settings, mirror=served.url)))
        window = Window(datetime(2025, 12, 1, tzinfo=UTC), datetime(2025, 12, 10, tzinfo=UTC))
        outcome = fill(http, window)
        again = fill(http, window)
    assert exit_code([outcome]) == 3
    assert (outcome.expected, outcome.new_granules, outcome.rejected) == (5, 3, 1)
    lines = outcome.problems
    assert [line.partition(": ")[0] for line in lines] == [
        "missing 2025-12-02/2025-12-03 (1 granule)",
        "missing 2025-12-04/2025-12-06 (2 days)",
        "missing 2025-12-07/2025-12-08 (1 granule)",
        "missing 2025-12-08/2025-12-10 (2 days)",
    ]
    assert "set aside: " in lines[0]
    assert lines[1].endswith(": nothing is listed")
    assert "not published" in lines[2]
    assert outcome.notes[0] == (
        "filled 2025-12-01/2025-12-10: 3 granules are new, 0 were there; "
        "missing: 2 granules and 4 days of which nothing was listed or asked for"
    )
    assert (again.new_granules, again.unchanged) == (0, 3)
    assert [line.partition(": ")[0] for line in again.problems] == [line.partition(": ")[0] for line in lines]


def test_a_window_without_a_gap_is_all_done(platform: Platform, tmp_path: Path) -> None:
    days(tmp_path / "mirror", 2, [TURNING, NEW])
    outcome = fill(platform, Window(datetime(2025, 12, 31, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)))
    assert (exit_code([outcome]), outcome.problems) == (0, [])
    assert outcome.notes[0].endswith("2 granules are new, 0 were there; missing: nothing that is due")


def test_days_that_are_not_due_yet_are_not_missed(platform: Platform, tmp_path: Path) -> None:
    """The clock stands at the first of February, and a day is published two days after it."""
    days(tmp_path / "mirror", 2, [date(2026, 1, 29)])
    outcome = fill(platform, Window(datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)))
    assert outcome.problems == []


def test_a_provider_that_does_not_answer_is_the_reason(platform: Platform) -> None:
    settings = replace(platform.settings, mirror="http://ana:s3cret@127.0.0.1:1")
    away = replace(platform, transport=Transport(settings, sleep=lambda _: None), settings=settings)
    outcome = fill(away, Window(datetime(2025, 12, 1, tzinfo=UTC), datetime(2025, 12, 10, tzinfo=UTC)))
    assert exit_code([outcome]) == 1
    assert outcome.may_pass is True
    (line,) = outcome.problems
    assert line.startswith("missing 2025-12-01/2025-12-10 (9 days): nothing could be listed: ")
    assert "the mirror 127.0.0.1:1: the connection failed" in line
    assert "s3cret" not in line


def test_a_key_that_is_missing_is_no_success(platform: Platform) -> None:
    direct = replace(platform, settings=replace(platform.settings, mirror=None))
    outcome = backfill(direct, platform.seeds.datasets["dahiti_water_level"], WHOLE)
    assert exit_code([outcome]) == 1
    assert "not asked for: needs a key" in outcome.problems[0]


def test_what_lies_before_the_dataset_is_said(platform: Platform, tmp_path: Path) -> None:
    dataset = replace(platform.seeds.datasets[OISST], coverage_start="2025-12-31")
    days(tmp_path / "mirror", 2, [TURNING])
    outcome = backfill(platform, dataset, Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)))
    assert "begins on 2025-12-31; there is nothing before that" in outcome.notes


def test_gaps_are_periods_of_the_dataset_or_longer() -> None:
    def span(first: str, last: str) -> Window:
        return Window(*(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (first, last)))

    daily = replace(load_datasets()[OISST], publication_delay_days=0)
    monthly = replace(daily, update_frequency="P1M")
    year = span("2024-01-01", "2025-01-01")
    february, most = span("2024-02-01", "2024-03-01"), span("2024-03-20", "2024-12-31")
    listed = [GranuleRef("a", window=february), GranuleRef("b", window=most)]
    now = year.end + timedelta(days=99)
    assert unlisted(daily, year, listed, now) == [
        span("2024-01-01", "2024-02-01"), span("2024-03-01", "2024-03-20"), span("2024-12-31", "2025-01-01"),
    ]  # fmt: skip
    assert unlisted(monthly, year, listed, now) == [span("2024-01-01", "2024-02-01")]
    assert unlisted(monthly, year, [], now) == [year]
    assert unlisted(daily, year, [*listed, GranuleRef("c")], now) == [], "it may hold any time"
    assert unlisted(daily, year, [], year.start) == []
    one, two = Missing(span("2024-01-01", "2024-01-02"), 1, "x"), Missing(span("2024-01-02", "2024-01-03"), 1, "x")
    assert merged([two, one]) == [Missing(span("2024-01-01", "2024-01-03"), 2, "x")]
    assert len(merged([replace(two, why="y"), one])) == 2


def test_an_estimate_follows_the_last_minutes_and_never_beats_the_pace() -> None:
    now = [0.0]
    slow, polite = (Forecast(lambda: now[0], polite=polite) for polite in (False, True))
    assert slow.words(100) == "100 granules left", "nothing is known yet"
    assert polite.words(600, at_most=True) == "at most 600 granules left, at least 10 min, 1 s between requests"
    for done in range(200):  # ten a second
        now[0] = done / 10
        slow.reached(done)
        polite.reached(done)
    assert slow.seconds(100) == pytest.approx(10)
    assert polite.seconds(100) == pytest.approx(100)
    for done in range(200, 260):  # then one in ten seconds
        now[0] += 10
        slow.reached(done)
    assert slow.words(60) == "60 granules left, about 10 min at the 6.0 a minute of the last minutes"


def test_a_window_outside_the_dataset_is_refused(platform: Platform) -> None:
    with pytest.raises(SettingsError, match="begins on 1981-09-01"):
        fill(platform, Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(1975, 1, 1, tzinfo=UTC)))


def test_years_are_cut_at_the_window() -> None:
    window = Window(datetime(2023, 5, 2, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
    found = [str(piece) for piece in pieces(load_datasets()[OISST], window)]
    assert found == ["2023-05-02/2024-01-01", "2024-01-01/2025-01-01"]
    assert date(2024, 12, 31) == SETTLED


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (600, "10 min"), (12_600, "3.5 h"), (200_000, "2.3 days")]
)
def test_times_are_for_people(seconds: float, words: str) -> None:
    assert duration(seconds) == words
