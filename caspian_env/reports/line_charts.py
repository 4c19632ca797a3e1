"""The figures of a report over time, each in a wide and a narrow drawing of the same lines.

Observations are lines with their standard uncertainty as a band of the same hue; preliminary values are dashed and
hollow; holes stay holes; flagged values are crosses that no line joins. Heights of different datums never share an
axis: every datum has a panel of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from caspian_env.reports import messages, svg
from caspian_env.reports.model import Figure as Shown
from caspian_env.reports.model import ReferenceLevel, Report, Series
from caspian_env.reports.voice import Voice

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Formatter

# A hole longer than this many days is a gap: 45 days between epochs of 10-day altimetry, a year and a half for years.
GAP_DAYS = {"instant": 45.0, "P1D": 5.0, "P1M": 45.0, "P1Y": 550.0}
SPARSE = 80  # up to this many values each is marked
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)  # between ticks of the time axis
MARKERS = ("o", "s", "^", "D")
ROW = 14.5  # height of a row of labels above a panel
Block = tuple[float, int, list[tuple[str, str]]]  # wanted top, number of the line, rows with their weight


@dataclass(frozen=True, slots=True)
class Drawing:
    """The same figure twice: for pages and print, and for screens of 360 pixels."""

    wide: str
    narrow: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Sizes of a drawing in points: total width, panel height, margins around a panel, and text."""

    name: str
    width: float
    panel: float
    left: float
    right: float
    top: float
    bottom: float
    text_size: float
    label_width: int


WIDE = Frame("wide", 760, 190, 78, 172, 22, 34, 12.5, 19)
NARROW = Frame("narrow", 340, 180, 78, 14, 14, 32, 12, 48)
NARROW_LABELLED = Frame("narrow", 340, 270, 50, 112, 16, 32, 12, 12)


def level_chart(report: Report, shown: Shown) -> Drawing:
    """The level: one panel for each datum, published extremes only on the panel of theirs."""
    panels = by_datum(shown.lines)
    return Drawing(*(_level(report, shown, panels, frame) for frame in (WIDE, NARROW)))


def line_chart(report: Report, shown: Shown) -> Drawing:
    """Lines of one unit on one axis, each labelled at its end."""
    return Drawing(*(_lines(report, shown, frame) for frame in (WIDE, NARROW_LABELLED)))


def by_datum(lines: tuple[Series, ...]) -> tuple[tuple[Series, ...], ...]:
    """The lines grouped by datum and unit, in the order in which the datums are first named."""
    groups: dict[tuple[str, str], list[Series]] = {}
    for line in lines:
        groups.setdefault((line.datum_id, line.unit), []).append(line)
    return tuple(tuple(group) for group in groups.values())


def runs(line: Series) -> list[list[int]]:
    """Positions of the values that may be joined, cut where the hole is a gap; reported values are never joined."""
    limit = GAP_DAYS.get(line.resolution, 45.0)
    found: list[list[int]] = []
    for i in messages.joined(line):
        previous = found[-1][-1] if found else None
        near = previous is not None and (line.times[i] - line.times[previous]).total_seconds() <= limit * 86400
        if near and line.status[i] != "reported":
            found[-1].append(i)
        else:
            found.append([i])
    return found


def _level(report: Report, shown: Shown, panels: tuple[tuple[Series, ...], ...], frame: Frame) -> str:
    name, say = f"{shown.id}-{frame.name}", Voice(report.language)
    # On a narrow screen the labels stand above each panel.
    rows = max((len(_rows_above(lines, frame, say)) for lines in panels), default=0)
    roomy = frame if frame is WIDE else replace(frame, top=frame.top + ROW * rows)
    with svg.drawing_style(name, frame.text_size):
        figure, axes = panels_of(max(1, len(panels)), roomy, report.synthetic, say=say)
        for ax, lines in zip(axes, panels, strict=False):
            for n, line in enumerate(lines):
                named(f"line{shown.lines.index(line)}", draw_line(ax, line, n))
            _height_axis(ax, lines[0], frame, say)
        _share_time([ax for ax, lines in zip(axes, panels, strict=False) if lines[0].resolution != "P1Y"])
        for ax, lines in zip(axes, panels, strict=False):
            references = [r for r in shown.references if r.datum_id == lines[0].datum_id]
            time_axis(ax, frame)
            _reference_lines(ax, references, say)
            end_labels(ax, lines, frame, say) if frame is WIDE else _labels_above(ax, lines, frame, say)
        points = [
            point
            for ax, lines in zip(axes, panels, strict=False)
            for line in lines
            for point in told(ax, line, shown.lines.index(line), say)
        ]
        labels = [say.name(line.label) for line in shown.lines]
        return svg.to_svg(figure, name, *messages.alternative(report, shown), points, labels)


