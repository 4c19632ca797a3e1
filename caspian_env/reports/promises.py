"""Tables on what states promised: each target with its status word, every source beside it, pledges, reported numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from caspian_env.reports.model import Table
from caspian_env.reports.voice import Voice

CONTEXT = "Declarations of many states are context for one of them, never its compliance."
# The parts of a status sentence that hold a number, as workflows.commitments writes them.
COUNTED = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
MET = re.compile(r"met by (\w+) (?:source )?of (\w+)(?: sources)?")
BESIDE = re.compile(r"(\w+) on another basis shown beside, not counted")
NO_EDITION = re.compile(r"no edition, collected on ([\d-]+)")
WRITTEN = re.compile(r"workbook of ([\d-]+)")
SHORT_REASONS = {
    "no: LULUCF": "land use is", "no: LULUCF?": "whether the target includes land use",
    "no: potentials": "potentials are", "no: too long ago": "its newest year", "no: base year": "it has no value",
}  # fmt: skip
UNREAD = {"gwp_set": "potentials", "level_pct": "figure", "lulucf": "land use", "url": "address", "kind": "kind of target",
          "conditional": "condition", "valid_from": "first day", "filed_on": "day of filing"}  # fmt: skip
KIND_OF_TARGET = {"conditional": "with support", "low": "lower end", "high": "upper end"}
SETS = {"reported": "own"}
LAND_USE = {"included": "with", "excluded": "without"}
LABELS = {"edgar": "EDGAR", "owid": "OWID", "unfccc": "UNFCCC", "unfccc_net": "UNFCCC net", "cait": "CAIT",
          "climate_watch": "Climate Watch", "primap": "PRIMAP-hist"}  # fmt: skip
WORDS = ("included", "excluded", "both", "unstated", "reported", "unknown")
RECONSTRUCTED = "Reconstructed: editions were collected from an archive, after they had become known."


def targets(name: str, rows: Iterable[Any], say: Voice, *, reconstructed: bool) -> Table:
    """Each target in force: what is allowed, what was not read, the status word and the range over the sources.

    Parameters
    ----------
    rows : iterable of TargetProgress
        As ``workflows.commitments`` gives them.
    reconstructed : bool
        Whether an edition was collected long after it had become known; then a note says so.
    """
    return Table(
        id=name,
        title="Targets in force",
        caption="A level is what is allowed, in per cent of the base; no colour and no mark but these words.",
        note=RECONSTRUCTED if reconstructed else "",
        head=("Country", "Target", "Since", "Allowed, %", "Status", "Progress over all sources, %", "Not read in the document"),
        rows=tuple(
            (
                say.name(row.country_title),
                say.name(row.target.title),
                row.target.valid_from or say.name("not known"),
                _number(say, row.target.level_pct, 0),
                _sentence(say, row.sentence),
                _range(say, row.low, row.high),
                ", ".join(_unread(say, word) for word in row.target.unconfirmed.split()),
            )
            for row in rows
        ),
        numeric=(3,),
        empty="Nothing is promised that far.",
    )  # fmt: skip


def sources(name: str, rows: Iterable[Any], say: Voice) -> Table:
    """Each source beside each target: edition, basis and the numbers; one on another basis says why it is not counted.

    Emissions themselves are not in it, for some licences forbid to pass them on; what is made from them is.
    """
    lines = [(row, line) for row in rows for line in row.sources]
    return Table(
        id=name,
        title="Every source beside each target",
        caption="One ratio is of one source and edition. A source on another basis is shown beside and never counted: its"
        " land use (LULUCF) or potentials are not those of the target or not known, or its newest year is too long ago."
        " A day is that of the workbook; with * it has no edition, and the day is that of its collection.",
        head=("Target", "Source", "Year", "Potentials", "LULUCF", "Since base, %", "Progress, %", "Needed, % a year",
              "Ten years, % a year", "Counted"),
        rows=tuple(
            (
                short_name(say, row.target.id), _edition_of(line), str(line.year),
                say.name(SETS.get(line.gwp_set, line.gwp_set)) if line.gwp_set in WORDS else line.gwp_set,
                say.name(LAND_USE.get(line.lulucf, line.lulucf)), _number(say, line.change_pct, 1),
                _number(say, line.progress_pct, 1), _number(say, line.required_cut_pct, 2), _number(say, line.rate_pct, 2),
                say.name(line.word) if line.counted else _reason(say, line),
            )
            for row, line in lines
        ),
        numeric=(2, 5, 6, 7, 8),
        empty="No emissions have been collected.",
    )  # fmt: skip


def pledges(name: str, rows: Iterable[Any], countries: Mapping[str, str], say: Voice) -> Table:
    """Where each state stands towards declarations of many; context, and the caption says so."""
    states: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        told = (
            say.name(row.pledge), say.name(row.standing.replace("_", " ")), row.joined_on,
            say.name({"P": "in the document", "S": "in the press", "U": "unconfirmed"}[row.mark]),
            say.find(row.source) or row.source,
        )  # fmt: skip
        states.setdefault(told, []).append(say.name(countries[row.country]))
    return Table(
        id=name,
        title="Declarations of many states",
        caption=CONTEXT,
        head=("Country", "Declaration", "Standing", "Since", "Read", "Source"),
        rows=tuple((", ".join(found), *told) for told, found in states.items()),
        empty="No declaration is known.",
    )


def reported(name: str, rows: Iterable[Any], titles: dict[str, str], places: dict[str, str], say: Voice) -> Table:
    """Numbers that people reported in a signed file: by whom and when; no measurement of this platform."""
    return Table(
        id=name,
        caption="As reported, by whom and when; no measurement of this platform. What may not be passed on is not in it.",
        head=("What", "Place", "Period", "Value", "Reported by", "On", "Source", "Signed by"),
        rows=tuple(
            (
                say.name(titles.get(row.quantity, row.quantity)), say.name(places.get(row.location_id, row.location_id)),
                say.period(row.period_start, row.period_end), f"{say.sign(f'{row.value:g}')} {say.unit(row.unit)}".strip(),
                row.reported_by, row.reported_on, row.source, row.signed_by,
            )
            for row in rows
            if row.redistributable
        ),
        numeric=(3,),
        empty="No institution has handed in a signed number yet.",
    )  # fmt: skip


def _unread(say: Voice, column: str) -> str:
    """What a column of the seeds is about, in words."""
    return UNREAD.get(column, column.replace("_", " ")) if say.language == "en" else say.name(column.replace("_", " "))


def short_name(say: Voice, target_id: str) -> str:
    """Country and year of a target, and which one it is where there are several."""
    country, *rest = target_id.split("_")
    told = [word if word.isdigit() else say.name(KIND_OF_TARGET.get(word, word)) for word in rest]
    return " ".join([country.upper(), *told])


def _edition_of(line: Any) -> str:
    """The source in short with the year of its edition, or the day that stands for an edition it does not have."""
    source = LABELS.get(line.source, line.source)
    if none := NO_EDITION.fullmatch(line.edition):
        return f"{source}, {none[1]}*"
    if written := WRITTEN.fullmatch(line.edition):
        return f"{source}, {written[1]}"
    edition = line.edition.rpartition(", ")[2].removeprefix("edition ").removeprefix("of ")
    year = re.search(r"[0-9]{4}", edition)
    return f"{source}\u00a0{year[0] if year else edition}"


def _number(say: Voice, value: float | None, decimals: int) -> str:
    return "" if value is None else say.number(value, decimals)


def _range(say: Voice, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return say.words("{low} to {high}", low=say.number(low, 0), high=say.number(high, 0))


def _sentence(say: Voice, english: str) -> str:
    """A status sentence by its parts: the word, its reason, and how many sources meet the target or stand beside."""
    return "; ".join(_part(say, part) for part in english.split("; "))


def _part(say: Voice, part: str) -> str:
    if say.language == "en":
        return part
    if met := MET.fullmatch(part):
        return say.words("met by {n} of {of} sources", n=_count(met[1]), of=_count(met[2]))
    if beside := BESIDE.fullmatch(part):
        return say.words("{n} on another basis shown beside, not counted", n=_count(beside[1]))
    word, _, why = part.partition(": ")
    return f"{say.name(word)}: {say.name(why)}" if why else say.name(word)


def _reason(say: Voice, line: Any) -> str:
    """Why a source does not count, in two words; the caption says what they mean."""
    for words, begins in SHORT_REASONS.items():
        if line.why_not.startswith(begins):
            return say.words(words)
    return f"{say.name('no')}: {say.name(line.why_not)}"


def _count(word: str) -> str:
    return str(COUNTED.index(word)) if word in COUNTED else word
