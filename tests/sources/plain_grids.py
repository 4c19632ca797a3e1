"""Every gridded dataset read again with netCDF4 and NumPy alone, its means by points in the polygon.

The real file where the shared archive has one. The others are synthetic: the grids of the provider's layout from the
tests of each source, roughened here so that no two cells are alike, which shows a grid upside down, a shifted
longitude or a wrong weight; a patch of fills shows when a fill is averaged.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry import shape

from caspian_env.formats.mirror_addresses import public_address
from caspian_env.model import Window
from caspian_env.seeds import load_locations
from caspian_env.wiring import source_of

from . import test_chirps_v3 as chirps
from . import test_copernicus as copernicus
from . import test_cru_ts as cru
from . import test_csr_grace_mascons as csr
from . import test_gpcc as gpcc
from . import test_gpcp as gpcp
from . import test_noaa_ims_ice as ims
from . import test_ostia as ostia
from . import test_psl_yearly as psl
from .conftest import TRIANGLE
from .erddap.server import products
from .independent import point_weights
from .masks import at_sea
from .plain_tables import DATASETS, Case, Files, Find, Values, archived, names

PLACES = {name: place.geometry for name, place in load_locations().items()} | {"volga_basin": TRIANGLE}


def rough(made: xr.Dataset, name: str, size: float, *, hole: float = 0.7) -> xr.Dataset:
    """The same grid with a value that grows to the north-east and ripples, and with a hole of fills in the south."""
    y, x = (next(a for a in (full, full[:3]) if a in made.coords) for full in ("latitude", "longitude"))
    lat, east = made[y], (made[x] + 180) % 360 - 180
    field = made[name] + size * ((lat - 41) / 6 + (east - 50) / 9 + 0.1 * np.sin(2 * lat) * np.cos(2 * east))
    if hole:
        field = field.where(~((abs(lat - 37.6) < hole) & (abs(east - 51.5) < hole)))
    return made.assign({name: field.transpose(*made[name].dims).astype("f4").assign_attrs(made[name].attrs)})


@cache
def weights_on(lat: tuple[float, ...], lon: tuple[float, ...], place: str) -> NDArray[Any]:
    """Weights of the cells of a grid in a place; a finer grid needs fewer points in each cell."""
    step = abs(lat[1] - lat[0])
    points = 4 if step < 0.1 else 24 if step < 0.6 else 100
    return point_weights(np.array(lat), np.array(lon), PLACES[place] or {}, points)


def means_on(content: bytes, name: str, place: str) -> NDArray[Any]:
    """Mean over a place at each time step, as the file has the values unpacked by netCDF4; NaN where there is none."""
    with netCDF4.Dataset("granule", memory=content) as file:
        field = file[name]
        lat, lon = (
            next(np.asarray(file[d][:], "f8") for d in field.dimensions if d.startswith(n)) for n in ("lat", "lon")
        )
        values = np.ma.filled(np.ma.masked_invalid(field[:].astype("f8")), np.nan).reshape(-1, lat.size, lon.size)
    lon = (lon + 180) % 360 - 180
    order = np.argsort(lon)
    weights = weights_on(tuple(lat), tuple(lon[order]), place)
    here = (weights > 0) & np.isfinite(values[:, :, order])
    total = np.where(here, weights * np.nan_to_num(values[:, :, order]), 0).sum(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        return np.asarray(total / np.where(here, weights, 0).sum(axis=(1, 2)))


def days_of(content: bytes, name: str = "time") -> list[date]:
    """The day of each time step, by the units that the file tells under either spelling."""
    with netCDF4.Dataset("granule", memory=content) as file:
        units = getattr(file[name], "units", None) or file[name].Units
        steps = netCDF4.num2date(file[name][:], units.replace("Z", ""), only_use_cftime_datetimes=False)
    return [step.date() for step in np.atleast_1d(steps)]


def spatial(
    dataset: str,
    column: str,
    content: bytes,
    change: Callable[[float], float] = lambda v: v,
    *,
    time: str = "time",
    stamps: Sequence[str] | None = None,
    each: int = 1,
) -> Values:
    """Means of a column at every place of its dataset; of ``each`` steps that follow one another, one mean."""
    places = DATASETS[dataset].locations
    days = [str(day) for day in days_of(content, time)] if stamps is None else list(stamps)
    found: Values = {}
    for place in places:
        for day, mean in zip(
            days[::each], means_on(content, column, place).reshape(-1, each).mean(axis=1), strict=True
        ):
            if np.isfinite(mean):
                found[names(dataset)[column], place, f"{day} 00:00"] = change(float(mean))
    return found


def months(content: bytes) -> list[str]:
    return [str(day.replace(day=1)) for day in days_of(content)]


def hectopascal(pascal: float) -> float:
    return pascal / 100


def celsius(kelvin: float) -> float:
    return kelvin - 273.15


def one(files: Files) -> bytes:
    (content,) = files.values()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def by_column(
    dataset: str, ends: Mapping[str, tuple[str, Callable[[float], float]]], **how: Any
) -> Callable[[Files], Values]:
    """Of files that hold one column each, which the end of their address tells."""

    def expected(files: Files) -> Values:
        found: Values = {}
        for url, content in files.items():
            column, change = next(told for part, told in ends.items() if part in url)
            found |= spatial(dataset, column, one({url: content}), change, **how)
        return found

    return expected


def ncep(shared: Find, folder: Path) -> Files:
    pressure = rough(psl.sea_level_pressure(2), "slp", 300, hole=0)
    air = rough(psl.made_up("air", 1.875, 2, 6, "degK", 285, psl.TITLES[psl.R1.id]), "air", 8)
    return {
        f"{psl.BASE}ncep.reanalysis/surface/slp.2021.nc": psl.written(pressure, folder / "slp", packed=True),
        f"{psl.BASE}ncep.reanalysis/surface_gauss/air.2m.gauss.2021.nc": psl.written(air, folder / "air"),
    }


def ncep2(shared: Find, folder: Path) -> Files:
    files = {}
    for stem, name, units, start in (
        ("air.2m", "air", "degK", 285),
        ("uwnd.10m", "uwnd", "m/s", -3),
        ("vwnd.10m", "vwnd", "m/s", 2),
    ):
        made = rough(psl.made_up(name, 1.875, 1, 6, units, start, psl.TITLES[psl.R2.id]), name, 5)
        url = f"{psl.BASE}ncep.reanalysis2/gaussian_grid/{stem}.gauss.2021.nc"
        files[url] = psl.written(made.expand_dims(level=[2.0], axis=1), folder / stem)
    return files


def cpc(shared: Find, folder: Path) -> Files:
    files = {}
    for kind, name, units, start in (
        ("precip", "precip", "mm", 9),
        ("temp", "tmax", "degC", 15),
        ("temp", "tmin", "degC", 5),
    ):
        made = psl.made_up(
            name, 0.5, 2, 24, units, start, f"CPC GLOBAL {kind[:4].upper()} V1.0".replace("PREC ", "PRCP ")
        )
        made = rough(made.assign_coords(lat=made["lat"] - 0.25, lon=made["lon"] + 0.25), name, 3)
        made[name] = made[name].where(~((made["lon"] > 49.5) & (made["lon"] < 53)))
        files[f"{psl.BASE}cpc_global_{kind}/{name}.2021.nc"] = psl.written(made, folder / name, epoch="1900-01-01")
    return files


def gpcc_full(shared: Find, folder: Path) -> Files:
    made = rough(gpcc.made_up("precip", ["2020-10-01", "2020-11-01"]), "precip", 5)
    return {
        f"{gpcc.BASE}full_data_monthly_v2022/10/full_data_monthly_v2022_2011_2020_10.nc.gz": gpcc.packed(
            made, folder / "full"
        )
    }


def gpcc_guess(shared: Find, folder: Path) -> Files:
    made = rough(gpcc.made_up("p", ["2024-02-01"]), "p", 5)
    return {f"{gpcc.BASE}first_guess/2024/first_guess_monthly_2024_02.nc.gz": gpcc.packed(made, folder / "guess")}


def gpcp_month(shared: Find, folder: Path) -> Files:
    made = rough(gpcp.made_up(0.8), "precip", 0.3)
    return {f"{gpcp.BASE}2024/{gpcp.FINAL}202403_c20240607.nc": gpcp.written(made, folder / "gpcp")}


def gpcp_superseded(shared: Find, folder: Path) -> Files:
    name = "gpcp_v2.2_psg.1987"
    return {DATASETS["gpcp_v2_2"].hosts[0] + name: shared("samples", "gpcp", name).read_bytes()}


def gpcp_superseded_means(files: Files) -> Values:
    """A header of 576 bytes, then twelve months of big-endian floats from the north, and from Greenwich eastward."""
    rate = np.frombuffer(one(files), ">f4", offset=576).reshape(12, 72, 144).astype("f4")
    axes = {"lat": 88.75 - 2.5 * np.arange(72), "lon": 1.25 + 2.5 * np.arange(144)}
    made = xr.Dataset({"precip": (("time", "lat", "lon"), np.where(rate == -99999, np.nan, rate))}, axes)
    content = bytes(made.to_netcdf(engine="h5netcdf"))
    return spatial("gpcp_v2_2", "precip", content, stamps=[f"1987-{month:02d}-01" for month in range(1, 13)])


def chirps_year(shared: Find, folder: Path) -> Files:
    return {
        f"{chirps.BASE}{chirps.FOLDER}chirps-v3.0.2024.monthly.nc": chirps.written(chirps.made_up(1), folder / "chirps")
    }


def cru_decade(shared: Find, folder: Path) -> Files:
    wanted = (("tmp", 10, "degrees Celsius"), ("pre", 20, "mm/month"), ("pet", 3, "mm/day"))
    files = {}
    for name, value, units in wanted:
        made = cru.made_up(name, value, units, months=2)
        made = rough(made if name != "pet" else made.drop_vars("stn"), name, value / 5)
        files[cru.address(name)] = cru.packed(made, folder / name)
    return files


def csr_record(shared: Find, folder: Path) -> Files:
    return {csr.URL: csr.written(rough(csr.made_up(), "lwe_thickness", 2, hole=0), folder / "csr")}


def ostia_day(shared: Find, folder: Path) -> Files:
    made = rough(ostia.made_up_day(15), "analysed_sst", 4, hole=0.2)
    return {f"{ostia.BASE}2021/304/{ostia.name('20211031')}": ostia.written(made, folder / "ostia").read_bytes()}


def ordered(dataset: str, window: str, content: bytes) -> Files:
    (ref,) = source_of(DATASETS[dataset]).list_granules(Window.parse(window), None)
    return {public_address(DATASETS[dataset].hosts[0] + ref.path, ref.form): content}


def era5(shared: Find, folder: Path) -> Files:
    times, streams = ["2026-01-01", "2026-02-01"], ["0001", "0005"]
    instant = copernicus.new_layout(
        {"t2m": 280.0, "sst": 285.0, "d2m": 275.0, "si10": 6.0, "sp": 101000.0}, times, streams
    )
    totals = copernicus.new_layout({"tp": 0.002, "e": -0.003}, times, streams)
    for name, size in (("t2m", 6), ("sst", 6), ("d2m", 6), ("si10", 1), ("sp", 500)):
        instant = rough(instant, name, size, hole=0.7 if name == "sst" else 0)
        instant[name].attrs["units"] = {"si10": "m s**-1", "sp": "Pa"}.get(name, "K")
    for name in ("tp", "e"):
        totals[name][1] -= 1
        totals = rough(totals, name, 0.001, hole=0)
        totals[name].attrs["units"] = "m"
    instant["sst"] = at_sea(instant["sst"])
    return ordered("cds_era5", "2026-01-01/2026-12-31", copernicus.netcdf(instant.assign(totals.data_vars)))


def era5_means(files: Files) -> Values:
    changes = {"t2m": celsius, "sst": celsius, "d2m": celsius, "sp": lambda v: v / 100, "si10": lambda v: v,
               "tp": lambda v: v * 1000, "e": lambda v: v * 1000}  # fmt: skip
    found: Values = {}
    for column, change in changes.items():
        found |= spatial("cds_era5", column, one(files), change, time="valid_time")
    return found


def era5_volga(shared: Find, folder: Path) -> Files:
    times, streams = ["2026-01-01", "2026-02-01"], ["0001", "0005"]
    totals = copernicus.new_layout({"tp": 0.004, "e": -0.003}, times, streams, copernicus.AROUND_VOLGA)
    for name in ("tp", "e"):
        totals[name][1] -= 1
        totals = rough(totals, name, 0.0005, hole=0)
        totals[name].attrs["units"] = "m"
    return ordered("cds_era5_volga", "2026-01-01/2026-12-31", copernicus.netcdf(totals))


def era5_volga_means(files: Files) -> Values:
    found: Values = {}
    for column in ("tp", "e"):
        found |= spatial("cds_era5_volga", column, one(files), lambda v: v * 1000, time="valid_time")
    return found


def era5_land(shared: Find, folder: Path) -> Files:
    path = shared("samples", "era5_land", "era5-land-monthly-temp-feb-2025-global.nc")
    return ordered("cds_era5_land", "2025-02-01/2025-02-02", path.read_bytes())


def rivers(shared: Find, folder: Path) -> Files:
    """A grid without two alike cells, and in it the largest river of each mouth's surroundings, aside of the mouth."""
    made = copernicus.grid({"dis24": 1.0}, ["2026-01-02", "2026-01-03"], step=0.05)
    made = made.assign(dis24=made["dis24"] + made["longitude"] / 100 + made["latitude"] / 1000)
    made["dis24"].attrs["units"] = "m**3 s**-1"
    for n, (east, north) in enumerate(copernicus.GLOFAS.options["rivers"].values(), 1):
        y = int(np.abs(made["latitude"].to_numpy() - north - 0.1).argmin())
        x = int(np.abs(made["longitude"].to_numpy() - east + 0.1).argmin())
        made["dis24"][:, y, x] = [1000.0 * n, 1000.0 * n + 1]
    return ordered("glofas_discharge", "2026-01-01/2026-01-20", copernicus.netcdf(made))


