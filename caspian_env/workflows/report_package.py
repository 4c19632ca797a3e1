"""A report or an edition as one data package: all its files, their citations and ``datapackage.json`` with checksums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from caspian_env.catalog.migrate import require_current
from caspian_env.catalog.report_editions import files_of as stored_files
from caspian_env.catalog.report_editions import find_edition
from caspian_env.errors import CatalogError, SettingsError
from caspian_env.reports.citations import citations_of_report
from caspian_env.reports.model import Report
from caspian_env.reports.package import packaged, zipped
from caspian_env.reports.page import without_bare_rates
from caspian_env.wiring import Platform
from caspian_env.workflows.edition_store import damaged, open_edition
from caspian_env.workflows.freeze import named
from caspian_env.workflows.report import fill_report, write_files
from caspian_env.workflows.report_files import check_formats, files_of, languages_of, with_citations


def pack(
    platform: Platform, name: str, target: Path, *, languages: Sequence[str] = (), formats: Sequence[str] = (),
    as_of: datetime | None = None,
) -> list[Path]:  # fmt: skip
    """Write a report as known now or at ``as_of``, or an edition as it was frozen, as a data package; the paths written.

    Parameters
    ----------
    name : str
        A report of the seeds, or an edition; of the latter the frozen files are taken, not printed again.
    target : Path
        A folder, or a file that ends in ``.zip``.
    languages, formats : sequences of str
        All languages, page and numbers by default; an edition has those it was frozen in.

    Raises
    ------
    CatalogError
        When there is no such report or edition, or a frozen file is missing or not what was frozen.
    """
    require_current(platform.catalog)
    if name in platform.seeds.reports:
        report, files = _as_known(platform, name, languages, formats, as_of)
    elif languages or formats or as_of:
        raise SettingsError(name, "an edition is packed as it was frozen", "leave out --language, --format and --as-of")
    else:
        report, files = _as_frozen(platform, name)
    whole = packaged(report, files)
    if target.suffix == ".zip":
        return write_files(target.parent, {target.name: zipped(whole)}, f"the package of {name}")
    return write_files(target, whole, f"the package of {name}")


def _as_known(
    platform: Platform, name: str, languages: Sequence[str], formats: Sequence[str], as_of: datetime | None
) -> tuple[Report, dict[str, bytes]]:
    formats = check_formats(with_citations(formats, True))
    with platform.catalog.read() as connection:
        reports = [
            without_bare_rates(fill_report(connection, platform, name, as_of=as_of, language=language))
            for language in languages_of(platform.seeds.reports, name, languages)
        ]
    return reports[0], files_of(reports, formats)


def _as_frozen(platform: Platform, name: str) -> tuple[Report, dict[str, bytes]]:
    home = platform.settings.home
    with platform.catalog.read() as connection:
        edition = find_edition(connection, name)
        stored = stored_files(connection, edition.id)
        filled = fill_report(
            connection, platform, edition.report_id, as_of=edition.as_of, language=edition.languages.split(",")[0]
        )
    folder = open_edition(home, edition.id)
    if wrong := damaged(home, edition.id, stored):
        remedy = f"put the files back from a backup, or caspian-env report rebuild {edition.id} --out FOLDER"
        raise CatalogError(edition.id, "; ".join(wrong), remedy)
    report = named(filled, edition)
    return report, citations_of_report(report) | {file.name: (folder / file.name).read_bytes() for file in stored}
