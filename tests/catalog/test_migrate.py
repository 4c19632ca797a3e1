from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.migrate import current_revision, newest_revision, require_current, revisions, upgrade
from caspian_env.catalog.partial_indexes import metadata
from caspian_env.catalog.sql_files import view_files
from caspian_env.errors import CatalogError, NewerDatabase
from tests.command_line import ROOT


def names_of_views(catalog: Catalog) -> set[str]:
    return set(sa.inspect(catalog.engine).get_view_names())


def test_head_equals_the_tables_in_the_code(catalog: Catalog) -> None:
    def only_tables(_object, name, kind, reflected, _other) -> bool:
        return not (kind == "table" and name.startswith("v_"))

    with catalog.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": only_tables, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_view_is_there_and_answers(catalog: Catalog) -> None:
    assert names_of_views(catalog) == {name for name, _ in view_files()}
    with catalog.read() as connection:
        for name, _ in view_files():
            rows = connection.execute(sa.text(f"SELECT * FROM {name}")).all()
            assert rows == ([("schema_revision", newest_revision())] if name == "v_catalog" else [])


def test_the_revisions_are_those_of_alembic_in_its_order() -> None:
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    found = ScriptDirectory.from_config(config).walk_revisions()
    assert [script.revision for script in found][::-1] == list(revisions())


def test_down_to_nothing_and_up_again(catalog: Catalog) -> None:
    upgrade(catalog, "base")
    assert set(sa.inspect(catalog.engine).get_table_names()) == {"alembic_version"}
    upgrade(catalog)
    require_current(catalog)


def test_a_second_upgrade_changes_nothing(catalog: Catalog) -> None:
    assert upgrade(catalog) == current_revision(catalog)


def test_a_database_of_a_newer_version_is_refused(catalog: Catalog) -> None:
    with catalog.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="9999"):
        upgrade(catalog)


def test_an_empty_database_is_refused_with_the_remedy(empty_database_url: str) -> None:
    opened = open_catalog(empty_database_url)
    with pytest.raises(CatalogError, match="caspian-env init"):
        require_current(opened)
    opened.dispose()


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(CatalogError, match="mysql"):
        open_catalog("mysql://user:secret@host/db")


def test_a_server_that_does_not_answer_is_a_clear_error_without_the_password() -> None:
    opened = open_catalog("postgresql+psycopg://user:secret@127.0.0.1:1/db")
    with pytest.raises(CatalogError, match="does not answer") as caught, opened.read():
        pass
    assert "secret" not in str(caught.value)
