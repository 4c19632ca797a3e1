"""Monthly climate of the land on a 0.5-degree grid since 1901: CRU TS of the University of East Anglia.

Each spring a new release appears in a new folder whose name holds the minute of its making, so every folder is found by
its listing, the newest release first. Its variables come as files of ten years (and as one of the whole century, which is
not taken), netCDF-3 inside gzip.

Where no station is near, CRU TS writes the mean of 1961-1990. ``stn`` counts the stations behind each cell, and a month of
which any cell of the study area has none is marked ``estimated``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, NotPublished
from caspian_env.formats.calendar_spans import year_span
from caspian_env.formats.netcdf import EAST, NORTH, SOUTH, WEST, read_packed_netcdf
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

_DATASET = "cru_ts"
_RELEASE = re.compile(r"cru_ts_(\d+)\.(\d+)/")
_RUN = re.compile(r"cruts\.(\d+)\.v[\d.]+/")
_TITLE = re.compile(r"CRU TS\s?(\d+\.\d+)")
_LONGEST_YEARS = 10
_MOST_BYTES = 400_000_000  # ten years of two variables in 32 bits are 249 MB


def list_granules(window: Window, http: Http, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The decades of every variable in the newest release that overlap the window."""
    releases = [found for found in map(_RELEASE.fullmatch, http.listing("").names) if found]
    if not releases:
        raise NotPublished("cru_ts", "no release is listed", "look at the provider's folders by hand")
    release = max(releases, key=lambda found: (int(found[1]), int(found[2])))
    runs = [found for found in map(_RUN.fullmatch, http.listing(release[0]).names) if found]
    if not runs:
        raise NotPublished(release[0], "the release has no data folder yet", "it may be in the making")
    folder = release[0] + max(runs, key=lambda found: found[1])[0]
    version = f"{release[1]}.{release[2]}"
    for variable in options["variables"]:
        listing = http.listing(f"{folder}{variable}/")
        pattern = re.compile(rf"cru_ts{re.escape(version)}\.(\d{{4}})\.(\d{{4}})\.{variable}\.dat\.nc\.gz")
        for name in sorted(listing.names):
            if not (found := pattern.fullmatch(name)):
                continue
            first, last = int(found[1]), int(found[2])
            if last - first < _LONGEST_YEARS and (span := year_span(first, last)).overlaps(window):
                yield GranuleRef(path=f"{folder}{variable}/{name}", window=span, base=listing.base)


def read_granule(path: Path, options: Mapping[str, Any]) -> xr.Dataset:
    """One variable of a decade, cut to the surroundings of the Caspian, with the ``status`` of each month.

    Returns
    -------
    xarray.Dataset, dims (time, lat, lon)
        The one variable that the file holds in the provider's units, and ``status`` (time). ``product_version`` is that
        of the title.

    Raises
    ------
    BadGranule
        When the file is damaged, is no CRU TS, or holds not exactly one of the variables of the seed.
    """
    wanted = [str(name) for name in options["variables"]]
    decade = read_packed_netcdf(path, _DATASET, keep=[*wanted, "stn"], around_sea=True, max_bytes=_MOST_BYTES)
    title = _TITLE.search(str(decade.attrs.get("title", "")))
    names = [name for name in wanted if name in decade.data_vars]
    if title is None:
        raise BadGranule(_DATASET, "the file does not call itself CRU TS", "another product is another dataset")
    if len(names) != 1:
        problem = f"holds {len(names)} of the variables {', '.join(wanted)} where it should hold one"
        raise BadGranule(_DATASET, problem, "has the provider changed its layout?")
    (name,) = names
    if decade[name].dims != ("time", "lat", "lon") or decade["time"].dtype.kind != "M":
        raise BadGranule(_DATASET, f"{name} has dimensions {decade[name].dims}", "has the provider changed its layout?")
    cells = decade[name]
    cells.attrs = {"units": _units(name, str(cells.attrs.get("units", "")))}
    status = _status(decade, name)
    return decade[[name]].assign(status=("time", status)).assign_attrs(product_version=title[1])


def _units(name: str, given: str) -> str:
    """The units as UDUNITS has them; a total of a month is in millimetres."""
    return "mm" if name == "pre" and given.strip().lower() in ("mm", "mm/month") else given


def _status(decade: xr.Dataset, name: str) -> NDArray[np.str_]:
    """``estimated`` for months of which a cell with a value stands on no station, or where nobody counted stations."""
    import numpy as np

    if "stn" not in decade or decade["stn"].dims != decade[name].dims:
        return np.full(decade.sizes["time"], "estimated")
    inside = ((decade["lat"] > SOUTH) & (decade["lat"] < NORTH)) & ((decade["lon"] > WEST) & (decade["lon"] < EAST))
    alone = (decade[name].notnull() & inside & ~(decade["stn"] > 0)).any(["lat", "lon"])
    return np.where(alone.to_numpy(), "estimated", "final")