def discharges(files: Files) -> Values:
    """The largest discharge of the cells around each mouth, a day before the stamp, which ends the 24 hours."""
    (variable,) = names("glofas_discharge").values()
    found: Values = {}
    with netCDF4.Dataset("granule", memory=one(files)) as file:
        lat, lon, values = file["latitude"][:], file["longitude"][:], file["dis24"][:]
    for place, (east, north) in copernicus.GLOFAS.options["rivers"].items():
        near = values[:, np.abs(lat - north) < 0.16][:, :, np.abs(lon - east) < 0.16]
        for n, day in enumerate(("2026-01-01", "2026-01-02")):
            found[variable, place, f"{day} 00:00"] = float(near[n].max())
    return found


def relief(shared: Find, folder: Path) -> Files:
    """The synthetic bed of the ERDDAP tests, as the global file has it, which a mirror may hold alone."""
    made = products()["ETOPO_2022_v1_60s"].rename(latitude="lat", longitude="lon")
    made.to_netcdf(folder / "relief", engine="h5netcdf")
    return {str(DATASETS["noaa_etopo_2022"].options["whole"]): (folder / "relief").read_bytes()}


def ice(shared: Find, folder: Path) -> Files:
    return {f"{ims.BASE}4km/2021/{ims.NAME}.gz": ims.packed(ims.made_up_chart())}


