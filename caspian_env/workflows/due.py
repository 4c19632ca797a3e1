"""What a collection asks for when nobody says it: the look-back, and whatever is still preliminary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from caspian_env.catalog.accounts import collected_until
from caspian_env.catalog.stored import preliminary_times
from caspian_env.model import Dataset, GranuleRef, Window
from caspian_env.wiring import Platform

# Twice as long as the slowest of our kind of provider takes: ERA5 replaces ERA5T after two to three months (Copernicus
# Climate Change Service, documentation of ERA5), NOAA OISST its preliminary days after two weeks.
FINAL_WITHIN = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Due:
    """A window of valid time, and what of it is worth a request; everything if there is no ``look_back_from``."""

    window: Window
    look_back_from: datetime | None = None
    waiting: tuple[datetime, ...] = ()

    def is_in_look_back(self, ref: GranuleRef) -> bool:
        """Whether a granule is asked for because it is recent, so that the next run must know if it was not got."""
        return ref.window is None or self.look_back_from is None or ref.window.end > self.look_back_from

    def is_worth_asking(self, ref: GranuleRef) -> bool:
        """Whether a granule is recent, or holds a value that is not final yet."""
        span = ref.window
        return self.is_in_look_back(ref) or (
            span is not None and any(span.start <= moment < span.end for moment in self.waiting)
        )


def what_is_due(platform: Platform, dataset: Dataset) -> Due:
    """Everything of a mirror or a whole-record file; else the look-back, and before it what is still preliminary.

    After a break the look-back begins where the collections before it ended, so that nothing between is left out. A
    value that is preliminary for longer than `FINAL_WITHIN` is not asked for again; the doctor names it.
    """
    now = platform.clock()
    end, start = now + timedelta(days=1), datetime.fromisoformat(dataset.coverage_start).replace(tzinfo=UTC)
    start = min(start, now)  # a clock before the dataset began asks for a day
    if platform.settings.mirror or dataset.whole_record or not dataset.look_back_days:
        return Due(Window(start, end))
    with platform.catalog.read() as connection:
        reached = collected_until(connection, f"ingest:{dataset.id}") or end
        waiting = tuple(preliminary_times(connection, dataset.id, since=now - FINAL_WITHIN))
    look_back_from = max(start, min(reached, end) - timedelta(days=dataset.look_back_days))
    return Due(Window(min((look_back_from, *waiting)), end), look_back_from, waiting)


def default_window(platform: Platform, dataset: Dataset) -> Window:
    """The window of `what_is_due`."""
    return what_is_due(platform, dataset).window
