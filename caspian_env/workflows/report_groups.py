"""The numbers of a report ordered by what they speak to: COP29 themes, SDG, Tehran Convention, GCOS, WMO headlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from caspian_env.model import Indicator
from caspian_env.reports.model import Report, Section
from caspian_env.reports.numbers import Value
from caspian_env.reports.voice import Voice
from caspian_env.seeds.crosswalk import load_frameworks
from caspian_env.workflows.exchange import grouped

NAMES = {
    "theme": "COP29 theme", "sdg": "SDG", "tehran": "Tehran Convention", "gcos": "GCOS essential climate variable",
    "wmo": "WMO headline climate indicator",
}  # fmt: skip
ELSEWHERE = "in none of them"
WORDED = ("gcos", "wmo")  # their codes are words


def by_framework(report: Report, indicators: Mapping[str, Indicator], framework: str) -> Report:
    """The same report with its numbers in a section for each code of a framework, under every code that they have.

    Texts, figures and tables of words stay in the sections of the report, which come first; a section that held numbers
    alone is left out. Its files are named after the framework, so that they do not take the place of the report's.

    Raises
    ------
    SettingsError
        When the framework is not known.
    """
    mine = [indicators[name] for name in dict.fromkeys(v.indicator_id for s in report.sections for v in s.values)]
    codes: dict[str, list[str]] = {}
    for code, indicator in grouped(mine, framework):
        codes.setdefault(code, []).append(indicator.id)
    first = tuple(replace(s, values=()) for s in report.sections if s.text or s.figures or s.tables)
    numbers = list(dict.fromkeys(value for section in report.sections for value in section.values))
    held = tuple(_section(n, code, ids, framework, numbers, report) for n, (code, ids) in enumerate(codes.items(), 1))
    rows = f"{report.rows_name}-by-{framework}" if report.rows_name else ""
    return replace(report, id=f"{report.id}-by-{framework}", sections=(*first, *held), rows_name=rows)


def _section(n: int, code: str, ids: list[str], framework: str, numbers: list[Value], report: Report) -> Section:
    return Section(
        id=f"{framework}-{n}",
        heading=heading(Voice(report.language), framework, code),
        values=tuple(value for value in numbers if value.indicator_id in ids),
        shows=tuple(ids),
    )


def heading(say: Voice, framework: str, code: str) -> str:
    """What stands over the numbers of a code; a code that is made of words says no more than its title."""
    if not code:
        return f"{say.name(NAMES[framework])}: {say.name(ELSEWHERE)}"
    title = say.name(load_frameworks()[framework][code].title)
    if framework in WORDED:
        return f"{say.name(NAMES[framework])}: {title}"
    return f"{say.name(NAMES[framework])} {say.find(code) or code}: {title}"
