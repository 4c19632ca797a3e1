"""Monthly precipitation on land from rain gauges on a 1-degree grid: the Global Precipitation Climatology Centre (DWD).

Two products share this module; ``options`` name the ``product``:

- ``full_data``: the reanalysis of all gauges, ten years a file, in a new folder for each edition,
- ``first_guess``: the first look at a month from the gauges that report at once, a file a month.

A dataset over another region than the sea says in ``window`` its ``west``, ``east``, ``south`` and ``north`` in degrees.

Files are netCDF inside gzip. A month on the axis is no promise: copies are known whose axis runs years beyond the last
month with data; such months are left out, and a file with nothing but them is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, NotPublished
from caspian_env.formats.calendar_spans import month_span, year_span
from caspian_env.formats.netcdf import AROUND_SEA, Box, read_packed_netcdf
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_MOST_BYTES = 400_000_000  # ten years of 1 degree with seven variables in 32 bits are 218 MB
_TOTAL = ("mm", "mm/month", "mm month-1", "mm/mon")  # the month's total, however it is spelt


@dataclass(frozen=True, slots=True)
class _Product:
    """How one of the products names its precipitation and its files; the groups are years, or a year and a month."""

    variable: str
    file: re.Pattern[str]


_PRODUCTS = {
    "full_data": _Product("precip", re.compile(r"full_data_monthly_v\d{4}_(\d{4})_(\d{4})_10\.nc\.gz")),
    "first_guess": _Product("p", re.compile(r"first_guess_monthly_(\d{4})_(\d{2})\.nc\.gz")),
}
_EDITION = re.compile(r"full_data_monthly_v(\d{4})/")
_VERSION = re.compile(r"version\s+(\d{4})", re.IGNORECASE)


def list_granules(window: Window, http: Http, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The decades of the newest edition, or the months, that overlap the window."""
    name = str(options["product"])
    if name == "full_data":
        editions = [found[0] for found in map(_EDITION.fullmatch, http.listing("").names) if found]
        if not editions:
            raise NotPublished("full_data_monthly", "no edition is listed", "look at the provider's folders by hand")
        folders = [f"{max(editions)}10/"]
    else:
        years = [found for found in http.listing("first_guess/").names if re.fullmatch(r"\d{4}/", found)]
        folders = [f"first_guess/{year}" for year in sorted(years) if year_span(int(year[:4])).overlaps(window)]
    for folder in folders:
        listing = http.listing(folder)
        for file in sorted(listing.names):
            if (found := _PRODUCTS[name].file.fullmatch(file)) and (span := _span(name, found)).overlaps(window):
                yield GranuleRef(path=f"{folder}{file}", window=span, base=listing.base)


def read_granule(path: Path, options: Mapping[str, Any]) -> xr.Dataset:
    """The months of one file, cut to the surroundings of the Caspian, or to the window of the seed.

    Returns
    -------
    xarray.Dataset, dims (time, lat, lon)
        The product's precipitation (mm, the total of the month), NaN over water and in months without data.

    Raises
    ------
    BadGranule
        When the file is damaged, lacks the variable, has other units or no value in the window in any month.
    """
    name = str(options["product"])
    variable = _PRODUCTS[name].variable
    months = read_packed_netcdf(
        path, f"gpcc {name}", keep=[variable], around_sea=True, area=_area(options), max_bytes=_MOST_BYTES
    )
    if variable not in months or set(months[variable].dims) != {"time", "lat", "lon"}:
        raise BadGranule(name, f"has no {variable} over time, lat and lon", "has the provider changed its layout?")
    units = str(months[variable].attrs.get("units", ""))
    if units.strip().lower() not in _TOTAL:
        raise BadGranule(
            name, f"{variable} is in {units!r} and not in mm a month", "has the provider changed its units?"
        )
    if months["time"].dtype.kind != "M" or not bool(months[variable].notnull().any()):
        where = "in the window" if "window" in options else "around the Caspian"
        raise BadGranule(name, f"no month has a value {where}", "the axis may run ahead of the data")
    told = _VERSION.search(f"{months.attrs.get('title', '')} {months[variable].attrs.get('long_name', '')}")
    months[variable].attrs = {"units": "mm", "long_name": "precipitation of the month"}
    months.attrs = {"product_version": told[1]} if told else {}
    return months


def _area(options: Mapping[str, Any]) -> Box:
    if "window" not in options:
        return AROUND_SEA
    west, east, south, north = (float(options["window"][edge]) for edge in ("west", "east", "south", "north"))
    return west, east, south, north


def _span(product: str, found: re.Match[str]) -> Window:
    first, second = int(found[1]), int(found[2])
    try:
        return year_span(first, second) if product == "full_data" else month_span(first, second)
    except ValueError as error:
        raise BadGranule(product, f"the listing names {found[0]}", "has the layout changed?") from error
