"""The application object, and the options that several commands share."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from caspian_env.model import Window, as_utc
from caspian_env.settings import VERSION

app = typer.Typer(
    help="Environmental monitoring data of the Caspian Sea: collected, computed, reported, and never overwritten.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# ISO 8601, with the T or a space, with or without a fraction and a zone, as the platform itself prints its times.
MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"] + [
    f"%Y-%m-%d{between}%H:%M:%S{fraction}{zone}" for between in "T " for fraction in ("", ".%f") for zone in ("", "%z")
]


def moment_of(text: str) -> datetime:
    """A day or moment as it is written on the command line; a wrong call says how one is written."""
    for form in MOMENTS:
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 - without a zone it is UTC, see `utc_of`
    raise typer.BadParameter(f"{text!r} is no day or moment; write for example 2024-11-11 or 2024-11-11T06:00")


Home = Annotated[
    Path | None, typer.Option("--home", help="Folder of archive, reports and database.", show_default=False)
]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).", show_default=False)]
Mirror = Annotated[
    str | None,
    typer.Option("--mirror", help="Folder or base address to read instead of the providers.", show_default=False),
]
Only = Annotated[list[str] | None, typer.Option("--only", help="Datasets to collect, one or more.", show_default=False)]
WindowText = Annotated[
    str | None, typer.Option("--window", help="Valid time START/END, END excluded.", show_default=False)
]
Out = Annotated[Path | None, typer.Option("--out", help="Folder to write into.", show_default=False)]
Cite = Annotated[bool, typer.Option("--cite", help="Write how to cite it and its sources: BibTeX, CSL-JSON, plain.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Answer in CSV, with a commented header.")]
KnownAt = Annotated[
    datetime | None,
    typer.Option(
        "--known-at",
        help="When this archived edition became known, UTC; a date means its 00:00. Oldest first.",
        parser=moment_of,
        metavar="DATE",
        show_default=False,
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        help="What was known then, UTC; a date without a time means that day at 00:00.",
        parser=moment_of,
        metavar="DATE",
        show_default=False,
    ),
]
ScheduledFor = Annotated[
    datetime | None,
    typer.Option(
        "--scheduled-for",
        help="The due time that is executed, UTC; done at most once. The scheduler sets it.",
        parser=moment_of,
        metavar="TIME",
        show_default=False,
    ),
]
Region = Annotated[str | None, typer.Option("--region", help="Location id.", show_default=False)]


def window_of(text: str | None) -> Window | None:
    """The window named on the command line, if any."""
    return Window.parse(text) if text else None


def utc_of(moment: datetime | None) -> datetime | None:
    """A moment named on the command line, taken as UTC."""
    return as_utc(moment) if moment else None


def past_of(moment: datetime | None, name: str = "--as-of") -> datetime | None:
    """The day or moment whose knowledge is asked for, UTC; refused where it has not come yet.

    Raises
    ------
    SettingsError
        When it is later than now: nobody knows what will be known then.
    """
    if moment is None:
        return None
    from caspian_env.errors import SettingsError
    from caspian_env.wiring import now

    asked, here = as_utc(moment), now()
    if asked > here:
        problem = f"{asked:%F %H:%M} UTC is in the future; it is {here:%F %H:%M} UTC"
        raise SettingsError(name, problem, "name a day that has come, or leave it out for what is known now")
    return asked


def known_at_of(moment: datetime | None) -> datetime | None:
    """When an edition became known, refused before anything is begun where that is later than now."""
    if moment is None:
        return None
    from caspian_env.wiring import now
    from caspian_env.workflows.editions import known_by

    return known_by(moment, now())


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"caspian-env {VERSION}")
        raise typer.Exit


@app.callback()
def caspian_env(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Environmental monitoring data of the Caspian Sea: collected, computed, reported, and never overwritten."""
