"""What figures show besides lines and values: regions on a map, targets with their sources, reported depths."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A region on a map: closed rings of (longitude, latitude) in degrees, the outer shores before the islands."""

    location_id: str
    title: str
    rings: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A named place on a map, in degrees; ``kind`` is ``river`` (where it reaches the sea) or ``port``."""

    title: str
    kind: str
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalSource:
    """What one source says of a goal: emissions of ``year`` in per cent of the base; ``counted`` if on the goal's basis."""

    dataset_id: str
    label: str
    year: int
    percent: float
    counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A target of a state: what it allows itself in per cent of the base year, and every source beside it."""

    id: str
    place: str
    allowed: float
    base_year: int
    target_year: int
    conditional: bool
    sources: tuple[GoalSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A depth or draught as a source prints it, in metres; ``high`` is the upper end of a range, else None.

    ``kind`` is ``depth`` or ``draught``; ``id`` is the row that an indicator of the port names.
    """

    id: str
    kind: str
    place: str
    what: str
    value: float
    high: float | None
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shore:
    """The edge of the sea at a level (m above the datum of the map's numbers), modelled from the relief of its bed.

    ``when`` is the year of the level, empty for a level of reference; ``lines`` are of (longitude, latitude), degrees.
    """

    level: float
    when: str
    lines: tuple[tuple[tuple[float, float], ...], ...]
