"""A calendar of heatwaves: a row for each year, a cell for each day, coloured by the category of the heatwave it is in."""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from caspian_env.reports import figure_words, messages, svg
from caspian_env.reports.line_charts import NARROW, WIDE, Drawing, Frame, panels_of
from caspian_env.reports.model import Figure, Report
from caspian_env.reports.voice import Voice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Pale to dark by category, told apart by the colour-blind, in grey and on dark paper (ColorBrewer YlOrRd, 5 classes).
CATEGORY = ("#fecc5c", "#fd8d3c", "#f03b20", "#bd0026")
HEIGHTS = (0.12, 0.45, 0.6, 0.75, 0.9)  # of a row, by category from none on: the stronger, the taller
LEAP = 2000  # a year that has every day, on which all years are laid


def calendar(report: Report, shown: Figure) -> Drawing:
    """Days without a heatwave are a thin line, days without a value empty; the newest year is below."""
    return Drawing(*(_calendar(report, shown, frame) for frame in (WIDE, NARROW)))


def _place(moment: datetime) -> int:
    """Number of the day in a leap year, from 0, so that months of all years stand below each other."""
    return (moment.replace(year=LEAP) - datetime(LEAP, 1, 1, tzinfo=UTC)).days


def _no_leap_day(moment: datetime) -> int:
    """1 on the first of March of a year without a leap day, so that the day that it does not have is no hole."""
    return int((moment.month, moment.day) == (3, 1) and not isleap(moment.year))


def spans(shown: Figure) -> list[tuple[int, int, int, int]]:
    """Year, first day, length in days and category (0 for none) of every run of days of one category."""
    line, found = shown.lines[0], list[tuple[int, int, int, int]]()
    for moment, value in zip(line.times, line.values, strict=True):
        day, category = _place(moment), int(value)
        last = found[-1] if found else None
        if (
            last
            and last[0] == moment.year
            and last[3] == category
            and day - last[1] - last[2] in (0, _no_leap_day(moment))
        ):
            found[-1] = (*last[:2], day + 1 - last[1], category)
        else:
            found.append((moment.year, day, 1, category))
    return found


def _calendar(report: Report, shown: Figure, frame: Frame) -> str:
    name, say = f"{shown.id}-{frame.name}", Voice(report.language)
    runs = spans(shown)
    years = range(runs[0][0], runs[-1][0] + 1)
    wide = frame is WIDE
    shape = Frame(frame.name, frame.width, 0, 50, 14, 26 if wide else 62, 26, frame.text_size, 30)
    with svg.drawing_style(name, frame.text_size):
        figure, (ax,) = panels_of(1, shape, report.synthetic, say=say, height=max(60.0, len(years) * 8.5))
        ax.grid(visible=False)
        told = []
        for year, day, length, category in runs:
            colour = CATEGORY[category - 1] if category else svg.MUTED
            high = HEIGHTS[category]
            ax.broken_barh([(day, length)], (year - high / 2, high), facecolors=colour, linewidth=0)
            if category:
                told.append((day + length / 2, year, figure_words.spell(year, day, length, category, say)))
        ax.set_xlim(0, 366)
        ax.set_ylim(years[-1] + 0.5, years[0] - 0.5)
        every = next(n for n in (1, 2, 5, 10) if len(years) / n <= 12 or n == 10)
        ax.set_yticks([year for year in years if year % every == 0])
        starts = [_place(datetime(LEAP, month, 1, tzinfo=UTC)) for month in range(1, 13)]
        names = [say.month(month, width="abbreviated" if wide else "narrow") for month in range(1, 13)]
        ax.set_xticks([start + 15 for start in starts], names)
        ax.tick_params(length=0)
        _key(ax, wide, say)
        return svg.to_svg(figure, name, *messages.alternative(report, shown), svg.points_of(ax, told, 0))


def _key(ax: Axes, wide: bool, say: Voice) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    signs: list[Any] = [Line2D([], [], color=svg.MUTED, linewidth=1.2, label=say.words("no heatwave"))]
    words = figure_words.CATEGORIES
    signs += [Patch(color=hue, label=say.words(one)) for hue, one in zip(CATEGORY, words, strict=True)]
    ax.legend(handles=signs, loc="lower left", bbox_to_anchor=(0, 1), ncol=5 if wide else 2, frameon=False,
              fontsize="small", borderaxespad=0.2)  # fmt: skip