def _lines(report: Report, shown: Shown, frame: Frame) -> str:
    name, say = f"{shown.id}-{frame.name}", Voice(report.language)
    with svg.drawing_style(name, frame.text_size):
        figure, (ax,) = panels_of(1, frame, report.synthetic, height=270, say=say)
        for n, line in enumerate(shown.lines):
            named(f"line{n}", draw_line(ax, line, n))
        if shown.lines:
            ax.set_ylabel(say.unit(shown.lines[0].unit))
        time_axis(ax, frame)
        end_labels(ax, shown.lines, frame, say)
        points = [point for n, line in enumerate(shown.lines) for point in told(ax, line, n, say)]
        labels = [say.name(line.label) for line in shown.lines]
        return svg.to_svg(figure, name, *messages.alternative(report, shown), points, labels)


def told(ax: Axes, line: Series, n: int, say: Voice) -> list[svg.Point]:
    """Each value that is drawn with its place, time, unit and status."""
    times, values = _points(line, good := messages.joined(line))
    words = [
        f"{say.name(line.label)}, {_when(line, i)}: {say.quantity(line.values[i], line.decimals, line.unit)}"
        + (f", {mark}" if (mark := say.status(line.status[i])) else "")
        for i in good
    ]
    return svg.points_of(ax, zip(times, values, words, strict=True), n)


def _when(line: Series, i: int) -> str:
    return f"{line.times[i]:%Y}" if line.resolution == "P1Y" else f"{line.times[i]:%Y-%m-%d}"


def named(prefix: str, artists: list[Artist]) -> None:
    """Give the elements of one line ids that begin alike, so that a script can hide them."""
    for i, artist in enumerate(artists):
        artist.set_gid(f"{prefix}-{i}")


def panels_of(
    n: int, frame: Frame, synthetic: bool, height: float | None = None, say: Voice = messages.ENGLISH
) -> tuple[Figure, list[Axes]]:
    """A figure of ``n`` panels below each other, sizes in points, and the synthetic band across its head."""
    from matplotlib.figure import Figure

    band, panel = (26.0 if synthetic else 0.0), height or frame.panel
    total = band + n * (frame.top + panel + frame.bottom)
    figure = Figure(figsize=(frame.width / 72, total / 72))
    axes = []
    for i in range(n):
        bottom = total - band - i * (frame.top + panel + frame.bottom) - frame.top - panel
        inner = frame.width - frame.left - frame.right
        axes.append(figure.add_axes((frame.left / frame.width, bottom / total, inner / frame.width, panel / total)))
        for axis in (axes[-1].xaxis, axes[-1].yaxis):
            axis.set_major_formatter(_signs_of(say))
    if synthetic:
        _band(figure, band - 4, total, say)
    return figure, axes


def _signs_of(say: Voice) -> Formatter:
    """The numbers beside an axis with the decimal sign of the language."""
    from matplotlib.ticker import ScalarFormatter

    found = ScalarFormatter()
    plain = found.fix_minus  # the last step of every number
    found.fix_minus = lambda s: say.sign(plain(s))  # type: ignore[method-assign]
    return found


