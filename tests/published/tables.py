"""All tables of published figures, and those that no data at hand allow."""

from __future__ import annotations

from collections.abc import Callable

from . import area, climate, level
from .facts import CHEN, DASHBOARD, GINZBURG, GRID, KAZHYDROMET, Fact, table

FACTS: dict[str, Callable[[], list[Fact]]] = {
    "published-level": level.facts, "published-area": area.facts, "published-climate": climate.facts,
}  # fmt: skip

OWNER = (
    "annual levels before 1993 and of the Kazakh part are reserved by their owner; only single printed years are kept"
)
RIVERS = "no discharge of a Caspian river is at hand"
SEA = "no precipitation over the sea, evaporation or outflow of real years is at hand"
# Quantity, published value with its source, and why there is none of ours.
WITHOUT_DATA = (
    ("minimum of 1977", f"-29.01 m BS77 ({KAZHYDROMET}; {DASHBOARD} -29.00)", OWNER),
    ("early maximum of 1900 or 1903", f"-25.74 m BS77 ({KAZHYDROMET}; {DASHBOARD})", OWNER),
    ("level of the Kazakh sector in 2025", "-29.35 m; NE -29.23, E -29.47 (Astana Times, 2026-03-10)", OWNER),
    ("rate 1940-1977", f"-4 cm year-1 (Kazhydromet); -3.35 between the ends (computed from {DASHBOARD})", OWNER),
    ("fluxes 1979-1995 and 1996-2015", f"+12.38, -6.79 cm year-1 ({CHEN})", SEA),
    ("decade means of the 1920s to 1980s", f"-26.32 to -28.66 m BS77 ({DASHBOARD})", OWNER),
    ("normals 1961-1990, 1981-2010, and 1991-2020 of the Kazakh part", f"-28.323, -27.305, -27.333 m BS77 ({DASHBOARD})",
     OWNER),
    ("rates of the Kazakh part, 2021-25, 2016-25, 2006-25, 1996-2025",
     f"-21.3, -15.3, -12.1, -8.8 cm year-1 ({DASHBOARD})", OWNER),
    ("river inflow 1936-1996, Volga and seven others", "228.6 of 280 km3 (CEP/KazNIIMOSK)", RIVERS),
    ("mean of the Volga and of all rivers", f"249.13 (Yosefi Kebria et al. 2019), 236.2 and 290.3 km3 ({DASHBOARD})", RIVERS),
    ("outflow into Kara-Bogaz-Gol", f"18 km3 ({GRID})", "no outflow is at hand; the balance takes this printed one"),
    ("inflow, precipitation and evaporation of a mean year", f"300-310, 130, 350-375 km3 ({GRID})", f"{RIVERS}; {SEA}"),
    ("evaporation 12 % lower in 1970-85 than in 1959-69", "taz.de", SEA),
    ("trends 1980-2015 of evaporation, precipitation, rivers",
     "+0.89, -1.09, -1.41 km3 a year (Yosefi Kebria et al. 2019, abstract)", f"{RIVERS}; {SEA}"),
    ("implied net loss of four periods, slope of the level on inflow", f"728 to 814 mm, 1.92 mm per km3 ({DASHBOARD})",
     f"{RIVERS}; {OWNER}"),
    ("parts of July to September 2010", "6 cm evaporation, 2 precipitation, 2 Volga (Arpe et al. 2012, abstract)",
     f"{RIVERS}; {SEA}"),
    ("air temperature of Kazakhstan 1976-2024", f"0.36 degC in 10 years ({DASHBOARD})", "no series of the country is at hand"),
    ("2011-2023 less 1985-2010, north-west and west", "0.9, 1.0 degC (Climate 2025, 13:201, abstract)",
     "the stations at hand lie on the south coast"),
    ("trend of the surface temperature over its own window", f"1982-2020 ({GINZBURG})",
     "of the daily product two days are at hand; the table above shows another window"),
    ("surges at four stations, 2003-2017", "370; 83 % from September to April (Nesterov et al. 2018, abstract)",
     "no hourly level is at hand; `gauge_levels_hourly` awaits them"),
    ("ice of 2022-23", "108 days; just below 600 degree days at Peshnoy (ice-service.net)",
     "one chart of 2016 and no daily temperature of that coast are at hand"),
    ("trophic state 2003-2017; chlorophyll of the south 1998-2015",
     "12, 26, 62 % (Modabberi et al. 2020); +0.018 mg m-3 a year (Remote Sens. 2020, 12:3975)",
     "no ocean colour is at hand, and of chlorophyll only relative change is published here"),
    ("greatest wave 1979-2017", "11.7 m (Myslenkov et al. 2018, abstract)", "waves are not collected"),
)  # fmt: skip


def without_data() -> str:
    """The figures that no data at hand allow, as a table."""
    lines = [("quantity", "published", "why there is none of ours"), ("---",) * 3, *WITHOUT_DATA]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    **{name: (lambda make=make: table(make())) for name, make in FACTS.items()}, "published-without-data": without_data,
}  # fmt: skip
