"""What is restored is what was backed up, from either kind of database into either, or nothing at all."""

from __future__ import annotations

import hashlib
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from caspian_env.archive import Archive
from caspian_env.catalog import dump
from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.health import missing_triggers, missing_views
from caspian_env.catalog.migrate import current_revision, newest_revision, upgrade
from caspian_env.errors import CaspianError, CatalogError, NewerDatabase
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, load_seeds, open_platform
from caspian_env.workflows import copying
from caspian_env.workflows.backup import backup, database_for, read_manifest, restore
from caspian_env.workflows.compute import compute
from caspian_env.workflows.copying import copy_database
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed
from tests.catalog.rows_everywhere import content, fill
from tests.workflows.synthetic_co2 import DATASET, co2_table, collect_edition, opened

NewUrl = Callable[[str], str]
KINDS = ("sqlite", "postgresql")


@pytest.fixture
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewUrl]:
    """Addresses of empty databases of either kind."""
    made: list[str] = []

    def make(kind: str) -> str:
        name = f"t{uuid.uuid4().hex}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name / 'caspian.db'}"
        import psycopg

        server = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        made.append(name)
        base, _, query = server.partition("?")
        return f"{base.rsplit('/', 1)[0].replace('postgresql://', 'postgresql+psycopg://', 1)}/{name}?{query}"

    yield make
    if made:
        import psycopg

        with psycopg.connect(request.getfixturevalue("postgres_server"), autocommit=True) as connection:
            for name in made:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def at(url: str, home: Path) -> Iterator[Platform]:
    home.mkdir(exist_ok=True)
    with open_platform(Settings(home=home, database_url=url)) as platform:
        yield platform


def rows(catalog: Catalog) -> dict[str, list[Any]]:
    """Every row of every table with its times as datetimes and its truths as truths, on both databases alike."""
    with catalog.read() as connection:
        plain = content(connection)
        return {
            layout.name: sorted(b"".join(dump.write_lines(connection, layout)).splitlines())
            for layout in dump.layouts()
            if layout.name in plain
        }


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_every_table_comes_back_row_by_row(new_url: NewUrl, tmp_path: Path, source: str, target: str) -> None:
    with at(new_url(source), tmp_path / "one") as one:
        if one.catalog.file:
            one.catalog.file.parent.mkdir()
        upgrade(one.catalog)
        with one.catalog.write() as connection:
            fill(connection)
        made = backup(one, tmp_path / "backup.zip")
        before = rows(one.catalog)
    assert set(made.rows.values()) == {3}
    with at(new_url(target), tmp_path / "two") as two:
        done = restore(two, tmp_path / "backup.zip")
        assert done.rows == made.rows
        assert rows(two.catalog) == before
        with two.catalog.read() as connection:
            assert missing_views(connection) == missing_triggers(connection) == []
        with two.catalog.write() as connection:  # numbers go on after those that were loaded
            added = sa.text(
                "INSERT INTO granule (dataset_id, sha256, size, state) SELECT id, 'x', 1, 'accepted' FROM dataset"
            )
            connection.execute(added)
            assert connection.execute(sa.text("SELECT max(id) FROM granule")).scalar_one() == 6


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_a_catalog_is_copied_row_by_row(new_url: NewUrl, tmp_path: Path, source: str, target: str) -> None:
    url, told = new_url(target), list[tuple[str, int, int]]()
    with opened(new_url(source), tmp_path) as one:
        collect_edition(one, co2_table(36))
        collect_edition(one, co2_table(36, {5: 0.3}))
        done = copy_database(one, url, progress=lambda *step: told.append(step))
        before = rows(one.catalog)
    assert done.rows == {name: len(lines) for name, lines in before.items()}
    assert (told[0][0], told[-1]) == ("copy", ("compare", sum(done.rows.values()), sum(done.rows.values())))
    with open_platform(replace(one.settings, database_url=url)) as two:
        assert rows(two.catalog) == before
        again = ingest(two, two.seeds.datasets[DATASET])
        assert (again.unchanged, again.written) == (1, 0)
        with pytest.raises(CatalogError, match="is not empty"):
            copy_database(two, url)
        with two.catalog.write() as connection, pytest.raises(sa.exc.DBAPIError, match="cannot be changed"):
            connection.execute(sa.text("UPDATE observation SET value = 0"))