def _band(figure: Figure, height: float, total: float, say: Voice) -> None:
    from matplotlib.patches import Rectangle

    share = height / total
    figure.add_artist(Rectangle((0, 1 - share), 1, share, facecolor=svg.MARK, edgecolor="none"))
    figure.text(0.5, 1 - share / 2, say.words(messages.SYNTHETIC), ha="center", va="center_baseline", color=svg.MARK_INK,
                fontweight="bold")  # fmt: skip


def draw_line(ax: Axes, line: Series, n: int) -> list[Artist]:
    """One series on its axes: runs, uncertainty band, preliminary part, sparse markers and flagged crosses."""
    before = set(ax.get_children())
    hue, marker = svg.HUES[n % len(svg.HUES)], MARKERS[n % len(MARKERS)]
    for run in runs(line):
        final = [i for i in run if line.status[i] != "preliminary"]
        tail = [i for i in run if line.status[i] == "preliminary"]
        if line.status[run[0]] != "reported":
            ax.plot(*_points(line, final), color=hue, linewidth=1.3, solid_joinstyle="round")
            # The dashed part starts at the last final value, so that it is no gap.
            ax.plot(*_points(line, final[-1:] + tail if tail else []), color=hue, linewidth=1.3, linestyle=(0, (3, 2)))
        _uncertainty(ax, line, run, hue)
        sparse = len(line.times) <= SPARSE or len(run) == 1
        style: dict[str, Any] = {"linestyle": "none", "marker": marker, "color": hue, "markersize": 5}
        ax.plot(*_points(line, final if sparse else []), **style)
        ax.plot(*_points(line, tail), **style | {"markerfacecolor": svg.PAPER, "markersize": 5 if sparse else 3.5})
    flagged = sorted(set(range(len(line.times))) - set(messages.joined(line)))
    ax.plot(*_points(line, flagged), linestyle="none", marker="x", color=svg.MUTED, markersize=5)
    return [artist for artist in ax.get_children() if artist not in before]


def _points(line: Series, at: list[int]) -> tuple[list[float], list[float]]:
    """Days since the epoch of the axis, and values."""
    return [(line.times[i] - EPOCH) / timedelta(days=1) for i in at], [line.values[i] for i in at]


def _uncertainty(ax: Axes, line: Series, run: list[int], hue: str) -> None:
    known = [(i, u) for i in run if (u := line.std_uncertainty[i]) is not None]
    times, values = _points(line, [i for i, _ in known])
    low = [value - u for value, (_, u) in zip(values, known, strict=True)]
    high = [value + u for value, (_, u) in zip(values, known, strict=True)]
    if len(known) == 1:
        ax.vlines(times, low, high, color=hue, alpha=0.5, linewidth=2)
    elif known:
        ax.fill_between(times, low, high, color=hue, alpha=0.22, linewidth=0)


