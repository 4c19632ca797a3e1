"""Air, surface of the sea, heatwaves, carbon dioxide and density of water against what is published."""

from __future__ import annotations

from functools import cache

import gsw
import numpy as np
import pandas as pd
import xarray as xr

from caspian_env.indicators import air_temperature, carbon_dioxide, marine_heatwaves, sea_surface, sea_temperature
from caspian_env.processing.conform import cell_bounds, conform, cut
from caspian_env.processing.regions import cell_areas
from caspian_env.processing.steric import steric_height
from caspian_env.processing.zonal import zonal_mean
from caspian_env.sources import nasa_gistemp, noaa_gml_co2
from caspian_env.workflows.weights import STUDY_AREA, Weights

from .facts import DASHBOARD, GINZBURG, Fact, bounds, by_year, parameters, row_of, seeds, series, shared, value

COAST = {40718: "Anzali", 40719: "Rasht", 40732: "Ramsar", 40734: "Nowshahr", 40736: "Babolsar", 40738: "Gorgan"}
MEMORY = "least squares; interval at 90 %, for the memory of the residuals"
NOT_TESTED = "no homogeneity of the station was tested"
BASINS = {"caspian_sea": "all", "north_caspian": "north", "middle_caspian": "middle", "south_caspian": "south"}
STATIONS = "monthly means of synoptic stations of the Iranian coast, to 2018"


def facts() -> list[Fact]:
    """All of them."""
    return [*air(), *surface(), *heatwaves(), *gases(), *density()]


def months(times: pd.Index, values: np.ndarray) -> xr.DataArray:
    """Months of a temperature."""
    return series(times, values, units="degree_Celsius", resolution="P1M")


@cache
def station(number: int) -> xr.DataArray:
    """Monthly means of a station."""
    table = pd.read_csv(shared("samples", "iran_stations", "caspian_coast_monthly.csv"))
    own = table[table["Site"] == number].dropna(subset="t")
    return months(pd.to_datetime(own["Date"], format="%Y-%m"), own["t"].to_numpy())


def warming(given: xr.DataArray, first: int, last: int) -> xr.Dataset:
    """Slope of annual means, degC a year."""
    rules = parameters("t2m_trend_30y_ols_cru", years=last - first + 1)
    return row_of(air_temperature.trend(given, **rules), first, last)


def tenfold(found: xr.Dataset) -> tuple[float, tuple[float, float]]:
    """A slope and its interval in ten years."""
    low, high = bounds(found)
    return 10 * float(found["value"]), (10 * low, 10 * high)


def annual(number: int) -> pd.Series:
    """Annual means of a station."""
    return pd.Series(by_year(air_temperature.annual_mean(station(number), **parameters("t2m_mean_1y_cru"))))


def air() -> list[Fact]:
    """Trends and a step of the air temperature."""
    path = shared("archive", "2025-08", "data.giss.nasa.gov", "gistemp", "tabledata_v4", "GLB.Ts+dSST.csv")
    globe = nasa_gistemp.read_granule(path)["anomaly"].dropna("time")
    slope, ends = tenfold(warming(months(globe["time"].values, globe.values), 1976, 2024))
    found = [
        Fact("global temperature 1976-2024", 0.19, DASHBOARD, slope, "degC in 10 years", f"GISTEMP v4, {MEMORY}", 0.02, 2,
             interval=ends),
    ]  # fmt: skip
    for number, name in COAST.items():
        slope, ends = tenfold(warming(station(number), 1976, 2018))
        found.append(Fact("air temperature of the Caspian 1976-2024", 0.51, DASHBOARD, slope, "degC in 10 years",
                          f"{name} 1976-2018, {MEMORY}", 0.10, 2,
                          f"series and window: a station of the south coast, six years less; {NOT_TESTED}", ends))  # fmt: skip
    coast = [10 * float(warming(station(number), 1980, 2018)["value"]) for number in COAST]
    late = [annual(n).loc[2011:2018].mean() - annual(n).loc[1985:2010].mean() for n in COAST]
    return [
        *found,
        Fact("air temperature 1980-2020", 0.30, GINZBURG, float(np.mean(coast)), "degC in 10 years",
             f"mean of six slopes 1980-2018 ({min(coast):.2f} to {max(coast):.2f}), {STATIONS}", 0.10, 2,
             f"series: the south coast alone, and {NOT_TESTED}"),
        Fact("2011-2023 less 1985-2010, south", 0.7, "Climate 2025, 13:201, abstract, 0.2 either way", float(np.mean(late)),
             "degC", f"2011-2018, mean of six ({min(late):.2f} to {max(late):.2f}), {STATIONS}", 0.2, 2),
    ]  # fmt: skip


