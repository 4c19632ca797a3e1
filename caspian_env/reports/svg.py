"""From a matplotlib figure to an SVG that can stand inside a page.

The same figure gives the same text: identifiers are hashed from a fixed salt, no date and no program version is
written. Colours are drawn as placeholders and leave as CSS custom properties, so the page decides on light and dark;
text stays text; ids carry the figure's name, so two figures never share one.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Placeholder colours: not meant to be seen, only to be told apart; the page's style sheet gives the real ones.
INK, MUTED, GRID, PAPER, MARK, MARK_INK = "#010101", "#010102", "#010103", "#010104", "#010105", "#010106"
HUES = ("#020201", "#020202", "#020203", "#020204")
CUSTOM_PROPERTY = {
    INK: "--ink", MUTED: "--muted", GRID: "--grid", PAPER: "--paper", MARK: "--mark", MARK_INK: "--mark-ink",
    HUES[0]: "--hue-1", HUES[1]: "--hue-2", HUES[2]: "--hue-3", HUES[3]: "--hue-4",
}  # fmt: skip


@contextmanager
def drawing_style(name: str, text_size: float) -> Iterator[None]:
    """Inside the block matplotlib draws in the house style, as the same bytes each time."""
    import matplotlib as mpl

    style: dict[Any, Any] = {
        "svg.hashsalt": name,
        "svg.fonttype": "none",
        "font.family": "DejaVu Sans",  # comes with matplotlib, so widths are the same on every machine
        "font.size": text_size,
        "text.color": INK,
        "text.parse_math": False,  # a dollar sign in a title is a dollar sign
        "axes.edgecolor": MUTED,
        "axes.facecolor": "none",
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "figure.facecolor": "none",
        "figure.dpi": 72,  # one unit of the drawing is one point
        "timezone": "UTC",
    }
    with mpl.rc_context(style):
        yield


Point = tuple[float, float, str, int]  # x and y in points from the upper left, words, number of the line


def to_svg(
    figure: Figure, name: str, title: str, description: str, points: Sequence[Point] = (), lines: Sequence[str] = ()
) -> str:
    """The figure as one inline ``<svg>`` element that scales with its container and carries alternative text.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn in the placeholder colours of this module, inside ``drawing_style``.
    name : str
        Prefix of every id; unique on the page.
    title, description : str
        Alternative text, short and long.
    points, lines : sequences
        What is told where a reader points, and the labels of the lines that can be hidden; elements of line ``n`` have
        an id that begins with ``line<n>-``.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(buffer, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    drawing = buffer.getvalue()
    body = drawing[drawing.index("<g id=") : drawing.rindex("</svg>")]
    width, height = (figure.get_size_inches() * 72).round(2)
    head = (
        f'<svg class="chart" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-description">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-description">{escape(description)}</desc>'
    )
    if points:
        told = {"points": [[round(x, 1), round(y, 1), words, n] for x, y, words, n in points], "lines": list(lines)}
        data = [f' data-{key}="{escape(json.dumps(found, ensure_ascii=False))}"' for key, found in told.items()]
        head = head.replace("<svg ", f'<svg data-name="{name}"{"".join(data)} ', 1)
    return head + _tidy(body, name) + "</svg>"


def alone(drawing: str) -> str:
    """The drawing of ``to_svg`` as a file of its own: in the light colours of the page and its type, without what it tells."""
    css = (files("caspian_env.reports") / "templates" / "report.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", css[: css.index("}")]))
    drawing = re.sub(r"var\((--[\w-]+)\)", lambda name: colours[name[1]], drawing)
    drawing = re.sub(r' data-\w+="[^"]*"', "", drawing)
    return drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="Noto Sans" ', 1)


def size(drawing: str) -> list[float]:
    """Width and height of a drawing of ``to_svg`` in points."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)
    return [float(side) for side in found.groups()] if found else [1.0, 1.0]


def points_of(axes: Axes, told: Iterable[tuple[float, float, str]], n: int) -> list[Point]:
    """Where the values of a line lie in the finished drawing, with what is told of each."""
    figure: Any = axes.figure
    height = figure.get_size_inches()[1] * 72
    placed = [(axes.transData.transform((x, y)), words) for x, y, words in told]
    return [(float(at[0]), float(height - at[1]), words, n) for at, words in placed]


def _tidy(body: str, name: str) -> str:
    body = re.sub(r'fill="(#[0-9a-f]{6})"', r'style="fill: \1"', body)  # the ground of a hatch
    body = re.sub(r"(fill|stroke): (#[0-9a-f]{6})\b", _as_property, body)
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', body)
    body = body.replace("url(#", f"url(#{name}-")
    body = re.sub(r' d="([^"]*)"', _short_path, body)
    return re.sub(r"\s*\n\s*", "\n", body)


def _as_property(match: re.Match[str]) -> str:
    return f"{match[1]}: var({CUSTOM_PROPERTY[match[2]]})" if match[2] in CUSTOM_PROPERTY else match[0]


def _short_path(match: re.Match[str]) -> str:
    # A hundredth of a point is finer than any print; it halves the size of the page.
    path = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", match[1])
    return f' d="{" ".join(path.split())}"'
