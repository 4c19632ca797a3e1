"""Daily discharge of the rivers into the Caspian, modelled: GloFAS, ordered from the CEMS Early Warning Data Store.

Needs a free key, and the licence accepted once by hand. The grid of 0.05 degree knows a river by its channel: beside it a
cell carries a brook. So the cell with the largest mean discharge within three cells of a river's seed is taken, and where
it lies is told. Version 4.0; version 5 differs strongly and would be another dataset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule
from caspian_env.formats.copernicus_netcdf import read_copernicus
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import xarray as xr

_DATASET = "glofas_discharge"
_DISCHARGE = "dis24"
_REACH = 3 * 0.05 + 0.001  # degrees; a little more than three cells
_BOX = (43.0, 56.0, 36.0, 53.0)


def list_granules(window: Window, http: Http, *, options: Mapping[str, Any]) -> Iterator[GranuleRef]:
    """One order for each month of the window; recent ones are the intermediate run."""
    month = datetime(window.start.year, window.start.month, 1, tzinfo=UTC)
    while month < window.end:
        after = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        recent = (window.end - month).days <= int(options["consolidated_after_days"])
        form = {
            "hyear": str(month.year), "hmonth": f"{month.month:02}",
            "product_type": "intermediate" if recent else "consolidated",
        }  # fmt: skip
        path = "retrieve/v1/processes/cems-glofas-historical/execution"
        status = "preliminary" if recent else "final"
        yield GranuleRef(path=path, window=Window(month, after), status=status, form=form, protocol="ogc_process")
        month = after


def read_granule(path: Path, *, options: Mapping[str, Any]) -> xr.Dataset:
    """A month of daily discharge at the mouth of each river.

    Returns
    -------
    xarray.Dataset, dims (time, location)
        ``dis24`` (m3 s-1), mean of the 24 hours before a stamp, put to the day that they are; ``source_note`` (time,
        location) names the cell.

    Raises
    ------
    BadGranule
        When it is damaged, or no cell near a river has a value.
    """
    import numpy as np
    import xarray as xr

    grid = read_copernicus(path, _DATASET, (_DISCHARGE,), _BOX)
    days = grid["time"].to_numpy().astype("datetime64[ns]") - np.timedelta64(24, "h")
    columns, notes = {}, {}
    for river, (east, north) in options["rivers"].items():
        near = grid[_DISCHARGE].isel(
            latitude=np.flatnonzero(np.abs(grid["latitude"] - north) <= _REACH),
            longitude=np.flatnonzero(np.abs(grid["longitude"] - east) <= _REACH),
        )
        mean = near.mean("time").to_numpy() if near.size else np.array([[np.nan]])
        if not np.isfinite(mean).any():
            raise BadGranule(_DATASET, f"no cell near {river} has a value", "has the grid changed?")
        row, column = np.unravel_index(np.nanargmax(mean), mean.shape)
        cell = near.isel(latitude=int(row), longitude=int(column))
        columns[river] = cell.to_numpy().astype(float)
        notes[river] = f"cell {float(cell['latitude']):.3f} N {float(cell['longitude']):.3f} E"
    rivers = list(columns)
    return xr.Dataset(
        {
            _DISCHARGE: (("time", "location"), np.stack([columns[r] for r in rivers], axis=1), {"units": "m3 s-1"}),
            "source_note": (("time", "location"), np.array([[notes[r] for r in rivers]] * days.size, dtype=object)),
        },
        {"time": days.astype("datetime64[D]").astype("datetime64[ns]"), "location": rivers},
    )
