"""The files of a report in the formats asked for, of all its languages together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from itertools import count

from caspian_env.errors import SettingsError
from caspian_env.reports.citations import citations_of_report
from caspian_env.reports.model import Report
from caspian_env.reports.netcdf import build_netcdf, netcdf_name
from caspian_env.reports.page import build, file_names
from caspian_env.reports.parquet import build_parquet, require_pyarrow
from caspian_env.reports.pdf import build_pdf, file_name, require_typst
from caspian_env.seeds.entries import Entry
from caspian_env.workflows.report import report_definition

Progress = Callable[[str, int, int], None]
FORMATS = ("html", "csv", "parquet", "netcdf", "pdf", "cite")
# PDF and Parquet need a package of their own; a PDF takes as long as the page again.
PACKAGES = {"pdf": "typst", "parquet": "pyarrow"}
BY_DEFAULT = ("html", "csv")


def languages_of(known: Mapping[str, Entry], report_id: str, wanted: Sequence[str] = ()) -> list[str]:
    """The languages wanted, or all in which a report is published; SeedError for another."""
    if not wanted:
        return list(report_definition(known, report_id).get("languages", ["en"]))
    for language in wanted:
        report_definition(known, report_id, language)
    return list(dict.fromkeys(wanted))


def step_by_step(progress: Progress | None, done: int, total: int) -> Callable[[Report], None] | None:
    """Tells ``progress`` of each report that begins: its name and language, how many went before it, and of how many."""
    if progress is None:
        return None
    before = count(done)
    return lambda report: progress(f"{report.edition or report.id}, {report.language}", next(before), total)


def with_citations(wanted: Sequence[str], cite: bool) -> list[str]:
    """The formats wanted, or those written by default, and the citations too if these are."""
    return [*(wanted or BY_DEFAULT), "cite"] if cite else list(wanted)


def all_formats() -> list[str]:
    """Every format that can be written here: PDF and Parquet where their packages are installed."""
    return [name for name in FORMATS if name not in PACKAGES or find_spec(PACKAGES[name])]


def check_formats(wanted: Sequence[str] = ()) -> list[str]:
    """The formats wanted, or page and numbers; SettingsError for one that is none, or that is not installed."""
    if unknown := [name for name in wanted if name not in FORMATS]:
        raise SettingsError("--format", f"{', '.join(unknown)} is no format", f"one of {', '.join(FORMATS)}")
    if "pdf" in wanted:
        require_typst()
    if "parquet" in wanted:
        require_pyarrow()
    return [name for name in FORMATS if name in (wanted or BY_DEFAULT)]


def names_of(report: Report, formats: Sequence[str]) -> tuple[str, ...]:
    """The names of the files of one report in these formats beside its page, in the order of the formats."""
    _, values, rows = file_names(report)
    stems = [name.rpartition(".")[0] for name in (values, rows)]
    names = {
        "csv": [values, rows], "parquet": [f"{stem}.parquet" for stem in stems], "netcdf": [netcdf_name(report)],
        "pdf": [file_name(report)], "cite": list(citations_of_report(report)),
    }  # fmt: skip
    return tuple(name for wanted in FORMATS if wanted in formats for name in names.get(wanted, ()))


def files_of(
    reports: Sequence[Report], formats: Sequence[str], begin: Callable[[Report], None] | None = None
) -> dict[str, bytes]:
    """File name to bytes of one report in its languages; the same input gives the same bytes, whenever and wherever.

    Page and PDF are written in each language, the numbers once: they are the same in all. ``begin`` is told of each
    report before it is drawn.
    """
    files: dict[str, bytes] = {}
    for report in reports:
        if begin:
            begin(report)
        made: Mapping[str, bytes] = build(report) if {"html", "csv"} & set(formats) else {}
        files |= {name: content for name, content in made.items() if name.rpartition(".")[2] in formats}
        if "pdf" in formats:
            files[file_name(report)] = build_pdf(report)
    if not reports:
        return files
    if "parquet" in formats:
        files |= build_parquet(reports[0])
    if "netcdf" in formats:
        files[netcdf_name(reports[0])] = build_netcdf(reports[0])
    if "cite" in formats:
        files |= citations_of_report(reports[0])
    return files
