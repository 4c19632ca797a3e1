"""A report as one self-contained page and the same numbers as CSV, as bytes that depend on nothing but the input."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from caspian_env.reports import charts, citations, fonts, messages, rows, spreadsheet, text
from caspian_env.reports.line_charts import Drawing
from caspian_env.reports.model import Figure, Report
from caspian_env.reports.numbers import GranuleLine, Refusal, Value
from caspian_env.reports.voice import Voice

if TYPE_CHECKING:
    from jinja2 import Environment

NO_INTERVAL = "a rate is not shown without its interval"
# Up to this many granules are listed in the open; longer lists unfold.
OPEN_LIST = 6
INTERVAL_NOTES = (
    "Observed change between two years: measurement error only. It tells what happened; it is no trend and no forecast.",
    "Mean rate: natural variability is included, with the memory of the water balance.",
    "Rates of different spans or estimators cannot be compared.",
    "Temperatures, carbon dioxide and yearly levels: the error of the product, as each method below says.",
    "Not included: the offset between datums, motion of the land, and errors that all values of a dataset share.",
    "An interval that contains zero leaves the sign open. Below 20 years no statement of significance is made.",
    "No cause is attributed.",
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers that rest on the same granules, and a digest that stands for all of them."""

    labels: tuple[str, ...]
    granules: tuple[GranuleLine, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure as the page shows it: both drawings, its words, and who is to be named below it."""

    figure: Figure
    drawing: Drawing | None
    words: messages.Words
    sources: tuple[tuple[str, str], ...]


def build(report: Report) -> dict[str, bytes]:
    """File name to bytes: the page, its indicator values, and the chart rows that may be handed on.

    Names are the report's id, with ``-synthetic`` where the data are invented and the language where it is not English.
    A mean rate without an interval is printed as a refusal.

    Parameters
    ----------
    report : Report
        All that is printed; no clock, database or network is asked.

    Returns
    -------
    dict of str to bytes
        For the bulletin ``bulletin.html``, ``bulletin.csv`` and ``observations.csv``, UTF-8.
    """
    honest = without_bare_rates(report)
    page_name, values_name, rows_name = file_names(report)
    return {
        page_name: page(honest).encode("utf-8"),
        values_name: spreadsheet.values_csv(honest),
        rows_name: spreadsheet.observations_csv(honest),
    }


def file_names(report: Report) -> tuple[str, str, str]:
    """The names of the page, the indicator values and the chart rows; the numbers are the same in every language."""
    mark = "-synthetic" if report.synthetic else ""
    language = "" if report.language == "en" else f".{report.language}"
    rows = report.rows_name or f"{report.id}-observations"
    return f"{report.id}{mark}{language}.html", f"{report.id}{mark}.csv", f"{rows}{mark}.csv"


def without_bare_rates(report: Report) -> Report:
    """The same report, with every mean rate that lacks an interval turned into a refusal."""
    bare = [value for value in report.values if value.headline == "mean_rate" and value.ci_low is None]
    if not bare:
        return report
    sections = tuple(
        replace(
            section,
            values=_without(section.values, bare),
            figures=tuple(replace(figure, values=_without(figure.values, bare)) for figure in section.figures),
        )
        for section in report.sections
    )
    kept = _without(report.values, bare)
    return replace(report, sections=sections, values=kept, refusals=(*report.refusals, *map(_refuse, bare)))


def _without(values: tuple[Value, ...], bare: list[Value]) -> tuple[Value, ...]:
    return tuple(value for value in values if value not in bare)


def page(report: Report) -> str:
    """The HTML page: no request, readable without its script, from 360 pixels to print, in light and dark."""
    shown, say = text.latest(report.values), Voice(report.language)
    script = (files("caspian_env.reports") / "templates" / "report.js").read_text(encoding="utf-8")
    return (
        templates(say)
        .get_template("report.html")
        .render(
            b=report,
            synthetic_words=say.words(messages.SYNTHETIC),
            messages=messages.key_messages(report),
            newest=max((s.newest_observation for s in report.sources if s.newest_observation), default=None),
            drawn={figure.id: _drawn(report, figure) for figure in report.figures},
            headings={section.id: section.heading for section in report.sections},
            interval_head=interval_head(shown, say),
            one_level=len({v.ci_level for v in shown} - {None}) == 1,
            interval_notes=[say.words(words) for words in INTERVAL_NOTES],
            refusals=rows.refusal_rows(text.latest(report.refusals)),
            more=len(report.values) - len(shown),
            value_rows=rows.value_rows,
            numbers_of=lambda value: source_numbers(report, (granule.dataset_id for granule in value.granules)),
            evidence=evidence(shown, Voice(report.language)),
            withheld=spreadsheet.withheld(report),
            methods=_methods(shown),
            files=file_names(report)[1:],
            citation=citations.of_report(report),
            open_list=OPEN_LIST,
            font=fonts.embedded(),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
        .lstrip()
    )


def _drawn(report: Report, figure: Figure) -> Drawn:
    drawing = None if figure.missing else charts.draw(report, figure)
    return Drawn(figure, drawing, messages.words(report, figure), tuple(figure_sources(report, figure)))


def evidence(values: Iterable[Value], say: Voice) -> tuple[Evidence, ...]:
    """The values grouped by the granules they rest on, so that a list of a year of days is printed once.

    The digest is the sha256 of the sorted sha256 sums, one a line.
    """
    groups: dict[tuple[GranuleLine, ...], list[str]] = {}
    for value in values:
        when = say.period(value.period_start, value.period_end)
        label = f"{say.name(value.title)}, {say.name(value.location_title)}, {when}"
        granules = tuple(sorted(set(value.granules), key=lambda g: (g.dataset_id, g.url, g.sha256)))
        groups.setdefault(granules, []).append(label)
    return tuple(Evidence(tuple(labels), granules, _digest(granules)) for granules, labels in groups.items())


def figure_sources(report: Report, figure: Figure) -> list[tuple[str, str]]:
    """Provider, dataset and licence of each line and number, once, for the foot of a figure; then its address, or nothing.

    Of a reported depth it is what the seeds name, "publisher, title (day) address" with semicolons between them.
    """
    found = [report.source(name) for name in datasets_of(figure)]
    named = [(f"{source.provider}, {source.title} ({source.licence})", "") for source in found]
    return named + list(dict.fromkeys(told for mark in figure.marks for told in text.cited(mark.source)))


def datasets_of(figure: Figure) -> list[str]:
    """The datasets of the lines and numbers of a figure, each once."""
    named = [line.dataset_id for line in figure.lines]
    named += [granule.dataset_id for value in figure.values for granule in value.granules]
    named += [one.dataset_id for goal in figure.goals for one in goal.sources]
    return list(dict.fromkeys(named))


def source_numbers(report: Report, datasets: Iterable[str]) -> list[int]:
    """The places of these datasets in the list of sources, by which page and PDF point to them."""
    wanted = set(datasets)
    return [n for n, source in enumerate(report.sources, 1) if source.dataset_id in wanted]


def web_address(address: str | None) -> str | None:
    """The address if a browser may follow it; a ``javascript:`` address in metadata is no link."""
    return address if address and re.match(r"https?://", address) else None


def glue(words: str) -> str:
    """The words with no-break spaces between a number and its unit, so that a line never ends between them."""
    return re.sub(r"(?<=\d) (?=(?:%|°C|K|[mм]|[cсs][mм]|[mм]{2}|[kк][mм][²³]?|ppm|ppb)(?![\w²³]))", "\u00a0", words)


def _glued(words: str) -> str:
    """The same for a browser, which would also end a line behind the stroke of «см/жыл»; paper has a rule of its own."""
    return re.sub(r"(?<=[mм])/(?=il\b|жыл\b)", "/\u2060", glue(words))


def _refuse(value: Value) -> Refusal:
    shared = ("indicator_id", "title", "location_id", "location_title", "period_start", "period_end", "unit", "n_valid",
              "n_expected", "statistic", "status", "datum_id", "datum_title", "method_version", "headline")  # fmt: skip
    return Refusal(reason=NO_INTERVAL, **{name: getattr(value, name) for name in shared})


def _digest(granules: Iterable[GranuleLine]) -> str:
    return hashlib.sha256("\n".join(sorted({granule.sha256 for granule in granules})).encode()).hexdigest()


def interval_head(values: Iterable[Value], say: Voice) -> str:
    """The head of the column of intervals, with their level if it is the same for all."""
    levels = {value.ci_level for value in values if value.ci_level is not None}
    return say.words("{level} interval", level=text.level(levels.pop())) if len(levels) == 1 else say.words("Interval")


def _methods(values: Iterable[Value]) -> list[Value]:
    """One value for each indicator: its definition, version and reference are the same at every location."""
    return list({value.indicator_id: value for value in values}.values())


def templates(say: Voice) -> Environment:
    """The pages' templates, which speak with one voice."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("caspian_env.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {"glue": _glued, "web_address": web_address, "isoday": date.isoformat}
    filters |= {"polished": text.polished, "listed": text.listed, "cited": text.cited}
    spoken = ("day", "unit", "unit_after", "number", "uncertainty", "span", "qc", "name")
    filters |= {name: getattr(say, name) for name in spoken}
    environment.filters.update(filters)
    environment.globals.update(period=say.period, percent=text.level, status_mark=text.status_mark, _=say.words)
    return environment