@cache
def sea(dataset: str, place: str) -> xr.DataArray:
    """Monthly surface temperature of a region."""
    folder = {"jma_cobe_sst2": ("2020-04", "COBE2", "sst.mon.mean.nc"),
              "noaa_ersst_v5": ("2020-09", "noaa.ersst.v5", "sst.mnmean.nc")}[dataset]  # fmt: skip
    path = shared("archive", folder[0], "downloads.psl.noaa.gov", "Datasets", *folder[1:])
    with xr.open_dataset(path) as opened:
        field = cut(conform(opened[["sst"]].load()), *STUDY_AREA)["sst"]
    mean = zonal_mean(field, Weights(seeds().locations).of(place, field), minimum_share=0.0)
    return months(mean["time"].values.astype("datetime64[M]"), mean.values)


def surface() -> list[Fact]:
    """Trends by basin and means of the surface temperature."""
    rules = parameters("sst_trend_30y_ols_cobe")
    why = "series and window: this record leaps by about 1.5 degC between 1990 and 1998, which looks like a break of it"
    slopes = []
    for (place, name), published in zip(BASINS.items(), (0.035, 0.026, 0.042, 0.034), strict=True):
        found = row_of(sea_temperature.trend(sea("jma_cobe_sst2", place), **rules), 1980, 2009)
        slopes.append(Fact(f"surface temperature 1982-2020, {name}", published, GINZBURG, float(found["value"]),
                           "degC year-1", f"COBE-SST 2 1980-2009, {MEMORY}", 0.01, 3, why, bounds(found)))  # fmt: skip
    cobe, ersst = (
        sea_surface.annual_mean(sea(dataset, "caspian_sea"), **parameters(f"sst_mean_1y_{name}"))
        for dataset, name in (("jma_cobe_sst2", "cobe"), ("noaa_ersst_v5", "ersst"))
    )
    means = [value(cobe, year) for year in range(1989, 2010)]
    isfahan = "Isfahan group"
    # 1.15 degC are the 90 % of the 0.7 degC (k=1) that the platform states for an annual mean of such a product.
    return [
        *slopes,
        Fact("surface temperature 1989-2019", 15.6, isfahan, float(np.mean(means)), "degC", "COBE-SST 2, 1989-2009", 1.15, 1,
             "series and window: cells of 1 degree"),
        Fact("surface temperature 2003", 14.7, isfahan, value(cobe, 2003), "degC",
             "COBE-SST 2; interval at 90 %, error of the analysis", 1.15, 1, "series: cells of 1 degree",
             bounds(row_of(cobe, 2003))),
        Fact("surface temperature 2010", 16.56, isfahan, value(ersst, 2010), "degC",
             "ERSST v5; interval at 90 %, error of the analysis", 1.15, 2, "series: cells of 2 degrees",
             bounds(row_of(ersst, 2010))),
        *cells(),
    ]  # fmt: skip


def cells() -> list[Fact]:
    """Cells of OISST with values in the window of the sea."""
    folder = ("www.ncei.noaa.gov", "data", "sea-surface-temperature-optimum-interpolation", "v2.1", "access", "avhrr")
    path = shared("archive", "2021-11", *folder, "202110", "oisst-avhrr-v02r01.20211025.nc")
    with xr.open_dataset(path) as opened:
        field = conform(opened[["sst"]].isel(zlev=0, drop=True).load())["sst"].isel(time=0)
    window = field.sel(latitude=slice(36, 47.5), longitude=slice(46, 55))
    there = np.isfinite(window.values)
    areas = cell_areas(cell_bounds(window, "latitude"), cell_bounds(window, "longitude"))
    source, how = "scientific basis of the platform", "OISST v2.1 of 2021-10-25, cells with a value in 46-55E, 36-47.5N"
    return [
        Fact("cells of OISST", 719, source, int(there.sum()), "cells", how, 0, 0, "day: cells under ice are kept empty"),
        Fact("area of these cells", 414_000, source, float(areas[there].sum()), "km2", f"{how}; exact areas", 500, 0),
    ]  # fmt: skip


