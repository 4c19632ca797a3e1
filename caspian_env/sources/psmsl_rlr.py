"""Monthly sea level of ocean tide gauges on their Revised Local Reference: PSMSL. Context; no post lies on the Caspian.

One text a station, re-issued whole: decimal year (the middle of the month), millimetres above the station's reference
about 7 m below mean sea level, missing days, flags. The references of two stations have nothing to do with each other.

Rules of this reader
    * -99999 is missing.
    * A month with the attention flag (last digit 1) keeps its value and gets the status ``estimated``; the months of mean
      tide level in a record of mean sea level (second digit 1) keep theirs and a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.formats.table_text import number, read_lines, time_series
from caspian_env.model import GranuleRef, Http, Location, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "psmsl_rlr"
_PATH = "data/obtaining/rlr.monthly.data/{}.rlrdata"
_ROW = re.compile(r"\s*(\d{4}\.\d+);\s*(-?\d+);\s*(\d+);\s*(\d{3})\s*")
_FILL = -99999
# A month's decimal year is (month - 0.5) / 12, written with four digits.
_ROUNDING = 0.0006
_TIDE_LEVEL = "mean tide level in a record of mean sea level"


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """One file for each station of the seed."""
    for station, place in options["stations"].items():
        where = Location(
            id=str(place["id"]), title=str(place["title"]), kind="station", source=str(place["source"]),
            longitude=float(place["longitude"]), latitude=float(place["latitude"]),
        )  # fmt: skip
        yield GranuleRef(path=_PATH.format(station), location=where)


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """Monthly means of one station.

    Returns
    -------
    xarray.Dataset, dims (time,)
        ``level`` (mm above the station's Revised Local Reference), ``status`` and ``source_note``.

    Raises
    ------
    BadGranule
        When a row has another layout, or its year is not the middle of a month.
    """
    times, levels, states, notes = [], [], [], []
    for n, line in enumerate(read_lines(path, _DATASET), 1):
        if not line.strip():
            continue
        row = _ROW.fullmatch(line)
        if row is None:
            raise BadGranule(_DATASET, f"line {n} is no month: {line.strip()[:60]!r}", "has the layout changed?")
        times.append(_month(row[1], n))
        levels.append(number(row[2], _DATASET, [_FILL]))
        states.append("estimated" if row[4][2] != "0" else "final")
        notes.append(_TIDE_LEVEL if row[4][1] != "0" else "")
    return time_series(
        times, {"level": levels}, _DATASET, units={"level": "mm"}, words={"status": states, "source_note": notes}
    )


def _month(text: str, line: int) -> datetime:
    year, part = divmod(float(text), 1)
    month = round(part * 12 + 0.5)
    if not 1 <= month <= 12 or abs((month - 0.5) / 12 - part) > _ROUNDING:
        raise BadGranule(_DATASET, f"line {line}: {text} is not the middle of a month", "is it a file of annual means?")
    return datetime(int(year), month, 1)
