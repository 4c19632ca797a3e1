"""Tables of words: what stands beside the numbers of the indicators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caspian_env.model import FAIL, SUSPECT
from caspian_env.reports.model import Series, Table
from caspian_env.reports.voice import Voice


def reported_levels(name: str, lines: Iterable[Series], say: Voice) -> Table:
    """The single levels that others report, from the lines whose values are marked so.

    Who reported a level is printed as it was written, with the mark of what is not translated.
    """
    rows = [
        (
            str(time.year) if line.resolution == "P1Y" else say.day(time),
            say.name(line.location_title),
            say.quantity(value, line.decimals, line.unit),
            say.name(line.datum_title),
            say.name(note) or line.dataset_id,
        )
        for line in lines
        if "reported" in line.status
        for time, value, note in zip(line.times, line.values, line.source_notes or ("",) * len(line.times), strict=True)
    ]
    return Table(
        id=name,
        title="Levels reported by others" if rows else "",
        caption="Shown as reported, each with its source; not data of this platform.",
        head=("Time", "Place", "Level", "Datum", "Reported by"),
        rows=tuple(rows),
        numeric=(2,),
    )


def revisions(name: str, rows: Iterable[Sequence[Any]], units: Mapping[str, str], say: Voice) -> Table:
    """How many values each provider changed, from dataset, variable, kind, number, greatest change and last moment.

    ``units`` are those of the variables, in UDUNITS spelling.
    """
    return Table(
        id=name,
        caption="Values that providers changed or took back, all of them kept; datasets and variables by the ids that commands"
        " take.",
        head=("Dataset", "Variable", "Kind", "Values", "Greatest change", "Last known"),
        rows=tuple(
            (
                dataset,
                variable,
                say.name(kind),
                say.number(n, 0),
                _three(say, most, units.get(variable, "")),
                f"{known_at:%Y-%m-%d}",
            )
            for dataset, variable, kind, n, most, known_at in rows
        ),
        numeric=(3, 4),
        empty="No provider has changed a value that was collected.",
    )


def flags(name: str, rows: Iterable[Sequence[Any]], say: Voice) -> Table:
    """How many values of each dataset carry which QARTOD flag and status, those that need a look first."""
    rows = sorted(rows, key=lambda row: row[1] not in (SUSPECT, FAIL))
    return Table(
        id=name,
        caption="Values as known, by dataset, flag of quality control and status; suspect and failed ones first.",
        head=("Dataset", "Flag", "Status", "Values"),
        rows=tuple((dataset, say.qc(flag), say.name(status), say.number(n, 0)) for dataset, flag, status, n in rows),
        numeric=(3,),
        empty="No value has been collected.",
    )


def _three(say: Voice, value: float | None, spelling: str) -> str:
    """Three places of a number with its unit; from a thousand on without an exponent."""
    if value is None:
        return ""
    places = f"{value:.3g}"
    return f"{say.number(float(places), 0) if value >= 1000 else say.sign(places)} {say.unit(spelling)}".strip()
