"""Reports from the catalog: every definition of the seeds in every language, and a new one from a file alone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from caspian_env.errors import SeedError
from caspian_env.reports import promises, text
from caspian_env.reports.page import build
from caspian_env.reports.placed import PLACE
from caspian_env.reports.voice import Voice
from caspian_env.seeds import load_reports
from caspian_env.seeds.crosswalk import FRAMEWORKS, load_crosswalk, load_frameworks
from caspian_env.wiring import Platform, load_seeds
from caspian_env.workflows.compute import compute
from caspian_env.workflows.report import fill_report
from caspian_env.workflows.report_groups import NAMES, by_framework, heading
from caspian_env.workflows.report_numbers import shown_indicators
from caspian_env.workflows.run import collect
from tests.workflows.conftest import opened

NEW = """
- id: gases
  title: {en: A note on gases, ru: Заметка о газах}
  languages: [en, ru, az]
  headlines: []
  sections:
    - id: carbon
      heading: Carbon dioxide
      text: ["Now {co2_mean_1y@mauna_loa|number} in {co2_mean_1y@mauna_loa|period}; the sea: {sl_mean_1y_dahiti@caspian_sea}."]
      figures:
        - {id: years, kind: lines, lines: [{indicator: co2_mean_1y, locations: [mauna_loa]}]}
      indicators: [co2_growth_1y]
