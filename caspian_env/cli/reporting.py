"""Commands on reports that are not frozen: the bulletin, any report as known now, and what differs from an earlier day."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import MOMENTS, AsJson, AsOf, Cite, Config, Home, Out, ScheduledFor, app, past_of, utc_of
from caspian_env.cli.show import print_json, progress_bar, show_files, show_table

report = typer.Typer(
    help="Build reports, freeze them as numbered editions, and check whether their numbers still hold."
)
app.add_typer(report, name="report")


Languages = Annotated[
    list[str] | None, typer.Option("--language", help="A language, repeatable; all of the report by default.")
]
Formats = Annotated[
    list[str] | None,
    typer.Option("--format", help="html, csv, parquet, netcdf, pdf or cite, repeatable; html and csv by default."),
]


@report.callback(invoke_without_command=True)
def bulletin(
    context: typer.Context,
    out: Out = None,
    as_of: AsOf = None,
    scheduled_for: ScheduledFor = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Build the bulletin from what the catalog knows, or knew; the commands below do more."""
    if context.invoked_subcommand is not None:
        return
    from caspian_env.errors import AlreadyDone
    from caspian_env.workflows.report import write_bulletin

    with opened(home, config) as platform:
        folder = out or platform.settings.reports
        try:
            files = write_bulletin(platform, folder, as_of=past_of(as_of), scheduled_for=utc_of(scheduled_for))
        except AlreadyDone as done:
            typer.echo(str(done))
            return
    show_files(files)


@report.command()
def build(
    names: Annotated[list[str] | None, typer.Argument(help="Reports of seeds/reports.yaml or of your own.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All reports, in every format that is installed.")] = False,
    language: Languages = None,
    formats: Formats = None,
    group_by: Annotated[
        str | None, typer.Option("--group-by", help="Numbers by theme, sdg, tehran, gcos or wmo.", show_default=False)
    ] = None,
    cite: Cite = False,
    as_of: AsOf = None,
    out: Out = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Write reports as known now, or at a date, without freezing them."""
    from caspian_env.errors import SettingsError
    from caspian_env.workflows.build_reports import build_reports
    from caspian_env.workflows.report_files import all_formats, with_citations

    if bool(names) == every:
        raise SettingsError("report build", "needs the names of reports or --all", "name one, e.g. bulletin")
    wanted = formats or (all_formats() if every else ())
    with opened(home, config) as platform, progress_bar() as progress:
        files = build_reports(
            platform, out or platform.settings.reports, names or (), languages=language or (),
            formats=with_citations(wanted, cite), as_of=past_of(as_of), group_by=group_by,
            progress=progress,
        )  # fmt: skip
    show_files(files)


@report.command()
def since(
    name: Annotated[str, typer.Argument(help="A report of seeds/reports.yaml or of your own.")],
    day: Annotated[datetime, typer.Argument(formats=MOMENTS, metavar="DATE", help="The earlier day, UTC.")],
    as_of: AsOf = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List what a report of an earlier day differs by from today's: new editions, new targets, and what else."""
    from caspian_env.workflows.report_since import since as compare

    then = past_of(day, "DATE") or day
    with opened(home, config) as platform:
        found = compare(platform, name, then, past_of(as_of))
    if as_json:
        print_json(found.as_dict())
        return
    show_table(
        ("new edition", f"on {day:%F}", "now", "numbers"),
        [(one.dataset_id, one.then or "none", one.now or "none", one.n_numbers) for one in found.editions],
    )
    for what, names in (
        ("new target", found.new_targets),
        ("ended target", found.ended_targets),
        ("reported number", found.reported),
    ):
        for one in names:
            typer.echo(f"{what}: {one}")
    mark = "; reconstructed from archived editions" if found.reconstructed else ""
    typer.echo(f"{found.n_same} numbers are the same, {len(found.other)} differ for another reason{mark}")
