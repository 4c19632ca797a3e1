"""Months and years as windows of valid time, for files that are named after them."""

from __future__ import annotations

from datetime import UTC, datetime

from caspian_env.model import Window


def month_span(year: int, month: int) -> Window:
    """The whole of a month, UTC; ValueError where there is no such month."""
    start = datetime(year, month, 1, tzinfo=UTC)
    return Window(start, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC))


def year_span(first: int, last: int | None = None) -> Window:
    """The whole of a year, or of all years from ``first`` to ``last``, UTC."""
    return Window(datetime(first, 1, 1, tzinfo=UTC), datetime((last or first) + 1, 1, 1, tzinfo=UTC))
