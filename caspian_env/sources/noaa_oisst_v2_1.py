"""Daily sea surface temperature on a 0.25-degree grid: NOAA OISST v2.1 (AVHRR only).

One file a day, in a folder a month. For about two weeks a day is published as ``..._preliminary.nc``; that file is
removed when the final one appears, so a listing may hold both, one or, for a moment, none of them.

Where neither of the two hosts of these folders answers, the day is taken from an ERDDAP server, cut to the surroundings
of the sea: netCDF-3, other axis names, and nothing that tells preliminary from final. Such a day is preliminary; it never
takes the place of a final one, and the final file takes its place.

``ice`` is stored as a fraction although its attribute says per cent; the attribute is put right here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, TransportError
from caspian_env.formats.alike import Alike
from caspian_env.formats.erddap import Box, moments, piece, product_at, spans
from caspian_env.formats.netcdf import EAST, MARGIN, NORTH, SOUTH, WEST, read_netcdf, require_caspian, require_variable
from caspian_env.model import GranuleRef, Http, Listing, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "noaa_oisst_v2_1"
_VERSION = "v02r01"
_DIMS = ("time", "zlev", "lat", "lon")
_KEPT = ("sst", "err", "ice")
# A file that says all this as another one did that was read below needs to be read for its numbers only.
ALIKE = Alike(_KEPT, attrs=("product_version",))
_MONTH = re.compile(r"^(\d{4})(0[1-9]|1[0-2])/?$")
_DAY = re.compile(rf"^oisst-avhrr-{_VERSION}\.(\d{{8}})(_preliminary)?\.nc$")


def list_granules(window: Window, http: Http, options: Mapping[str, Any] | None = None) -> Iterator[GranuleRef]:
    """One file for each published day of the window; the final one where both exist.

    Parameters
    ----------
    options : mapping, optional
        ``erddap``: servers (``base``, ``dataset``, ``variable``) that together stand in where the folders do not answer.
    """
    listed: set[datetime] = set()
    try:
        for ref in _from_folders(window, http):
            if ref.window:
                listed.add(ref.window.start)
            yield ref
    except TransportError:
        servers = (options or {}).get("erddap", ())
        failures: list[TransportError] = []
        stand_in = list(_from_erddap(window, http, servers, listed, failures))
        if not stand_in:
            raise
        yield from stand_in
        if failures and len(listed) < (window.end - window.start) / timedelta(days=1):
            raise failures[0] from None  # the servers stand in together: days of the one that failed are missing


def read_granule(path: Path, options: Mapping[str, Any] | None = None) -> xr.Dataset:
    """One day, cut to the surroundings of the Caspian, from either kind of host.

    Returns
    -------
    xarray.Dataset, dims (time, zlev, lat, lon)
        ``sst`` (Celsius); ``err`` (Celsius) and ``ice`` (fraction) where the file has them. Noon stamps, longitudes
        0..360, latitudes ascending.

    Raises
    ------
    BadGranule
        When the file is damaged, of another version, not one day, or without a temperature over the Caspian.
    """
    day = read_netcdf(path, _DATASET, keep=_KEPT, around_sea=True)
    if "latitude" in day.dims:
        day = _as_in_folders(day)
    require_variable(day, "sst", _DIMS, _DATASET)
    version = str(day.attrs.get("product_version", ""))
    if _VERSION not in version:
        problem = f"the file is of product version {version or 'unknown'!r} and not {_VERSION}"
        raise BadGranule(_DATASET, problem, "a new version is a new dataset")
    if day.sizes["time"] != 1:
        raise BadGranule(_DATASET, f"the file holds {day.sizes['time']} days and not one", "has the layout changed?")
    for axis in ("lat", "lon"):
        # The first days of the archive name bounds that say no more than the centres.
        day[axis].attrs.pop("bounds", None)
    if "ice" in day:
        day["ice"].attrs |= {"units": "1", "standard_name": "sea_ice_area_fraction"}
    require_caspian(day, "sst", _DATASET)
    return day


def _from_folders(window: Window, http: Http) -> Iterator[GranuleRef]:
    for month in sorted({m.group(0).rstrip("/") for m in map(_MONTH.match, http.listing("").names) if m}):
        if _month(month).overlaps(window):
            yield from _days(http.listing(f"{month}/"), month, window)


def _from_erddap(
    window: Window,
    http: Http,
    servers: Iterable[Mapping[str, str]],
    listed: set[datetime],
    failures: list[TransportError],
) -> Iterator[GranuleRef]:
    """The days that were not listed before, each from the first server that has it; why others gave none is collected."""
    box = Box(WEST - MARGIN, EAST + MARGIN, SOUTH - MARGIN, NORTH + MARGIN)
    for server in servers:
        try:
            product = product_at(http, server["base"], server["dataset"], server["variable"])
            found = moments(http, product, window)
            within = spans(http, product, box) if found else {}
        except TransportError as error:
            failures.append(error)
            continue
        for moment in found:
            start = moment.replace(hour=0, minute=0, second=0)
            if start not in listed:
                listed.add(start)
                yield GranuleRef(
                    path=piece(product, within, moment, "err", "ice"),
                    window=Window(start, start + timedelta(days=1)),
                    status="preliminary",
                    base=product.base,
                    protocol="griddap",
                )


def _as_in_folders(day: xr.Dataset) -> xr.Dataset:
    """A day as an ERDDAP server cuts it, under the names of the files; its title has the version where nothing else has."""
    day = day.rename({"latitude": "lat", "longitude": "lon"})
    if "product_version" not in day.attrs and "2.1" in str(day.attrs.get("title", "")):
        day.attrs["product_version"] = f"Version {_VERSION}"
    return day


def _month(name: str) -> Window:
    start = datetime.strptime(name, "%Y%m").replace(tzinfo=UTC)
    return Window(start, (start + timedelta(days=31)).replace(day=1))


def _days(listing: Listing, month: str, window: Window) -> Iterator[GranuleRef]:
    # A final name sorts before its preliminary twin ('.' before '_'), so the first one seen of a day is kept.
    seen: set[str] = set()
    for name in sorted(listing.names):
        found = _DAY.match(name)
        if found is None or found[1] in seen:
            continue
        seen.add(found[1])
        try:
            start = datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC)
        except ValueError as error:
            raise BadGranule(_DATASET, f"the listing of {month} names {name}", "has the layout changed?") from error
        day = Window(start, start + timedelta(days=1))
        if day.overlaps(window):
            status = "preliminary" if found[2] else "final"
            yield GranuleRef(path=f"{month}/{name}", window=day, status=status, base=listing.base)
