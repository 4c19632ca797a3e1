"""How a dataset and a report are credited: in plain words, as BibTeX, and as CSL-JSON for reference managers.

The provider's own citation and the licence stand in the note of both; the entry describes the dataset (DataCite Metadata
Schema 4: creator, title, publisher, version, identifier) and tells when it was last retrieved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Protocol

from caspian_env.reports import messages
from caspian_env.reports.model import Report
from caspian_env.reports.voice import Voice

_SPECIAL = {c: "\\" + c for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\^{}"}


class Cited(Protocol):
    """What a citation needs to know of a dataset."""

    @property
    def id(self) -> str:
        """Key of the entry."""

    @property
    def title(self) -> str:
        """Title of the product."""

    @property
    def provider(self) -> str:
        """Who publishes it."""

    @property
    def citation(self) -> str:
        """How the provider wants it to be cited."""

    @property
    def licence(self) -> str:
        """Under which it is used."""

    @property
    def product_version(self) -> str | None:
        """Version of the product."""

    @property
    def doi(self) -> str | None:
        """Digital object identifier."""

    @property
    def landing_page(self) -> str | None:
        """Address of its description."""


def plain(dataset: Cited, accessed: date | None = None) -> str:
    """One paragraph: the provider's citation, version, identifier, address, licence, and the day of the last retrieval."""
    parts = [dataset.citation.strip().rstrip(".")]
    said = dataset.citation.lower() + dataset.licence.lower()
    if dataset.product_version and dataset.product_version.lower() not in said:
        parts.append(f"Version {dataset.product_version.removeprefix('Version ')}")
    if dataset.doi and dataset.doi.lower() not in said + (dataset.landing_page or "").lower():
        parts.append(f"doi:{dataset.doi}")
    if dataset.landing_page and dataset.landing_page.rstrip("/").lower() not in said:
        parts.append(dataset.landing_page)
    parts.append(f"Licence: {dataset.licence.strip().rstrip('.')}")
    if accessed:
        parts.append(f"Retrieved {accessed:%Y-%m-%d}")
    return ". ".join(parts) + "."


def csl_json(dataset: Cited, accessed: date | None = None) -> dict[str, Any]:
    """An item of type ``dataset`` after the CSL-JSON schema 1.0; fields that are not known are left out."""
    item = {
        "id": dataset.id, "type": "dataset", "title": dataset.title, "author": [{"literal": dataset.provider}],
        "publisher": dataset.provider, "version": dataset.product_version, "DOI": dataset.doi,
        "URL": dataset.landing_page, "note": _note(dataset),
        "accessed": {"date-parts": [[accessed.year, accessed.month, accessed.day]]} if accessed else None,
    }  # fmt: skip
    return {name: value for name, value in item.items() if value is not None}


def bibtex(dataset: Cited, accessed: date | None = None) -> str:
    """An ``@misc`` entry with the dataset id as its key."""
    fields = {
        "author": "{" + _tex(dataset.provider) + "}", "title": "{" + _tex(dataset.title) + "}",
        "howpublished": "Dataset", "version": _tex(dataset.product_version or ""), "doi": dataset.doi or "",
        "url": dataset.landing_page or "", "urldate": f"{accessed:%Y-%m-%d}" if accessed else "",
        "note": _tex(_note(dataset)),
    }  # fmt: skip
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{dataset.id},\n" + ",\n".join(lines) + "\n}"


def _note(dataset: Cited) -> str:
    """The provider's citation without the DOI, which has a field of its own (styles print both), and the licence."""
    note = dataset.citation.strip()
    if dataset.doi:
        note = re.sub(rf"(,|\. Data:|;)?\s*doi:{re.escape(dataset.doi)}(?![\w/])", "", note, flags=re.IGNORECASE)
    return f"{note.rstrip('.')}. Licence: {dataset.licence.strip().rstrip('.')}."


def _tex(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def of_report(report: Report) -> str:
    """The suggested citation: of a frozen report that of its edition, of another what it is and as of when it is known."""
    if report.edition_citation:
        return report.edition_citation
    return suggested(
        report.title, report.as_of, report.code_version, Voice(report.language), synthetic=report.synthetic
    )


def suggested(
    title: str,
    as_of: datetime | None,
    code_version: str,
    say: Voice,
    *,
    synthetic: bool,
    edition: str = "",
    erratum: str = "",
) -> str:
    """How to cite a report or an edition of it (DataCite: creator, year, title, version, publisher), in its language.

    Parameters
    ----------
    as_of : datetime, optional
        As of when it is known; without it the report is no edition.
    erratum : str
        What an edition corrects, a sentence without its stop.
    """
    known = say.words("as known on {when} UTC", when=f"{as_of:%Y-%m-%d %H:%M}") if as_of else ""
    parts = [title, say.words("edition {edition}", edition=edition) if edition else ""]
    parts.append(known or say.words("not frozen as an edition"))
    sentences = [f"caspian-env ({as_of.year})" if as_of else "caspian-env", ", ".join(filter(None, parts)), erratum]
    sentences.append(say.words(messages.SYNTHETIC) if synthetic else "")
    made = say.words("Made with caspian-env {version}.", version=code_version)
    return " ".join([*(f"{words}." for words in sentences if words), made])


def report_csl_json(report: Report) -> dict[str, Any]:
    """An item of type ``report``: the edition, or the report as known then."""
    item = {
        "id": report.edition or report.id, "type": "report", "title": report.title, "language": report.language,
        "author": [{"literal": "caspian-env"}], "publisher": "caspian-env", "number": report.edition or None,
        "issued": {"date-parts": [[report.as_of.year, report.as_of.month, report.as_of.day]]} if report.as_of else None,
        "note": of_report(report),
    }  # fmt: skip
    return {name: value for name, value in item.items() if value is not None}


def report_bibtex(report: Report) -> str:
    """A ``@techreport`` entry with the name of the edition, or of the report, as its key."""
    fields = {
        "author": "{caspian-env}", "institution": "caspian-env", "title": "{" + _tex(report.title) + "}",
        "year": f"{report.as_of.year}" if report.as_of else "", "number": _tex(report.edition),
        "note": _tex(of_report(report)),
    }  # fmt: skip
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@techreport{{{report.edition or report.id},\n" + ",\n".join(lines) + "\n}"


def citation_files(
    stem: str, datasets: Iterable[tuple[Cited, date | None]], report: Report | None = None
) -> dict[str, bytes]:
    """File name to bytes: how a report, where there is one, and each dataset are cited, in the three forms.

    Parameters
    ----------
    stem : str
        Beginning of the names, e.g. ``bulletin-``.
    datasets : iterable of pairs
        Each dataset used, and the day on which its newest bytes were retrieved.
    """
    used = list(datasets)
    items = [csl_json(*pair) for pair in used]
    entries = [bibtex(*pair) for pair in used]
    said = [plain(*pair) for pair in used]
    if report is not None:
        items.insert(0, report_csl_json(report))
        entries.insert(0, report_bibtex(report))
        said.insert(0, of_report(report))
    return {
        f"{stem}citations.bib": ("\n\n".join(entries) + "\n").encode(),
        f"{stem}citations.csl.json": (json.dumps(items, ensure_ascii=False, indent=2) + "\n").encode(),
        f"{stem}citations.txt": ("\n\n".join(said) + "\n").encode(),
    }


def citations_of_report(report: Report) -> dict[str, bytes]:
    """The files that credit a report and every dataset it stands on."""
    mark = "-synthetic" if report.synthetic else ""
    return citation_files(f"{report.id}{mark}-", [(source, source.accessed) for source in report.sources], report)
