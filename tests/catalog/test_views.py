"""Every view is documented, column by column, and the documentation is in the database where that is possible."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.sql_files import documentation, view_files

FILES = dict(view_files())
CONTRACTS = {
    "v_observation": "dataset_id variable_id location_id time value unit std_uncertainty qc_flag status datum known_from "
    "known_to granule_sha256 url run_id",
    "v_indicator": "indicator_id method_version location_id period_start period_end value unit std_uncertainty ci_low "
    "ci_high ci_level n_valid n_expected status confidence datum qc_flag licence known_from known_to run_id",
    "v_lineage": "indicator_id location_id period_start period_end argument dataset_id granule_sha256 url retrieved_at "
    "run_id",
    "v_revision": "dataset_id variable_id location_id time old_value new_value kind known_at",
}
RESERVED = {
    "references", "order", "group", "limit", "table", "default", "check", "all", "primary", "when", "then", "case",
    "from", "to", "window", "end", "user", "offset", "column", "analyse", "desc", "asc", "cast", "grant", "natural",
    "values", "index", "transaction", "commit",
}  # fmt: skip


def columns(catalog: Catalog, view: str) -> list[str]:
    with catalog.read() as connection:
        return list(connection.execute(sa.text(f"SELECT * FROM {view}")).keys())


@pytest.mark.parametrize("view", FILES)
def test_every_column_is_documented_and_no_other(catalog: Catalog, view: str) -> None:
    summary, described = documentation(FILES[view])
    assert FILES[view].startswith(f"-- {view}: ")
    assert summary
    assert set(described) == set(columns(catalog, view))
    assert all(described.values()), [name for name, meaning in described.items() if not meaning]
    assert not set(described) & RESERVED


@pytest.mark.parametrize("view", CONTRACTS)
def test_first_columns_are_a_contract(catalog: Catalog, view: str) -> None:
    promised = CONTRACTS[view].split()
    assert columns(catalog, view)[: len(promised)] == promised


@pytest.mark.parametrize("view", ["v_observation", "v_indicator"])
def test_a_history_keeps_the_contract(catalog: Catalog, view: str) -> None:
    promised = CONTRACTS[view].split()
    assert columns(catalog, f"{view}_history")[: len(promised)] == promised


def test_postgresql_knows_the_documentation(catalog: Catalog) -> None:
    if catalog.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no comments")
    inspector = sa.inspect(catalog.engine)
    for view, text in FILES.items():
        summary, described = documentation(text)
        assert inspector.get_table_comment(view)["text"] == summary
        assert {column["name"]: column["comment"] for column in inspector.get_columns(view)} == described


def test_a_meaning_may_go_on_in_the_next_line() -> None:
    text = "-- v_x: what it is.\n--   a, b   first\n--          and second\n-- more on all\n--   c    third\nCREATE VIEW v_x"
    assert documentation(text) == ("what it is.", {"a": "first and second", "b": "first and second", "c": "third"})
