"""Monthly means of the reanalyses ERA5 and ERA5-Land, ordered from the Copernicus Climate Data Store.

Needs a free key, and the licence of each product accepted once by hand on its page. One order a year. Totals are given as
the mean of a month's days, in metres of water a day although the units say metres; evaporation is negative where water
leaves the ground, as the provider has it.

A dataset over another region than the sea says in ``window`` its ``west``, ``east``, ``south`` and ``north`` in degrees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.formats.copernicus_netcdf import read_copernicus
from caspian_env.formats.netcdf import EAST, MARGIN, NORTH, SOUTH, WEST
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_BOX = (WEST - MARGIN, EAST + MARGIN, SOUTH - MARGIN, NORTH + MARGIN)
_A_DAY = {"tp": "m d-1", "e": "m d-1"}


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """One order for each year of the window; one over another region than the sea tells its area, north edge first."""
    area: dict[str, str] = {}
    if "window" in options:
        west, east, south, north = _box(options)
        area = {"area": f"{north:g}/{west:g}/{south:g}/{east:g}"}
    for year in range(window.start.year, window.end.year + 1):
        span = Window(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
        if span.overlaps(window):
            path = f"retrieve/v1/processes/{options['process']}/execution"
            yield GranuleRef(path=path, window=span, form={"year": str(year), **area}, protocol="ogc_process")


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """The monthly means of a year.

    Returns
    -------
    xarray.Dataset, dims (time, latitude, longitude)
        The provider's short names; totals in m d-1. ``status`` is preliminary where the stream is.

    Raises
    ------
    BadGranule
        When it is damaged, has another layout, or none of the variables.
    """
    found = read_copernicus(path, str(options["dataset"]), tuple(options["names"]), _box(options))
    for name, units in _A_DAY.items():
        if name in found:
            found[name].attrs["units"] = units
    return found


def _box(options: Mapping[str, Any]) -> tuple[float, float, float, float]:
    if "window" not in options:
        return _BOX
    west, east, south, north = (float(options["window"][edge]) for edge in ("west", "east", "south", "north"))
    return west, east, south, north
