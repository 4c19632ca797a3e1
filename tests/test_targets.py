"""Targets are rows with a validity; what is wrong in them is named, and a level is never taken for a cut."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from caspian_env.errors import SeedError
from caspian_env.seeds.commitments import load_rules
from caspian_env.seeds.crosswalk import FRAMEWORKS, load_crosswalk, load_frameworks
from caspian_env.seeds.targets import load_pledges, load_targets, whole_date
from caspian_env.settings import data_folder
from caspian_env.wiring import load_seeds
from tests.command_line import caspian_env

COP29, TODAY = date(2024, 11, 30), date(2026, 11, 26)


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "seeds"
    folder.mkdir()
    for name in ("targets.csv", "pledges.csv", "countries.csv", "commitments.yaml"):
        shutil.copy(data_folder("seeds") / name, folder)
    return folder


def test_russia_is_allowed_seventy_percent_and_cuts_thirty() -> None:
    target = load_targets()["rus_2030"]
    assert (target.level_pct, target.cut_pct) == (70, 30)


def test_the_pledges_of_a_day_are_those_of_that_day() -> None:
    targets = load_targets()
    then = {name for name, row in targets.items() if row.valid_at(COP29)}
    now = {name for name, row in targets.items() if row.valid_at(TODAY)}
    assert then - now == {"aze_2050"}
    assert now - then == {"aze_2035", "kaz_2035", "rus_2035_low", "rus_2035_high"}
    assert "tkm_2030_first" not in then | now
    assert targets["tkm_2030_first"].valid_at(date(2020, 1, 1))
    assert {targets[name].country for name in now} == {"AZE", "IRN", "KAZ", "RUS", "TKM", "globe"}


@pytest.mark.parametrize(
    ("text", "day"),
    [("2023", date(2023, 12, 31)), ("2024-02", date(2024, 2, 29)), ("2016-12-06", date(2016, 12, 6))],
)
def test_a_date_in_part_counts_from_its_end(text: str, day: date) -> None:
    assert whole_date(text) == day


def test_only_targets_with_a_base_year_and_a_level_below_it_are_computed() -> None:
    targets = load_targets()
    assert not any(targets[name].computable for name in ("irn_2030", "kaz_2035", "tkm_2030_first"))
    promised = {one.target for one in load_seeds().indicators.values() if one.target}
    assert promised == {n for n, row in targets.items() if row.computable and row.country != "globe"}
    with pytest.raises(SeedError, match="no base year with a level below it"):
        targets["irn_2030"].parameters()


def test_what_was_not_read_is_named(seeds: Path) -> None:
    for row in load_targets().values():
        assert row.mark == "P" or {"level_pct", "valid_from", "url"} & set(row.unconfirmed.split())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("1990,year,70,", "1990,year,170,", "no share of the base"),
        ("1990,year,70,", ",year,70,", "base and base_year do not fit"),
        ("rus_2030,RUS", "rus_2030,XXX", "country names 'XXX'"),
        ("2020-11-25,2020-11-25", "2020-11-25,25.11.2020", "valid_from is '25.11.2020'"),
        ("2020-11-25,2020-11-25,,2030", "2020-11-25,2020-11-25,2019-01-01,2030", "ends before it begins"),
        ("no,included,unknown,https://unfccc.int/sites/default/files/NDC/2022-06/NDC_RF_eng.pdf,,P,gwp_set page",
         "no,included,unknown,https://unfccc.int/sites/default/files/NDC/2022-06/NDC_RF_eng.pdf,,P,gwp_set", "page is empty"),
        ("P,gwp_set page", "P,gwp page", "unconfirmed names gwp"),
        ("2030,1990,year,70", "1980,1990,year,70", "does not follow its base year"),
        ("rus_2030,", "kaz_2030,", "stands twice"),
        ("absolute,no,included,unknown", "absolute,maybe,included,unknown", "conditional names 'maybe'"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named(seeds: Path, old: str, new: str, words: str) -> None:
    path = seeds / "targets.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SeedError, match=words):
        load_targets(seeds)


def test_global_pledges_are_context_and_name_no_compliance() -> None:
    pledges = load_pledges()
    assert {row.scope for row in pledges.values()} == {"global"}
    methane = {row.country: row for row in pledges.values() if row.pledge == "Global Methane Pledge"}
    assert {c for c, row in methane.items() if row.standing == "member"} == {"AZE", "KAZ", "TKM"}
    assert not methane["AZE"].valid_at(date(2024, 3, 1))
    assert methane["AZE"].valid_at(COP29)


def test_the_rules_name_sources_that_have_indicators(seeds: Path) -> None:
    indicators = load_seeds().indicators
    for source in load_rules().sources:
        assert f"ghg_total_1y_{source}" in indicators
        assert any(one.endswith(f"_{source}") for one in indicators if one.startswith("ndc_progress_1y_"))
    (seeds / "commitments.yaml").write_text("- {id: sources, value: [edgar], why: x}\n", encoding="utf-8")
    with pytest.raises(SeedError, match="newest_within_years"):
        load_rules(seeds)


def test_the_command_shows_the_targets_of_a_day(tmp_path: Path) -> None:
    done = caspian_env("targets", "AZE", "--as-of", "2024-11-30", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {row["id"]: row["cut_pct"] for row in json.loads(done.stdout)} == {"aze_2030": 35.0, "aze_2050": 40.0}
    wrong = caspian_env("targets", "FRA", cwd=tmp_path)
    assert (wrong.returncode, "known: AZE, IRN, KAZ" in wrong.stderr) == (2, True)


def test_every_indicator_has_its_row_in_the_crosswalk() -> None:
    rows, indicators = load_crosswalk(), load_seeds().indicators.values()
    assert set(rows) == {one.definition for one in indicators}
    assert all(row.source and row.codes("theme") for row in rows.values())
    used = {(name, code) for row in rows.values() for name in FRAMEWORKS for code in row.codes(name)}
    named = {(name, code) for name, codes in load_frameworks().items() for code in codes}
    assert {one for one in named - used if one[0] != "theme"} == set()


def test_the_crosswalk_takes_no_code_that_nobody_explains(seeds: Path) -> None:
    shutil.copy(data_folder("seeds") / "frameworks.csv", seeds)
    (seeds / "crosswalk.csv").write_text("definition,theme,sdg,source\nsl_mean_1y,H,99.9,x\n", encoding="utf-8")
    with pytest.raises(SeedError, match=r"99\.9"):
        load_crosswalk(seeds)