def ice_shares(_: Files) -> Values:
    """Share of each polygon north of the edge of the made-up ice, by a mesh of points."""
    (variable,) = names("noaa_ims_ice").values()
    lon, lat = np.meshgrid(np.arange(45.8, 56.2, 0.01), np.arange(35.8, 48.2, 0.01))
    found: Values = {}
    for place in DATASETS["noaa_ims_ice"].locations:
        weights = shapely.contains_xy(shape(PLACES[place]), lon, lat) * np.cos(np.deg2rad(lat))
        found[variable, place, "2021-10-31 00:00"] = float((weights * (lat > 45.5)).sum() / weights.sum())
    return found


def averaged(
    dataset: str, column: str, change: Callable[[float], float] = float, **how: Any
) -> Callable[[Files], Values]:
    """Of the one file there is, means of a column."""
    return lambda files: spatial(dataset, column, one(files), change, **how)


def cru_means(files: Files) -> Values:
    found: Values = {}
    for url, content in files.items():
        grid = one({url: content})
        found |= spatial("cru_ts", url.split(".")[-4], grid, stamps=months(grid))
    return found


OISST = "2021-11/www.ncei.noaa.gov/data/sea-surface-temperature-optimum-interpolation/v2.1/access/avhrr/202110/{}"
PSL = "downloads.psl.noaa.gov/Datasets/"
YEAR = "2021-01-01/2022-01-01"
WINDS: dict[str, tuple[str, Callable[[float], float]]] = {"uwnd": ("uwnd", float), "vwnd": ("vwnd", float)}
STATION_GRIDS: dict[str, tuple[str, Callable[[float], float]]] = {
    "precip.": ("precip", float), "tmax": ("tmax", float), "tmin": ("tmin", float),
}  # fmt: skip

