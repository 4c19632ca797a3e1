"""From the archive to one part of a cube: which granule is current for each time, and their cells side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.archive import Archive
from caspian_env.catalog.cubes import Believed
from caspian_env.cubes import packing
from caspian_env.errors import BadGranule
from caspian_env.model import Dataset, Source, Variable
from caspian_env.processing.conform import conform, cut, grid_fingerprint, stamp
from caspian_env.processing.describe import GRID, STANDARD_ERROR, resolution_of
from caspian_env.processing.units import convert, is_difference
from caspian_env.wiring import alike_of
from caspian_env.workflows.alike_cells import FEWEST, ReadersOf, read_together
from caspian_env.workflows.reading_process import readers_here
from caspian_env.workflows.weights import STUDY_AREA

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

METHOD = "1"  # of the way from granules to a part; another one builds every part again
_KEPT_BYTES = 64_000_000
_BOUNDS = ("latitude_bounds", "longitude_bounds")


@dataclass(frozen=True, slots=True)
class Current:
    """The granule that stands for one time, with its status."""

    time: datetime
    sha256: str
    status: str


def current(believed: Iterable[Believed], moment: datetime | None = None) -> tuple[Current, ...]:
    """What stands for each time now, or stood at a moment: the granule of the newest observation, by time.

    The regions of one time may rest on different granules, where a revision moved only some of them.
    """
    newest: dict[datetime, Believed] = {}
    for row in believed:
        if _is_known(row, moment):
            other = newest.get(row.time)
            if other is None or (row.known_from, row.granule_id) > (other.known_from, other.granule_id):
                newest[row.time] = row
    return tuple(Current(time, newest[time].sha256, newest[time].status) for time in sorted(newest))


def vintages(believed: Sequence[Believed], since: datetime | None) -> list[tuple[datetime, tuple[Current, ...]]]:
    """The states of knowledge reached after `since`, oldest first, each with the moment it was reached.

    A run brings its granules one after the other; its state is the one it left behind. A withdrawal is a state too.
    """
    begun = {row.known_from for row in believed}
    reached: dict[int, datetime] = {}
    for row in believed:
        reached[row.run_id] = max(row.known_from, reached.get(row.run_id, row.known_from))
    withdrawn = {row.known_to for row in believed if row.known_to is not None} - begun
    moments = sorted(moment for moment in {*reached.values(), *withdrawn} if since is None or moment > since)
    return [(moment, current(believed, moment)) for moment in moments]


def fingerprint(state: Iterable[Current]) -> str:
    """A hash of everything a part is built from."""
    lines = [f"method {METHOD}", *(f"{row.time.isoformat()} {row.sha256} {row.status}" for row in state)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(slots=True)
class Areas:
    """The study area of granules, read when it is wanted; those read last are kept, so that a long file is read once."""

    dataset: Dataset
    source: Source
    archive: Archive
    variables: Mapping[str, Variable]
    windows: Path | None = None  # where a collection has kept windows of granules alike
    readers_of: ReadersOf = readers_here
    kept: dict[str, xr.Dataset] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def of(self, sha256: str) -> xr.Dataset:
        """The cells of one granule, dims (time, latitude, longitude), in the catalog's names and units.

        Raises
        ------
        CatalogError
            When the archive does not hold the granule.
        BadGranule
            When it cannot be read or conformed.
        """
        if sha256 in self.kept:
            return self.kept[sha256]
        area = self._read(sha256)
        while self.kept and sum(self.sizes.values()) + area.nbytes > _KEPT_BYTES:
            oldest = next(iter(self.kept))
            del self.kept[oldest], self.sizes[oldest]
        self.kept[sha256], self.sizes[sha256] = area, area.nbytes
        return area

    def together(self, names: Sequence[str]) -> tuple[frozenset[str], xr.Dataset] | None:
        """The cells of many granules that are alike, and which these are; None where each must be read by itself.

        Raises
        ------
        CatalogError, BadGranule
            As `of`.
        """
        alike = alike_of(self.dataset)
        if alike is None or self.windows is None or len(names) < FEWEST:
            return None
        first = self.archive.open(names[0])
        raw = self.source.read_granule(first)
        found = read_together(raw, first, names, self.archive, alike, self.windows, self.readers_of)
        return (found.names, self._named_cells(found.area, _packings_of(raw))) if found else None

    def _read(self, sha256: str) -> xr.Dataset:
        raw = self.source.read_granule(self.archive.open(sha256))
        return self._named_cells(cut(conform(raw), *STUDY_AREA), _packings_of(raw))

    def _named_cells(self, area: xr.Dataset, packed: Mapping[str, Mapping[str, Any]]) -> xr.Dataset:
        """A conformed area in the catalog's names and units."""
        fields = {}
        for name in sorted(packed):
            if set(area[name].dims) == set(GRID):
                target, units = self._named(name)
                cells = area[name].transpose(*GRID).assign_attrs(units=_units(area, name, self.dataset)).rename(target)
                fields[target] = _in_units(cells, units, packed[name])
        axes = {name: area[name] for name in _BOUNDS if name in area.coords}
        axes["time"] = area["time"].copy(data=stamp(area["time"].to_numpy(), resolution_of(self.dataset)))
        return area[[]].drop_attrs().assign(fields).assign_coords(axes)

    def _named(self, name: str) -> tuple[str, str | None]:
        """The catalog's name and units of a provider's variable; its own where the catalog does not know it."""
        for measured in self.dataset.variables:
            if name in (measured.name, measured.uncertainty):
                ending = STANDARD_ERROR if name == measured.uncertainty else ""
                return f"{measured.variable}{ending}", self.variables[measured.variable].units
        return name, None


