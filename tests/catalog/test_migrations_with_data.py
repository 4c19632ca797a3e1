"""Every migration with rows in every table, up, down and up again: nothing is lost, and the schema comes out the same."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from caspian_env.catalog import migrate
from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.migrate import backup_file, current_revision, newest_revision, status, upgrade
from caspian_env.catalog.sql_files import view_files
from caspian_env.catalog.tables import metadata
from caspian_env.errors import CatalogError
from caspian_env.settings import data_folder

from .rows_everywhere import content, fill

Content = Mapping[str, list[Mapping[str, Any]]]
MIGRATIONS = data_folder("migrations")


def _revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


@pytest.fixture
def opened(empty_database_url: str) -> Iterator[Catalog]:
    opened = open_catalog(empty_database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def add_revision(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Let the migrations end with one more, whose upgrade does as told."""

    def add(body: str) -> None:
        folder = tmp_path / "migrations"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        head = f'revision = "9999"\ndown_revision = "{_revisions()[-1]}"\n'
        script = f"import sqlalchemy as sa\nfrom alembic import op\n{head}\n\ndef upgrade():\n    {body}\n"
        (folder / "versions" / "9999_one_more.py").write_text(script, encoding="utf-8")
        monkeypatch.setattr(migrate, "data_folder", lambda _name: folder)

    return add


def filled(catalog: Catalog) -> Content:
    with catalog.write() as connection:
        fill(connection)
    return read(catalog)


def read(catalog: Catalog) -> Content:
    with catalog.read() as connection:
        return content(connection)


def settled(found: Content) -> Content:
    """With the runs of before 0003 as that migration leaves them: it closes those that were open, which had no lease."""
    ended = {"status": "failed", "error": "", "finished_at": ""}
    runs = [row | ended if row["status"] == "running" or row["id"] == 1 else row for row in found["run"]]
    return {**found, "run": runs}


def shared(left: Content, right: Content) -> tuple[Content, Content]:
    """Both contents, cut to the tables and columns that both have."""
    tables = left.keys() & right.keys()

    def cut(one: Content, other: Content) -> Content:
        columns = {name: one[name][0].keys() & other[name][0].keys() for name in tables if one[name] and other[name]}
        return {
            name: sorted(
                ({k: v for k, v in row.items() if k in columns.get(name, ())} for row in one[name]),
                key=lambda row: str(sorted(row.items())),
            )
            for name in tables
        }

    return cut(left, right), cut(right, left)


