"""Tables of words: what stands beside the numbers of the indicators."""

from __future__ import annotations

from collections.abc import Iterable

from caspian_env.reports import text
from caspian_env.reports.model import Series, Table


def reported_levels(name: str, lines: Iterable[Series]) -> Table:
    """The single levels that others report, from the lines whose values are marked so."""
    rows = [
        (
            str(time.year) if line.resolution == "P1Y" else text.day(time),
            line.location_title,
            text.quantity(value, line.decimals, line.unit),
            line.datum_title,
            note or line.dataset_id,
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
