"""What is new and what moved among the indicators, as entries of a feed."""

from __future__ import annotations

from typing import Any

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.revisions import moved_indicators
from caspian_env.model import Indicator
from caspian_env.reports import text
from caspian_env.reports.feeds import Entry
from caspian_env.reports.numbers import value_id
from caspian_env.workflows.handed_on import kept_back


def news(connection: Connection, seeds: Any) -> list[Entry]:
    """The newest value of each indicator and place that may go out, with the moment since when it is known."""
    found = []
    for indicator in seeds.indicators.values():
        if kept_back(seeds, indicator):
            continue
        newest: dict[str, Any] = {}
        for row in read_indicator(connection, indicator.id):
            if row.value is not None:
                newest[row.location_id] = row
        for row in newest.values():
            amount = text.quantity(row.value, indicator.decimals, row.unit)
            found.append(_entry(seeds, indicator, row, row.known_from, f"{amount} ({row.status})"))
    return found


def changes(connection: Connection, seeds: Any, indicator_id: str | None = None) -> list[Entry]:
    """Every value that became another or was taken back, of all indicators that may go out or of one."""
    found = []
    for row in moved_indicators(connection):
        indicator = seeds.indicators.get(row.indicator_id)
        if indicator is None or indicator_id not in (None, row.indicator_id) or row.old_value == row.new_value:
            continue
        if kept_back(seeds, indicator):
            continue
        before, after = (
            "no number" if value is None else text.quantity(value, indicator.decimals, row.unit)
            for value in (row.old_value, row.new_value)
        )
        found.append(
            _entry(seeds, indicator, row, row.known_at, f"{before} became {after} ({row.kind or 'withdrawn'})")
        )
    return found


def _entry(seeds: Any, indicator: Indicator, row: Any, updated: Any, summary: str) -> Entry:
    when = text.period(row.period_start, row.period_end)
    place = seeds.locations[row.location_id].title
    return Entry(
        key=f"{value_id(indicator.id, row.location_id, row.period_start, row.period_end)} {updated:%Y-%m-%dT%H:%M:%S.%fZ}",
        title=f"{indicator.title}, {place}, {when}",
        page=f"indicator-{indicator.id}.html",
        updated=updated,
        summary=summary,
    )
