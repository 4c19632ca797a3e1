"""The command ``projections``: printed values of the level to come, study by study."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from caspian_env.cli.options import AsJson, app
from caspian_env.cli.show import print_json, say, show_table

if TYPE_CHECKING:
    from caspian_env.seeds.sourced import Projection

Words = Annotated[str | None, typer.Argument(metavar="[STUDY]", help="Studies whose name holds this; all by default.")]


@app.command()
def projections(study: Words = None, as_json: AsJson = False) -> None:
    """List published projections of the level by study and scenario; they are never pooled."""
    from caspian_env.errors import SettingsError
    from caspian_env.seeds.sourced import contradictions, load_projections

    rows = [row for row in load_projections().values() if (study or "").lower() in row.study.lower()]
    if not rows:
        raise SettingsError(study or "projections", "is in the name of no study", "caspian-env projections lists them")
    flagged = contradictions(rows)
    if as_json:
        print_json({"projections": [asdict(row) for row in rows], "contradictions": flagged})
        return
    show_table(("study", "scenario", "by", "m", "statistic", "withdrawals", "status"), [_line(row) for row in rows])
    for sentence in flagged:
        say(f"! {sentence}")
    say("Studies differ in models, baseline and meaning: compare within one, average none.")


def _line(row: Projection) -> tuple[object, ...]:
    value = "-" if row.value_m is None else f"{row.value_m:g}"
    if row.low_m is not None and row.high_m is not None:
        between = f"{row.low_m:g} to {row.high_m:g}"
        value = between if row.value_m is None else f"{value} ({between})"
    unit = f"level in {row.datum}, " if row.quantity == "level" else ""
    return row.study, row.scenario, row.horizon, value, unit + row.statistic, row.withdrawals, row.status
