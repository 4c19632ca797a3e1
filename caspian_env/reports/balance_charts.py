"""The water balance by year: its terms stacked, what is expected and observed, and below what is left unexplained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caspian_env.reports import figure_words, messages, svg
from caspian_env.reports.line_charts import NARROW, WIDE, Drawing, Frame, named, panels_of
from caspian_env.reports.model import Figure, Report
from caspian_env.reports.voice import Voice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STACK = ("rivers", "precipitation", "evaporation", "other terms")
HATCHES = ("", "//", "..", "xx")  # the hues are equally dark: in grey the terms are told apart by these


def balance(report: Report, shown: Figure) -> Drawing:
    """Gains above and losses below zero, the observed change as a diamond; the residual with its 90 % interval below.

    The lines of the figure are named ``rivers``, ``precipitation``, ``evaporation``, ``expected``, ``observed`` and
    ``residual``; years in which one of them is missing are left out. The other terms are what the expected change
    holds besides rivers, precipitation and evaporation.
    """
    return Drawing(*(_balance(report, shown, frame) for frame in (WIDE, NARROW)))


def _balance(report: Report, shown: Figure, frame: Frame) -> str:
    name, say = f"{shown.id}-{frame.name}", Voice(report.language)
    years = figure_words.balance_years(shown)
    wide, unit = frame is WIDE, shown.lines[0].unit
    shape = Frame(frame.name, frame.width, 0, 74 if wide else 62, 172 if wide else 14, 24 if wide else 76, 30,
                  frame.text_size, 20)  # fmt: skip
    with svg.drawing_style(name, frame.text_size):
        figure, (ax, below) = panels_of(2, shape, report.synthetic, say=say, height=190)
        _stack(ax, years)
        observed = ax.plot(list(years), [terms["observed"] for terms in years.values()], **_diamond())
        named("line4", list(observed))
        _residual(below, shown, years)
        for one in (ax, below):
            one.axhline(0, color=svg.MUTED, linewidth=1)
            one.set_xlim(min(years) - 0.7, max(years) + 0.7)
            one.set_ylabel(say.unit(unit))
            every = next(n for n in (1, 2, 5, 10, 20) if len(years) / n <= (10 if wide else 5) or n == 20)
            ticks = [year for year in range(min(years), max(years) + 1) if year % every == 0]
            one.set_xticks(ticks, [str(year) for year in ticks])
        _key(ax, wide, say)
        below.annotate(say.words("residual: observed less expected"), (0, 1), (0, 6), xycoords="axes fraction",
                       textcoords="offset points", va="bottom", fontsize="small")  # fmt: skip
        points = _points(ax, below, shown, years, say)
        labels = [say.words(term) for term in (*STACK, "observed change")]
        return svg.to_svg(figure, name, *messages.alternative(report, shown), points, labels)


def _stack(ax: Axes, years: dict[int, dict[str, float]]) -> None:
    up, down = dict.fromkeys(years, 0.0), dict.fromkeys(years, 0.0)
    for n, term in enumerate(STACK):
        for year, terms in years.items():
            ground = up if terms[term] >= 0 else down
            (bar,) = ax.bar([year], [terms[term]], 0.8, bottom=[ground[year]], **_fill(n))
            named(f"line{n}-{year}", [bar])
            ground[year] += terms[term]


def _fill(n: int) -> dict[str, Any]:
    """Hue and hatch of a term; hatches are drawn in the colour of the edge."""
    return {"facecolor": svg.HUES[n], "edgecolor": svg.PAPER, "hatch": HATCHES[n], "linewidth": 0.6}


def _diamond() -> dict[str, Any]:
    """The sign of the observed change, with a rim so that it is seen on any term."""
    return {"linestyle": "none", "marker": "D", "color": svg.INK, "markersize": 7, "markeredgecolor": svg.PAPER}


def _residual(ax: Axes, shown: Figure, years: dict[int, dict[str, float]]) -> None:
    line = figure_words.named_line(shown, "residual")
    spread = {at.year: u for at, u in zip(line.times, line.std_uncertainty, strict=True)}
    for year, terms in years.items():
        ax.plot([year], [terms["residual"]], "o", color=svg.HUES[1], markersize=5)
        half = figure_words.HALF_90 * (spread[year] or 0.0)
        ax.vlines(year, terms["residual"] - half, terms["residual"] + half, color=svg.HUES[1], linewidth=2)


def _key(ax: Axes, wide: bool, say: Voice) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    signs: list[Any] = [Patch(**_fill(n), label=say.words(term)) for n, term in enumerate(STACK)]
    signs.append(Line2D([], [], **_diamond(), label=say.words("observed change")))
    place: dict[str, Any] = (
        {"loc": "upper left", "bbox_to_anchor": (1, 1)} if wide else {"loc": "lower left", "bbox_to_anchor": (0, 1)}
    )
    ax.legend(handles=signs, frameon=False, fontsize="small", ncol=1 if wide else 2, **place)


def _points(ax: Axes, below: Axes, shown: Figure, years: dict[int, dict[str, float]], say: Voice) -> list[svg.Point]:
    line, found = shown.lines[0], []
    for year, terms in years.items():
        up = down = 0.0
        for n, term in enumerate(STACK):
            ground = up if terms[term] >= 0 else down
            words = f"{say.words(term)}, {year}: {say.quantity(terms[term], line.decimals, line.unit, signed=True)}"
            found += svg.points_of(ax, [(year, ground + terms[term] / 2, words)], n)
            up, down = (ground + terms[term], down) if terms[term] >= 0 else (up, ground + terms[term])
        for axes, key, words in ((ax, "observed", "observed change"), (below, "residual", "residual")):
            amount = say.quantity(terms[key], line.decimals, line.unit, signed=True)
            told = (year, terms[key], f"{say.words(words)}, {year}: {amount}")
            found += svg.points_of(axes, [told], 4 if key == "observed" else 5)
    return found
