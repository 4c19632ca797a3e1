"""Commands that follow a number back: explain and revisions.

Queries are imported when a command runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import MOMENTS, AsCsv, AsJson, AsOf, Config, Home, Region, app, utc_of
from caspian_env.cli.show import console, print_json, say, show_table

if TYPE_CHECKING:
    from rich.tree import Tree

    from caspian_env.catalog.lineage import Origin
    from caspian_env.wiring import Platform
    from caspian_env.workflows.explain import Explanation, Input
    from caspian_env.workflows.revisions import DatasetRevision, Revisions, SeriesRevision
    from caspian_env.workflows.verify import Verdict

MANY_GRANULES = 3
MANY_INDICATORS = 12


@app.command()
def explain(
    value: Annotated[str, typer.Argument(metavar="ID@PERIOD", help="e.g. co2_mean_1y@2022; or @2022-07, @START/END.")],
    region: Region = None,
    as_of: AsOf = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Make the value again from the archived bytes and compare; 1 if it differs."),
    ] = False,
    prov: Annotated[bool, typer.Option("--prov", help="Answer in W3C PROV-JSON.")] = False,
    as_json: AsJson = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Show what a value was made from: method, parameters, observations, granules with address and time, run."""
    from caspian_env.workflows import explain as tracing

    indicator_id, period = tracing.parse_target(value)
    with opened(home, config) as platform:
        explained = tracing.explain(platform, indicator_id, period, location=region, as_of=utc_of(as_of))
        verdict = _verdict(platform, explained) if verify else None
        document = _document(platform, explained) if prov else None
    if document is not None:
        print_json(document)
    elif as_json:
        print_json(explained.as_dict() | ({"verification": verdict.as_dict()} if verdict else {}))
    else:
        console().print(_tree(explained))
    if verdict is not None:
        say(_sentence(verdict), err=prov or as_json)
        raise typer.Exit(0 if verdict.verified else 1)


@app.command()
def revisions(
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            help="Only what became known from then on, UTC.",
            formats=MOMENTS,
            metavar="DATE",
            show_default=False,
        ),
    ] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Dataset id.", show_default=False)] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Show what providers revised: how many values, by how much, which months, and which indicators moved with them."""
    from caspian_env.workflows.revisions import revisions as find

    with opened(home, config) as platform:
        found = find(platform, since=utc_of(since), dataset=dataset)
    if as_json:
        print_json(found.as_dict())
    elif as_csv:
        _write_csv(found)
    else:
        _show_revisions(found)


def _verdict(platform: Platform, explained: Explanation) -> Verdict:
    from caspian_env.workflows.verify import verify

    return verify(platform, explained)


def _document(platform: Platform, explained: Explanation) -> dict[str, Any]:
    from caspian_env.workflows.prov import prov_document

    return prov_document(platform, explained)


def _tree(explained: Explanation) -> Tree:
    from rich.markup import escape
    from rich.tree import Tree

    fields = explained.fields
    tree = Tree(f"[bold]{fields['indicator_id']}[/bold] {fields['period_start']:%F}/{fields['period_end']:%F} "
                f"at {fields['location_id']}: {_value(fields)}")  # fmt: skip
    tree.add(f"{explained.title}: {explained.statistic}")
    known = f"known since {_moment(fields['known_from'])} ({fields['kind']})"
    known += f", until {_moment(fields['known_to'])}" if fields["known_to"] else ""
    tree.add(f"{known}, status {fields['status']}, quality flag {fields['qc_flag']}, "
             f"completeness {fields['n_valid']} of {fields['n_expected']}")  # fmt: skip
    method = explained.method
    if method is None:
        tree.add(f"method version {fields['method_version']}; its parameters were not recorded")
    else:
        branch = tree.add(f"method {method['function']}, version {method['method_version']}")
        branch.add(escape(", ".join(f"{name}={given}" for name, given in method["parameters"].items())))
    run = explained.run
    tree.add(f"computed by run {run['id']} at {_moment(run['started_at'])}, code {run['code_version']}, "
             f"settings {run['settings_hash']}")  # fmt: skip
    for one in explained.inputs:
        _add_input(tree, one)
    return tree


def _add_input(tree: Tree, one: Input) -> None:
    from rich.markup import escape

    datum = "" if one.datum_id == "none" else f", datum {one.datum_id}"
    branch = tree.add(f"{one.argument}: {one.dataset_id} {one.variable_id} at {one.location_id}{datum}")
    excluded = sum(o.excluded for o in one.observations)
    persons = [f"{o.time:%F} by {o.override}" for o in one.observations if o.override]
    line = f"{_count(len(one.observations), 'observation')} in {_count(len(one.windows), 'window')}"
    if one.observations:
        line += f", {one.observations[0].time:%F} to {one.observations[-1].time:%F}"
    line += f", as known at {_moment(one.known_at)}"
    line += f"; {excluded} left out for their quality flag" if excluded else ""
    branch.add(line)
    if persons:
        more = f" … and {len(persons) - MANY_GRANULES} more" if len(persons) > MANY_GRANULES else ""
        branch.add(escape(f"flag set {', '.join(persons[:MANY_GRANULES])}{more}"))
    origins = one.origins()
    folded = branch.add(f"{len(origins)} granules") if len(origins) > MANY_GRANULES else branch
    for origin in list(origins)[:MANY_GRANULES]:
        _add_granule(folded, origin, origins[origin])
    if len(origins) > MANY_GRANULES:
        folded.add(f"… and {len(origins) - MANY_GRANULES} more (--json lists them all)")


