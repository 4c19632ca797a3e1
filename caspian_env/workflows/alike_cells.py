"""The study area of many granules alike, for a cube: from what their collection has kept, or from their bytes at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.archive import Archive
from caspian_env.formats.alike import Alike, Pattern, Window, pattern_of, read_alike
from caspian_env.formats.spooled import Spool
from caspian_env.processing.conform import conform, cut
from caspian_env.workflows.alike_days import GRID, Cells, spool_of
from caspian_env.workflows.pipeline import MANY
from caspian_env.workflows.reading_cluster import FileReaders
from caspian_env.workflows.weights import STUDY_AREA

if TYPE_CHECKING:
    import xarray as xr

FEWEST = 8  # granules; fewer are read one by one
ReadersOf = Callable[[], AbstractContextManager[FileReaders]]


@dataclass(frozen=True, slots=True)
class Together:
    """Granules whose cells lie side by side, dims (time, latitude, longitude), in the provider's names and units."""

    names: frozenset[str]
    area: xr.Dataset


def read_together(
    raw: xr.Dataset, first: Path, names: Sequence[str], archive: Archive, alike: Alike, folder: Path,
    readers_of: ReadersOf,
) -> Together | None:  # fmt: skip
    """The cells of those granules that are like the first one, or None where it has no pattern.

    Parameters
    ----------
    raw : xarray.Dataset
        The first granule as its source has read it.
    names : sequence of str
        The sha256 of all of them.
    folder : Path
        Where windows are kept.
    readers_of : callable
        Who reads many of them.

    Raises
    ------
    CatalogError
        When the archive does not hold one of them.
    """
    pattern = pattern_of(first, raw, alike)
    spool = None if pattern is None else spool_of(raw, next(iter(pattern.packings)), folder)
    if pattern is None or spool is None:
        return None
    kinds = {name: raw[name].encoding["dtype"].str for name in pattern.packings}
    windows = _windows(names, archive, pattern, spool, kinds, readers_of)
    if len(windows) < FEWEST or len({window.time[0] for window in windows.values()}) < len(windows):
        return None
    area = cut(conform(raw), *STUDY_AREA)
    together = _side_by_side(area, pattern, windows)
    mine = area[list(pattern.packings)].transpose(*GRID)
    same = together[list(pattern.packings)].sel(time=area["time"]).transpose(*GRID).equals(mine)
    return Together(frozenset(windows), together) if first.name in windows and same else None


def _windows(
    names: Sequence[str], archive: Archive, pattern: Pattern, spool: Spool, kinds: Mapping[str, str],
    readers_of: ReadersOf,
) -> dict[str, Window]:  # fmt: skip
    """The kept part of each granule alike, by its sha256; those that were not kept are read now."""
    found = {name: spool.take(name, pattern, kinds) for name in names}
    missing = [archive.open(name) for name, window in found.items() if window is None]
    for name in found:
        archive.open(name)  # a granule that is gone is an error, also when its window is still there
    if len(missing) >= MANY:
        _fill(missing, Cells(pattern, spool), readers_of)
        found |= {path.name: spool.take(path.name, pattern, kinds) for path in missing}
    read = {name: window or _read(archive, name, pattern, spool) for name, window in found.items()}
    return {name: window for name, window in read.items() if window is not None}


def _read(archive: Archive, name: str, pattern: Pattern, spool: Spool) -> Window | None:
    window = read_alike(archive.open(name), pattern)
    return None if window is None or window.time.size != 1 else spool.part(window)


def _fill(paths: Sequence[Path], cells: Cells, readers_of: ReadersOf) -> None:
    """Inflate granules in other processes; what does not come out is read, or refused, one by one."""
    with readers_of() as readers, ThreadPoolExecutor(readers.count) as threads:
        for _ in threads.map(lambda path: readers.ask(path, cells), paths):
            pass


def _side_by_side(area: xr.Dataset, pattern: Pattern, windows: Mapping[str, Window]) -> xr.Dataset:
    import numpy as np
    import xarray as xr

    ordered = sorted(windows.values(), key=lambda window: window.time[0])
    fields = {}
    for name, packing in pattern.packings.items():
        values = packing.decoded(np.stack([window.packed[name] for window in ordered]))
        fields[name] = xr.DataArray(values, dims=GRID, attrs=area[name].attrs, name=name)
    axes: dict[Any, Any] = {name: coord for name, coord in area.coords.items() if "time" not in coord.dims}
    axes["time"] = ("time", np.concatenate([window.time for window in ordered]), area["time"].attrs)
    return xr.Dataset(fields, axes, area.attrs)
