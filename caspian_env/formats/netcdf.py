"""Reading netCDF granules whole, and the promise that a grid has water where the Caspian is."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule, DamagedGranule
from caspian_env.formats.archives import gunzip
from caspian_env.formats.first_bytes import expect_netcdf

if TYPE_CHECKING:
    from io import BytesIO

    import xarray as xr

# The box of the whole sea, degrees east and north.
WEST, EAST, SOUTH, NORTH = 46.0, 55.0, 36.0, 47.5
MARGIN = 5.0
Box = tuple[float, float, float, float]  # west, east, south, north, degrees
AROUND_SEA: Box = (WEST - MARGIN, EAST + MARGIN, SOUTH - MARGIN, NORTH + MARGIN)
LOADED_BYTES = 2_000_000_000  # of the values of one file, as it is read; the largest granule has a fifth of that
IN_MEMORY_BYTES = 100_000_000  # of a netCDF-3 file that is read before it is opened
# netCDF-C must not be entered by two threads (Unidata/netcdf4-python#844, pydata/xarray#9779); it opens a day of OISST
# nine times faster than h5netcdf does.
_ONE_AT_A_TIME = threading.Lock()
# Readers of netCDF in memory; netCDF-C reads only files.
_ENGINES = ((b"\x89HDF\r\n\x1a\n", "h5netcdf"), (b"CDF\x01", "scipy"), (b"CDF\x02", "scipy"))


def read_netcdf(path: Path, dataset: str, *, keep: Sequence[str] | None = None, around_sea: bool = False) -> xr.Dataset:
    """The decoded file, loaded into memory and closed.

    Parameters
    ----------
    keep : sequence of str, optional
        Variables to read, where the file has them; all by default.
    around_sea : bool
        Whether to read only the rows and columns around the Caspian of a grid with axes ``lat`` and ``lon``, or
        ``latitude`` and ``longitude``; a global day costs many times its window to decode.

    Raises
    ------
    BadGranule
        When the file is not netCDF, is truncated, or cannot be decoded.
    """
    import io

    engine = expect_netcdf(path, dataset)
    # scipy maps the file and, where it is cut short, leaves it open.
    small = engine == "scipy" and path.stat().st_size <= IN_MEMORY_BYTES
    return _loaded(
        io.BytesIO(path.read_bytes()) if small else path, engine, dataset, keep, AROUND_SEA if around_sea else None
    )


def read_packed_netcdf(
    path: Path, dataset: str, *, keep: Sequence[str] | None = None, around_sea: bool = False, area: Box = AROUND_SEA,
    max_bytes: int,
) -> xr.Dataset:  # fmt: skip
    """As `read_netcdf`, from a gzip file that unpacks, in memory, to ``max_bytes`` at the most.

    Parameters
    ----------
    area : tuple of float
        West, east, south and north of what ``around_sea`` reads, where another region than the sea is wanted.

    Raises
    ------
    BadGranule
        As `read_netcdf`; also when the file is no gzip data, is damaged or holds more.
    """
    import io

    content = gunzip(path, dataset, max_bytes=max_bytes)
    engine = next((name for mark, name in _ENGINES if content.startswith(mark)), None)
    if engine is None:
        raise BadGranule(dataset, "the gzip file holds something else than netCDF", "has the provider changed it?")
    return _loaded(io.BytesIO(content), engine, dataset, keep, area if around_sea else None)


def _loaded(
    file: Path | BytesIO, engine: str, dataset: str, keep: Sequence[str] | None, area: Box | None
) -> xr.Dataset:
    import xarray as xr

    try:
        with _ONE_AT_A_TIME, xr.open_dataset(file, engine=engine) as opened:
            wanted = opened if keep is None else opened[[name for name in keep if name in opened.data_vars]]
            cut = wanted if area is None else _inside(wanted, area)
            if cut.nbytes > LOADED_BYTES:
                # A few bytes of a header can declare more than any machine has.
                raise BadGranule(dataset, f"the file declares {cut.nbytes:,} bytes of values", "fetch it again")
            return cut.load()
    except BadGranule:
        raise
    except Exception as error:
        if isinstance(error, MemoryError) and not declares_too_much(error):
            raise
        # The readers name neither the dataset nor the cause in common words, and each has errors of its own.
        said = str(error).replace(str(file), "the file").splitlines()[:1]
        clause = f"damaged or truncated netCDF ({': '.join([type(error).__name__, *said])})"
        raise DamagedGranule(dataset, clause, "fetch it again") from error


def declares_too_much(error: MemoryError) -> bool:
    """Whether what could not be had is more than any granule holds: the file's fault then, and not the machine's."""
    wanted = math.prod(getattr(error, "shape", ())) * getattr(getattr(error, "dtype", None), "itemsize", 1)
    return wanted > LOADED_BYTES


def _inside(grid: xr.Dataset, area: Box) -> xr.Dataset:
    west_end, east_end, south_end, north_end = area
    lat, lon = ("lat", "lon") if "lat" in grid.dims else ("latitude", "longitude")
    if not {lat, lon} <= set(grid.dims):
        return grid  # nothing that could be cut; the caller says what is missing
    rows = (grid[lat] >= south_end) & (grid[lat] <= north_end)
    columns = (grid[lon] >= west_end) & (grid[lon] <= east_end)
    found = [axis.values.nonzero()[0] for axis in (rows, columns)]
    south, west = (slice(int(n.min()), int(n.max()) + 1) if n.size else slice(0, 0) for n in found)
    return grid.isel({lat: south, lon: west})


def require_variable(grid: xr.Dataset, name: str, dims: tuple[str, ...], dataset: str) -> None:
    """Nothing, if the variable is there with these dimensions.

    Raises
    ------
    BadGranule
        When the variable is missing or has other dimensions.
    """
    if name not in grid.data_vars:
        raise BadGranule(dataset, f"the file has no variable {name}", "has the provider changed its layout?")
    if grid[name].dims != dims:
        problem = f"{name} has dimensions {grid[name].dims} and not {dims}"
        raise BadGranule(dataset, problem, "has the provider changed its layout?")


def require_months(grid: xr.Dataset, dataset: str) -> None:
    """Refuse a grid whose times are not the first of one month after the other; BadGranule for it."""
    import numpy as np

    stamps = grid["time"].values
    if stamps.size and np.issubdtype(stamps.dtype, np.datetime64):
        whole = stamps.astype("datetime64[M]")
        if (whole == stamps).all() and (np.diff(whole).astype(int) == 1).all():
            return
    raise BadGranule(dataset, "the time axis is not one first of the month after the other", "fetch it again")


def require_caspian(grid: xr.Dataset, name: str, dataset: str) -> None:
    """Nothing, if every time step has at least one finite value between 46-55 °E and 36-47.5 °N.

    A masked product answers with a well-formed grid of fills there; it must not pass as a sea without observations.

    Parameters
    ----------
    grid : xarray.Dataset (dims: time, lat, lon and others; longitudes 0..360 or -180..180)
    name : str
        Its variable with the values.
    dataset : str
        Named in the error.

    Raises
    ------
    BadGranule
        When the grid does not reach the Caspian, or has only fills there.
    """
    lat, lon = grid["lat"], grid["lon"]
    box = grid[name].isel(
        lat=((lat >= SOUTH) & (lat <= NORTH)).values.nonzero()[0],
        lon=((lon >= WEST) & (lon <= EAST)).values.nonzero()[0],
    )
    if box.size == 0:
        raise BadGranule(dataset, "the grid does not reach the Caspian", "has the provider changed its layout?")
    seen = box.notnull().any([d for d in box.dims if d != "time"])
    if not bool(seen.all()):
        when = str(grid["time"].values[(~seen).values][0])[:10]
        raise BadGranule(dataset, f"only fill values over the Caspian on {when}", "fetch it again later")