def _add_granule(tree: Tree, origin: Origin, n_observations: int) -> None:
    branch = tree.add(f"sha256 {origin.sha256}")
    branch.add(origin.url)
    version = f", version {origin.product_version}" if origin.product_version else ""
    branch.add(f"{n_observations} of these observations; {origin.size} bytes{version}; retrieved "
               f"{_moment(origin.retrieved_at)} by run {origin.run_id}, code {origin.code_version}")  # fmt: skip


def _sentence(verdict: Verdict) -> str:
    if verdict.verified:
        made = "the refusal is" if verdict.value is None else f"{verdict.value!r} is"
        return (
            f"verified: bytes of {_count(verdict.n_granules, 'granule')} read again, sha256 as recorded; from "
            f"{_count(verdict.n_observations, 'observation')} {made} made again exactly"
        )
    shown = "\n".join(f"  {line}" for line in verdict.differences[:20])
    more = len(verdict.differences) - 20
    return f"NOT VERIFIED:\n{shown}" + (f"\n  … and {more} more" if more > 0 else "")


def _value(fields: Any) -> str:
    if fields["value"] is None:
        return f"[bold]no value[/bold]: {fields['reason']}"
    text = f"[bold]{fields['value']:.8g}[/bold] {fields['unit']}"
    if fields["std_uncertainty"] is not None:
        text += f", standard uncertainty {fields['std_uncertainty']:.3g}"
    if fields["ci_low"] is not None:
        text += f", {fields['ci_level']:.0%} interval {fields['ci_low']:.8g} to {fields['ci_high']:.8g}"
    return text


def _show_revisions(found: Revisions) -> None:
    when = f" since {_moment(found.since)}" if found.since else ""
    if not found.datasets:
        say(f"no value was revised{when}")
    for one in found.datasets:
        say(f"{one.dataset_id}: {one.n_moved} values moved{when}")
        for series in one.series:
            _show_series(series)
        _show_indicators(one)
    for reason, count in found.elsewhere.items():
        say(f"{_count(count, 'more change')} of indicators without a revision: {reason}")


def _show_series(one: SeriesRevision) -> None:
    from caspian_env.workflows.revisions import in_words, months_of

    kinds = ", ".join(f"{count} {kind}" for kind, count in one.kinds.items())
    datum = f" above {one.datum}" if one.datum else ""
    say(f"  {one.variable_id} at {one.location_id}{datum}: {kinds}")
    say(f"    months  {in_words(months_of(row.time for row in one.moved))}")
    if one.largest is not None and one.largest.change is not None:
        say(
            f"    largest {one.largest.change:+.4g} {one.unit} ({one.largest.time:%F}: {one.largest.old_value:.6g} → "
            f"{one.largest.new_value:.6g}), median of absolute changes {one.median_absolute:.4g} {one.unit}"
        )


def _show_indicators(one: DatasetRevision) -> None:
    if not one.indicators:
        say("  no indicator moved with it")
        return
    say(f"  {len(one.indicators)} indicator values moved with it, those most against their uncertainty first")
    most = sorted(one.indicators, key=lambda i: -(i.n_std if i.n_std is not None else float("inf")))
    rows = [
        (f"    {i.indicator_id}", i.location_id, f"{i.period_start:%F}/{i.period_end:%F}", i.old_value, i.new_value, i.unit,
         i.change, None if i.n_std is None else f"{i.n_std:.2g}", i.known_at)
        for i in most[:MANY_INDICATORS]
    ]  # fmt: skip
    headings = ("    indicator", "location", "period", "old", "new", "unit", "change", "in std unc.", "known since")
    show_table(headings, rows, right=("old", "new", "change", "in std unc."))
    if len(most) > MANY_INDICATORS:
        say(f"    … and {len(most) - MANY_INDICATORS} more (--csv or --json lists them all)")


def _write_csv(found: Revisions) -> None:
    """Moved observations, then moved indicator values, in one table."""
    from caspian_env.formats.inert_cells import inert

    columns = (
        "what", "dataset_id", "id", "location_id", "datum", "period_start", "period_end", "old_value", "new_value",
        "change", "unit", "kind", "n_std", "known_at", "old_granule_sha256", "new_granule_sha256",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for one in found.datasets:
        rows += [
            ("observation", one.dataset_id, s.variable_id, s.location_id, s.datum, m.time.isoformat(), None, m.old_value,
             m.new_value, m.change, s.unit, m.kind, None, m.known_at.isoformat(), m.old_granule_sha256, m.new_granule_sha256)
            for s in one.series for m in s.moved
        ]  # fmt: skip
        rows += [
            ("indicator", one.dataset_id, i.indicator_id, i.location_id, None, i.period_start.isoformat(),
             i.period_end.isoformat(), i.old_value, i.new_value, i.change, i.unit, i.kind, i.n_std, i.known_at.isoformat(),
             None, None)
            for i in one.indicators
        ]  # fmt: skip
    sys.stdout.write(f"# revisions, {len(rows)} rows, times in UTC\n")
    csv.writer(sys.stdout, lineterminator="\n").writerows([columns, *([inert(cell) for cell in row] for row in rows)])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _moment(moment: datetime) -> str:
    midnight = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    return f"{moment:%Y-%m-%d}" if midnight else f"{moment:%Y-%m-%d %H:%M:%S}"
