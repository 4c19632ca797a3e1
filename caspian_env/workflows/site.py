"""The public site: an index, a page for each indicator, every report, and feeds, as files that any web server serves.

Beside each page lie its numbers as CSV, NetCDF and, where its package is installed, Parquet, and its citations; and, where it
can be laid out, its PDF, of a report in each language. A page and its files are made again only if what it prints
or the code that prints it is another; no clock is asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.reference import is_synthetic
from caspian_env.formats.disk import writing
from caspian_env.model import Indicator
from caspian_env.reports import site_index, site_pages, text
from caspian_env.reports.feeds import feed
from caspian_env.reports.model import Report, Section, Series
from caspian_env.reports.numbers import Value
from caspian_env.settings import VERSION
from caspian_env.wiring import Platform
from caspian_env.workflows.report import fill_report
from caspian_env.workflows.report_files import Progress, all_formats, files_of, names_of
from caspian_env.workflows.report_numbers import numbers, sources
from caspian_env.workflows.report_shapes import mapped as mapped_values
from caspian_env.workflows.report_shapes import outlines, spots
from caspian_env.workflows.same_report import digest_of
from caspian_env.workflows.site_changes import changes, news

KEPT = "site.json"  # digest and files of each page: what of the site is still as it would be drawn


def write_site(platform: Platform, folder: Path, *, address: str = "", progress: Progress | None = None) -> list[Path]:
    """Write the site below ``folder`` and return the files that were written; those that are the same stay untouched.

    Parameters
    ----------
    platform : Platform
        Whose catalog is shown, as known now.
    folder : Path
        Root of the site; made where it is missing. Files that the site does not know are left alone.
    address : str
        Where it will be served, for the links of the feeds; relative links where it is empty.
    progress : callable, optional
        Told of each page: its subject, how many went before it, and how many there are at the most.

    Raises
    ------
    DiskError
        When the disk does not take a file; every file is whole or as before.
    """
    last = _kept(folder)
    kept: dict[str, Any] = {}
    written: list[Path] = []
    listed: list[Report] = []
    with platform.catalog.read() as connection:
        total = _most(platform)
        for report in _reports(connection, platform):
            if progress:
                progress(f"page of {report.id}", len(listed), total)
            formats = _formats(report, listed)
            report = replace(report, downloads=names_of(report, _formats(report)))
            listed.append(report)
            name, digest = f"{report.id}:{report.language}", f"{digest_of(report)} {' '.join(formats)}"
            before = last.get(name, {})
            if before.get("digest") == digest and _same(folder, before["files"]):
                kept[name] = before
                continue
            files = files_of([report], formats)
            written += _write(folder, files)
            kept[name] = {"digest": digest, "files": {file: _sha256(content) for file, content in files.items()}}
        synthetic = is_synthetic(connection)
        common = {
            **site_index.indexes(listed, synthetic=synthetic),
            "values.xml": feed("New values", news(connection, platform.seeds), address, "values.xml"),
            "revisions.xml": feed("Revisions", changes(connection, platform.seeds), address, "revisions.xml"),
        }
    written += _write(folder, {name: content for name, content in common.items() if not _is(folder / name, content)})
    known = json.dumps(kept, indent=1, sort_keys=True).encode()
    if not _is(folder / KEPT, known):
        _write(folder, {KEPT: known})
    return written


def indicator_report(connection: Connection, platform: Platform, indicator: Indicator) -> Report | None:
    """The page of one indicator: its values over time, method, revisions and citation; None where nothing is known of it."""
    values, refusals = numbers(connection, platform, [indicator], {}, None)
    values = tuple(site_pages.printed(value) for value in values)
    if not values and not refusals:
        return None
    named = {granule.dataset_id for value in values for granule in value.granules}
    mapped = mapped_values(values)
    shores, named_there = (outlines(platform), spots(platform)) if mapped else ((), ())
    return Report(
        id=f"{site_pages.OF_INDICATOR}{indicator.id}",
        title=indicator.title,
        audience="Caspian Sea indicators",
        synthetic=is_synthetic(connection),
        as_of=None,
        sections=(
            Section(
                id="values",
                heading="Values",
                figures=site_pages.figures(values, _lines(platform, indicator, values), mapped, shores, named_there),
                values=text.latest(values),
                shows=(indicator.id,),
            ),
            Section(id="method", heading="Method", text=site_pages.method(indicator)),
            Section(id="revisions", heading="Revisions", tables=(_revised(connection, platform, indicator),)),
            Section(id="citation", heading="Citation", text=(site_pages.citation(indicator, VERSION),)),
        ),
        values=values,
        refusals=refusals,
        sources=sources(connection, platform, named, None),
        code_version=VERSION,
    )


def _formats(report: Report, before: Iterable[Report] = ()) -> list[str]:
    """The formats that are offered of a page; of those with the same numbers as one before it, only what has a language."""
    offered = all_formats()
    written = any(one.id == report.id for one in before)
    return [name for name in offered if name in ("html", "pdf")] if written else offered


def _most(platform: Platform) -> int:
    """How many pages there are at the most: an indicator of which nothing is known has none."""
    return sum(len(one.get("languages", ["en"])) for one in platform.seeds.reports.values()) + len(
        platform.seeds.indicators
    )


def _reports(connection: Connection, platform: Platform) -> Iterable[Report]:
    for name, definition in platform.seeds.reports.items():
        for language in definition.get("languages", ["en"]):
            yield fill_report(connection, platform, name, language=language)
    for indicator in platform.seeds.indicators.values():
        report = indicator_report(connection, platform, indicator)
        if report is not None:
            yield report


def _lines(platform: Platform, indicator: Indicator, values: tuple[Value, ...]) -> list[Series]:
    dataset = platform.seeds.datasets[indicator.inputs[0].dataset]
    by_place: dict[str, list[Value]] = {}
    for value in values:
        by_place.setdefault(value.location_id, []).append(value)
    named = {granule.dataset_id for value in values for granule in value.granules}
    if dataset.id not in named:
        return []
    variable = indicator.inputs[0].variable
    lines = (site_pages.line(rows, dataset.id, variable, dataset.redistributable) for rows in by_place.values())
    return [line for line in lines if line is not None]


def _revised(connection: Connection, platform: Platform, indicator: Indicator) -> Any:
    rows = [entry.summary for entry in changes(connection, platform.seeds, indicator.id)]
    return site_pages.revised(rows)


def _kept(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads((folder / KEPT).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _same(folder: Path, files: Mapping[str, str]) -> bool:
    try:
        return all(_sha256((folder / name).read_bytes()) == sha256 for name, sha256 in files.items())
    except OSError:
        return False


def _is(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _write(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    with writing(folder, "the site"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            partial = folder / f".{name}.partial"
            partial.write_bytes(content)
            partial.replace(folder / name)
    return [folder / name for name in files]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
