"""One shape for every provider's grid: CF names, -180..180 degrees east, ascending axes, naive UTC times.

A slice against the direction of an axis is empty and not an error, and files mix time resolutions; both are settled
here, once, for every dataset.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from caspian_env.errors import BadGranule

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

_NAMES = {
    "latitude": ("latitude", "lat", "nav_lat", "y"),
    "longitude": ("longitude", "lon", "long", "nav_lon", "x"),
    "time": ("time", "valid_time", "date"),
}
_DEGREES = re.compile(r"^degrees?(_?(north|east|n|e))?$", re.IGNORECASE)
_LEVELS = ("zlev", "lev", "level", "altitude", "depth", "height")
# Calendars whose dates are those of everybody's calendar since the Gregorian reform; others have days that do not exist.
_REAL_CALENDARS = ("standard", "gregorian", "proleptic_gregorian")
_GREGORIAN_REFORM = "1582-10-15"
_STAMPS = {"P1D": "datetime64[D]", "P1M": "datetime64[M]", "P1Y": "datetime64[Y]"}


def conform(ds: xr.Dataset) -> xr.Dataset:
    """The same values on axes `latitude`, `longitude` and `time`, ascending, each label once.

    Levels of length one are dropped. Longitudes become -180..180 degrees east, times naive datetime64[us] in UTC. Cell
    bounds that an axis names are kept as the coordinates `latitude_bounds` and `longitude_bounds`. A dataset without
    one of the axes (a table has only time) is conformed in the others.

    Raises
    ------
    BadGranule
        When a label is repeated or missing, a calendar has no real dates, or several levels are given.
    """
    ds = _drop_levels(_rename_axes(ds))
    for axis in ("latitude", "longitude"):
        if axis in ds.dims:
            ds = _ascending(_horizontal(ds, axis), axis)
    if "time" in ds.variables:
        attrs = ds["time"].attrs
        ds = ds.assign_coords(time=(ds["time"].dims, _as_utc(ds["time"].to_numpy()), attrs))
        if "time" in ds.dims:
            ds = _ascending(ds, "time")
    return ds


def cut(ds: xr.Dataset, west: float, east: float, south: float, north: float) -> xr.Dataset:
    """The cells of a conformed grid that touch a box (degrees), with a margin of one cell on each side.

    Parameters
    ----------
    ds : xarray.Dataset, dims (time, latitude, longitude), any units
        As `conform` returns it.

    Raises
    ------
    BadGranule
        When the grid has no cell in the box.
    """
    import numpy as np

    chosen = {}
    for axis, lower, upper in (("latitude", south, north), ("longitude", west, east)):
        bounds = cell_bounds(ds, axis)
        inside = np.flatnonzero((bounds[:, 1] > lower) & (bounds[:, 0] < upper))
        if inside.size == 0:
            raise BadGranule("grid", f"it has no cell between {lower:g} and {upper:g} degrees {axis}")
        chosen[axis] = slice(max(int(inside[0]) - 1, 0), int(inside[-1]) + 2)
    return ds.isel(chosen)


def cell_bounds(ds: xr.Dataset | xr.DataArray, axis: str) -> NDArray[np.float64]:
    """Lower and upper edge of every cell along `latitude` or `longitude`, (n, 2), degrees.

    The bounds that came with the grid; else edges half way between neighbours, latitudes ending at the poles. The axis may
    descend.

    Raises
    ------
    BadGranule
        When the axis is missing, or is a single cell of unknown width.
    """
    import numpy as np

    if axis not in ds.coords:
        raise BadGranule("grid", f"it has no {axis}")
    if f"{axis}_bounds" in ds.coords:
        return np.sort(ds[f"{axis}_bounds"].to_numpy().astype(np.float64), axis=1)
    edges = _half_way(ds[axis].to_numpy().astype(np.float64), axis)
    if axis == "latitude":
        edges = edges.clip(-90.0, 90.0)
    return np.sort(np.column_stack((edges[:-1], edges[1:])), axis=1)


def stamp(time: NDArray[np.datetime64], resolution: str) -> NDArray[np.datetime64]:
    """Times (UTC) as the start of their day, month or year for P1D, P1M and P1Y; unchanged for `instant`.

    Parameters
    ----------
    time : ndarray (time,), datetime64
        Times of one variable, UTC.

    Raises
    ------
    BadGranule
        When the resolution is none of these.
    """
    import numpy as np

    if resolution != "instant" and resolution not in _STAMPS:
        raise BadGranule("time", f"its resolution {resolution!r} is unknown", "write instant, P1D, P1M or P1Y")
    floored = np.asarray(time).astype(_STAMPS.get(resolution, "datetime64[us]"))
    return floored.astype("datetime64[us]")


def grid_fingerprint(ds: xr.Dataset | xr.DataArray) -> str:
    """The sha256 of latitudes and longitudes: equal for two files on the same grid."""
    import hashlib

    digest = hashlib.sha256()
    for axis in ("latitude", "longitude"):
        labels = ds[axis].to_numpy().astype("<f8")
        digest.update(f"{axis}[{labels.size}]".encode() + labels.tobytes())
    return digest.hexdigest()


def _rename_axes(ds: xr.Dataset) -> xr.Dataset:
    """Give the axes their CF names; `x` and `y` in metres are no longitude and latitude."""
    renamed: dict[Any, str] = {}
    for axis, names in _NAMES.items():
        found = [name for name in (*ds.dims, *ds.coords) if str(name).lower() in names]
        found = [name for name in dict.fromkeys(found) if axis == "time" or _in_degrees(ds, name)]
        if len(found) > 1:
            raise BadGranule("grid", f"it has more than one {axis}: {', '.join(map(str, found))}")
        if found and found[0] != axis:
            renamed[found[0]] = axis
    return ds.rename(renamed)


def _in_degrees(ds: xr.Dataset, name: Any) -> bool:
    units = str(ds[name].attrs.get("units", "degrees")) if name in ds.variables else "degrees"
    return bool(_DEGREES.match(units))


def _drop_levels(ds: xr.Dataset) -> xr.Dataset:
    levels = [name for name in ds.dims if str(name).lower() in _LEVELS]
    for name in levels:
        if ds.sizes[name] != 1:
            raise BadGranule("grid", f"it has {ds.sizes[name]} levels along {name}", "choose one in the source")
    ds = ds.squeeze(levels, drop=True)
    return ds.drop_vars([name for name in ds.coords if str(name).lower() in _LEVELS])


def _horizontal(ds: xr.Dataset, axis: str) -> xr.Dataset:
    """Labels as float64, longitudes wrapped, and bounds that move with them."""
    import numpy as np

    attrs = dict(ds[axis].attrs)
    named = attrs.pop("bounds", None)
    given = ds[axis].to_numpy().astype(np.float64)
    labels = (given + 180.0) % 360.0 - 180.0 if axis == "longitude" else given
    if named in ds.variables:
        bounds = np.sort(ds[named].to_numpy().astype(np.float64), axis=1) + (labels - given)[:, np.newaxis]
        ds = ds.drop_vars(named).assign_coords({f"{axis}_bounds": ((axis, "bounds"), bounds)})
    return ds.assign_coords({axis: (axis, labels, attrs)})


def _ascending(ds: xr.Dataset, axis: str) -> xr.Dataset:
    import numpy as np

    labels = ds[axis].to_numpy()
    missing = np.isnat(labels) if axis == "time" else ~np.isfinite(labels)
    if missing.any():
        raise BadGranule(axis, f"{int(missing.sum())} of its labels are missing")
    unique, counts = np.unique(labels, return_counts=True)
    if (counts > 1).any():
        raise BadGranule(axis, f"{unique[counts > 1][0]} occurs {int(counts.max())} times", "the grid overlaps itself")
    return ds if (labels[1:] > labels[:-1]).all() else ds.sortby(axis)


def _as_utc(time: NDArray[Any]) -> NDArray[np.datetime64]:
    """Any kind of decoded time as naive datetime64[us] in UTC."""
    import numpy as np

    if time.dtype.kind == "M":
        return time.astype("datetime64[us]")
    if time.dtype.kind != "O":
        raise BadGranule("time", f"it holds {time.dtype} numbers instead of dates", "decode it in the source")
    moments = [_moment(value) for value in time.ravel()]
    return np.array(moments, dtype="datetime64[us]").reshape(time.shape)


def _moment(value: Any) -> np.datetime64:
    """A cftime or aware datetime as the same moment in UTC."""
    from datetime import UTC, datetime

    import numpy as np

    if isinstance(value, datetime):
        return np.datetime64(value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value, "us")
    calendar = getattr(value, "calendar", None)
    if calendar not in _REAL_CALENDARS:
        raise BadGranule("time", f"its calendar {calendar!r} has no real dates", f"use one of {_REAL_CALENDARS}")
    moment = np.datetime64(value.isoformat(timespec="microseconds"), "us")
    if calendar != "proleptic_gregorian" and moment < np.datetime64(_GREGORIAN_REFORM):
        raise BadGranule("time", f"{value.isoformat()} lies before the Gregorian reform", "the date is ambiguous")
    return moment


def _half_way(labels: NDArray[np.float64], axis: str) -> NDArray[np.float64]:
    import numpy as np

    if labels.size < 2:
        raise BadGranule("grid", f"a single cell along {axis} has no known width", "give the cell's bounds")
    middle = (labels[:-1] + labels[1:]) / 2
    return np.concatenate(([2 * labels[0] - middle[0]], middle, [2 * labels[-1] - middle[-1]]))
