"""Monthly sea surface temperature on a 1-degree grid since 1850: COBE-SST 2 of the JMA, as kept by NOAA PSL.

One file that holds the whole record. Latitudes descend, longitudes are 0..360, the fill value is 1e20.
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

_DATASET = "jma_cobe_sst2"
_PATH = "COBE2/sst.mon.mean.nc"


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one file that holds the whole record."""
    yield GranuleRef(path=_PATH)


def read_granule(path: Path) -> xr.Dataset:
    """All months, cut to the surroundings of the Caspian.

    Returns
    -------
    xarray.Dataset, dims (time, lat, lon)
        ``sst`` (degC), stamped at the first of the month; longitudes 0..360, latitudes descending.

    Raises
    ------
    BadGranule
        When the file is damaged, names another product, is not monthly, or a month has no temperature over the Caspian.
    """
    months = read_netcdf(path, _DATASET, keep=["sst"], around_sea=True)
    require_variable(months, "sst", ("time", "lat", "lon"), _DATASET)
    told = " ".join(str(text) for text in (*months.attrs.values(), months["sst"].attrs.get("dataset", "")))
    if "COBE-SST2" not in told and "COBE-SST 2" not in told:
        raise BadGranule(_DATASET, "the file does not call itself COBE-SST2", "another product is another dataset")
    require_months(months, _DATASET)
    require_caspian(months, "sst", _DATASET)
    return months
