"""Figures of single numbers and of the year: intervals beside each other, stripes, and the cycle of the months."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from caspian_env.reports import messages, svg, text
from caspian_env.reports.line_charts import NARROW, WIDE, Drawing, Frame, panels_of
from caspian_env.reports.model import Figure, Report, Series
from caspian_env.reports.numbers import Value
from caspian_env.reports.rows import Row, value_rows
from caspian_env.reports.voice import Voice

ROW_HEIGHT = 44.0
LINE_HEIGHT = 14.0
# A diverging palette that the colour-blind tell apart, dark at both ends and pale at the mean (ColorBrewer RdBu, 9 classes).
COLD_TO_WARM = ("#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7", "#fddbc7", "#f4a582", "#d6604d", "#b2182b")


def intervals(report: Report, shown: Figure) -> Drawing:
    """Numbers below each other, each a dot with its interval; hollow where it is not final. One unit to a figure."""
    return Drawing(*(_intervals(report, shown, frame) for frame in (WIDE, NARROW)))


def stripes(report: Report, shown: Figure) -> Drawing:
    """One stripe a year from cold to warm, against the mean of all years drawn; colder years have a dark foot as well.

    Years without a value stay empty.
    """
    return Drawing(*(_stripes(report, shown, frame) for frame in (WIDE, NARROW)))


def cycle(report: Report, shown: Figure) -> Drawing:
    """The months of the newest year over the range and the mean of the years before."""
    return Drawing(*(_cycle(report, shown, frame) for frame in (WIDE, NARROW)))


def _intervals(report: Report, shown: Figure, frame: Frame) -> str:
    name, say = f"{shown.id}-{frame.name}", Voice(report.language)
    rows_of = value_rows(value for value in shown.values if value.unit == shown.values[0].unit)
    values = [row.entry for row in rows_of]
    wide = frame is WIDE
    shape = Frame(frame.name, frame.width, 0, 250 if wide else 16, 130 if wide else 16, 8, 38, frame.text_size, 30)
    one_place = len({place for row in rows_of for place in row.places}) == 1
    one_title = len({value.title for value in values}) == 1
    labels = [_label(row, one_place, one_title, say) for row in rows_of]
    amounts = [say.quantity(value.value, value.decimals, value.unit) for value in values]
    told = labels if wide else [f"{label}: {amount}" for label, amount in zip(labels, amounts, strict=True)]
    written = [wrap(words, 40 if wide else 44) for words in told]
    lines = max(map(len, written))
    # As high as the longest label: beside the dot where it is wide, in the upper half of the first row where narrow.
    step = max(ROW_HEIGHT, LINE_HEIGHT * lines + 2) if wide else max(ROW_HEIGHT * 1.5, LINE_HEIGHT * 2 * lines + 2)
    with svg.drawing_style(name, frame.text_size):
        figure, (ax,) = panels_of(1, shape, report.synthetic, say=say, height=step * len(values))
        ax.grid(visible=True, axis="x")
        ax.grid(visible=False, axis="y")
        ax.set_ylim(len(values) - 0.5, -0.5)
        ax.set_yticks([])
        for row, value in enumerate(values):
            if value.ci_low is not None and value.ci_high is not None:
                ax.hlines(row, value.ci_low, value.ci_high, color=svg.HUES[0], linewidth=2.4)
            final = not text.status_mark(value.status)
            ax.plot([value.value], [row], "o", color=svg.HUES[0], markerfacecolor=svg.HUES[0] if final else svg.PAPER)
            style: dict[str, Any] = {
                "textcoords": "offset points",
                "xycoords": ("axes fraction", "data"),
                "color": svg.INK,
            }
            if wide:
                ax.annotate(
                    "\n".join(written[row]), (0, row), (8 - shape.left, 0), va="center", fontsize="small", **style
                )
                ax.annotate(amounts[row], (1, row), (8, 0), va="center", **style)
            else:
                paper = {"facecolor": svg.PAPER, "edgecolor": "none", "pad": 0.5}  # no line runs through the words
                ax.annotate(
                    "\n".join(written[row]), (0, row), (0, 9), va="bottom", fontsize="small", bbox=paper, **style
                )
        low, high = ax.get_xlim()
        if low < 0 < high:
            ax.axvline(0, color=svg.MUTED, linewidth=1)
        ax.locator_params(axis="x", nbins=6 if wide else 4)
        ax.set_xlabel(say.unit(values[0].unit))
        tips = [messages.describe_value(value, say) for value in values]
        points = svg.points_of(ax, [(v.value, row, tips[row]) for row, v in enumerate(values)], 0)
        return svg.to_svg(figure, name, *messages.alternative(report, shown), points)


def _label(row: Row[Value], one_place: bool, one_title: bool, say: Voice) -> str:
    """What tells a row from the others: what it is, or where where all are the same, and its period."""
    value = row.entry
    when = say.period(value.period_start, value.period_end)
    title, places = say.name(value.title), text.listed(map(say.name, row.places))
    if one_place:
        return f"{title}, {when}"
    return f"{places}, {when}" if one_title else f"{places}: {title}, {when}"


def _stripes(report: Report, shown: Figure, frame: Frame) -> str:
    name, line, say = f"{shown.id}-{frame.name}", shown.lines[0], Voice(report.language)
    shape = Frame(frame.name, frame.width, 0, 12, 12, 8, 34, frame.text_size, 30)
    good = messages.joined(line)
    mean, widest = messages.spread(line)
    with svg.drawing_style(name, frame.text_size):
        figure, (ax,) = panels_of(1, shape, report.synthetic, say=say, height=130 if frame is WIDE else 110)
        ax.grid(visible=False)
        for i in good:
            step = round((line.values[i] - mean) / (widest or 1.0) * 4) + 4
            sides = (line.times[i].year - 0.5, line.times[i].year + 0.5)
            ax.axvspan(*sides, color=COLD_TO_WARM[step], linewidth=0)
            if step < 4:  # blue and red are alike in grey
                ax.axvspan(*sides, ymax=0.06, color=svg.INK, linewidth=0)
        ax.set_xlim(line.times[good[0]].year - 0.5, line.times[good[-1]].year + 0.5)
        ax.set_yticks([])
        years = range(line.times[good[0]].year, line.times[good[-1]].year + 1)
        every = next(n for n in (1, 2, 5, 10, 20, 50) if len(years) / n <= (10 if frame is WIDE else 6) or n == 50)
        ticks = [year for year in years if year % every == 0]
        ax.set_xticks(ticks, [str(year) for year in ticks])
        ax.spines["left"].set_visible(False)
        return svg.to_svg(figure, name, *messages.alternative(report, shown))


def by_month(line: Series) -> tuple[int, dict[int, float], dict[int, list[float]]]:
    """The newest year, its values by month, and those of the years before by month."""
    good = messages.joined(line)
    year = line.times[good[-1]].year
    newest = {line.times[i].month: line.values[i] for i in good if line.times[i].year == year}
    before: dict[int, list[float]] = {}
    for i in good:
        if line.times[i].year < year:
            before.setdefault(line.times[i].month, []).append(line.values[i])
    return year, newest, before


def _cycle(report: Report, shown: Figure, frame: Frame) -> str:
    name, line, say = f"{shown.id}-{frame.name}", shown.lines[0], Voice(report.language)
    year, newest, before = by_month(line)
    months = sorted(before)
    shape = frame if frame is WIDE else Frame("narrow", 340, 0, 66, 14, 30, 34, frame.text_size, 48)
    with svg.drawing_style(name, frame.text_size):
        figure, (ax,) = panels_of(1, shape, report.synthetic, say=say, height=240)
        mean = [sum(before[month]) / len(before[month]) for month in months]
        ax.fill_between(months, [min(before[m]) for m in months], [max(before[m]) for m in months], color=svg.MUTED,
                        alpha=0.22, linewidth=0)  # fmt: skip
        ax.plot(months, mean, color=svg.MUTED, linewidth=1.3)
        ax.plot(list(newest), list(newest.values()), color=svg.HUES[1], linewidth=2, marker="o", markersize=5)
        ax.set_ylabel(say.unit(line.unit))
        letters = [say.month(month, width="abbreviated" if frame is WIDE else "narrow") for month in range(1, 13)]
        ax.set_xticks(range(1, 13), letters)
        labels = ((str(year), svg.HUES[1]), (say.words("mean and range of the years before"), svg.MUTED))
        for n, (words, hue) in enumerate(labels):
            at = ((1, 1), (8, -14 - 18 * n)) if frame is WIDE else ((0, 1), (0 if n == 0 else 40, 8))
            words = "\n".join(wrap(words, 20)) if frame is WIDE else words
            ax.annotate(words, at[0], at[1], xycoords="axes fraction", textcoords="offset points", color=hue,
                        va="top" if frame is WIDE else "bottom", fontweight="bold" if n == 0 else "normal")  # fmt: skip
        tips = {m: f"{say.month(m)} {year}: {say.quantity(v, line.decimals, line.unit)}" for m, v in newest.items()}
        points = svg.points_of(ax, [(month, value, tips[month]) for month, value in newest.items()], 0)
        return svg.to_svg(figure, name, *messages.alternative(report, shown), points)