def assemble(state: Sequence[Current], areas: Areas, previous: xr.Dataset | None = None) -> xr.Dataset:
    """The cells of every time of a state, dims (time, latitude, longitude), with `status` and `granule_sha256` (time).

    Parameters
    ----------
    state : sequence of Current
        By time, at least one.
    previous : xarray.Dataset, optional
        A part in memory; the times that it holds from the same granule are taken from it.

    Raises
    ------
    BadGranule
        When a granule has another grid or other units than those beside it, or does not hold its time.
    """
    import numpy as np
    import xarray as xr

    times = np.array([row.time.replace(tzinfo=None) for row in state], dtype="datetime64[us]")
    pieces = _pieces(state, times, areas, previous)
    _refuse_unlike(pieces, areas.dataset.id)
    names = _names(pieces, areas.dataset)
    if previous is not None and any(len(_packings(name, pieces)) > 1 for name in names):
        return assemble(state, areas)  # what the part was packed from, it does not say
    first = pieces[0].cells
    part = xr.Dataset(
        {name: _side_by_side(name, pieces, times) for name in names},
        coords={"time": times, "latitude": first["latitude"], "longitude": first["longitude"]},
    )
    part["status"] = ("time", np.array([row.status for row in state]))
    part["granule_sha256"] = ("time", np.array([row.sha256 for row in state], dtype="S64"))
    bounds = [name for name in _BOUNDS if name in first.variables]
    return part.assign_coords({name: (first[name].dims, first[name].to_numpy()) for name in bounds})


@dataclass(frozen=True, slots=True)
class _Piece:
    """Cells of one granule, or of the previous part, and the rows of the new part that they fill."""

    cells: xr.Dataset
    rows: NDArray[np.intp]


def _pieces(
    state: Sequence[Current], times: NDArray[np.datetime64], areas: Areas, previous: xr.Dataset | None
) -> list[_Piece]:
    """What fills the part, in the order of the first time of each."""
    import numpy as np

    held: set[tuple[Any, str]] = set()
    if previous is not None:
        held = set(zip(previous["time"].to_numpy(), previous["granule_sha256"].to_numpy().astype(str), strict=True))
    rows: dict[str, list[int]] = {}
    for n, row in enumerate(state):
        rows.setdefault("" if (times[n], row.sha256) in held else row.sha256, []).append(n)
    pieces = []
    if together := areas.together([sha256 for sha256 in rows if sha256]):
        alike, cells = together
        pieces.append(_Piece(cells, np.array(sorted(n for sha256 in alike for n in rows.pop(sha256)))))
    pieces += [
        _Piece(areas.of(sha256) if sha256 or previous is None else previous, np.array(where))
        for sha256, where in rows.items()
    ]
    return sorted(pieces, key=lambda piece: int(piece.rows[0]))


