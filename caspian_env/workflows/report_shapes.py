"""What figures other than lines are made of: outlines of regions, targets with their sources, ports, days in heatwaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from caspian_env.errors import NotComputable
from caspian_env.model import Location
from caspian_env.reports import text
from caspian_env.reports.model import Series
from caspian_env.reports.numbers import Value
from caspian_env.reports.things import Goal, GoalSource, Mark, Outline, Spot
from caspian_env.seeds.sourced import load_ports
from caspian_env.settings import data_folder
from caspian_env.wiring import Platform
from caspian_env.workflows.commitments import commitments

if TYPE_CHECKING:
    from caspian_env.catalog.engine import Connection

WHOLE, PARTS = "caspian_sea", ("north_caspian", "middle_caspian", "south_caspian")
SIMPLE_DEGREES = 0.02  # about 2 km: finer than the line of a map of 400 points for 1200 km
SMALLEST_RING = 0.01  # square degrees, about 90 km2; smaller islands are left out
# Named on maps: where rivers reach the sea, and ports by their towns. Positions are those of seeds/stations.csv.
RIVERS = {"volga_mouth": "Volga", "ural_mouth": "Ural", "terek_mouth": "Terek", "kura_mouth": "Kura"}
PORTS = {"port_aktau": "Aktau", "port_turkmenbashi": "Turkmenbashi", "port_baku_alat": "Baku",
         "caspcom_makhachkala": "Makhachkala", "caspcom_anzali": "Anzali"}  # fmt: skip
HEATWAVE_BASE, BASE_SHARE = (1991, 2020), 0.8  # as in seeds/indicators/heatwave_years.yaml
NO_BASE = "the days that were collected do not cover the base period 1991-2020."
SOURCES = {"edgar": "EDGAR", "owid": "Our World in Data", "unfccc": "UNFCCC", "unfccc_net": "UNFCCC (net)",
           "climate_watch": "Climate Watch"}  # fmt: skip


def mapped(values: Iterable[Value]) -> tuple[Value, ...]:
    """The newest numbers of the parts of the sea that are of one indicator and one period; the first that has any."""
    rows = [value for value in text.latest(values) if value.location_id in PARTS]
    if not rows:
        return ()
    first = rows[0].indicator_id
    newest = max(value.period_end for value in rows if value.indicator_id == first)
    return tuple(value for value in rows if value.indicator_id == first and value.period_end == newest)


def outlines(platform: Platform) -> tuple[Outline, ...]:
    """The whole sea and its parts, as fine as a map needs them."""
    places = platform.seeds.locations
    return tuple(_outline(places[name]) for name in (WHOLE, *PARTS) if places[name].geometry is not None)


def spots(platform: Platform) -> tuple[Spot, ...]:
    """The rivers and ports that a map names."""
    places = platform.seeds.locations
    return tuple(
        Spot(title=title, kind=kind, longitude=at.longitude, latitude=at.latitude)
        for kind, named in (("river", RIVERS), ("port", PORTS))
        for name, title in named.items()
        if (at := places[name]).longitude is not None and at.latitude is not None
    )


def _outline(place: Location) -> Outline:
    from shapely.geometry import shape

    simple = shape(place.geometry).simplify(SIMPLE_DEGREES)
    parts = getattr(simple, "geoms", [simple])
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors) if _area(ring.coords) >= SMALLEST_RING]
    closed = tuple(tuple((float(x), float(y)) for x, y, *_ in ring.coords) for ring in rings)
    return Outline(location_id=place.id, title=place.title, rings=closed)


def _area(ring: Any) -> float:
    twice: float = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
    return abs(twice) / 2


def goals(connection: Connection, platform: Platform, as_of: datetime | None) -> tuple[Goal, ...]:
    """Absolute targets in force with a figure and a base year, each with the sources that have both years."""
    found = []
    for row in commitments(platform, connection, as_of).targets:
        target = row.target
        lines = [line for line in row.sources if line.change_pct is not None]
        if target.kind != "absolute" or not lines:
            continue
        if target.level_pct is None or target.base_year is None or target.target_year is None:
            continue
        found.append(
            Goal(
                id=target.id,
                place=row.country_title,
                allowed=target.level_pct,
                base_year=target.base_year,
                target_year=target.target_year,
                conditional=target.conditional == "yes",
                sources=tuple(
                    GoalSource(
                        dataset_id=line.dataset_id,
                        label=SOURCES.get(line.source, line.title),
                        year=line.year,
                        percent=100 + (line.change_pct or 0.0),
                        counted=line.counted,
                    )
                    for line in lines
                ),
            )
        )
    return tuple(found)


def marks(platform: Platform) -> tuple[Mark, ...]:
    """The depths and draughts of ``ports.csv`` that a named source prints, by port."""
    places = platform.seeds.locations
    rows = [
        Mark(
            id=port.id,
            kind=port.kind,
            place=places[port.location].title,
            what=port.what,
            value=port.value_m,
            high=port.high_m,
            as_of=port.as_of,
            source=port.source,
        )
        for port in load_ports(data_folder("seeds")).values()
        if port.kind in ("depth", "draught") and port.value_m is not None and port.mark != "U"
    ]
    return tuple(rows)


def heatwave_days(line: Series) -> Series | None:
    """The category of marine heatwave of every day of a daily series, 0 for none; None where the base is not covered.

    Found in the mean of the region, so its days are not those of the indicators, which look at each cell.
    """
    import numpy as np
    import xarray as xr

    from caspian_env.indicators.marine_heatwaves import detect

    first, last = HEATWAVE_BASE
    in_base = sum(first <= moment.year <= last for moment in line.times)
    if in_base < BASE_SHARE * 365.25 * (last - first + 1):
        return None
    days = np.array([moment.replace(tzinfo=None) for moment in line.times], dtype="datetime64[ns]")
    sst = xr.DataArray(np.array(line.values), {"time": days}, ("time",), attrs={"units": line.unit})
    try:
        events = detect(sst, HEATWAVE_BASE)
    except NotComputable:
        return None
    category = np.zeros(days.size)
    for start, end, found in zip(events["start"].values, events["end"].values, events["category"].values, strict=True):
        category[(days >= start) & (days <= end)] = found
    empty: tuple[None, ...] = (None,) * days.size
    return replace(
        line, values=tuple(float(c) for c in category), std_uncertainty=empty, unit="1", decimals=0, source_notes=(),
        standard_name="",
        granule_sha256=(),
    )  # fmt: skip
