"""What stands in the printed report, block by block, in its language: plain data that the template lays out.

Every block is a dict with a ``kind`` that ``templates/report.typ`` knows. A zero-width space marks where a long name may
be broken; the template turns it into a place to break, so that it is not in the text of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from caspian_env.reports import charts, citations, messages, page, rows, svg, text
from caspian_env.reports.model import Figure, Report, Section, Source, Table
from caspian_env.reports.numbers import Value
from caspian_env.reports.voice import Voice

Block = dict[str, Any]
BREAK = "\u200b"
LONG = 14  # a word of more letters may be broken after the signs inside it
MEASURED = 6  # the longest words and cells of a column, from which its width is found
SHORT = 20  # a column with no longer cell stands on single lines where there is room


def told(report: Report) -> dict[str, Any]:
    """Everything that is printed: the words of the first page and of each foot, and all blocks in order."""
    say = Voice(report.language)
    newest = max((s.newest_observation for s in report.sources if s.newest_observation), default=None)
    as_known = vintage(report, say)
    date = report.as_of or newest
    again = say.words(messages.RECONSTRUCTED) if report.reconstructed else ""
    parts = [
        as_known,
        again,
        say.words("newest observation {day}", day=say.day(newest)) if newest else "",
        report.edition,
    ]
    version = f"caspian-env {report.code_version}" if report.code_version else ""
    mark = f"{say.words(messages.SYNTHETIC)} — {say.words('invented, not measured')}" if report.synthetic else ""
    return {
        "title": report.title, "language": report.language, "audience": report.audience, "notice": report.notice,
        "synthetic": mark, "vintage": " · ".join(filter(None, parts)),
        "date": [date.year, date.month, date.day] if date else None,
        "foot": " · ".join(filter(None, (report.edition or report.title, as_known, version))),
        "blocks": list(_blocks(report, say)),
    }  # fmt: skip


def english(words: str, say: Voice) -> str:
    """Words of the seeds that are kept in English; in another language they carry the mark that says so."""
    return text.polished(words if say.language == "en" or not words else f"[en] {words}")


def vintage(report: Report, say: Voice) -> str:
    """As of when the numbers are known."""
    if report.as_of is None:
        return say.words("As known at the newest collection")
    return say.words("As known on {when} UTC", when=f"{report.as_of:%Y-%m-%d %H:%M}")


def breakable(words: str) -> str:
    """The words with a mark after each sign inside a long one, where a line may end; short ones stay whole."""
    signs = re.sub(rf"\S{{{LONG},}}", lambda one: re.sub(r"(?<=\w)([_/.?&=,;:-])(?=\w)", rf"\1{BREAK}", one[0]), words)
    return re.sub(rf"[^\W_]{{{2 * LONG},}}", lambda one: BREAK.join(re.findall(rf".{{1,{LONG}}}", one[0])), signs)


def _blocks(report: Report, say: Voice) -> Iterator[Block]:
    number = {source.dataset_id: n for n, source in enumerate(report.sources, 1)}
    yield from _messages(report, say)
    for section in report.sections:
        yield from _section(report, section, number, say)
    if report.values or report.refusals:
        yield from _refusals(report, say)
        yield _heading("intervals", say.words("What the intervals include, and what they do not"))
        yield {"kind": "list", "items": [say.words(words) for words in page.INTERVAL_NOTES]}
        yield from _methods(report, say)
    yield from _sources(report, say)
    if report.values:
        yield from _provenance(report, say)


def _messages(report: Report, say: Voice) -> Iterator[Block]:
    found = messages.key_messages(report)
    if not found and (report.values or not any(report.figures)):
        return
    yield _heading("key", say.words("Key messages"))
    named = {section.id: section.heading for section in report.sections}
    named |= {"methods": say.words("Methods"), "no-number": say.words("What has no number, and why")}
    for one in found:
        see = say.words("See: {heading}, page {page}", heading=named[one.anchor], page="{page}")
        yield {
            "kind": "message", "headline": page.glue(one.headline), "detail": page.glue(one.detail),
            "anchor": f"part-{one.anchor}", "see": see,
        }  # fmt: skip
    if not found:
        yield _text(f"{say.words('No indicator has a number yet')}.")


def _section(report: Report, section: Section, number: dict[str, int], say: Voice) -> Iterator[Block]:
    yield _heading(section.id, section.heading)
    yield from (_text(page.glue(words)) for words in section.text)
    yield from (_figure(report, figure, number, say) for figure in section.figures)
    for table in section.tables:
        yield from _words_table(table, say)
    if section.values:
        yield _values_table(report, section.values, number, say)
    elif not (section.text or section.figures or section.tables):
        yield _text(say.words("No indicator has a number yet."))


def _figure(report: Report, figure: Figure, number: dict[str, int], say: Voice) -> Block:
    words = messages.words(report, figure)
    drawn = "" if figure.missing else charts.draw(report, figure).wide
    sources = page.figure_sources(report, figure)
    lines = [
        f"{say.name(r.label)}, {say.quantity(r.value, r.decimals, r.unit)} ({r.source})" for r in figure.references
    ]
    return {
        "kind": "figure", "title": page.glue(words.title), "subtitle": words.subtitle, "alt": words.description,
        "svg": svg.alone(drawn) if drawn else "", "size": svg.size(drawn) if drawn else [1, 1],
        "missing": f"{say.words('No data yet:')} {say.name(figure.missing)}" if figure.missing else "",
        "foot": [_line(words, url) for words, url in sources], "source": say.words("Source:"),
        "vintage": f". {vintage(report, say)}.",
        "cites": _cites(page.datasets_of(figure), number),
        "references": f"{say.words('Thin lines:')} {'; '.join(lines)}." if lines else "",
    }  # fmt: skip


def _words_table(table: Table, say: Voice) -> Iterator[Block]:
    if table.title:
        yield {"kind": "subheading", "text": say.name(table.title)}
    if table.rows:
        rows = [[_cell("; ".join(said for said, _ in text.cited(words))) for words in row] for row in table.rows]
        caption = " ".join(say.name(words) for words in (table.caption, table.note) if words)
        yield _table(caption, [say.name(head) for head in table.head], rows, table.numeric)
    elif table.empty:
        yield _text(say.name(table.empty))


def _values_table(report: Report, values: Sequence[Value], number: dict[str, int], say: Voice) -> Block:
    one_level = len({v.ci_level for v in text.latest(report.values)} - {None}) == 1
    head = [say.words(words) for words in ("Indicator", "Place", "Period", "Value")]
    head += [page.interval_head(text.latest(report.values), say), "n", say.words("Status")]
    found = []
    for row in rows.value_rows(values):
        v = row.entry
        plus = f"± {say.uncertainty(v.std_uncertainty, v.decimals)}" if v.std_uncertainty is not None else ""
        span = say.span(v) or say.words("not given")
        level = f" ({text.level(v.ci_level)})" if v.ci_level is not None and not one_level else ""
        flag = say.words("flag {flag}", flag=say.qc(v.qc_flag))
        sure = say.words("confidence {word}", word=v.confidence) if v.confidence else ""
        about = "; ".join(say.name(words) for words in (v.statistic, v.datum_title) if words)
        cites = _cites((g.dataset_id for g in v.granules), number)
        found.append([
            _cell(say.name(v.title)) if row.again else _cell(say.name(v.title), about, cites=cites),
            _cell(text.listed(map(say.name, row.places))),
            _cell(say.period(v.period_start, v.period_end)),
            _cell(page.glue(say.quantity(v.value, v.decimals, v.unit)), plus),
            _cell(span + level),
            _cell(f"{v.n_valid}/{v.n_expected}"),
            _cell(say.name(v.status), "; ".join(filter(None, (flag, sure))), tag=bool(text.status_mark(v.status))),
        ])  # fmt: skip
    caption = say.words(
        "Newest period of each indicator and place. ± is the standard uncertainty (k = 1). n: inputs used of inputs"
        " expected. A dashed frame marks values that are not final."
    )
    return _table(caption, head, found, (3, 4, 5))


def _refusals(report: Report, say: Voice) -> Iterator[Block]:
    yield _heading("no-number", say.words("What has no number, and why"))
    refused = rows.refusal_rows(text.latest(report.refusals))
    if not refused:
        yield _text(say.words("Every indicator asked for has a number."))
        return
    found = []
    for row in refused:
        r = row.entry
        found.append([
            _cell(say.name(r.title), "" if row.again else r.indicator_id), _cell(text.listed(map(say.name, row.places))),
            _cell(say.period(r.period_start, r.period_end)), _cell(say.name(r.reason)), _cell(f"{r.n_valid}/{r.n_expected}"),
        ])  # fmt: skip
    caption = say.words("The rule of the indicator forbids a number for these periods. Nothing is filled in.")
    head = [say.words(words) for words in ("Indicator", "Place", "Period", "No number because")]
    yield _table(caption, [*head, "n"], found, (4,))


def _methods(report: Report, say: Voice) -> Iterator[Block]:
    yield _heading("methods", say.words("Methods"))
    items = []
    for v in {value.indicator_id: value for value in text.latest(report.values)}.values():
        version = say.words("Method version {version}, id {id}.", version=v.method_version, id=v.indicator_id)
        reference = say.words("Reference: {reference}.", reference=v.method_citation) if v.method_citation else ""
        said = f"{say.name(v.title)}: {say.name(v.statistic)}."
        items.append(breakable(" ".join(filter(None, (said, version, reference, english(v.note, say))))))
    items.append(say.words("Printed numbers are rounded to what the uncertainty supports. Times are UTC."))
    yield {"kind": "notes", "items": items}


def _sources(report: Report, say: Voice) -> Iterator[Block]:
    yield _heading("sources", say.words("Sources and licences"))
    yield _text(say.words("Cite this report as: {citation}", citation=citations.of_report(report)))
    for n, source in enumerate(report.sources, 1):
        yield {"kind": "source", "number": n, "title": source.title, "lines": list(_source_lines(source, say))}


def _source_lines(s: Source, say: Voice) -> Iterator[Block]:
    version = (
        say.words("version {version}", version=s.product_version.removeprefix("Version ")) if s.product_version else ""
    )
    newest = say.words("newest observation {day}", day=say.day(s.newest_observation)) if s.newest_observation else ""
    retrieved = say.words("Retrieved {day}", day=s.accessed.isoformat()) if s.accessed else ""
    yield _line(" · ".join(filter(None, (s.provider, version, s.dataset_id, newest, retrieved))))
    yield _line(s.citation, f"https://doi.org/{s.doi}" if s.doi else "")
    handed_on = "rows may be handed on" if s.redistributable else "rows may not be handed on"
    licence = say.words("Licence: {licence}", licence=s.licence)
    yield _line(f"{licence} ({say.words(handed_on)})", s.landing_page or "")
    yield from (_line(english(words, say)) for words in (s.caveats,) if words)
    if s.cannot:
        yield _line(say.words("It cannot give: {what}", what=english(s.cannot, say)))
    if not s.proven:
        yield _line(
            say.words("Unproven: its reader was tried on bytes encoded like those of the provider, never on real ones.")
        )


def _provenance(report: Report, say: Voice) -> Iterator[Block]:
    yield _heading("provenance", say.words("Provenance"))
    yield _lead(
        say.words(
            "Every number rests on these bytes as retrieved. The digest is the sha256 of the sorted sums, one a line;"
            " numbers made of the same bytes stand together."
        )
    )
    for e in page.evidence(text.latest(report.values), say):
        if len(e.granules) > page.OPEN_LIST:
            lines = [_line(say.words("{n} granules, digest {digest}", n=len(e.granules), digest=e.digest))]
        else:
            lines = [line for g in e.granules for line in (_line(f"sha256 {g.sha256}"), _line(g.dataset_id, g.url))]
        yield {"kind": "evidence", "labels": list(e.labels), "lines": lines}


def _table(caption: str, head: list[str], rows: list[list[Block]], numeric: Iterable[int]) -> Block:
    columns = [[head[i], *(part for row in rows for part in (row[i]["text"], row[i]["sub"]))] for i in range(len(head))]
    words = [{piece for cell in column for piece in re.split(rf"[ \n{BREAK}]", cell)} for column in columns]
    mains = [{row[i]["text"] for row in rows} for i in range(len(head))]
    whole = [cells if all(len(cell) <= SHORT for cell in cells) else set() for cells in mains]
    return {
        "kind": "table", "caption": caption, "head": head, "rows": rows, "numeric": list(numeric),
        "words": [_longest(column) for column in words], "whole": [_longest(cells) for cells in whole],
        "cells": [_longest(set(column)) for column in columns],
    }  # fmt: skip


def _longest(found: set[str]) -> list[str]:
    return sorted(found, key=lambda words: (-len(words), words))[:MEASURED]


def _cell(words: str, sub: str = "", *, tag: bool = False, cites: Sequence[int] = ()) -> Block:
    return {"text": breakable(words), "sub": breakable(sub), "tag": tag, "cites": list(cites)}


def _cites(datasets: Iterable[str], number: dict[str, int]) -> list[int]:
    return sorted({number[name] for name in datasets})


def _heading(name: str, words: str) -> Block:
    return {"kind": "heading", "id": f"part-{name}", "text": words}


def _text(words: str) -> Block:
    return {"kind": "text", "text": breakable(words)}


def _lead(words: str) -> Block:
    return {"kind": "lead", "text": words}


def _line(words: str, url: str = "") -> Block:
    return {"text": breakable(words), "url": page.web_address(url) or "", "shown": breakable(url)}
