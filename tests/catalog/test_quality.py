"""Flags set by hand are vintages, the tables that hold them only grow, and the publish gate has no way around it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.indicator_values import write_indicator_values
from caspian_env.catalog.observations import Observed, Written, read_series, write_observations
from caspian_env.catalog.quality import (
    Requalified,
    Signed,
    clear_flag,
    neighbours,
    read_overrides,
    set_flag,
)
from caspian_env.errors import CatalogError

from .conftest import START, add_granule
from .test_indicator_values import computed

DAY = timedelta(days=1)
FIRST, SECOND, THIRD, FOURTH = (START + n * 100 * DAY for n in range(1, 5))
GOOD, SUSPECT = "111121", "131121"


def row(n: int, value: float, tests: str = GOOD, flag: int = 1) -> Observed:
    return Observed(START + n * DAY, value, 0.1, flag, "final", qc_tests=tests)


def write(catalog: Catalog, rows: list[Observed], known: datetime, sha: str, *, whole: bool = True) -> Written:
    with catalog.write() as connection:
        granule = add_granule(connection, sha * 64, known_at=known)
        return write_observations(
            connection, 1, rows, known_at=known, granule_id=granule, run_id=1, whole_record=whole
        )  # fmt: skip


def put(catalog: Catalog, n: int, flag: int, at: datetime, *, by: str = "A. Ali", reason: str = "storm") -> Requalified:
    with catalog.write() as connection:
        return set_flag(connection, 1, START + n * DAY, flag, Signed(by, reason, at, 1))


def clear(catalog: Catalog, n: int, at: datetime) -> Requalified:
    with catalog.write() as connection:
        return clear_flag(connection, 1, START + n * DAY, Signed("B. Bek", "checked the gauge", at, 1))


def flags(catalog: Catalog, as_of: datetime | None = None) -> list[int]:
    with catalog.read() as connection:
        return read_series(connection, 1, as_of=as_of)["qc_flag"].tolist()


def view(catalog: Catalog) -> list[tuple[object, ...]]:
    columns = "value, qc_flag, qc_tests, qc_set_by, qc_reason, granule_sha256"
    with catalog.read() as connection:
        return [tuple(r) for r in connection.execute(sa.text(f"SELECT {columns} FROM v_observation ORDER BY time"))]


def kinds(catalog: Catalog) -> list[tuple[float, int, str]]:
    column = t.observation.c
    wanted = sa.select(column.value, column.qc_flag, column.kind).order_by(column.time, column.known_from)
    with catalog.read() as connection:
        return [tuple(r) for r in connection.execute(wanted)]


def test_setting_a_flag_opens_a_vintage_and_leaves_the_past(prepared: Catalog) -> None:
    write(prepared, [row(0, 1.0), row(1, 2.0, SUSPECT, 3)], FIRST, "b")
    assert put(prepared, 0, 4, SECOND) == Requalified(1.0, 1, 4, GOOD, SECOND)
    assert (flags(prepared, SECOND - DAY), flags(prepared, SECOND), flags(prepared)) == ([1, 3], [4, 3], [4, 3])
    assert kinds(prepared) == [(1.0, 1, "first"), (1.0, 4, "requalified"), (2.0, 3, "first")]
    assert view(prepared) == [
        (1.0, 4, GOOD, "A. Ali", "storm", "b" * 64),
        (2.0, 3, SUSPECT, None, None, "b" * 64),
    ]


def test_later_editions_keep_the_flag_until_it_is_cleared(prepared: Catalog) -> None:
    write(prepared, [row(0, 1.0), row(1, 2.0)], FIRST, "b")
    put(prepared, 0, 4, SECOND)
    # the same value in other bytes is no news, a revised one keeps the person's flag beside its own tests
    assert write(prepared, [row(0, 1.0), row(1, 2.0)], SECOND + DAY, "c") == Written(unchanged=2)
    assert write(prepared, [row(0, 1.5, SUSPECT, 3), row(1, 2.0)], THIRD, "d") == Written(revised=1, unchanged=1)
    assert view(prepared)[0] == (1.5, 4, SUSPECT, "A. Ali", "storm", "d" * 64)
    assert write(prepared, [row(0, 1.5, SUSPECT, 3), row(1, 2.0)], THIRD + DAY, "e") == Written(unchanged=2)
    # cleared: the tests speak again, of the value as it is now
    assert clear(prepared, 0, FOURTH) == Requalified(1.5, 4, 3, SUSPECT, FOURTH)
    assert view(prepared)[0] == (1.5, 3, SUSPECT, None, None, "d" * 64)
    assert write(prepared, [row(0, 1.5, SUSPECT, 3), row(1, 2.0)], FOURTH + DAY, "f") == Written(unchanged=2)
    assert [flags(prepared, at)[0] for at in (FIRST, SECOND, THIRD, FOURTH)] == [1, 4, 4, 3]


def test_a_value_taken_back_and_given_again_keeps_the_flag(prepared: Catalog) -> None:
    write(prepared, [row(n, 1.0) for n in range(60)], FIRST, "b")
    put(prepared, 0, 3, SECOND)
    write(prepared, [row(n, 1.0) for n in range(1, 60)], THIRD, "c")
    write(prepared, [row(n, 1.0) for n in range(60)], FOURTH, "d")
    assert flags(prepared)[0] == 3


def test_a_second_person_replaces_the_first_and_both_stay_on_record(prepared: Catalog) -> None:
    write(prepared, [row(0, 1.0)], FIRST, "b")
    put(prepared, 0, 4, SECOND)
    put(prepared, 0, 3, THIRD, by="C. Can", reason="not that bad")
    clear(prepared, 0, FOURTH)
    with prepared.read() as connection:
        assert read_overrides(connection) == []
        (stood,) = read_overrides(connection, as_of=THIRD + DAY)
        history = read_overrides(connection, history=True)
    assert (stood["set_by"], stood["qc_flag"], stood["value"], stood["qc_tests"]) == ("C. Can", 3, 1.0, GOOD)
    assert [(h["set_by"], h["qc_flag"], h["reason"], h["known_from"], h["known_to"]) for h in history] == [
        ("A. Ali", 4, "storm", SECOND, THIRD),
        ("C. Can", 3, "not that bad", THIRD, FOURTH),
        ("B. Bek", 1, "cleared: checked the gauge", FOURTH, FOURTH + timedelta(microseconds=1)),
    ]


def test_two_changes_in_one_moment_do_not_collide(prepared: Catalog) -> None:
    write(prepared, [row(0, 1.0)], FIRST, "b")
    put(prepared, 0, 4, FIRST)
    put(prepared, 0, 3, FIRST)
    clear(prepared, 0, FIRST)
    put(prepared, 0, 2, FIRST)
    assert flags(prepared) == [2]
    assert [flag for _, flag, _ in kinds(prepared)] == [1, 4, 3, 1, 2]


def test_what_is_not_there_cannot_be_flagged_or_cleared(prepared: Catalog) -> None:
    write(prepared, [row(0, 1.0), row(2, 1.0)], FIRST, "b")
    with pytest.raises(CatalogError, match=r"no value at this time \(nearest: 2024-01-01T00:00:00, 2024-01-03T"):
        put(prepared, 1, 4, SECOND)
    with pytest.raises(CatalogError, match="nobody has set"):
        clear(prepared, 0, SECOND)
    with prepared.read() as connection:
        assert read_overrides(connection, history=True) == []
    assert kinds(prepared) == [(1.0, 1, "first"), (1.0, 1, "first")]


def test_without_a_record_of_the_tests_a_cleared_value_is_not_evaluated(prepared: Catalog) -> None:
    write(prepared, [replace(row(0, 1.0), qc_tests=None)], FIRST, "b")
    put(prepared, 0, 4, SECOND)
    assert clear(prepared, 0, THIRD).new_flag == 2


@pytest.mark.parametrize("changes", [{"set_by": ""}, {"reason": ""}, {"set_by": None}, {"qc_flag": 9}])
def test_an_override_must_be_signed(prepared: Catalog, changes: dict[str, object]) -> None:
    values = {"series_id": 1, "time": START, "known_from": FIRST, "qc_flag": 4, "set_by": "A", "reason": "B"}
    with pytest.raises(sa.exc.DBAPIError), prepared.write() as connection:
        connection.execute(sa.insert(t.qc_override).values(values | changes))


def test_a_change_of_one_test_is_a_vintage_even_where_the_flag_stays(prepared: Catalog) -> None:
    write(prepared, [row(0, 1.0, "122222")], FIRST, "b")
    assert write(prepared, [row(0, 1.0, GOOD)], SECOND, "c") == Written(revised=1)
    assert kinds(prepared) == [(1.0, 1, "first"), (1.0, 1, "requalified")]


def test_the_database_itself_keeps_overrides_cubes_tests_and_lineage(prepared: Catalog) -> None:
    write(prepared, [row(0, 1.0)], FIRST, "b")
    put(prepared, 0, 4, SECOND)
    part = {
        "dataset_id": "gauge", "period_start": START, "period_end": FIRST, "known_from": FIRST, "sha256": "a" * 64,
        "size": 1, "fingerprint": "b" * 64, "n_granules": 1, "run_id": 1,
    }  # fmt: skip
    with prepared.write() as connection:
        connection.execute(sa.insert(t.cube_part).values(part))
        write_indicator_values(connection, "sl_mean_1y", "sea", [computed(THIRD)], known_at_moment=THIRD, run_id=1)
    closing = f"known_to = '{FOURTH:%Y-%m-%d %H:%M:%S}{'' if prepared.file else '+00'}'"
    for statement in (
        "UPDATE qc_override SET qc_flag = 1", f"UPDATE qc_override SET {closing}, reason = 'other'",
        "UPDATE qc_override SET known_to = NULL", "DELETE FROM qc_override",
        "UPDATE cube_part SET size = 2", f"UPDATE cube_part SET {closing}, sha256 = 'c'", "DELETE FROM cube_part",
        f"UPDATE observation SET {closing}, qc_tests = '444444' WHERE known_to IS NULL",
        f"UPDATE observation SET {closing}, n_cells = 3 WHERE known_to IS NULL",
        f"UPDATE indicator_value SET {closing}, licence = 'other'",
        f"UPDATE indicator_value SET {closing}, datum_id = 'none'",
        f"UPDATE indicator_value SET {closing}, qc_flag = 4",
        "DELETE FROM indicator_input", "UPDATE indicator_input SET argument = 'other'",
    ):  # fmt: skip
        with pytest.raises(sa.exc.DBAPIError, match="cannot be"), prepared.write() as connection:
            connection.execute(sa.text(statement.replace(":", r"\:")))
    with prepared.write() as connection:  # closing alone is what a vintage is for
        for table in ("qc_override", "cube_part", "indicator_value"):
            connection.execute(sa.text(f"UPDATE {table} SET {closing}".replace(":", r"\:")))


@pytest.mark.parametrize(
    "missing",
    [
        {"unit": None}, {"unit": ""}, {"datum_id": None}, {"datum_id": "none"}, {"status": None}, {"status": ""},
        {"n_valid": None}, {"n_valid": 0}, {"n_expected": None}, {"licence": None}, {"licence": ""}, {"qc_flag": None},
        {"method_version": None}, {"run_id": None}, {"value": None}, "no inputs",
    ],
)  # fmt: skip
def test_nothing_incomplete_enters_the_public_view_even_by_hand(prepared: Catalog, missing: dict | str) -> None:
    """Straight into the table, past all code of the platform."""
    whole = {
        **computed(FIRST).fields, "id": "a" * 32, "indicator_id": "sl_mean_1y", "location_id": "sea",
        "period_start": START, "period_end": FIRST, "known_from": FIRST, "kind": "first", "run_id": 1,
    }  # fmt: skip
    used = {
        "value_id": "a" * 32, "argument": "level", "series_id": 1, "period_start": START, "period_end": FIRST,
        "known_at": FIRST,
    }  # fmt: skip

    def insert(changes: dict[str, object], *, with_inputs: bool = True) -> None:
        with prepared.write() as connection:
            if with_inputs:
                connection.execute(sa.insert(t.indicator_input).values(used))
            connection.execute(sa.insert(t.indicator_value).values(whole | changes))

    with pytest.raises(sa.exc.DBAPIError):
        insert(missing if isinstance(missing, dict) else {}, with_inputs=missing != "no inputs")
    with prepared.read() as connection:
        assert connection.execute(sa.text("SELECT * FROM v_indicator")).all() == []
    insert({})
    with prepared.read() as connection:
        assert len(connection.execute(sa.text("SELECT * FROM v_indicator")).all()) == 1


def test_neighbours_are_what_is_known_now_and_did_not_fail(prepared: Catalog) -> None:
    write(prepared, [row(n, float(n)) for n in range(6)], FIRST, "b")
    put(prepared, 2, 4, SECOND)
    with prepared.read() as connection:
        found = neighbours(connection, "gauge", START + DAY, START + 5 * DAY)
        assert neighbours(connection, "gauge", START + 50 * DAY, START + 60 * DAY) == {}
    assert list(found) == [("level", "sea", "P1D", "BS77")]
    (one,) = found.values()
    assert [time.day for time in one.time] == [2, 4, 5]
    assert one.values == [1.0, 3.0, 4.0]