@pytest.mark.parametrize("target", KINDS)
def test_a_copy_that_differs_is_none(
    new_url: NewUrl, tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_url(target)
    read_back = copying._read_back

    def other(connection: Any, layout: Any) -> tuple[int, str]:
        if layout.name == "observation":
            connection.execute(sa.text("UPDATE observation SET value = value + 1"))
        return read_back(connection, layout)

    monkeypatch.setattr(copying, "_read_back", other)
    with opened(new_url("sqlite"), tmp_path) as one:
        collect_edition(one, co2_table(36))
        with pytest.raises(CatalogError, match=r"72 of 72 rows of observation.*nothing was copied"):
            copy_database(one, url)
        monkeypatch.undo()
        copy_database(one, url)  # it is still empty


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_a_restored_catalog_goes_on_where_the_other_stopped(
    new_url: NewUrl, tmp_path: Path, source: str, target: str
) -> None:
    with opened(new_url(source), tmp_path) as one:
        collect_edition(one, co2_table(36))
        collect_edition(one, co2_table(36, {5: 0.3}))
        backup(one, tmp_path / "backup.zip")
    settings = replace(one.settings, database_url=new_url(target))
    with open_platform(settings) as two:
        assert restore(two, tmp_path / "backup.zip").missing == ()
        again = ingest(two, two.seeds.datasets[DATASET])
        assert (again.unchanged, again.written) == (1, 0)
        assert compute(two, only={"co2_mean_1y", "co2_growth_1y"}).unchanged == 2
        assert collect_edition(two, co2_table(48)).first == 24
        with two.catalog.write() as connection, pytest.raises(sa.exc.DBAPIError, match="cannot be changed"):
            connection.execute(sa.text("UPDATE observation SET value = 0"))


def test_the_same_content_is_the_same_text_on_both(new_url: NewUrl, tmp_path: Path) -> None:
    hashes = []
    for kind in KINDS:
        with at(new_url(kind), tmp_path / kind) as platform:
            if platform.catalog.file:
                platform.catalog.file.parent.mkdir()
            upgrade(platform.catalog)
            with platform.catalog.write() as connection:
                fill(connection)
            backup(platform, tmp_path / f"{kind}.zip")
        hashes.append({table["name"]: table["sha256"] for table in read_manifest(tmp_path / f"{kind}.zip")["tables"]})
    assert hashes[0] == hashes[1]


@pytest.fixture
def saved(database_url: str, tmp_path: Path) -> tuple[Path, Settings]:
    """A backup of a small catalog, and the settings it was made with."""
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(36))
        backup(platform, tmp_path / "backup.zip")
    return tmp_path / "backup.zip", platform.settings


def test_a_database_that_holds_something_is_left_alone(saved: tuple[Path, Settings]) -> None:
    with open_platform(saved[1]) as platform:
        before = rows(platform.catalog)
        with pytest.raises(CatalogError, match="is not empty"):
            restore(platform, saved[0])
        assert rows(platform.catalog) == before


def test_a_backup_is_never_written_over(saved: tuple[Path, Settings]) -> None:
    with open_platform(saved[1]) as platform, pytest.raises(CaspianError, match="is there already"):
        backup(platform, saved[0])
    with open_platform(saved[1]) as platform, pytest.raises(CaspianError, match="cannot be written"):
        backup(platform, saved[0] / "below" / "a-file.zip")
    assert not list(saved[0].parent.glob("*.partial"))


def rewritten(file: Path, target: Path, change: Callable[[str, bytes], bytes]) -> Path:
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target


def spoil(name: str, text: bytes) -> bytes:
    return text.replace(b"350.", b"351.", 1) if name == "tables/observation.jsonl" else text


def cut(name: str, text: bytes) -> bytes:
    return text[: text.index(b"\n") + 1] if name == "tables/observation.jsonl" else text


