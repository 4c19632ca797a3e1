"""Monthly carbon dioxide at Mauna Loa: NOAA Global Monitoring Laboratory, ``co2_mm_mlo.csv``.

A comment preamble of changing length, then a header; columns are taken by their names, never by position.

Status of a value
    * ``preliminary``: the last twelve months of the file. The provider calls the data of the last year preliminary,
      pending recalibration of reference gases and other quality control (https://gml.noaa.gov/ccgg/trends/mlo.html;
      also the preamble of its annual files); the file itself carries no mark.
    * ``estimated``: months since May 1974 without a standard deviation, which the preamble says are interpolated.
      Editions since 2023 print 0.00 as the uncertainty of such a month; it is taken as missing, for nothing was
      measured.
    * ``final``: the rest. Before May 1974 (Scripps data) there is no standard deviation for any month, so that
      interpolated ones cannot be told from measured ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.table_text import number, read_lines, read_table, time_series
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "noaa_gml_co2"
_PATH = "webdata/ccgg/trends/co2/co2_mm_mlo.csv"
_HEADER = ("year", "month", "decimal date", "average", "deseasonalized", "ndays", "sdev", "unc")
_FILLS = {"average": (-99.99,), "deseasonalized": (-99.99,), "sdev": (-9.99, -9.9), "unc": (-0.99, -9.99, -9.9)}
_READ = ("average", "deseasonalized", "unc")
_NOAA_SINCE = datetime(1974, 5, 1)
_PRELIMINARY_MONTHS = 12


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one table that holds the whole record."""
    yield GranuleRef(path=_PATH)


def read_granule(path: Path) -> xr.Dataset:
    """Monthly means with uncertainty and status.

    Returns
    -------
    xarray.Dataset, dims (time,)
        ``average``, ``deseasonalized`` and ``unc`` (1e-6, that is ppm) and ``status``; first of the month.

    Raises
    ------
    BadGranule
        When the header differs, a row is incomplete, a date contradicts itself, or a month is left out.
    """
    rows = read_table(read_lines(path, _DATASET), _HEADER, _DATASET, comment="#")
    times = [_month(row) for row in rows]
    for before, after in pairwise(times):
        if _count(after) - _count(before) != 1:
            problem = f"{after:%Y-%m} follows {before:%Y-%m}"
            raise BadGranule(_DATASET, problem, "the record has no gaps: fetch it again")
    columns = {
        name: [number(row[name], _DATASET, fills) for row in rows] for name, fills in _FILLS.items()
    }  # fmt: skip
    sdev = columns.pop("sdev")
    columns["unc"] = [u if not math.isnan(s) else math.nan for u, s in zip(columns["unc"], sdev, strict=True)]
    status = [_status(n, len(times), time, s) for n, (time, s) in enumerate(zip(times, sdev, strict=True))]
    units = dict.fromkeys(_READ, "1e-6")
    return time_series(times, columns, _DATASET, units=units, words={"status": status})


def _month(row: Mapping[str, str]) -> datetime:
    try:
        month = datetime(int(row["year"]), int(row["month"]), 1)
    except (ValueError, OverflowError) as error:
        problem = f"{row['year'][:40]!r}, {row['month'][:40]!r} is not a month"
        raise BadGranule(_DATASET, problem, "has the layout changed?") from error
    middle = month.year + (month.month - 0.5) / 12
    if abs(number(row["decimal date"], _DATASET) - middle) > 1 / 24:
        problem = f"the decimal date {row['decimal date']} is not in {month:%Y-%m}"
        raise BadGranule(_DATASET, problem, "are the columns shifted?")
    return month


def _count(time: datetime) -> int:
    return time.year * 12 + time.month


def _status(position: int, length: int, time: datetime, sdev: float) -> str:
    if position >= length - _PRELIMINARY_MONTHS:
        return "preliminary"
    return "estimated" if time >= _NOAA_SINCE and math.isnan(sdev) else "final"
