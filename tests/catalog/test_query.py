from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.query import ask, open_reader
from caspian_env.catalog.sql_files import view_files
from caspian_env.errors import CatalogError

from .conftest import START


def test_answers_with_parameters(prepared: Catalog) -> None:
    answer = ask(prepared, "SELECT dataset_id, datum FROM v_series WHERE unit = :unit", {"unit": "m"})
    assert (answer.columns, list(answer.rows), answer.truncated) == (
        ("dataset_id", "datum"),
        [("gauge", "BS77")],
        False,
    )


def test_says_when_it_cuts(prepared: Catalog) -> None:
    answer = ask(prepared, "SELECT id FROM datum ORDER BY id", limit=1)
    assert (answer.rows, answer.truncated) == ([("BS77",)], True)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM series",
        "INSERT INTO datum (id, title, source) VALUES ('x', 'x', 'x')",
        "DROP VIEW v_run",
        "CREATE TABLE mine (n integer)",
        "-- harmless?\n DELETE FROM series",
    ],
)
def test_nothing_can_be_changed(prepared: Catalog, statement: str) -> None:
    with pytest.raises(CatalogError, match="only"):
        ask(prepared, statement)
    assert ask(prepared, "SELECT count(*) FROM series").rows == [(1,)]


def test_a_file_cannot_be_attached_or_written(prepared: Catalog, tmp_path: Path) -> None:
    target = tmp_path / "stolen.db"
    for statement in (f"ATTACH DATABASE '{target}' AS other", f"VACUUM INTO '{target}'", f"COPY series TO '{target}'"):
        with pytest.raises(CatalogError):
            ask(prepared, statement)
    assert not target.exists()


def test_a_question_that_never_ends_is_ended(prepared: Catalog) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(CatalogError, match="longer than"):
        ask(prepared, endless, seconds=0.5)


def test_a_wrong_statement_is_explained_in_one_line(prepared: Catalog) -> None:
    with pytest.raises(CatalogError) as caught:
        ask(prepared, "SELECT everything FROM v_nowhere")
    assert "v_nowhere" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_comments_and_quotes_hold_no_parameters(prepared: Catalog) -> None:
    question = "-- as of :as_of\nSELECT 'a:b' AS x, /* :y */ ':z' AS \"q:r\", '-- no' AS n, '%' AS p WHERE 1 = :one"
    answer = ask(prepared, question, {"one": 1})
    assert (answer.columns, answer.rows) == (("x", "q:r", "n", "p"), [("a:b", ":z", "-- no", "%")])


@pytest.mark.parametrize(
    "moment",
    ["2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 04:00+04:00", date(2024, 1, 1), START, datetime(2024, 1, 1)],
)
def test_times_mean_the_same_on_both_databases(prepared: Catalog, moment: object) -> None:
    found = ask(prepared, "SELECT known_at FROM retrieval WHERE known_at <= :t AND known_at >= :t", {"t": moment})
    assert found.rows == [(START,)]


def test_numbers_mean_the_same_on_both_databases(prepared: Catalog) -> None:
    sums = "SELECT sum(size), avg(size), count(*), round(CAST(1.256 AS numeric), 2), 'yes' FROM granule"
    (row,) = ask(prepared, sums).rows
    assert row == (1, 1.0, 1, 1.26, "yes")
    assert [type(cell) for cell in row] == [int, float, int, float, str]


def test_a_sqlite_file_is_opened_read_only(prepared: Catalog) -> None:
    if prepared.file is None:
        pytest.skip("a question of SQLite")
    reader = open_reader(prepared.engine.url.render_as_string(hide_password=False))
    with reader.read() as connection, pytest.raises(sa.exc.OperationalError, match="readonly"):
        connection.exec_driver_sql("DELETE FROM series")
    with pytest.raises(CatalogError, match="no such database"):
        open_reader(f"sqlite:///{prepared.file.parent / 'nowhere.db'}")
    assert not (prepared.file.parent / "nowhere.db").exists()


def test_reading_sees_what_was_just_written(prepared: Catalog) -> None:
    with prepared.write() as connection:
        connection.execute(sa.text("INSERT INTO datum (id, title, source) VALUES ('x', 'x', 'x')"))
    assert ask(prepared, "SELECT count(*) FROM datum").rows == [(3,)]


@pytest.mark.parametrize("view", [name for name, _ in view_files()])
def test_every_view_passes_the_guard(prepared: Catalog, view: str) -> None:
    assert ask(prepared, f"SELECT * FROM {view}").columns


def test_no_schema_or_function_of_the_system_can_be_changed_or_called(prepared: Catalog) -> None:
    for statement in ("SELECT load_extension('x')", "WITH x AS (SELECT 1) DELETE FROM series", "PRAGMA query_only=OFF"):
        with pytest.raises(CatalogError):
            ask(prepared, statement)
