"""A granule that is a piece of a zarr store: its chunks are fetched, and the piece is kept as netCDF.

The store has no files that one could keep: a chunk of it is the whole globe in one hour. What is archived is the piece as
it was when it was fetched; the same piece of the same values has the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, NotPublished, RefusedAnswer
from caspian_env.formats.mirror_addresses import join_address, public_address
from caspian_env.formats.zarr_v2 import Array, arrays_of, piece
from caspian_env.model import Dataset, GranuleRef
from caspian_env.transport import Answer
from caspian_env.wiring import Platform

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK_BYTES = 64_000_000
METADATA_BYTES = 64_000_000


@contextmanager
def zarr_piece(platform: Platform, dataset: Dataset, ref: GranuleRef, url: str, seconds: float) -> Iterator[Answer]:
    """The variables of a store between two moments and inside a box, as netCDF.

    The form of the granule holds ``variables`` (with commas between), ``start`` and ``stop`` (included; ISO 8601) and ``area``
    (north, west, south, east; degrees).

    Raises
    ------
    NotPublished
        When the time axis of the store does not reach that far.
    Unreachable, RefusedAnswer
        When it cannot be reached, the store is another one, or a chunk is damaged.
    """
    until = time.monotonic() + seconds
    form = ref.form or {}

    def get(key: str, limit: int = CHUNK_BYTES) -> bytes:
        left = max(1.0, until - time.monotonic())
        with platform.transport.get(join_address(url, key), max_bytes=limit, deadline_seconds=left) as answer:
            return b"".join(answer.body)

    def chunk(key: str) -> bytes | None:
        try:
            return get(key)
        except NotPublished:
            return None

    subject = public_address(url, form)
    try:
        arrays, _ = arrays_of(get(".zmetadata", METADATA_BYTES).decode("utf-8"), dataset.id)
        content = _as_netcdf(arrays, form, chunk, dataset.id, subject)
    except BadGranule as error:  # there are no bytes that could be set aside
        raise RefusedAnswer(subject, error.problem, error.remedy or "look at the store by hand") from error
    yield Answer(subject, 200, None, None, "application/netcdf", False, iter((content,)))


def _as_netcdf(arrays: Mapping[str, Array], form: Mapping[str, str], chunk: Any, dataset: str, subject: str) -> bytes:
    import numpy as np
    import xarray as xr

    names = form["variables"].split(",")
    if missing := [name for name in ("time", "latitude", "longitude", *names) if name not in arrays]:
        raise BadGranule(dataset, f"the store has no {', '.join(missing)}", "has the provider renamed its variables?")
    latitude, longitude = (piece(arrays[n], (slice(None),), chunk, dataset) for n in ("latitude", "longitude"))
    north, west, south, east = map(float, form["area"].split(","))
    rows = _span(np.flatnonzero((latitude >= south) & (latitude <= north)), dataset)
    columns = _span(
        np.flatnonzero(((longitude + 180) % 360 - 180 >= west) & ((longitude + 180) % 360 - 180 <= east)), dataset
    )
    hours, span = _hours(
        arrays["time"], np.datetime64(form["start"]), np.datetime64(form["stop"]), chunk, dataset, subject
    )
    ds = xr.Dataset(coords={"time": hours, "latitude": latitude[rows], "longitude": longitude[columns]})
    for name in names:
        dims = arrays[name].attrs.get("_ARRAY_DIMENSIONS", ["time", "latitude", "longitude"])
        if dims != ["time", "latitude", "longitude"]:
            raise BadGranule(dataset, f"{name} has dimensions {dims}", "has the provider changed its layout?")
        values = piece(arrays[name], (span, rows, columns), chunk, dataset)
        ds[name] = (("time", "latitude", "longitude"), values, {"units": arrays[name].attrs.get("units", "")})
    ds["time"].encoding = {"units": "hours since 1900-01-01", "dtype": "int64"}
    written: bytes = bytes(ds.to_netcdf(engine="scipy", format="NETCDF3_64BIT", encoding={"time": {"dtype": "int32"}}))
    return written


def _span(found: NDArray[np.int64], dataset: str) -> slice:
    if not found.size:
        raise BadGranule(dataset, "the store has no cell in the box", "has the provider changed its grid?")
    return slice(int(found[0]), int(found[-1]) + 1)


def _hours(
    array: Array, start: np.datetime64, stop: np.datetime64, chunk: Any, dataset: str, subject: str
) -> tuple[NDArray[np.datetime64], slice]:
    """The moments of the axis from start to stop, and where they stand in it."""
    import numpy as np
    import xarray as xr

    numbers = piece(array, (slice(None),), chunk, dataset)
    coded = xr.Dataset(
        {"time": ("time", numbers, {k: array.attrs[k] for k in ("units", "calendar") if k in array.attrs})}
    )
    moments = xr.decode_cf(coded)["time"].to_numpy().astype("datetime64[ns]")
    if not moments.size or moments[-1] < stop:
        raise NotPublished(subject, "the time axis of the store ends before it", "it may appear later")
    found = np.flatnonzero((moments >= start) & (moments <= stop))
    return moments[found], _span(found, dataset)
