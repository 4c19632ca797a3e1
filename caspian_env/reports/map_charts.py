"""Maps of the sea by its parts: a number for each, in an equal-area projection, with the shoreline and a scale bar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from caspian_env.reports import figure_words, messages, svg
from caspian_env.reports.line_charts import WIDE, Drawing, Frame, panels_of
from caspian_env.reports.model import Figure, Report
from caspian_env.reports.numbers import Value
from caspian_env.reports.things import Outline, Shore, Spot
from caspian_env.reports.value_charts import COLD_TO_WARM
from caspian_env.reports.voice import Voice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Pale to dark, told apart by the colour-blind and in grey (ColorBrewer PuBu, 5 classes).
AMOUNTS = ("#f1eef6", "#bdc9e1", "#74a9cf", "#2b8cbe", "#045a8d")
CENTRE = (51.0, 42.0)  # longitude and latitude from which the equal-area projection is made
EARTH_KM = 6371.007  # radius of the sphere with the area of the ellipsoid
BAR_KM = 200
STRONG_K = 2.0  # of differences of temperature the ends of the palette stand for at least this
WIDE_LETTER = 0.62  # of the size of the type, about as wide as its letters are
SHORE = "#44505a"  # between parts of any colour; seen on light and on dark paper
WATERLINE = "#d95f02"  # modelled edge of the sea; seen on every amount and on both papers (ColorBrewer Dark2)
POINTER = "#6f7c88"  # from a part to its number; seen on the colours of parts and on both papers

Point = tuple[float, float]


def region_map(report: Report, shown: Figure) -> Drawing:
    """The parts of the sea in the colour of their numbers; a part without one is hatched.

    Differences are blue below and red above zero, amounts pale to dark. All parts have numbers of the same period.
    """
    shapes = (Frame("wide", 760, 440, 8, 340, 10, 12, 12.5, 30), Frame("narrow", 340, 330, 4, 112, 8, 12, 12, 13))
    return Drawing(*(_map(report, shown, frame) for frame in shapes))


def projected(point: Point) -> Point:
    """Kilometres east and north of the centre in Lambert's azimuthal equal-area projection (Snyder 1987, p. 185)."""
    longitude, latitude = (math.radians(degrees) for degrees in point)
    middle, parallel = (math.radians(degrees) for degrees in CENTRE)
    apart = longitude - middle
    across = math.cos(latitude) * math.cos(apart)
    scale = math.sqrt(2 / (1 + math.sin(parallel) * math.sin(latitude) + math.cos(parallel) * across))
    east = scale * math.cos(latitude) * math.sin(apart)
    north = scale * (math.cos(parallel) * math.sin(latitude) - math.sin(parallel) * across)
    return EARTH_KM * east, EARTH_KM * north


def colours(values: Sequence[Value], *, signed: bool) -> dict[str, str]:
    """The colour of each place; of differences the middle of the palette is zero."""
    widest = max((abs(value.value) for value in values), default=0.0) or 1.0
    if signed and values and values[0].unit == "degree_Celsius":
        widest = max(widest, STRONG_K)  # a tenth of a degree is not painted as the hottest
    found = {}
    for value in values:
        if signed:
            found[value.location_id] = COLD_TO_WARM[round(value.value / widest * 4) + 4]
        else:
            found[value.location_id] = AMOUNTS[min(4, int(max(value.value, 0.0) / widest * 5))]
    return found


def _map(report: Report, shown: Figure, frame: Frame) -> str:
    name, say = f"{shown.id}-{frame.name}", Voice(report.language)
    signed = any(value.value < 0 for value in shown.values) or figure_words.is_difference(shown)
    hues, by_place = colours(shown.values, signed=signed), {value.location_id: value for value in shown.values}
    with svg.drawing_style(name, frame.text_size):
        figure, (ax,) = panels_of(1, frame, report.synthetic, say=say, height=frame.panel)
        ax.set_axis_off()
        ax.set_aspect("equal", anchor="W")
        for outline in shown.outlines:
            _draw(ax, outline, hues.get(outline.location_id, "none"), outline.location_id in by_place)
        for n, shore in enumerate(shown.shores or ()):
            _edge(ax, shore, newest=n == 0)
        _make_room(ax, shown.spots, frame, say)
        ax.apply_aspect()
        _scale_bar(ax, say)
        for spot in shown.spots:
            _name(ax, spot, frame, say)
        told = []
        parts = shown.outlines[1:] or shown.outlines
        for outline in parts:
            here, value = _middle(outline), by_place.get(outline.location_id)
            amount = (
                say.quantity(value.value, value.decimals, value.unit, signed=signed) if value else say.words("no data")
            )
            title = say.name(outline.title)
            _label(ax, frame, here, title, amount, say.span(value) if value else "")
            told.append((*here, messages.describe_value(value, say) if value else f"{title}: {amount}"))
        points = svg.points_of(ax, told, 0)
        return svg.to_svg(figure, name, *messages.alternative(report, shown), points)