def garble(name: str, text: bytes) -> bytes:
    return text[:-20] if name == "tables/observation.jsonl" else text


def orphan(name: str, text: bytes) -> bytes:
    return b"" if name == "tables/granule.jsonl" else text


@pytest.mark.parametrize("change", [spoil, cut, garble, orphan])
def test_a_backup_that_was_tampered_with_restores_nothing(
    saved: tuple[Path, Settings], new_url: NewUrl, tmp_path: Path, change: Callable[[str, bytes], bytes]
) -> None:
    kind = "sqlite" if saved[1].database_url.startswith("sqlite") else "postgresql"
    wrong = rewritten(saved[0], tmp_path / "wrong.zip", change)
    with at(new_url(kind), tmp_path / "two") as platform:
        with pytest.raises(CaspianError):
            restore(platform, wrong)
        if platform.catalog.file:
            assert not platform.catalog.file.exists()
        else:
            with platform.catalog.read() as connection:
                assert not any(content(connection).values())
        restore(platform, saved[0])  # and the database can still be used


@pytest.mark.parametrize("at_byte", [2_000, 4_000, -300])
def test_a_backup_with_a_broken_byte_restores_nothing(
    saved: tuple[Path, Settings], tmp_path: Path, at_byte: int
) -> None:
    damaged = bytearray(saved[0].read_bytes())
    damaged[at_byte] ^= 0xFF
    (tmp_path / "wrong.zip").write_bytes(damaged)
    with at(f"sqlite:///{tmp_path / 'two.db'}", tmp_path / "two") as platform, pytest.raises(CaspianError):
        restore(platform, tmp_path / "wrong.zip")


@pytest.mark.parametrize("change", [spoil, garble, orphan])
def test_a_refused_restore_leaves_no_file_behind(
    saved: tuple[Path, Settings], tmp_path: Path, change: Callable[[str, bytes], bytes]
) -> None:
    wrong = rewritten(saved[0], tmp_path / "wrong.zip", change)
    home = tmp_path / "new" / "home"
    with open_platform(Settings(home=home, database_url=f"sqlite:///{home / 'db' / 'caspian.db'}")) as platform:
        with pytest.raises(CaspianError):
            restore(platform, wrong)
        assert not (tmp_path / "new").exists()
        assert restore(platform, saved[0]).rows
        before = rows(platform.catalog)
        with pytest.raises(CatalogError, match="is not empty"):
            restore(platform, saved[0])
        assert rows(platform.catalog) == before


def test_what_is_no_backup_is_named_so(tmp_path: Path) -> None:
    with pytest.raises(CaspianError, match="does not exist"):
        read_manifest(tmp_path / "none.zip")
    (tmp_path / "text.zip").write_text("no archive", encoding="utf-8")
    with pytest.raises(CaspianError, match="no whole backup"):
        read_manifest(tmp_path / "text.zip")


def test_a_backup_of_a_newer_version_is_refused(saved: tuple[Path, Settings], tmp_path: Path) -> None:
    def newer(name: str, text: bytes) -> bytes:
        return json.dumps(json.loads(text) | {"revision": "9999"}).encode() if name == "manifest.json" else text

    wrong = rewritten(saved[0], tmp_path / "newer.zip", newer)
    with (
        at(f"sqlite:///{tmp_path / 'two.db'}", tmp_path / "two") as platform,
        pytest.raises(NewerDatabase, match="9999"),
    ):
        restore(platform, wrong)


