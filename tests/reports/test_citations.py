"""Citations that reference managers take, whatever a title holds."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import pytest

from caspian_env.reports.citations import bibtex, csl_json, plain
from caspian_env.seeds import load_datasets

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
