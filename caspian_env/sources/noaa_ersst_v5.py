"""Monthly sea surface temperature on a 2-degree grid since 1854: NOAA ERSST v5, as kept by NOAA PSL.

One file that grows by a month and is rewritten in place. Latitudes descend. Fifteen cells touch the Caspian.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.netcdf import read_netcdf, require_caspian, require_months, require_variable
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "noaa_ersst_v5"
_PATH = "noaa.ersst.v5/sst.mnmean.nc"
_VERSION = "Version 5"


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one file that holds the whole record."""
    yield GranuleRef(path=_PATH)


def read_granule(path: Path) -> xr.Dataset:
    """All months of the global grid.

    Returns
    -------
    xarray.Dataset, dims (time, lat, lon)
        ``sst`` (degC), stamped at the first of the month; longitudes 0..360, latitudes descending.

    Raises
    ------
    BadGranule
        When the file is damaged, of another version, not monthly, or a month has no temperature over the Caspian.
    """
    months = read_netcdf(path, _DATASET)
    require_variable(months, "sst", ("time", "lat", "lon"), _DATASET)
    version = str(months.attrs.get("product_version", ""))
    if version != _VERSION:
        problem = f"the file is of product version {version or 'unknown'!r} and not {_VERSION!r}"
        raise BadGranule(_DATASET, problem, "a new version is a new dataset")
    require_months(months, _DATASET)
    require_caspian(months, "sst", _DATASET)
    return months[["sst"]]
