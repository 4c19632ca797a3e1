"""Daily files of one layout: after the first was read with all care, the next ones are read for their numbers alone.

Opening and decoding a global file costs many times its numbers. `pattern_of` keeps what a file that was read whole says
about itself: axes, units, calendar, packing, and where its window lies. `read_alike` takes the packed window of another
file only if that says the same of all this, byte by byte; of every other file it says nothing, and the slow reader
judges it. A pattern is kept only if the quick way gives, for the first file, exactly what the slow one gave.
"""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

_SINCE = re.compile(r"^(days|hours|minutes|seconds) since (\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?)$")
_MICROSECONDS = {"days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000, "seconds": 1_000_000}
# Bookkeeping of HDF5 and netCDF-C, which may point elsewhere in files of one layout.
_INTERNAL = (b"CLASS", b"NAME", b"DIMENSION_LIST", b"REFERENCE_LIST", b"_Netcdf4Dimid", b"_Netcdf4Coordinates")
_SHUFFLE, _DEFLATE = 2, 1


@dataclass(frozen=True, slots=True)
class Alike:
    """What a source promises of its files: variables on (time, level, ``axes``), the first two of length one.

    ``attrs`` are the global attributes by which its reader tells a file from one of another kind.
    """

    names: tuple[str, ...]
    axes: tuple[str, str] = ("lat", "lon")
    time: str = "time"
    attrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Packing:
    """How one variable is packed: the number that stands for nothing, the factor and the offset."""

    fill: float
    scale: float
    offset: float

    def decoded(self, packed: NDArray[Any]) -> NDArray[np.float32]:
        """The numbers in the provider's units, as xarray decodes them."""
        import numpy as np

        values = packed.astype(np.float32)
        values[packed == self.fill] = np.nan
        values *= np.float32(self.scale)
        values += np.float32(self.offset)
        return values


@dataclass(frozen=True, slots=True)
class Pattern:
    """What files alike have in common; ``rows`` and ``columns`` are the window that the slow reader cuts out."""

    alike: Alike
    layout: str
    rows: tuple[int, int]
    columns: tuple[int, int]
    packings: Mapping[str, Packing]
    epoch: datetime
    step: int


@dataclass(frozen=True, slots=True)
class Window:
    """The packed numbers of one file, each (rows, columns), and its time."""

    time: NDArray[np.datetime64]
    packed: Mapping[str, NDArray[Any]]


def pattern_of(path: Path, raw: xr.Dataset, alike: Alike) -> Pattern | None:
    """The pattern of a file, or None where the quick way does not give what was read.

    Parameters
    ----------
    raw : xarray.Dataset, dims (time, level, *axes)
        The file as its source has read it.
    """
    import h5py
    import numpy as np

    names = [name for name in alike.names if name in raw]
    if not names or not set(alike.axes) <= set(raw.dims) or not h5py.is_hdf5(path):
        return None
    try:
        with h5py.File(path, "r") as file:
            since = _SINCE.match(_text(file[alike.time].attrs.get("units", "")))
            places = [_span(file[axis][:], raw[axis].to_numpy()) for axis in alike.axes]
            if since is None or None in places:
                return None
            packings = {name: _packing(file[name].attrs) for name in names}
            layout = _layout(file, alike)
    except (OSError, KeyError, TypeError, ValueError):
        return None
    rows, columns = places
    assert rows is not None
    assert columns is not None
    epoch, step = datetime.fromisoformat(since[2]), _MICROSECONDS[since[1]]
    pattern = Pattern(alike, layout, rows, columns, packings, epoch, step)
    found = read_alike(path, pattern)
    if found is None or not np.array_equal(found.time, raw[alike.time].to_numpy().astype("datetime64[us]")):
        return None
    same = all(_same(packings[name].decoded(found.packed[name]), raw[name].to_numpy()) for name in names)
    return pattern if same else None


def read_alike(path: Path, pattern: Pattern) -> Window | None:
    """The window of a file of this pattern; None where it is of another, is damaged, or holds nothing there.

    To be called in one thread of a process at a time.
    """
    import h5py
    import numpy as np

    try:
        with h5py.File(path, "r") as file:
            if _layout(file, pattern.alike) != pattern.layout:
                return None
            packed = {name: _window(h5py.h5d.open(file.id, name.encode()), pattern) for name in pattern.packings}
            stamps = values_of(h5py.h5d.open(file.id, pattern.alike.time.encode())).astype(np.float64)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError):
        return None
    if not np.isfinite(stamps).all():
        return None
    offsets = np.round(stamps * pattern.step).astype("timedelta64[us]")
    return Window(np.datetime64(pattern.epoch, "us") + offsets, packed)


