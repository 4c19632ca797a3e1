"""Tables of printed facts: depths of ports, transects of the coast, projections; each row with its source and status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, TypeVar

from caspian_env.errors import SeedError
from caspian_env.seeds.entries import build, csv_rows
from caspian_env.settings import data_folder


@dataclass(frozen=True, slots=True)
class Port:
    """A depth, draught or load that somebody printed of a port.

    ``kind`` is ``depth``, ``draught`` or ``load``; of a load, ``full``, ``loaded`` and ``loaded_high`` are in tonnes, or in
    per cent where ``full`` is 100. ``mark`` is P (an institution's document), S (press or third party) or U
    (unverified). ``provisional`` says that no source names the level to which it belongs; ``zero_m`` is then the chart
    datum, assumed.
    """

    id: str
    location: str
    what: str
    kind: str
    datum: str
    source: str
    mark: str
    provisional: bool
    value_m: float | None = None
    high_m: float | None = None
    zero_m: float | None = None
    as_of: str = ""
    note: str = ""
    full: float | None = None
    loaded: float | None = None
    loaded_high: float | None = None

    def parameters(self) -> Mapping[str, Any]:
        """What a method on depths, draughts or loads takes from the row.

        Raises
        ------
        SeedError
            When the row is no depth with a zero, no dated draught and no dated load.
        """
        if self.kind == "draught" and self.value_m is not None and self.as_of:
            return {"possible": self.value_m, "possible_high": self.high_m, "printed_on": self.as_of}
        if self.kind == "load" and self.full and self.loaded is not None and self.as_of:
            load = {"full": self.full, "loaded": self.loaded, "loaded_high": self.loaded_high}
            return {**load, "printed_on": self.as_of}
        if self.kind != "depth" or self.value_m is None or self.zero_m is None:
            raise SeedError(f"ports.csv: {self.id}", "is no depth with a zero, nor a dated draught or load", "name one")
        return {
            "depth": self.value_m, "depth_date": self.as_of or "undated", "zero": self.zero_m, "datum": self.datum,
            "provisional": self.provisional,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Transect:
    """A line from land to sea on which the shoreline is followed, ends in degrees east and north.

    With the ends of a ``last`` one it is the first of the transects of a stretch of coast.
    """

    id: str
    title: str
    source: str
    provisional: bool
    start_longitude: float | None = None
    start_latitude: float | None = None
    end_longitude: float | None = None
    end_latitude: float | None = None
    last_start_longitude: float | None = None
    last_start_latitude: float | None = None
    last_end_longitude: float | None = None
    last_end_latitude: float | None = None

    def parameters(self) -> Mapping[str, Any]:
        """What a method on transects takes from the row; SeedError when an end is missing."""
        ends = [self.start_longitude, self.start_latitude, self.end_longitude, self.end_latitude]
        last = [self.last_start_longitude, self.last_start_latitude, self.last_end_longitude, self.last_end_latitude]
        is_stretch = any(number is not None for number in last)
        if None in ends or (is_stretch and None in last):
            raise SeedError(f"transects.csv: {self.id}", "lacks an end", "give longitude and latitude of both")
        stretch = {"last_start": last[:2], "last_end": last[2:]} if is_stretch else {}
        return {"start": ends[:2], "end": ends[2:], **stretch, "provisional": self.provisional}


@dataclass(frozen=True, slots=True)
class Projection:
    """One value of one study for one scenario; studies are never pooled.

    ``quantity`` is ``change`` (m, fall is negative, against ``baseline``) or ``level`` (m above ``datum``). ``family`` and
    ``forcing`` order the scenarios that may be compared: a larger number means more emissions. ``withdrawals`` tells
    whether water taken from the rivers is included: yes, no or unstated.
    """

    id: str
    study: str
    scenario: str
    family: str
    quantity: str
    statistic: str
    horizon: str
    withdrawals: str
    status: str
    source: str
    forcing: int | None = None
    models: str = ""
    baseline: str = ""
    place: str = "caspian_sea"
    datum: str = ""
    value_m: float | None = None
    low_m: float | None = None
    high_m: float | None = None
    note: str = ""

    def parameters(self) -> Mapping[str, Any]:
        """What a method that tracks a path takes from the row; SeedError when it is no annual level."""
        if self.quantity != "level" or self.statistic != "annual mean" or self.value_m is None:
            raise SeedError(f"projections.csv: {self.id}", "is no annual level of a path", "name a row that is")
        path = [[int(self.horizon), self.value_m]]
        return {"scenario": f"{self.study} {self.scenario}", "path": path, "datum": self.datum}


Row = TypeVar("Row", Port, Transect, Projection)


def load_ports(folder: Path | None = None) -> dict[str, Port]:
    """The rows of ``ports.csv`` by id; SeedError names what is wrong."""
    return _table(Port, "ports.csv", folder)


def load_transects(folder: Path | None = None) -> dict[str, Transect]:
    """The rows of ``transects.csv`` by id; SeedError names what is wrong."""
    return _table(Transect, "transects.csv", folder)


def load_projections(folder: Path | None = None) -> dict[str, Projection]:
    """The rows of ``projections.csv`` by id, in the order of the file; SeedError names what is wrong."""
    return _table(Projection, "projections.csv", folder)


def contradictions(rows: Sequence[Projection]) -> list[str]:
    """Sets of one study in which a path with more emissions lies above one with fewer, one sentence each."""
    sentences = []
    for key in dict.fromkeys(_set_of(row) for row in rows):
        known = [r for r in rows if _set_of(r) == key and r.forcing is not None and r.value_m is not None]
        ordered = sorted(known, key=lambda row: row.forcing or 0)
        steps = [list(group) for _, group in groupby(ordered, key=lambda row: row.forcing)]
        for fewer, more in pairwise(steps):
            sentences += [
                f"{low.study}, {low.horizon}: {high.scenario} ({high.value_m:g} m) lies above {low.scenario}"
                f" ({low.value_m:g} m), which has fewer emissions"
                for low in fewer
                for high in more
                if (high.value_m or 0.0) > (low.value_m or 0.0)
            ]
    return sentences


def _set_of(row: Projection) -> tuple[str, ...]:
    """What two paths must share to be compared."""
    return row.study, row.family, row.quantity, row.statistic, row.horizon, row.place, row.withdrawals


def _table(noun: type[Row], name: str, folder: Path | None) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for entry, where in csv_rows(data_folder("seeds") if folder is None else folder, name, noun):
        row = build(noun, _with_flags(entry, where), where)
        if row.id in found:
            raise SeedError(where, "stands twice", "give each row an id of its own")
        found[row.id] = row
    return found


def _with_flags(entry: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The row with ``provisional`` as a truth value."""
    if "provisional" not in entry:
        return entry
    if entry["provisional"] not in ("yes", "no"):
        raise SeedError(where, f"provisional is {entry['provisional']!r}", "write yes or no")
    return {**entry, "provisional": entry["provisional"] == "yes"}
