"""Commands that only ask: indicators, series, indicator, sql.

Queries are imported when a command runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import MOMENTS, AsCsv, AsJson, AsOf, Config, Home, Region, app, known_at_of, utc_of
from caspian_env.cli.show import print_json, say, show_table

if TYPE_CHECKING:
    from caspian_env.model import Indicator
    from caspian_env.wiring import Platform

Limit = Annotated[int, typer.Option("--limit", help="Rows shown at the most; 0 for all.")]
History = Annotated[
    bool, typer.Option("--history", help="All vintages, not only the one known; with --as-of up to then.")
]


@app.command()
def indicators(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID | import FILE]", help="An indicator, for its whole definition; or a signed CSV."),
    ] = None,
    group_by: Annotated[
        str | None, typer.Option("--group-by", help="Listed by theme, sdg, tehran, gcos or wmo.", show_default=False)
    ] = None,
    pages: Annotated[
        Path | None, typer.Option("--pages", metavar="FOLDER", help="Write a page for each method there.")
    ] = None,
    known_at: Annotated[
        datetime | None,
        typer.Option(
            "--known-at", formats=MOMENTS, metavar="DATE", show_default=False,
            help="With import: from when the signed file was known, UTC; a date means its 00:00. Oldest first.",
        ),
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
    config: Config = None,
) -> None:  # fmt: skip
    """List the indicators: what each number is, and from what it is computed; import FILE reads reported numbers."""
    from dataclasses import asdict

    from caspian_env.errors import SettingsError, not_among
    from caspian_env.seeds.whole import load_seeds
    from caspian_env.settings import load_settings

    words = words or []
    if words[:1] == ["import"]:
        _import(words[1:], known_at, home, config, as_json)
        return
    if known_at:
        raise SettingsError(
            "--known-at", "is about a signed file", "caspian-env indicators import FILE.csv --known-at DATE"
        )
    if len(words) > 1:
        raise SettingsError(words[1], "is one name too many", "name one indicator")
    known = load_seeds(own=load_settings(config=config, home=home).own_files).indicators
    if words and words[0] not in known:
        raise not_among(words, "an indicator", known, "caspian-env indicators")
    chosen = [known[word] for word in words] or list(known.values())
    if as_json:
        print_json([asdict(one) for one in chosen])
    elif pages:
        from caspian_env.workflows.methods import method_pages, write_pages

        typer.echo(f"{len(write_pages(method_pages(chosen), pages))} pages in {pages}")
    elif words:
        fields = asdict(chosen[0]).items()
        show_table(("", ""), [(name, _in_words(value)) for name, value in fields if value not in ("", None, ())])
    else:
        _list(chosen, group_by)


def _list(chosen: Sequence[Indicator], group_by: str | None) -> None:
    """A line for each indicator; grouped, a line for each of its words too."""
    heads: tuple[str, ...] = ("indicator", "title", "unit", "where")
    lines: list[tuple[object, ...]] = [(i.id, i.title, i.units, ", ".join(i.locations)) for i in chosen]
    if group_by:
        from caspian_env.workflows.exchange import grouped

        heads = (group_by, *heads)
        lines = [(word, i.id, i.title, i.units, ", ".join(i.locations)) for word, i in grouped(chosen, group_by)]
    show_table(heads, lines)
    say("next: caspian-env indicators ID tells how one is made; caspian-env indicator ID shows its values")


def _import(files: list[str], known_at: datetime | None, home: Any, config: Any, as_json: bool) -> None:
    from caspian_env.errors import SettingsError
    from caspian_env.workflows.reported import import_reported

    if len(files) != 1:
        raise SettingsError("indicators import", "takes one file", "caspian-env indicators import FILE.csv")
    with opened(home, config) as platform:
        done = import_reported(platform, Path(files[0]), known_at=known_at_of(known_at))
    if as_json:
        print_json(done)
        return
    typer.echo(f"{done.new} new, {done.revised} revised, {done.unchanged} unchanged; signed by {done.signed_by}")
    say("next: caspian-env sql 'SELECT * FROM v_manual_value'")


def _in_words(value: Any) -> str:
    """A field of a definition on one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_in_words(one)}" for name, one in value.items() if one is not None)
    if isinstance(value, list | tuple):
        return "; ".join(_in_words(one) for one in value)
    return str(value)


