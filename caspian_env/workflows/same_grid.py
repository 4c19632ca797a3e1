"""The granules of a gridded dataset lie on one grid, in one unit and one calendar; one that does not is set aside.

What the first granule of each layout says is kept below the home, so that a later collection compares with it. Without
that file the next granule is the first again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.formats.disk import writing
from caspian_env.model import Dataset
from caspian_env.processing.units import convert

if TYPE_CHECKING:
    import xarray as xr

_AXES = ("lat", "latitude", "lon", "longitude")
_SAME_DEGREES = 1e-4
_REAL = ("standard", "gregorian", "proleptic_gregorian")  # one calendar for every date of ours
Stated = dict[str, Any]


@dataclass(slots=True)
class Grids:
    """What the granules of a dataset have said so far, by layout: the names of their axes."""

    file: Path
    known: dict[str, Stated] = field(default_factory=dict)
    is_read: bool = False

    def check(self, raw: xr.Dataset, dataset: Dataset, whole: Mapping[str, list[float]]) -> Stated:
        """What a granule says of itself, after making sure that those before it said the same.

        Parameters
        ----------
        raw : xarray.Dataset
            As its source has read it.
        whole : mapping of str to list of float
            Its axes before the source cut them, where they are known.

        Raises
        ------
        BadGranule
            When its grid is another one, an axis runs the other way, or a unit or the calendar has changed.
        """
        stated = _stated(raw, dataset, whole)
        before = self._before().get(stated["layout"])
        if before is not None:
            for difference in _differences(before, stated):
                remedy = f"a new grid is a new dataset; if the provider has changed it for good, delete {self.file}"
                raise BadGranule(dataset.id, difference, remedy)
        return stated

    def accept(self, stated: Stated) -> None:
        """Keep what the first granule of a layout says."""
        if stated["layout"] in self._before():
            return
        self.known[stated["layout"]] = stated
        with writing(self.file.parent, "what grids say of themselves"):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.file.with_suffix(".part")
            fresh.write_text(json.dumps(self.known), encoding="utf-8")
            fresh.replace(self.file)

    def _before(self) -> dict[str, Stated]:
        if not self.is_read:
            self.is_read = True
            try:
                self.known = json.loads(self.file.read_text(encoding="utf-8"))
            except (OSError, ValueError):  # none yet, or cut: then it is learned again
                self.known = {}
        return self.known


def grids_of(home: Path, dataset: Dataset) -> Grids:
    """What is known of the grids of a dataset below a home."""
    return Grids(home / "cache" / "grids" / f"{dataset.id}.json")


def _stated(raw: xr.Dataset, dataset: Dataset, whole: Mapping[str, list[float]]) -> Stated:
    cut = {name: [float(label) for label in raw[name].to_numpy()] for name in _AXES if name in raw.dims}
    axes = dict(whole or cut)
    names = [name for one in dataset.variables for name in (one.name, one.uncertainty) if name and name in raw]
    units = {name: str(raw[name].attrs["units"]) for name in names if raw[name].attrs.get("units")}
    calendar = raw["time"].encoding.get("calendar") if "time" in raw.variables else None
    return {"layout": ",".join(cut) + " whole" * bool(whole), "axes": axes, "units": units, "calendar": calendar}


def _differences(before: Stated, now: Stated) -> Iterator[str]:
    for axis, labels in now["axes"].items():
        known = before["axes"][axis]
        if _near(labels, known):
            continue
        if _near(labels[::-1], known):
            yield f"its axis {axis} runs the other way than in the granules before it"
        else:
            yield f"its {axis} are {_span(labels)} and not {_span(known)} as in the granules before it: another grid"
    for name, units in now["units"].items():
        known_units = before["units"].get(name, units)
        if not _same_units(units, known_units, name):
            yield f"the units of {name} are {units!r} and not {known_units!r} as in the granules before it"
    calendars = {one for one in (before["calendar"], now["calendar"]) if one and one not in _REAL}
    if calendars and before["calendar"] != now["calendar"]:
        yield f"its calendar is {now['calendar']!r} and not {before['calendar']!r} as in the granules before it"


def _near(labels: list[float], known: list[float]) -> bool:
    return len(labels) == len(known) and all(
        abs(one - other) <= _SAME_DEGREES for one, other in zip(labels, known, strict=True)
    )


def _span(labels: list[float]) -> str:
    return f"{len(labels)} from {labels[0]:g} to {labels[-1]:g}" if labels else "none"


def _same_units(one: str, other: str, name: str) -> bool:
    """Whether two spellings mean one unit."""
    if one == other:
        return True
    try:
        return all(abs(float(convert(x, one, other, name=name)) - x) < 1e-9 for x in (0.0, 1.0))
    except BadGranule:
        return False