def _draw(ax: Axes, outline: Outline, colour: str, known: bool) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    rings = [[projected(point) for point in ring] for ring in outline.rings]
    codes = [step for ring in rings for step in (Path.MOVETO, *([Path.LINETO] * (len(ring) - 2)), Path.CLOSEPOLY)]
    path = Path([point for ring in rings for point in ring], codes)
    hatch = None if known else "///"
    ax.add_patch(PathPatch(path, facecolor=colour, edgecolor=SHORE, linewidth=0.7, hatch=hatch))
    ax.update_datalim(path.vertices)


def _edge(ax: Axes, shore: Shore, *, newest: bool) -> None:
    """The modelled edge of the sea: thick at the newest level, dashed at the one of reference."""
    for line in shore.lines:
        points = [projected(point) for point in line]
        ax.plot(*zip(*points, strict=True), color=WATERLINE if newest else POINTER, linewidth=1.8 if newest else 1.2,
                linestyle="-" if newest else (0, (3, 2)), zorder=2.5)  # fmt: skip


def _make_room(ax: Axes, spots: Sequence[Spot], frame: Frame, say: Voice) -> None:
    """Limits that hold the sea, and in the west and north the names beside it."""
    ax.autoscale_view()
    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    if spots:
        points = [projected((spot.longitude, spot.latitude)) for spot in spots]
        longest = max(len(say.name(spot.title)) for spot in spots if spot.longitude < CENTRE[0])
        room = 12 + longest * frame.text_size * WIDE_LETTER
        north = max(north, max(y for _, y in points) + 60)
        inner = frame.width - frame.left - frame.right
        scale = max((north - south) / frame.panel, (east - west) / (inner - room))
        west = min(west, min(x for x, _ in points) - room * scale)
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)


def _name(ax: Axes, spot: Spot, frame: Frame, say: Voice) -> None:
    """A triangle for the mouth of a river and a square for a port, with its name on the side of the land."""
    here = projected((spot.longitude, spot.latitude))
    river, west = spot.kind == "river", spot.longitude < CENTRE[0]
    ax.plot([here[0]], [here[1]], "^" if river else "s", color=svg.HUES[0] if river else svg.INK, markersize=4.5,
            markerfacecolor=svg.HUES[0] if river else svg.PAPER)  # fmt: skip
    ax.annotate(
        say.name(spot.title), here, (-6 if west else 6, 0), textcoords="offset points", ha="right" if west else "left",
        va="center", fontsize=frame.text_size - 1.5, style="italic" if river else "normal",
        color=svg.HUES[0] if river else svg.INK, annotation_clip=False,
    )  # fmt: skip


def _middle(outline: Outline) -> Point:
    """The centre of the outer ring, by its area."""
    ring = [projected(point) for point in max(outline.rings, key=len)]
    area = east = north = 0.0
    for (x, y), (x2, y2) in pairwise(ring):
        cross = x * y2 - x2 * y
        area, east, north = area + cross, east + (x + x2) * cross, north + (y + y2) * cross
    return east / (3 * area), north / (3 * area)


def _label(ax: Axes, frame: Frame, here: Point, title: str, amount: str, span: str) -> None:
    """Number, name and interval beside the map, at the height of the part and joined to it by a thin line."""
    rows = wrap(title, frame.label_width) + wrap(span, frame.label_width + 3)
    low, high = ax.get_ylim()
    level = (here[1] - low) / (high - low)
    ax.annotate("", here, (1.03, level), xycoords="data", textcoords="axes fraction",
                arrowprops={"arrowstyle": "-", "color": POINTER, "linewidth": 1, "shrinkA": 0, "shrinkB": 0})  # fmt: skip
    ax.plot([here[0]], [here[1]], "o", color=POINTER, markersize=3.5)
    style: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
    ax.annotate(amount, (1.03, level), (4, 2), fontweight="bold", va="bottom",
                fontsize=frame.text_size + (2 if frame.width == WIDE.width else 0), **style)  # fmt: skip
    for n, row in enumerate(rows):
        ax.annotate(row, (1.03, level), (4, -2 - n * frame.text_size * 1.2), va="top", color=svg.MUTED, **style)


def _scale_bar(ax: Axes, say: Voice) -> None:
    low, _ = ax.get_ylim()
    left, _ = ax.get_xlim()
    ax.plot([left + 20, left + 20 + BAR_KM], [low + 30, low + 30], color=svg.INK, linewidth=2, solid_capstyle="butt")
    ax.annotate(f"{BAR_KM} {say.unit('km')}", (left + 20 + BAR_KM / 2, low + 30), (0, 4), textcoords="offset points",
                ha="center", fontsize="small")  # fmt: skip
