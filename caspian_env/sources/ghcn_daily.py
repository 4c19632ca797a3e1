"""Daily temperature and precipitation at stations around the Caspian: GHCN-Daily of NOAA NCEI.

The station list says which stations lie in the box; no seed names them, and each is a place of its own with the elevation
of the list, which below the level of the ocean is rightly negative. A station's file holds its whole record, in tenths, a
row an element and day, and is made anew every week.

A value that failed a check of the provider (``Q_FLAG``) is no value here, nor is a precipitation that is missing and was
presumed zero (``M_FLAG`` P).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.formats.table_text import read_lines, time_series
from caspian_env.model import Document, GranuleRef, Http, Location, Window

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_DATASET = "ghcn_daily"
_LIST = "ghcnd-stations.txt"
_HEADER = "ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME"
_ELEMENTS = {"TMAX": "degree_Celsius", "TMIN": "degree_Celsius", "TAVG": "degree_Celsius", "PRCP": "mm"}
_TENTHS, _FILL, _PRESUMED_ZERO = 10.0, -9999.0, "P"
_NO_ELEVATION = -999.9
_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_SOURCE = "Station list of GHCN-Daily (NOAA NCEI), elevation above the level of the ocean"


def list_granules(window: Window, http: Http, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The record of every station of the list that lies in the ``box`` (west, east, south, north)."""
    west, east, south, north = (float(edge) for edge in options["box"])
    listed: Document = http.document(_LIST)
    stations = [_station(line, n) for n, line in enumerate(listed.text.splitlines(), 1) if line.strip()]
    if not stations:
        raise BadGranule(_LIST, "lists no station", "try again later")
    for number, place in stations:
        assert place.longitude is not None and place.latitude is not None
        if west <= place.longitude <= east and south <= place.latitude <= north:
            yield GranuleRef(path=f"csv/by_station/{number}.csv", location=place)


def read_granule(path: Path, options: Mapping[str, Any]) -> xr.Dataset:
    """The record of one station.

    Returns
    -------
    xarray.Dataset, dims (time)
        Those of ``TMAX``, ``TMIN``, ``TAVG`` (degree_Celsius) and ``PRCP`` (mm) that the station has, by the day of its
        observers; values that failed the provider's checks are NaN.

    Raises
    ------
    BadGranule
        When the file is cut off, has another header, is about several stations, holds none of the elements, says
        something twice, or what is no number or date.
    """
    import numpy as np
    import pandas as pd

    rows = _rows(path)
    refused = (rows["Q_FLAG"].str.strip() != "") | (rows["M_FLAG"].str.strip() == _PRESUMED_ZERO)
    values = rows["DATA_VALUE"].to_numpy(dtype=np.float64)
    rows = rows.assign(value=np.where(refused | (values == _FILL), np.nan, values / _TENTHS))
    table = rows.pivot(index="day", columns="ELEMENT", values="value")
    columns = {name: table[name].astype(float).tolist() for name in _ELEMENTS if name in table}
    days = [day.to_pydatetime() for day in pd.DatetimeIndex(table.index)]
    return time_series(days, columns, _DATASET, units={name: _ELEMENTS[name] for name in columns})


def _rows(path: Path) -> pd.DataFrame:
    """The rows of the elements that are wanted, with their ``day``; every value a number, every day once."""
    from io import StringIO

    import pandas as pd

    lines = read_lines(path, _DATASET)
    if lines[0] != _HEADER:
        problem = f"the header is {lines[0][:80]!r} and not {_HEADER}"
        raise BadGranule(_DATASET, problem, "has the provider changed its layout?")
    if broken := next((n for n, line in enumerate(lines, 1) if line.count(",") != _HEADER.count(",")), None):
        raise BadGranule(_DATASET, f"line {broken} has another number of fields than the header", "fetch it again")
    try:
        rows = pd.read_csv(StringIO("\n".join(lines)), dtype=str, keep_default_na=False)
        rows = rows[rows["ELEMENT"].isin(_ELEMENTS)]
        rows = rows.assign(
            day=pd.to_datetime(rows["DATE"], format="%Y%m%d"), DATA_VALUE=pd.to_numeric(rows["DATA_VALUE"])
        )
    except (ValueError, pd.errors.ParserError) as error:
        problem = f"a row cannot be read: {str(error).partition('. You might')[0]}"
        raise BadGranule(_DATASET, problem, "fetch it again") from error
    if rows.empty:
        raise BadGranule(_DATASET, f"the station has none of {', '.join(_ELEMENTS)}", "nothing of it is used")
    if rows["ID"].nunique() != 1:
        raise BadGranule(_DATASET, f"is about {rows['ID'].nunique()} stations", "has the provider changed its layout?")
    if rows.duplicated(["day", "ELEMENT"]).any():
        raise BadGranule(_DATASET, "has two values of an element on one day", "fetch it again")
    return rows


def _station(line: str, number: int) -> tuple[str, Location]:
    """Its id and its place; columns of the list: 1-11 id, 13-20 and 22-30 degrees, 32-37 metres, 42-71 name."""
    identifier, name = line[:11].strip(), line[41:71].strip()
    try:
        latitude, longitude, elevation = (float(line[a:b]) for a, b in ((12, 20), (21, 30), (31, 37)))
        inside = abs(latitude) <= 90 and abs(longitude) <= 180 and math.isfinite(elevation)
    except ValueError:
        inside = False
    if not inside or not _ID.fullmatch(identifier):
        raise BadGranule(_LIST, f"line {number} is no station: {line[:40]!r}", "has the provider changed its layout?")
    return identifier, Location(
        id=f"ghcn_{identifier}", title=f"{name.title() or identifier} ({identifier})", kind="station", source=_SOURCE,
        longitude=longitude, latitude=latitude, elevation_m=None if elevation == _NO_ELEVATION else elevation,
    )  # fmt: skip