def things(catalog: Catalog) -> dict[str, set[str]]:
    """Names of the views and triggers."""
    with catalog.read() as connection:
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            found = connection.exec_driver_sql("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        return {"views": set(sa.inspect(connection).get_view_names()), "triggers": set(found.scalars())}


def schema(catalog: Catalog) -> dict[str, set[str]]:
    """The definition of every table and index of a SQLite file, as a set of its clauses."""
    with catalog.read() as connection:
        found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index')")
        return {name: _clauses(text) for name, text in found if text}


def _clauses(definition: str) -> set[str]:
    text = " ".join(definition.replace('"', "").split()).replace("DEFAULT ('')", "DEFAULT ''")
    head, _, rest = text.partition("(")
    body, _, tail = rest.rpartition(")")
    depth, pieces = 0, [""]
    for sign in body:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += sign
    return {head.strip(), tail.strip(), *(piece.strip() for piece in pieces)}


@pytest.mark.parametrize("revision", _revisions())
def test_up_down_and_up_again_loses_nothing(opened: Catalog, revision: str) -> None:
    upgrade(opened, revision)
    before = filled(opened)
    assert all(len(rows) == 3 for rows in before.values())
    for step in ("head", revision, "head"):
        upgrade(opened, step)
        after = read(opened)
        assert before.keys() <= after.keys()
        then, now = shared(settled(before), settled(after))
        assert then == now
    assert current_revision(opened) == newest_revision()


def test_every_table_is_filled_at_the_head(opened: Catalog) -> None:
    upgrade(opened)
    assert filled(opened).keys() == metadata.tables.keys()
    assert set(status(opened).rows.values()) == {3}


def test_views_and_triggers_go_and_come_back(opened: Catalog) -> None:
    upgrade(opened)
    filled(opened)
    whole = things(opened)
    assert whole["views"] == {name for name, _ in view_files()}
    assert whole["triggers"]
    upgrade(opened, _revisions()[0])
    assert things(opened) == {"views": set(), "triggers": set()}
    upgrade(opened)
    assert things(opened) == whole


def test_the_triggers_guard_the_old_rows_after_an_upgrade(opened: Catalog) -> None:
    upgrade(opened, _revisions()[0])
    filled(opened)
    upgrade(opened)
    with pytest.raises(sa.exc.DBAPIError, match="cannot be deleted"), opened.write() as connection:
        connection.exec_driver_sql("DELETE FROM observation")


def test_an_upgraded_sqlite_file_has_the_schema_of_a_new_one(tmp_path: Path) -> None:
    new, old = (open_catalog(f"sqlite:///{tmp_path / name}.db") for name in ("new", "old"))
    upgrade(new)
    upgrade(old)
    filled(old)
    for step in [*reversed(_revisions()), "head"]:
        upgrade(old, step)
    assert schema(old) == schema(new)
    definition = schema(new)
    assert "WITHOUT ROWID" in definition["observation"]
    assert "WHERE known_to IS NULL" in definition["uq_observation_open"]
    assert any("ck_observation_qc_flag_known" in clause for clause in definition["observation"])
    for catalog in (new, old):
        catalog.dispose()


def test_recreating_every_table_on_sqlite_keeps_schema_and_rows(
    tmp_path: Path, add_revision: Callable[[str], None]
) -> None:
    catalog = open_catalog(f"sqlite:///{tmp_path / 'caspian.db'}")
    upgrade(catalog)
    rows, before, whole = filled(catalog), schema(catalog), things(catalog)
    add_revision(
        "for name in " + repr(sorted(metadata.tables)) + ":\n"
        '        with op.batch_alter_table(name, recreate="always"):\n            pass'
    )
    upgrade(catalog)
    assert read(catalog) == rows
    assert schema(catalog) == before
    assert things(catalog) == whole
    catalog.dispose()


def test_children_survive_the_recreation_of_their_parent(tmp_path: Path, add_revision: Callable[[str], None]) -> None:
    """With enforcement on, dropping the old parent deletes its rows, and a cascade takes the children along in silence."""
    catalog = open_catalog(f"sqlite:///{tmp_path / 'caspian.db'}")
    upgrade(catalog)
    filled(catalog)
    with catalog.write() as connection:
        child = "CREATE TABLE remark (id INTEGER, variable_id VARCHAR REFERENCES variable (id) ON DELETE CASCADE)"
        connection.exec_driver_sql(child)
        connection.exec_driver_sql("INSERT INTO remark SELECT 1, id FROM variable")
    catalog.dispose()

    # What happens otherwise: the same steps as a batch recreation takes, with enforcement on.
    shutil.copy(tmp_path / "caspian.db", tmp_path / "careless.db")
    with closing(sqlite3.connect(tmp_path / "careless.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("CREATE TABLE note_book (id INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO note_book VALUES (1)")
        connection.execute("CREATE TABLE page (id INTEGER REFERENCES note_book (id) ON DELETE CASCADE)")
        connection.execute("INSERT INTO page VALUES (1)")
        connection.execute("CREATE TABLE again AS SELECT * FROM note_book")
        connection.execute("DROP TABLE note_book")
        connection.execute("ALTER TABLE again RENAME TO note_book")
        assert connection.execute("SELECT count(*) FROM note_book").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM page").fetchone() == (0,)

    add_revision('with op.batch_alter_table("variable", recreate="always"):\n        pass')
    upgrade(catalog)
    assert status(catalog).rows["remark"] == 3
    with catalog.read() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    catalog.dispose()


def test_the_copy_made_before_an_upgrade_opens_and_holds_everything(tmp_path: Path) -> None:
    file, first = tmp_path / "caspian.db", _revisions()[0]
    catalog = open_catalog(f"sqlite:///{file}")
    upgrade(catalog, first)
    before = filled(catalog)
    assert upgrade(catalog) == first
    copy = open_catalog(f"sqlite:///{backup_file(file, first)}")
    assert backup_file(file, first).is_file()
    assert read(copy) == before
    assert current_revision(copy) == first
    upgrade(copy)
    assert read(copy) == read(catalog)
    for opened in (catalog, copy):
        opened.dispose()


UPGRADE = """
import sys, time
from contextlib import contextmanager
from pathlib import Path
from caspian_env.catalog import migrate
from caspian_env.catalog.engine import open_catalog

url, second_waits, role = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
copy, change = migrate.back_up, migrate.schema_change

def back_up(source, target):
    copy(source, target)
    print("copied", flush=True)
    while role == "first" and not second_waits.exists():
        time.sleep(0.02)
    return target

@contextmanager
def schema_change(catalog):
    if role == "second":
        second_waits.touch()
    with change(catalog) as connection:
        yield connection

migrate.back_up, migrate.schema_change = back_up, schema_change
print("came from", repr(migrate.upgrade(open_catalog(url))))
"""


def test_of_two_processes_that_upgrade_at_once_one_makes_the_copy(tmp_path: Path) -> None:
    file, first = tmp_path / "caspian.db", _revisions()[0]
    catalog = open_catalog(f"sqlite:///{file}")
    upgrade(catalog, first)
    before = filled(catalog)
    words = [sys.executable, "-c", UPGRADE, f"sqlite:///{file}", str(tmp_path / "waits")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    with subprocess.Popen([*words, "first"], stdout=subprocess.PIPE, text=True, env=environment) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == "copied\n"  # it holds the lock now
        two = subprocess.run([*words, "second"], capture_output=True, text=True, env=environment, timeout=120)
        assert one.stdout.read() == f"came from {first!r}\n"
    assert two.stdout == f"came from {newest_revision()!r}\n", two.stderr
    copy = open_catalog(f"sqlite:///{backup_file(file, first)}")
    assert (current_revision(copy), current_revision(catalog)) == (first, newest_revision())
    assert read(copy) == before
    for opened in (catalog, copy):
        opened.dispose()


FAILING = """op.add_column("run", sa.Column("mood", sa.String))
    op.execute("UPDATE variable SET note = 'gone'")
    with op.batch_alter_table("granule", recreate="auto") as batch:
        batch.drop_column("media_type")
    raise RuntimeError("half way")"""


def test_a_migration_that_fails_leaves_everything_as_it_was(
    opened: Catalog, add_revision: Callable[[str], None]
) -> None:
    upgrade(opened)
    head, rows, whole = current_revision(opened), filled(opened), things(opened)
    before = schema(opened) if opened.file else {}
    add_revision(FAILING)
    for _ in range(2):  # and trying again fails the same way, on no left-overs
        with pytest.raises(RuntimeError, match="half way"):
            upgrade(opened)
        assert (current_revision(opened), read(opened), things(opened)) == (head, rows, whole)
        assert not opened.file or schema(opened) == before
    if opened.file:
        with opened.read() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    add_revision('op.add_column("run", sa.Column("mood", sa.String))')
    assert upgrade(opened) == head
    assert {"mood"} <= read(opened)["run"][0].keys()


def test_a_migration_that_would_lose_rows_is_refused(opened: Catalog, add_revision: Callable[[str], None]) -> None:
    upgrade(opened)
    rows = filled(opened)
    add_revision('op.execute("DELETE FROM retrieval WHERE id = 1")')
    with pytest.raises(CatalogError, match="1 of retrieval"):
        upgrade(opened)
    assert read(opened) == rows


def test_a_migration_that_would_orphan_rows_is_refused(opened: Catalog, add_revision: Callable[[str], None]) -> None:
    upgrade(opened)
    rows = filled(opened)
    add_revision("op.execute(\"UPDATE series SET dataset_id = 'nowhere' WHERE id = 1\")")
    with pytest.raises((CatalogError, sa.exc.IntegrityError), match=r"without their parent|foreign key"):
        upgrade(opened)
    assert read(opened) == rows


def test_alembic_itself_migrates_as_safely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command

    file = tmp_path / "caspian.db"
    monkeypatch.setenv("CASPIAN_ENV_DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.chdir(tmp_path)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
    catalog = open_catalog(f"sqlite:///{file}")
    rows, whole = filled(catalog), things(catalog)
    assert whole["views"]
    command.downgrade(config, _revisions()[0])
    down = read(catalog)
    command.upgrade(config, "head")
    for left, right in ((rows, down), (down, read(catalog))):
        then, now = shared(settled(left), settled(right))
        assert then == now
    assert things(catalog) == whole
    catalog.dispose()
