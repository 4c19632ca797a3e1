"""Commands that keep what was collected: archive verify and prune, db backup, restore, copy and mend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from caspian_env.cli.database import db
from caspian_env.cli.opening import opened
from caspian_env.cli.options import AsJson, Config, Home, app
from caspian_env.cli.show import print_json, progress_bar, say, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caspian_env.workflows.backup import Account

MANY = 20
archive = typer.Typer(help="Look after the archived bytes: are they whole, and what may go.", no_args_is_help=True)
app.add_typer(archive, name="archive")


@archive.command()
def verify(home: Home = None, config: Config = None, as_json: AsJson = False) -> None:
    """Read every archived granule again and compare its sha256; 1 if one is missing or damaged."""
    from caspian_env.workflows.archive_upkeep import verify as verify_all

    with opened(home, config) as platform, progress_bar(quiet=as_json) as progress:
        found = verify_all(platform, progress=progress)
    if as_json:
        print_json(found.as_dict())
    else:
        if found.damages:
            rows = [(d.dataset_id, d.sha256, d.problem, d.url) for d in found.damages]
            show_table(("dataset", "sha256", "problem", "came from"), rows)
        typer.echo(
            f"{found.n_granules} granules ({_size(found.n_bytes)}) read; {len(found.damages)} missing or damaged"
        )
        if found.damages:
            typer.echo(
                "next: put the files back from a copy of the archive; or delete what is damaged, and "
                "caspian-env ingest DATASET --window START/END fetches what is missing, if the provider still has it"
            )
    raise typer.Exit(1 if found.damages else 0)


@archive.command()
def prune(
    yes: Annotated[bool, typer.Option("--yes", help="Remove the files; without it they are only named.")] = False,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Name, or with --yes remove, what the policy in seeds/retention.yaml lets go; never what a value rests on."""
    from caspian_env.workflows.archive_upkeep import prune as prune_files

    with opened(home, config) as platform:
        found = prune_files(platform, yes=yes)
    if as_json:
        print_json(found.as_dict())
        return
    if found.removable:
        shown = found.removable if len(found.removable) <= MANY else found.removable[:MANY]
        show_table(("file", "size", "why"), [(r.path.name, _size(r.size), r.why) for r in shown], right=("size",))
        if len(shown) < len(found.removable):
            typer.echo(f"… and {len(found.removable) - len(shown)} more (--json names them all)")
    did = "were removed" if found.removed else "would be removed; --yes does it"
    typer.echo(f"the archive holds {found.n_files} files, {_size(found.n_bytes)}")
    typer.echo(f"{len(found.removable)} files, {_size(found.freed)}, {did}")


@db.command()
def backup(
    file: Annotated[Path, typer.Argument(help="New file to write.")],
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole catalog to one file that SQLite and PostgreSQL can both be restored from."""
    from caspian_env.workflows.backup import backup as write

    with opened(home, config) as platform:
        made = write(platform, file)
    _show_account(made, as_json, f"wrote {file} ({_size(file.stat().st_size)})")


@db.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `db backup` wrote.")],
    into: Annotated[
        Path | None, typer.Option("--into", help="Home to restore into; as --home.", show_default=False)
    ] = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Fill an empty database from a backup and compare every row; 3 if the archive lacks bytes that it names."""
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.backup import database_for, read_manifest
    from caspian_env.workflows.backup import restore as read_back

    settings = database_for(load_settings(config=config, home=into or home), read_manifest(file))
    with open_platform(settings) as platform:
        done = read_back(platform, file)
        name = platform.catalog.name
    _show_account(done, as_json, f"restored {name} from {file}; every row was read back and compared")
    raise typer.Exit(3 if done.missing else 0)


@db.command()
def copy(
    target: Annotated[
        str | None, typer.Argument(help="Address of a new, empty database, as in CASPIAN_ENV_DATABASE_URL.")
    ] = None,
    address_file: Annotated[
        Path | None,
        typer.Option(
            "--address-file",
            help="File whose first line is the address; for one with a password.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Copy the whole catalog into an empty database of either kind, and compare every row."""
    from caspian_env.workflows.copying import copy_database

    address = _address(target, address_file)
    with opened(home, config) as platform, progress_bar(quiet=as_json) as progress:
        done = copy_database(platform, address, progress=progress)
    if as_json:
        print_json(done.as_dict())
        return
    typer.echo(f"copied {done.source} to {done.target}")
    typer.echo(f"schema {done.revision}, {sum(done.rows.values())} rows, every one read back and compared")
    say("next: name the new database in CASPIAN_ENV_DATABASE_URL; archive, cubes and reports stay in this home")


@db.command()
def mend(home: Home = None, config: Config = None) -> None:
    """Put the documented views and the guarding triggers back as this version has them."""
    from caspian_env.catalog.migrate import schema_change

    with opened(home, config) as platform, schema_change(platform.catalog):
        pass
    typer.echo("views and triggers are in place")


def _show_account(account: Account, as_json: bool, first_line: str) -> None:
    if as_json:
        print_json(account.as_dict())
        return
    typer.echo(first_line)
    typer.echo(f"schema {account.revision}, written {account.created_at}, {sum(account.rows.values())} rows")
    typer.echo(f"archive   {account.n_granules} granules are named, {len(account.missing)} of them are missing")
    if account.missing:
        show_table(("dataset", "sha256", "came from"), _few([(m.dataset_id, m.sha256, m.url) for m in account.missing]))
        if len(account.missing) > MANY:
            typer.echo(f"… and {len(account.missing) - MANY} more (--json names them all)")
        typer.echo("copy the archive folder that belongs to this catalog, or one that is newer")


def _address(target: str | None, file: Path | None) -> str:
    """The one address that was given, and not with its password where everybody can read it."""
    from caspian_env.errors import SettingsError

    if (target is None) == (file is None):
        raise SettingsError("db copy", "needs one address", "name it, or the --address-file in which it stands")
    if file is not None:
        return file.read_text(encoding="utf-8").partition("\n")[0].strip()
    address = str(target)
    if address.partition("://")[2].rpartition("@")[0].partition(":")[2] or "password=" in address:
        problem = "names a password, which everybody on this machine could read in the list of processes"
        raise SettingsError("db copy", problem, "put the address into a file for --address-file, or use ~/.pgpass")
    if "://" not in address:
        remedy = "write postgresql://USER@HOST/NAME, or sqlite:///FILE for a file"
        raise SettingsError("db copy", f"{address} is no database address", remedy)
    return address


def _few(rows: Sequence[tuple[str, str, str | None]]) -> Sequence[tuple[str, str, str | None]]:
    return rows[:MANY]


def _size(size: float) -> str:
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= limit:
            return f"{size / limit:.1f} {unit}"
    return f"{size:.0f} bytes"
