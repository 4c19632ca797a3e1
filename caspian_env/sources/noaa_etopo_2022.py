"""Height of the solid surface above the EGM2008 geoid, dry land and bed of the sea: NOAA ETOPO 2022 at one arc-minute.

An ERDDAP server cuts the study area out; where none answers, the global file is taken whole. The field does not change:
it is stamped with the beginning of the year of its edition, so that the cube of that year holds it.

Coarse reliefs show the surface of the Caspian, flat near -29 m, in place of its bed. Such a grid is refused: the
hypsometry it gives leaps by the whole sea within a metre.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, TransportError
from caspian_env.formats.erddap import Box, first_product, piece, spans
from caspian_env.formats.netcdf import EAST, NORTH, SOUTH, WEST, read_netcdf
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "noaa_etopo_2022"
_EPOCH = "2022-01-01"
# The sea is 1025 m deep below a level of about -28 m (science: Caspian Sea State of the Environment 2019, p. 13); a grid
# that knows its bed is lower than this somewhere, and a filled sea never is.
_DEEPEST_AT_LEAST = -900.0
_LEVEL = (-30.0, -26.0)  # where the surface of the sea stood within living memory, m
_MOST_FLAT = 0.5


def list_granules(window: Window, http: Http, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """The study area from the first ERDDAP server that answers, else the global file (``whole``)."""
    try:
        product = first_product(http, options["servers"])
        within = spans(http, product, Box.of(options))
        yield GranuleRef(path=piece(product, within), base=product.base, protocol="griddap")
    except TransportError:
        if not options.get("whole"):
            raise
        yield GranuleRef(path=str(options["whole"]))


def read_granule(path: Path, options: Mapping[str, Any]) -> xr.Dataset:
    """Heights around the Caspian, at the epoch of the edition.

    Returns
    -------
    xarray.Dataset, dims (time, lat, lon)
        ``z`` (m above EGM2008, positive up).

    Raises
    ------
    BadGranule
        When the file is damaged or no such grid, has gaps over the sea, or shows its surface in place of its bed.
    """
    import numpy as np

    relief = read_netcdf(path, _DATASET, around_sea=True)
    relief = relief.rename(
        {long: short for long, short in (("latitude", "lat"), ("longitude", "lon")) if long in relief}
    )
    if "z" not in relief or relief["z"].dims != ("lat", "lon"):
        raise BadGranule(_DATASET, "the file has no heights z on latitude and longitude", "has the layout changed?")
    _refuse_without_bed(relief["z"])
    heights = relief["z"].astype("float32").assign_attrs(units="m", vertical_datum="EGM2008", positive="up")
    stamped = heights.expand_dims(time=[np.datetime64(_EPOCH, "us")])
    return stamped.to_dataset(name="z").assign_attrs(relief.attrs | {"product_version": "2022 v1, 60 arc-seconds"})


def _refuse_without_bed(heights: xr.DataArray) -> None:
    lat, lon = heights["lat"], heights["lon"]
    box = heights.where((lat >= SOUTH) & (lat <= NORTH) & (lon >= WEST) & (lon <= EAST), drop=True)
    if box.size == 0 or bool(box.isnull().any()):
        raise BadGranule(_DATASET, "the grid does not cover the Caspian, or has gaps there", "fetch it again")
    below = box.where(box < _LEVEL[1])
    flat = float(((below > _LEVEL[0]).sum() / below.notnull().sum()).item()) if bool(below.notnull().any()) else 1.0
    if float(box.min()) > _DEEPEST_AT_LEAST or flat > _MOST_FLAT:
        problem = (
            f"has no bed of the Caspian: {float(box.min()):.0f} m at the deepest, {100 * flat:.0f} % flat at its level"
        )
        raise BadGranule(_DATASET, problem, "take a finer relief; hypsometry cannot come from this one")
