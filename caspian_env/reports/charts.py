"""Every kind of figure by its name; each is drawn wide for pages and print, and narrow for small screens."""

from __future__ import annotations

from functools import lru_cache

from caspian_env.reports import balance_charts, calendar_charts, line_charts, map_charts, row_charts, value_charts
from caspian_env.reports.line_charts import Drawing
from caspian_env.reports.model import Figure, Report

DRAWN_BY = {
    "level": line_charts.level_chart,
    "lines": line_charts.line_chart,
    "stripes": value_charts.stripes,
    "cycle": value_charts.cycle,
    "intervals": value_charts.intervals,
    "map": map_charts.region_map,
    "goals": row_charts.goals,
    "drafts": row_charts.drafts,
    "balance": balance_charts.balance,
    "calendar": calendar_charts.calendar,
}


# More than one report has: page and PDF show the same drawings, which take longer than all the rest of both.
KEPT = 32


@lru_cache(maxsize=KEPT)
def draw(report: Report, figure: Figure) -> Drawing:
    """The figure, wide and narrow; its title and alternative text are those of ``messages.words``."""
    return DRAWN_BY[figure.kind](report, figure)
