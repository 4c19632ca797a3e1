"""Daily foundation temperature of the sea surface, analysed by the UK Met Office: OSTIA in the GHRSST layout (GDS 2).

One file a day in a folder a day of the year. Temperatures are in kelvin, packed in 16 bits; ``analysis_error`` and
``sea_ice_fraction`` stand beside them in the files of full resolution and may be missing from derived ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.netcdf import read_netcdf, require_caspian, require_variable
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "ostia"
_KEPT = ("analysed_sst", "analysis_error", "sea_ice_fraction")
_FOLDER = re.compile(r"^(\d{3})/?$")
_GDS = "2."


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """One file for each day of the window that has a folder."""
    for year in range(window.start.year, (window.end - timedelta(microseconds=1)).year + 1):
        listing = http.listing(f"{year}/")
        for number in sorted(found[1] for found in map(_FOLDER.match, listing.names) if found):
            start = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=int(number) - 1)
            day = Window(start, start + timedelta(days=1))
            if start.year == year and day.overlaps(window):
                yield GranuleRef(path=f"{year}/{number}/{_name(start)}", window=day, base=listing.base)


def read_granule(path: Path) -> xr.Dataset:
    """One day, cut to the surroundings of the Caspian.

    Returns
    -------
    xarray.Dataset, dims (time, lat, lon)
        ``analysed_sst`` (kelvin); ``analysis_error`` (kelvin) and ``sea_ice_fraction`` where the file has them.

    Raises
    ------
    BadGranule
        When the file is damaged, is no OSTIA analysis in GDS 2, not one day, or without a temperature over the Caspian.
    """
    day = read_netcdf(path, _DATASET, keep=_KEPT, around_sea=True)
    require_variable(day, "analysed_sst", ("time", "lat", "lon"), _DATASET)
    if "OSTIA" not in f"{day.attrs.get('id', '')} {day.attrs.get('title', '')}":
        raise BadGranule(_DATASET, "the file does not call itself OSTIA", "another analysis is another dataset")
    if not str(day.attrs.get("gds_version_id", "")).startswith(_GDS):
        problem = f"the layout is GDS {day.attrs.get('gds_version_id', 'unknown')} and not {_GDS}x"
        raise BadGranule(_DATASET, problem, "files before GDS 2 count time and ice in other ways")
    if day.sizes["time"] != 1:
        raise BadGranule(_DATASET, f"the file holds {day.sizes['time']} days and not one", "has the layout changed?")
    require_caspian(day, "analysed_sst", _DATASET)
    return day


def _name(start: datetime) -> str:
    return f"{start:%Y%m%d}120000-UKMO-L4_GHRSST-SSTfnd-OSTIA-GLOB-v02.0-fv02.0.nc"
