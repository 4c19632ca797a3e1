from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.methods import method_at
from caspian_env.seeds.confidence import Assessment
from caspian_env.wiring import Platform
from caspian_env.workflows.compute import compute

from .synthetic_co2 import co2_table, collect_edition, opened

FIRST = datetime(2001, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def changed(platform: Platform, indicator_id: str, **fields: Any) -> Platform:
    """The same platform, with another definition of one indicator."""
    definition = replace(platform.seeds.indicators[indicator_id], **fields)
    indicators = dict(platform.seeds.indicators) | {indicator_id: definition}
    return replace(platform, seeds=replace(platform.seeds, indicators=indicators))


def vintages(platform: Platform, indicator_id: str = "co2_mean_1y") -> list[Any]:
    with platform.catalog.read() as connection:
        return list(read_indicator(connection, indicator_id, history=True))


def test_what_did_not_change_is_not_computed_and_opens_no_vintage(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(36), FIRST)
        before = vintages(platform)
        again = compute(platform, only={"co2_mean_1y", "co2_growth_1y"})
        assert (again.unchanged, again.fetched, again.written) == (2, 0, 0)
        assert vintages(platform) == before


def test_only_the_periods_that_changed_get_a_vintage(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(48), FIRST)
        collect_edition(platform, co2_table(48, {14: 0.3}), FIRST + DAY)
        kinds = {(row.period_start.year, row.kind) for row in vintages(platform)}
    assert kinds == {(1990, "first"), (1991, "first"), (1991, "revised"), (1992, "first"), (1993, "first")}


def test_another_parameter_or_version_is_computed_and_keeps_the_old_vintage(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(36), FIRST)
        old = platform.seeds.indicators["co2_mean_1y"].parameters
        wider = changed(platform, "co2_mean_1y", parameters=dict(old) | {"published_uncertainty": 0.5})
        outcome = compute(wider, only={"co2_mean_1y"}, known_at=FIRST + DAY)
        assert (outcome.fetched, outcome.revised) == (1, 3)
        newer = changed(wider, "co2_mean_1y", method_version="2")
        assert compute(newer, only={"co2_mean_1y"}, known_at=FIRST + 2 * DAY).revised == 3
        assert compute(newer, only={"co2_mean_1y"}, known_at=FIRST + 2 * DAY).unchanged == 1
        rows = [row for row in vintages(platform) if row.period_start.year == 1990]
        with platform.catalog.read() as connection:
            methods = [method_at(connection, "co2_mean_1y", "mauna_loa", row.known_from) for row in rows]
    assert [row.kind for row in rows] == ["first", "method_changed", "method_changed"]
    assert [row.method_version for row in rows] == ["1", "1", "2"]
    assert [row.std_uncertainty for row in rows] == [0.12, 0.5, 0.5]
    assert len({row.value for row in rows}) == 1
    assert [m and m["parameters"]["published_uncertainty"] for m in methods] == [0.12, 0.5, 0.5]
    assert [m and m["method_version"] for m in methods] == ["1", "1", "2"]


def test_a_parameter_that_changes_no_number_opens_no_vintage(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(36), FIRST)
        before = vintages(platform)
        lower = changed(platform, "co2_mean_1y", title="another title", note="another note", decimals=1)
        assert compute(lower, only={"co2_mean_1y"}).unchanged == 1
        # Years are judged by the larger of two uncertainties; the monthly ones are smaller than either of these.
        parameters = dict(platform.seeds.indicators["co2_growth_1y"].parameters) | {"published_uncertainty": 0.01}
        outcome = compute(changed(platform, "co2_growth_1y", parameters=parameters), only={"co2_growth_1y"})
        assert (outcome.fetched, outcome.written) == (1, 0)
        assert vintages(platform) == before


def test_values_are_not_computed_behind_what_is_known(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(36), FIRST)
        newer = changed(platform, "co2_mean_1y", method_version="2")
        outcome = compute(newer, only={"co2_mean_1y"}, known_at=FIRST - DAY)
        assert "values of 2000-12-31 lie behind those known since 2001-01-01" in outcome.problems[0]
        assert {row.method_version for row in vintages(platform)} == {"1"}


def test_a_year_becomes_a_number_when_it_is_over_though_nothing_new_came(database_url: str, tmp_path: Path) -> None:
    moment = datetime(1991, 12, 20, tzinfo=UTC)
    with opened(database_url, tmp_path, clock=lambda: moment) as platform:
        collect_edition(platform, co2_table(24))
        (refused,) = (row for row in vintages(platform) if row.period_start.year == 1991)
        assert refused.reason == "the period is not over before 1992-01-01"
        later = replace(platform, clock=lambda: moment + 14 * DAY)
        assert compute(later, only={"co2_mean_1y"}).revised == 1
        assert [row.value is None for row in vintages(platform) if row.period_start.year == 1991] == [True, False]
        assert compute(later, only={"co2_mean_1y"}).unchanged == 1


def test_inputs_are_those_that_were_read_whatever_is_written_meanwhile(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(36), FIRST)
        # The value becomes known much later than its inputs; an edition between the two was not among them.
        parameters = dict(platform.seeds.indicators["co2_mean_1y"].parameters) | {"published_uncertainty": 0.5}
        compute(changed(platform, "co2_mean_1y", parameters=parameters), only={"co2_mean_1y"}, known_at=FIRST + 9 * DAY)
        with platform.catalog.read() as connection:
            known = set(connection.execute(sa.select(t.indicator_input.c.known_at)).scalars())
    assert known == {FIRST}


def test_a_confidence_word_comes_from_a_signed_entry_and_is_a_vintage_of_its_own(
    database_url: str, tmp_path: Path
) -> None:
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(36), FIRST)
        assert {row.confidence for row in vintages(platform)} == {None}
        entry = Assessment("co2_mean_1y", "mauna_loa", "high", "robust", "high", "A. Person", "2001-01-01", "a ground")
        signed = replace(platform, seeds=replace(platform.seeds, confidence={("co2_mean_1y", "mauna_loa"): entry}))
        assert compute(signed, only={"co2_mean_1y"}, known_at=FIRST + DAY).revised == 3
        assert compute(signed, only={"co2_mean_1y"}, known_at=FIRST + DAY).unchanged == 1
        rows = [row for row in vintages(platform) if row.period_start.year == 1990]
        taken_back = compute(platform, only={"co2_mean_1y"}, known_at=FIRST + 2 * DAY)
    assert [(row.confidence, row.value) for row in rows] == [(None, rows[0].value), ("high", rows[0].value)]
    assert taken_back.revised == 3
