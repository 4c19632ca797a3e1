"""Commands of daily operation: freshness, doctor, plan, backfill.

Workflows are imported when a command runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import AsJson, Config, Home, Mirror, Only, WindowText, app, window_of
from caspian_env.cli.show import print_json, progress_bar, say, show_outcomes, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caspian_env.workflows.finding import Finding
    from caspian_env.workflows.plan import Step

MANY_WAIT = 3


@app.command()
def freshness(home: Home = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show how far each dataset reaches, and whether its source still gives what it usually gives."""
    from caspian_env.workflows.freshness import freshness as judged

    with opened(home, config) as platform:
        found = judged(platform)
    if as_json:
        print_json([one.as_dict() for one in found])
        return
    rows = [(one.dataset_id, one.state, one.newest_observation, one.answered_at, one.sentence) for one in found]
    show_table(("dataset", "state", "newest value", "last answer", "meaning"), rows)
    say("next: caspian-env plan tells what a run would ask for; caspian-env doctor names a remedy for what is stale")


@app.command()
def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read and hash every archived byte, and the whole database.")
    ] = False,
    network: Annotated[bool, typer.Option("--network", help="Ask the providers' hosts whether they answer.")] = False,
    all_findings: Annotated[bool, typer.Option("--all", help="Show what is in order too.")] = False,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Examine database, archive, runs, sources, disk, clock and settings; 0 in order, 3 look at it, 1 an error."""
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.doctor import doctor as examine
    from caspian_env.workflows.finding import exit_code_of

    with open_platform(load_settings(config=config, home=home)) as platform, progress_bar(quiet=as_json) as progress:
        findings = examine(platform, deep=deep, network=network, progress=progress)
    code = exit_code_of(findings)
    if as_json:
        print_json({"exit_code": code, "findings": [finding.as_dict() for finding in findings]})
    else:
        _show_findings(findings, everything=all_findings)
    raise typer.Exit(code)


@app.command()
def plan(
    mirror: Mirror = None,
    only: Only = None,
    window: WindowText = None,
    listing: Annotated[bool, typer.Option("--list", help="Ask the providers what they publish.")] = False,
    all_steps: Annotated[bool, typer.Option("--all", help="Name every indicator that waits for data.")] = False,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what `run` would fetch, compute and build, and why; nothing is written, nobody asked without --list."""
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.plan import plan as planned

    with open_platform(load_settings(config=config, mirror=mirror, home=home)) as platform:
        steps = planned(platform, only=only or (), window=window_of(window), listing=listing)
    if as_json:
        print_json([step.as_dict() for step in steps])
    else:
        _show_steps(steps, everything=all_steps)


@app.command()
def backfill(
    dataset: Annotated[str, typer.Argument(help="Dataset id.")],
    window: Annotated[str, typer.Option("--window", help="Valid time START/END, END excluded.")],
    mirror: Mirror = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Collect the past of a dataset, year by year; stopped and started again it goes on where it was."""
    from caspian_env.model import Window
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.backfill import backfill as fill
    from caspian_env.workflows.chosen import choose
    from caspian_env.workflows.outcome import exit_code

    settings = load_settings(config=config, mirror=mirror, home=home)
    with open_platform(settings) as platform, progress_bar(quiet=as_json) as progress:
        (chosen,) = choose(platform, [dataset])
        say = None if as_json else _say
        outcome = fill(platform, chosen, Window.parse(window), progress=progress, say=say)
    if as_json:
        print_json(outcome.as_dict())
    else:
        show_outcomes([outcome])
    raise typer.Exit(exit_code([outcome]))


def _say(line: str) -> None:
    """On standard error, where progress belongs."""
    sys.stderr.write(f"{line}\n")


def _show_steps(steps: Sequence[Step], *, everything: bool) -> None:
    """The steps in their order; indicators that wait for data, of which there are hundreds at first, in one line."""

    def row(step: Step) -> tuple[str, ...]:
        return step.stage, step.subject, step.action, step.why

    waiting = [step for step in steps if _waits(step)]
    rows = [row(step) for step in steps]
    if not everything and len(waiting) > MANY_WAIT:
        rows = [row(step) for step in steps if not _waits(step)]
        why = "no data yet of one of their inputs (--all names them)"
        rows.insert(-1, ("compute", f"{len({step.subject for step in waiting})} indicators", "wait", why))
    show_table(("stage", "what", "would", "because"), rows)
    say("next: caspian-env run does it")


def _waits(step: Step) -> bool:
    return step.stage == "compute" and step.action.startswith("wait")


def _show_findings(findings: Sequence[Finding], *, everything: bool) -> None:
    from caspian_env.workflows.finding import gathered

    order = ("error", "warning", "note", "ok")
    together = gathered(findings)
    shown = [f for f in sorted(together, key=lambda f: order.index(f.severity)) if everything or f.severity != "ok"]
    if shown:
        rows = [(f.severity, _short(f.subject), f.message, f.remedy) for f in shown]
        show_table(("severity", "what", "finding", "remedy"), rows)
    counts = {severity: sum(f.severity == severity for f in findings) for severity in order}
    say(
        f"errors {counts['error']}, warnings {counts['warning']}, notes {counts['note']}, "
        f"in order {counts['ok']}"
        + ("" if everything else " (--all shows them)")
        + ("; those of one cause share a line" if len(together) < len(findings) else "")
    )


def _short(subject: str) -> str:
    """A path as it is seen from here."""
    try:
        return str(Path(subject).relative_to(Path.cwd())) if subject.startswith("/") else subject
    except ValueError:
        return subject
