"""The shore of a map of the seabed laid bare: at the level of its newest number and at the level it is counted from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.observations import find_series, read_series, utc
from caspian_env.errors import CatalogError, DatabaseUnusable
from caspian_env.model import Indicator
from caspian_env.processing.hypsometry import membership
from caspian_env.processing.waterline import Line, waterline
from caspian_env.reports.numbers import Value
from caspian_env.reports.things import Shore
from caspian_env.wiring import Platform
from caspian_env.workflows.cube import parts_of
from caspian_env.workflows.grid_arguments import Fields
from caspian_env.workflows.report_shapes import SIMPLE_DEGREES

LAID_BARE = "geom_exposed_seabed"  # definition whose maps have them
SHORTEST = 0.2  # degrees, about 20 km; the edges of smaller islands and hollows are left out


def shores(
    connection: Connection, platform: Platform, values: Sequence[Value], as_of: datetime | None
) -> tuple[Shore, ...] | None:
    """The modelled shores, that of the newest number first; none for other maps, None where the grid is not at hand.

    Drawn from the same relief, offset and cells as the area, and from the mean of the levels of the period.
    """
    indicator = platform.seeds.indicators[values[0].indicator_id] if values else None
    if indicator is None or indicator.definition != LAID_BARE:
        return ()
    now, when = _level(connection, indicator, values[0], as_of), values[0].period_start
    levels = [(now, f"{when:%Y}"), (float(indicator.parameters["reference_level"]), "")]
    try:
        found = _lines(platform, indicator, [level for level, _ in levels], as_of)
    except DatabaseUnusable:
        raise
    except CatalogError:  # no part of the cube, or one that is missing or damaged: the map says that it has no shore
        return None
    return tuple(Shore(level=level, when=said, lines=lines) for (level, said), lines in zip(levels, found, strict=True))


def _level(connection: Connection, indicator: Indicator, value: Value, as_of: datetime | None) -> float:
    """The mean of the levels behind a number: those of its period, m above the datum of the indicator."""
    given = next(one for one in indicator.inputs if one.argument == "level")
    series = find_series(
        connection, dataset_id=given.dataset, variable_id=given.variable, location_id=given.location, datum_id=given.datum,
        resolution=given.resolution,
    )[0]  # fmt: skip
    frame = read_series(connection, series.id, as_of=as_of)
    inside = [value.period_start <= utc(moment) < value.period_end for moment in frame.index]
    return float(frame["value"][inside].mean())


def _lines(
    platform: Platform, indicator: Indicator, levels: Sequence[float], as_of: datetime | None
) -> list[tuple[Line, ...]]:
    from shapely.geometry import LineString

    given = next(one for one in indicator.inputs if one.argument == "bed")
    parts = tuple((part.sha256, part.size) for part in parts_of(platform, given.dataset, as_of))
    fields = Fields(platform)
    sea, bay = (
        fields.of(given.dataset, given.variable, parts, place) for place in ("caspian_sea", "kara_bogaz_gol")
    )  # fmt: skip
    heights = np.asarray(sea.values[0], dtype=float) + float(indicator.parameters["offset"])
    whole, gulf = (np.asarray(grid["weight"].values, dtype=float) for grid in (sea, bay))
    reach = membership(whole, whole, gulf) > 0
    latitude, longitude = (np.asarray(sea[axis].values, dtype=float) for axis in ("latitude", "longitude"))
    found = []
    for level in levels:
        edges = waterline(heights, latitude, longitude, reach, level)
        lines = [LineString(line) for line in edges if len(line) > 1]
        simple = [line.simplify(SIMPLE_DEGREES) for line in lines if line.length >= SHORTEST]
        found.append(tuple(tuple((float(x), float(y)) for x, y in line.coords) for line in simple))
    return found
