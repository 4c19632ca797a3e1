"""Citations that reference managers take, whatever a title holds."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import pytest

from caspian_env.reports.citations import bibtex, citations_of_report, csl_json, of_report, plain
from caspian_env.reports.page import page
from caspian_env.seeds import load_datasets
from tests.reports.synthetic_bulletin import bulletin, source

DATASETS = load_datasets()
DAY = date(2026, 11, 20)


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_every_dataset_can_be_cited(dataset) -> None:
    assert dataset.citation.strip().rstrip(".") in plain(dataset, DAY)
    assert plain(dataset, DAY).endswith("Retrieved 2026-11-20.")
    entry = bibtex(dataset, DAY)
    unescaped = re.sub(r"\\[{}]", "", entry)
    assert unescaped.count("{") == unescaped.count("}")
    assert entry.startswith(f"@misc{{{dataset.id},\n") and "urldate = {2026-11-20}" in entry
    assert not re.search(r"(?<!\\)[&%#]", entry)
    item = csl_json(dataset, DAY)
    assert json.loads(json.dumps(item)) == item
    assert (item["type"], item["title"]) == ("dataset", dataset.title)
    assert item["accessed"] == {"date-parts": [[2026, 11, 20]]}


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_nothing_is_said_twice(dataset) -> None:
    if dataset.doi:
        assert bibtex(dataset, DAY).lower().count(dataset.doi.lower()) == 1
        assert json.dumps(csl_json(dataset, DAY), ensure_ascii=False).lower().count(dataset.doi.lower()) == 1
        assert plain(dataset, DAY).lower().count(dataset.doi.lower()) <= 1
    if dataset.landing_page:
        assert len(re.findall(re.escape(dataset.landing_page) + r"(?=[\s;,.]|$)", plain(dataset, DAY))) <= 1
    note = csl_json(dataset, DAY)["note"]
    assert note[-1] not in ",;:" and "  " not in note and ".." not in note and ", ." not in note


def test_letters_that_tex_would_take_for_commands() -> None:
    dataset = replace(DATASETS["noaa_gml_co2"], title=r"50 % of A&B {draft} a_b #1 \x", doi=None)
    assert r"title = {{50 \% of A\&B \{draft\} a\_b \#1 \textbackslash{}x}}" in bibtex(dataset)
    assert "urldate" not in bibtex(dataset) and "accessed" not in csl_json(dataset) and "DOI" not in csl_json(dataset)


def test_a_report_is_cited_first_and_then_each_of_its_sources() -> None:
    files = citations_of_report(bulletin())
    assert list(files) == [
        f"bulletin-synthetic-citations.{ending}" for ending in ("bib", "csl.json", "txt")
    ]  # fmt: skip
    bib, csl, text = (content.decode() for content in files.values())
    keys = ["bulletin", *(source.dataset_id for source in bulletin().sources)]
    assert re.findall(r"^@\w+\{(.*),$", bib, flags=re.MULTILINE) == keys
    assert [item["id"] for item in json.loads(csl)] == keys
    assert json.loads(csl)[0]["issued"] == {"date-parts": [[2026, 11, 25]]}
    assert text.startswith(
        "caspian-env (2026). Caspian Sea monthly bulletin, as known on 2026-11-25 00:00 UTC. SYNTHETIC"
    )
    assert len(text.strip().split("\n\n")) == len(keys)


def test_a_citation_says_version_identifier_licence_and_day() -> None:
    told = plain(
        source("x", product_version="v9", doi="10.1/x", landing_page=None, licence="CC BY 4.0"), date(2026, 1, 2)
    )  # fmt: skip
    assert told == "Citation of x. Version v9. doi:10.1/x. Licence: CC BY 4.0. Retrieved 2026-01-02."


def test_an_edition_is_cited_as_it_was_frozen() -> None:
    frozen = replace(bulletin(), edition="bulletin-3", edition_citation="As frozen.")
    assert of_report(frozen) == "As frozen."
    assert "@techreport{bulletin-3," in citations_of_report(frozen)["bulletin-synthetic-citations.bib"].decode()
    assert "Cite this report as: As frozen." in page(frozen)


def test_a_version_is_not_called_version_twice_on_the_page() -> None:
    sources = tuple(replace(one, product_version="Version 5") for one in bulletin().sources)
    made = page(replace(bulletin(), sources=sources))
    assert ", version 5 ·" in made
    assert "version version" not in made.lower()
