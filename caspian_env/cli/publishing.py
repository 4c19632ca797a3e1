"""Commands that hand reports on: the public site, and a report as a data package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from caspian_env.cli.opening import opened
from caspian_env.cli.options import AsOf, Config, Home, past_of
from caspian_env.cli.reporting import Formats, Languages, report
from caspian_env.cli.show import progress_bar, show_files

Address = Annotated[str, typer.Option(help="Where the site will be served, for the links of the feeds.")]


@report.command()
def site(
    folder: Annotated[Path, typer.Argument(help="Folder of the site; made where it is missing.")],
    address: Address = "",
    home: Home = None,
    config: Config = None,
) -> None:
    """Write the site: index, a page per indicator, reports in every language, feeds; only what changed is drawn again."""
    from caspian_env.workflows.site import write_site

    with opened(home, config) as platform, progress_bar() as progress:
        written = write_site(platform, folder, address=address, progress=progress)
    if written:
        show_files([path for path in written if path.name == "index.html"] or written[:1])
    typer.echo(f"{len(written)} files written")


@report.command()
def package(
    name: Annotated[str, typer.Argument(help="A report of seeds/reports.yaml or of your own, or an edition.")],
    out: Annotated[Path, typer.Option("--out", help="Folder, or a file that ends in .zip.")],
    language: Languages = None,
    formats: Formats = None,
    as_of: AsOf = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Write all files of a report with citations and datapackage.json, which holds their checksums."""
    from caspian_env.workflows.report_package import pack

    with opened(home, config) as platform:
        files = pack(
            platform, name, out, languages=language or (), formats=formats or (), as_of=past_of(as_of)
        )  # fmt: skip
    show_files(files)
