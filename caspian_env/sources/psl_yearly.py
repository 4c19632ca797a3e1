"""Gridded products that NOAA PSL keeps as one file a variable and year, growing in place: reanalyses and CPC analyses.

Shared by several datasets; their seeds say in ``options``

- ``product``: words of which the file must hold one in its titles, for variables are named alike in all products,
- ``files``: ``folder``, ``stem`` and ``variable`` of each yearly file ``{stem}.{yyyy}.nc``,
- ``times_a_day``: how many analyses make a day; their mean is the value of the UTC day, and a day that lacks one has none.

The names tell which years there are; that the file of this year has grown is seen by its date. Latitudes descend,
longitudes are 0..360, and older files are packed in 16 bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, TransportError
from caspian_env.formats.calendar_spans import year_span
from caspian_env.formats.netcdf import read_netcdf
from caspian_env.model import GranuleRef, Http, Listing, Window

if TYPE_CHECKING:
    import xarray as xr

_LEVELS = ("level", "lev", "height")


def list_granules(window: Window, http: Http, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The published yearly files of every variable that overlap the window."""
    failures: list[TransportError] = []
    for wanted in options["files"]:
        try:
            yield from _years(http.listing(wanted["folder"]), wanted, window)
        except TransportError as error:  # the other variables may well be there
            failures.append(error)
    if failures:
        raise failures[0]


def read_granule(path: Path, options: Mapping[str, Any]) -> xr.Dataset:
    """One variable of one year, cut to the surroundings of the Caspian, a value a UTC day.

    Returns
    -------
    xarray.Dataset, dims (time, lat, lon)
        The one variable that the file holds, in the provider's units, stamped at 0 UTC of its day.

    Raises
    ------
    BadGranule
        When the file is damaged, is another product, or holds not exactly one of the variables of the seed.
    """
    product = str(options["product"][0])
    names = list(dict.fromkeys(str(wanted["variable"]) for wanted in options["files"]))
    year = read_netcdf(path, product, keep=names, around_sea=True)
    _refuse_another(year, options["product"])
    if len(year.data_vars) != 1:
        problem = f"holds {len(year.data_vars)} of the variables {', '.join(names)} where it should hold one"
        raise BadGranule(product, problem, "has the provider changed its layout?")
    (name,) = year.data_vars
    levels = [axis for axis in _LEVELS if axis in year[name].dims]
    if any(year.sizes[axis] != 1 for axis in levels):
        raise BadGranule(product, f"{name} has several levels", "has the provider changed its layout?")
    year = year.squeeze(levels, drop=True)
    if year[name].dims != ("time", "lat", "lon") or year["time"].dtype.kind != "M":
        problem = f"{name} has dimensions {year[name].dims}, its time {year['time'].dtype}"
        raise BadGranule(product, problem, "has the provider changed its layout?")
    return _by_day(year, int(options.get("times_a_day", 1)), product)


def _years(listing: Listing, wanted: Mapping[str, str], window: Window) -> Iterator[GranuleRef]:
    pattern = re.compile(rf"{re.escape(wanted['stem'])}\.(\d{{4}})\.nc")
    for name in sorted(listing.names):
        if (found := pattern.fullmatch(name)) and (span := year_span(int(found[1]))).overlaps(window):
            yield GranuleRef(path=f"{wanted['folder']}{name}", window=span, base=listing.base)


def _refuse_another(year: xr.Dataset, known: list[str]) -> None:
    told = " ".join(str(year.attrs.get(key, "")) for key in ("title", "dataset_title", "comments", "description"))
    if not any(words.lower() in told.lower() for words in known):
        problem = f"calls itself {told.strip()[:80] or 'nothing'!r}"
        raise BadGranule(known[0], problem, "another product is another dataset")


def _by_day(year: xr.Dataset, times_a_day: int, product: str) -> xr.Dataset:
    """The mean of the analyses of each UTC day that has all of them."""
    import numpy as np
    import xarray as xr

    days, first, counts = np.unique(
        year["time"].to_numpy().astype("datetime64[D]"), return_index=True, return_counts=True
    )
    if 0 in (year.sizes["lat"], year.sizes["lon"]):
        raise BadGranule(product, "the grid does not reach the Caspian", "has the provider changed its layout?")
    if (
        days.size == 0
        or (counts > times_a_day).any()
        or not (np.diff(year["time"].to_numpy()) > np.timedelta64(0)).all()
    ):
        raise BadGranule(product, f"has no series of {times_a_day} times a day", "has the provider changed its layout?")
    whole = counts == times_a_day
    rows = (first[whole][:, np.newaxis] + np.arange(times_a_day)).ravel()
    means = {}
    for name, cells in year.data_vars.items():
        values = cells.isel(time=rows).to_numpy()
        by_day = values.reshape(-1, times_a_day, *values.shape[1:]).mean(axis=1, dtype=np.float64)
        means[name] = (cells.dims, by_day, {"units": str(cells.attrs.get("units", ""))})
    return xr.Dataset(means, {"time": days[whole].astype("datetime64[ns]"), "lat": year["lat"], "lon": year["lon"]})
