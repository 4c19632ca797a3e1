"""Synthetic products on a real griddap server, run as a program of its own: ``python -m tests.sources.erddap.server PORT``.

Each product has the axes, names, units, fills and packing of the one whose id it bears; its values are formulas.
"""

from __future__ import annotations

import sys

import numpy as np
import xarray as xr

from tests.sources.masks import wet

ATTRS = {
    "Conventions": "CF-1.6",
    "cdm_data_type": "Grid",
    "institution": "made up",
    "infoUrl": "x",
    "title": "SYNTHETIC",
}


def warm(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Degrees Celsius where a cell touches the sea, NaN elsewhere: warmer to the south and west."""
    y, x = np.meshgrid(lat, lon, indexing="ij")
    return np.where(wet(lat, lon), 40 - 0.7 * y + 0.1 * (50 - x), np.nan)


def days(first: str, count: int, hour: int, leave_out: tuple[int, ...] = ()) -> np.ndarray:
    kept = [n for n in range(count) if n not in leave_out]
    return np.datetime64(first, "ns") + np.array(kept) * np.timedelta64(1, "D") + np.timedelta64(hour, "h")


def grid(name: str, units: str, time: np.ndarray, step: float, *, descending: bool, level: str = "") -> xr.Dataset:
    lat = np.arange(34 + step / 2, 50, step)[:: -1 if descending else 1]
    lon = np.arange(44 + step / 2, 58, step)
    values = np.stack([warm(lat, lon) + 0.5 * n for n in range(time.size)]).astype("f4")
    dims, coords = ["time", "latitude", "longitude"], {"time": time, "latitude": lat, "longitude": lon}
    if level:
        values, dims = values[:, None], ["time", level, "latitude", "longitude"]
        coords[level] = np.array([0.0])
    made = xr.Dataset({name: (dims, values, {"units": units, "long_name": name})}, coords, ATTRS)
    made["latitude"].attrs = {"units": "degrees_north", "standard_name": "latitude"}
    made["longitude"].attrs = {"units": "degrees_east", "standard_name": "longitude"}
    made[name].encoding["_FillValue"] = np.float32(-999)
    return made


def products() -> dict[str, xr.Dataset]:
    coral = grid("CRW_SST", "degree_C", days("2026-08-01", 6, 12, (3,)), 0.5, descending=True)
    mur = grid("analysed_sst", "degree_C", days("2026-08-01", 12, 9), 0.05, descending=False)
    chlorophyll = grid("chlor_a", "mg m^-3", days("2026-08-01", 3, 12), 0.25, descending=True, level="altitude")
    day = grid("sst", "degree_C", days("2026-08-01", 3, 12), 0.25, descending=False, level="zlev")
    for other, units in (("anom", "degree_C"), ("err", "degree_C"), ("ice", "%")):
        day[other] = (day["sst"] * 0 + 0.25).assign_attrs(units=units, long_name=other)
    day.attrs["title"] = "SYNTHETIC in the layout of OISST, version 2.1"
    lat, lon = np.arange(34, 50, 0.1), np.arange(44, 58, 0.1)
    y, x = np.meshgrid(lat, lon, indexing="ij")
    bed = np.where(np.isfinite(warm(lat, lon)), -28 - 1000 * np.exp(-((y - 38.5) ** 2) / 8 - (x - 51) ** 2 / 4), 50.0)
    heights = (("latitude", "longitude"), bed.astype("f4"), {"units": "m"})
    relief = xr.Dataset({"z": heights}, {"latitude": lat, "longitude": lon}, ATTRS)
    return {
        "dhw_5km": coral, "jplMURSST41": mur, "noaacwNPPN20VIIRSDINEOFDaily": chlorophyll,
        "ncdcOisst21Agg_LonPM180": day, "ETOPO_2022_v1_60s": relief,
    }  # fmt: skip


if __name__ == "__main__":
    import xpublish
    from xpublish_erddap import ErddapPlugin

    rest = xpublish.Rest(products(), plugins={"erddap": ErddapPlugin()})
    rest.serve(host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
