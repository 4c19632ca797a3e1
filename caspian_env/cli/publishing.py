"""The command that writes the public site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from caspian_env.cli.options import Config, Home
from caspian_env.cli.printing import report
from caspian_env.cli.show import show_files

Address = Annotated[str, typer.Option(help="Where the site will be served, for the links of the feeds.")]


@report.command()
def site(
    folder: Annotated[Path, typer.Argument(help="Folder of the site; made where it is missing.")],
    address: Address = "",
    home: Home = None,
    config: Config = None,
) -> None:
    """Write the site: index, a page per indicator, reports in every language, feeds; only what changed is drawn again."""
    from caspian_env.cli.asking import opened
    from caspian_env.workflows.site import write_site

    with opened(home, config) as platform:
        written = write_site(platform, folder, address=address)
    if written:
        show_files([path for path in written if path.name == "index.html"] or written[:1])
    typer.echo(f"{len(written)} files written")
