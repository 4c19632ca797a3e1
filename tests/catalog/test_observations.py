from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caspian_env.catalog import tables as t
from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.knowledge import knowledge_of
from caspian_env.catalog.observations import (
    Observed,
    Written,
    read_history,
    read_series,
    read_values,
    write_observations,
)
from caspian_env.catalog.reference import series_id
from caspian_env.errors import BadGranule

from .conftest import START, add_granule

DAY = timedelta(days=1)


def edition(values: dict[int, float], *, status: str = "final") -> list[Observed]:
    return [Observed(START + n * DAY, value, None, 1, status) for n, value in sorted(values.items())]


def write(catalog: Catalog, rows: list[Observed], known: datetime, sha: str, **more: object) -> Written:
    version = more.pop("version", None)
    with catalog.write() as connection:
        granule = add_granule(connection, sha * 64, version=version, known_at=known)
        return write_observations(
            connection, int(more.get("series", 1)), rows, known_at=known, granule_id=granule, run_id=1,
            whole_record=bool(more.get("whole_record", True)),
        )  # fmt: skip


def known(catalog: Catalog, as_of: datetime | None = None, *, series: int = 1) -> dict[int, float]:
    with catalog.read() as connection:
        frame = read_series(connection, series, as_of=as_of)
        rows = read_values(connection, series, as_of=as_of)
    assert [row.value for row in rows] == frame["value"].tolist()
    assert [row.known_from for row in rows] == frame["known_from"].tolist()
    assert {row.std_uncertainty for row in rows} <= {None}
    return {(time.tz_localize("UTC") - START).days: value for time, value in frame["value"].items()}


def new_series(catalog: Catalog) -> int:
    """A series of its own, so that many examples share one database."""
    with catalog.write() as connection:
        return series_id(
            connection,
            dataset="gauge",
            variable="level",
            location="sea",
            resolution=f"P1D {uuid.uuid4()}",
            datum="BS77",
        )


def vintages(catalog: Catalog, series: int) -> list[sa.Row[Any]]:
    with catalog.read() as connection:
        column = t.observation.c
        statement = sa.select(t.observation).where(column.series_id == series).order_by(column.time, column.known_from)
        return list(connection.execute(statement))


def revisions(catalog: Catalog) -> list[tuple[int, float | None, float | None, str]]:
    with catalog.read() as connection:
        rows = connection.execute(
            sa.text("SELECT time, old_value, new_value, kind FROM v_revision ORDER BY known_at, time")
        )
        found = [tuple(row) for row in rows]
    days = [
        (datetime.fromisoformat(str(time)).replace(tzinfo=UTC) - START).days
        if isinstance(time, str)
        else (time - START).days
        for time, *_ in found
    ]
    return [(day, *rest) for day, (_, *rest) in zip(days, found, strict=True)]


def test_only_differences_are_stored_and_the_past_stays(prepared: Catalog) -> None:
    first, second = START + 400 * DAY, START + 500 * DAY
    assert write(prepared, edition({0: 1.0, 1: 2.0, 2: 3.0}), first, "b") == Written(first=3)
    assert write(prepared, edition({0: 1.0, 1: 2.5, 2: 3.0, 3: 4.0}), second, "c") == Written(1, 1, 0, 2)
    assert known(prepared) == {0: 1.0, 1: 2.5, 2: 3.0, 3: 4.0}
    assert known(prepared, first) == known(prepared, second - DAY) == {0: 1.0, 1: 2.0, 2: 3.0}
    assert known(prepared, first - timedelta(microseconds=1)) == {}
    assert revisions(prepared) == [(1, 2.0, 2.5, "corrected")]


def test_other_bytes_with_the_same_values_make_no_vintage(prepared: Catalog) -> None:
    write(prepared, edition({0: 1.0}), START + DAY, "b")
    assert write(prepared, edition({0: 1.0}), START + 2 * DAY, "c") == Written(unchanged=1)
    assert revisions(prepared) == []


