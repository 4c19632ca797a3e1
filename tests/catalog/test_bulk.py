from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.bulk import select_columns, stored_times, time_of
from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.observations import Observed, read_series, write_observations
from caspian_env.errors import BadGranule

from .conftest import START

MOMENTS = [
    datetime(1880, 1, 1, tzinfo=UTC), datetime(2024, 2, 29, 12, 30, 1, 500, tzinfo=UTC),
    datetime(2100, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]  # fmt: skip


def write(catalog: Catalog, rows: list[Observed], known: datetime = START, *, whole: bool = False) -> None:
    with catalog.write() as connection:
        write_observations(connection, 1, rows, known_at=known, granule_id=1, run_id=1, whole_record=whole)


def test_the_stored_form_is_what_the_column_type_stores_and_gives(prepared: Catalog) -> None:
    convert = t.UtcTime().process_bind_param
    with prepared.read() as connection:
        stored = stored_times(connection, MOMENTS)
        assert stored == [convert(moment, connection.dialect) for moment in MOMENTS]
        assert [time_of(connection, one) for one in stored] == MOMENTS
        elsewhere = MOMENTS[1].astimezone(timezone(timedelta(hours=4)))
        assert stored_times(connection, [elsewhere]) == stored[1:2]
        with pytest.raises(ValueError, match="naive"):
            stored_times(connection, [datetime(2024, 1, 1)])


def test_times_come_back_to_the_microsecond(prepared: Catalog) -> None:
    write(prepared, [Observed(moment, 1.0, None, 1, "final") for moment in MOMENTS])
    column = t.observation.c
    with prepared.read() as connection:
        found = select_columns(connection, sa.select(column.time, column.known_to, column.value).order_by(column.time))
    assert found["time"].tolist() == [moment.replace(tzinfo=None) for moment in MOMENTS]
    assert found["known_to"].tolist() == [None, None, None]
    assert found["value"] == (1.0, 1.0, 1.0)


def test_reading_in_bulk_stays_in_the_one_transaction(prepared: Catalog) -> None:
    write(prepared, [Observed(START, 1.0, None, 1, "final")])
    with prepared.read() as connection:
        assert len(read_series(connection, 1)) == 1  # first, so that it is what begins the transaction
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.observation)) == 1
        write(prepared, [Observed(START + timedelta(days=1), 1.0, None, 1, "final")])
        assert len(read_series(connection, 1)) == 1
    with prepared.read() as connection:
        assert len(read_series(connection, 1)) == 2


def test_an_empty_series_has_the_columns_of_a_full_one(prepared: Catalog) -> None:
    with prepared.read() as connection:
        empty = read_series(connection, 1)
    write(prepared, [Observed(START, 1.0, None, 1, "final")])
    with prepared.read() as connection:
        full = read_series(connection, 1, as_of=START)
        with pytest.raises((ValueError, sa.exc.StatementError), match="naive"):
            read_series(connection, 1, as_of=datetime(2024, 1, 1))
    assert empty.empty
    assert list(empty.columns) == list(full.columns)
    assert str(empty["known_from"].dtype) == str(full["known_from"].dtype) == "datetime64[us, UTC]"
    assert empty.index.dtype == full.index.dtype == "datetime64[us]"


def test_a_revision_on_the_moment_of_the_first_edition_still_has_an_instant_of_its_own(prepared: Catalog) -> None:
    write(prepared, [Observed(START, 1.0, None, 1, "final")])
    write(prepared, [Observed(START, 2.0, None, 1, "final")])
    column = t.observation.c
    with prepared.read() as connection:
        statement = sa.select(column.value, column.known_from, column.known_to).order_by(column.known_from)
        rows = [tuple(row) for row in connection.execute(statement)]
    later = START + timedelta(microseconds=1)
    assert rows == [(1.0, START, later), (2.0, later, None)]


def test_a_note_of_another_source_may_be_long_but_not_endless(prepared: Catalog) -> None:
    write(prepared, [Observed(START, 1.0, None, 1, "final", source_note="🌊" * 600)])
    with pytest.raises(BadGranule, match="601 characters"):
        write(prepared, [Observed(START + timedelta(days=1), 1.0, None, 1, "final", source_note="x" * 601)])


def test_overlaps_within_one_statement_are_refused(prepared: Catalog) -> None:
    base = {
        "series_id": 1, "time": START, "value": 2.0, "qc_flag": 1, "status": "final", "kind": "first", "granule_id": 1,
        "run_id": 1,
    }  # fmt: skip
    day = timedelta(days=1)
    rows = [
        base | {"known_from": START, "known_to": START + 3 * day},
        base | {"known_from": START + 2 * day, "known_to": START + 4 * day},
    ]
    with pytest.raises(sa.exc.DBAPIError, match="overlap"), prepared.write() as connection:
        connection.execute(sa.insert(t.observation).values(rows))


def test_closing_may_not_change_anything_else(prepared: Catalog) -> None:
    write(prepared, [Observed(START, 1.0, None, 1, "final", n_cells=3, source_note="a")])
    for change in ("n_cells = 4", "source_note = 'b'", "qc_tests = '1'", "area_share = 1"):
        statement = f"UPDATE observation SET known_to = '2025-01-01 00:00:00', {change}"
        with pytest.raises(sa.exc.DBAPIError, match="only closed"), prepared.write() as connection:
            connection.execute(sa.text(statement.replace(":", r"\:")))
