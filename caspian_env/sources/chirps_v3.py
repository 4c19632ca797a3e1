"""Monthly precipitation on land on a 0.05-degree grid from satellites and stations: CHIRPS version 3, final.

One netCDF file a year, which grows by a month in place. It is the smallest of what is published that tells its dates: the
pentads of a year have 865 MB, all months since 1981 are one file of several thousand, and the GeoTIFF of a month tells its
month only in its name. Millimetres a month between 60 N and 60 S; whatever is negative is a fill.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.calendar_spans import year_span
from caspian_env.formats.netcdf import read_netcdf, require_variable
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "chirps_v3"
_FOLDER = "monthly/global/netcdf/by_year/"
_FILE = re.compile(r"chirps-v3\.0\.(\d{4})\.monthly\.nc")
_TOTAL = ("mm", "mm/month", "mm month-1")  # the month's total, however it is spelt


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The published years that overlap the window."""
    listing = http.listing(_FOLDER)
    for name in sorted(listing.names):
        if (found := _FILE.fullmatch(name)) and (span := year_span(int(found[1]))).overlaps(window):
            yield GranuleRef(path=f"{_FOLDER}{name}", window=span, base=listing.base)


def read_granule(path: Path) -> xr.Dataset:
    """The months of one year, cut to the surroundings of the Caspian.

    Returns
    -------
    xarray.Dataset, dims (time, latitude, longitude)
        ``precip`` (mm, the total of the month), NaN over water.

    Raises
    ------
    BadGranule
        When the file is damaged, lacks the variable, has other units, or no value around the Caspian in any month.
    """
    months = read_netcdf(path, _DATASET, keep=["precip"], around_sea=True)
    require_variable(months, "precip", ("time", "latitude", "longitude"), _DATASET)
    units = str(months["precip"].attrs.get("units", ""))
    if units.strip().lower() not in _TOTAL:
        problem = f"precip is in {units!r} and not in mm a month"
        raise BadGranule(_DATASET, problem, "has the provider changed its units?")
    precip = months["precip"].where(months["precip"] >= 0)
    if months["time"].dtype.kind != "M" or not bool(precip.notnull().any()):
        raise BadGranule(_DATASET, "no month has a value around the Caspian", "fetch it again")
    months["precip"] = precip.assign_attrs(units="mm")
    return months
