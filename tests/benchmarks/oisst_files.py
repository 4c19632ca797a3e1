"""Daily global files like those of NOAA OISST v2.1: four packed variables, one deflated chunk a day. Synthetic.

``write_days(mirror, first, count)`` puts them where a mirror has them. Deflating a global field costs far more than
copying it, so that a few seasonal fields are deflated once and their chunks are written as they are, day after day; only
the time, and the text that names the day, differ between the days that share one.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import h5py
import numpy as np

from tests.sources.masks import wet

FOLDER = "www.ncei.noaa.gov/data/sea-surface-temperature-optimum-interpolation/v2.1/access/avhrr"
LAT, LON = np.arange(-89.875, 90, 0.25, dtype="f4"), np.arange(0.125, 360, 0.25, dtype="f4")
FILL = -999
NAMES = {
    "sst": ("Daily sea surface temperature", "Celsius"),
    "anom": ("Daily sea surface temperature anomalies", "Celsius"),
    "err": ("Estimated error standard deviation of analysed_sst", "Celsius"),
    "ice": ("Sea ice concentration", "%"),
}
SEASONS = 12
AROUND = (slice(480, 572), slice(160, 248))  # 30-53 N, 40-62 E
SHAPE = (1, 1, LAT.size, LON.size)


@dataclass(frozen=True)
class Layout:
    """What a file may do otherwise than its neighbours, to see whether that is noticed."""

    lat: np.ndarray = field(default_factory=lambda: LAT)
    lon: np.ndarray = field(default_factory=lambda: LON)
    units: str = "Celsius"
    calendar: str | None = None
    scale: float = 0.01


def write_days(mirror: Path, first: date, count: int, seasons: int = SEASONS) -> list[Path]:
    """The files of ``count`` days from ``first`` on, in a mirror; fields are made for so many seasons."""
    chunks = cache(season_chunks)
    found = []
    for day in (first + timedelta(days=n) for n in range(count)):
        path = mirror / FOLDER / f"{day:%Y%m}" / f"oisst-avhrr-v02r01.{day:%Y%m%d}.nc"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_day(path, day, chunks(day.timetuple().tm_yday * seasons // 367))
        found.append(path)
    return found


def write_day(path: Path, day: date, chunks: Sequence[bytes], layout: Layout | None = None) -> None:
    """One file; the deflated chunks are those of `season_chunks`."""
    layout = layout or Layout()
    with h5py.File(path, "w", libver=("earliest", "v108")) as file:
        file.attrs["product_version"] = np.bytes_("Version v02r01")
        file.attrs["title"] = np.bytes_("SYNTHETIC, in the layout of NOAA OISST v2.1")
        file.attrs["time_coverage_start"] = np.bytes_(f"{day}T00:00:00Z")
        noon = (datetime(day.year, day.month, day.day, 12) - datetime(1978, 1, 1, 12)).days
        stamps = {"units": "days since 1978-01-01 12:00:00"} | (
            {"calendar": layout.calendar} if layout.calendar else {}
        )
        axes = {
            "time": (np.array([noon], "f4"), stamps),
            "zlev": (np.zeros(1, "f4"), {"units": "meters"}),
            "lat": (layout.lat, {"units": "degrees_north"}),
            "lon": (layout.lon, {"units": "degrees_east"}),
        }
        for name, (values, attrs) in axes.items():
            scale = file.create_dataset(name, data=values)
            scale.attrs.update({key: np.bytes_(text) for key, text in attrs.items()})
            scale.make_scale(name)
        for name, chunk in zip(NAMES, chunks, strict=True):
            _write_field(file, name, chunk, layout)


def _write_field(file: h5py.File, name: str, chunk: bytes, layout: Layout) -> None:
    made = file.create_dataset(
        name, SHAPE, "<i2", chunks=SHAPE, compression="gzip", compression_opts=4, shuffle=True, fillvalue=FILL
    )
    made.id.write_direct_chunk((0, 0, 0, 0), chunk)
    long_name, units = NAMES[name]
    made.attrs["long_name"] = np.bytes_(long_name)
    made.attrs["units"] = np.bytes_(layout.units if name == "sst" else units)
    made.attrs["_FillValue"] = np.int16(FILL)
    made.attrs["scale_factor"], made.attrs["add_offset"] = np.float32(layout.scale), np.float32(0)
    for number, axis in enumerate(("time", "zlev", "lat", "lon")):
        made.dims[number].attach_scale(file[axis])


def season_chunks(season: int = 0) -> list[bytes]:
    """The deflated fields of a season, in the order of `NAMES`. They deflate about as well as real ones."""
    random = np.random.default_rng(season)
    lat, lon = np.deg2rad(LAT)[:, None], np.deg2rad(LON)[None, :]
    warm = 28 * np.cos(lat) ** 2 + 3 * np.sin(3 * lon) * np.cos(lat) + 6 * np.sin(lat) * np.cos(2 * np.pi * season / 12)
    land = np.sin(2 * lon + 1) * np.cos(3 * lat) > 0.62
    land[AROUND] = ~wet(LAT[AROUND[0]], LON[AROUND[1]])
    sst = np.round(100 * warm + random.normal(0, 3, warm.shape)).clip(-180, 3500)
    fields = {
        "sst": sst,
        "anom": np.round(random.normal(0, 4, warm.shape) + 80 * np.sin(5 * lon + lat)),
        "err": np.round(20 + random.gamma(2, 2, warm.shape)),
        "ice": np.where(sst < -100, 90 + random.integers(0, 5, warm.shape), FILL),
    }
    return [_deflated(np.where(land, FILL, fields[name]).astype("<i2")) for name in NAMES]


def _deflated(values: np.ndarray) -> bytes:
    shuffled = np.ascontiguousarray(values.view(np.uint8).reshape(-1, 2).T)
    return zlib.compress(shuffled.tobytes(), 4)