"""


@pytest.fixture
def filled(small_mirror: Path, tmp_path: Path):
    with opened(tmp_path / "home", small_mirror) as platform:
        collect(platform, only=["noaa_gml_co2"])
        compute(platform)
        yield platform


def report(platform: Platform, name: str, language: str = "en"):
    with platform.catalog.read() as connection:
        return fill_report(connection, platform, name, language=language)


def test_every_report_is_made_in_every_language_that_it_names(filled: Platform) -> None:
    made = set()
    for name, definition in load_reports().items():
        for language in definition["languages"]:
            found = report(filled, name, language)
            assert report(filled, name, language) == found
            page = next(content for file, content in build(found).items() if file.endswith(".html"))
            assert f'<html lang="{language}">' in page.decode()
            assert not PLACE.search(page.decode().split("</style>")[1])
            made.add(name)
    assert made >= {"bulletin", "annual", "cop29", "ports", "quality"}


def test_a_new_report_is_a_file_and_no_code(filled: Platform) -> None:
    own = filled.settings.own_files
    own.mkdir()
    (own / "gases.yaml").write_text(f"reports:\n{NEW}", encoding="utf-8")
    filled = replace(filled, seeds=load_seeds(own=own))
    found = report(filled, "gases")
    newest = text.latest(v for v in found.values if v.indicator_id == "co2_mean_1y")[0]
    assert (
        found.sections[0].text[0].startswith(f"Now {newest.printed} in {newest.period_start.year}; the sea: no number")
    )
    assert (
        newest.value_id
        == f"co2_mean_1y@mauna_loa@{newest.period_start.year}-01-01/{newest.period_start.year + 1}-01-01"
    )
    assert {value.indicator_id for value in found.sections[0].values} == {"co2_growth_1y"}
    assert set(build(found)) == {"gases.html", "gases.csv", "gases-observations.csv"}
    assert report(filled, "gases", "ru").title == "Заметка о газах"
    assert report(filled, "gases", "az").title == "[en] A note on gases"
    with pytest.raises(SeedError, match="not published in 'kk'"):
        report(filled, "gases", "kk")
    with pytest.raises(SeedError, match="is no report"):
        report(filled, "nothing")


def test_numbers_and_key_messages_stand_in_the_order_of_the_definition(filled: Platform) -> None:
    named = ["sl_mean_1y", "sl_rank", "sl_mean_1y_dahiti"]  # the last is a variant of the first, placed in a text
    order = [one.id for one in shown_indicators(filled, named)]
    assert order.index("sl_mean_1y_dahiti") < order.index("sl_mean_1y_reported") < order.index("sl_rank_dahiti")
    collect(filled, only=["reported_levels"])
    compute(filled)
    wanted = [name for line in load_reports()["annual"]["headlines"] for name in line["of"]]
    leading = report(filled, "annual").leading
    assert leading == tuple(name for name in wanted if name in leading)
    assert len(leading) > 1


def test_a_number_in_a_text_is_followed_by_period_interval_and_status_in_brackets(filled: Platform) -> None:
    (said,) = next(s for s in report(filled, "cop29").sections if s.id == "greenhouse-gases").text
    assert re.match(r"Carbon dioxide at Mauna Loa: [\d.]+ ppm \(20\d\d; 90 % interval [\d.]+ to [\d.]+", said), said


def test_a_figure_without_data_says_why(filled: Platform) -> None:
    figures = {figure.id: figure for figure in report(filled, "annual").figures}
    assert figures["surface-stripes"].missing
    assert figures["surface-stripes"].title == "Yearly surface temperature as stripes"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_numbers_of_a_report_stand_by_framework(filled: Platform, framework: str) -> None:
    whole, crossings = report(filled, "cop29"), load_crosswalk()
    found = by_framework(whole, filled.seeds.indicators, framework)
    assert {v.value_id for s in found.sections for v in s.values} == {
        v.value_id for s in whole.sections for v in s.values
    }
    assert found.values == whole.values
    grouped = [section for section in found.sections if section.id.startswith(f"{framework}-")]
    assert [section for section in found.sections if section.values] == grouped != []
    for section in grouped:
        codes = {crossings[filled.seeds.indicators[v.indicator_id].definition].codes(framework) for v in section.values}
        code = section.heading.partition(": ")[0].removeprefix(NAMES[framework]).strip()
        assert framework != "theme" or all(code in of_one for of_one in codes)
        assert ("in none of them" in section.heading) == (codes == {()})
    assert f"cop29-by-{framework}.html" in build(found)


@pytest.mark.parametrize("language", ["ru", "kk", "az"])
def test_headings_by_framework_are_in_the_language_of_the_report(filled: Platform, language: str) -> None:
    for framework, codes in load_frameworks().items():
        said = [heading(Voice(language), framework, code) for code in (*codes, "")]
        assert not [words for words in said if "[en]" in words], framework
        assert not set(said) & {heading(Voice(), framework, code) for code in codes}
        found = by_framework(report(filled, "cop29", language), filled.seeds.indicators, framework)
        assert {s.heading for s in found.sections if s.id.startswith(f"{framework}-")} <= set(said)
    assert heading(Voice("ru"), "theme", "A") == "Тема COP29 A: Национальные вклады и смягчение изменений климата"
    assert heading(Voice("az"), "tehran", "Article 16").startswith("Tehran Konvensiyası maddə 16: ")
    assert heading(Voice(), "wmo", "sea level") == "WMO headline climate indicator: Global mean sea level"


@pytest.mark.parametrize("language", ["ru", "kk", "az"])
def test_tables_of_words_are_translated_or_marked(filled: Platform, language: str) -> None:
    """Levels that others report, and what was promised: no cell of words stays English without the mark of it."""
    collect(filled, only=["reported_levels"])
    english = {t.id: t for name in ("bulletin", "cop29") for s in report(filled, name).sections for t in s.tables}
    told = {
        t.id: t for name in ("bulletin", "cop29") for s in report(filled, name, language).sections for t in s.tables
    }
    assert len(english["reported"].rows) == len(told["reported"].rows) > 3
    by_column = [
        ("reported", (1, 2, 3, 4)),
        ("targets", (0, 1, 4)),
        ("pledges", (0, 1, 2, 4)),
    ]  # a source has its own name
    for name, columns in by_column:
        assert told[name].rows, name
        for before, after in zip(english[name].rows, told[name].rows, strict=True):
            for column in columns:
                assert after[column] == f"[en] {before[column]}" or after[column] != before[column], after
    assert told["reported"].rows[0][1] == Voice(language).name("Caspian Sea without Kara-Bogaz-Gol")
    assert told["reported"].rows[0][4].startswith("[en] Kazhydromet, ")
    assert not [row[4] for row in told["targets"].rows if "[en]" in row[4]]
    page = next(c for n, c in build(report(filled, "bulletin", language)).items() if n.endswith(".html")).decode()
    assert "[en] Kazhydromet, " in page and 'data-label="Reported by"' not in page


@pytest.mark.parametrize("language", ["ru", "kk", "az"])
def test_targets_of_one_year_are_told_apart_in_the_language(filled: Platform, language: str) -> None:
    for name in filled.seeds.targets:
        said = promises.short_name(Voice(language), name)
        assert "[en]" not in said and not re.search(r"conditional|low|high|first", said), said
    assert promises.short_name(Voice(), "rus_2035_low") == "RUS 2035 lower end"


def test_who_joined_a_declaration_is_named_in_full(filled: Platform) -> None:
    (told,) = (t for s in report(filled, "cop29").sections for t in s.tables if t.id == "pledges")
    assert "Azerbaijan" in {row[0] for row in told.rows}
    assert not [row for row in told.rows if re.search(r"\b[A-Z]{3}\b", row[0])]
