"""Where ice covers the sea, day by day: the IMS chart of the US National Ice Center at 4 km (NSIDC G02156).

An analyst's chart with five classes on a polar stereographic grid: 0 outside, 1 sea, 2 land, 3 ice on water, 4 snow on
land. Here the pixels of the study area are counted in cells of 0.25 degree: the share of ice among the pixels of water. A
cell without water has none; a cell of open water has 0, which from June to October is all there is.

The ASCII files begin with some 30 lines of text and run from the south of the map upward; since some do not, land and
water are looked for at known places. The GeoTIFF files of the same chart run downward. Neither states its day in the
grid: it is taken from the name that gzip keeps of the packed file (RFC 1952), or from the text before the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule, NotPublished
from caspian_env.formats.archives import gunzip
from caspian_env.formats.polar_stereographic import PolarStereographic
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

_DATASET = "noaa_ims_ice"
_SIZE, _PIXEL, _EDGE = 6144, 4000.0, 12_288_000.0  # pixels a side, metres, metres from the pole to the map's edge
# The projection of the product, user guide of G02156.
_MAP = PolarStereographic(semi_major=6378137.0, semi_minor=6356257.0, true_scale=60.0, straight_down=-80.0)
_CELL, _WEST, _EAST, _SOUTH, _NORTH = 0.25, 45.75, 56.25, 35.75, 48.25
_OUTSIDE, _SEA, _LAND, _ICE, _SNOW = range(5)
_MOST_BYTES = 80_000_000  # twice a file of rows and text
# Longitude and latitude of places that no level of the sea moves: far from the shore, in the water and on land.
_IN_WATER = ((51.0, 38.5), (50.5, 42.0), (51.0, 45.3))
_ON_LAND = ((47.5, 40.5), (55.5, 46.5), (53.0, 35.9))
_NAME = re.compile(r"^ims(\d{4})(\d{3})(?:_00UTC)?_4km(_GIS)?_v1\.3\.(?:asc|tif)\.gz$")
_DAY_OF_YEAR = re.compile(rb"(?:ims|IMS_v\d_)(\d{4})(\d{3})(?:00)?_")
_DATE = re.compile(rb"IMS_v\d_(\d{4})(\d{2})(\d{2})_")


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The ASCII file of each published day of the window; GeoTIFF, as preliminary, where a year has no ASCII files.

    Whether a GeoTIFF is named after the day for which it is valid was not verified, so the ASCII file takes its place.
    """
    for year in range(window.start.year, (window.end - timedelta(microseconds=1)).year + 1):
        try:
            yield from _days(http, f"4km/{year}/", window, "final")
        except NotPublished:
            yield from _days(http, f"GIS/4km/{year}/", window, "preliminary")


def read_granule(path: Path) -> xr.Dataset:
    """One day as shares of ice in cells of 0.25 degree around the Caspian.

    Returns
    -------
    xarray.Dataset, dims (time, lat, lon)
        ``ice_share`` (1): pixels of ice over pixels of water, NaN where a cell has no water; ``water_pixels`` (1).

    Raises
    ------
    BadGranule
        When the file is damaged, is no grid of this kind, has land and sea elsewhere, or does not tell its day.
    """
    import numpy as np
    import xarray as xr

    content = gunzip(path, _DATASET, max_bytes=_MOST_BYTES)
    is_tiff = content[:4] in (b"II*\0", b"MM\0*")
    chart = _oriented(_from_tiff(content) if is_tiff else _from_text(content))
    when = _day(path, b"" if is_tiff else content[:8192])
    ice, water = _counts(chart)
    share = np.full(water.shape, np.nan)
    np.divide(ice, water, out=share, where=water > 0)
    dims = ("time", "lat", "lon")
    about = {"units": "1", "long_name": "share of ice in the water"}
    axes = {"lat": _centres(_SOUTH, _NORTH), "lon": _centres(_WEST, _EAST)}
    return xr.Dataset(
        {"ice_share": (dims, share[np.newaxis], about), "water_pixels": (dims, water[np.newaxis], {"units": "1"})},
        {"time": [np.datetime64(when.replace(tzinfo=None), "us")], **axes},
        {"product_version": "1.3"},
    )


def _days(http: Http, folder: str, window: Window, status: str) -> Iterator[GranuleRef]:
    listing = http.listing(folder)
    for name in sorted(listing.names):
        if found := _NAME.match(name):
            start = datetime(int(found[1]), 1, 1, tzinfo=UTC) + timedelta(days=int(found[2]) - 1)
            day = Window(start, start + timedelta(days=1))
            if day.overlaps(window):
                yield GranuleRef(path=f"{folder}{name}", window=day, status=status, base=listing.base)


