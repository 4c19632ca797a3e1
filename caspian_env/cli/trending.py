"""The command ``trend``: what may be said about the trend of a series or an indicator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import AsJson, AsOf, Config, Home, app, utc_of
from caspian_env.cli.show import print_json, say, show_table

if TYPE_CHECKING:
    from caspian_env.processing.trend_rules import Line
    from caspian_env.workflows.trend import TrendOf


@app.command()
def trend(
    series: Annotated[str, typer.Argument(metavar="SERIES", help="Dataset id, or indicator id.")],
    variable: Annotated[str | None, typer.Option("--variable", help="Variable id.", show_default=False)] = None,
    region: Annotated[
        str | None, typer.Option("--region", "--location", help="Location id.", show_default=False)
    ] = None,
    datum: Annotated[str | None, typer.Option("--datum", help="Datum id.", show_default=False)] = None,
    start: Annotated[int | None, typer.Option("--start", help="First year.", show_default=False)] = None,
    end: Annotated[int | None, typer.Option("--end", help="Last year, included.", show_default=False)] = None,
    level: Annotated[float, typer.Option("--level", help="Probability content of the intervals.")] = 0.9,
    as_of: AsOf = None,
    as_json: AsJson = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Tell the trend of annual values: mean increment of a level, slopes with honest intervals, tests of no trend."""
    from caspian_env.workflows.trend import trend as trends_of

    with opened(home, config) as platform:
        found = trends_of(
            platform.catalog, series, variable=variable, location=region, datum=datum, as_of=utc_of(as_of),
            start=start, end=end, level=level,
        )  # fmt: skip
    if as_json:
        print_json([one.as_dict() for one in found])
        return
    for one in found:
        _show(one)
    say(f"next: {_next(found)}")


def _show(one: TrendOf) -> None:
    verdict = one.verdict
    datum = f", datum {one.datum}" if one.datum != "none" else ""
    known = f", as known on {one.as_of:%Y-%m-%d %H:%M} UTC" if one.as_of else ""
    say(
        f"{one.subject}, {one.location}{datum}{known}: {verdict.first_year} to {verdict.last_year}, "
        f"{verdict.n_valid} of {verdict.n_expected} years; annual {one.annual}, {one.unit}, intervals {one.level:.0%}"
    )
    numbers = ("estimate", "ci_low", "ci_high", "z", "p")
    rows = [(line.method, f"{line.first_year}-{line.last_year}", *_numbers(line), line.note) for line in verdict.lines]
    show_table(("method", "years", *numbers, "note"), rows, right=numbers)
    say(f"{verdict.sentence}\n")


def _numbers(line: Line) -> list[str]:
    """Estimate and interval with the digits that the interval leaves, the score and its probability."""
    from math import isnan

    from caspian_env.processing.rounding import places_of

    width = line.ci_high - line.ci_low
    slopes = (line.estimate, line.ci_low, line.ci_high)
    places = max(0, places_of(width / 4)) if width > 0 else None  # about its standard uncertainty
    told = [f"{v:.{places}f}" if places is not None else f"{v:.3g}" for v in slopes]
    tested = [f"{line.z:.2f}", f"{line.p:.2g}"]
    return ["" if isnan(v) else text for v, text in zip((*slopes, line.z, line.p), told + tested, strict=True)]


def _next(found: list[TrendOf]) -> str:
    """The one thing to do next."""
    first = found[0]
    if first.verdict.n_expected > first.verdict.n_valid:
        return "a year without a value is one that its rule refuses; --start and --end choose a period without gaps"
    if first.integrated:
        return (
            "--start and --end choose another period; a rate is comparable only with one of the same years and series"
        )
    return "--start and --end choose another period; --json gives every digit"
