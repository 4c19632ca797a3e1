"""Regions of a whole cube: means, shares of their area and percentiles, a chunk of time after the other.

The weights are the exact areas of the cells inside the polygon (`processing.regions`), computed once for all times; a cube
that is lazily opened is read piece by piece, so that forty years need no more memory than one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from caspian_env.errors import NotComputable
from caspian_env.processing.conform import cell_bounds
from caspian_env.processing.regions import area_mean, cell_weights

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

GRID = ("time", "latitude", "longitude")
_PIECE = 366  # times that are read at once of what is not chunked
MINIMUM_SHARE = 0.5


def weights_of(cube: xr.Dataset | xr.DataArray, geometry: Mapping[str, Any]) -> xr.DataArray:
    """Areas of the cells of a cube inside a polygon, (latitude, longitude), km2: see `regions.cell_weights`."""
    return cell_weights(cell_bounds(cube, "latitude"), cell_bounds(cube, "longitude"), geometry)


def zonal_mean(field: xr.DataArray, weights: xr.DataArray, *, minimum_share: float = MINIMUM_SHARE) -> xr.DataArray:
    """Area mean of a region at every time, NaN where too little of it was observed.

    Parameters
    ----------
    field : DataArray (time, latitude, longitude)
        In memory or lazy.
    weights : DataArray (latitude, longitude), km2
        From `weights_of`, for the grid of the field.
    minimum_share : float
        Least share of the region's area that must be observed.

    Raises
    ------
    NotComputable
        When field and weights lie on different grids, or no cell of the grid touches the region.
    """
    whole = float(weights["region_area"])
    means = _by_piece(field, weights, lambda cells, area: area_mean(cells, area, whole, minimum_share).value)
    return _series(field, means, "area: mean")


def area_fraction(
    field: xr.DataArray, weights: xr.DataArray, *, at_least: float, minimum_share: float = MINIMUM_SHARE
) -> xr.DataArray:
    """Share of the observed area of a region where the field is ``at_least`` so large, 0 to 1, at every time.

    Parameters and errors are those of `zonal_mean`.
    """
    import numpy as np

    def shares(cells: NDArray[Any], area: Numbers) -> Numbers:
        seen = np.where(np.isfinite(cells), area, 0.0).sum(axis=1)
        with np.errstate(invalid="ignore"):
            above = np.where(cells >= at_least, area, 0.0).sum(axis=1)
        return _where_enough(above, seen, weights, minimum_share)

    made = _series(field, _by_piece(field, weights, shares), "area: sum")
    return made.assign_attrs(units="1", long_name=f"share of the area with at least {at_least:g}").rename(
        "area_fraction"
    )


def area_percentiles(
    field: xr.DataArray, weights: xr.DataArray, percent: Sequence[float], *, minimum_share: float = MINIMUM_SHARE
) -> xr.DataArray:
    """Percentiles of the cells of a region weighted by their area, (time, percent).

    The value at p per cent is interpolated between cells in ascending order, each standing at the middle of its share of
    the area; beyond the middles of the first and last cell it is theirs. Cells of equal area that are all observed give
    Hazen's percentiles (method "hazen" of `numpy.percentile`).

    Parameters
    ----------
    percent : sequence of float
        0 to 100.
    field, weights, minimum_share
        As for `zonal_mean`, with its errors.
    """
    import numpy as np
    import xarray as xr

    wanted = np.asarray(percent, dtype=np.float64) / 100
    if wanted.ndim != 1 or not ((wanted >= 0) & (wanted <= 1)).all():
        raise NotComputable("percentiles", f"{list(percent)} are not between 0 and 100", "write for example [10, 90]")

    def percentiles(cells: NDArray[Any], area: Numbers) -> Numbers:
        order = np.argsort(cells, axis=1)  # what is missing goes last
        values = np.take_along_axis(cells.astype(np.float64), order, axis=1)
        share = np.where(np.isfinite(values), np.broadcast_to(area, values.shape)[0][order], 0.0)
        total = share.sum(axis=1)
        middle = np.cumsum(share, axis=1) - share / 2
        found = np.full((len(values), wanted.size), np.nan)
        for n in np.flatnonzero(total >= minimum_share * float(weights["region_area"])):
            seen = np.isfinite(values[n])
            found[n] = np.interp(wanted * total[n], middle[n, seen], values[n, seen])
        return found

    attrs = {**field.attrs, "cell_methods": "area: percentile"}
    axes = {"time": field["time"], "percent": np.asarray(percent, dtype=np.float64)}
    return xr.DataArray(_by_piece(field, weights, percentiles), axes, ("time", "percent"), field.name, attrs)


def _where_enough(part: Numbers, seen: Numbers, weights: xr.DataArray, minimum_share: float) -> Numbers:
    import numpy as np

    found = np.full(seen.shape, np.nan)
    np.divide(part, seen, out=found, where=(seen > 0) & (seen >= minimum_share * float(weights["region_area"])))
    return found


def _by_piece(
    field: xr.DataArray, weights: xr.DataArray, statistic: Callable[[NDArray[Any], Numbers], Numbers]
) -> Numbers:
    """A statistic of the cells inside the region, (time, cell), piece by piece."""
    import numpy as np

    field = _on_grid(field, weights)
    areas = weights.to_numpy()
    inside = areas > 0
    if not inside.any():
        raise NotComputable("region", "no cell of the grid touches it", "is it in degrees east and north?")
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    within = inside[box]
    area = areas[box][within]

    def of_piece(piece: NDArray[Any]) -> Numbers:
        return statistic(piece[:, within], area)

    return np.concatenate(_computed(field[:, box[0], box[1]], of_piece))


def _computed(field: xr.DataArray, of_piece: Callable[[NDArray[Any]], Numbers]) -> Sequence[Numbers]:
    """What a function gives for each piece in the order of time; of a lazy field as many at a time as there are cores."""
    if not field.chunks:
        return [of_piece(field[n : n + _PIECE].to_numpy()) for n in range(0, max(field.sizes["time"], 1), _PIECE)]
    import dask

    lazy: Any = dask  # not annotated
    pieces = field.data.rechunk({1: -1, 2: -1}).to_delayed().ravel()
    computed: Sequence[Numbers] = lazy.compute(*(lazy.delayed(of_piece)(piece) for piece in pieces))
    return computed


def _on_grid(field: xr.DataArray, weights: xr.DataArray) -> xr.DataArray:
    import numpy as np

    if set(field.dims) != set(GRID):
        raise NotComputable("region", f"the field has dimensions {field.dims}", f"{', '.join(GRID)} are needed")
    for axis in GRID[1:]:
        ours, theirs = field[axis].to_numpy(), weights[axis].to_numpy()
        if ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=0, atol=1e-4):
            raise NotComputable("region", f"field and weights differ in {axis}", "weigh the grid of this field")
    return field.transpose(*GRID)


def _series(field: xr.DataArray, values: Numbers, methods: str) -> xr.DataArray:
    import xarray as xr

    return xr.DataArray(
        values, {"time": field["time"]}, ("time",), field.name, {**field.attrs, "cell_methods": methods}
    )
