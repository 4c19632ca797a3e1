"""Commands on quality flags: qc set, qc clear, qc list, qc check.

Workflows are imported when a command runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from caspian_env.cli.options import AsJson, AsOf, Config, Home, Region, app, utc_of
from caspian_env.cli.show import print_json, say, show_table

if TYPE_CHECKING:
    from caspian_env.catalog.quality import Requalified

qc = typer.Typer(
    help="Quality flags set by a person, with name and reason, and checks between datasets.", no_args_is_help=True
)
app.add_typer(qc, name="qc")

DatasetId = Annotated[str, typer.Argument(help="Dataset id.", show_default=False)]
Time = Annotated[datetime, typer.Argument(help="Time of the value, UTC, as `series` shows it.", show_default=False)]
Flag = Annotated[
    int, typer.Argument(min=1, max=4, help="1 good, 2 not evaluated, 3 suspect, 4 fail.", show_default=False)
]
By = Annotated[str, typer.Option("--by", help="Your name.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="Why, for those who come after.", show_default=False)]
VariableId = Annotated[str | None, typer.Option("--variable", help="Variable id.", show_default=False)]
DatumId = Annotated[str | None, typer.Option("--datum", help="Datum id.", show_default=False)]


@qc.command("set")
def set_(
    dataset: DatasetId,
    time: Time,
    flag: Flag,
    by: By,
    reason: Reason,
    region: Region = None,
    variable: VariableId = None,
    datum: DatumId = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Set the flag of one value by hand; it stands, also for later editions, until somebody clears it."""
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.quality import Address, override

    with open_platform(load_settings(config=config, home=home)) as platform:
        address = Address(dataset, time, variable, region, datum)
        changed = override(platform, address, flag, by=by, reason=reason)
    _tell(dataset, time, changed)


@qc.command()
def clear(
    dataset: DatasetId,
    time: Time,
    by: By,
    reason: Reason,
    region: Region = None,
    variable: VariableId = None,
    datum: DatumId = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Give one value back the flag of its tests."""
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.quality import Address, clear

    with open_platform(load_settings(config=config, home=home)) as platform:
        changed = clear(platform, Address(dataset, time, variable, region, datum), by=by, reason=reason)
    _tell(dataset, time, changed)


@qc.command("list")
def list_(
    history: Annotated[bool, typer.Option("--history", help="All that were ever set or cleared.")] = False,
    as_of: AsOf = None,
    as_json: AsJson = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """List the flags that persons have set: on what, by whom, why, since when."""
    from caspian_env.catalog.migrate import require_current
    from caspian_env.catalog.quality import read_overrides
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform

    with open_platform(load_settings(config=config, home=home)) as platform:
        require_current(platform.catalog)
        with platform.catalog.read() as connection:
            rows = read_overrides(connection, as_of=utc_of(as_of), history=history)
    if as_json:
        print_json(rows)
    elif not rows:
        typer.echo("no flag is set by hand")
    else:
        columns = ("dataset_id", "location_id", "datum_id", "time", "value", "qc_flag", "qc_tests", "set_by", "reason",
                   "known_from", "known_to")  # fmt: skip
        show_table(columns, [[row[name] for name in columns] for row in rows], right=("value", "qc_flag"))


@qc.command()
def check(as_json: AsJson = False, home: Home = None, config: Config = None) -> None:
    """Compare datasets that should agree; exit code 3 where one lies outside of what the seeds allow."""
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.outcome import OK, PARTIAL
    from caspian_env.workflows.quality import agreements

    with open_platform(load_settings(config=config, home=home)) as platform:
        found = agreements(platform)
    columns = ("dataset", "against", "location", "year", "difference", "low", "high", "holds")
    rows = [[getattr(one, name) for name in columns] for one in found]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif not rows:
        typer.echo("no year is known of both datasets of any comparison")
    else:
        show_table(columns, rows, right=columns[3:7])
    raise typer.Exit(OK if all(one.holds for one in found) else PARTIAL)


def _tell(dataset: str, time: datetime, changed: Requalified) -> None:
    say(
        f"{dataset} {time:%Y-%m-%dT%H:%M:%S}: value {changed.value:g}, flag {changed.old_flag} -> {changed.new_flag}"
        f" (tests {changed.qc_tests or 'not recorded'}), known from {changed.known_from:%Y-%m-%dT%H:%M:%S.%fZ}"
    )
    say("next: caspian-env compute brings the indicators up to date; caspian-env qc list shows what is set")
