"""Cubes: the study area of gridded datasets as NetCDF-4 files, one a year, named by their sha256 and written once.

``root/<dataset>/ab/abcdef….nc`` is a part; ``root/incoming`` holds what is being written. A file gets its final name
only when it was read back, hashed and is on the disk. The same grid gives the same bytes with the same libraries. With an
object store the parts are kept there, under ``cubes/<dataset>/ab/abcdef….nc``, and ``root`` holds copies.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from caspian_env.errors import CaspianError, CatalogError
from caspian_env.formats import unfinished
from caspian_env.formats.disk import discard, disk_error, sync, writing
from caspian_env.formats.hash_names import place_of, sha256_of
from caspian_env.formats.lazy_parts import joined
from caspian_env.formats.object_store import ObjectStore
from caspian_env.formats.unfinished import Gone, nobody_is_gone
from caspian_env.processing.describe import AUXILIARY, GRID

if TYPE_CHECKING:
    import xarray as xr

FOLDER = "cubes"
# How a provider packed a variable; kept in `encoding`, where xarray puts it.
PACKING = ("dtype", "scale_factor", "add_offset", "_FillValue")
_DAYS = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian", "dtype": "int32"}
_DEFLATE = 4
_DAYS_IN_CHUNK = 366
_READ_ONLY, _READABLE = 0o444, 0o644
_CUBE = "a part of a cube"


@dataclass(frozen=True, slots=True)
class Stored:
    """One part as it lies on the disk now, and whether it was not there before."""

    sha256: str
    size: int
    path: Path
    new: bool


@dataclass(frozen=True, slots=True)
class Cubes:
    """Parts of cubes below the folder ``root``, or in ``store`` with copies below ``root``."""

    root: Path
    store: ObjectStore | None = None

    def write(self, dataset_id: str, part: xr.Dataset, owner: str = "") -> Stored:
        """Store a part under the name of its sha256; an interruption leaves nothing that bears such a name.

        Parameters
        ----------
        part : xarray.Dataset, dims (time, latitude, longitude)
            Described (see ``processing.describe``); the packing of a variable stands in its ``encoding``.
        owner : str, optional
            The process that writes; if it is killed, ``sweep`` knows by this name what it left.

        Raises
        ------
        CaspianError
            When the disk is full or cannot be written, or gives back other values than were written.
        """
        with _fresh_file(self.root / "incoming", owner) as fresh:
            write_netcdf(fresh, part)
            sha256, size = sha256_of(fresh), fresh.stat().st_size
            path = self._place(dataset_id, sha256)
            new = not (path.is_file() and path.stat().st_size == size)
            if new:
                _move(fresh, path, _READ_ONLY)
        if self.store:
            self.store.keep(path, _name(dataset_id, sha256))
        return Stored(sha256, size, path, new)

    def holds(self, dataset_id: str, sha256: str, size: int) -> bool:
        """Whether a file of this name and size is there; its bytes are not read."""
        path = self._place(dataset_id, sha256)
        if path.is_file() or not self.store:
            return path.is_file() and path.stat().st_size == size
        held = self.store.find(_name(dataset_id, sha256))
        return held is not None and held.size == size

    def open(self, dataset_id: str, sha256: str, size: int, *, verify: bool = False) -> Path:
        """Where a part lies, after a look at its size, or with ``verify`` at all its bytes; fetched from the store first.

        Raises
        ------
        CatalogError
            When it is missing, or is not the file that was catalogued.
        """
        path = self._place(dataset_id, sha256)
        remedy = "caspian-env run builds the newest vintage again; older ones come back from a backup"
        if not path.is_file() and self.store:
            with _fresh_file(self.root / "incoming") as fresh:
                if self.store.fetch(_name(dataset_id, sha256), fresh) == sha256:
                    _move(fresh, path, _READ_ONLY)
        if not path.is_file():
            raise CatalogError(str(path), "the catalog names this part of a cube but the file is missing", remedy)
        if path.stat().st_size != size:
            raise CatalogError(str(path), f"has {path.stat().st_size} bytes and not {size}", f"delete it; {remedy}")
        if verify and (found := sha256_of(path)) != sha256:
            raise CatalogError(str(path), f"the bytes have changed, their sha256 is {found}", f"delete it; {remedy}")
        return path

    def sweep(self, now: float | None = None, *, gone: Gone = nobody_is_gone) -> int:
        """Remove what killed writers left unfinished; gives how many files went.

        Parameters
        ----------
        now : float, optional
            Seconds since 1970 to judge by, the present if left out; what was not touched for a day goes in any case.
        gone : callable, optional
            Whether an owner is known to be dead, so that its files go at once.

        Raises
        ------
        DiskError
            When the disk does not let them go.
        """
        with writing(self.root, "what was left unfinished"):
            return unfinished.sweep(self.root / "incoming", gone, now)

    def _place(self, dataset_id: str, sha256: str) -> Path:
        return place_of(self.root / dataset_id, sha256, ".nc")


def _name(dataset_id: str, sha256: str) -> str:
    """Where a store has a part."""
    return f"{FOLDER}/{dataset_id}/{sha256[:2]}/{sha256}.nc"


def export(cube: xr.Dataset, target: Path) -> Path:
    """Write a whole cube to one file, which appears only when it is complete.

    Parameters
    ----------
    cube : xarray.Dataset, dims (time, latitude, longitude)
        Described, as `open_parts` gives it.

    Raises
    ------
    CaspianError
        When the file cannot be written, or gives back other values than were written.
    """
    with _fresh_file(target.absolute().parent) as fresh:
        write_netcdf(fresh, cube)
        _move(fresh, target, _READABLE)
    return target


def write_netcdf(path: Path, part: xr.Dataset) -> None:
    """Write a described grid and read it back; packed as the provider did only where that loses nothing.

    Parameters
    ----------
    part : xarray.Dataset, dims (time, latitude, longitude)
        Described (see ``processing.describe``).

    Raises
    ------
    CaspianError
        When the file cannot be written, or gives back other values than were written.
    """
    whole = part.reset_coords([name for name in AUXILIARY if name in part.coords]).load()
    whole["granule_sha256"] = whole["granule_sha256"].astype("S64")
    for packed in (True, False):
        encoding = {str(name): _encoding(whole[name], packed) for name in whole.variables}
        try:
            # netCDF-C rather than h5netcdf: its text attributes are plain characters, which older readers expect.
            whole.drop_encoding().to_netcdf(path, engine="netcdf4", format="NETCDF4", encoding=encoding)
            if _gives_back(path, whole):
                return
        except (OSError, RuntimeError) as error:
            raise disk_error(error, path.parent, _CUBE) from error
    raise CaspianError(str(path), "the file gives back other values than were written", "check the disk")


def read_part(path: Path) -> xr.Dataset:
    """One part in memory, its file closed; packing in ``encoding``, times as datetime64[us]."""
    with _open(path, "netcdf4") as opened:  # h5netcdf takes four times as long for a small file
        return opened.load()


def open_parts(paths: Sequence[Path]) -> xr.Dataset:
    """Parts in order of time as one lazily opened dataset, dims (time, latitude, longitude); the last one's attributes.

    Raises
    ------
    CatalogError
        When the parts differ in their grid or in the units of a variable.
    """
    newest = _open(paths[-1], chunks={})
    quick = joined(paths, newest, _time_coder()) if len(paths) > 1 else None
    opened = [newest] if quick is not None else [*(_open(path, chunks={}) for path in paths[:-1]), newest]
    whole = _as_one(_concatenated(opened) if quick is None else quick, opened)
    whole.set_close(partial(_close, opened))
    return whole


def _concatenated(opened: Sequence[xr.Dataset]) -> xr.Dataset:
    """Parts that differ in what they hold, each opened by itself; variables described as in the newest that has them."""
    import xarray as xr

    _refuse_unlike(opened)
    try:
        whole = xr.concat(
            opened, dim="time", data_vars="minimal", coords="minimal", compat="override", join="exact",
            combine_attrs="override",
        )  # fmt: skip
    except ValueError as error:
        _close(opened)
        raise CatalogError("cube", f"its parts do not fit together: {error}", "build the cube again") from error
    for name, variable in whole.variables.items():
        newest = next(part for part in reversed(opened) if name in part)[name]
        variable.attrs, variable.encoding = dict(newest.attrs), dict(newest.encoding)
    return whole


def _as_one(whole: xr.Dataset, opened: Sequence[xr.Dataset]) -> xr.Dataset:
    whole["granule_sha256"] = whole["granule_sha256"].astype("U64")
    order = dict.fromkeys(str(name) for part in reversed(opened) for name in part.data_vars)
    return whole[list(order)].set_coords(AUXILIARY).assign_attrs(opened[-1].attrs)


def packing(variable: xr.DataArray) -> dict[str, Any]:
    """How a variable is packed in integers, or nothing."""
    stated = variable.encoding
    if "scale_factor" not in stated or "_FillValue" not in stated:
        return {}
    return {key: stated[key] for key in PACKING if key in stated}


def _close(parts: Sequence[xr.Dataset]) -> None:
    for part in parts:
        part.close()


def _open(path: Path, engine: Literal["h5netcdf", "netcdf4"] = "h5netcdf", **options: Any) -> xr.Dataset:
    import xarray as xr

    return xr.open_dataset(path, engine=engine, decode_times=_time_coder(), **options)


def _time_coder() -> Any:
    import xarray as xr

    return xr.coders.CFDatetimeCoder(time_unit="us")


def _encoding(variable: xr.DataArray, packed: bool) -> dict[str, Any]:
    if variable.dims == GRID:
        stored = (packing(variable) if packed else {}) or {"dtype": variable.dtype, "_FillValue": float("nan")}
        # A year of the study area is small: in one chunk, the series at a cell is read in one go.
        chunks = (min(variable.shape[0], _DAYS_IN_CHUNK), *variable.shape[1:])
        return stored | {"zlib": True, "complevel": _DEFLATE, "shuffle": True, "chunksizes": chunks}
    if variable.dtype.kind == "M":
        return dict(_DAYS)
    if variable.dtype.kind == "S":
        return {"dtype": "S1", "char_dim_name": f"sha{variable.dtype.itemsize}"}
    return {"_FillValue": None}


def _gives_back(path: Path, written: xr.Dataset) -> bool:
    """Whether a reader of the file gets every value as it was given."""
    import numpy as np

    read = read_part(path)
    for name, variable in written.variables.items():
        given, got = variable.to_numpy(), read[name].to_numpy()
        if not np.array_equal(given, got, equal_nan=given.dtype.kind == "f"):
            return False
    return True


def _refuse_unlike(parts: Sequence[xr.Dataset]) -> None:
    for name in {str(name) for part in parts for name in part.data_vars if part[name].dims == GRID}:
        found = {part[name].attrs.get("units") for part in parts if name in part}
        if len(found) > 1:
            raise CatalogError(name, f"its units differ between parts: {found}", "build the cube again")


@contextmanager
def _fresh_file(folder: Path, owner: str = "") -> Iterator[Path]:
    """A new file with a name of its own, gone at the end of the block unless it was moved."""
    with writing(folder, _CUBE):
        handle, fresh = unfinished.new_unfinished(folder, owner)
    os.close(handle)
    try:
        yield fresh
    finally:
        discard(fresh)  # netCDF-C keeps a file open that it could not close


def _move(fresh: Path, target: Path, mode: int) -> None:
    """Give a complete file its final name, on the disk before it can be seen."""
    with writing(target.parent, _CUBE):
        target.parent.mkdir(parents=True, exist_ok=True)
        sync(fresh)
        fresh.chmod(mode)
        fresh.replace(target)
        sync(target.parent)
