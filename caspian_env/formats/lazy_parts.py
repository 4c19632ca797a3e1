"""Many files of one layout along time, opened as one dataset without decoding each: what a cube of forty years needs.

The newest file is opened with all care and stands for the others. Of those only what says that they are alike is read,
and the small variables; the large ones become dask arrays, which read and decode a file when it is wanted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.formats.alike import Packing, bytes_of, stored, values_of

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

# Attributes that say what a number means; of all others the newest file speaks for the older ones.
_MEANING = (b"units", b"calendar", b"scale_factor", b"add_offset", b"_FillValue", b"standard_name", b"flag_meanings")


@dataclass(frozen=True, slots=True)
class PartVariable:
    """A variable of a file, as an array that reads when it is asked for a part; the file is open only meanwhile."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    packing: Packing | None

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def __getitem__(self, part: Any) -> NDArray[Any]:
        """The decoded values of a part."""
        import h5py

        with h5py.File(self.path, "r") as file:
            data = h5py.h5d.open(file.id, self.name.encode())
            packed = stored(data, (slice(None),) * len(self.shape))[part]
        return packed if self.packing is None else self.packing.decoded(packed)


def attribute_of(path: Path, name: str) -> str | None:
    """A global attribute of a file, without a look at anything else; None where there is none."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            stated = file.attrs.get(name)
    except OSError:
        return None
    return stated.decode() if isinstance(stated, bytes) else stated


def joined(paths: Sequence[Path], newest: xr.Dataset, coder: Any) -> xr.Dataset | None:
    """Files in order of time as one dataset whose large variables are lazy; None where they are not alike.

    Parameters
    ----------
    newest : xarray.Dataset, dim time and others
        The last of the files, opened and decoded with ``coder``.
    """
    import xarray as xr

    large = [
        str(name) for name, variable in newest.data_vars.items() if variable.dims[:1] == ("time",) and variable.ndim > 2
    ]
    packings = {name: _packing(newest[name]) for name in large}
    with xr.open_dataset(paths[-1], engine="h5netcdf", decode_cf=False) as raw:
        small = {str(name): variable.load() for name, variable in raw.variables.items() if str(name) not in large}
    kinds = {name: newest[name].dtype for name in large}
    if any(packing is not None and kinds[name] != "float32" for name, packing in packings.items()):
        return None
    looks = [_look(path, large, small) for path in paths]
    if None in looks or len({look[0] for look in looks if look}) > 1:
        return None
    sizes = [len(look[1]["time"]) for look in looks if look]
    variables: dict[Any, Any] = {}
    for name, variable in small.items():
        if "time" in variable.dims:
            variable = xr.Variable(variable.dims, _stacked([look[1][name] for look in looks if look]), variable.attrs)
        variables[name] = variable
    decoded = xr.decode_cf(xr.Dataset(variables), decode_times=coder)
    for name in small:
        if name in decoded.variables and name in newest.variables:
            decoded[name].encoding = dict(newest[name].encoding)
    for name in large:
        lazy = _lazy(paths, sizes, name, newest[name].shape[1:], kinds[name], packings[name])
        decoded[name] = xr.Variable(newest[name].dims, lazy, newest[name].attrs, newest[name].encoding)
    coords = [name for name in newest.coords if name in decoded.variables]
    return decoded.set_coords(coords)[list(newest.data_vars)].assign_attrs(newest.attrs)


def _look(path: Path, large: Sequence[str], small: Mapping[str, Any]) -> tuple[str, dict[str, NDArray[Any]]] | None:
    """The sha256 of what must be the same in all files, and the small variables along time; None if one is missing."""
    import h5py

    digest, values = hashlib.sha256(), dict[str, Any]()
    with h5py.File(path, "r") as file:
        for name in (*large, *small):
            try:
                data = h5py.h5d.open(file.id, name.encode())
            except KeyError:
                return None
            along = name in large or "time" in small[name].dims
            digest.update(repr((name, data.dtype.str, data.shape[1:] if along else data.shape)).encode())
            for attribute in _MEANING:
                if h5py.h5a.exists(data, attribute):
                    digest.update(attribute + bytes_of(h5py.h5a.open(data, attribute)))
            if not along:
                digest.update(values_of(data).tobytes())
            elif name in small:
                values[name] = values_of(data)
    return digest.hexdigest(), values


def _lazy(
    paths: Sequence[Path], sizes: Sequence[int], name: str, shape: tuple[int, ...], kind: Any, packing: Packing | None
) -> Any:
    import dask.array
    import numpy as np

    da: Any = dask.array  # not annotated
    meta = np.empty((0,) * (len(shape) + 1), kind)
    pieces = []
    for path, size in zip(paths, sizes, strict=True):
        part = PartVariable(path, name, (size, *shape), kind, packing)
        token = f"{name}-{hashlib.sha256(str(path).encode()).hexdigest()}"
        pieces.append(da.from_array(part, chunks=part.shape, name=token, asarray=False, fancy=False, meta=meta))
    return da.concatenate(pieces)


def _packing(variable: xr.DataArray) -> Packing | None:
    stated = variable.encoding
    if "scale_factor" not in stated:
        return None
    return Packing(*(float(stated[key]) for key in ("_FillValue", "scale_factor", "add_offset")))


def _stacked(pieces: Sequence[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    return np.concatenate(pieces)
