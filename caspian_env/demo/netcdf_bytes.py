"""Small netCDF-4 files as bytes, the same bytes every time.

The libraries that write netCDF stamp each file with their own versions or the hour; HDF5 itself does not, and a netCDF-4
file is an HDF5 file with dimension scales.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The file format of HDF5 1.10: its index of chunks takes some bytes where the older one takes kilobytes.
LIBVER = ("v110", "v110")

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Array:
    """One variable: dimensions, values (or a type and shape still without values), attributes and storage."""

    dims: tuple[str, ...]
    values: NDArray[Any] | None
    attributes: Attributes
    dtype: str = "f4"
    shape: tuple[int, ...] | None = None
    chunks: tuple[int, ...] | None = None
    deflate: int | None = None


def netcdf_bytes(arrays: Mapping[str, Array], attributes: Attributes, unlimited: str) -> bytes:
    """A netCDF-4 file of these variables; one named like its only dimension is its coordinate.

    Parameters
    ----------
    arrays : mapping of str to Array
        Coordinates first.
    attributes : mapping
        Of the whole file.
    unlimited : str
        The dimension that may grow.
    """
    import h5py

    buffer = BytesIO()
    with h5py.File(buffer, "w", libver=LIBVER) as file:
        set_attributes(file, attributes)
        for name, array in arrays.items():
            _create(file, name, array, unlimited)
        for name, array in arrays.items():
            if array.dims == (name,):
                continue
            for axis, dim in enumerate(array.dims):
                file[name].dims[axis].attach_scale(file[dim])
    return buffer.getvalue()


def set_attributes(target: Any, attributes: Attributes) -> None:
    """Write attributes the way netCDF does: text of fixed length, numbers as arrays of at least one element."""
    for key, value in attributes.items():
        target.attrs[key] = np.bytes_(value.encode("utf-8")) if isinstance(value, str) else np.atleast_1d(value)


def _create(file: Any, name: str, array: Array, unlimited: str) -> None:
    shape = array.shape if array.values is None else array.values.shape
    assert shape is not None, f"{name} has neither values nor a shape"
    variable = file.create_dataset(
        name,
        shape=shape,
        dtype=array.dtype,
        data=array.values,
        maxshape=tuple(None if dim == unlimited else size for dim, size in zip(array.dims, shape, strict=True))
        if array.chunks
        else None,
        chunks=array.chunks,
        compression=array.deflate,
        shuffle=array.deflate is not None,
        fillvalue=array.attributes.get("_FillValue"),
        track_times=False,
    )
    if array.dims == (name,):
        variable.make_scale(name)
    set_attributes(variable, array.attributes)
