"""Area, volume, shore and depths of water against what is printed, on the relief of ETOPO1 at 0.1 degree."""

from __future__ import annotations

from functools import cache
from math import nan

import numpy as np
import xarray as xr

from caspian_env.indicators import shoreline
from caspian_env.processing.conform import conform, cut
from caspian_env.processing.hypsometry import Hypsometry, from_areas, hypsometry
from caspian_env.processing.regions import geometry_area_km2
from caspian_env.processing.water_balance import MM_PER_KM, Spread, over_area
from caspian_env.workflows.grid_arguments import over_region
from caspian_env.workflows.weights import STUDY_AREA, Weights

from .facts import DASHBOARD, GRID, MARINER, STATE, Fact, parameters, seeds, shared, value, years
from .level import in_bs77

RELIEF = "ETOPO1 at 0.1 degree, curve of areas"
STEPS = "series: the charts behind ETOPO1 have steps near -28 and -29 m"
BASINS = ("north", "middle", "south")


@cache
def relief() -> xr.DataArray:
    """The relief of the study area."""
    with xr.open_dataset(shared("geometry", "etopo1_0p1deg.grd"), engine="netcdf4") as opened:
        raw = opened["z"].isel(lon=slice(0, 3600)).sel(lat=slice(34, 50), lon=slice(44, 58)).load()
    heights = cut(conform(raw.to_dataset()), *STUDY_AREA)["z"]
    return heights.expand_dims(time=[np.datetime64("2022-01-01", "us")])


@cache
def over(place: str) -> xr.DataArray:
    """The relief with its weights in a region."""
    return over_region(relief(), place, Weights(seeds().locations)).assign_attrs(units="m").rename("bed")


@cache
def curve(place: str, lowest: float = -36.0) -> Hypsometry:
    """Areas and volumes of a region by level."""
    rules = parameters("geom_area_reported")
    return hypsometry(
        over(place), over("caspian_sea"), over("kara_bogaz_gol"), offset=rules["offset"], lowest=lowest,
        highest=rules["highest"], step=rules["step"],
    )  # fmt: skip


def facts() -> list[Fact]:
    """All of them."""
    return [*areas(), *losses(), *shares(), *depths(), shore()]


def areas() -> list[Fact]:
    """Areas and a volume at a level."""
    sea, kazakh = curve("caspian_sea"), curve("sector_kaz")
    known = in_bs77()
    printed = "daryo.uz citing Garysh Sapary"
    return [
        Fact("area at -27 m", 392_600, STATE, sea.area(-27.0), "km2", RELIEF, 11_800, 0),
        Fact("area at -26.5 m", 386_400, MARINER, sea.area(-26.5), "km2", RELIEF, 11_600, 0,
             "the two printed areas contradict each other: the higher level has the smaller one"),
        Fact("volume at -26.5 m", 78_700, MARINER, sea.volume(-26.5), "km3", RELIEF, 2_400, 0,
             "series: one or both of the two; the uncertainty of the platform's volume, 9 %, holds the difference"),
        Fact("area in 2006", 392_300, DASHBOARD, sea.area(known[2006]), "km2",
             f"{RELIEF}, at the level of DAHITI in that year, {known[2006]:.2f} m", 11_800, 0),
        Fact("area in 2024", 355_700, DASHBOARD, sea.area(-29.05), "km2", f"{RELIEF}, at the printed level, -29.05 m",
             10_700, 0, STEPS),
        Fact("waters of Kazakhstan in 2008", 113_866, printed, kazakh.area(known[2008]), "km2",
             f"{RELIEF}, part nearest to Kazakhstan, at the level of DAHITI, {known[2008]:.2f} m", 3_400, 0),
        Fact("waters of Kazakhstan in 2023", 105_745, printed, kazakh.area(-29.02), "km2",
             f"{RELIEF}, part nearest to Kazakhstan, at the printed level of its part, -29.02 m", 3_200, 0, STEPS),
        *(Fact(f"area of the {basin} Caspian", published, STATE, geometry_area_km2(
               seeds().locations[f"{basin}_caspian"].geometry), "km2", "outline of the region that the platform uses",
               0.03 * published, 0)
          for basin, published in zip(BASINS, (91_942, 137_812, 148_640), strict=True)),
    ]  # fmt: skip


