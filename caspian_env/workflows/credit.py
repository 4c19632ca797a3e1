"""How the datasets behind an export are cited, as files beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from caspian_env.reports.citations import citation_files
from caspian_env.wiring import Platform
from caspian_env.workflows.catalogue import catalogue
from caspian_env.workflows.report import write_files


def write_citations(platform: Platform, folder: Path, datasets: Iterable[str], stem: str = "") -> list[Path]:
    """Write BibTeX, CSL-JSON and plain citations of the datasets into ``folder``; their names begin with ``stem``.

    The day of access is that of the last answer of each provider.

    Raises
    ------
    DiskError
        When the folder cannot be written.
    """
    wanted = list(dict.fromkeys(datasets))
    if not wanted:
        return []
    entries = [(entry.dataset, entry.accessed) for entry in catalogue(platform, wanted)]
    return write_files(folder, citation_files(stem, entries), "the citations")
