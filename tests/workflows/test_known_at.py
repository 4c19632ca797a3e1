from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caspian_env.catalog import tables as t
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.observations import find_series, read_history, read_series
from caspian_env.errors import BackwardsKnowledge, SettingsError
from caspian_env.wiring import Platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.revisions import revisions
from caspian_env.workflows.seed import seed

from .synthetic_co2 import DATASET, averages, co2_table, collect_edition, month_of, opened, publish

VARIABLE = "mole_fraction_of_carbon_dioxide_in_air"
FIRST = datetime(2001, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def ingest_co2(platform: Platform, known_at: datetime) -> Outcome:
    return ingest(platform, platform.seeds.datasets[DATASET], known_at=known_at)


def series_of(platform: Platform, as_of: datetime | None = None) -> dict[datetime, float]:
    with platform.catalog.read() as connection:
        one = find_series(connection, dataset_id=DATASET, variable_id=VARIABLE)[0]
        frame = read_series(connection, one.id, as_of=as_of)
    return {time.to_pydatetime().replace(tzinfo=UTC): value for time, value in frame["value"].items()}


def everything_known(platform: Platform) -> dict[str, list[Any]]:
    with platform.catalog.read() as connection:
        return {
            table.name: sorted(tuple(map(str, row)) for row in connection.execute(sa.select(table)))
            for table in (t.observation, t.indicator_value, t.indicator_input)
        }


def test_a_provider_that_goes_back_opens_a_third_vintage(database_url: str, tmp_path: Path) -> None:
    editions = [co2_table(36), co2_table(36, {5: 0.3}), co2_table(36)]
    with opened(database_url, tmp_path) as platform:
        for number, text in enumerate(editions):
            collect_edition(platform, text, FIRST + number * DAY)
        (moved,) = (one for one in revisions(platform).datasets[0].series if one.variable_id == VARIABLE)
        with platform.catalog.read() as connection:
            one = find_series(connection, dataset_id=DATASET, variable_id=VARIABLE)[0]
            vintages = [row for row in read_history(connection, one.id) if row.time == month_of(5)]
            then = [row for row in read_history(connection, one.id, as_of=FIRST + DAY) if row.time == month_of(5)]
            years = [
                row for row in read_indicator(connection, "co2_mean_1y", history=True) if row.period_start.year == 1990
            ]
            granules = connection.scalar(sa.select(sa.func.count()).select_from(t.granule))
    before, between = averages(36)[month_of(5)], averages(36, {5: 0.3})[month_of(5)]
    assert [(m.old_value, m.new_value) for m in moved.moved] == [(before, between), (between, before)]
    assert [row.value for row in vintages] == [before, between, before]
    assert [row.known_to for row in vintages] == [FIRST + DAY, FIRST + 2 * DAY, None]
    assert [(row.value, row.known_to) for row in then] == [(before, FIRST + DAY), (between, None)]
    assert years[0].value == years[2].value != years[1].value
    assert granules == 2  # the same bytes are one granule, whenever they come


def test_an_edition_older_than_what_is_known_is_refused_and_nothing_changes(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(30), FIRST)
        collect_edition(platform, co2_table(30, {3: 0.2}), FIRST + 10 * DAY)
        before = everything_known(platform)
        publish(tmp_path / "mirror", co2_table(30))
        with pytest.raises(
            BackwardsKnowledge, match="an edition of 2001-01-06 lies behind what is known since 2001-01-11"
        ):
            ingest(platform, platform.seeds.datasets[DATASET], known_at=FIRST + 5 * DAY)
        assert everything_known(platform) == before


@pytest.mark.parametrize("work", [ingest_co2, compute, build_cubes])
def test_an_edition_of_the_future_is_refused_before_anything_is_begun(
    work: Callable[..., object], database_url: str, tmp_path: Path
) -> None:
    with opened(database_url, tmp_path, clock=lambda: FIRST) as platform:
        seed(platform)
        with pytest.raises(
            SettingsError, match="--known-at: 2001-01-02 00:00 UTC is in the future; it is 2001-01-01 00:00 UTC"
        ):
            work(platform, known_at=(FIRST + DAY).replace(tzinfo=None))
        assert work(platform, known_at=FIRST).status
        with platform.catalog.read() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(t.run)) == 1


def test_the_moving_preliminary_window_changes_status_but_is_no_revision(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(36), FIRST)
        outcome = collect_edition(platform, co2_table(48), FIRST + DAY)
        found = revisions(platform)
        with platform.catalog.read() as connection:
            means = read_indicator(connection, "co2_mean_1y", history=True)
    assert (outcome.first, outcome.revised) == (24, 24)  # two series: a year is new, the year before became final
    assert found.datasets == ()
    assert found.elsewhere == {
        "same value, other status or uncertainty": 2,
        "new observations": 1,
    }  # mean 1992, growth 1991; growth 1992
    third = [(row.value, row.status, row.kind) for row in means if row.period_start.year == 1992]
    assert [status for _, status, _ in third] == ["preliminary", "final"]
    assert third[0][0] == third[1][0]
    assert {row.kind for row in means if row.period_start.year < 1992} == {"first"}


EDITIONS = st.lists(
    st.tuples(
        st.integers(26, 30), st.dictionaries(st.integers(0, 25), st.sampled_from([-0.02, 0.01, 0.3]), max_size=4)
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(editions=EDITIONS)
def test_any_sequence_of_editions_is_remembered_and_no_prefix_can_be_imported_again(
    tmp_path_factory: pytest.TempPathFactory, editions: list[tuple[int, dict[int, float]]]
) -> None:
    folder = tmp_path_factory.mktemp("editions")
    # A table that loses more than one month is damaged, and is set aside elsewhere: here they only grow.
    editions = [(max(n for n, _ in editions[: i + 1]), changes) for i, (_, changes) in enumerate(editions)]
    with opened(f"sqlite:///{folder / 'c.db'}", folder) as platform:
        for number, edition in enumerate(editions):
            collect_edition(platform, co2_table(*edition), FIRST + number * DAY)
        for number, edition in enumerate(editions):
            assert series_of(platform, FIRST + number * DAY + DAY / 2) == averages(*edition)
        before = everything_known(platform)
        for number, edition in enumerate(editions[:-1]):
            publish(folder / "mirror", co2_table(*edition))
            with pytest.raises(BackwardsKnowledge):
                ingest(platform, platform.seeds.datasets[DATASET], known_at=FIRST + number * DAY)
        last = FIRST + (len(editions) - 1) * DAY
        assert collect_edition(platform, co2_table(*editions[-1]), last).written == 0
        assert everything_known(platform) == before
