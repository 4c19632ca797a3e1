"""Commands about gridded datasets: cube.

Workflows are imported when a command runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import AsJson, AsOf, Cite, Config, Home, app, utc_of
from caspian_env.cli.show import print_json, say, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr


@app.command()
def cube(
    dataset: Annotated[str, typer.Argument(help="Gridded dataset.")],
    as_of: AsOf = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write it to one NetCDF file, where the licence allows.", show_default=False),
    ] = None,
    cite: Cite = False,
    verify: Annotated[bool, typer.Option("--verify", help="Read every part and compare its sha256.")] = False,
    as_json: AsJson = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Show the cube of a gridded dataset, as known now or at a past date, or write it to a file."""
    from caspian_env.errors import SettingsError
    from caspian_env.workflows.credit import write_citations
    from caspian_env.workflows.cube import export_cube, open_cube, parts_of

    if cite and out is None:
        raise SettingsError("--cite", "goes with --out", "name the file of the cube, e.g. --out cube.nc")
    moment = utc_of(as_of)
    with opened(home, config) as platform:
        with open_cube(platform, dataset, moment, verify=verify) as opened_cube:
            about = _about(opened_cube, parts_of(platform, dataset, moment))
        written = export_cube(platform, dataset, out, moment) if out else None
        if written and cite:
            write_citations(platform, written.parent, [dataset], f"{written.stem}-")
    if as_json:
        print_json({"dataset": dataset, **about, "file": str(written) if written else None})
        return
    say(f"{dataset}: {about['title']}")
    say(f"from {about['start']} to {about['end']}, {about['status']}")
    typer.echo("  ".join(f"{name} {size}" for name, size in about["dimensions"].items()))
    say(f"variables {', '.join(about['variables'])}")
    names = ("year", "known_from", "n_granules", "size", "sha256")
    rows = [tuple(part[name] for name in names) for part in about["parts"]]
    show_table(names, rows, right=("n_granules", "size"))
    if written:
        typer.echo(f"cube      {written}")


def _about(cube: xr.Dataset, parts: Sequence[Any]) -> dict[str, Any]:
    """What can be said of a cube in a few lines."""
    import numpy as np

    words = str(cube["status"].attrs["flag_meanings"]).split()
    counts = np.bincount(cube["status"].to_numpy(), minlength=len(words))
    return {
        "title": cube.attrs["title"],
        "start": cube.attrs["time_coverage_start"],
        "end": cube.attrs["time_coverage_end"],
        "dimensions": {str(name): size for name, size in cube.sizes.items() if name != "bounds"},
        "variables": [str(name) for name in cube.data_vars],
        "status": ", ".join(f"{count} {word}" for word, count in zip(words, counts, strict=True) if count),
        "parts": [
            {
                "year": part.period_start.year,
                "known_from": part.known_from,
                "n_granules": part.n_granules,
                "size": part.size,
                "sha256": part.sha256,
            }
            for part in parts
        ],
    }
