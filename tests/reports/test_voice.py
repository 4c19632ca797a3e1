"""Four languages: whole catalogues, numbers and dates as each writes them, and a translation that is missing is seen."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from caspian_env import reports
from caspian_env.reports import charts, figure_words, messages, page, patterns, site_index, text
from caspian_env.reports.fonts import RANGES
from caspian_env.reports.voice import LANGUAGES, Voice, catalogue
from caspian_env.seeds import load_reports
from caspian_env.seeds.manual import load_reportables
from caspian_env.settings import data_folder
from caspian_env.wiring import Seeds, load_seeds
from caspian_env.workflows.handed_on import kept_back, why_kept_back
from tests.reports.synthetic_bulletin import bulletin, rate, utc

FOLDER = Path(reports.__file__).parent
OTHERS = [language for language in LANGUAGES if language != "en"]


def said() -> set[str]:
    """Every sentence that code and templates hand over to be translated."""
    found = set(messages_of_legends())
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "words"
                and node.args
            ):
                found |= {
                    c.value for c in ast.walk(node.args[0]) if isinstance(c, ast.Constant) and isinstance(c.value, str)
                }
    for name in ("report.html", "index.html"):
        template = (FOLDER / "templates" / name).read_text(encoding="utf-8")
        found |= {match[2] for match in re.finditer(r"\b_\((['\"])(.*?)\1", template)}
    found |= {*dict(site_index.GROUPS), site_index.OTHERS, figure_words.SHORES_LEGEND, figure_words.NO_SHORES}
    return {words for words in found if words}


def messages_of_legends() -> list[str]:
    legends = [legend for _, legend in messages.FIGURES.values()]
    return [*legends, *page.INTERVAL_NOTES, *patterns.TEMPLATES, messages.SYNTHETIC]


def blanks(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_with_the_same_blanks(language):
    voice = Voice(language)
    wanted = said()
    assert len(wanted) > 90
    assert [words for words in sorted(wanted) if voice.find(words) is None] == []
    for message in catalogue(language):
        if message.id:
            assert blanks(message.string) == blanks(message.id), message.id


def named_in_reports(seeds: Seeds) -> set[str]:
    """Titles and definitions of the indicators of every report, their places, targets, pledges and reported quantities."""
    named = {one.title for one in (*seeds.targets.values(), *load_reportables().values())}
    named |= {one.pledge for one in seeds.pledges.values()}
    for definition in load_reports(data_folder("seeds")).values():
        sections = definition["sections"]
        figures = [figure for section in sections for figure in section.get("figures", ())]
        ids = [name for section in sections for name in section.get("indicators", ())]
        ids += [name for figure in figures for name in figure.get("values", ())]
        ids += [line["indicator"] for figure in figures for line in figure.get("lines", ()) if "indicator" in line]
        ids += [name for headline in definition["headlines"] for name in headline["of"]]
        for one in seeds.indicators.values():
            if one.id in ids or one.definition in ids:
                named |= {one.title, one.statistic, *(seeds.locations[place].title for place in one.locations)}
    return named


@pytest.mark.parametrize("language", OTHERS)
def test_what_the_reports_name_has_a_name_in_every_language(language):
    named = named_in_reports(load_seeds())
    assert len(named) > 150
    assert sorted(name for name in named if Voice(language).name(name).startswith("[en]")) == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_indicator_and_its_places_have_a_name_for_the_index_of_the_site(language):
    seeds = load_seeds()
    named = {one.title for one in seeds.indicators.values()}
    named |= {seeds.locations[place].title for one in seeds.indicators.values() for place in one.locations}
    assert len(named) > 300
    assert sorted(name for name in named if Voice(language).name(name).startswith("[en]")) == []


def test_a_title_is_known_by_its_parts_only_if_all_of_them_are():
    known = Voice("ru").name("Gap, EDGAR, AR5, without land use: AZE, 65 % of 1990 in 2030")
    assert known.startswith("Разрыв, EDGAR, AR5, без землепользования: Азербайджан, ")
    assert Voice("ru").name("Gap, EDGAR, AR9, without land use").startswith("[en] Gap")


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_stands_twice_in_a_catalogue(language):
    told = re.findall(
        r'^msgid "(.+)"$', (FOLDER / "languages" / f"{language}.po").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [words for words in set(told) if told.count(words) > 1] == []


@pytest.mark.parametrize("language", OTHERS)
def test_the_embedded_type_has_every_letter_of_the_catalogue(language):
    letters = {ord(letter) for message in catalogue(language) for letter in str(message.string)} - {10}
    assert {hex(code) for code in letters if not any(first <= code <= last for first, last in RANGES)} == set()


def test_numbers_units_and_dates_are_written_as_the_language_does():
    assert Voice("ru").quantity(-7.13, 1, "cm year-1") == "−7,1 см в год"
    assert Voice("az").quantity(1.25, 2, "m") == "1,25 m"
    assert Voice("ru").day(utc(2026, 8, 1)) == "1 августа 2026\u202fг."
    assert Voice("az").day(utc(2026, 8, 1)) == "1 avqust 2026"
    assert Voice("kk").month(8) == "Тамыз"
    assert Voice("kk").period(utc(2026, 8), utc(2026, 9)) == "тамыз 2026"
    assert Voice("en").period(utc(2026, 8), utc(2026, 9)) == "August 2026"
    assert Voice("ru").period(utc(2026, 8), utc(2026, 9)) == "август 2026"
    assert Voice("ru").interval(rate()) == "интервал 90 %: от −13,0 до −1,2"


def test_years_and_days_are_counted_as_the_language_does():
    assert [Voice().quantity(n, 0, "year") for n in (1, 2)] == ["1 year", "2 years"]
    forms = {1: "год", 2: "года", 11: "лет", 21: "год", 30: "лет", 43: "года", 0: "лет"}
    assert {n: Voice("ru").quantity(n, 0, "year").partition(" ")[2] for n in forms} == forms
    assert [Voice("ru").quantity(n, 0, "d") for n in (1, 3, 5)] == ["1 день", "3 дня", "5 дней"]
    assert Voice("ru").quantity(1.5, 1, "year") == "1,5 лет"
    assert [Voice("kk").quantity(n, 0, "year") for n in (1, 2)] == ["1 жыл", "2 жыл"]


@pytest.mark.parametrize("language", OTHERS)
def test_every_datum_has_a_name_in_every_language(language):
    datums = load_seeds().datums.values()
    assert [one.title for one in datums if one.id != "none" and Voice(language).find(one.title) is None] == []


def test_signs_of_numbers_in_names_are_those_of_print():
    assert Voice().name("recorded maximum, -26.62 m BS77") == "recorded maximum, −26.62 m BS77"
    told = Voice("ru").name("not reached within the interval of the rate, -16.1 cm/yr (-79.4 to +47.3)")
    assert told == "не достигается в пределах интервала скорости, −16,1 см в год (от −79,4 до +47,3)"
    assert Voice("az").name("already below -29 m: the mean of 2026 stands 0.12 m under it").startswith("artıq −29 m")


def test_reasons_and_statistics_are_translated_with_their_numbers():
    assert (
        Voice("ru").name("9 of 10 annual means; 2023 has 7 of 12 months")
        == "9 из 10 среднегодовых; в 2023 г. 7 из 12 месяцев"
    )
    assert Voice("az").name("7 of 12 months") == "12 aydan 7"
    assert "7,7 m" in Voice("az").name(
        next(t for t in patterns.TEMPLATES if "clearance" in t).format(n="7.7", name="2025-04-24")
    )
    assert Voice("ru").name("7 of 12 fortnights") == "[en] 7 of 12 fortnights"


def test_a_number_and_its_unit_stay_on_one_line_in_every_language():
    for language in LANGUAGES:
        for unit in ("m", "cm year-1", "km2", "degree_Celsius"):
            assert "1\u00a0" in page.glue(Voice(language).quantity(1, 0, unit)), (language, unit)


@pytest.mark.parametrize(("language", "unit"), [("kk", "см/\u2060жыл"), ("az", "sm/\u2060il")])
def test_a_unit_with_a_stroke_stays_on_one_line_of_the_page(language, unit):
    assert f"\u00a0{unit}</p>" in page.page(bulletin(language=language))


@pytest.mark.parametrize("language", OTHERS)
def test_a_number_that_a_licence_keeps_back_says_so_in_the_language_of_the_page(language):
    seeds = load_seeds()
    for name in ("nd_gain_score_1y", "ndc_gap_1y_rus_2030_edgar"):
        indicator = seeds.indicators[name]
        reason = why_kept_back(seeds, indicator, kept_back(seeds, indicator))
        assert not Voice(language).name(reason).startswith("[en]"), reason


def test_a_sentence_begins_with_a_capital_and_ends_with_one_stop():
    for language in LANGUAGES:
        for message in messages.key_messages(bulletin(language=language)):
            assert ".." not in message.detail
            assert not re.search(r"\. [a-zа-яәғқңөұүһіığşüöç]", message.detail.replace("doi", "")), message.detail


def test_the_azerbaijani_i_keeps_its_dot():
    assert Voice("az").sentence("illik orta səviyyə") == "İllik orta səviyyə."
    assert Voice("az").first_lower("İllik orta") == "illik orta"
    assert Voice("az").first_lower("Işıq") == "ışıq"
    assert Voice("en").sentence("in a year") == "In a year."
    assert Voice("en").first_lower("In a year") == "in a year"


def test_english_is_written_by_the_module_of_texts():
    assert Voice().with_interval(rate()) == text.with_interval(rate())
    assert Voice().period(utc(2020), utc(2022)) == text.period(utc(2020), utc(2022))


def test_what_is_not_translated_is_seen():
    assert Voice("kk").name("A title that nobody translated {x}") == "[en] A title that nobody translated {x}"
    assert Voice("kk").words("{n} untranslated", n=3) == "[en] 3 untranslated"


@pytest.mark.parametrize("language", OTHERS)
def test_a_page_speaks_its_language(language):
    files = page.build(bulletin(language=language))
    html = files[f"bulletin-synthetic.{language}.html"].decode()
    assert f'<html lang="{language}">' in html
    assert Voice(language).words("Key messages") in html
    assert "Key messages" not in html
    assert (
        Voice(language).words(messages.SYNTHETIC)
        in charts.draw(bulletin(language=language), next(bulletin().figures)).wide
    )
    assert files["bulletin-synthetic.csv"] == page.build(bulletin())["bulletin-synthetic.csv"]


def test_every_unit_of_an_indicator_is_spelt_in_the_language():
    """Parts per million stay Latin as a symbol, as degrees do."""
    for unit in {one.units for one in load_seeds().indicators.values()}:
        for language in ("ru", "kk"):
            left = re.sub(r"pp[mb]|°C", "", Voice(language).unit(unit))
            assert not re.search("[A-Za-z]", left), (language, unit, left)
