"""When what is due: derived from the seeds, always in UTC, the same on every machine. Pure functions.

A provider is asked for the first time when an edition usually appears: its publication delay after the end of a period
of its update frequency. An edition may be late, and a conditional request for one that is not there yet costs nothing,
so it is asked again every quarter of a period, though not more than once a day nor less than every 91 days. The minute
follows from the name of the dataset, so that not all providers are asked at once. Indicators, the
bulletin and the check of every frozen report follow every day.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from caspian_env.model import Dataset
from caspian_env.processing.durations import later

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST_MINUTE, SPREAD_MINUTES = 60, 180  # collections between 01:00 and 04:00
COMPUTE_AT, REPORT_AT, CHECK_AT = (timedelta(hours=4, minutes=minute) for minute in (30, 40, 50))
ASKS_A_PERIOD = 4
LONGEST_STEP = timedelta(days=91)  # whatever appears once in ten years may appear on any day of them


@dataclass(frozen=True, slots=True)
class Schedule:
    """One job and when it is due: ``delay`` after each period of ``frequency`` began, then every ``step``.

    ``stage`` orders what is due together: collections, indicators, the bulletin, the check of frozen reports. ``inputs``
    are the jobs whose results this one uses, ``arguments`` those of ``caspian-env``.
    """

    job: str
    workflow: str
    subject: str
    arguments: tuple[str, ...]
    stage: int
    frequency: str
    delay: timedelta
    step: timedelta
    inputs: tuple[str, ...] = ()

    def __str__(self) -> str:
        """What decides when it is due, in one line; another line is another schedule."""
        days, rest = divmod(self.delay, DAY)
        often = "daily" if self.step == DAY else f"every {self.step.days} days"
        return f"{often} at {EPOCH + rest:%H:%M} UTC, from {days} days after each {self.frequency}"


def step_of(timetable: str) -> timedelta:
    """How long at most from one due time to the next, by the line of a schedule."""
    found = re.match(r"every (\d+) days", timetable)
    return timedelta(days=int(found[1])) if found else DAY


def schedules(datasets: Iterable[Dataset]) -> tuple[Schedule, ...]:
    """The timetable: a collection for each dataset, the indicators with their cubes, the bulletin, the frozen reports.

    Raises
    ------
    SeedError
        When the update frequency of a dataset is not understood.
    """
    collections = tuple(_collection(dataset) for dataset in datasets if dataset.state == "active")
    collected = tuple(collection.job for collection in collections)
    return (
        *collections,
        Schedule("compute", "compute", "*", ("compute", "--cubes"), 1, "P1D", COMPUTE_AT, DAY, collected),
        Schedule("report", "report", "bulletin", ("report",), 2, "P1D", REPORT_AT, DAY, (*collected, "compute")),
        Schedule("check", "check", "*", ("report", "check", "--all"), 3, "P1D", CHECK_AT, DAY, ("compute",)),
    )


def due_times(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every time, in order, at which a job is due: ``after < time <= until``."""
    for number in count(_first_period(schedule, after)):
        start = later(EPOCH, schedule.frequency, number) + schedule.delay
        if start > until:
            return
        end = later(EPOCH, schedule.frequency, number + 1) + schedule.delay
        while start < end:
            if after < start <= until:
                yield start
            start += schedule.step


def next_due(schedule: Schedule, after: datetime) -> datetime:
    """The first time after a moment at which a job is due."""
    return next(due_times(schedule, after, after + _longest(schedule)))


def last_due(schedule: Schedule, until: datetime) -> datetime:
    """The last time up to a moment at which a job was due."""
    return max(due_times(schedule, until - _longest(schedule), until))


def _collection(dataset: Dataset) -> Schedule:
    digest = int.from_bytes(hashlib.sha256(dataset.id.encode()).digest()[:4], "big")
    minute = timedelta(minutes=FIRST_MINUTE + digest % SPREAD_MINUTES)
    period = later(EPOCH, dataset.update_frequency) - EPOCH
    frequency = dataset.update_frequency if period >= DAY else "P1D"
    # A value of a period is published after the end of the period, which is where the next one begins.
    return Schedule(
        job=f"ingest:{dataset.id}",
        workflow="ingest",
        subject=dataset.id,
        arguments=("ingest", dataset.id),
        stage=0,
        frequency=frequency,
        delay=timedelta(days=dataset.publication_delay_days) + minute,
        step=min(max(DAY, timedelta(days=period.days // ASKS_A_PERIOD)), LONGEST_STEP),
    )


def _first_period(schedule: Schedule, after: datetime) -> int:
    """The number of a period that began, with its delay, at or before a moment."""
    longest = later(EPOCH, schedule.frequency) - EPOCH + DAY * (3 if schedule.frequency[-1] in "MY" else 0)
    return (after - schedule.delay - EPOCH) // longest - 1


def _longest(schedule: Schedule) -> timedelta:
    """A span in which a job is due at least once."""
    return schedule.step + later(EPOCH, schedule.frequency) - EPOCH + 4 * DAY