def losses() -> list[Fact]:
    """What a fall costs; the areas of the balance are 392 300 km2 less 16 800 km2 a metre."""
    sea, deep = curve("caspian_sea"), curve("caspian_sea", -48.0)
    known = in_bs77()
    own = from_areas(np.array([-29.18, -27.04]), np.array([355_700.0, 392_300.0]), 0.0)
    high = sea.area(-28.0)
    chart = "from -28 m, as the studies state no level"
    return [
        Fact("area gained by a metre, -29 to -27 m", 16_800, "press and " + DASHBOARD,
             (sea.area(-27.0) - sea.area(-29.0)) / 2, "km2", RELIEF, 1_700, 0, STEPS),
        Fact("loss of area for 1.85 m, 2005-2023", 31_000, "press", sea.area(known[2005]) - sea.area(known[2005] - 1.85),
             "km2", f"{RELIEF}, from the level of DAHITI in 2005, {known[2005]:.2f} m", 3_100, 0, STEPS),
        Fact("loss of area 2006-2024", 34_000, "CACF: more than", sea.area(known[2006]) - sea.area(known[2006] - 2.14),
             "km2", f"{RELIEF}, for the printed fall of 2.14 m", 3_400, 0, STEPS),
        Fact("loss of volume 2006-2024", 47.6, DASHBOARD, own.volume(-27.04) - own.volume(-29.18), "km3",
             "area between its own two areas, times its own fall of 2.14 m", 40, 0,
             "the printed volume contradicts the areas and levels beside it, which this row integrates"),
        Fact("area lost by a fall of 9 m", 23, "Prange, Wilke and Wesselingh 2020", 100 * (1 - deep.area(-37.0) / high),
             "percent", f"{RELIEF}, {chart}", 3, 0, "series: another relief"),
        Fact("area lost by a fall of 18 m", 34, "Prange, Wilke and Wesselingh 2020", 100 * (1 - deep.area(-46.0) / high),
             "percent", f"{RELIEF}, {chart}", 3, 0, "series: another relief"),
        Fact("area dried by a fall of 10 m", 112_000, "Court et al. 2025, abstract: up to", high - deep.area(-38.0), "km2",
             f"{RELIEF}, {chart}", 11_200, 0, "series: another relief, and the level it falls from"),
    ]  # fmt: skip


def shares() -> list[Fact]:
    """Shares of the sub-basins at -27 m."""
    whole, parts = curve("caspian_sea"), [curve(f"{basin}_caspian") for basin in BASINS]
    how = f"{RELIEF}, at -27 m"
    return [
        *(Fact(f"share of area, {basin}", published, STATE, 100 * part.area(-27.0) / whole.area(-27.0), "percent", how,
               3.5, 1) for basin, published, part in zip(BASINS, (25, 36, 39), parts, strict=True)),
        *(Fact(f"share of volume, {basin}", published, MARINER, 100 * part.volume(-27.0) / whole.volume(-27.0),
               "percent", how, 2.5, 1) for basin, published, part in zip(BASINS, (0.5, 33.9, 65.6), parts, strict=True)),
    ]  # fmt: skip


def depths() -> list[Fact]:
    """A cubic kilometre of water, and evaporation as depth and as volume."""
    nothing = np.array([nan])

    def depth(volume: float, area: float) -> float:
        return over_area(Spread(volume, nothing), Spread(area, nothing), MM_PER_KM).value

    return [
        *(Fact(f"depth of 1 km3 over {area:,.0f} km2", published, f"computed from {DASHBOARD}", depth(1.0, area), "mm",
               "volume over area, as the water balance has it", 0, 2)
          for area, published in ((392_300.0, 2.55), (380_000.0, 2.63), (371_000.0, 2.70), (355_700.0, 2.81))),
        Fact("evaporation of 350 to 375 km3 as depth", 963, "taz.de", depth(362.5, 380_000.0), "mm",
             f"the middle of what is printed ({GRID}) over 380,000 km2", 33, 0),
    ]  # fmt: skip


def shore() -> Fact:
    """Modelled retreat at Atyrau between the printed levels."""
    rules = parameters("shore_retreat_atyrau_reported")
    levels = years({1995: -26.62, 2006: in_bs77()[2006], 2024: in_bs77()[2006] - 2.14}, "m", "BS77")
    found = shoreline.modelled_retreat(levels, over("caspian_sea"), **rules)
    retreat = value(found, 2024) - value(found, 2006)
    return Fact("retreat near Atyrau, 2006-2024", 32.5, "Astana Times, 2026-03-10: 30 to 35", retreat, "km",
                "ETOPO1, mean slope of a provisional transect, for the printed fall of 2.14 m", 2.5, 1,
                "estimator: one slope of the bed from -34 to -25 m, while the shore moved over its flattest part")  # fmt: skip
