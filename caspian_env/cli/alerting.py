"""Commands on alerts: list, check, acknowledge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import AsJson, Config, Home, app
from caspian_env.cli.show import print_json, say, show_outcomes, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caspian_env.workflows.alerts import Say

alerts = typer.Typer(help="What somebody must be told: stale sources, failed runs, thresholds, large revisions.")
app.add_typer(alerts, name="alerts")


@alerts.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the alerts that go on; with --all those that are over, too."""
    if context.invoked_subcommand is not None:
        return
    from caspian_env.catalog.alerts import all_alerts, open_alerts

    with opened(home, config) as platform, platform.catalog.read() as connection:
        rows = all_alerts(connection) if every else open_alerts(connection)
    if as_json:
        print_json([dict(row._mapping) for row in rows])
    else:
        _show(rows, every=every)


@alerts.command()
def check(
    as_logs: Annotated[
        bool, typer.Option("--as-logs", help="Say nothing but new alerts, as log entries. The service sets it.")
    ] = False,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Judge the rules in seeds/alerts.yaml now, and tell what is new here, by e-mail and to the webhook."""
    from caspian_env.workflows.alerts import check_alerts
    from caspian_env.workflows.outcome import exit_code

    tell = _log_entries() if as_logs else lambda line, row: say(line)
    with opened(home, config) as platform:
        outcome = check_alerts(platform, say=None if as_json else tell)
    if as_logs:
        raise typer.Exit(exit_code([outcome]))  # whatever else there is to say is in the logs
    if as_json:
        print_json(outcome.as_dict())
    elif outcome.problems or outcome.skipped:
        show_outcomes([outcome])
    else:
        say(f"{outcome.first} new, {outcome.unchanged} go on, {outcome.withdrawn} are over")
    raise typer.Exit(exit_code([outcome]))


@alerts.command()
def ack(
    numbers: Annotated[list[int], typer.Argument(metavar="ID…", help="Numbers of alerts; all of them, or none.")],
    by: Annotated[str, typer.Option("--by", help="Your name.")],
    home: Home = None,
    config: Config = None,
) -> None:
    """Acknowledge alerts: you take care, and they are told to nobody any more."""
    from caspian_env.catalog.alerts import acknowledge
    from caspian_env.errors import SettingsError

    if not by.strip():
        raise SettingsError("--by", "is empty", "give your name")
    with opened(home, config) as platform, platform.catalog.write() as connection:
        rows = [acknowledge(connection, one, by=by.strip(), now=platform.clock()) for one in dict.fromkeys(numbers)]
    for row in rows:
        say(f"alert {row.id} ({row.rule}: {row.subject}) acknowledged by {row.acknowledged_by}")


def _log_entries() -> Say:
    """An alert as a log entry on standard output, beside which a service writes nothing there."""
    import logging

    from caspian_env.logs import log_to_standard_output

    log = log_to_standard_output("caspian_env.alert")
    levels = {"note": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}

    def tell(line: str, row: Any) -> None:
        named = {"event": "alert", "alert": row.id, "rule": row.rule, "subject": row.subject, "severity": row.severity}
        log.log(levels[row.severity], "%s", line, extra=named)

    return tell


def _show(rows: Sequence[Any], *, every: bool) -> None:
    if not rows:
        say("no alert was ever raised" if every else "no alert goes on")
        return
    headings = ("id", "severity", "since", "acknowledged by", "message") + (("over since",) if every else ())
    cells = [
        (r.id, r.severity, r.raised_at, r.acknowledged_by, r.message, r.resolved_at)[: len(headings)] for r in rows
    ]
    show_table(headings, cells, right=("id",))
    say(
        "next: caspian-env doctor names remedies; caspian-env alerts ack ID --by NAME says that somebody looks after one"
    )