def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    saved: tuple[Path, Settings], new_url: NewUrl, tmp_path: Path
) -> None:
    """As if it had been written at the oldest schema of which backups are made: without what came later."""
    oldest = "0003"
    early = open_catalog(f"sqlite:///{tmp_path / 'early.db'}")
    upgrade(early, oldest)
    with early.read() as connection:
        inspector = sa.inspect(connection)
        had = {name: {column["name"] for column in inspector.get_columns(name)} for name in inspector.get_table_names()}
    early.dispose()
    columns = {table["name"]: table["columns"] for table in read_manifest(saved[0])["tables"]}

    def before(name: str, text: bytes) -> bytes:
        table = name.removeprefix("tables/").removesuffix(".jsonl")
        if table not in columns:
            return text
        kept = [place for place, column in enumerate(columns[table]) if column in had.get(table, ())]
        lines = ([row[place] for place in kept] for row in map(json.loads, text.splitlines()))
        return b"".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for line in lines)

    def older(name: str, text: bytes) -> bytes:
        if name != "manifest.json":
            return before(name, text)
        manifest = json.loads(text)
        tables = [table for table in manifest["tables"] if table["name"] in had]
        with zipfile.ZipFile(saved[0]) as backup:
            for table in tables:
                for part in ("columns", "times", "booleans"):
                    table[part] = [column for column in table[part] if column in had[table["name"]]]
                member = f"tables/{table['name']}.jsonl"
                table["sha256"] = hashlib.sha256(before(member, backup.read(member))).hexdigest()
        return json.dumps(manifest | {"revision": oldest, "tables": tables}).encode()

    kind = "sqlite" if saved[1].database_url.startswith("sqlite") else "postgresql"
    old = rewritten(saved[0], tmp_path / "older.zip", older)
    with at(new_url(kind), tmp_path / "two") as platform, open_platform(saved[1]) as one:
        restore(platform, old)
        assert current_revision(platform.catalog) == newest_revision()
        seed(platform)  # the newer columns of the reference tables come from the seeds
        assert rows(platform.catalog) == rows(one.catalog)
        with platform.catalog.read() as connection:
            assert missing_views(connection) == missing_triggers(connection) == []


def test_bytes_that_the_archive_lacks_are_named(saved: tuple[Path, Settings], tmp_path: Path) -> None:
    with at(f"sqlite:///{tmp_path / 'two.db'}", tmp_path / "two") as platform:
        (missing,) = restore(platform, saved[0]).missing
    assert (missing.dataset_id, missing.url) == (DATASET, "https://gml.noaa.gov/webdata/ccgg/trends/co2/co2_mm_mlo.csv")
    with zipfile.ZipFile(saved[0]) as archive:
        (line,) = archive.read("archive.jsonl").splitlines()
    assert json.loads(line) == {
        "dataset_id": DATASET, "sha256": missing.sha256, "size": missing.size, "needed": True, "present": True,
    }  # fmt: skip
    assert Archive(saved[1].archive).open(missing.sha256).stat().st_size == missing.size


def test_synthetic_data_stay_apart(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url=f"sqlite:///{tmp_path / 'home' / 'caspian.db'}")
    assert database_for(settings, {"synthetic": False}) == settings
    assert database_for(settings, {"synthetic": True}).database_url.endswith("home/caspian-synthetic.db")
    elsewhere = replace(settings, database_url="sqlite:///elsewhere.db")
    assert database_for(elsewhere, {"synthetic": True}) == elsewhere


def test_others_write_while_a_backup_is_made(new_url: NewUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backup shows one moment, although rows come while it is written."""
    with opened(new_url("postgresql"), tmp_path) as platform:
        collect_edition(platform, co2_table(24))
        real, late = dump.write_lines, datetime(2001, 1, 1, tzinfo=UTC)

        def interrupted(connection: Any, layout: dump.Layout) -> Iterator[bytes]:
            if layout.name == "observation":
                other = open_catalog(platform.settings.database_url)
                with other.write() as writing:
                    row = sa.text("INSERT INTO catalog_property (name, value) VALUES ('late', :value)")
                    writing.execute(row, {"value": late.isoformat()})
                    writing.execute(sa.text("INSERT INTO alert (rule, subject, severity, message, raised_at, first_seen,"
                                            " last_seen) VALUES ('a', 'b', 'note', 'c', now(), now(), now())"))  # fmt: skip
                other.dispose()
            yield from real(connection, layout)

        monkeypatch.setattr("caspian_env.workflows.backup.write_lines", interrupted)
        made = backup(platform, tmp_path / "backup.zip")
    assert made.rows["alert"] == 0
    assert made.rows["dataset"] == len(load_seeds().datasets)
