"""One whole granule of every dataset, encoded as its provider does, and the real files that are at hand.

The numbers are invented; ``tests/data/README.md`` says of each dataset which of its tests read real bytes.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from caspian_env.demo import co2, dahiti, ersst, gistemp, gwm, oisst
from tests.sources import emission_files as emissions
from tests.sources import test_caspcom_gauges as caspcom
from tests.sources import test_chirps_v3 as chirps
from tests.sources import test_clms_lake_water_level as clms
from tests.sources import test_copernicus as copernicus
from tests.sources import test_cru_ts as cru
from tests.sources import test_csr_grace_mascons as grace
from tests.sources import test_energy as energy
from tests.sources import test_ghcn_daily as ghcn
from tests.sources import test_gpcc as gpcc
from tests.sources import test_gpcp as gpcp
from tests.sources import test_gpcp_v2_2 as gpcp_v2_2
from tests.sources import test_jma_cobe_sst2 as cobe
from tests.sources import test_ndc_registry as ndc
from tests.sources import test_noaa_gml_global as gml
from tests.sources import test_noaa_gsod as gsod
from tests.sources import test_noaa_ims_ice as ims
from tests.sources import test_ostia as ostia
from tests.sources import test_psl_yearly as psl
from tests.sources import test_psmsl_rlr as psmsl
from tests.sources import test_theia_hydroweb as hydroweb
from tests.sources import test_unfccc_ghg as unfccc
from tests.sources.erddap.server import products
from tests.sources.erddap.test_fail_over import relief
from tests.sources.masks import on_land

ROOT = Path(__file__).resolve().parents[2]
YEARS = range(1990, 2024)
Make = Callable[[Path], bytes]
# Real files that stand in no mirror, by dataset.
SAMPLES = {
    "cds_era5_land": ["samples/era5_land/era5-land-monthly-temp-feb-2025-global.nc"],
    "gpcp_v2_2": ["samples/gpcp/gpcp_v2.2_psg.1987"],
    "ostia": ["samples/ostia/20170101120000-UKMO-L4_GHRSST-SSTfnd-OSTIAanom-GLOB-v02.0-fv02.0.nc"],
}


# Granules that need no making, by dataset.
GIVEN: dict[str, bytes] = {}


def whole(dataset: str, folder: Path) -> bytes:
    """The encoded granule of a dataset; what is needed to make it is written into the folder."""
    return GIVEN[dataset] if dataset in GIVEN else _makers()[dataset](folder / "made")


def real_files(shared: Path) -> Iterator[tuple[str, Path]]:
    """Dataset and path of every real file that one of the datasets reads."""
    table = (ROOT / "tests" / "data" / "archive_coverage.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        pattern = row["pattern"].replace("[", "[[]")
        yield from ((row["dataset"], path) for path in sorted((shared / "archive").glob(f"20*/{pattern}")))
    for dataset, names in SAMPLES.items():
        yield from ((dataset, shared / name) for name in names if (shared / name).exists())


def _demo(member: Any) -> Make:
    files = member.files(1)
    return lambda _: bytes(files[min(files)]())


def _netcdf(made: xr.Dataset, **how: Any) -> Make:
    def make(path: Path) -> bytes:
        made.to_netcdf(path, **how)
        return path.read_bytes()

    return make


def _piece(product: str) -> Make:
    return lambda path: _netcdf(products()[product].isel(time=[0]), engine="scipy", format="NETCDF3_CLASSIC")(path)


def _glofas(_: Path) -> bytes:
    month = copernicus.grid({"dis24": 1.0}, ["2026-01-02", "2026-01-03"], step=0.05)
    for east, north in copernicus.GLOFAS.options["rivers"].values():
        place = month["dis24"].sel(latitude=north, longitude=east, method="nearest")
        month["dis24"].loc[{"latitude": place["latitude"], "longitude": place["longitude"]}] = [500.0, 501.0]
    return copernicus.netcdf(month)


def _era5_day(path: Path) -> bytes:
    day = copernicus.store_of(path.with_suffix(".zarr"), hours=25).sel(latitude=slice(52, 31), longitude=slice(41, 60))
    return _netcdf(day)(path)


def _gain(_: Path) -> bytes:
    rows = [f'"{code}","Name",0.{n},0.{n + 1}' for n, code in enumerate([*energy.FIVE, "ZWE"], 400)]
    return "\n".join(['"ISO3","Name","1995","1996"', *rows, ""]).encode()


_LEVELS = "".join(
    [
        "time,post,level_bs77,level_iran\n",
        *(f"2024-01-{day:02d} 06:00,caspcom_aktau,-29.{day:02d},\n" for day in range(1, 13)),
    ]
).encode()


def _rows_of_owid() -> bytes:
    rows = [f"Kazakhstan,{year},KAZ,{90 + (year - 1990) / 8}\n" for year in YEARS]
    return ("country,year,iso_code,electricity_generation\n" + "".join(rows)).encode()


def _makers() -> Mapping[str, Make]:
    constant: dict[str, bytes] = {
        "climate_watch": emissions.climate_watch(
            YEARS, [("Total including LULUCF", "All GHG"), ("Waste", "CH4")], iso=True
        ),
        "owid_co2": emissions.owid_co2(YEARS),
        # Whole tonnes, as in the real edition of 2024.
        "owid_total_ghg": emissions.owid_chart(YEARS, "Annual greenhouse gas emissions in CO₂ equivalents").replace(
            b".0", b""
        ),
        "edgar_ghg": emissions.edgar(2024, YEARS),
        "unfccc_ghg": unfccc.TKM,
        "primap_hist": emissions.primap("2.7", YEARS),
        "ndc_registry": emissions.ndcs(ndc.ALL),
        "world_bank": energy.answer([("KAZ", year, 16e6 + year) for year in YEARS]).encode(),
        "owid_energy": _rows_of_owid(),
        "owid_electricity_mix": emissions.owid_mix(YEARS),
        "ember_electricity": energy.ember().encode(),
        "irena_renewables": energy.irena(
            '"Kazakhstan","RE share of electricity capacity (%)",18.9,20.7',
            '"Zimbabwe","RE share of electricity capacity (%)",42.10,43.20',
        ),
        "psmsl_rlr": psmsl.TEXT.encode(),
        "ghcn_daily": (ghcn.HEADER + ghcn.ONE).encode(),
        "noaa_gsod": gsod.ONE.encode(),
        "noaa_gml_ch4": gml.methane(60),
        "noaa_gml_n2o": emissions.gml("N2O", "ppb", gml.months(60), header=gml.MONTHLY),
        "noaa_gml_co2_global": emissions.gml("CO2", "ppm", gml.months(60), header=gml.MONTHLY),
        "noaa_gml_co2_global_annual": emissions.gml(
            "CO2", "ppm", [f"{year},{370 + 2 * (year - 2001)}.5,0.1" for year in range(2001, 2020)], header=gml.ANNUAL
        ),
        "caspcom_gauges": caspcom.WHOLE,
        "gauge_levels_hourly": _LEVELS,
        "clms_lake_water_level": clms.body(clms.series()),
        "theia_hydroweb": hydroweb.BOTH,
        "gpcp_v2_2": gpcp_v2_2.made_up(),
        "reported_levels": (ROOT / "tests/data/reported_levels/reported_levels.csv").read_bytes(),
        "reported_levels_kazakh": (ROOT / "seeds/reported_levels.csv").read_bytes(),
        "cds_era5": copernicus.netcdf(
            copernicus.new_layout({"t2m": 280.0}, ["2026-01-01", "2026-02-01"], ["0001"] * 2)
        ),
    }
    constant["cds_era5_volga"] = copernicus.netcdf(
        copernicus.new_layout(
            {"tp": 0.002, "e": -0.001}, ["2026-01-01", "2026-02-01"], ["0001"] * 2, copernicus.AROUND_VOLGA
        )
    )
    made: dict[str, Make] = {name: (lambda _, content=content: content) for name, content in constant.items()}
    made["cds_era5_land"] = made["cds_era5"]
    made |= {
        "nasa_gwm_lake": _demo(gwm), "dahiti_water_level": _demo(dahiti), "noaa_oisst_v2_1": _demo(oisst),
        "noaa_ersst_v5": _demo(ersst), "nasa_gistemp": _demo(gistemp), "noaa_gml_co2": _demo(co2),
        "ncep_reanalysis": lambda path: psl.written(psl.sea_level_pressure(2), path),
        "ncep_reanalysis2": lambda path: psl.written(
            psl.made_up("uwnd", 1.875, 1, 6, "m/s", -3, psl.TITLES["ncep_reanalysis2"]).expand_dims(level=[2.0], axis=1),
            path,
        ),
        "cpc_global": lambda path: psl.written(
            on_land(psl.made_up("precip", 0.5, 2, 24, "mm", 3, "CPC GLOBAL PRCP V1.0 RT")), path, epoch="1900-01-01 00:00:00"
        ),
        "gpcc": lambda path: gpcc.packed(gpcc.made_up("precip", ["2011-01-01", "2011-02-01"]), path),
        "gpcc_volga": lambda path: gpcc.packed(gpcc.made_up("precip", ["2011-01-01", "2011-02-01"]), path),
        "gpcc_first_guess": lambda path: gpcc.packed(gpcc.made_up("p", ["2024-02-01"]), path),
        "gpcp": lambda path: gpcp.written(gpcp.made_up(), path),
        "chirps_v3": lambda path: chirps.written(chirps.made_up(2), path),
        "cru_ts": lambda path: cru.packed(cru.made_up("tmp", 10, "degrees Celsius"), path),
        "csr_grace_mascons": lambda path: grace.written(grace.made_up(), path),
        "jma_cobe_sst2": lambda path: cobe.written(cobe.made_up_months(), path).read_bytes(),
        "ostia": lambda path: ostia.written(ostia.made_up_day(), path).read_bytes(),
        "noaa_coraltemp_v3_1": _piece("dhw_5km"), "jpl_mur_v4_1": _piece("jplMURSST41"),
        "noaa_viirs_chlorophyll_dineof": _piece("noaacwNPPN20VIIRSDINEOFDaily"),
        "noaa_etopo_2022": lambda path: _netcdf(relief().drop_encoding(), engine="h5netcdf")(path),
        "glofas_discharge": _glofas, "arco_era5": _era5_day,
        "noaa_ims_ice": lambda _: ims.packed(ims.made_up_chart()),
    }  # fmt: skip
    return made | dict.fromkeys(("nd_gain", "nd_gain_water", "nd_gain_ecosystems", "nd_gain_infrastructure"), _gain)
