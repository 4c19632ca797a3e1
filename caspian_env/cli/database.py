"""Commands on the database itself: db status, db upgrade, db grant-reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from caspian_env.cli.options import AsJson, Config, Home, app
from caspian_env.cli.show import print_json, show_table

if TYPE_CHECKING:
    from caspian_env.catalog.engine import Catalog

db = typer.Typer(help="Look after the database: its schema, its size, and who may read it.", no_args_is_help=True)
app.add_typer(db, name="db")


@contextmanager
def _opened(home: Path | None, config: Path | None) -> Iterator[Catalog]:
    from caspian_env.catalog.engine import open_catalog
    from caspian_env.catalog.query import open_reader
    from caspian_env.settings import load_settings

    url = load_settings(config=config, home=home).database_url
    open_reader(url).dispose()  # refuses a file that is not there, where opening it would make an empty one
    catalog = open_catalog(url)
    try:
        yield catalog
    finally:
        catalog.dispose()


@db.command()
def status(home: Home = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show the schema revision beside the newest one, the size, and how many rows each table has."""
    from dataclasses import asdict

    from caspian_env.catalog.migrate import status as status_of

    with _opened(home, config) as catalog:
        found = status_of(catalog)
    if as_json:
        print_json(asdict(found) | {"up_to_date": found.revision == found.head})
        return
    state = "up to date" if found.revision == found.head else "caspian-env db upgrade brings it up to date"
    typer.echo(f"database  {found.name} ({found.backend}, {found.size / 1e6:.1f} MB)")
    typer.echo(f"schema    {found.revision or 'none'}, newest {found.head}: {state}")
    rows: list[tuple[Any, ...]] = sorted(found.rows.items())
    show_table(("table", "rows"), rows, right=("rows",))


@db.command()
def upgrade(home: Home = None, config: Config = None) -> None:
    """Bring the schema to this version; a SQLite file is copied first. `run` and `init` do it by themselves."""
    from caspian_env.catalog import migrate

    with _opened(home, config) as catalog:
        before = migrate.upgrade(catalog)
        after = migrate.current_revision(catalog)
    if before == after:
        typer.echo(f"schema {after}: nothing to do")
        return
    typer.echo(f"schema {before or 'none'} → {after}")
    if before and catalog.file:
        typer.echo(f"the database as it was: {migrate.backup_file(catalog.file, before)}")


@db.command()
def grant_reader(
    name: Annotated[str, typer.Argument(help="Name of the role.")],
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", help="File whose first line is the password.", exists=True, dir_okay=False),
    ] = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Make a PostgreSQL role that can read the documented views and nothing else, or bring it up to date."""
    from caspian_env.catalog.migrate import require_current
    from caspian_env.catalog.roles import grant_reader as grant
    from caspian_env.errors import SettingsError

    password = password_file.read_text(encoding="utf-8").partition("\n")[0].strip() if password_file else None
    if password == "":
        raise SettingsError(str(password_file), "its first line is empty", "write the password there")
    with _opened(home, config) as catalog:
        require_current(catalog)
        new = grant(catalog, name, password)
    typer.echo(f"{name} {'can now read' if new else 'reads'} the documented views (v_…), and nothing else")
    if new and password is None:
        typer.echo("it has no password yet; --password-file FILE sets one")
