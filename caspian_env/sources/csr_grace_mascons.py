"""Changes of the mass of water in a month, seen from space: mascons of GRACE and GRACE-FO, CSR release 06.3.

One file that is released anew as a whole, history included. Its months are those of its time axis and nothing else: the
attribute that lists the missing ones leaves some out. The stamp of a solution is the middle of the days it was made of;
where these ran over a month's end, two stamps fall into one month (October 2011, April 2015), and the one nearer to the
edge of the month is the solution of its neighbour.

The file with all corrections covers land and sea without a mask. Masks made for it count parts of the Caspian as ocean or
as lake; a file to which one was applied is empty, or exactly zero, at places that are known, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import BadGranule
from caspian_env.formats.netcdf import read_netcdf, require_variable
from caspian_env.model import GranuleRef, Http, Window

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

_DATASET = "csr_grace_mascons"
_PATH = "CSR_GRACE_GRACE-FO_RL0603_Mascons_all-corrections.nc"
_VARIABLE = "lwe_thickness"
# Far from the shore in the north, middle and south, and on land at both sides: what a mask of either kind would take away.
_CONTROL = (
    ("the North Caspian", 51.0, 45.3), ("the Middle Caspian", 50.5, 42.0), ("the South Caspian", 51.0, 38.5),
    ("the Kura lowland", 47.5, 40.5), ("the Ustyurt", 55.5, 44.5),
)  # fmt: skip
_NEAR_EDGE_DAYS = 7  # the furthest known is 27 April 2015, four days from the month that it stands for
_EPOCH = re.compile(r"days since (\d{4}-\d{2}-\d{2})")


def list_granules(window: Window, http: Http) -> Iterator[GranuleRef]:
    """The one file that holds the whole record."""
    yield GranuleRef(path=_PATH)


def read_granule(path: Path) -> xr.Dataset:
    """All months that were solved, cut to the surroundings of the Caspian.

    Returns
    -------
    xarray.Dataset, dims (time, lat, lon)
        ``lwe_thickness`` (cm of water, against the mean of 2004-2009), stamped at the first of the month.

    Raises
    ------
    BadGranule
        When the file is damaged, its time cannot be read, a month stands twice, or sea or land is masked.
    """
    solved = read_netcdf(path, _DATASET, keep=[_VARIABLE], around_sea=True)
    require_variable(solved, _VARIABLE, ("time", "lat", "lon"), _DATASET)
    months = _months(_stamps(solved))
    attrs = solved[_VARIABLE].attrs
    units = str(attrs.get("units") or attrs.get("Units") or "")
    if units.strip().lower() != "cm":
        problem = f"{_VARIABLE} is in {units or 'no unit'} and not in cm"
        raise BadGranule(_DATASET, problem, "has the provider changed its units?")
    solved = solved.assign_coords(time=months)
    if not (solved.indexes["lat"].is_unique and solved.indexes["lon"].is_unique):
        raise BadGranule(_DATASET, "a row or column of its grid stands twice", "fetch it again")
    _refuse_masked(solved[_VARIABLE])
    solved[_VARIABLE].attrs = {"units": "cm", "long_name": "anomaly of the thickness of water"}
    return solved


def _stamps(solved: xr.Dataset) -> NDArray[np.datetime64]:
    """Middle of each solution; the file writes ``Units`` with a capital, which CF readers pass over."""
    import numpy as np

    if solved["time"].dtype.kind == "M":
        return solved["time"].to_numpy().astype("datetime64[ns]")
    found = _EPOCH.match(str(solved["time"].attrs.get("Units", "")))
    if found is None or solved["time"].dtype.kind not in "fiu":
        raise BadGranule(_DATASET, "its time has no units", "has the provider changed its layout?")
    seconds = np.round(solved["time"].to_numpy().astype(np.float64) * 86400).astype("timedelta64[s]")
    return (np.datetime64(found[1], "s") + seconds).astype("datetime64[ns]")


def _months(stamps: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """The month of each solution: that of its stamp; of two in one month, the one nearer to its edge is the neighbour's."""
    import numpy as np

    own = stamps.astype("datetime64[M]")
    months = own.copy()
    for n in np.flatnonzero(own[1:] == own[:-1]):
        after_start, before_end = stamps[n] - own[n], (own[n] + 1) - stamps[n + 1]
        if min(after_start, before_end) > np.timedelta64(_NEAR_EDGE_DAYS, "D"):
            continue  # no two months look like this, and two values for one are refused below
        if before_end <= after_start:
            months[n + 1] += 1
        else:
            months[n] -= 1
    if (
        months.size == 0
        or not (np.diff(stamps) > np.timedelta64(0)).all()
        or not (np.diff(months).astype(int) > 0).all()
    ):
        raise BadGranule(_DATASET, "its solutions do not follow one another by months", "fetch it again")
    return months.astype("datetime64[ns]")


def _refuse_masked(cells: xr.DataArray) -> None:
    """Nothing, if every control point has a value in every month; a masked one is empty or exactly zero."""
    import numpy as np

    for what, longitude, latitude in _CONTROL:
        values = cells.sel(lat=latitude, lon=longitude, method="nearest").to_numpy()
        masked = ~np.isfinite(values) | (values == 0.0)
        if masked.any():
            problem = (
                f"has no value at {what} ({latitude} N {longitude} E) in {str(cells['time'].to_numpy()[masked][0])[:7]}"
            )
            raise BadGranule(_DATASET, problem, "a mask was applied to the file, or it is damaged")
