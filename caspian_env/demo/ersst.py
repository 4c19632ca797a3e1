"""Synthetic NOAA ERSST v5 in the one file of all months that the Physical Sciences Laboratory publishes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray

from caspian_env.demo import sea_surface
from caspian_env.demo.changes import Difference
from caspian_env.demo.netcdf_bytes import Array, Attributes, netcdf_bytes
from caspian_env.demo.noise import Floats

DATASET = "noaa_ersst_v5"
ADDRESS = "downloads.psl.noaa.gov/Datasets/noaa.ersst.v5/sst.mnmean.nc"
FIRST_YEAR = 1981
MONTHS = {1: 12 * 45, 2: 12 * 45 + 1}  # to December 2025, to January 2026
MISSING = np.float32(-9.96921e36)
LAT, LON = np.linspace(88.0, -88.0, 89), np.linspace(0.0, 358.0, 180)


def files(edition: int) -> dict[str, Callable[[], bytes]]:
    """The one address, with the function that makes its bytes."""
    return {ADDRESS: partial(_file_bytes, edition)}


def differences() -> list[Difference]:
    """The new month."""
    month = _months(2)[-1]
    mean = float(np.nanmean(_fields([month])))
    return [Difference(DATASET, "sst", datetime(month.year, month.month, 1, tzinfo=UTC), None, mean, "new")]


def _months(edition: int) -> list[date]:
    return [date(FIRST_YEAR + n // 12, n % 12 + 1, 1) for n in range(MONTHS[edition])]


def _fields(months: list[date]) -> Floats:
    """Means of these months (dims: month, lat, lon), degC, NaN on land."""
    weather = sea_surface.make_weather()
    rows, columns = slice(20, 27), slice(23, 28)  # 48-36 degrees north, 46-54 degrees east
    lat, lon = LAT[rows], LON[columns]
    dry = ~sea_surface.is_sea(lat, lon)
    values = np.full((len(months), LAT.size, LON.size), np.nan)
    for number, month in enumerate(months):
        last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        daily = [sea_surface.temperature(weather, day, lat, lon) for day in sea_surface.days(month, last)]
        mean = np.maximum(np.mean(daily, axis=0), -0.5)
        mean[dry] = np.nan
        values[number, rows, columns] = mean
    return values.astype(np.float32).astype(np.float64)  # as precise as the file


def _file_bytes(edition: int) -> bytes:
    months = _months(edition)
    fields = _fields(months)
    sst = np.where(np.isnan(fields), MISSING, fields).astype(np.float32)
    days = np.array([(month - date(1800, 1, 1)).days for month in months], dtype=np.float64)
    seen = np.array([np.nanmin(fields), np.nanmax(fields)], dtype=np.float32)
    arrays = {
        "lat": Array(("lat",), LAT, _axis("Latitude", "degrees_north", "latitude", "Y", LAT)),
        "lon": Array(("lon",), LON, _axis("Longitude", "degrees_east", "longitude", "X", LON)),
        "time": Array(("time",), days, _time_attributes(days), dtype="f8", chunks=(512,)),
        "sst": Array(("time", "lat", "lon"), sst, _sst_attributes(seen), chunks=(1, 89, 180), deflate=2),
    }
    modified = {"data_modified": "2026-01-05" if edition == 1 else "2026-02-05"}
    return netcdf_bytes(arrays, {**GLOBAL_ATTRIBUTES, **modified}, unlimited="time")


def _axis(long_name: str, units: str, standard_name: str, axis: str, values: Floats) -> Attributes:
    return {
        "_FillValue": np.float32(np.nan),
        "units": units,
        "long_name": long_name,
        "actual_range": values[[0, -1]].astype(np.float32),
        "standard_name": standard_name,
        "axis": axis,
        "coordinate_defines": "center",
    }


def _time_attributes(days: Floats) -> Attributes:
    return {
        "_FillValue": np.float64(np.nan),
        "long_name": "Time",
        "delta_t": "0000-01-00 00:00:00",
        "avg_period": "0000-01-00 00:00:00",
        "prev_avg_period": "0000-00-07 00:00:00",
        "standard_name": "time",
        "axis": "T",
        "actual_range": days[[0, -1]],
        "units": "days since 1800-01-01",
        "calendar": "proleptic_gregorian",
    }


def _sst_attributes(seen: NDArray[np.float32]) -> Attributes:
    return {
        "_FillValue": np.float32(np.nan),
        "long_name": "Monthly Means of Sea Surface Temperature",
        "units": "degC",
        "var_desc": "Sea Surface Temperature",
        "level_desc": "Surface",
        "statistic": "Mean",
        "dataset": "NOAA Extended Reconstructed SST V5",
        "parent_stat": "Individual Values",
        "actual_range": seen,
        "valid_range": np.array([-1.8, 45.0], dtype=np.float32),
        "missing_value": MISSING,
    }


GLOBAL_ATTRIBUTES: Attributes = {
    "title": "SYNTHETIC demonstration data in the layout of NOAA ERSSTv5",
    "summary": "SYNTHETIC values for trying the platform without a network; only the layout is the provider's",
    "source": "SYNTHETIC: a seasonal cycle, a trend and random weather; no ship, buoy or float",
    "history": "SYNTHETIC: computed from a formula, no observation was used",
    "institution": "none (synthetic)",
    "Conventions": "CF-1.6, ACDD-1.3",
    "cdm_data_type": "Grid",
    "processing_level": "NOAA Level 4",
    "product_version": "Version 5",
    "dataset_title": "SYNTHETIC, in place of NOAA Extended Reconstructed SST V5",
    "geospatial_lat_min": np.float32(-89.0),
    "geospatial_lat_max": np.float32(89.0),
    "geospatial_lon_min": np.float32(-1.0),
    "geospatial_lon_max": np.float32(359.0),
    "geospatial_lat_units": "degrees_north",
    "geospatial_lon_units": "degrees_east",
}