def _height_axis(ax: Axes, line: Series, frame: Frame, say: Voice) -> None:
    label = f"{say.unit(line.unit)}, {say.name(line.datum_title)}" if line.datum_title else say.unit(line.unit)
    rows = -(-len(label) // 26)
    ax.set_ylabel("\n".join(wrap(label, len(label) // rows + 5)), fontsize=frame.text_size - 0.5)


def _share_time(axes: list[Axes]) -> None:
    """The same years on every panel of a continuous record; sparse reported years keep their own axis."""
    for ax in axes[1:]:
        ax.sharex(axes[0])


def time_axis(ax: Axes, frame: Frame) -> None:
    """Years on the axis, months where the record is short; the axis starts where the data do."""
    ax.margins(x=0.015, y=0.08)
    ax.tick_params(length=3)
    ax.locator_params(axis="y", nbins=6)
    low, high = ax.get_xlim()
    first, last = EPOCH + timedelta(days=low), EPOCH + timedelta(days=high)
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    most = 9 if frame is WIDE else 5
    step = next(step for step in MONTH_STEPS if len(months) / step <= most or step == MONTH_STEPS[-1])
    starts = [datetime(m // 12, m % 12 + 1, 1, tzinfo=UTC) for m in months if m % step == 0]
    words = [f"{start.year}" if step % 12 == 0 else f"{start:%Y-%m}" for start in starts]
    ax.set_xticks([(start - EPOCH) / timedelta(days=1) for start in starts], words)


def _reference_lines(ax: Axes, levels: list[ReferenceLevel], say: Voice) -> None:
    for r in levels:
        ax.axhline(r.value, color=svg.MUTED, linewidth=0.8, linestyle=(0, (6, 3)))
        words = f"{say.name(r.label)} {say.quantity(r.value, r.decimals, r.unit)}"
        ax.annotate(words, (0, r.value), (4, 3), xycoords=("axes fraction", "data"), textcoords="offset points",
                    color=svg.INK, fontsize="small")  # fmt: skip


def _rows_above(lines: tuple[Series, ...], frame: Frame, say: Voice) -> list[tuple[str, int]]:
    """Label rows and the number of the line each belongs to."""
    return [
        (row, n) for n, line in enumerate(lines) for row in wrap(": ".join(_end_words(line, say)), frame.label_width)
    ]


def _labels_above(ax: Axes, lines: tuple[Series, ...], frame: Frame, say: Voice) -> None:
    rows = _rows_above(lines, frame, say)
    for above, (words, n) in enumerate(reversed(rows)):
        ax.annotate(words, (0, 1), (8 - frame.left, 6 + ROW * above), xycoords="axes fraction",
                    textcoords="offset points", color=svg.HUES[n % len(svg.HUES)], fontsize=frame.text_size - 0.5)  # fmt: skip


def _end_words(line: Series, say: Voice) -> tuple[str, str]:
    """The label of a line, and its last value with time and status."""
    good = messages.joined(line)
    if not good:
        return say.name(line.label), say.words("no value")
    last = good[-1]
    amount = say.quantity(line.values[last], line.decimals, line.unit)
    when = (
        " " + say.words("in {year}", year=line.times[last].year)
        if line.resolution == "P1Y"
        else f", {line.times[last]:%Y-%m-%d}"
    )
    mark = say.status(line.status[last])
    return say.name(line.label), f"{amount}{when}{f', {mark}' if mark and mark != say.name(line.label) else ''}"


def end_labels(ax: Axes, lines: tuple[Series, ...], frame: Frame, say: Voice) -> None:
    """A label in the line's hue at its end, moved up or down just enough that none covers another."""
    height, step = ax.bbox.height, frame.text_size * 1.25
    low, high = ax.get_ylim()
    blocks = []
    for n, line in enumerate(lines):
        name, amount = _end_words(line, say)
        if frame is not WIDE:  # the year and the status are in the title above and in the marker
            good = messages.joined(line)
            amount = say.quantity(line.values[good[-1]], line.decimals, line.unit) if good else amount
        rows = [(row, "bold") for row in wrap(name, frame.label_width)]
        rows += [(row, "normal") for row in wrap(amount, frame.label_width + 2)]
        good = messages.joined(line)
        end = (line.values[good[-1]] - low) / (high - low) * height if good else height
        blocks.append((end + step * (len(rows) - 1) / 2, n, rows))
    for top, (_, n, rows) in _spread(blocks, step, height):
        for row, (words, weight) in enumerate(rows):
            ax.annotate(words, (1, 0), (8, top - step * (row + 0.3)), xycoords="axes fraction",
                        textcoords="offset points", color=svg.HUES[n % len(svg.HUES)], fontweight=weight)  # fmt: skip


def _spread(blocks: list[Block], step: float, height: float) -> list[tuple[float, Block]]:
    """The top of each block, from below: not lower than wanted, never over another, all within the panel if they fit."""
    placed: list[tuple[float, Block]] = []
    floor = 0.0
    for block in sorted(blocks, key=lambda block: block[:2]):
        top = max(block[0], floor + step * len(block[2]))
        placed.append((top, block))
        floor = top + step / 3
    ceiling = height + step / 2
    for i in range(len(placed) - 1, -1, -1):
        top = min(placed[i][0], ceiling)
        placed[i] = (top, placed[i][1])
        ceiling = top - step * len(placed[i][1][2]) - step / 3
    return placed
