"""The bulletin: one self-contained page and the same numbers as CSV, as bytes that depend on nothing but the input."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from caspian_env.reports import charts, messages, spreadsheet, text
from caspian_env.reports.model import Bulletin, GranuleLine, Refusal, Series, Value

if TYPE_CHECKING:
    from jinja2 import Environment

NO_INTERVAL = "a rate is not shown without its interval"
# Up to this many granules are listed in the open; longer lists unfold.
OPEN_LIST = 6


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers that rest on the same granules, and a digest that stands for all of them."""

    labels: tuple[str, ...]
    granules: tuple[GranuleLine, ...]
    digest: str


def build(bulletin: Bulletin) -> dict[str, bytes]:
    """File name to bytes: the page, its indicator values, and the chart rows that may be handed on.

    Names carry ``-synthetic`` where the data are invented. A mean rate without an interval is printed as a refusal.

    Parameters
    ----------
    bulletin : Bulletin
        All that is printed; no clock, database or network is asked.

    Returns
    -------
    dict of str to bytes
        ``bulletin.html``, ``bulletin.csv`` and ``observations.csv``, UTF-8.
    """
    honest = without_bare_rates(bulletin)
    mark = "-synthetic" if honest.synthetic else ""
    return {
        f"bulletin{mark}.html": page(honest).encode("utf-8"),
        f"bulletin{mark}.csv": spreadsheet.values_csv(honest),
        f"observations{mark}.csv": spreadsheet.observations_csv(honest),
    }


def without_bare_rates(bulletin: Bulletin) -> Bulletin:
    """The same bulletin, with every mean rate that lacks an interval turned into a refusal."""
    bare = [value for value in bulletin.values if value.headline == "mean_rate" and value.ci_low is None]
    if not bare:
        return bulletin
    kept = tuple(value for value in bulletin.values if value not in bare)
    return replace(bulletin, values=kept, refusals=(*bulletin.refusals, *map(_refuse, bare)))


def page(bulletin: Bulletin) -> str:
    """The HTML page: no script, no request, readable from 360 pixels to print, in light and dark."""
    shown = text.latest(bulletin.values)
    mark = "-synthetic" if bulletin.synthetic else ""
    return (
        _templates()
        .get_template("bulletin.html")
        .render(
            b=bulletin,
            synthetic_words=messages.SYNTHETIC,
            messages=messages.key_messages(bulletin),
            newest=max((s.newest_observation for s in bulletin.sources if s.newest_observation), default=None),
            level=charts.level_chart(bulletin),
            level_title=messages.level_title(bulletin),
            level_text=messages.description(bulletin.level),
            reported=[line for line in bulletin.level if "reported" in line.status],
            surface=charts.surface_chart(bulletin) if bulletin.surface else None,
            surface_title=messages.surface_title(bulletin),
            surface_text=messages.description(bulletin.surface),
            values=shown,
            interval_head=_interval_head(shown),
            refusals=text.latest(bulletin.refusals),
            more=len(bulletin.values) - len(shown),
            evidence=evidence(shown),
            withheld=spreadsheet.withheld(bulletin),
            methods=_methods(shown),
            files=(f"bulletin{mark}.csv", f"observations{mark}.csv"),
            open_list=OPEN_LIST,
        )
        .lstrip()
    )


def evidence(values: Iterable[Value]) -> tuple[Evidence, ...]:
    """The values grouped by the granules they rest on, so that a list of a year of days is printed once.

    The digest is the sha256 of the sorted sha256 sums, one a line.
    """
    groups: dict[tuple[GranuleLine, ...], list[str]] = {}
    for value in values:
        label = f"{value.title}, {value.location_title}, {text.period(value.period_start, value.period_end)}"
        granules = tuple(sorted(set(value.granules), key=lambda g: (g.dataset_id, g.url, g.sha256)))
        groups.setdefault(granules, []).append(label)
    return tuple(Evidence(tuple(labels), granules, _digest(granules)) for granules, labels in groups.items())


def figure_sources(bulletin: Bulletin, lines: Iterable[Series]) -> list[str]:
    """Provider, dataset and licence of each line, once, for the foot of a figure."""
    found = [bulletin.source(name) for name in dict.fromkeys(line.dataset_id for line in lines)]
    return [f"{source.provider}, {source.title} ({source.licence})" for source in found]


def web_address(address: str | None) -> str | None:
    """The address if a browser may follow it; a ``javascript:`` address in metadata is no link."""
    return address if address and re.match(r"https?://", address) else None


def glue(words: str) -> str:
    """The words with no-break spaces between a number and its unit, so that a line never ends between them."""
    return re.sub(r"(?<=\d) (?=(?:%|°C|K|m|cm|mm|km²|km³|ppm|ppb)(?![\w²³]))", "\u00a0", words)


def _refuse(value: Value) -> Refusal:
    shared = ("indicator_id", "title", "location_id", "location_title", "period_start", "period_end", "unit", "n_valid",
              "n_expected", "statistic", "status", "datum_id", "datum_title", "method_version", "headline")  # fmt: skip
    return Refusal(reason=NO_INTERVAL, **{name: getattr(value, name) for name in shared})


def _digest(granules: Iterable[GranuleLine]) -> str:
    return hashlib.sha256("\n".join(sorted({granule.sha256 for granule in granules})).encode()).hexdigest()


def _interval_head(values: Iterable[Value]) -> str:
    levels = {value.ci_level for value in values if value.ci_level is not None}
    return f"{text.level(levels.pop())} interval" if len(levels) == 1 else "Interval"


def _methods(values: Iterable[Value]) -> list[Value]:
    """One value for each indicator: its definition, version and reference are the same at every location."""
    return list({value.indicator_id: value for value in values}.values())


def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("caspian_env.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {"glue": glue, "web_address": web_address, "figure_sources": figure_sources}
    filters |= {name: getattr(text, name) for name in ("day", "unit", "number", "uncertainty", "span", "qc")}
    environment.filters.update(filters)
    environment.globals.update(period=text.period, percent=text.level, status_mark=text.status_mark)
    return environment
