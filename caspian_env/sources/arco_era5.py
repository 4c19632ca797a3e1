"""Hourly ERA5 as a public zarr store, one day a granule: ARCO-ERA5 of Google Research.

The time axis of the store reaches beyond its data, and whole days inside have been empty at times, so that attributes are
not enough: a day without values is refused and asked for again. Days after ``valid_time_stop`` are ERA5T, preliminary.
Precipitation and evaporation are totals of the hour before their stamp; a day's total takes the stamps from 01:00 to 24:00.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.netcdf import EAST, MARGIN, NORTH, SOUTH, WEST, read_netcdf, require_variable
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "arco_era5"
_STORE = "ar/full_37-1h-0p25deg-chunk-1.zarr-v3"
_MEANS = ("2m_temperature", "mean_sea_level_pressure", "sea_surface_temperature")
_TOTALS = ("total_precipitation", "evaporation")
_DIMS = ("time", "latitude", "longitude")
_DAY = timedelta(days=1)


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """One piece for each day of the window that the store says it has."""
    final, reached = _reach(http.document(f"{_STORE}/.zattrs").text)
    day = window.start.replace(hour=0, minute=0, second=0, microsecond=0)
    # The last hour of a total is stamped with the next day, which has to be there.
    while day < window.end and day < reached:
        form = {
            "variables": ",".join((*_MEANS, *_TOTALS)),
            "start": f"{day:%Y-%m-%dT%H:%M}",
            "stop": f"{day + _DAY:%Y-%m-%dT%H:%M}",
            "area": f"{NORTH + MARGIN:g},{WEST - MARGIN:g},{SOUTH - MARGIN:g},{EAST + MARGIN:g}",
        }
        status = "final" if day < final else "preliminary"
        yield GranuleRef(path=_STORE, window=Window(day, day + _DAY), status=status, form=form, protocol="zarr_piece")
        day += _DAY


def read_granule(path: Path) -> xr.Dataset:
    """The means and totals of one day.

    Returns
    -------
    xarray.Dataset, dims (time, latitude, longitude)
        Means of the hours 00 to 23 in the provider's units; totals of the day in m.

    Raises
    ------
    BadGranule
        When it is not a day of 25 stamps, or is empty where it should be full.
    """
    import numpy as np
    import xarray as xr

    hours = read_netcdf(path, _DATASET)
    if hours.sizes.get("time") != 25:
        raise BadGranule(_DATASET, f"{hours.sizes.get('time', 0)} hours and not the 25 of a day", "fetch it again")
    day = hours["time"].to_numpy()[:1].astype("datetime64[D]").astype("datetime64[ns]")
    found = xr.Dataset(coords={"time": day, "latitude": hours["latitude"], "longitude": hours["longitude"]})
    for name in (*_MEANS, *_TOTALS):
        require_variable(hours, name, _DIMS, _DATASET)
        kept = hours[name].isel(time=slice(1, 25) if name in _TOTALS else slice(0, 24))
        # The sea has no value on land and none of the others has a gap: an hour without any is one that was not filled.
        empty = ~kept.notnull().any(["latitude", "longitude"])
        if bool(empty.any()):
            problem = f"{name} is empty in {int(empty.sum())} of 24 hours of {str(day[0])[:10]}"
            raise BadGranule(_DATASET, problem, "the store fills such days later: try again")
        combined = kept.sum("time", skipna=False) if name in _TOTALS else kept.mean("time", skipna=False)
        found[name] = (
            combined.astype(np.float64).expand_dims(time=day).assign_attrs(units=hours[name].attrs.get("units", ""))
        )
    return found


def _reach(attributes: str) -> tuple[datetime, datetime]:
    """The day after the last final one, and the end of what the store has."""
    try:
        told = json.loads(attributes)
        final = datetime.fromisoformat(told["valid_time_stop"]).replace(tzinfo=UTC)
        reached = datetime.fromisoformat(told.get("valid_time_stop_era5t", told["valid_time_stop"])).replace(tzinfo=UTC)
    except (ValueError, KeyError, TypeError) as error:
        raise BadGranule(
            _DATASET, f"the store does not say how far it reaches ({error!r:.60})", "has it moved?"
        ) from error
    return final + _DAY, reached
