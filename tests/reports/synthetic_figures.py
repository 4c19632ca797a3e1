"""Figures of maps, targets, ports, water balance and heatwaves written by hand: every number is synthetic."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

from caspian_env.reports.model import Figure, Report, Section, Series
from caspian_env.reports.things import Goal, GoalSource, Mark, Outline, Shore, Spot
from tests.reports.synthetic_bulletin import altimetry, anomaly, bulletin, source, utc, value


def box(name: str, title: str, south: float, north: float) -> Outline:
    ring = ((49.0, south), (53.0, south), (53.0, north), (49.0, north), (49.0, south))
    return Outline(location_id=name, title=title, rings=(ring,))


def sea_map() -> Figure:
    """The middle warmer and the south colder than normal; the north has no number."""
    shores = (
        box("caspian_sea", "Caspian Sea without Kara-Bogaz-Gol", 37, 47), box("north_caspian", "North Caspian", 44, 47),
        box("middle_caspian", "Middle Caspian", 40, 44), box("south_caspian", "South Caspian", 37, 40),
    )  # fmt: skip
    values = (
        anomaly(location_id="middle_caspian", location_title="Middle Caspian", value=1.2),
        anomaly(location_id="south_caspian", location_title="South Caspian", value=-0.3, ci_low=-0.6, ci_high=0.0),
    )
    spots = (
        Spot(title="Volga", kind="river", longitude=47.5, latitude=46.7),
        Spot(title="Aktau", kind="port", longitude=52.9, latitude=43.66),
    )
    return Figure(id="map", kind="map", values=values, outlines=shores, spots=spots)


def bare_seabed() -> Figure:
    """The sea map with the shores of two levels, as if the south had been cut off."""

    def shore(level: float, when: str, east: float) -> Shore:
        ring = ((49.2, 37.5), (east, 37.5), (east, 46.5), (49.2, 46.5), (49.2, 37.5))
        return Shore(level=level, when=when, lines=(ring,))

    return replace(sea_map(), id="seabed", shores=(shore(-28.23, "2020", 52.2), shore(-26.62, "", 52.8)))


def progress() -> Figure:
    def goal(name: str, place: str, allowed: float, **changes: bool) -> Goal:
        given = {"conditional": False} | changes
        sources = tuple(
            GoalSource(dataset_id="noaa_gml_co2", label=label, year=2023, percent=percent, counted=counted)
            for label, percent, counted in (("Synthetic A", 71.0, True), ("Synthetic B", 88.4, False))
        )
        return Goal(id=name, place=place, allowed=allowed, base_year=1990, target_year=2030, sources=sources, **given)

    return Figure(
        id="progress", kind="goals", goals=(goal("a", "Azerbaijan", 65), goal("k", "Kazakhstan", 75, conditional=True))
    )


def ports() -> Figure:
    given = {"place": "Aktau", "source": "A synthetic almanac"}
    return Figure(
        id="drafts", kind="drafts",
        marks=(
            Mark(id="aktau_dredged", kind="depth", what="Design depth", value=7.0, high=8.0, as_of="2025-04-24", **given),
            Mark(id="aktau_use", kind="draught", what="Draught in use", value=3.5, high=None, as_of="", **given),
        ),
        values=(
            value("port_draft_max_aktau_dredged_reported", title="Greatest draught", location_title="Aktau", value=6.0,
                  ci_low=5.8, ci_high=6.2, headline=""),
        ),
    )  # fmt: skip


def term(label: str, values: tuple[float, ...], u: float | None = 20.0) -> Series:
    n = len(values)
    return altimetry(
        label=label, unit="km3", decimals=0, datum_id="none", datum_title="", resolution="P1Y",
        times=tuple(utc(2019 + i) for i in range(n)), values=values, std_uncertainty=(u,) * n, status=("final",) * n,
        qc_flags=(1,) * n, granule_sha256=(),
    )  # fmt: skip


def balance() -> Figure:
    return Figure(
        id="balance", kind="balance",
        lines=(
            term("rivers", (250.0, 260.0, 230.0)), term("precipitation", (80.0, 75.0, 70.0)),
            term("evaporation", (370.0, 380.0, 390.0)), term("expected", (-38.0, -43.0, -88.0)),
            term("observed", (-50.0, -60.0, -100.0)), term("residual", (-12.0, -17.0, -12.0)),
        ),
    )  # fmt: skip


def heat() -> Figure:
    """Every day of 1982 to 2025; a heatwave each summer, stronger and longer with the years, and a hole in 1990."""
    times = [utc(1982) + timedelta(days=i) for i in range(16071)]
    times = [at for at in times if not utc(1990, 3) <= at < utc(1990, 5)]
    categories = []
    for at in times:
        half = 3 + (at.year - 1982) * 0.8 * (1.2 + math.sin(at.year))
        apart = abs((at - utc(at.year, 7, 20)).days)
        categories.append(
            float(min(4, 1 + int(4 * (1 - apart / half) * (at.year - 1975) / 50))) if apart < half else 0.0
        )
    n = len(times)
    line = altimetry(
        label="OISST", dataset_id="noaa_oisst_v2_1", variable_id="sea_surface_temperature", unit="1", decimals=0,
        datum_id="none", datum_title="", resolution="P1D", times=tuple(times), values=tuple(categories),
        std_uncertainty=(None,) * n, status=("final",) * n, qc_flags=(1,) * n, granule_sha256=(),
    )  # fmt: skip
    return Figure(id="heat", kind="calendar", lines=(line,))


def gallery(language: str = "en") -> Report:
    """A report of all of them."""
    figures = (sea_map(), progress(), ports(), balance(), heat(), bare_seabed())
    sources = (*bulletin().sources, source("sst"))
    return bulletin(
        id="gallery", rows_name="", language=language, sources=sources,
        sections=(Section(id="all", heading="All figures", figures=figures),),
    )  # fmt: skip
