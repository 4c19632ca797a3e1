"""Comma-separated provider text with a comment preamble, and the time series made of it."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.first_bytes import expect_text

if TYPE_CHECKING:
    from datetime import datetime

    import xarray as xr


_FIRST_YEAR, _LAST_YEAR = 1678, 2261  # whole years of datetime64[ns]


def read_lines(path: Path, dataset: str) -> list[str]:
    """The lines of a text whose last line is whole.

    Providers end every line, so a last line without its line break is a transfer that broke off, even where what is
    left of it still looks like a row.

    Raises
    ------
    BadGranule
        When the file is not text, or its last line is not ended.
    """
    text = expect_text(path, dataset)
    lines = text.splitlines()
    if not text.endswith("\n"):
        raise BadGranule(dataset, f"truncated: line {len(lines)} breaks off without a line end", "fetch it again")
    return lines


def read_table(
    lines: Sequence[str], header: Sequence[str], dataset: str, *, comment: str | None = None, title: str | None = None
) -> list[dict[str, str]]:
    """The rows below exactly this header, each as a mapping from column name to text.

    Parameters
    ----------
    lines : sequence of str
    header : sequence of str
        Every column name, in order.
    dataset : str
        Named in the error.
    comment : str, optional
        Lines of this beginning are left out.
    title : str, optional
        Text of the one line above the header.

    Raises
    ------
    BadGranule
        When the title or header differs, a row has another number of fields, or there is no row.
    """
    body = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not (comment and line.startswith(comment))]
    if title is not None:
        if not body or body[0][1].strip() != title:
            raise BadGranule(dataset, f"the first line is not {title!r}", "has the provider changed its layout?")
        del body[0]
    if not body:
        raise BadGranule(dataset, "there is no header line", "fetch it again")
    names = body[0][1].split(",")
    if names != list(header):
        problem = f"the header is {body[0][1][:80]!r} and not {','.join(header)!r}"
        raise BadGranule(dataset, problem, "has the provider changed its layout?")
    if len(body) == 1:
        raise BadGranule(
            dataset, "a header without a single row", "the provider may be publishing now: try again later"
        )
    rows = []
    for number, line in body[1:]:
        try:
            fields = next(csv.reader([line]))
        except csv.Error as error:
            raise BadGranule(dataset, f"line {number} cannot be read: {error}", "fetch it again") from error
        if len(fields) != len(header):
            raise BadGranule(dataset, f"line {number} has {len(fields)} fields and not {len(header)}", "fetch it again")
        rows.append(dict(zip(header, fields, strict=True)))
    return rows


def number(text: str, dataset: str, fills: Sequence[float] = ()) -> float:
    """The number, or NaN where it is one of the provider's fill values.

    Raises
    ------
    BadGranule
        When the text is not a finite number.
    """
    try:
        value = float(text)
    except ValueError as error:
        raise BadGranule(dataset, f"{text[:40]!r} is not a number", "has the provider changed its layout?") from error
    if not math.isfinite(value):
        raise BadGranule(dataset, f"{text[:40]!r} is not a finite number", "has the provider changed its layout?")
    return math.nan if value in fills else value


def time_series(
    times: Sequence[datetime],
    columns: Mapping[str, Sequence[float]],
    dataset: str,
    *,
    units: Mapping[str, str],
    words: Mapping[str, Sequence[str]] | None = None,
    product_version: str | None = None,
) -> xr.Dataset:
    """A dataset along an ascending, unique ``time``; rows without a single value are left out.

    Parameters
    ----------
    times : sequence of datetime
        Naive, meaning UTC.
    columns : mapping of str to sequence of float
        Provider columns, NaN where missing.
    dataset : str
        Named in the error.
    units : mapping of str to str
        Units of each column.
    words : mapping of str to sequence of str, optional
        ``status`` and ``source_note``.
    product_version : str, optional
        As the file itself states it.

    Raises
    ------
    BadGranule
        When a time stands twice or cannot be kept, or no row has a value.
    """
    import numpy as np
    import xarray as xr

    values = {name: np.asarray(column, dtype=float) for name, column in columns.items()}
    if far := next((time for time in times if not _FIRST_YEAR <= time.year <= _LAST_YEAR), None):
        # Nanoseconds would silently turn it into another time.
        raise BadGranule(
            dataset, f"{far.isoformat()} is no time of an observation", "has the provider changed its layout?"
        )
    stamps = np.asarray(times, dtype="datetime64[ns]")
    kept = np.flatnonzero(np.isfinite(np.stack(list(values.values()))).any(axis=0))
    if kept.size == 0:
        raise BadGranule(dataset, "there is no row with a value", "fetch it again")
    order = kept[np.argsort(stamps[kept], kind="stable")]
    again = np.flatnonzero(np.diff(stamps[order]) == np.timedelta64(0, "ns"))
    if again.size:
        raise BadGranule(dataset, f"{str(stamps[order][again[0]])[:16]} stands twice", "has the provider merged files?")
    series = xr.Dataset(coords={"time": stamps[order]})
    for name, column in values.items():
        series[name] = ("time", column[order], {"units": units[name]})
    for name, texts in (words or {}).items():
        series[name] = ("time", np.asarray(texts, dtype=object)[order])
    if product_version:
        series.attrs["product_version"] = product_version
    return series
