"""Commands on editions, which are frozen reports: make one, correct it, and see later whether its numbers still hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import AsJson, AsOf, Cite, Config, Home, Out, ScheduledFor, past_of, utc_of
from caspian_env.cli.reporting import Formats, Languages, report
from caspian_env.cli.show import print_json, progress_bar, say, show_files, show_outcomes, show_table

if TYPE_CHECKING:
    from caspian_env.workflows.check_report import Checked
    from caspian_env.workflows.freeze import Frozen

PARTIAL = 3

Edition = Annotated[str, typer.Argument(help="Name of an edition; report list names them.")]
Allow = Annotated[
    list[str] | None,
    typer.Option("--allow", help="What may be frozen although it should not: REASON or REASON:SUBJECT; recorded."),
]


@report.command("list")
def listed(home: Home = None, config: Config = None, as_json: AsJson = False) -> None:
    """Name the editions that were frozen, oldest first."""
    from dataclasses import asdict

    from caspian_env.catalog.report_editions import read_editions

    with opened(home, config) as platform, platform.catalog.read() as connection:
        editions = read_editions(connection)
    if as_json:
        print_json([asdict(edition) for edition in editions])
    elif not editions:
        typer.echo("no report was frozen yet; caspian-env report freeze NAME does it")
    else:
        rows = [(e.id, e.as_of, e.frozen_at, e.languages, e.corrects, e.reason) for e in editions]
        show_table(("edition", "as known on", "frozen", "languages", "corrects", "why"), rows)


@report.command()
def freeze(
    name: Annotated[str, typer.Argument(help="A report of seeds/reports.yaml or of your own.")],
    as_of: AsOf = None,
    allow: Allow = None,
    language: Languages = None,
    formats: Formats = None,
    cite: Cite = False,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Store what a report prints and its files as a numbered edition that never changes."""
    from caspian_env.workflows.freeze import freeze as freeze_report
    from caspian_env.workflows.report_files import with_citations

    wanted = with_citations(formats or (), cite)
    with opened(home, config) as platform, progress_bar(quiet=as_json) as progress:
        frozen = freeze_report(
            platform, name, as_of=past_of(as_of), allow=allow or (), languages=language or (), formats=wanted,
            progress=progress,
        )  # fmt: skip
    _show_frozen(frozen, as_json)


@report.command()
def erratum(
    edition: Edition,
    reason: Annotated[str, typer.Option("--reason", help="What was wrong, in one sentence; it is printed.")],
    as_of: AsOf = None,
    allow: Allow = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Freeze the report again as a numbered correction of an edition."""
    from caspian_env.workflows.freeze import correct

    with opened(home, config) as platform, progress_bar(quiet=as_json) as progress:
        frozen = correct(
            platform, edition, reason=reason, as_of=past_of(as_of), allow=allow or (), progress=progress
        )  # fmt: skip
    _show_frozen(frozen, as_json)


@report.command()
def check(
    edition: Annotated[str | None, typer.Argument(help="Name of an edition.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every edition.")] = False,
    as_of: AsOf = None,
    scheduled_for: ScheduledFor = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the printed numbers that have moved; 3 if there are any, or if a file is not what was frozen."""
    from caspian_env.errors import AlreadyDone, SettingsError
    from caspian_env.workflows.check_report import check as check_edition
    from caspian_env.workflows.check_report import check_all

    if (edition is not None) == every:
        raise SettingsError("report check", "needs the name of an edition or --all", "caspian-env report list")
    with opened(home, config) as platform:
        if edition is not None:
            one = check_edition(platform, edition, as_of=past_of(as_of))
            print_json(one.as_dict()) if as_json else _show_checked(one)
            raise typer.Exit(0 if one.holds else PARTIAL)
        try:
            outcome, found = check_all(platform, scheduled_for=utc_of(scheduled_for))
        except AlreadyDone as done:
            typer.echo(str(done))
            return
    if as_json:
        print_json([one.as_dict() for one in found])
    else:
        show_outcomes([outcome])
    raise typer.Exit(PARTIAL if outcome.problems else 0)


@report.command()
def rebuild(
    edition: Edition, out: Out = None, home: Home = None, config: Config = None, as_json: AsJson = False
) -> None:
    """Print an edition again as of its vintage and compare every byte; 3 if any differs."""
    from caspian_env.workflows.rebuild import rebuild as rebuild_edition

    with opened(home, config) as platform:
        made = rebuild_edition(platform, edition, out=out)
    if as_json:
        print_json(made.as_dict())
    else:
        typer.echo(f"{edition}: {len(made.same)} of {len(made.same) + len(made.different)} files are the same bytes")
        for name in made.different:
            typer.echo(f"! {name} is not what was frozen")
        for cause in made.causes:
            say(f"  because: {cause}")
        show_files(made.written)
    raise typer.Exit(0 if made.is_same else PARTIAL)


@report.command()
def diff(
    old: Edition,
    new: Annotated[str, typer.Argument(help="The edition to compare it with.")],
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what one edition printed otherwise than another."""
    from caspian_env.workflows.rebuild import diff as compare

    with opened(home, config) as platform:
        found = compare(platform, old, new)
    if as_json:
        print_json(found.as_dict())
        return
    for moved in found.moved:
        say(moved.sentence)
    for name, which in ((old, found.only_old), (new, found.only_new)):
        if which:
            say(f"only in {name}: {len(which)} entries ({', '.join(which[:3])}{' …' if len(which) > 3 else ''})")
    for what, (was, now) in found.made_by.items():
        typer.echo(f"{what}: {was} against {now}")
    typer.echo(f"{len(found.moved)} numbers moved from {old} to {new}")


def _show_frozen(frozen: Frozen, as_json: bool) -> None:
    if as_json:
        print_json(frozen.as_dict())
        return
    edition = frozen.edition
    typer.echo(f"frozen {edition.id}, as known on {edition.as_of:%F %T} UTC: {frozen.n_values} numbers")
    show_files([frozen.folder / name for name in frozen.files])
    say(f"cite      {edition.citation}")
    typer.echo(f"next: caspian-env report check {edition.id}")


def _show_checked(found: Checked) -> None:
    for one in found.moved:
        say(one.sentence)
    for line in found.damaged:
        say(f"! {line}")
    if found.answered:
        say(f"{len(found.answered)} refused then have a number now, e.g. {found.answered[0]}")
    say(found.sentence)
    if found.corrected_by:
        typer.echo(f"corrected by {found.corrected_by}")
    elif found.moved:
        typer.echo(f'next: caspian-env report erratum {found.edition.id} --reason "…"')
