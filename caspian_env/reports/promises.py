"""Tables on what states promised: each target with its status word, every source beside it, pledges, reported numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from caspian_env.reports import text
from caspian_env.reports.model import Table

CONTEXT = "Declarations of many states are context for one of them, never its compliance."
RECONSTRUCTED = "Reconstructed: editions were collected from an archive, after they had become known."


def targets(name: str, rows: Iterable[Any], *, reconstructed: bool) -> Table:
    """Each target in force: what is allowed, what was not read, the status word and the range over the sources.

    Parameters
    ----------
    rows : iterable of TargetProgress
        As ``workflows.commitments`` gives them.
    reconstructed : bool
        Whether an edition was collected long after it had become known; then the caption says so.
    """
    caption = "A level is what is allowed, in per cent of the base; no colour and no mark but these words."
    return Table(
        id=name,
        caption=f"{caption} {RECONSTRUCTED}" if reconstructed else caption,
        head=("Country", "Target", "Since", "Allowed, %", "Status", "Progress over all sources, %", "Not read in the document"),
        rows=tuple(
            (
                row.country_title,
                row.target.title,
                row.target.valid_from or "not known",
                _number(row.target.level_pct, 0),
                row.sentence,
                "" if row.low is None else f"{_number(row.low, 0)} to {_number(row.high, 0)}",
                row.target.unconfirmed.replace("_", " "),
            )
            for row in rows
        ),
        numeric=(3,),
        empty="Nothing is promised that far.",
    )  # fmt: skip


def sources(name: str, rows: Iterable[Any]) -> Table:
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
                _short(row.target.id), _edition_of(line), str(line.year),
                f"{line.gwp_set}, land use {line.lulucf}", _number(line.change_pct, 1), _number(line.progress_pct, 1),
                _number(line.required_cut_pct, 2), _number(line.rate_pct, 2),
                line.word if line.counted else f"no: {line.why_not}",
            )
            for row, line in lines
        ),
        numeric=(2, 4, 5, 6, 7),
        empty="No emissions have been collected.",
    )  # fmt: skip


def pledges(name: str, rows: Iterable[Any], places: Sequence[str] | None = None) -> Table:
    """Where each state stands towards declarations of many; context, and the caption says so."""
    return Table(
        id=name,
        caption=CONTEXT,
        head=("Country", "Declaration", "Theme", "Standing", "Since", "Read", "Source"),
        rows=tuple(
            (
                row.country, row.pledge, row.theme, row.standing.replace("_", " "), row.joined_on,
                {"P": "in the document", "S": "in the press", "U": "unconfirmed"}[row.mark], row.source,
            )
            for row in rows
            if places is None or row.country in places
        ),
        empty="No declaration is known.",
    )  # fmt: skip


def reported(name: str, rows: Iterable[Any], titles: dict[str, str], places: dict[str, str]) -> Table:
    """Numbers that people reported in a signed file: by whom and when; no measurement of this platform."""
    return Table(
        id=name,
        caption="As reported, by whom and when; no measurement of this platform. What may not be passed on is not in it.",
        head=("What", "Place", "Period", "Value", "Reported by", "On", "Source", "Signed by"),
        rows=tuple(
            (
                titles.get(row.quantity, row.quantity), places.get(row.location_id, row.location_id),
                text.period(row.period_start, row.period_end), f"{row.value:g} {text.unit(row.unit)}".strip(),
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


def _edition_of(line: Any) -> str:
    return f"{line.source.replace('_', ' ')}, {line.edition.rpartition(', ')[2]}"


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else text.number(value, decimals)
