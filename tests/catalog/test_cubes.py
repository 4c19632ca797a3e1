"""Parts of cubes in vintages, and what was believed of each time, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.cubes import Part, close_part, first_known, read_believed, read_parts, write_part
from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.observations import Observed, write_observations
from caspian_env.catalog.reference import series_id
from tests.catalog.conftest import START, add_granule

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


def part(year: int, sha256: str) -> Part:
    return Part(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC), sha256 * 64, 10, sha256 * 64, 3)


def written(catalog: Catalog, one: Part, moment: datetime) -> datetime:
    with catalog.write() as connection:
        return write_part(connection, "gauge", one, known_at_moment=moment, run_id=1)


def known(catalog: Catalog, as_of: datetime | None = None) -> list[tuple[int, str]]:
    with catalog.read() as connection:
        return [(row.period_start.year, row.sha256[0]) for row in read_parts(connection, "gauge", as_of=as_of)]


def test_a_new_part_closes_the_old_one(prepared: Catalog) -> None:
    written(prepared, part(2023, "a"), START)
    written(prepared, part(2024, "b"), START)
    assert written(prepared, part(2024, "c"), START + DAY) == START + DAY
    assert known(prepared) == [(2023, "a"), (2024, "c")]
    assert known(prepared, START) == known(prepared, START + DAY - TICK) == [(2023, "a"), (2024, "b")]
    assert known(prepared, START + DAY) == [(2023, "a"), (2024, "c")]
    assert known(prepared, START - TICK) == []
    with prepared.read() as connection:
        assert first_known(connection, "gauge") == START
        assert first_known(connection, "another") is None


def test_a_part_may_end_without_another(prepared: Catalog) -> None:
    written(prepared, part(2024, "a"), START)
    with prepared.write() as connection:
        close_part(connection, "gauge", part(2024, "a").period_start, known_at_moment=START + DAY)
    assert (known(prepared), known(prepared, START)) == ([], [(2024, "a")])


def test_no_vintage_is_empty(prepared: Catalog) -> None:
    written(prepared, part(2024, "a"), START)
    assert written(prepared, part(2024, "b"), START) == START + TICK
    assert (known(prepared, START), known(prepared)) == ([(2024, "a")], [(2024, "b")])


def test_two_open_vintages_of_a_part_are_impossible(prepared: Catalog) -> None:
    written(prepared, part(2024, "a"), START)
    with pytest.raises(sa.exc.IntegrityError), prepared.write() as connection:
        values = {name: getattr(part(2024, "b"), name) for name in Part.__slots__}
        connection.execute(
            sa.insert(t.cube_part).values(dataset_id="gauge", known_from=START + DAY, run_id=1, **values)
        )
    assert known(prepared) == [(2024, "a")]


def test_a_failed_write_changes_nothing(prepared: Catalog) -> None:
    written(prepared, part(2024, "a"), START)
    with pytest.raises(RuntimeError), prepared.write() as connection:
        write_part(connection, "gauge", part(2024, "b"), known_at_moment=START + DAY, run_id=1)
        raise RuntimeError("the process ends here")
    assert known(prepared) == [(2024, "a")]


def test_what_was_believed_is_one_row_for_all_regions(prepared: Catalog) -> None:
    with prepared.write() as connection:
        connection.execute(sa.insert(t.location).values(id="bay", title="bay", kind="region", source="test"))
        granules = [add_granule(connection, digit * 64) for digit in "bc"]
        for place, values in (("sea", (1.0, 2.0)), ("bay", (1.0, 1.0))):
            series = series_id(
                connection, dataset="gauge", variable="level", location=place, resolution="P1D", datum="BS77"
            )
            for value, granule, moment in zip(values, granules, (START, START + DAY), strict=True):
                write_observations(
                    connection, series, [Observed(START, value, None, 1, "final")], known_at=moment,
                    granule_id=granule, run_id=1, whole_record=False,
                )  # fmt: skip
    with prepared.read() as connection:
        believed = [(row.sha256[0], row.known_from, row.known_to) for row in read_believed(connection, "gauge")]
        assert read_believed(connection, "another") == []
    # The sea was revised and the bay was not: of the older granule one row was closed and one is open.
    assert sorted(believed, key=str) == sorted(
        [("b", START, START + DAY), ("b", START, None), ("c", START + DAY, None)], key=str
    )
