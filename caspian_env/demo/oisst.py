"""Synthetic days of NOAA OISST v2.1: the global quarter-degree file of each day, with water in the Caspian only.

Dimensions, types, packing and names are the provider's. One thing differs where no reader can tell: the chunks are
smaller, so that the empty rest of the world takes no room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caspian_env.demo import sea_surface
from caspian_env.demo.changes import Difference
from caspian_env.demo.netcdf_bytes import LIBVER, Array, Attributes, netcdf_bytes, set_attributes
from caspian_env.demo.noise import Floats

DATASET = "noaa_oisst_v2_1"
FOLDER = "www.ncei.noaa.gov/data/sea-surface-temperature-optimum-interpolation/v2.1/access/avhrr"
FIRST_DAY = date(2024, 1, 1)
LAST_DAY = {1: date(2025, 12, 31), 2: date(2026, 1, 31)}
PRELIMINARY_DAYS = 14

FILL = -999
ROWS, COLUMNS = slice(504, 552), slice(180, 220)  # 36-48 degrees north, 45-55 degrees east
CHUNK = (1, 1, 240, 240)

Packed = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all days have in common: an empty file, the cells of the box, and the weather."""

    empty: bytes
    lat: Floats
    lon: Floats
    sea: NDArray[np.bool_]
    weather: sea_surface.Weather


def files(edition: int) -> dict[str, Callable[[], bytes]]:
    """Addresses of an edition, each with the function that makes its bytes."""
    sheet = _sheet()
    return {
        address(day, final): partial(_day_bytes, sheet, day, final)
        for day in sea_surface.days(FIRST_DAY, LAST_DAY[edition])
        for final in [is_final(day, edition)]
    }


def address(day: date, final: bool) -> str:
    """Where the file of a day stands below the mirror."""
    return f"{FOLDER}/{day:%Y%m}/{_name(day, final)}"


def is_final(day: date, edition: int) -> bool:
    """Whether an edition has the final file of a day; the last fortnight is preliminary."""
    return day <= LAST_DAY[edition] - timedelta(days=PRELIMINARY_DAYS)


def differences() -> list[Difference]:
    """The fortnight that became final, and the days of the new month."""
    sheet = _sheet()
    found = []
    for day in sea_surface.days(FIRST_DAY, LAST_DAY[2]):
        before, after = (is_final(day, 1) if day <= LAST_DAY[1] else None), is_final(day, 2)
        if before == after:
            continue
        old = None if before is None else _mean(sheet, day, before)
        kind = "new" if before is None else "finalised"
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        found.append(Difference(DATASET, "sst", noon, old, _mean(sheet, day, after), kind))
    return found


def _name(day: date, final: bool) -> str:
    return f"oisst-avhrr-v02r01.{day:%Y%m%d}{'' if final else '_preliminary'}.nc"


def _sheet() -> Sheet:
    lat, lon = _latitudes()[ROWS], _longitudes()[COLUMNS]
    return Sheet(_empty_file(), lat, lon, sea_surface.is_sea(lat, lon), sea_surface.make_weather())


def _mean(sheet: Sheet, day: date, final: bool) -> float:
    return float(_fields(sheet, day, final)["sst"][sheet.sea].mean() / 100)


def _fields(sheet: Sheet, day: date, final: bool) -> dict[str, Packed]:
    """The packed variables of a day (dims: lat, lon of the box), hundredths of their units."""
    free = sea_surface.temperature(sheet.weather, day, sheet.lat, sheet.lon)
    expected = sea_surface.climatology(day, sheet.lat)[:, np.newaxis]
    ice = sea_surface.ice_fraction(free, sheet.lat)
    step = 0 if final else _first_guess(day)
    sst = np.maximum(np.round(free * 100), -50) + step
    error = np.where(np.isfinite(ice), 40, 24) + (0 if final else 6)
    return {
        "sst": _packed(sst, sheet.sea),
        "anom": _packed(sst - np.round(expected * 100), sheet.sea),
        "err": _packed(error, sheet.sea),
        "ice": _packed(np.round(np.nan_to_num(ice) * 100), sheet.sea & np.isfinite(ice)),
    }


