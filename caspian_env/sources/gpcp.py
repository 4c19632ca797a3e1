"""Monthly precipitation of land and sea on a 2.5-degree grid: GPCP version 2.3, the NOAA climate data record.

One file a month in a folder a year. The name ends with the day on which the file was made, which nobody can foretell, so
names come from the listing; of several files of a month the newest counts. For about three months a month is published as
``gpcp_v02r03-preliminary_...``; the final file takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.calendar_spans import month_span, year_span
from caspian_env.formats.netcdf import read_netcdf, require_variable
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "gpcp"
_YEAR = re.compile(r"(\d{4})/")
_FILE = re.compile(r"gpcp_v02r03(-preliminary)?_monthly_d(\d{4})(0[1-9]|1[0-2])_c(\d{8})\.nc")


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """One file for each published month of the window: the final one where there is one, of those the newest."""
    for year in sorted(found[1] for found in map(_YEAR.fullmatch, http.listing("").names) if found):
        if not year_span(int(year)).overlaps(window):
            continue
        listing = http.listing(f"{year}/")
        best: dict[tuple[int, int], tuple[bool, str, str]] = {}
        for name in listing.names:
            if found := _FILE.fullmatch(name):
                month, candidate = (int(found[2]), int(found[3])), (found[1] is None, found[4], name)
                best[month] = max(best.get(month, candidate), candidate)
        for month, (is_final, _, name) in sorted(best.items()):
            if (span := month_span(*month)).overlaps(window):
                status = "final" if is_final else "preliminary"
                yield GranuleRef(path=f"{year}/{name}", window=span, status=status, base=listing.base)


def read_granule(path: Path) -> xr.Dataset:
    """One month, cut to the surroundings of the Caspian.

    Returns
    -------
    xarray.Dataset, dims (time, latitude, longitude)
        ``precip`` and its ``precip_error`` (mm/day), means of the month.

    Raises
    ------
    BadGranule
        When the file is damaged, lacks the variable, holds not one month, or has no value around the Caspian.
    """
    month = read_netcdf(path, _DATASET, keep=["precip", "precip_error"], around_sea=True)
    require_variable(month, "precip", ("time", "latitude", "longitude"), _DATASET)
    if month.sizes["time"] != 1:
        raise BadGranule(_DATASET, f"holds {month.sizes['time']} months and not one", "has the layout changed?")
    if month["time"].dtype.kind != "M" or not bool(month["precip"].notnull().any()):
        raise BadGranule(_DATASET, "its month has no value around the Caspian", "fetch it again")
    for axis in ("latitude", "longitude"):
        month[axis].attrs.pop("bounds", None)  # they say no more than the centres, and were not read
    return month
