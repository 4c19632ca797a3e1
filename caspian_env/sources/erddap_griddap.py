"""Gridded products on ERDDAP servers, a moment a granule, cut to the study area by the server.

Shared by several datasets; their seeds say in ``options``

- ``servers``: ``base``, ``dataset`` and ``variable`` in order of preference (one product has other names elsewhere),
- ``box``: west, east, south, north in degrees, and ``stride``: every how many cells one is taken,
- ``settles_after_days``: how long before the newest moment values are still replaced, and so preliminary,
- ``log10``: whether to add the common logarithm of the variable, for quantities that are averaged geometrically.

ERDDAP writes the request and its hour into each file, so the bytes of one piece differ from answer to answer while its
values do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.formats.erddap import Box, first_product, moments, piece, spans
from caspian_env.formats.netcdf import read_netcdf
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_LEVELS = ("altitude", "zlev", "depth", "level")
_HORIZONTAL = ("latitude", "longitude")


def list_granules(window: Window, http: Http, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """One piece for each moment of the window that the first server with the product holds."""
    product = first_product(http, options["servers"])
    found = moments(http, product, window)
    if not found:
        return
    within = spans(http, product, Box.of(options))
    settled = found[-1] - timedelta(days=int(options.get("settles_after_days", 0)))
    for moment in found:
        yield GranuleRef(
            path=piece(product, within, moment),
            window=_day(moment),
            status="final" if moment <= settled else "preliminary",
            base=product.base,
            protocol="griddap",
        )


def read_granule(path: Path, options: Mapping[str, Any]) -> xr.Dataset:
    """One moment of the product, under the name that the variable has at the first server.

    Returns
    -------
    xarray.Dataset, dims (time, latitude, longitude)
        The variable in the provider's units and, where the seed asks for it, ``log10_`` and its name (1).

    Raises
    ------
    BadGranule
        When the file is no netCDF, lacks the variable, is not one moment of a grid or holds no finite value.
    """
    name = str(options["servers"][0]["variable"])
    raw = read_netcdf(path, name)
    grid = raw.rename({other: name for other in _other_names(options, name) if other in raw.data_vars})
    if name not in grid.data_vars:
        raise BadGranule(
            name, f"the file has only {', '.join(map(str, raw.data_vars)) or 'no variable'}", "see the seed"
        )
    levels = [axis for axis in _LEVELS if axis in grid[name].dims]
    if any(grid.sizes[axis] != 1 for axis in levels):
        raise BadGranule(name, f"has several levels along {levels[0]}", "has the layout changed?")
    grid = grid[[name]].squeeze(levels, drop=True)
    if grid[name].dims != ("time", *_HORIZONTAL) or grid.sizes["time"] != 1:
        raise BadGranule(name, f"is no moment of a grid but has {dict(grid[name].sizes)}", "has the layout changed?")
    if not bool(grid[name].notnull().any()):
        raise BadGranule(name, "holds only fill values over the study area", "the product may be masked there")
    return _with_logarithm(grid, name) if options.get("log10") else grid


def _other_names(options: Mapping[str, Any], name: str) -> list[str]:
    return sorted({str(server["variable"]) for server in options["servers"]} - {name})


def _with_logarithm(grid: xr.Dataset, name: str) -> xr.Dataset:
    """The common logarithm beside the variable; what is not above zero has none."""
    import numpy as np

    positive = grid[name].where(grid[name] > 0)
    about = {"long_name": f"common logarithm of {name}", "units": "1"}
    logarithm = (positive.dims, np.log10(positive.to_numpy()), about)
    return grid.assign({f"log10_{name}": logarithm})


def _day(moment: datetime) -> Window:
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(start, start + timedelta(days=1))