def test_kinds_of_revision_are_distinct(prepared: Catalog) -> None:
    many = dict.fromkeys(range(200), 0.0)
    write(prepared, edition(many, status="preliminary"), START + 300 * DAY, "b", version="1")
    write(prepared, edition(many | {0: 1.0}), START + 301 * DAY, "c", version="1")
    write(prepared, edition(many | {0: 2.0}), START + 302 * DAY, "d", version="2")
    write(prepared, edition(many | {0: 3.0}), START + 303 * DAY, "e", version="2")
    gone = {n: v for n, v in many.items() if n != 0}
    write(prepared, edition(gone), START + 304 * DAY, "f", version="2")
    write(prepared, edition(gone | {0: 3.0}), START + 305 * DAY, "9", version="2")
    kinds = [(old, new, kind) for day, old, new, kind in revisions(prepared) if day == 0]
    assert kinds == [
        (0.0, 1.0, "finalised"), (1.0, 2.0, "reprocessed"), (2.0, 3.0, "corrected"),
        (3.0, None, "withdrawn"), (None, 3.0, "restored"),
    ]  # fmt: skip


def test_an_edition_that_loses_much_is_refused_whole(prepared: Catalog) -> None:
    write(prepared, edition(dict.fromkeys(range(100), 0.0)), START + 300 * DAY, "b")
    with pytest.raises(BadGranule, match="lost 3 of 100"):
        write(prepared, edition(dict.fromkeys(range(97), 0.0)), START + 301 * DAY, "c")
    assert len(known(prepared)) == 100


def test_a_value_missing_from_a_part_is_not_withdrawn(prepared: Catalog) -> None:
    write(prepared, edition({0: 1.0, 1: 1.0, 2: 1.0}), START + 300 * DAY, "b", whole_record=False)
    assert write(prepared, edition({0: 1.0, 2: 1.0}), START + 301 * DAY, "c", whole_record=False).withdrawn == 0
    assert len(known(prepared)) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE observation SET value = 9",
        "UPDATE observation SET known_to = NULL",
        "DELETE FROM observation",
    ],
)
def test_the_database_itself_refuses_to_change_a_stored_value(prepared: Catalog, statement: str) -> None:
    write(prepared, edition({0: 1.0}), START + DAY, "b")
    with pytest.raises(sa.exc.DBAPIError, match="cannot be"), prepared.write() as connection:
        connection.execute(sa.text(statement))


def test_the_database_itself_refuses_two_vintages_of_one_time(prepared: Catalog) -> None:
    write(prepared, edition({0: 1.0}), START + DAY, "b")
    row = {
        "series_id": 1, "time": START, "known_from": START + 2 * DAY, "value": 2.0, "qc_flag": 1, "status": "final",
        "kind": "corrected", "granule_id": 1, "run_id": 1,
    }  # fmt: skip
    with pytest.raises(sa.exc.DBAPIError), prepared.write() as connection:
        connection.execute(sa.insert(t.observation).values(row))
    with pytest.raises(sa.exc.DBAPIError, match="overlap"), prepared.write() as connection:
        connection.execute(sa.insert(t.observation).values(row | {"known_from": START, "known_to": START + 2 * DAY}))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_cannot_be_stored(prepared: Catalog, value: float) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        write(prepared, edition({0: value}), START + DAY, "b")


