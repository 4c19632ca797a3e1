"""Write reports as known now, or at a date, without freezing them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from caspian_env.catalog.migrate import require_current
from caspian_env.reports.page import without_bare_rates
from caspian_env.wiring import Platform
from caspian_env.workflows.report import fill_report, write_files
from caspian_env.workflows.report_files import Progress, check_formats, files_of, languages_of, step_by_step
from caspian_env.workflows.report_groups import by_framework


def build_reports(
    platform: Platform,
    folder: Path,
    names: Sequence[str] = (),
    *,
    languages: Sequence[str] = (),
    formats: Sequence[str] = (),
    as_of: datetime | None = None,
    group_by: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write the reports named, or all, in the languages and formats wanted, or all of each; the paths written.

    With ``group_by`` the numbers stand by that framework of the crosswalk, in files named after it. ``progress`` is told
    of each report and language, how many went before it, and how many there are.

    Raises
    ------
    SeedError
        When a report or language is not known; SettingsError for a format or framework.
    DiskError
        When the disk does not take them; of each report the files of before stay as they were.
    """
    require_current(platform.catalog)
    formats = check_formats(formats)
    written: list[Path] = []
    wanted = {name: languages_of(platform.seeds.reports, name, languages) for name in names or platform.seeds.reports}
    done, total = 0, sum(map(len, wanted.values()))
    for name, spoken in wanted.items():
        with platform.catalog.read() as connection:
            reports = [
                without_bare_rates(fill_report(connection, platform, name, as_of=as_of, language=language))
                for language in spoken
            ]
        if group_by is not None:
            reports = [by_framework(report, platform.seeds.indicators, group_by) for report in reports]
        files = files_of(reports, formats, step_by_step(progress, done, total))
        done += len(reports)
        written += write_files(folder, files, f"the report {name}")
    return written
