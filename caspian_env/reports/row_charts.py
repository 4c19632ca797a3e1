"""Figures whose rows are things and not times: targets with every source beside them, ports with depths and draughts."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from caspian_env.reports import figure_words, messages, svg
from caspian_env.reports.line_charts import MARKERS, NARROW, WIDE, Drawing, Frame, named, panels_of
from caspian_env.reports.model import Figure, Report
from caspian_env.reports.things import Goal, Mark
from caspian_env.reports.voice import Voice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

ROW_HEIGHT = 34.0
LINE_HEIGHT = 14.0
SHAPES = (*MARKERS, "v", "P", "X")


def goals(report: Report, shown: Figure) -> Drawing:
    """Targets below each other: what is allowed as a bar across the row, every source a sign, the spread a thin line.

    Emissions are in per cent of the base year of each target and source; a hollow sign is on another basis and counts
    for nothing.
    """
    return Drawing(*(_goals(report, shown, frame) for frame in (WIDE, NARROW)))


def drafts(report: Report, shown: Figure) -> Drawing:
    """Depths and draughts as reported, and the draught that the depth allows where its rule gives one, with its interval."""
    return Drawing(*(_drafts(report, shown, frame) for frame in (WIDE, NARROW)))


def _rows(report: Report, frame: Frame, labels: list[str], above: float, say: Voice) -> tuple[Canvas, Axes]:
    wide = frame is WIDE
    shape = Frame(frame.name, frame.width, 0, 250 if wide else 16, 20 if wide else 16, above, 40, frame.text_size, 30)
    count, lines = len(labels), max((len(wrap(label, _columns(frame))) for label in labels), default=1)
    # As high as the longest label, which a narrow figure writes above the sign, in three quarters of the first row.
    step = max(ROW_HEIGHT, LINE_HEIGHT * lines + 4) if wide else max(ROW_HEIGHT * 1.8, (LINE_HEIGHT * lines + 9) / 0.75)
    height = step * count
    figure, (ax,) = panels_of(1, shape, report.synthetic, say=say, height=height)
    ax.grid(visible=True, axis="x")
    ax.grid(visible=False, axis="y")
    ax.set_ylim(count - 0.5, -0.5 if wide else -0.75)
    ax.set_yticks([])
    return figure, ax


def _columns(frame: Frame) -> int:
    return 38 if frame is WIDE else 50


def _row_label(ax: Axes, row: int, label: str, frame: Frame) -> None:
    if frame is WIDE:
        ax.annotate("\n".join(wrap(label, _columns(frame))), (0, row), (8 - 250, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", va="center", fontsize="small")  # fmt: skip
    else:
        ax.annotate("\n".join(wrap(label, _columns(frame))), (0, row), (0, 9), xycoords=("axes fraction", "data"),
                    textcoords="offset points", va="bottom", fontsize="small",
                    bbox={"facecolor": svg.PAPER, "edgecolor": "none", "pad": 0.5})  # fmt: skip


def _goals(report: Report, shown: Figure, frame: Frame) -> str:
    name, say = f"{shown.id}-{frame.name}", Voice(report.language)
    written = [figure_words.goal_label(goal, say) for goal in shown.goals]
    labels = list(dict.fromkeys(one.label for goal in shown.goals for one in goal.sources))
    per_row = 3 if frame is WIDE else 2
    above = 22 + 16.0 * -(-(len(labels) + 1) // per_row)
    with svg.drawing_style(name, frame.text_size):
        figure, ax = _rows(report, frame, written, above, say)
        told = []
        for row, goal in enumerate(shown.goals):
            _row_label(ax, row, written[row], frame)
            _spread(ax, row, goal, 0.32 if frame is WIDE else 0.16)
            for one in goal.sources:
                n = labels.index(one.label)
                hue = svg.HUES[n % len(svg.HUES)]
                drawn = ax.plot([one.percent], [row], SHAPES[n % len(SHAPES)], color=hue, markersize=7, zorder=3,
                                markerfacecolor=hue if one.counted else svg.PAPER)  # fmt: skip
                named(f"line{n}-{row}", list(drawn))
                told.append(((one.percent, row, figure_words.goal_source(goal, one, say)), n))
        ax.axvline(100, color=svg.MUTED, linewidth=1)
        ax.margins(x=0.06)
        ax.locator_params(axis="x", nbins=7 if frame is WIDE else 5)
        ax.set_xlabel(say.words("emissions, % of the base year"))
        _key(ax, labels, per_row, say)
        points = [point for (told_of, n) in told for point in svg.points_of(ax, [told_of], n)]
        return svg.to_svg(figure, name, *messages.alternative(report, shown), points, labels)


def _spread(ax: Axes, row: int, goal: Goal, half: float) -> None:
    ends = [one.percent for one in goal.sources]
    ax.hlines(row, min(ends), max(ends), color=svg.MUTED, linewidth=1.2)
    ax.vlines(goal.allowed, row - half, row + half, color=svg.INK, linewidth=3)


def _key(ax: Axes, labels: list[str], per_row: int, say: Voice) -> None:
    from matplotlib.lines import Line2D

    signs = [
        Line2D([], [], linestyle="none", marker=SHAPES[n % len(SHAPES)], color=svg.HUES[n % len(svg.HUES)], label=label)
        for n, label in enumerate(labels)
    ]
    signs.insert(0, Line2D([], [], linestyle="none", marker="|", markersize=11, markeredgewidth=3, color=svg.INK,
                           label=say.words("allowed")))  # fmt: skip
    ax.legend(handles=signs, loc="lower left", bbox_to_anchor=(0, 1), ncol=per_row, frameon=False, fontsize="small",
              handletextpad=0.2, columnspacing=1.0, borderaxespad=0.3)  # fmt: skip


def _drafts(report: Report, shown: Figure, frame: Frame) -> str:
    name, say = f"{shown.id}-{frame.name}", Voice(report.language)
    allowed = {value.indicator_id: value for value in shown.values}
    written = [f"{say.name(mark.place)}: {say.name(mark.what)}" for mark in shown.marks]
    with svg.drawing_style(name, frame.text_size):
        figure, ax = _rows(report, frame, written, 24 if frame is WIDE else 60, say)
        told = []
        for row, mark in enumerate(shown.marks):
            _row_label(ax, row, written[row], frame)
            told.append((mark.value, row, figure_words.describe_mark(mark, say)))
            _mark(ax, row, mark)
            for value in (v for key, v in allowed.items() if f"_{mark.id}_" in f"{key}_"):
                if value.ci_low is not None and value.ci_high is not None:
                    ax.hlines(row, value.ci_low, value.ci_high, color=svg.HUES[0], linewidth=2.4)
                ax.plot([value.value], [row], "o", color=svg.HUES[0])
                told.append((value.value, row, messages.describe_value(value, say)))
        ax.margins(x=0.08)
        ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))
        ax.set_xlabel(say.unit("m"))
        _draft_key(ax, say, bool(shown.values), 3 if frame is WIDE else 1)
        return svg.to_svg(figure, name, *messages.alternative(report, shown), svg.points_of(ax, told, 0))


def _mark(ax: Axes, row: int, mark: Mark) -> None:
    hue, shape = (svg.HUES[0], "s") if mark.kind == "depth" else (svg.HUES[1], "D")
    ends = [mark.value] if mark.high is None else [mark.value, mark.high]
    if mark.high is not None:
        ax.hlines(row, ends[0], ends[-1], color=hue, linewidth=1.2)
    ax.plot(ends, [row] * len(ends), shape, color=hue, markerfacecolor=svg.PAPER, markersize=7, linestyle="none")


def _draft_key(ax: Axes, say: Voice, with_values: bool, columns: int) -> None:
    from matplotlib.lines import Line2D

    entries = [
        ("s", svg.HUES[0], svg.PAPER, "depth, as reported"),
        ("D", svg.HUES[1], svg.PAPER, "draught, as reported"),
    ]
    if with_values:
        entries.append(("o", svg.HUES[0], svg.HUES[0], "draught that the depth allows"))
    signs = [
        Line2D([], [], linestyle="none", marker=shape, color=hue, markerfacecolor=face, label=say.words(words))
        for shape, hue, face, words in entries
    ]
    ax.legend(handles=signs, loc="lower left", bbox_to_anchor=(0, 1), ncol=columns, frameon=False, fontsize="small",
              handletextpad=0.2, columnspacing=1.0, borderaxespad=0.3)  # fmt: skip