CASES: dict[str, Case] = {
    "ncep_reanalysis": Case(
        ncep, by_column("ncep_reanalysis", {"slp": ("slp", hectopascal), "air": ("air", celsius)}, each=4), YEAR, 0.02
    ),
    "ncep_reanalysis2": Case(ncep2, by_column("ncep_reanalysis2", {"air": ("air", celsius), **WINDS}, each=4), YEAR, 0.01),
    "cpc_global": Case(cpc, by_column("cpc_global", STATION_GRIDS), YEAR, 0.01),
    "gpcc": Case(gpcc_full, averaged("gpcc", "precip"), "2011-01-01/2021-01-01", 0.01),
    "gpcc_volga": Case(gpcc_full, averaged("gpcc_volga", "precip"), "2011-01-01/2021-01-01", 0.01),
    "gpcc_first_guess": Case(gpcc_guess, averaged("gpcc_first_guess", "p"), "2024-02-01/2024-03-01", 0.01),
    "gpcp": Case(gpcp_month, averaged("gpcp", "precip"), "2024-03-01/2024-04-01", 0.002),
    "gpcp_v2_2": Case(gpcp_superseded, gpcp_superseded_means, "1987-01-01/1988-01-01", 0.002),
    "chirps_v3": Case(chirps_year, averaged("chirps_v3", "precip"), "2024-01-01/2025-01-01", 0.01),
    "cru_ts": Case(cru_decade, cru_means, "2021-01-01/2031-01-01", 0.01),
    "csr_grace_mascons": Case(
        csr_record, averaged("csr_grace_mascons", "lwe_thickness", lambda cm: cm / 100, stamps=csr.MONTHS), None, 1e-4
    ),
    "ostia": Case(ostia_day, averaged("ostia", "analysed_sst", celsius), "2021-10-31/2021-11-02", 0.01),
    "cds_era5": Case(era5, era5_means, "2026-01-01/2026-12-31", 0.01),
    "cds_era5_volga": Case(era5_volga, era5_volga_means, "2026-01-01/2026-12-31", 0.01),
    "cds_era5_land": Case(
        era5_land, averaged("cds_era5_land", "t2m", celsius, time="valid_time"), "2025-02-01/2025-02-02", 0.01
    ),
    "glofas_discharge": Case(rivers, discharges, "2026-01-01/2026-01-20", 1e-3),
    "noaa_etopo_2022": Case(relief, averaged("noaa_etopo_2022", "z", stamps=["2022-01-01"]), None, 0.5),
    "noaa_ims_ice": Case(ice, ice_shares, "2021-10-31/2021-11-02", 0.01),
    "noaa_oisst_v2_1": Case(
        archived(OISST.format("oisst-avhrr-v02r01.20211025.nc")), averaged("noaa_oisst_v2_1", "sst"),
        "2021-10-25/2021-10-26", 0.01,
    ),
    "noaa_ersst_v5": Case(
        archived(f"2020-09/{PSL}noaa.ersst.v5/sst.mnmean.nc"), averaged("noaa_ersst_v5", "sst"), None, 0.02
    ),
    "jma_cobe_sst2": Case(archived(f"2020-04/{PSL}COBE2/sst.mon.mean.nc"), averaged("jma_cobe_sst2", "sst"), None, 0.02),
}  # fmt: skip
