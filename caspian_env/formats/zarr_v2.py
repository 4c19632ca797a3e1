"""Pieces of arrays in a zarr store of version 2: which chunks hold a piece, and the piece out of their bytes.

A zarr store is a folder of chunks with a description in JSON (Zarr storage specification version 2,
https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html). Chunks are got by whoever has the network; decoding is
numcodecs' work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Get = Callable[[str], bytes | None]  # the bytes of a key, None where the store has none: a chunk of fill values


@dataclass(frozen=True, slots=True)
class Array:
    """One array of a store, as its metadata describe it."""

    name: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    meta: Mapping[str, Any]
    attrs: Mapping[str, Any]


def arrays_of(consolidated: str, dataset: str) -> tuple[dict[str, Array], Mapping[str, Any]]:
    """The arrays of a store and the attributes of the store, from its ``.zmetadata``.

    Raises
    ------
    BadGranule
        When the text is no consolidated metadata of version 2.
    """
    try:
        told = json.loads(consolidated)["metadata"]
        found = {
            key.removesuffix("/.zarray"): Array(
                key.removesuffix("/.zarray"), tuple(meta["shape"]), tuple(meta["chunks"]), meta,
                told.get(key.replace("/.zarray", "/.zattrs"), {}),
            )
            for key, meta in told.items()
            if key.endswith("/.zarray") and meta["zarr_format"] == 2
        }  # fmt: skip
        if not found:
            raise KeyError(".zarray")
    except (ValueError, KeyError, TypeError) as error:
        raise BadGranule(dataset, f"is no zarr store of version 2 ({error!r:.60})", "has the store moved?") from error
    return found, told.get(".zattrs", {})


def piece(array: Array, wanted: tuple[slice, ...], get: Get, dataset: str) -> NDArray[Any]:
    """A piece of an array, each dimension from a start to a stop, step by step of one.

    Raises
    ------
    BadGranule
        When a chunk is damaged.
    SettingsError
        When numcodecs is not installed.
    """
    import numpy as np

    spans = [range(*part.indices(size)) for part, size in zip(wanted, array.shape, strict=True)]
    dtype, fill = np.dtype(array.meta["dtype"]), array.meta.get("fill_value")
    result = np.empty([len(span) for span in spans], dtype)
    for numbers in product(*(_chunks(span, size) for span, size in zip(spans, array.chunks, strict=True))):
        key = f"{array.name}/{array.meta.get('dimension_separator', '.').join(map(str, numbers))}"
        content = get(key)
        block = (
            np.full(array.chunks, _fill(fill, dtype), dtype)
            if content is None
            else _decoded(array, content, key, dataset)
        )
        into, out_of = [], []
        for span, number, size in zip(spans, numbers, array.chunks, strict=True):
            first, last = max(span.start, number * size), min(span.stop, (number + 1) * size)
            into.append(slice(first - span.start, last - span.start))
            out_of.append(slice(first - number * size, last - number * size))
        result[tuple(into)] = block[tuple(out_of)]
    return result


def _chunks(span: range, size: int) -> Iterator[int]:
    yield from range(span.start // size, (span.stop - 1) // size + 1) if len(span) else ()


def _fill(fill: Any, dtype: np.dtype[Any]) -> Any:
    return float("nan") if fill in (None, "NaN") and dtype.kind == "f" else 0 if fill is None else fill


def _decoded(array: Array, content: bytes, key: str, dataset: str) -> NDArray[Any]:
    import numpy as np

    try:
        from numcodecs import get_codec
    except ModuleNotFoundError as error:
        remedy = 'pip install "caspian-env[object-storage]"'
        raise SettingsError(dataset, "its store cannot be decoded without numcodecs", remedy) from error
    try:
        data: Any = content
        if array.meta.get("compressor"):
            data = get_codec(dict(array.meta["compressor"])).decode(data)
        for described in reversed(array.meta.get("filters") or []):
            data = get_codec(dict(described)).decode(data)
        flat = np.frombuffer(data, dtype=array.meta["dtype"])
        return flat.reshape(array.chunks, order=array.meta.get("order", "C"))
    except Exception as error:  # codecs have errors of their own kinds
        raise BadGranule(dataset, f"the chunk {key} is damaged ({type(error).__name__})", "fetch it again") from error
