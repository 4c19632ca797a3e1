"""Commands on regions: list, add, remove, mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import AsJson, AsOf, Config, Home, app, utc_of
from caspian_env.cli.show import print_json, say, show_table

region = typer.Typer(help="Polygons on which grids are averaged, and the institute's own among them.")
app.add_typer(region, name="region")


@region.callback(invoke_without_command=True)
def listed(context: typer.Context, home: Home = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the regions with their areas and the datasets that are averaged over them."""
    if context.invoked_subcommand is not None:
        return
    from caspian_env.seeds.whole import load_seeds
    from caspian_env.settings import load_settings

    seeds = load_seeds(own=load_settings(config=config, home=home).own_files)
    rows = [
        (one.id, one.title, one.area_km2, sum(one.id in dataset.locations for dataset in seeds.datasets.values()))
        for one in seeds.locations.values()
        if one.geometry
    ]
    names = ("region", "title", "area_km2", "datasets")
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        show_table(names, rows, right=names[2:])


@region.command()
def add(
    file: Annotated[Path, typer.Argument(help="GeoJSON with one polygon, degrees east and north.")],
    name: Annotated[str | None, typer.Option("--id", help="Its id; the name of the file by default.")] = None,
    title: Annotated[str, typer.Option("--title", help="How it is called.")] = "",
    source: Annotated[str, typer.Option("--source", help="Who drew it, from what.")] = "",
    datasets: Annotated[
        list[str] | None, typer.Option("--dataset", help="Gridded dataset to average over it from now on; may repeat.")
    ] = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Add a polygon to the institute's own regions."""
    from caspian_env.settings import load_settings
    from caspian_env.workflows.own_regions import add_region, reach_of

    settings = load_settings(config=config, home=home)
    where = add_region(settings, file, name=name, title=title, source=source, datasets=datasets or ())
    typer.echo(f"region    {where.stem}: {where}")
    typer.echo(f"reaches   {reach_of(where)}")
    typer.echo(f"its means from a cube: caspian-env region mean {(datasets or ['DATASET'])[0]} {where.stem}")


@region.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="ID", help="A region of the institute's own.")],
    home: Home = None,
    config: Config = None,
) -> None:
    """Average no dataset any more over a polygon of the institute; what was computed stays in the catalog."""
    from caspian_env.settings import load_settings
    from caspian_env.workflows.own_regions import remove_region

    kept = remove_region(load_settings(config=config, home=home), name)
    say(f"removed   {name}; what was computed over it stays in the catalog, and its outline in {kept}")


@region.command()
def mean(
    dataset: Annotated[str, typer.Argument(help="Gridded dataset.")],
    place: Annotated[str, typer.Argument(metavar="REGION", help="Region id.")],
    variable: Annotated[
        str | None, typer.Option("--variable", help="Variable of the cube; the first if left out.")
    ] = None,
    as_of: AsOf = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Write the mean of a cube over a region as CSV, one row a time."""
    from caspian_env.workflows.own_regions import region_means

    with opened(home, config) as platform:
        series = region_means(platform, dataset, place, variable=variable, as_of=utc_of(as_of))
    typer.echo(f"# {series.name} of {dataset}, mean over {place}, {series.attrs.get('units', '1')}")
    typer.echo("time,value")
    for time, value in zip(series["time"].to_numpy().astype("datetime64[D]"), series.to_numpy(), strict=True):
        typer.echo(f"{time},{value:.4f}" if value == value else f"{time},")
