"""caspian-env db: status, upgrade and grant-reader, as a person types them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.migrate import backup_file, newest_revision, upgrade
from caspian_env.cli import main


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def opened(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setenv("CASPIAN_ENV_DATABASE_URL", empty_database_url)
    opened = open_catalog(empty_database_url)
    yield opened
    opened.dispose()


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, error = capsys.readouterr()
    return int(ended.value.code or 0), out, error


def test_status_of_a_catalog(opened: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    upgrade(opened)
    code, out, _ = said(capsys, "db", "status")
    assert code == 0
    assert f"schema    {newest_revision()}, newest {newest_revision()}: up to date" in out
    assert "observation" in out
    code, out, _ = said(capsys, "db", "status", "--json")
    found = json.loads(out)
    assert found["backend"] == opened.engine.dialect.name
    assert found["up_to_date"] is True
    assert found["size"] > 10_000
    assert found["rows"]["observation"] == 0


def test_upgrade_says_where_the_copy_is(opened: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    upgrade(opened, "0001")
    assert "db upgrade brings it up to date" in said(capsys, "db", "status")[1]
    code, out, _ = said(capsys, "db", "upgrade")
    assert (code, f"schema 0001 → {newest_revision()}" in out) == (0, True)
    if opened.file:
        assert str(backup_file(opened.file, "0001")) in out.replace("\n", "")
        assert backup_file(opened.file, "0001").is_file()
    assert "nothing to do" in said(capsys, "db", "upgrade")[1]


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["status"], ["upgrade"], ["grant-reader", "reader"]):
        code, _, error = said(capsys, "db", *command, "--home", str(tmp_path / "home"))
        assert (code, "there is no such database" in error) == (1, True)
    assert not (tmp_path / "home").exists()


def test_grant_reader(opened: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    upgrade(opened)
    name, secret = f"cli_{uuid.uuid4().hex[:12]}", tmp_path / "secret"
    secret.write_text("to be guessed\nnot this\n", encoding="utf-8")
    if opened.file:
        code, _, error = said(capsys, "db", "grant-reader", name)
        assert (code, "has no roles" in error, "read-only" in error) == (1, True, True)
        return
    code, out, _ = said(capsys, "db", "grant-reader", name)
    assert (code, "nothing else" in out, "no password yet" in out) == (0, True, True)
    code, out, error = said(capsys, "db", "grant-reader", name, "--password-file", str(secret))
    assert (code, "guessed" in out + error, "no password" in out) == (0, False, False)
    reader = sa.create_engine(opened.engine.url.set(username=name), poolclass=sa.NullPool)
    with reader.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM v_run").scalar() == 0
    with opened.write() as connection:
        connection.exec_driver_sql(f"DROP ROLE {name}")


def test_an_empty_password_is_refused(opened: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret").write_text("\n", encoding="utf-8")
    code, _, error = said(capsys, "db", "grant-reader", "reader", "--password-file", str(tmp_path / "secret"))
    assert (code, "first line is empty" in error) == (2, True)