def _names(pieces: Sequence[_Piece], dataset: Dataset) -> list[str]:
    """The variables of all pieces: those of the catalog first, in the order of the seed."""
    found = {str(name) for piece in pieces for name in piece.cells.data_vars if piece.cells[name].dims == GRID}
    quantities = [f"{m.variable}{ending}" for m in dataset.variables for ending in ("", STANDARD_ERROR)]
    return [*(name for name in quantities if name in found), *sorted(found - set(quantities))]


def _packings_of(raw: xr.Dataset) -> dict[str, Mapping[str, Any]]:
    return {str(name): packing(raw[name]) for name in raw.data_vars}


def _packings(name: str, pieces: Sequence[_Piece]) -> set[tuple[Any, ...]]:
    return {tuple(packing(piece.cells[name]).items()) for piece in pieces if name in piece.cells}


def _side_by_side(name: str, pieces: Sequence[_Piece], times: NDArray[np.datetime64]) -> xr.DataArray:
    """One variable of all pieces; missing where a granule does not have it, packed where all are packed alike."""
    import numpy as np
    import xarray as xr

    having = [piece for piece in pieces if name in piece.cells]
    shape = (times.size, *having[0].cells[name].shape[1:])
    values = np.full(shape, np.nan, dtype=np.result_type(*(piece.cells[name].dtype for piece in having)))
    for piece in having:
        wanted, present = times[piece.rows], piece.cells["time"].to_numpy()
        where = np.searchsorted(present, wanted).clip(max=present.size - 1)
        if (present[where] != wanted).any():
            raise BadGranule(name, f"a granule does not hold {wanted[present[where] != wanted][0]}", "ingest it again")
        values[piece.rows] = piece.cells[name].to_numpy()[where]
    side_by_side = xr.DataArray(values, dims=GRID, attrs=having[0].cells[name].attrs)
    found = _packings(name, pieces)
    side_by_side.encoding = dict(found.pop()) if len(found) == 1 else {}
    return side_by_side


def _refuse_unlike(pieces: Sequence[_Piece], dataset: str) -> None:
    """A shifted grid or a changed unit is an error here, before values of two kinds stand side by side."""
    if len({grid_fingerprint(piece.cells) for piece in pieces}) > 1:
        raise BadGranule(dataset, "its granules of one year lie on different grids", "a new grid is a new dataset")
    units: dict[str, set[str]] = {}
    for piece in pieces:
        for name, one in piece.cells.data_vars.items():
            if one.dims == GRID:
                units.setdefault(str(name), set()).add(str(one.attrs.get("units", "")))
    for name, found in units.items():
        if len(found) > 1:
            raise BadGranule(dataset, f"the units of {name} change within a year: {sorted(found)}", "look at its files")


def _in_units(cells: xr.DataArray, units: str | None, packed: Mapping[str, Any]) -> xr.DataArray:
    """Cells in the catalog's units; as precise and as packed as they came where the numbers stay the same."""
    import numpy as np

    if units is not None:
        given = str(cells.attrs["units"])
        error = is_difference(cells) or str(cells.name).endswith(STANDARD_ERROR)
        converted = convert(cells.to_numpy(), given, units, difference=error, name=str(cells.name))
        cells = cells.assign_attrs(units=units)
        if not np.array_equal(converted.astype(cells.dtype), cells.to_numpy(), equal_nan=True):
            return cells.copy(data=converted)
    cells.encoding = dict(packed)
    return cells


def _units(area: xr.Dataset, name: str, dataset: Dataset) -> str:
    """The units a variable states, or those of the quantity that it is the uncertainty of."""
    of = next((m.name for m in dataset.variables if m.uncertainty == name), name)
    return str(area[name].attrs.get("units") or area[of].attrs.get("units") or "1")


def _is_known(row: Believed, moment: datetime | None) -> bool:
    if moment is None:
        return row.known_to is None
    return row.known_from <= moment and (row.known_to is None or row.known_to > moment)