def _day(path: Path, text: bytes) -> datetime:
    told = _packed_name(path) + b"\n" + text
    for pattern, form in ((_DAY_OF_YEAR, "%Y %j"), (_DATE, "%Y %m %d")):
        if found := pattern.search(told):
            try:
                return datetime.strptime(b" ".join(found.groups()).decode("ascii"), form).replace(tzinfo=UTC)
            except ValueError as error:
                problem = f"its day {found[0].decode('ascii')} does not exist"
                raise BadGranule(_DATASET, problem, "look at the file in the archive") from error
    raise BadGranule(_DATASET, "does not say which day it shows", "has the provider changed the packed name?")


def _packed_name(path: Path) -> bytes:
    """The name in the header of a gzip file, where it has one (RFC 1952, 2.3)."""
    with path.open("rb") as file:
        head = file.read(512)
    flags, start = head[3], 10
    if flags & 4:  # an extra field comes before the name
        start += 2 + int.from_bytes(head[10:12], "little")
    return head[start:].partition(b"\0")[0] if flags & 8 else b""


def _from_text(content: bytes) -> NDArray[np.uint8]:
    """The classes in the order of the file; rows are the lines that have a digit for each pixel."""
    import numpy as np

    rows = [row for row in (line.strip() for line in content.split(b"\n")) if len(row) == _SIZE and row.isdigit()]
    if len(rows) != _SIZE:
        raise BadGranule(_DATASET, f"has {len(rows)} rows of {_SIZE} digits and not {_SIZE}", "is the file whole?")
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(_SIZE, _SIZE) - np.uint8(ord("0"))


def _from_tiff(content: bytes) -> NDArray[np.uint8]:
    import io

    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=["TIFF"]) as image:
            chart = np.asarray(image)
    except (OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError) as error:
        raise BadGranule(_DATASET, f"the TIFF cannot be read: {error}", "fetch it again") from error
    if chart.shape != (_SIZE, _SIZE):
        raise BadGranule(_DATASET, f"the TIFF has {chart.shape} pixels and not {_SIZE} a side", "is it the 4 km chart?")
    return chart.astype(np.uint8)


def _oriented(chart: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The chart with its first row at the top of the map, where land and water are at the known places."""
    if chart.max() > _SNOW:
        raise BadGranule(_DATASET, f"holds the class {chart.max()}", "known are 0 to 4; is it packed in another way?")
    for turned in (chart, chart[::-1]):
        if _has(turned, _IN_WATER, (_SEA, _ICE)) and _has(turned, _ON_LAND, (_LAND, _SNOW)):
            return turned
    raise BadGranule(_DATASET, "has no Caspian where the map has it", "another projection, or land and sea masked?")


def _has(chart: NDArray[np.uint8], places: tuple[tuple[float, float], ...], classes: tuple[int, int]) -> bool:
    for longitude, latitude in places:
        x, y = _MAP.forward(longitude, latitude)
        if int(chart[int((_EDGE - y) // _PIXEL), int((x + _EDGE) // _PIXEL)]) not in classes:
            return False
    return True


def _counts(chart: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixels of ice, and of water with and without ice, in each cell (lat, lon), by the pixels' centres."""
    import numpy as np

    rows, columns = _window()
    pixels = chart[rows, columns]
    x = (np.arange(columns.start, columns.stop) + 0.5) * _PIXEL - _EDGE
    y = _EDGE - (np.arange(rows.start, rows.stop) + 0.5) * _PIXEL
    longitude, latitude = _MAP.inverse(*np.meshgrid(x, y))
    shape = (round((_NORTH - _SOUTH) / _CELL), round((_EAST - _WEST) / _CELL))
    row, column = ((latitude - _SOUTH) // _CELL).astype(int), ((longitude - _WEST) // _CELL).astype(int)
    inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
    cell = row * shape[1] + column

    def count(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(cell[inside & chosen], minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)

    return count(pixels == _ICE), count((pixels == _ICE) | (pixels == _SEA))


def _window() -> tuple[slice, slice]:
    """Rows and columns of the chart around the box; its sides are bent on the map, so they are followed."""
    import numpy as np

    longitude, latitude = np.meshgrid(np.linspace(_WEST, _EAST, 43), np.linspace(_SOUTH, _NORTH, 51))
    x, y = _MAP.forward(longitude, latitude)
    rows, columns = (_EDGE - y) // _PIXEL, (x + _EDGE) // _PIXEL
    return slice(int(rows.min()), int(rows.max()) + 2), slice(int(columns.min()), int(columns.max()) + 2)


def _centres(lower: float, upper: float) -> NDArray[np.float64]:
    import numpy as np

    return np.arange(lower + _CELL / 2, upper, _CELL)
