"""How a dataset is credited: in plain words, as BibTeX, and as CSL-JSON for reference managers.

The provider's own citation stands in the note of both; the entry describes the dataset (DataCite Metadata Schema 4:
creator, title, publisher, version, identifier) and tells when it was last retrieved.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from caspian_env.model import Dataset

_SPECIAL = {c: "\\" + c for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\^{}"}


def plain(dataset: Dataset, accessed: date | None = None) -> str:
    """One paragraph: the provider's citation, the address, and the day of the last retrieval."""
    parts = [dataset.citation.strip().rstrip(".")]
    if dataset.landing_page and dataset.landing_page.rstrip("/") not in dataset.citation:
        parts.append(dataset.landing_page)
    if accessed:
        parts.append(f"Retrieved {accessed:%Y-%m-%d}")
    return ". ".join(parts) + "."


def csl_json(dataset: Dataset, accessed: date | None = None) -> dict[str, Any]:
    """An item of type ``dataset`` after the CSL-JSON schema 1.0; fields that are not known are left out."""
    item = {
        "id": dataset.id, "type": "dataset", "title": dataset.title, "author": [{"literal": dataset.provider}],
        "publisher": dataset.provider, "version": dataset.product_version, "DOI": dataset.doi,
        "URL": dataset.landing_page, "note": _note(dataset),
        "accessed": {"date-parts": [[accessed.year, accessed.month, accessed.day]]} if accessed else None,
    }  # fmt: skip
    return {name: value for name, value in item.items() if value is not None}


def bibtex(dataset: Dataset, accessed: date | None = None) -> str:
    """An ``@misc`` entry with the dataset id as its key."""
    fields = {
        "author": "{" + _tex(dataset.provider) + "}", "title": "{" + _tex(dataset.title) + "}",
        "howpublished": "Dataset", "version": _tex(dataset.product_version or ""), "doi": dataset.doi or "",
        "url": dataset.landing_page or "", "urldate": f"{accessed:%Y-%m-%d}" if accessed else "",
        "note": _tex(_note(dataset)),
    }  # fmt: skip
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{dataset.id},\n" + ",\n".join(lines) + "\n}"


def _note(dataset: Dataset) -> str:
    """The provider's citation without the DOI, which has a field of its own; styles print both."""
    citation = dataset.citation.strip()
    if not dataset.doi:
        return citation
    return re.sub(rf"(,|\. Data:|;)?\s*doi:{re.escape(dataset.doi)}(?![\w/])", "", citation, flags=re.IGNORECASE)


def _tex(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in text)
