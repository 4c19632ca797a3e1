"""The application object, and the options that several commands share."""

from __future__ import annotations

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
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Answer in CSV, with a commented header.")]
KnownAt = Annotated[
    datetime | None,
    typer.Option("--known-at", help="When this archived edition became known, UTC.", show_default=False),
]
AsOf = Annotated[datetime | None, typer.Option("--as-of", help="What was known then, UTC.", show_default=False)]
Region = Annotated[str | None, typer.Option("--region", help="Location id.", show_default=False)]


def window_of(text: str | None) -> Window | None:
    """The window named on the command line, if any."""
    return Window.parse(text) if text else None


def utc_of(moment: datetime | None) -> datetime | None:
    """A moment named on the command line, taken as UTC."""
    return as_utc(moment) if moment else None


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