def _first_guess(day: date) -> int:
    """By how many hundredths of a degree the preliminary day is off, the same at every cell and never nothing."""
    number = day.toordinal()
    return (3 + number % 9) * (1 if number % 2 else -1)


def _packed(hundredths: NDArray[Any], where: NDArray[np.bool_]) -> Packed:
    return np.where(where, hundredths, FILL).astype(np.int16)


def _day_bytes(sheet: Sheet, day: date, final: bool) -> bytes:
    import h5py

    buffer = BytesIO(sheet.empty)
    with h5py.File(buffer, "r+", libver=LIBVER) as file:
        file["time"][0] = (day - date(1978, 1, 1)).days
        for name, values in _fields(sheet, day, final).items():
            if (values != FILL).any():  # an untouched variable reads as fill and takes no room
                file[name][0, 0, ROWS, COLUMNS] = values
        set_attributes(file, _attributes_of_day(day, final))
    return buffer.getvalue()


def _attributes_of_day(day: date, final: bool) -> Attributes:
    made = day + timedelta(days=15 if final else 1)
    word = "Final" if final else "Preliminary"
    return {
        "title": f"SYNTHETIC demonstration data in the layout of NOAA OISST Version 2.1 - {word}",
        "id": _name(day, final),
        "history": f"SYNTHETIC: {word.lower()} file computed from a formula, no observation was used",
        "date_created": f"{made:%Y-%m-%d}T09:12:00Z",
        "time_coverage_start": f"{day:%Y-%m-%d}T00:00:00Z",
        "time_coverage_end": f"{day:%Y-%m-%d}T23:59:59Z",
    }


def _latitudes() -> Floats:
    return np.linspace(-89.875, 89.875, 720)


def _longitudes() -> Floats:
    return np.linspace(0.125, 359.875, 1440)


def _empty_file() -> bytes:
    lat = {"long_name": "Latitude", "units": "degrees_north", "grids": "Uniform grid from -89.875 to 89.875 by 0.25"}
    lon = {"long_name": "Longitude", "units": "degrees_east", "grids": "Uniform grid from 0.125 to 359.875 by 0.25"}
    depth = {"long_name": "Sea surface height", "units": "meters", "positive": "down", "actual_range": "0, 0"}
    noon = {"long_name": "Center time of the day", "units": "days since 1978-01-01 12:00:00"}
    arrays = {
        "time": Array(("time",), np.zeros(1), noon, chunks=(1,)),
        "zlev": Array(("zlev",), np.zeros(1), depth),
        "lat": Array(("lat",), _latitudes(), lat, chunks=(720,), deflate=4),
        "lon": Array(("lon",), _longitudes(), lon, chunks=(1440,), deflate=4),
        "sst": _variable("Daily sea surface temperature", "Celsius", -300, 4500),
        "anom": _variable("Daily sea surface temperature anomalies", "Celsius", -1200, 1200),
        "err": _variable("Estimated error standard deviation of analysed_sst", "Celsius", 0, 1000),
        "ice": _variable("Sea ice concentration", "%", 0, 100),
    }
    # The attributes of some day reserve the room for those of the others.
    return netcdf_bytes(arrays, {**GLOBAL_ATTRIBUTES, **_attributes_of_day(FIRST_DAY, True)}, unlimited="time")


def _variable(long_name: str, units: str, valid_min: int, valid_max: int) -> Array:
    attributes = {
        "long_name": long_name,
        "units": units,
        "_FillValue": np.int16(FILL),
        "add_offset": np.float32(0.0),
        "scale_factor": np.float32(0.01),
        "valid_min": np.int16(valid_min),
        "valid_max": np.int16(valid_max),
    }
    dims = ("time", "zlev", "lat", "lon")
    return Array(dims, None, attributes, dtype="i2", shape=(1, 1, 720, 1440), chunks=CHUNK, deflate=4)


GLOBAL_ATTRIBUTES: Attributes = {
    "Conventions": "CF-1.6, ACDD-1.3",
    "source": "SYNTHETIC: a seasonal cycle, a trend and random weather; no satellite, ship or buoy",
    "summary": "SYNTHETIC values for trying the platform without a network; only the layout is the provider's",
    "cdm_data_type": "Grid",
    "product_version": "Version v02r01",
    "processing_level": "NOAA Level 4",
    "institution": "none (synthetic)",
}
