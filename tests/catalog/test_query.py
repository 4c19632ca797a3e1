from __future__ import annotations

from pathlib import Path

import pytest

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.query import ask
from caspian_env.errors import CatalogError


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