EDITIONS = st.lists(
    st.dictionaries(st.integers(0, 60), st.sampled_from([0.0, 1.0, 2.0]), min_size=59, max_size=61),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(editions=EDITIONS)
def test_for_every_date_exactly_what_was_known_then(prepared: Catalog, editions: list[dict[int, float]]) -> None:
    one = new_series(prepared)
    truth: list[tuple[datetime, dict[int, float]]] = []
    for number, values in enumerate(editions):
        when = START + (1000 + number) * DAY
        try:
            write(prepared, edition(values), when, "0123456789"[number], series=one)
        except BadGranule:  # too many values lost: what was known stays known
            values = truth[-1][1]
        truth.append((when, values))
    for when, values in truth:
        assert known(prepared, when, series=one) == values
        assert known(prepared, when + timedelta(hours=12), series=one) == values
    # The newest edition once more changes nothing, neither with its own date nor with a later one.
    before = vintages(prepared, one)
    for when in (truth[-1][0], START + 2000 * DAY):
        assert write(prepared, edition(truth[-1][1]), when, "a", series=one).total == 0
    assert vintages(prepared, one) == before
    # An older edition, met again later, is what the provider says then: a revision, and the past stays as it was.
    try:
        write(prepared, edition(truth[0][1]), START + 3000 * DAY, "b", series=one)
    except BadGranule:
        return
    assert known(prepared, series=one) == truth[0][1]
    assert [known(prepared, when, series=one) for when, _ in truth] == [values for _, values in truth]


PARTS = st.lists(
    st.tuples(
        st.dictionaries(st.integers(0, 5), st.sampled_from([0.0, 1.0]), min_size=1, max_size=6),
        st.sampled_from(["preliminary", "final"]),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=PARTS)
def test_parts_of_a_record_add_up_and_final_values_stay_final(
    prepared: Catalog, parts: list[tuple[dict[int, float], str]]
) -> None:
    one = new_series(prepared)
    truth: dict[int, tuple[float, str]] = {}
    remembered: list[tuple[datetime, dict[int, float]]] = []
    for number, (values, status) in enumerate(parts):
        when = START + (1000 + number) * DAY
        write(prepared, edition(values, status=status), when, "0123456789"[number], series=one, whole_record=False)
        for day, value in values.items():
            if status == "final" or truth.get(day, (0.0, ""))[1] != "final":
                truth[day] = (value, status)
        remembered.append((when, {day: value for day, (value, _) in sorted(truth.items())}))
    for when, values in remembered:
        assert known(prepared, when, series=one) == values
    with prepared.read() as connection:
        status_now = list(read_series(connection, one)["status"])
    assert status_now == [status for _, (_, status) in sorted(truth.items())]


def test_a_preliminary_file_met_after_the_final_one_says_nothing_new(prepared: Catalog) -> None:
    def part(value: float, status: str, when: int, sha: str) -> Written:
        return write(prepared, edition({0: value}, status=status), START + when * DAY, sha, whole_record=False)

    part(1.0, "preliminary", 100, "b")
    assert part(1.5, "final", 101, "c") == Written(revised=1)
    assert part(1.0, "preliminary", 102, "b") == Written(unchanged=1)
    assert part(1.2, "preliminary", 103, "d") == Written(unchanged=1)
    assert part(1.6, "final", 104, "e") == Written(revised=1)
    assert known(prepared) == {0: 1.6}
    assert revisions(prepared) == [(0, 1.0, 1.5, "finalised"), (0, 1.5, 1.6, "corrected")]


def test_a_whole_record_may_call_a_final_value_preliminary_again(prepared: Catalog) -> None:
    write(prepared, edition({0: 1.0}), START + 100 * DAY, "b")
    assert write(prepared, edition({0: 1.0}, status="preliminary"), START + 101 * DAY, "c") == Written(revised=1)
    assert revisions(prepared) == []  # a vintage of another status, and the value did not move


def test_a_value_that_goes_back_is_a_vintage_each_time(prepared: Catalog) -> None:
    for number, value in enumerate((1.0, 2.0, 1.0, 1.0, 2.0)):
        write(prepared, edition({0: value}), START + (100 + number) * DAY, "bcbbc"[number])
    assert [old for _, old, *_ in revisions(prepared)] == [1.0, 2.0, 1.0]
    assert [known(prepared, START + (100 + n) * DAY)[0] for n in range(5)] == [1.0, 2.0, 1.0, 1.0, 2.0]
    with prepared.read() as connection:
        rows = [(row.value, row.kind) for row in read_history(connection, 1)]
        as_of = [(row.value, row.known_to) for row in read_history(connection, 1, as_of=START + 101 * DAY)]
    assert rows == [(1.0, "first"), (2.0, "corrected"), (1.0, "corrected"), (2.0, "corrected")]
    assert as_of == [(1.0, START + 101 * DAY), (2.0, None)]


def test_the_last_change_picks_what_is_known_now(prepared: Catalog) -> None:
    with prepared.read() as connection:
        assert knowledge_of(connection, 1) == (0, 0, None, None, None)
    many = dict.fromkeys(range(100), 0.0)
    write(prepared, edition(many), START + 300 * DAY, "b")
    write(prepared, edition({n: v for n, v in many.items() if n != 7}), START + 301 * DAY, "c")
    with prepared.read() as connection:
        found = knowledge_of(connection, 1)  # a withdrawal opens no vintage, and is a change all the same
        before = knowledge_of(connection, 1, as_of=START + 300 * DAY)
    moment = found.changed
    assert (found, found.n_known) == ((100, 1, START + 99 * DAY, START + 300 * DAY, START + 301 * DAY), 99)
    assert before == (100, 0, START + 99 * DAY, START + 300 * DAY, START + 300 * DAY)
    now = known(prepared)
    write(prepared, edition(many | {3: 1.0}), START + 302 * DAY, "d")
    assert known(prepared, moment) == now
    with prepared.read() as connection:
        assert knowledge_of(connection, 1, as_of=moment) == found
        assert knowledge_of(connection, 1)[:2] == (102, 2)
