"""The first page of the site: what is said first, the reports by language, and every indicator with its newest number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from caspian_env.reports import fonts, messages, text
from caspian_env.reports.model import Report
from caspian_env.reports.page import file_names, templates
from caspian_env.reports.site_pages import OF_INDICATOR
from caspian_env.reports.voice import Voice

Row = tuple[str, str, str, Sequence[Any]]  # title, id where titles are alike, page and newest number of an indicator
LANGUAGE_NAMES = {"en": "English", "ru": "Русский", "kk": "Қазақша", "az": "Azərbaycanca"}
# Headings of the indicators by the beginning of their ids, in the order of the page; what none of them takes comes last.
GROUPS = (
    ("Water level", ("sl_", "steric_", "mass_", "regime_", "proj_")),
    ("Water balance", ("wb_", "inflow_", "evap_", "net_precip_", "volga_")),
    ("Sea surface, heatwaves and ice", ("sst_", "mhw_", "ice_", "chl_")),
    ("Area, shore and ports", ("geom_", "shore_", "port_")),
    ("Climate", ("t2m_", "precip_", "spi_", "spei_", "heat_", "frost_", "tropical_", "gmst_")),
    ("Greenhouse gases in the air", ("co2_", "ch4_global_")),
    ("Emissions and energy", ("ghg_", "ch4_", "re_", "power_", "wind_", "water_", "nd_", "population_")),
    ("Progress to each target, by source", ("ndc_",)),
)
OTHERS = "Others"
FOLDED = 40  # from so many rows on a group is unfolded by the reader


def indexes(reports: Sequence[Report], *, synthetic: bool) -> dict[str, bytes]:
    """File name to bytes: the first page in every language that a report is in, each with links to the others."""
    spoken = [one for one in LANGUAGE_NAMES if one == "en" or any(report.language == one for report in reports)]
    others = [(language, LANGUAGE_NAMES[language], _name(language)) for language in spoken]
    return {_name(one): index(reports, synthetic=synthetic, language=one, languages=others) for one in spoken}


def _name(language: str) -> str:
    return "index.html" if language == "en" else f"index.{language}.html"


def index(
    reports: Sequence[Report], *, synthetic: bool, language: str = "en", languages: Sequence[tuple[str, str, str]] = ()
) -> bytes:
    """The first page: the key messages of the first report, the reports, and every indicator by what it is about.

    Parameters
    ----------
    reports : sequence of Report
        Reports in their languages, and the pages of indicators, which are in English.
    languages : sequence of (language, its name, file)
        The same page in every language, this one too.
    """
    say = Voice(language)
    leading = next((one for one in reports if one.language == language and not one.id.startswith(OF_INDICATOR)), None)
    said = messages.key_messages(leading) if leading else ()
    page = templates(say).get_template("index.html").render(
        messages=[(one.headline, one.detail, f"{file_names(leading)[0]}#{one.anchor}") for one in said] if leading else [],
        reports=_reports(reports, language), groups=_groups(reports), folded=FOLDED, font=fonts.embedded(),
        language=language, languages=languages, synthetic_words=say.words(messages.SYNTHETIC) if synthetic else "",
        css=(files("caspian_env.reports") / "templates" / "report.css").read_text(encoding="utf-8"),
    )  # fmt: skip
    return page.encode("utf-8")


def _reports(reports: Sequence[Report], language: str) -> list[dict[str, Any]]:
    """Each report once: its title and readers in the language, its pages and PDFs by language, and its other files."""
    found: dict[str, dict[str, Any]] = {}
    for report in reports:
        if report.id.startswith(OF_INDICATOR):
            continue
        told = found.setdefault(
            report.id, {"title": report.title, "audience": report.audience, "pages": [], "beside": []}
        )
        if report.language == language:
            told |= {"title": report.title, "audience": report.audience}
        name, printed = file_names(report)[0], [file for file in report.downloads if file.endswith(".pdf")]
        told["pages"].append(
            (report.language, LANGUAGE_NAMES.get(report.language, report.language), report.title, name, printed)
        )
        told["beside"] += [f for f in report.downloads if not f.endswith(".pdf") and f not in told["beside"]]
    return list(found.values())


def _groups(reports: Sequence[Report]) -> list[tuple[str, list[Row]]]:
    """The indicators under their headings; empty headings are left out."""
    rows: dict[str, list[Row]] = {heading: [] for heading in (*dict(GROUPS), OTHERS)}
    for report in reports:
        if report.id.startswith(OF_INDICATOR):
            name = report.id.removeprefix(OF_INDICATOR)
            fitting = [
                (len(begins), heading) for heading, all_of in GROUPS for begins in all_of if name.startswith(begins)
            ]
            heading = max(fitting)[1] if fitting else OTHERS
            rows[heading].append((report.title, name, file_names(report)[0], text.latest(report.values)[:1]))
    often = Counter(title for entries in rows.values() for title, *_ in entries)
    return [
        (heading, [(title, name if often[title] > 1 else "", page, values) for title, name, page, values in entries])
        for heading, entries in rows.items()
        if entries
    ]
