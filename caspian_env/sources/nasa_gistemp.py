"""Global mean air temperature anomaly by month: NASA GISTEMP v4, base period 1951-1980.

The table has a row a year; only its twelve months are read, since the annual and seasonal columns are made of them.
The annual mean serves as a check: where it does not fit its months, somebody has edited a column.
``***`` is missing. Old months are revised with every edition, and the provider marks none of them as provisional, so
no value is called preliminary here: a revision shows as a new vintage.
The table gives no uncertainty.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.table_text import read_lines, read_table, time_series
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "nasa_gistemp"
_PATH = "gistemp/tabledata_v4/GLB.Ts+dSST.csv"
_TITLE = "Land-Ocean: Global Means"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEADER = ("Year", *_MONTHS, "J-D", "D-N", "DJF", "MAM", "JJA", "SON")
_MISSING = "***"
_ANNUAL = "J-D"
# Twelve months and their mean are rounded to 0.01 each; in the editions of 2022 to 2025 they differ by 0.006 at most.
_ROUNDING = 0.02
# Always two decimals; a spreadsheet that opened, filled and saved the table leaves other spellings.
_VALUE = re.compile(r"^-?\d?\.\d\d$")


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one table that holds the whole record."""
    yield GranuleRef(path=_PATH)


def read_granule(path: Path) -> xr.Dataset:
    """Monthly anomalies as one series.

    Returns
    -------
    xarray.Dataset, dims (time,)
        ``anomaly`` (degree_Celsius, difference from 1951-1980), stamped at the first of the month.

    Raises
    ------
    BadGranule
        When title, header or spelling of the numbers differ from the provider's, a year or a month within the
        record is missing, or an annual mean does not fit its months.
    """
    rows = read_table(read_lines(path, _DATASET), _HEADER, _DATASET, title=_TITLE)
    years = [_year(row["Year"]) for row in rows]
    if years != list(range(years[0], years[0] + len(years))):
        raise BadGranule(_DATASET, "the years do not follow one another", "fetch it again")
    times = [datetime(year, month, 1) for year in years for month in range(1, 13)]
    anomaly = [_anomaly(row[month], row["Year"], month) for row in rows for month in _MONTHS]
    if any(math.isnan(now) and not math.isnan(after) for now, after in pairwise(anomaly)):
        raise BadGranule(_DATASET, "a month is missing while a later one has a value", "has somebody edited the table?")
    for row in rows:
        _check_annual(row)
    return time_series(times, {"anomaly": anomaly}, _DATASET, units={"anomaly": "degree_Celsius"})


def _year(text: str) -> int:
    if not re.fullmatch(r"\d{4}", text):
        raise BadGranule(_DATASET, f"{text!r} is not a year", "has the provider changed its layout?")
    return int(text)


def _check_annual(row: Mapping[str, str]) -> None:
    annual = _anomaly(row[_ANNUAL], row["Year"], _ANNUAL)
    mean = sum(_anomaly(row[month], row["Year"], month) for month in _MONTHS) / len(_MONTHS)
    if abs(annual - mean) > _ROUNDING:
        problem = f"the months of {row['Year']} have the mean {mean:.2f} and the table says {annual:.2f}"
        raise BadGranule(_DATASET, problem, "has somebody edited the table?")


def _anomaly(text: str, year: str, month: str) -> float:
    if text == _MISSING:
        return math.nan
    if not _VALUE.match(text):
        raise BadGranule(_DATASET, f"{month} {year} is written {text!r}", "has somebody edited the table?")
    return float(text)
