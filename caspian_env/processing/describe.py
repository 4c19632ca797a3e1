"""A conformed grid described as CF-1.11 and ACDD-1.3 ask: bounds, grid mapping, units, flags, coverage, licence.

Nothing here knows the hour: the same grid gets the same description whenever it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from caspian_env.errors import SeedError
from caspian_env.model import STATUSES, Dataset, Variable
from caspian_env.processing.conform import cell_bounds

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

GRID = ("time", "latitude", "longitude")
# What is about the grid and not on it; written as variables, opened as coordinates.
AUXILIARY = ("time_bounds", "latitude_bounds", "longitude_bounds", "crs")
STANDARD_ERROR = "_standard_error"

_STEPS = {"P1D": "D", "P1M": "M", "P1Y": "Y"}
_TEMPERATURES = ("degree_Celsius", "K")
_CRS = {
    "long_name": "coordinate reference system",
    "grid_mapping_name": "latitude_longitude",
    "semi_major_axis": 6378137.0,
    "inverse_flattening": 298.257223563,
    "longitude_of_prime_meridian": 0.0,
    "comment": "WGS 84 (EPSG:4326) is taken where the provider names no figure of the Earth",
}


def resolution_of(dataset: Dataset) -> str:
    """The time step that all variables of a gridded dataset share, `P1D`, `P1M` or `P1Y`.

    Raises
    ------
    SeedError
        When they differ, or the values belong to instants and so to no period.
    """
    found = {measured.resolution for measured in dataset.variables}
    if len(found) != 1 or not found <= set(_STEPS):
        raise SeedError(dataset.id, f"a grid needs one resolution of {', '.join(_STEPS)}", f"not {sorted(found)}")
    return found.pop()


def describe(
    grid: xr.Dataset, dataset: Dataset, variables: Mapping[str, Variable], *, method: str, synthetic: bool = False
) -> xr.Dataset:
    """The same values with bounds, a grid mapping, status flags and the attributes of CF and ACDD.

    Parameters
    ----------
    grid : xarray.Dataset, dims (time, latitude, longitude)
        Conformed, times stamped at the start of their period. Variables of the catalog bear its ids and units, their
        uncertainty the same name with `_standard_error`, others the provider's names, units and long names. `status`
        (time) holds words, `granule_sha256` (time) names the provider's file.
    variables : mapping of str to Variable
        The catalog's variables by id.
    method : str
        Version of the way from granules to this grid.

    Raises
    ------
    SeedError
        When the dataset has no single time step.
    """
    described = grid.copy()
    measured = {m.variable: m for m in dataset.variables}
    for name in map(str, grid.data_vars):
        if grid[name].dims != GRID:
            continue
        of = name.removesuffix(STANDARD_ERROR)
        attrs = _of_other(grid[name]) if of not in measured else _of_quantity(grid, name, variables[of])
        if of in measured:
            field = measured[of].name if of == name else measured[of].uncertainty
            attrs["original_name"] = str(field)
        described[name].attrs = attrs | {"grid_mapping": "crs"}
    described = _with_status(_with_axes(described, resolution_of(dataset)))
    described.attrs = _identity(grid, dataset, variables, method, synthetic) | coverage(described)
    # In one order, so that a grid put together in another way is the same file.
    return described[[*GRID, *(name for name in grid.data_vars if name not in AUXILIARY), *AUXILIARY]]


def coverage(grid: xr.Dataset) -> dict[str, Any]:
    """Where and when the values of a described grid lie, as ACDD attributes; degrees and ISO 8601.

    Parameters
    ----------
    grid : xarray.Dataset, dims (time, latitude, longitude), any units
        As `describe` returns it, with the bounds of each axis.
    """
    south, north = _extent(grid["latitude_bounds"].to_numpy())
    west, east = _extent(grid["longitude_bounds"].to_numpy())
    start, end = _extent(grid["time_bounds"].to_numpy())
    corners = ((south, west), (south, east), (north, east), (north, west), (south, west))
    return {
        "geospatial_bounds": f"POLYGON (({', '.join(f'{lat:g} {lon:g}' for lat, lon in corners)}))",
        "geospatial_bounds_crs": "EPSG:4326",
        **_range("lat", south, north, "degrees_north", grid["latitude"].to_numpy()),
        **_range("lon", west, east, "degrees_east", grid["longitude"].to_numpy()),
        "time_coverage_start": _iso(start),
        "time_coverage_end": _iso(end),
        "time_coverage_duration": f"P{int((end - start) / _day())}D",
    }


def period_ends(starts: NDArray[np.datetime64], resolution: str) -> NDArray[np.datetime64]:
    """The ends, excluded, of the days, months or years that begin at `starts` (UTC).

    Parameters
    ----------
    starts : ndarray (time,), datetime64
    """
    ends: NDArray[np.datetime64] = (starts.astype(f"datetime64[{_STEPS[resolution]}]") + 1).astype(starts.dtype)
    return ends


def _of_quantity(grid: xr.Dataset, name: str, variable: Variable) -> dict[str, Any]:
    error = name != variable.id
    attrs: dict[str, Any] = {"long_name": f"{variable.long_name}{', standard error' if error else ''}"}
    if variable.standard_name:
        attrs["standard_name"] = f"{variable.standard_name}{' standard_error' if error else ''}"
    attrs["units"] = variable.units
    if variable.units in _TEMPERATURES:
        difference = error or str(variable.standard_name).endswith("_anomaly")
        attrs["units_metadata"] = f"temperature: {'difference' if difference else 'on_scale'}"
    attrs["cell_methods"] = variable.cell_methods or "time: mean"
    if error:
        return attrs | {"coverage_content_type": "qualityInformation"}
    beside = [f"{name}{STANDARD_ERROR}", "status", "granule_sha256"]
    attrs["ancillary_variables"] = " ".join(other for other in beside if other in grid)
    return attrs | {"coverage_content_type": "physicalMeasurement"}


def _of_other(field: xr.DataArray) -> dict[str, Any]:
    kept = {key: field.attrs[key] for key in ("long_name", "standard_name", "units") if key in field.attrs}
    kept.setdefault("long_name", str(field.name))
    return kept | {
        "cell_methods": "time: mean",
        "original_name": str(field.name),
        "coverage_content_type": "physicalMeasurement",
    }


def _with_axes(grid: xr.Dataset, resolution: str) -> xr.Dataset:
    import numpy as np

    axes = {
        "time": {
            "long_name": "start of the period",
            "standard_name": "time",
            "axis": "T",
            "units_metadata": "leap_seconds: none",
        },
        "latitude": {"long_name": "latitude", "standard_name": "latitude", "units": "degrees_north", "axis": "Y"},
        "longitude": {"long_name": "longitude", "standard_name": "longitude", "units": "degrees_east", "axis": "X"},
    }
    starts = grid["time"].to_numpy()
    bounds = {
        "time": np.column_stack((starts, period_ends(starts, resolution))),
        "latitude": cell_bounds(grid, "latitude"),
        "longitude": cell_bounds(grid, "longitude"),
    }
    for axis, attrs in axes.items():
        given = {"bounds": f"{axis}_bounds", "coverage_content_type": "coordinate"}
        grid[axis].attrs = attrs | given
        grid[f"{axis}_bounds"] = ((axis, "bounds"), bounds[axis])
    grid["crs"] = ((), np.int32(0), _CRS)
    return grid.reset_coords([name for name in AUXILIARY if name in grid.coords])


def _with_status(grid: xr.Dataset) -> xr.Dataset:
    import numpy as np

    words = grid["status"].to_numpy().astype(str)
    flags = np.array([STATUSES.index(word) for word in words], dtype=np.int8)
    about = {"coverage_content_type": "qualityInformation"}
    grid["status"] = ("time", flags, {
        "long_name": "status of the values of this time",
        "standard_name": "status_flag",
        "flag_values": np.arange(len(STATUSES), dtype=np.int8),
        "flag_meanings": " ".join(STATUSES),
    } | about)  # fmt: skip
    grid["granule_sha256"].attrs = {"long_name": "sha256 of the file of the provider that holds this time"} | about
    return grid


def _identity(
    grid: xr.Dataset, dataset: Dataset, variables: Mapping[str, Variable], method: str, synthetic: bool
) -> dict[str, Any]:
    quantities = [variables[m.variable].long_name for m in dataset.variables]
    marked = "SYNTHETIC demonstration data, no observation; in place of: " if synthetic else ""
    attrs = {
        "Conventions": "CF-1.11, ACDD-1.3",
        "title": f"{marked}{dataset.title}: the Caspian Sea",
        "summary": f"{marked}{dataset.summary} Cut to the cells that touch the study area around the Caspian Sea.",
        "keywords": ", ".join(("Caspian Sea", *dict.fromkeys(quantities))),
        "id": dataset.id,
        "source": dataset.title,
        "product_version": dataset.product_version or "",
        "processing_level": "grid of the provider, conformed and cut",
        "history": f"conformed and cut from the files named in granule_sha256, cube method {method}",
        "method_version": method,
        "institution": dataset.provider,
        "creator_name": dataset.provider,
        "creator_type": "institution",
        "creator_url": dataset.landing_page or "",
        "license": dataset.licence if dataset.redistributable else f"{dataset.licence}. Not to be passed on.",
        "references": dataset.citation,
        "acknowledgement": f"Data by {dataset.provider}",
        "metadata_link": f"https://doi.org/{dataset.doi}" if dataset.doi else "",
        "comment": dataset.caveats,
        "standard_name_vocabulary": "CF Standard Name Table v93",
        "cdm_data_type": "Grid",
        "time_coverage_resolution": resolution_of(dataset),
    }
    return {key: value for key, value in attrs.items() if value}


def _range(axis: str, lower: float, upper: float, units: str, labels: NDArray[Any]) -> dict[str, Any]:
    import numpy as np

    return {
        f"geospatial_{axis}_min": float(lower),
        f"geospatial_{axis}_max": float(upper),
        f"geospatial_{axis}_units": units,
        f"geospatial_{axis}_resolution": f"{float(np.median(np.diff(labels))):g} degrees",
    }


def _extent(bounds: NDArray[Any]) -> tuple[Any, Any]:
    return bounds.min(), bounds.max()


def _iso(moment: Any) -> str:
    return f"{str(moment)[:19]}Z"


def _day() -> np.timedelta64:
    import numpy as np

    return np.timedelta64(1, "D")