@app.command()
def series(
    dataset: Annotated[str, typer.Argument(help="Dataset id.")],
    variable: Annotated[str | None, typer.Option("--variable", help="Variable id.")] = None,
    region: Region = None,
    as_of: AsOf = None,
    history: History = False,
    limit: Limit = 20,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Show the newest values of a dataset's series, as known now or at a past date, or every vintage of them."""
    from caspian_env.catalog.observations import find_series, first_known, read_history, read_values
    from caspian_env.errors import not_among

    columns: tuple[str, ...] = (
        "variable", "location", "datum", "unit", "time", "value", "std_uncertainty", "qc_flag", "status", "known_from",
    )  # fmt: skip
    columns = (*columns, "known_to", "kind") if history else columns
    with opened(home, config) as platform, platform.catalog.read() as connection:
        found = find_series(connection, dataset_id=dataset, variable_id=variable, location_id=region)
        if not found and dataset not in platform.seeds.datasets:
            raise not_among([dataset], "a dataset", platform.seeds.datasets, "caspian-env datasets")
        if not found:
            raise _no_series(dataset, variable, region, find_series(connection, dataset_id=dataset))
        rows: list[tuple[Any, ...]] = []
        total = 0
        for one in found:
            unit = platform.seeds.variables[one.variable_id].units
            lines: Sequence[Any]
            if history:
                vintages = read_history(connection, one.id, as_of=utc_of(as_of))
                lines = [tuple(getattr(row, name) for name in columns[4:]) for row in vintages]
            else:
                known = read_values(connection, one.id, as_of=utc_of(as_of))
                lines = [
                    (row.time.replace(tzinfo=None), *(getattr(row, name) for name in columns[5:])) for row in known
                ]
            total += len(lines)
            shown = lines if as_csv or as_json or not limit else lines[-limit:]
            rows += [(one.variable_id, one.location_id, one.datum_id, unit, *line) for line in shown]
        since = None if rows else first_known(connection, [one.id for one in found])
    if _too_early(utc_of(as_of), since) and not (as_csv or as_json):
        return
    held = () if platform.seeds.datasets[dataset].redistributable else (dataset,)
    _answer(columns, rows, as_csv=as_csv, as_json=as_json, title=dataset, held=_licences(platform, held))
    if not (as_csv or as_json) and len(rows) < total:
        say(f"{len(rows)} newest of {total} {'vintages' if history else 'values'}; --limit 0 or --csv for all")


@app.command()
def indicator(
    indicator: Annotated[str, typer.Argument(help="Indicator id.")],
    region: Region = None,
    as_of: AsOf = None,
    history: History = False,
    limit: Limit = 20,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Show an indicator's values with interval, completeness and status, and the reason where there is none."""
    from caspian_env.catalog.indicator_values import read_indicator
    from caspian_env.errors import not_among
    from caspian_env.workflows.handed_on import kept_back

    columns: tuple[str, ...] = (
        "location_id", "period_start", "period_end", "value", "unit", "std_uncertainty", "ci_low", "ci_high",
        "n_valid", "n_expected", "status", "datum_id", "reason",
    )  # fmt: skip
    columns = (*columns, "method_version", "kind", "known_from", "known_to") if history else columns
    with opened(home, config) as platform, platform.catalog.read() as connection:
        if indicator not in platform.seeds.indicators:
            raise not_among([indicator], "an indicator", platform.seeds.indicators, "caspian-env indicators")
        found = read_indicator(connection, indicator, location_id=region, as_of=utc_of(as_of), history=history)
        all_known = [] if found else read_indicator(connection, indicator, location_id=region, history=True)
    since = min((row.known_from for row in all_known), default=None)
    if _too_early(utc_of(as_of), since) and not (as_csv or as_json):
        return
    rows = [tuple(_then(row, name, utc_of(as_of)) for name in columns) for row in found]
    shown = rows if as_csv or as_json or not limit else rows[-limit:]
    held = _licences(platform, kept_back(platform.seeds, platform.seeds.indicators[indicator]))
    _answer(columns, shown, as_csv=as_csv, as_json=as_json, title=indicator, held=held)
    if len(shown) < len(rows):
        say(f"{len(shown)} newest of {len(rows)} rows; --limit 0 or --csv for all")


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(help="A SELECT on the documented views (v_…).")],
    limit: Limit = 1000,
    seconds: Annotated[float, typer.Option("--seconds", help="Time allowed.")] = 30.0,
    param: Annotated[list[str] | None, typer.Option("--param", help="NAME=VALUE of a parameter :NAME.")] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Answer a question in SQL; nothing can be changed by it."""
    from caspian_env.catalog.query import ask

    with opened(home, config) as platform:
        answer = ask(platform.catalog, statement, _named(param), limit=limit or None, seconds=seconds)
    _answer(answer.columns, answer.rows, as_csv=as_csv, as_json=as_json, title="sql")
    if answer.truncated:
        sys.stderr.write(f"caspian-env: only the first {limit} rows are shown; --limit 0 for all\n")


def _no_series(dataset: str, variable: str | None, region: str | None, there: Sequence[Any]) -> Exception:
    """Why a dataset has no such series, and which it has."""
    from caspian_env.errors import CatalogError, nearest_of

    if not there:
        return CatalogError(dataset, "has no values yet", f"caspian-env ingest {dataset} collects them")
    for option, given, known in (
        ("--region", region, {one.location_id for one in there}),
        ("--variable", variable, {one.variable_id for one in there}),
    ):
        if given and given not in known:
            return CatalogError(dataset, f"has no values for {option} {given}", nearest_of([given], sorted(known)))
    return CatalogError(dataset, f"has no {variable} at {region}", "leave one of them out to see what there is")


def _too_early(as_of: datetime | None, since: datetime | None) -> bool:
    """Whether nothing was known yet at ``as_of``; then a line on standard error says since when something is."""
    if as_of is None or since is None or as_of >= since:
        return False
    sys.stderr.write(
        f"caspian-env: nothing was known as of {as_of:%F %H:%M} UTC; the first knowledge is of {since:%F %T} UTC"
        " (editions archived before come in with ingest --known-at)\n"
    )
    return True


def _then(row: Any, name: str, as_of: datetime | None) -> Any:
    """A column of a vintage as it stood at ``as_of``: what was closed later was still open."""
    value = getattr(row, name)
    return None if name == "known_to" and value is not None and as_of is not None and value > as_of else value


def _named(parameters: list[str] | None) -> dict[str, str]:
    from caspian_env.errors import SettingsError

    pairs = [parameter.partition("=") for parameter in parameters or ()]
    if wrong := [name for name, mark, _ in pairs if not (name and mark)]:
        raise SettingsError("--param", f"{wrong[0]!r} is no NAME=VALUE", "e.g. --param as_of=2024-11-11")
    return {name: value for name, _, value in pairs}


def _licences(platform: Platform, datasets: Iterable[str]) -> list[str]:
    """The licences of datasets whose rows may be looked at here and not be handed on."""
    return [f"{name}: {platform.seeds.datasets[name].licence}" for name in datasets]


def _answer(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, as_csv: bool, as_json: bool, title: str,
    held: Sequence[str] = (),
) -> None:  # fmt: skip
    """Print an answer; over a CSV stands for each licence of ``held`` that its rows may not be handed on."""
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif as_csv:
        from caspian_env.formats.inert_cells import inert

        rows = list(rows)
        sys.stdout.write(f"# {title}, {len(rows)} rows, times in UTC\n")
        sys.stdout.writelines(f"# rows may not be handed on ({licence})\n" for licence in held)
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([columns, *([inert(cell) for cell in row] for row in rows)])
    else:
        show_table(columns, rows, right=("value", "std_uncertainty", "ci_low", "ci_high", "n_valid", "n_expected"))
