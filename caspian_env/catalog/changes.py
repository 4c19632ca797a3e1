"""What an edition changes of a series: which vintages it closes, and which it opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from caspian_env.catalog.bulk import Row, stored_times, time_of

TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Observed:
    """One value as an edition states it; the fields are the columns of table ``observation``."""

    time: datetime
    value: float
    std_uncertainty: float | None
    qc_flag: int
    status: str
    n_cells: int | None = None
    area_share: float | None = None
    source_note: str | None = None
    qc_tests: str | None = None


# Fields by which two statements of one value are compared, and those that are stored; as tuples, for speed.
COMPARED = ("value", "std_uncertainty", "qc_flag", "status", "source_note", "qc_tests")
STATED = tuple(name for name in Observed.__slots__ if name != "time")
KEYS = ("series_id", "time", "known_from", "kind", "granule_id", "run_id")
_compared, _stated = attrgetter(*COMPARED), attrgetter(*STATED)


class Open(NamedTuple):
    """An open vintage: the compared fields in their order, then what a revision must know; times in the stored form."""

    value: float
    std_uncertainty: float | None
    qc_flag: int
    status: str
    source_note: str | None
    qc_tests: str | None
    known_from: Any
    granule_id: int


@dataclass(frozen=True, slots=True)
class Written:
    """What one write changed; ``shortened`` counts the series that end earlier than before."""

    first: int = 0
    revised: int = 0
    withdrawn: int = 0
    unchanged: int = 0
    shortened: int = 0

    @property
    def total(self) -> int:
        """Vintages opened or closed for good."""
        return self.first + self.revised + self.withdrawn

    def __add__(self, other: Written) -> Written:
        """Sum of two writes."""
        return Written(
            self.first + other.first, self.revised + other.revised,
            self.withdrawn + other.withdrawn, self.unchanged + other.unchanged, self.shortened + other.shortened,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GranuleEdition:
    """Where an edition comes from: when it is known, its granule, product version and run, and if it states everything."""

    known_at: datetime
    granule_id: int
    version: str | None
    run_id: int
    whole_record: bool
    redeclared: bool = (
        False  # whether the same bytes are read in another way, so that nothing stands that was read before
    )


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a series: the fields of `Open` by time, all times that ever had a vintage, versions of granules."""

    known: Mapping[Any, Row]
    ever: set[Any]
    versions: Mapping[int, str | None]


def differences(
    connection: Connection, series_id: int, observed: Sequence[Observed], before: Before, edition: GranuleEdition
) -> tuple[list[Row], list[tuple[Any, Any]]]:
    """Rows of the vintages to open (`KEYS` and `STATED`), and time and end of those to close, all in the stored form."""
    (now,) = stored_times(connection, [edition.known_at])
    closed: list[tuple[Any, Any]] = []
    opened: list[Row] = []
    for time, row in zip(stored_times(connection, [row.time for row in observed]), observed, strict=True):
        stored = before.known.get(time)
        if stored is None:
            since, kind = now, "restored" if time in before.ever else "first"
        elif stored[: len(COMPARED)] == _compared(row):
            continue
        else:
            old = Open(*stored)
            if not (edition.whole_record or edition.redeclared) and _takes_back(old, row):
                continue
            since = end_of(connection, old, edition.known_at)
            kind = _kind(old, row, _reprocessed(before.versions.get(old.granule_id), edition.version))
            closed.append((time, since))
        opened.append((series_id, time, since, kind, edition.granule_id, edition.run_id, *_stated(row)))
    return opened, closed


def end_of(connection: Connection, old: Open, known_at: datetime) -> Any:
    """When a vintage ends that an edition known at a moment replaces; no vintage is empty."""
    began = time_of(connection, old.known_from)
    (end,) = stored_times(connection, [max(known_at, began + TICK)])
    return end


def _takes_back(old: Open, new: Observed) -> bool:
    """Whether a preliminary file turns up after the final one, e.g. left over in a listing: it says nothing new."""
    return bool(old.status == "final" and new.status == "preliminary")


def _reprocessed(old_version: str | None, new_version: str | None) -> bool:
    return old_version is not None and new_version is not None and old_version != new_version


def _kind(old: Open, new: Observed, reprocessed: bool) -> str:
    if old.status == "preliminary" and new.status == "final":
        return "finalised"
    if reprocessed:
        return "reprocessed"
    if old.value != new.value or old.std_uncertainty != new.std_uncertainty:
        return "corrected"
    return "requalified"
