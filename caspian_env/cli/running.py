"""Commands that change something: init, run, ingest, compute.

Workflows are imported when a command runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from caspian_env.cli.options import (
    AsJson,
    Config,
    Home,
    KnownAt,
    Mirror,
    Only,
    Out,
    ScheduledFor,
    WindowText,
    app,
    known_at_of,
    utc_of,
    window_of,
)
from caspian_env.cli.show import print_json, progress_bar, show_outcomes, show_summary, show_told

DEMO_HOME = Path("caspian-demo")


@app.command()
def init(home: Home = None, config: Config = None) -> None:
    """Create the home, the database and a settings file to edit."""
    from caspian_env.settings import FILE_NAME, load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.seed import seed

    target = config or Path(FILE_NAME)
    settings = load_settings(config=config if target.exists() else None, home=home)
    with open_platform(settings) as platform:
        rows = seed(platform)
    if target.exists():
        typer.echo(f"settings are in {target}, which was left as it is")
    else:
        target.touch(mode=0o600)  # it will hold keys
        target.write_text(_settings_text(settings.home), encoding="utf-8")
        typer.echo(f"wrote {target}: put a contact and your keys there")
    typer.echo(f"catalog ready ({rows} reference rows added or changed); next: caspian-env run")


@app.command()
def run(
    mirror: Mirror = None,
    only: Only = None,
    window: WindowText = None,
    out: Out = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Run on a mirror of synthetic files, in a home of its own.")
    ] = False,
    known_at: KnownAt = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Do the main job: migrate, seed, collect what is due, compute what changed, build the bulletin, tell alerts."""
    from caspian_env.errors import DatabaseUnusable, SettingsError
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.alerts import tell_at_the_end
    from caspian_env.workflows.run import run as run_all

    if demo:
        if mirror or only or window or known_at or config:
            raise SettingsError(
                "--demo", "has a mirror, a home and settings of its own", "give only --home, --out, --json"
            )
        _run_demo(home, out, as_json)
        return
    settings = load_settings(config=config, mirror=mirror, home=home)
    with open_platform(settings) as platform, progress_bar(quiet=as_json) as progress:
        try:
            summary = run_all(
                platform, only=only or (), window=window_of(window), out=out, known_at=known_at_of(known_at),
                progress=progress,
            )  # fmt: skip
        except (DatabaseUnusable, SettingsError):
            raise  # nothing can be judged, or nothing was begun
        except Exception:
            with suppress(Exception):  # the error that broke the run off is the one to show
                tell_at_the_end(platform)
            raise
        told = tell_at_the_end(platform)
        catalog = platform.catalog
    if as_json:
        print_json(summary.as_dict() | {"alerts": told.as_dict()})
    else:
        show_summary(summary, catalog, home.absolute() if home else None)
        show_told(told, to_somebody=bool(settings.smtp_url or settings.webhook_url))
    raise typer.Exit(summary.exit_code)  # whoever could not be told has a line; it says nothing of what was collected


@app.command()
def ingest(
    datasets: Annotated[
        list[str] | None, typer.Argument(help="Datasets to collect; all active ones by default.")
    ] = None,
    mirror: Mirror = None,
    window: WindowText = None,
    known_at: KnownAt = None,
    scheduled_for: ScheduledFor = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Collect datasets without computing or reporting."""
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.outcome import exit_code
    from caspian_env.workflows.run import collect

    settings = load_settings(config=config, mirror=mirror, home=home)
    with open_platform(settings) as platform, progress_bar(quiet=as_json) as progress:
        outcomes = collect(
            platform, only=datasets or (), window=window_of(window), known_at=known_at_of(known_at),
            scheduled_for=utc_of(scheduled_for), progress=progress,
        )  # fmt: skip
    if as_json:
        print_json([outcome.as_dict() for outcome in outcomes])
    else:
        show_outcomes(outcomes)
    raise typer.Exit(exit_code(outcomes))


@app.command()
def compute(
    indicators: Annotated[list[str] | None, typer.Argument(help="Indicators to compute; all by default.")] = None,
    cubes: Annotated[bool, typer.Option("--cubes", help="Build the cubes that changed first.")] = False,
    known_at: KnownAt = None,
    scheduled_for: ScheduledFor = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Compute the indicators whose inputs, parameters or method changed, and those declared since."""
    from caspian_env.catalog.migrate import require_current
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.compute import compute as compute_all
    from caspian_env.workflows.cube import build_cubes
    from caspian_env.workflows.outcome import exit_code
    from caspian_env.workflows.seed import seed

    settings = load_settings(config=config, home=home)
    known, due = known_at_of(known_at), utc_of(scheduled_for)
    with open_platform(settings) as platform, progress_bar(quiet=as_json) as progress:
        require_current(platform.catalog)
        seed(platform)  # an indicator declared since the last collection is not in the catalog yet
        built = [build_cubes(platform, known_at=known, scheduled_for=due, progress=progress)] if cubes else []
        outcome = compute_all(
            platform, only=set(indicators or ()), known_at=known, scheduled_for=due, progress=progress
        )
    if as_json:
        print_json([o.as_dict() for o in (*built, outcome)] if cubes else outcome.as_dict())
    else:
        show_outcomes([*built, outcome])
    raise typer.Exit(exit_code([*built, outcome]))


def _run_demo(home: Path | None, out: Path | None, as_json: bool) -> None:
    from caspian_env.catalog.engine import open_catalog
    from caspian_env.settings import SYNTHETIC_DATABASE_NAME, Settings
    from caspian_env.workflows.demo import run_demo

    # Not the configured home or database: synthetic and real data never meet.
    where = (home or DEMO_HOME).absolute()
    settings = Settings(home=where, database_url=f"sqlite:///{where / SYNTHETIC_DATABASE_NAME}")
    with progress_bar(quiet=as_json) as progress:
        summaries = run_demo(settings, out=out, progress=progress)
    if as_json:
        print_json([summary.as_dict() for summary in summaries])
    else:
        for number, summary in enumerate(summaries, start=1):
            what = "as published first" if number == 1 else "as the providers revised it later, into the same catalog"
            typer.echo(f"SYNTHETIC DEMONSTRATION DATA, edition {number} of {len(summaries)}: {what}")
            show_summary(summary, open_catalog(settings.database_url), where)
    raise typer.Exit(max(summary.exit_code for summary in summaries))


def _settings_text(home: Path) -> str:
    # A JSON text is a TOML text too.
    return f"""# Settings of caspian-env; every one can also be given as CASPIAN_ENV_<NAME>.
home = {json.dumps(str(home), ensure_ascii=False)}
# database_url = "postgresql://user@host/caspian"
# mirror = "https://mirror.example.org/providers"
contact = ""            # an e-mail address, named to providers in the User-Agent

[keys]                  # keys of sources; caspian-env datasets tells how to get each
# DAHITI_KEY = ""
"""
