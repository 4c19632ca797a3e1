"""One synthetic catalog on each database, built once for all that documents it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from .demonstration_catalog import build_catalog, write_mirrors


@pytest.fixture(scope="session")
def documentation_mirrors(tmp_path_factory: pytest.TempPathFactory) -> dict[datetime, Path]:
    return write_mirrors(tmp_path_factory.mktemp("documentation-mirrors"))


@pytest.fixture(scope="session")
def documentation_file(documentation_mirrors: dict[datetime, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("documentation-home")
    build_catalog(documentation_mirrors, f"sqlite:///{home / 'caspian-synthetic.db'}", home)
    return home / "caspian-synthetic.db"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def documentation_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the catalog, once on each kind of database."""
    if request.param == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('documentation_file')}"
        return
    import psycopg

    server = request.getfixturevalue("postgres_server")
    name = f"docs{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    base, _, query = server.partition("?")
    url = base.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://", 1) + f"/{name}"
    url = f"{url}?{query}" if query else url
    build_catalog(request.getfixturevalue("documentation_mirrors"), url, tmp_path_factory.mktemp("documentation-pg"))
    yield url
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
