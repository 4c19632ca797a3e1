"""What is known around a granule that is only a part of its series, so that its values have neighbours.

Read for a season at once and kept up to date with what this run writes: asking for each of fifteen thousand days would
cost more than reading them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from caspian_env.catalog.observations import Written
from caspian_env.catalog.quality import neighbours
from caspian_env.model import FAIL, Dataset, GranuleRef
from caspian_env.processing.qc import Neighbours
from caspian_env.wiring import Platform
from caspian_env.workflows.observe import CONTEXT, Key, Known, Recorded

SEASON = timedelta(days=120)


@dataclass(slots=True)
class Context:
    """Values of the series of a dataset in ``start <= time < end``, by series; times naive UTC, ascending."""

    platform: Platform
    dataset: Dataset
    start: datetime | None = None
    end: datetime | None = None
    series: dict[Key, tuple[list[datetime], list[float]]] = field(default_factory=dict)

    def around(self, ref: GranuleRef) -> Known:
        """The neighbours of what a granule may hold; none for a granule that is a whole record."""
        if self.dataset.whole_record or ref.window is None:
            return {}
        start, end = ref.window.start - CONTEXT, ref.window.end + CONTEXT
        if self.start is None or self.end is None or not (self.start <= start and end <= self.end):
            self._read(start, max(end, start + SEASON))
        begin, stop = start.replace(tzinfo=None), end.replace(tzinfo=None)
        known = {}
        for key, (times, values) in self.series.items():
            part = slice(bisect_left(times, begin), bisect_left(times, stop))
            if part.start < part.stop:
                known[key] = Neighbours(times[part], values[part])
        return known

    def add(self, recorded: Sequence[Recorded], written: Written) -> None:
        """Take in what was committed; after anything but new values, what is known is read again."""
        if self.start is None or self.end is None:
            return
        if written.first != sum(len(row.observed) for row in recorded):
            self.start = None
            return
        for row in recorded:
            times, values = self.series.setdefault(row.key, ([], []))
            for one in row.observed:
                if one.qc_flag != FAIL and self.start <= one.time < self.end:
                    time = one.time.replace(tzinfo=None)
                    at = bisect_left(times, time)
                    times.insert(at, time)
                    values.insert(at, one.value)

    def _read(self, start: datetime, end: datetime) -> None:
        with self.platform.catalog.read() as connection:
            found = neighbours(connection, self.dataset.id, start, end)
        self.start, self.end = start, end
        self.series = {key: (list(one.time), list(one.values)) for key, one in found.items()}  # type: ignore[arg-type]
