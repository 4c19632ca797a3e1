"""Level of the Caspian at one altimeter pass: NASA Global Water Monitor, lake 000270, 10-day product 2.

The file is re-issued whole about every week; rows of the rapid orbit (IGDR, column 16 = 1) are preliminary and are
replaced by GDR rows later. Two heights stand side by side, each in its own datum: relative to the mean of one Jason-2
reference pass, and above EGM2008. The header grows and shrinks with time, so data rows are found by their pattern.

Rules of this reader
    * A value equal to its column's fill is missing; a row of fills, or without a full date and time, has no value.
    * During the tandem phases two missions measure in the same minute. Their heights agree to about 0.01 m (they do in
      the 2022 file of another lake); one is kept: a GDR row before an IGDR row, then the one listed later, which is
      the newer mission.
    * Another lake, another reference mission or another column order is refused: it would be another datum.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.table_text import number, read_lines, time_series
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "nasa_gwm_lake"
_LAKE = "000270"
_PATH = f"gwm/timeseries/lake{_LAKE}.10d.2.txt"
_ROW = re.compile(r"^\S+\s+\d+\s+\d{8}\s")
_COLUMN = re.compile(r"^Column (\d+): (.*)$")
_N_COLUMNS = 16
# What the header must say of the columns that are read (number: phrases), else the numbers mean something else.
_MEANING = {
    6: ("Jason-2", "meters", "default=999.99)"),
    7: ("error", "default=99.999)"),
    15: ("EGM2008", "default=9999.99)"),
    16: ("GDR=0", "IGDR=1"),
}
# Zero-based position and fill of each column that is read (the file's own header lines state the fills).
_VALUES = {"relative_height": (5, 999.99), "error": (6, 99.999), "egm2008_height": (14, 9999.99)}
_STATUS = {"0": "final", "1": "preliminary"}


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one file that holds the whole record."""
    yield GranuleRef(path=_PATH)


def read_granule(path: Path) -> xr.Dataset:
    """Heights of lake 000270 by epoch, with error and status.

    Returns
    -------
    xarray.Dataset, dims (time,)
        ``relative_height`` (m, relative to the Jason-2 reference pass), ``egm2008_height`` (m above EGM2008),
        ``error`` (m) and ``status`` (final, preliminary).

    Raises
    ------
    BadGranule
        When the file is not the 10-day product of this lake, or is damaged.
    """
    lines = read_lines(path, _DATASET)
    lake = lines[1].split()[0] if len(lines) > 1 and lines[1].split() else "nothing"
    if lake != _LAKE:
        problem = f"the file names target {lake[:40]!r} and not {_LAKE}"
        raise BadGranule(_DATASET, problem, "is the address still that of the Caspian?")
    return _parse(lines)


def _parse(lines: Sequence[str]) -> xr.Dataset:
    """The rows of any lake of this product."""
    first = next((n for n, line in enumerate(lines) if _ROW.match(line)), None)
    if first is None:
        raise BadGranule(_DATASET, "there is no data row", "fetch it again")
    _check_meaning(lines[:first])
    epochs: dict[datetime, list[str]] = {}
    for n, line in enumerate(lines[first:], first + 1):
        fields = line.split()
        if not line.strip():
            continue
        if not _ROW.match(line) or len(fields) != _N_COLUMNS or fields[15] not in _STATUS:
            raise BadGranule(_DATASET, f"line {n} is not a row of {_N_COLUMNS} columns", "fetch it again")
        moment = _moment(fields)
        if moment is None or _heights_missing(fields):
            continue
        known = epochs.get(moment)
        if known is None or fields[15] <= known[15]:
            epochs[moment] = fields
    rows = list(epochs.values())
    return time_series(
        list(epochs),
        {name: [number(row[at], _DATASET, [fill]) for row in rows] for name, (at, fill) in _VALUES.items()},
        _DATASET,
        units=dict.fromkeys(_VALUES, "m"),
        words={"status": [_STATUS[row[15]] for row in rows]},
        product_version=lines[0].split(":")[0].strip(),
    )


def _check_meaning(header: Sequence[str]) -> None:
    told = {int(m[1]): m[2] for m in map(_COLUMN.match, header) if m and len(m[1]) < 4}
    if sorted(told) != list(range(1, _N_COLUMNS + 1)):
        raise BadGranule(
            _DATASET, f"the header names {len(told)} columns and not {_N_COLUMNS}", "has the layout changed?"
        )
    for column, phrases in _MEANING.items():
        if missing := [phrase for phrase in phrases if phrase not in told[column]]:
            problem = f"the header says nothing of {missing[0]} for column {column}: {told[column][:60]!r}"
            raise BadGranule(_DATASET, problem, "another reference would be another datum")


def _moment(fields: Sequence[str]) -> datetime | None:
    # Blank cycles carry 99999999 or hour 99; a height without its time cannot be placed.
    try:
        return datetime.strptime(f"{fields[2]} {fields[3]} {fields[4]}", "%Y%m%d %H %M")
    except ValueError:
        return None


def _heights_missing(fields: Sequence[str]) -> bool:
    heights = (_VALUES["relative_height"], _VALUES["egm2008_height"])
    return all(math.isnan(number(fields[at], _DATASET, [fill])) for at, fill in heights)
