"""The command ``export``: indicator values in the formats of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import AsJson, AsOf, Cite, Config, Home, app, past_of
from caspian_env.cli.show import print_json


@app.command()
def export(
    form: Annotated[str, typer.Option("--format", help="sdmx-csv, data-package or csvw.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write into.")],
    group_by: Annotated[
        str | None,
        typer.Option("--group-by", help="Rows ordered by theme, sdg, tehran, gcos or wmo.", show_default=False),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Indicators, one or more; all by default.", show_default=False)
    ] = None,
    cite: Cite = False,
    as_of: AsOf = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write indicator values for others to read; what a licence keeps back is named and stays here."""
    from caspian_env.workflows.credit import write_citations
    from caspian_env.workflows.exchange import export as write

    with opened(home, config) as platform:
        done = write(platform, form, out, as_of=past_of(as_of), group_by=group_by, only=set(only) if only else None)
        if cite:
            used = [name for row in done.rows for name in row["SOURCES"].split("; ")]
            done.files += write_citations(platform, out, used)
    kept = sum(row["N_ROWS"] for row in done.withheld)
    if as_json:
        print_json(
            {
                "rows": len(done.rows),
                "reported": len(done.reported),
                "withheld": kept,
                "files": [str(path) for path in done.files],
            }
        )
        return
    typer.echo(f"{len(done.rows)} values in {out}: {', '.join(path.name for path in done.files)}")
    if kept:
        names = sorted({row["SOURCES"] for row in done.withheld})
        typer.echo(f"{kept} values stay here, they are those of {', '.join(names)}: withheld.csv names them")
