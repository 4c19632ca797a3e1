"""Freeze a report: what it prints, from which vintage, by what, and its files, stored once and whole."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.migrate import require_current
from caspian_env.catalog.report_editions import (
    Edition,
    NeedRow,
    PrintedRow,
    find_edition,
    next_erratum,
    next_number,
    write_edition,
)
from caspian_env.catalog.stored import hold_claims
from caspian_env.errors import AlreadyClaimed, SettingsError
from caspian_env.reports.citations import suggested
from caspian_env.reports.model import Report
from caspian_env.reports.numbers import Value, value_id
from caspian_env.reports.page import without_bare_rates
from caspian_env.reports.voice import Voice
from caspian_env.settings import VERSION
from caspian_env.wiring import Platform
from caspian_env.workflows.check_report import check_in
from caspian_env.workflows.edition_store import file_rows, name_it, receive, sweep
from caspian_env.workflows.holder import holder_of, is_gone
from caspian_env.workflows.ledger import LOOK_AGAIN_SECONDS, WAIT_SECONDS, account_for_dead, ledger
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.printed_by import drawn_by, seeds_hash, template_hash
from caspian_env.workflows.publishable import check_allowed, obstacles, sort_out
from caspian_env.workflows.report import fill_report
from caspian_env.workflows.report_files import Progress, check_formats, files_of, languages_of, step_by_step

NUMBERS = ("value", "std_uncertainty", "ci_low", "ci_high", "ci_level")
# Jobs that change what is known. A moment of knowledge is settled only while none of them goes on.
WRITERS = ("ingest:", "compute", "cube", "backfill")


@dataclass(frozen=True, slots=True)
class Frozen:
    """An edition that was frozen, where its files lie, and how much it printed."""

    edition: Edition
    folder: Path
    files: tuple[str, ...]
    n_values: int
    n_refusals: int

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "edition": self.edition.id, "as_of": self.edition.as_of, "corrects": self.edition.corrects,
            "erratum": self.edition.erratum, "folder": str(self.folder), "files": list(self.files),
            "n_values": self.n_values, "n_refusals": self.n_refusals, "allowed": json.loads(self.edition.allowed),
        }  # fmt: skip


def freeze(
    platform: Platform,
    report_id: str,
    *,
    as_of: datetime | None = None,
    allow: Sequence[str] = (),
    languages: Sequence[str] = (),
    formats: Sequence[str] = (),
    corrects: str | None = None,
    reason: str | None = None,
    progress: Progress | None = None,
) -> Frozen:
    """Freeze what a report prints now, or printed at ``as_of``, as its next edition.

    Parameters
    ----------
    allow : sequence of str
        What may be published although it should not: a reason, or REASON:SUBJECT; recorded in the edition.
    languages, formats : sequences of str
        All of the report by default.
    corrects, reason : str, optional
        The edition that this one is an erratum of, and why.
    progress : callable, optional
        Told of each language that is drawn: the edition and language, how many went before it, and how many there are.

    Raises
    ------
    Unpublishable
        When the page shows something that must not be published and was not allowed.
    AlreadyClaimed
        When something that changes what is known goes on for longer than anybody waits.
    """
    require_current(platform.catalog)
    check_allowed(allow)
    languages, formats = languages_of(platform.seeds.reports, report_id, languages), check_formats(formats)
    if as_of is not None and as_of > platform.clock():
        raise SettingsError("--as-of", f"{as_of:%F %T} UTC has not come yet", "name a moment of the past")
    outcome = Outcome(report_id, expected=1)
    with ledger(platform, "freeze", report_id, outcome, job=f"freeze:{report_id}", wait_seconds=WAIT_SECONDS) as run_id:
        sweep(platform.settings.home, is_gone)
        moment = _settled(platform, as_of)
        with platform.catalog.read() as connection:
            filled = [_filled(connection, platform, report_id, moment, language) for language in languages]
            rows = printed_rows(connection, filled[0], moment)
            needs = needs_of_report(filled[0])
            number = next_number(connection, report_id)
            erratum = next_erratum(connection, corrects) if corrects else None
        allowed = sort_out(report_id, obstacles(filled[0], _missing(platform, needs)), allow)
        edition = Edition(
            id=f"{report_id}-{number}", report_id=report_id, number=number, title=filled[0].title,
            languages=",".join(languages), formats=",".join(formats), as_of=moment, frozen_at=platform.clock(),
            corrects=corrects, erratum=erratum, reason=reason, allowed=json.dumps(allowed, ensure_ascii=False),
            synthetic=filled[0].synthetic, template_hash=template_hash(), seeds_hash=seeds_hash(platform),
            code_version=VERSION, drawn_by=json.dumps(drawn_by(), sort_keys=True), citation="", run_id=run_id,
        )  # fmt: skip
        edition = replace(edition, citation=citation_of(edition))
        begin = step_by_step(progress, 0, len(filled))
        files = files_of([named(report, edition) for report in filled], formats, begin)
        received = receive(platform.settings.home, files, holder_of())
        with platform.catalog.write() as connection:
            write_edition(connection, edition, rows, file_rows(files), needs)
            folder = name_it(platform.settings.home, received, edition.id)
        outcome.fetched = outcome.first = 1
    n_refusals = sum(row.reason is not None for row in rows)
    return Frozen(edition, folder, tuple(sorted(files)), len(rows) - n_refusals, n_refusals)


def correct(platform: Platform, edition_id: str, *, reason: str, **options: Any) -> Frozen:
    """Freeze the next edition of the same report as a numbered correction of one that was frozen before.

    Raises
    ------
    SettingsError
        When the reason is empty, or it would print the same: no number moved, and words and figures are made by the same.
    """
    require_current(platform.catalog)
    if not reason.strip():
        raise SettingsError("--reason", "is empty", "say in one sentence what was wrong")
    with platform.catalog.read() as connection:
        old = find_edition(connection, edition_id)
        found = check_in(connection, platform, old, as_of=options.get("as_of"))
    made_by = (old.template_hash, old.seeds_hash, old.code_version)
    if found.holds and not found.answered and made_by == (template_hash(), seeds_hash(platform), VERSION):
        raise SettingsError(
            edition_id, f"all {found.n_printed} printed numbers hold, there is nothing to correct",
            f"caspian-env report freeze {old.report_id} makes a new edition",
        )  # fmt: skip
    options["languages"] = options.get("languages") or old.languages.split(",")
    options["formats"] = options.get("formats") or old.formats.split(",")
    return freeze(platform, old.report_id, corrects=old.id, reason=" ".join(reason.split()), **options)


def named(report: Report, edition: Edition) -> Report:
    """The report with what an edition adds to it in print: its name, how to cite it, and what it corrects."""
    corrected = corrected_by(edition, Voice(report.language))
    notice = f"{corrected}: {edition.reason}" if corrected else ""
    cited = edition.citation if report.language == "en" else citation_of(edition, report)
    return replace(report, edition=edition.id, edition_citation=cited, notice=notice)


def citation_of(edition: Edition, report: Report | None = None) -> str:
    """The suggested citation of an edition, in the language of one of its reports; the catalog keeps the English one."""
    say = Voice(report.language) if report else Voice()
    return suggested(
        report.title if report else edition.title, edition.as_of, edition.code_version, say, synthetic=edition.synthetic,
        edition=edition.id, erratum=corrected_by(edition, say),
    )  # fmt: skip


def corrected_by(edition: Edition, say: Voice) -> str:
    """Which edition this one corrects; empty where it corrects none."""
    return (
        say.words("Erratum {n} to {edition}", n=edition.erratum, edition=edition.corrects) if edition.corrects else ""
    )


def printed_rows(connection: Connection, report: Report, as_of: datetime) -> list[PrintedRow]:
    """What a report prints, number by number, each with the key of its vintage; then every reason in place of one."""
    decimals = {value.indicator_id: value.decimals for value in report.values}
    entries: list[Any] = [*report.values, *report.refusals]
    vintages: dict[tuple[Any, ...], str] = {}
    for name in dict.fromkeys(entry.indicator_id for entry in entries):
        for row in read_indicator(connection, name, as_of=as_of):
            vintages[row.indicator_id, row.location_id, row.period_start, row.period_end] = row.id
    found = {}
    for entry in entries:
        key = (entry.indicator_id, entry.location_id, entry.period_start, entry.period_end)
        is_value = isinstance(entry, Value)
        named_so = value_id(*key)
        found[named_so] = PrintedRow(
            printed_id=named_so, value_id=vintages[key], unit=entry.unit, reason=None if is_value else entry.reason,
            decimals=entry.decimals if is_value else decimals.get(entry.indicator_id, 0),
            printed=entry.printed if is_value else entry.reason,
            **{name: getattr(entry, name) if is_value else None for name in NUMBERS},
        )  # fmt: skip
    return list(found.values())


def needs_of_report(report: Report) -> list[NeedRow]:
    """The granules that the numbers of a report rest on, each once."""
    lines = {(g.dataset_id, g.sha256) for value in report.values for g in value.granules}
    lines |= {(line.dataset_id, sha256) for line in report.lines for sha256 in line.granule_sha256 if sha256}
    by_sha256: Mapping[str, str] = {sha256: dataset for dataset, sha256 in sorted(lines, reverse=True)}
    return [NeedRow("granule", sha256, by_sha256[sha256]) for sha256 in sorted(by_sha256)]


def _filled(connection: Connection, platform: Platform, report_id: str, as_of: datetime, language: str) -> Report:
    return without_bare_rates(fill_report(connection, platform, report_id, as_of=as_of, language=language))


def _missing(platform: Platform, needs: Iterable[NeedRow]) -> list[str]:
    there = platform.archive.files()
    return [need.sha256 for need in needs if need.sha256 not in there]


def _settled(platform: Platform, as_of: datetime | None) -> datetime:
    """A moment up to which nobody writes any more: whoever began before it has ended, and who begins later knows later."""
    begun = time.monotonic()
    while True:
        account_for_dead(platform)
        with platform.catalog.write() as connection:
            jobs = [job for job in hold_claims(connection) if job.startswith(WRITERS)]
            moment = platform.clock()
        if not jobs:
            return as_of or moment
        if time.monotonic() - begun > WAIT_SECONDS:
            raise AlreadyClaimed("freeze", f"{', '.join(jobs[:3])} goes on", "wait until it is over")
        time.sleep(LOOK_AGAIN_SECONDS)
