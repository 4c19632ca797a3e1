"""Tables on what states promised: each target with its status word, every source beside it, pledges, reported numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from caspian_env.reports.model import Table
from caspian_env.reports.voice import Voice

CONTEXT = "Declarations of many states are context for one of them, never its compliance."
# The parts of a status sentence that hold a number, as workflows.commitments writes them.
COUNTED = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
MET = re.compile(r"met by (\w+) (?:source )?of (\w+)(?: sources)?")
BESIDE = re.compile(r"(\w+) on another basis shown beside, not counted")
NEWEST = re.compile(r"its newest year is (\d+)")
APART = re.compile(r"(land use is|potentials are) (\w+) in the target and (\w+) in the source")
NO_EDITION = re.compile(r"no edition, collected on ([\d-]+)")
WRITTEN = re.compile(r"workbook of ([\d-]+)")
STATED = re.compile(r"(?:^|, )edition (\d[\d.-]*)$")
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
                ", ".join(say.name(word.replace("_", " ")) for word in row.target.unconfirmed.split()),
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
        caption="One ratio is of one source and edition. A source on another basis is shown beside and never counted.",
        head=("Target", "Source", "Year", "Basis", "Since the base, %", "Progress, %", "Needed, % a year",
              "Last ten years", "Counted"),
        rows=tuple(
            (
                _short(row.target.id), _edition_of(say, line), str(line.year),
                f"{say.name(line.gwp_set) if line.gwp_set in WORDS else line.gwp_set}, {say.name(f'land use {line.lulucf}')}",
                _number(say, line.change_pct, 1), _number(say, line.progress_pct, 1),
                _number(say, line.required_cut_pct, 2), _number(say, line.rate_pct, 2),
                say.name(line.word) if line.counted else f"{say.name('no')}: {_reason(say, line.why_not)}",
            )
            for row, line in lines
        ),
        numeric=(2, 4, 5, 6, 7),
        empty="No emissions have been collected.",
    )  # fmt: skip


def pledges(name: str, rows: Iterable[Any], say: Voice, places: Sequence[str] | None = None) -> Table:
    """Where each state stands towards declarations of many; context, and the caption says so."""
    return Table(
        id=name,
        caption=CONTEXT,
        head=("Country", "Declaration", "Theme", "Standing", "Since", "Read", "Source"),
        rows=tuple(
            (
                row.country, say.name(row.pledge), row.theme, say.name(row.standing.replace("_", " ")), row.joined_on,
                say.name({"P": "in the document", "S": "in the press", "U": "unconfirmed"}[row.mark]), say.name(row.source),
            )
            for row in rows
            if places is None or row.country in places
        ),
        empty="No declaration is known.",
    )  # fmt: skip


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
        empty="Nobody has reported a number.",
    )  # fmt: skip


def _short(target_id: str) -> str:
    country, _, rest = target_id.partition("_")
    return f"{country.upper()} {rest.replace('_', ' ')}"


def _edition_of(say: Voice, line: Any) -> str:
    source = line.source.replace("_", " ")
    if none := NO_EDITION.fullmatch(line.edition):
        return say.words("{source}, no edition, collected on {day}", source=source, day=none[1])
    if written := WRITTEN.fullmatch(line.edition):
        return say.words("{source}, workbook of {day}", source=source, day=written[1])
    if stated := STATED.search(line.edition):
        return say.words("{source}, edition {edition}", source=source, edition=stated[1])
    return f"{source}, {line.edition.rpartition(', ')[2]}"


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


def _reason(say: Voice, english: str) -> str:
    """Why a source does not count; the years and sets in it are taken over."""
    if say.language == "en":
        return english
    if year := NEWEST.fullmatch(english):
        return say.words("its newest year is {year}", year=year[1])
    if apart := APART.fullmatch(english):
        here, there = (say.name(word) if word in WORDS else word for word in (apart[2], apart[3]))
        if apart[1] == "land use is":
            return say.words("land use is {here} in the target and {there} in the source", here=here, there=there)
        return say.words("potentials are {here} in the target and {there} in the source", here=here, there=there)
    return say.name(english)


def _count(word: str) -> str:
    return str(COUNTED.index(word)) if word in COUNTED else word
