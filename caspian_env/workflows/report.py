"""Fill a report from the catalog and write its files, each complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.reference import is_synthetic
from caspian_env.errors import SeedError
from caspian_env.formats.disk import discard, writing
from caspian_env.reports import text
from caspian_env.reports.model import Report, Section
from caspian_env.reports.numbers import Refusal, Value
from caspian_env.reports.page import build
from caspian_env.reports.placed import PLACE, placed
from caspian_env.reports.voice import Voice
from caspian_env.seeds.entries import Entry
from caspian_env.settings import VERSION
from caspian_env.wiring import Platform
from caspian_env.workflows.ledger import WAIT_SECONDS, ledger
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.report_figures import figure, in_language
from caspian_env.workflows.report_numbers import headlines, numbers, shown_indicators, sources
from caspian_env.workflows.report_tables import table
from caspian_env.workflows.same_report import Written, digest_of


def write_bulletin(
    platform: Platform, folder: Path, *, as_of: datetime | None = None, scheduled_for: datetime | None = None
) -> list[Path]:
    """Write the bulletin's files into ``folder`` and return their paths, the page first.

    Raises
    ------
    DiskError
        When the disk does not take them; the files of the bulletin before stay as they were.
    AlreadyClaimed
        When another run did not stop building one; AlreadyDone when the one that was due then is built.
    """
    outcome = Outcome("bulletin", expected=1)
    claimed = ledger(
        platform, "report", "bulletin", outcome, job="report", scheduled_for=scheduled_for, wait_seconds=WAIT_SECONDS
    )
    with claimed:
        with platform.catalog.read() as connection:
            bulletin = fill_report(connection, platform, "bulletin", as_of=as_of)
        digest, last = digest_of(bulletin), Written(platform.settings.home / "cache" / "bulletin", folder)
        written = last.same(digest)
        if written is None:
            written = write_files(folder, build(bulletin), "the bulletin")
            last.remember(digest, written)
        outcome.fetched = 1
    return sorted(written, key=lambda path: (path.suffix != ".html", path.name))


def fill_report(
    connection: Connection, platform: Platform, report_id: str, *, as_of: datetime | None = None, language: str = "en"
) -> Report:
    """A report of the seeds as known now or at ``as_of``: sections, values, refusals and sources; no clock is asked.

    ``text.latest`` of its values are the numbers that the page prints; the older ones are in its files.

    Raises
    ------
    SeedError
        When no report has that id, or it is not published in that language.
    """
    definition = report_definition(platform.seeds.reports, report_id, language)
    sections = definition["sections"]
    speaking = headlines(connection, definition.get("headlines", []), as_of)
    shown = shown_indicators(platform, _named(sections))
    values, refusals = numbers(connection, platform, shown, speaking, as_of)
    values = tuple(replace(v, printed=Voice(language).quantity(v.value, v.decimals, v.unit)) for v in values)
    filled = tuple(_section(connection, platform, entry, values, refusals, as_of, language) for entry in sections)
    lines = [line for section in filled for figure in section.figures for line in figure.lines]
    goals = [goal for section in filled for figure in section.figures for goal in figure.goals]
    named = {line.dataset_id for line in lines} | {one.dataset_id for goal in goals for one in goal.sources}
    named |= {granule.dataset_id for value in values for granule in value.granules}
    stands_on = sources(connection, platform, named, as_of)
    # A report of no dataset is one of all: what was revised, and which flags were given.
    of_all = stands_on or (sources(connection, platform, set(platform.seeds.datasets), as_of) if as_of else ())
    return Report(
        id=report_id,
        title=in_language(definition["title"], language),
        language=language,
        audience=in_language(definition.get("audience", ""), language),
        synthetic=is_synthetic(connection),
        as_of=as_of,
        reconstructed=as_of is not None and any(one.from_an_archive for one in of_all),
        sections=filled,
        values=values,
        refusals=refusals,
        sources=stands_on,
        code_version=VERSION,
        rows_name=definition.get("rows", ""),
        leading=tuple(speaking),
    )


def report_definition(known: Mapping[str, Entry], report_id: str, language: str = "en") -> dict[str, Any]:
    """The definition of a report; SeedError names those that exist, or the languages that it is published in."""
    if report_id not in known:
        raise SeedError(report_id, "is no report", f"one of {', '.join(known)}")
    languages = known[report_id].get("languages", ["en"])
    if language not in languages:
        raise SeedError(report_id, f"is not published in {language!r}", f"one of {', '.join(languages)}")
    return dict(known[report_id])


def _named(sections: list[dict[str, Any]]) -> list[str]:
    """Every indicator or definition that the sections list, draw or place in a text, in order, each once."""
    found = [name for section in sections for name in section.get("indicators", ())]
    found += [name for section in sections for shown in section.get("figures", ()) for name in shown.get("values", ())]
    texts = [words for section in sections for words in section.get("text", ())]
    spoken = [w for words in texts for w in (words.values() if isinstance(words, dict) else [words])]
    found += [match[1] for words in spoken for match in PLACE.finditer(words)]
    return list(dict.fromkeys(found))


def _section(
    connection: Connection,
    platform: Platform,
    entry: dict[str, Any],
    values: tuple[Value, ...],
    refusals: tuple[Refusal, ...],
    as_of: datetime | None,
    language: str,
) -> Section:
    wanted = entry.get("figures", ())
    figures = tuple(figure(connection, platform, shown, values, refusals, as_of, language) for shown in wanted)
    listed = {i.id for i in shown_indicators(platform, entry.get("indicators", []))} if "indicators" in entry else set()
    drawn = [line.get("indicator", "") for shown in wanted for line in shown.get("lines", ())]
    drawn += [name for shown in wanted for name in shown.get("values", ())]
    return Section(
        id=entry["id"],
        heading=in_language(entry["heading"], language),
        text=tuple(placed(in_language(w, language), values, refusals, Voice(language)) for w in entry.get("text", ())),
        figures=figures,
        tables=tuple(
            table(connection, platform, wanted, figures, as_of, language) for wanted in entry.get("tables", ())
        ),
        values=tuple(value for value in text.latest(values) if value.indicator_id in listed),
        shows=tuple(dict.fromkeys([*entry.get("about", ()), *filter(None, drawn), *sorted(listed)])),
    )


def write_files(folder: Path, files: Mapping[str, bytes], what: str) -> list[Path]:
    """Write all files, then give them their names, so that those of two reports are not mixed."""
    partials = {folder / name: folder / f".{name}.partial" for name in files}
    try:
        with writing(folder, what):
            folder.mkdir(parents=True, exist_ok=True)
            for path, partial in partials.items():
                with partial.open("wb") as file:
                    file.write(files[path.name])
                    file.flush()
                    os.fsync(file.fileno())
            for path, partial in partials.items():
                partial.replace(path)
    finally:
        for partial in partials.values():
            discard(partial)
    return list(partials)
