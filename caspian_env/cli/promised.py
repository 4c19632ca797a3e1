"""The commands ``targets`` and ``commitments``: what states promised, and what sources say they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import AsJson, AsOf, Config, Home, app, past_of
from caspian_env.cli.show import print_json, say, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caspian_env.seeds.targets import Target
    from caspian_env.workflows.commitments import Commitments, SourceLine, TargetProgress

Country = Annotated[str | None, typer.Argument(metavar="[COUNTRY]", help="AZE, IRN, KAZ, RUS or TKM; all by default.")]
RECONSTRUCTED = "Reconstructed: editions were collected from an archive, after they had become known."


@app.command()
def targets(country: Country = None, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """List what the littoral states promised, as it stands now or stood at a date; read from the seeds."""
    from dataclasses import asdict

    from caspian_env.seeds.targets import load_targets
    from caspian_env.wiring import now

    day = (past_of(as_of) or now()).date()
    rows = [row for row in load_targets().values() if row.valid_at(day) and row.country in _wanted(country)]
    if as_json:
        print_json([asdict(row) | {"cut_pct": row.cut_pct} for row in rows])
        return
    heads = (
        "target",
        "promised",
        "allowed %",
        "base",
        "with support",
        "land use",
        "potentials",
        "since",
        "mark",
        "not read",
    )
    show_table(heads, [_promise(row) for row in rows], right=("allowed %",))
    if undated := [row.id for row in rows if not row.valid_from]:
        say(f"since when {', '.join(undated)} is promised is not known, so it is listed for every day")
    say(f"{len(rows)} targets as of {day}; allowed % is of the base, never the cut; a column named under not read "
        "was not read in the document")  # fmt: skip
    say("next: caspian-env commitments sets them against emissions")


@app.command()
def commitments(
    country: Country = None, as_of: AsOf = None, home: Home = None, config: Config = None, as_json: AsJson = False
) -> None:
    """Set each target against what every source says is emitted: a status word, its numbers, and who differs."""
    from caspian_env.workflows.commitments import as_dict
    from caspian_env.workflows.commitments import commitments as read

    wanted = _wanted(country)
    with opened(home, config) as platform, platform.catalog.read() as connection:
        found = read(platform, connection, past_of(as_of))
    rows = [row for row in found.targets if row.target.country in wanted]
    if as_json:
        pledges = [pledge for pledge in found.pledges if pledge.country in wanted]
        print_json(
            {"as_of": found.as_of, "reconstructed": found.reconstructed, "targets": [as_dict(row) for row in rows],
             "pledges": pledges}
        )  # fmt: skip
        return
    _show(found, rows, wanted)


def _wanted(country: str | None) -> set[str]:
    from caspian_env.errors import SettingsError
    from caspian_env.seeds.targets import load_targets

    known = {row.country for row in load_targets().values()}
    if country is not None and country not in known:
        raise SettingsError(country, "has no target", f"known: {', '.join(sorted(known))}")
    return known if country is None else {country}


def _promise(row: Target) -> Sequence[object]:
    allowed = "-" if row.level_pct is None else f"{row.level_pct:g}"
    base = row.base_year or row.base.replace("_", " ")
    return (
        row.id,
        row.title,
        allowed,
        base,
        row.conditional,
        row.lulucf,
        row.gwp_set,
        row.valid_from or "not known",
        row.mark,
        row.unconfirmed,
    )


def _show(found: Commitments, rows: Sequence[TargetProgress], wanted: set[str]) -> None:
    numbers = ("value", "base", "allowed", "progress %", "gap", "needed %/yr", "10 yr %/yr", "at this rate")
    for row in rows:
        say(f"\n{row.country_title}: {row.target.title} ({row.target.id})\n  {row.sentence}")
        if row.sources:
            show_table(
                ("", "source", "year", *numbers, "word"), [_numbers(line) for line in row.sources], right=numbers
            )
            show_table(("", "edition", "basis", "beside because"), [_basis(line) for line in row.sources])
    if not rows:
        typer.echo("nothing is promised that far")
    for pledge in found.pledges:
        if pledge.country in wanted and pledge.standing in ("member", "not_member"):
            since = f" since {pledge.joined_on}" if pledge.joined_on else ""
            mark = ", unconfirmed" if pledge.mark == "U" else ""
            say(f"context  {pledge.country} {pledge.standing.replace('_', ' ')}{since}{mark}: {pledge.pledge}")
    say("Declarations of many states are context for one of them, never its compliance.")
    if found.reconstructed:
        say(RECONSTRUCTED)


def _numbers(line: SourceLine) -> Sequence[object]:
    numbers = (
        (line.value, 1), (line.base_value, 1), (line.allowed, 1), (line.progress_pct, 1), (line.gap, 1),
        (line.required_cut_pct, 2), (line.rate_pct, 2), (line.projected, 0),
    )  # fmt: skip
    shown = ["-" if value is None else f"{value:.{digits}f}" for value, digits in numbers]
    word = line.word if line.counted else f"({line.word})"
    return "*" if line.counted else "", line.source, line.year, *shown, word


def _basis(line: SourceLine) -> Sequence[object]:
    from caspian_env.workflows.commitments import NO_EDITION

    # The end of an edition is what differs between two of them.
    edition = line.edition if line.edition.startswith(NO_EDITION) else line.edition.rpartition(", ")[2]
    return line.source, edition, f"{line.gwp_set}, land use {line.lulucf}", "" if line.counted else line.why_not
