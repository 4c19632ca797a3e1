"""Daily wind at stations of the coast: Global Surface Summary of the Day (GSOD) of NOAA NCEI, made from single reports.

One file a station and year, ``1973/40718099999.csv``; the name is the number of the US Air Force and the WBAN number. Every
field is quoted and padded with blanks, 999.9 is missing. A day is that of UTC and has four reports or more.

Rules of this reader
    * The provider turns tenths of m/s into tenths of a knot: 10.0 m/s becomes 19.4 knots, which is 9.98 m/s. ``MXSPD`` is
      one report, so it is put back on tenths of m/s, or a threshold would miss the days that just reach it; ``WDSP`` is a
      mean of the reports and is not rounded.
    * A file that lies elsewhere than its station is refused: numbers were given to other stations.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, NotPublished
from caspian_env.formats.calendar_spans import year_span
from caspian_env.formats.provider_csv import rows_of
from caspian_env.formats.table_text import number, read_lines, time_series
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "noaa_gsod"
_COLUMNS = (
    "STATION", "DATE", "LATITUDE", "LONGITUDE", "ELEVATION", "NAME", "TEMP", "TEMP_ATTRIBUTES", "DEWP", "DEWP_ATTRIBUTES",
    "SLP", "SLP_ATTRIBUTES", "STP", "STP_ATTRIBUTES", "VISIB", "VISIB_ATTRIBUTES", "WDSP", "WDSP_ATTRIBUTES", "MXSPD", "GUST",
    "MAX", "MAX_ATTRIBUTES", "MIN", "MIN_ATTRIBUTES", "PRCP", "PRCP_ATTRIBUTES", "SNDP", "FRSHTT",
)  # fmt: skip
_FILL = 999.9
_KNOT = 1852 / 3600  # m/s
_UNITS = {"MXSPD": "m s-1", "WDSP": "m s-1", "WDSP_ATTRIBUTES": "1"}
# Degrees that a file may lie beside its station: positions are told to a few hundredths, and stations move in their town.
_APART = 0.2
_LAYOUT = "has the provider changed its layout?"


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The published files of the stations of the seed in every year of the window; a year may have no folder."""
    absent: list[NotPublished] = []
    spans = [span for span in map(year_span, range(window.start.year, window.end.year + 1)) if span.overlaps(window)]
    for span in spans:
        folder = f"{span.start.year}/"
        try:
            listing = http.listing(folder)
        except NotPublished as error:
            absent.append(error)
            continue
        names = set(listing.names)
        for station in sorted(options["stations"]):
            if f"{station}.csv" in names:
                yield GranuleRef(path=f"{folder}{station}.csv", window=span, base=listing.base)
    if len(absent) == len(spans):
        raise absent[0]


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """One year of one station.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``MXSPD`` and ``WDSP``, highest and mean wind speed of the day (m s-1, NaN where missing), and ``WDSP_ATTRIBUTES``,
        how many reports the mean has (1).

    Raises
    ------
    BadGranule
        When the header differs, a row is cut or cannot be read, the file is of several stations or years, of a station that the
        seed does not know, or lies elsewhere.
    """
    rows = _rows(path)
    stations = {row["STATION"].strip() for row in rows}
    known = options["stations"]
    if len(stations) != 1 or not stations <= set(known):
        problem = f"is about {', '.join(sorted(stations)[:3])}, of which the seed knows no single one"
        raise BadGranule(_DATASET, problem, "is it the file of another station?")
    station = known[stations.pop()]
    _refuse_elsewhere(rows, station)
    try:
        days = [datetime.fromisoformat(row["DATE"].strip()) for row in rows]
    except ValueError as error:
        raise BadGranule(_DATASET, f"a date cannot be read: {error}", _LAYOUT) from error
    if len({day.year for day in days}) != 1:
        raise BadGranule(_DATASET, "holds several years", _LAYOUT)
    columns = {name: [number(row[name], _DATASET, (_FILL,)) for row in rows] for name in _UNITS}
    columns["MXSPD"] = [round(speed * _KNOT, 1) for speed in columns["MXSPD"]]
    columns["WDSP"] = [speed * _KNOT for speed in columns["WDSP"]]
    return time_series(days, columns, _DATASET, units=_UNITS).expand_dims(location=[station["location"]], axis=1)


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows below the header, each as a mapping from column name to text."""
    lines = read_lines(path, _DATASET)
    header, *rows = rows_of(csv.reader(lines, strict=True), _DATASET)
    if tuple(header) != _COLUMNS:
        raise BadGranule(_DATASET, f"the header is {lines[0][:80]!r}", _LAYOUT)
    if not rows:
        raise BadGranule(_DATASET, "a header without a single row", "fetch it again")
    if short := next((n for n, row in enumerate(rows, 2) if len(row) != len(_COLUMNS)), None):
        raise BadGranule(_DATASET, f"line {short} has another number of fields than the header", "fetch it again")
    return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]


def _refuse_elsewhere(rows: list[dict[str, str]], station: Mapping[str, Any]) -> None:
    """Nothing, if every position that is told is that of the station."""
    for row in rows:
        told = row["LONGITUDE"].strip(), row["LATITUDE"].strip()
        if all(told) and any(
            abs(number(text, _DATASET) - float(degrees)) > _APART
            for text, degrees in zip(told, station["at"], strict=True)
        ):
            here = f"lies at {told[0]} E, {told[1]} N"
            problem = f"{here}, and {station['location']} at {station['at'][0]} E, {station['at'][1]} N"
            raise BadGranule(_DATASET, problem, "has the number been given to another station?")
