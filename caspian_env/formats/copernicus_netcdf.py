"""NetCDF as the Copernicus data stores hand it out: new and legacy layout, alone or as members of a zip.

The new layout counts ``valid_time`` and names the stream of each time in ``expver``: 0001 is the final reanalysis, 0005 the
preliminary one. The legacy layout counts ``time`` and, where both streams are in one file, has a dimension ``expver`` of 1
and 5 in which each time is filled in one of them. A zip is sent whenever instantaneous and accumulated variables are
asked for together, also where a plain file was ordered.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule, DamagedGranule
from caspian_env.formats.archives import zip_members
from caspian_env.formats.first_bytes import expect_netcdf, kind

if TYPE_CHECKING:
    import xarray as xr

FINAL, PRELIMINARY = ("0001", "1"), ("0005", "5")
_ENGINES = ((b"\x89HDF", "h5netcdf"), (b"CDF", "scipy"))


def read_copernicus(
    path: Path, dataset: str, names: Sequence[str], box: tuple[float, float, float, float]
) -> xr.Dataset:
    """The variables of a file that are wanted, cut to a box and loaded, with the status of each time.

    Parameters
    ----------
    names : sequence of str
        Variables; those that the file has are given.
    box : tuple of float
        West, east, south and north edge of what is kept, degrees; longitudes of the file may count from 0 or -180.

    Returns
    -------
    xarray.Dataset, dims (time, latitude, longitude)
        In the provider's units, with ``status`` (time).

    Raises
    ------
    BadGranule
        When it is something else, is damaged, has none of the variables or a stream that is not known.
    """
    import xarray as xr

    parts = [_plain(part, names, box, dataset) for part in _opened(path, dataset)]
    found = [part for part in parts if part.data_vars]
    if not any(set(part.data_vars) & set(names) for part in found):
        raise BadGranule(dataset, f"none of {', '.join(names)} is in it", "has the provider renamed its variables?")
    try:
        return xr.merge(found, join="exact", compat="equals", combine_attrs="drop_conflicts")
    except ValueError as error:
        raise BadGranule(dataset, "its members are on different times or grids", "order it again") from error


def _opened(path: Path, dataset: str) -> Iterable[xr.Dataset]:
    import xarray as xr

    try:
        if kind(path) == "a zip archive":
            members = list(zip_members(path, dataset, wanted=lambda name: name.endswith(".nc")))
            if not members:
                raise BadGranule(dataset, "a zip without a netCDF member", "order it again")
            for _, content in members:
                engine = next((name for mark, name in _ENGINES if content.startswith(mark)), None)
                if engine is None:
                    raise BadGranule(dataset, "a member of the zip is not netCDF", "order it again")
                with xr.open_dataset(io.BytesIO(content), engine=engine) as opened:
                    yield opened
        else:
            engine = "h5netcdf" if expect_netcdf(path, dataset) == "netcdf4" else "scipy"
            with xr.open_dataset(path, engine=engine) as opened:
                yield opened
    except BadGranule:
        raise
    except Exception as error:
        # Also MemoryError: opening reads no more than the header, which declares more than there is.
        clause = f"damaged or truncated netCDF ({type(error).__name__})"
        raise DamagedGranule(dataset, clause, "fetch it again") from error


def _plain(given: xr.Dataset, names: Sequence[str], box: tuple[float, float, float, float], dataset: str) -> xr.Dataset:
    """One layout for all: time, latitude, longitude and a status."""
    ds = given.rename({"valid_time": "time"}) if "valid_time" in given.dims else given
    if not {"time", "latitude", "longitude"} <= set(ds.dims):
        raise BadGranule(dataset, f"its dimensions are {', '.join(map(str, ds.dims))}", "has the layout changed?")
    ds = _cut(ds, box)
    if "expver" in ds.dims:
        ds, streams = _one_stream(ds[[name for name in names if name in ds]].load())
    else:
        given_streams = ds["expver"].to_numpy() if "expver" in ds.coords or "expver" in ds else "0001"
        streams = _each(given_streams, ds.sizes["time"])
        ds = ds[[name for name in names if name in ds]].load()
    if unknown := set(streams) - {*FINAL, *PRELIMINARY}:
        raise BadGranule(dataset, f"expver {unknown.pop()!r} is not known", "is it an experiment of the provider?")
    ds = ds.drop_vars([name for name in ("number", "expver", "surface", "step") if name in ds.coords])
    ds["status"] = ("time", ["final" if stream in FINAL else "preliminary" for stream in streams])
    return ds.transpose("time", "latitude", "longitude", ..., missing_dims="ignore")


def _cut(ds: xr.Dataset, box: tuple[float, float, float, float]) -> xr.Dataset:
    west, east, south, north = box
    longitude = (ds["longitude"] + 180.0) % 360.0 - 180.0
    rows = ((ds["latitude"] >= south) & (ds["latitude"] <= north)).to_numpy().nonzero()[0]
    columns = ((longitude >= west) & (longitude <= east)).to_numpy().nonzero()[0]
    return ds.isel(latitude=rows, longitude=columns)


def _each(streams: Any, count: int) -> list[str]:
    import numpy as np

    return [str(stream).strip() for stream in np.broadcast_to(np.asarray(streams), (count,))]


def _one_stream(ds: xr.Dataset) -> tuple[xr.Dataset, list[str]]:
    """Each time from the final stream where that is filled, else from the preliminary one."""
    first, last = (ds.sel(expver=number, drop=True) for number in (1, 5))
    name = next(iter(ds.data_vars))
    is_final = first[name].notnull().any([dim for dim in first[name].dims if dim != "time"])
    merged = first.where(is_final, last)
    for variable in merged.data_vars:
        merged[variable].attrs = dict(ds[variable].attrs)
    return merged, ["0001" if final else "0005" for final in is_final.to_numpy()]