def heatwaves() -> list[Fact]:
    """The heatwave of 2011 off Western Australia."""
    table = pd.read_csv(shared("reference", "heatwaveR_sst_WA", "sst_WA.csv"), index_col=0, parse_dates=True)
    found = marine_heatwaves.detect(
        xr.DataArray(
            table["temp"].to_numpy(), {"time": table.index.to_numpy()}, ("time",), attrs={"units": "degree_Celsius"}
        ),
        base=(1983, 2012),
    )
    one = found.isel(event=int(np.argmax(found["intensity_max"].values)))
    source, how = "manual of marineHeatWaves", "OISST v2.1 cell off Western Australia, 2011, base 1983-2012"
    return [
        Fact("days of a heatwave", 60, source, float(one["duration"]), "d", how, 0, 0),
        Fact("its greatest intensity", 6.51, source, float(one["intensity_max"]), "degC", how, 0, 2),
        Fact("its cumulative intensity", 192.73, source, float(one["intensity_cumulative"]), "degC d", how, 0, 2),
    ]  # fmt: skip


def gases() -> list[Fact]:
    """Growth of carbon dioxide at Mauna Loa against the provider's own table of it."""
    path = shared("archive", "2026-02", "gml.noaa.gov", "webdata", "ccgg", "trends", "co2", "co2_mm_mlo.csv")
    trend = noaa_gml_co2.read_granule(path)["deseasonalized"]
    given = series(trend["time"].values, trend.values, units="1e-6", resolution="P1M")
    found = carbon_dioxide.annual_growth(given, **parameters("co2_growth_1y"))
    monthly = pd.Series(given.values, given["time"].values.astype("datetime64[M]").astype(int))
    folder = ("raw.githubusercontent.com", "datasets", "co2-ppm", "main", "data", "co2-gr-mlo.csv")
    table = pd.read_csv(shared("archive", "2026-08", *folder), index_col=0)["Annual Increase"].dropna()

    def turn(year: int) -> float:
        """The provider's value of 1 January: four months about it."""
        january = (year - 1970) * 12
        return float(monthly.loc[january - 2 : january + 1].mean())

    source, edition = "NOAA GML, co2_gr_mlo", "co2_mm_mlo.csv of 2026-02"
    facts = []
    for year in (2023, 2024):
        row = row_of(found, year)
        facts += [
            Fact(f"growth of carbon dioxide in {year}", float(table[year]), source, float(row["value"]), "ppm",
                 f"{edition}, two months at each end; interval at 90 %, error of the months", 0.18, 2,
                 "estimator: the provider takes four months at each end at Mauna Loa, see the next row", bounds(row)),
            Fact(f"growth of carbon dioxide in {year}, four months", float(table[year]), source,
                 turn(year + 1) - turn(year), "ppm", f"{edition}, by the provider's own estimator", 0.01, 2),
        ]  # fmt: skip
    return facts


def density() -> list[Fact]:
    """Expansion of a layer of 30 m at 12.9 g/kg."""

    def taller(cold: float, by: float) -> float:
        here = {"reference_temperature": cold, "reference_salinity": 12.9}
        return 100 * float(steric_height([cold + by], [12.9], [30.0], **here))

    def expansion(warm: float) -> float:
        low, high = (float(gsw.CT_from_t(12.9, warm + off, 15.0)) for off in (-0.5, 0.5))
        return taller(warm - 0.5, 1.0) / 100 / 30 / (high - low) * 1e5

    source = "scientific basis of the platform, TEOS-10"
    how = "steric height of a layer of 30 m warmed by 1 degC about it, per K of Conservative Temperature"
    return [
        *(Fact(f"thermal expansion at {warm} degC", published, source, expansion(warm), "1e-5 K-1", how,
               0.02 * published, 1)
          for warm, published in ((5, 5.3), (15, 17.0), (25, 26.5))),
        Fact("one degree over 30 m at 15 degC", 0.5, source, taller(15, 1.0), "cm", "TEOS-10, steric height", 0.05, 1),
    ]  # fmt: skip
