"""Monthly precipitation of land and sea on a 2.5-degree grid: GPCP version 2.2, kept for what was published with it.

One file a year: 576 bytes of text, which say what follows, and the months as big-endian floats, from north to south and from
Greenwich eastward. The newest year holds the months that were made. Superseded by version 2.3; see ``gpcp``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.calendar_spans import year_span
from caspian_env.formats.first_bytes import kind
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "gpcp_v2_2"
_FILE = re.compile(r"gpcp_v2\.2_psg\.(\d{4})")
_HEADER, _ROWS, _COLUMNS, _STEP, _FILL = 576, 72, 144, 2.5, -99999.0
_TOLD = re.compile(r"\bversion=(\S+) .*\bvariable=(\S+) .*\bunits=(\S+) +year=(\d{4}) +months=1-(\d{1,2}) ")
_GRID = "1st_box_center=(88.75N,1.25E)"


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The file of each published year of the window."""
    listing = http.listing("")
    for found in sorted(filter(None, map(_FILE.fullmatch, listing.names)), key=lambda found: found[1]):
        if (span := year_span(int(found[1]))).overlaps(window):
            yield GranuleRef(path=found[0], window=span, base=listing.base)


def read_granule(path: Path) -> xr.Dataset:
    """The months of one year.

    Returns
    -------
    xarray.Dataset, dims (time, lat, lon)
        ``precip`` (mm/day), means of months; fills are NaN.

    Raises
    ------
    BadGranule
        When the header is not that of this version, or the file is longer or shorter than its header says.
    """
    import numpy as np
    import xarray as xr

    content = path.read_bytes()
    year, months = _header(path, content)
    whole = _HEADER + 4 * months * _ROWS * _COLUMNS
    if len(content) != whole:
        raise BadGranule(_DATASET, f"has {len(content)} bytes, its header says {whole}", "fetch it again")
    rate = np.frombuffer(content, ">f4", offset=_HEADER).reshape(months, _ROWS, _COLUMNS).astype(np.float64)
    rate = np.where(rate == _FILL, np.nan, rate)
    first = np.datetime64(f"{year:04d}-01", "M")
    return xr.Dataset(
        {"precip": (("time", "lat", "lon"), rate, {"units": "mm/day"})},
        {
            "time": (first + np.arange(months)).astype("datetime64[us]"),
            "lat": 90 - _STEP / 2 - _STEP * np.arange(_ROWS),
            "lon": _STEP / 2 + _STEP * np.arange(_COLUMNS),
        },
        {"product_version": "2.2"},
    )


def _header(path: Path, content: bytes) -> tuple[int, int]:
    """Year and number of months by the text at the beginning."""
    text = content[:_HEADER].decode("ascii", "replace")
    found = _TOLD.search(text)
    if found is None or _GRID not in text:
        raise BadGranule(_DATASET, f"is {kind(path)} without the header of a year", "has the provider changed it?")
    version, variable, units, year, months = found.groups()
    if (version, variable, units) != ("2.2", "precip", "mm/day"):
        raise BadGranule(_DATASET, f"holds {variable} in {units} of version {version}", "expected precip 2.2 in mm/day")
    if not (1979 <= int(year) <= 2100 and 1 <= int(months) <= 12):
        raise BadGranule(_DATASET, f"says that it holds {months} months of {year}", "fetch it again")
    return int(year), int(months)
