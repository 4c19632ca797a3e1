"""An edition is stored whole, once, and compared with what is known by the catalog itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.indicator_values import Computed, Used, read_indicator, write_indicator_values
from caspian_env.catalog.report_editions import (
    Edition,
    FileRow,
    NeedRow,
    PrintedRow,
    files_of,
    find_edition,
    known_of,
    needed_by_editions,
    needs_of,
    next_erratum,
    next_number,
    printed_in,
    read_editions,
    write_edition,
)
from caspian_env.errors import CatalogError

from .conftest import START
from .test_indicator_values import END, FIELDS

FROZEN = START + timedelta(days=400)
EDITION = Edition(
    id="bulletin-1", report_id="bulletin", number=1, title="Bulletin", languages="en", formats="html", as_of=FROZEN,
    frozen_at=FROZEN, allowed="[]", synthetic=False, template_hash="a" * 64, seeds_hash="b" * 64, code_version="0",
    drawn_by="{}", citation="nobody", run_id=1,
)  # fmt: skip
FILES = [FileRow("bulletin.html", "c" * 64, 12)]
NEEDS = [NeedRow("granule", "a" * 64, "gauge")]


def know(catalog: Catalog, known: datetime, **changes: object) -> str:
    """A vintage of the one value there is; its key."""
    result = Computed(START, END, FIELDS | changes, (Used("level", 1, START, END, known),))
    with catalog.write() as connection:
        write_indicator_values(connection, "sl_mean_1y", "sea", [result], known_at_moment=known, run_id=1)
        return str(read_indicator(connection, "sl_mean_1y")[0].id)


def printed(value_id: str) -> PrintedRow:
    return PrintedRow(
        printed_id="sl_mean_1y@sea@2024-01-01/2025-01-01", value_id=value_id, value=-28.1, std_uncertainty=0.03,
        ci_low=-28.2, ci_high=-28.0, ci_level=0.9, decimals=2, unit="m", printed="−28.10 m", reason=None,
    )  # fmt: skip


def freeze(catalog: Catalog, edition: Edition = EDITION) -> None:
    value_id = know(catalog, START)
    with catalog.write() as connection:
        write_edition(connection, edition, [printed(value_id)], FILES, NEEDS)


def test_an_edition_comes_back_as_it_was_written(prepared: Catalog) -> None:
    freeze(prepared)
    with prepared.read() as connection:
        assert find_edition(connection, "bulletin-1") == EDITION
        assert read_editions(connection, "bulletin") == read_editions(connection) == [EDITION]
        assert read_editions(connection, "other") == []
        assert files_of(connection, "bulletin-1") == FILES
        assert needs_of(connection, "bulletin-1") == NEEDS
        assert needed_by_editions(connection) == {"a" * 64}
        assert (next_number(connection, "bulletin"), next_number(connection, "other")) == (2, 1)
        (row,) = printed_in(connection, "bulletin-1")
        assert (row.printed, row.indicator_id, row.period_end, row.known_from) == ("−28.10 m", "sl_mean_1y", END, START)
        with pytest.raises(CatalogError, match="bulletin-9: is no edition"):
            find_edition(connection, "bulletin-9")


def test_what_is_known_of_a_printed_number_follows_its_vintages(prepared: Catalog) -> None:
    freeze(prepared)
    later = FROZEN + timedelta(days=1)
    know(prepared, later, value=-28.15)
    with prepared.read() as connection:
        name = "sl_mean_1y@sea@2024-01-01/2025-01-01"
        assert known_of(connection, "bulletin-1")[name].value == -28.15
        assert known_of(connection, "bulletin-1", as_of=FROZEN)[name].value == -28.1
        shown = connection.execute(sa.text("SELECT value, value_now FROM v_report_value")).one()
        assert tuple(shown) == (-28.1, -28.15)
        counts = connection.execute(sa.text("SELECT n_values, n_refusals, n_files, n_needed FROM v_report_edition"))
        assert tuple(counts.one()) == (1, 0, 1, 1)


def test_corrections_are_counted_by_the_edition_that_they_correct(prepared: Catalog) -> None:
    freeze(prepared)
    correction = replace(EDITION, id="bulletin-2", number=2, corrects="bulletin-1", erratum=1, reason="a wrong word")
    freeze(prepared, correction)
    with prepared.write() as connection:
        assert (next_erratum(connection, "bulletin-1"), next_erratum(connection, "bulletin-2")) == (2, 1)
    with pytest.raises(sa.exc.IntegrityError):
        freeze(prepared, replace(correction, id="bulletin-3", number=3))


@pytest.mark.parametrize("table", ["report_edition", "report_value", "report_file", "report_need"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET {} = {}"])
def test_nothing_of_an_edition_changes_or_goes(prepared: Catalog, table: str, statement: str) -> None:
    freeze(prepared)
    column = "id" if table == "report_edition" else "edition_id"
    with pytest.raises(sa.exc.DBAPIError, match=r"cannot be (changed|deleted)"), prepared.write() as connection:
        connection.exec_driver_sql(statement.format(table, column, column))


def test_nothing_is_added_to_an_edition(prepared: Catalog) -> None:
    freeze(prepared)
    with pytest.raises(sa.exc.DBAPIError, match="nothing can be added"), prepared.write() as connection:
        write_edition(connection, replace(EDITION, number=2), [], [FileRow("late.html", "d" * 64, 1)], [])


def test_a_writer_whose_run_is_over_freezes_nothing(prepared: Catalog) -> None:
    with prepared.write() as connection:
        connection.exec_driver_sql("UPDATE run SET status = 'ok'")
    with pytest.raises(sa.exc.DBAPIError, match="the run of this writer is over"), prepared.write() as connection:
        write_edition(connection, EDITION, [], FILES, [])
    with prepared.read() as connection:
        assert files_of(connection, "bulletin-1") == []


def test_parts_without_an_edition_are_not_stored(prepared: Catalog) -> None:
    with pytest.raises(sa.exc.IntegrityError), prepared.write() as connection:
        row = {"edition_id": "bulletin-1", "name": "a", "sha256": "a" * 64, "size": 1}
        connection.execute(sa.text("INSERT INTO report_file VALUES (:edition_id, :name, :sha256, :size)"), row)


def test_a_number_is_printed_from_a_vintage_that_exists(prepared: Catalog) -> None:
    with pytest.raises(sa.exc.IntegrityError), prepared.write() as connection:
        write_edition(connection, EDITION, [printed("f" * 32)], FILES, NEEDS)


def test_times_are_utc(prepared: Catalog) -> None:
    freeze(prepared)
    with prepared.read() as connection:
        assert find_edition(connection, "bulletin-1").as_of.tzinfo is UTC