def whole_axes(path: Path, alike: Alike) -> dict[str, list[float]]:
    """The axes of a file as they are in it, uncut; nothing where it is no HDF5 file or has others."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return {axis: [float(label) for label in values_of(file[axis].id)] for axis in alike.axes}
    except (OSError, KeyError, ValueError):
        return {}


def _layout(file: Any, alike: Alike) -> str:
    """The sha256 of all that must be the same: which variables there are, their shape, filters and attributes."""
    import h5py

    digest = hashlib.sha256()
    for name in alike.attrs:
        digest.update(repr((name, file.attrs.get(name))).encode())
    for name in (alike.time, *alike.axes, *alike.names):
        try:
            data = h5py.h5d.open(file.id, name.encode())
        except KeyError:
            digest.update(f"no {name}".encode())
            continue
        digest.update(repr((name, data.shape, data.dtype.str, _storage(data))).encode())
        stated: list[bytes] = []
        h5py.h5a.iterate(data, lambda attribute, *_, stated=stated: stated.append(attribute))
        for attribute in stated:
            if attribute not in _INTERNAL:
                digest.update(attribute + bytes_of(h5py.h5a.open(data, attribute)))
        if name in alike.axes:
            digest.update(values_of(data).tobytes())
    return digest.hexdigest()


def values_of(data: Any) -> NDArray[Any]:
    """A whole variable as it is stored."""
    import h5py
    import numpy as np

    values = np.empty(data.shape, data.dtype)
    data.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
    return values


def bytes_of(attribute: Any) -> bytes:
    """What an attribute (an ``h5py.h5a.AttrID``) holds and of what type, to be compared."""
    import h5py
    import numpy as np

    kind = attribute.get_type()
    text = kind.get_class() == h5py.h5t.STRING and not kind.is_variable_str()
    if text or kind.get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT):
        raw = np.empty(math.prod(attribute.shape) * kind.get_size(), np.uint8)
        attribute.read(raw, kind)  # as it is in the file, which takes a quarter of the time of converting it
        return bytes(kind.encode()) + raw.tobytes()
    value = np.empty(attribute.shape, attribute.dtype)
    attribute.read(value)
    return repr(value.tolist()).encode() if value.dtype.hasobject else value.dtype.str.encode() + value.tobytes()


def _storage(data: Any) -> tuple[Any, ...]:
    """Chunks and filters of a variable."""
    import h5py

    created = data.get_create_plist()
    chunks = created.get_chunk() if created.get_layout() == h5py.h5d.CHUNKED else None
    return chunks, tuple(created.get_filter(number)[0] for number in range(created.get_nfilters()))


def _window(data: Any, pattern: Pattern) -> NDArray[Any]:
    shape = data.shape
    return stored(data, (*(slice(0, 1) for _ in shape[:-2]), slice(*pattern.rows), slice(*pattern.columns))).reshape(
        pattern.rows[1] - pattern.rows[0], pattern.columns[1] - pattern.columns[0]
    )


def stored(data: Any, part: tuple[slice, ...]) -> NDArray[Any]:
    """A part of a variable (an ``h5py.h5d.DatasetID``) as it is stored, packed.

    Of a variable in one deflated chunk only the bytes of the part are put in order, which saves a part of the work.
    """
    import h5py
    import numpy as np

    shape, kind = data.shape, data.dtype
    if _storage(data) == (shape, (_SHUFFLE, _DEFLATE)) and data.get_num_chunks() == 1:
        skipped, deflated = data.read_direct_chunk((0,) * len(shape))
        if not skipped:
            size = int(np.prod(shape)) * kind.itemsize
            planes = np.frombuffer(_inflated(deflated, size), np.uint8).reshape(kind.itemsize, *shape)
            wanted = np.moveaxis(planes[(slice(None), *part)], 0, -1)
            ordered: NDArray[Any] = np.ascontiguousarray(wanted).view(kind)[..., 0]
            return ordered
    return np.asarray(h5py.Dataset(data)[part])


def _inflated(deflated: bytes, size: int) -> bytes:
    """The bytes of a chunk, whole by their checksum; ValueError where they are damaged."""
    inflate, failure = _inflater()
    try:
        found: bytes = inflate(deflated, bufsize=size)
    except failure as error:
        raise ValueError("damaged chunk") from error
    return found


@cache
def _inflater() -> tuple[Callable[..., bytes], type[Exception]]:
    """What inflates, and what it raises; ISA-L, where it is installed, takes a third of the time of zlib."""
    try:
        from isal import isal_zlib
    except ModuleNotFoundError:
        return zlib.decompress, zlib.error
    library: Any = isal_zlib  # its annotations take the error for an instance
    return library.decompress, library.IsalError


def _packing(attrs: Mapping[str, Any]) -> Packing:
    """The packing that a file states; KeyError where a part of it is missing, ValueError where there is more to it."""
    import numpy as np

    if {"missing_value", "_Unsigned", "scale", "flag_values"} & set(attrs):
        raise ValueError("more than a factor and an offset")
    numbers = [np.asarray(attrs[key]).reshape(-1)[0] for key in ("_FillValue", "scale_factor", "add_offset")]
    return Packing(*(float(number) for number in numbers))


def _span(whole: NDArray[Any], part: NDArray[Any]) -> tuple[int, int] | None:
    """Where a part of an axis lies in the whole of it, or None."""
    import numpy as np

    if not part.size or part.ndim != 1:
        return None
    first = np.flatnonzero(whole == part[0])
    if first.size != 1:
        return None
    begin = int(first[0])
    end = begin + part.size
    return (begin, end) if np.array_equal(whole[begin:end], part) else None


def _same(quick: NDArray[Any], slow: NDArray[Any]) -> bool:
    import numpy as np

    return bool(slow.dtype == quick.dtype and np.array_equal(quick, slow.reshape(slow.shape[-2:]), equal_nan=True))


def _text(value: Any) -> str:
    found: Sequence[Any] | Any = value
    return found.decode() if isinstance(found, bytes) else str(found)
