from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from caspian_env.reports import page as report_page
from caspian_env.reports.page import build, evidence, glue
from caspian_env.reports.voice import Voice
from tests.reports.synthetic_bulletin import altimetry, bulletin, genuine, granules, source, value

SYNTHETIC = "SYNTHETIC DEMONSTRATION DATA"


class Page(HTMLParser):
    """Tags with their attributes in order, and the text between them."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(content.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def files():
    return build(bulletin())


@pytest.fixture(scope="module")
def page(files):
    return Page(files["bulletin-synthetic.html"])


def test_the_same_input_gives_the_same_bytes(files):
    assert build(bulletin()) == files


def test_names_say_synthetic(files):
    assert set(files) == {"bulletin-synthetic.html", "bulletin-synthetic.csv", "observations-synthetic.csv"}
    assert set(build(genuine())) == {"bulletin.html", "bulletin.csv", "observations.csv"}


def test_synthetic_marks_stand_on_page_figures_and_tables(files, page):
    html = files["bulletin-synthetic.html"].decode()
    assert html.index(SYNTHETIC, html.index("<body")) < html.index("<h1>")
    for drawing in re.findall(r"<svg.*?</svg>", html, re.S):
        assert f">{SYNTHETIC}</text>" in drawing
    tables = html.split("<table")
    assert len(tables) == 5
    assert all(re.search(rf'band inside">{SYNTHETIC}</p>\s*<div class="scroll">\s*$', before) for before in tables[:-1])
    assert SYNTHETIC not in build(genuine())["bulletin.html"].decode()


def test_nothing_is_fetched_and_only_the_page_s_own_script_runs(page):
    assert [attributes for tag, attributes in page.tags if tag == "script"] == [{}]
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    script = (Path(report_page.__file__).parent / "templates" / "report.js").read_bytes()
    assert f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" in policy
    for tag, attributes in page.tags:
        assert tag not in {"img", "iframe", "object", "embed", "video", "audio", "base", "form"}
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        if "href" in attributes and tag != "a":
            assert attributes["href"].startswith(("#", "data:")), (tag, attributes)


def test_the_style_sheet_fetches_nothing(files):
    style = re.search(r"<style>.*?</style>", files["bulletin-synthetic.html"].decode(), re.S)[0]
    assert "@import" not in style
    assert re.findall(r"url\(.{6}", style) == ['url("data:']


def test_landmarks_language_and_headings_in_order(page):
    names = [tag for tag, _ in page.tags]
    assert {"header", "main", "footer"} <= set(names)
    assert dict(page.tags)["html"]["lang"] == "en"
    levels = [int(name[1]) for name in names if re.fullmatch(r"h[1-6]", name)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_anchor_exists_once(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {a["href"][1:] for tag, a in page.tags if tag == "a" and a["href"].startswith("#")}
    wanted |= {a["aria-labelledby"] for tag, a in page.tags if tag == "section"}
    assert wanted <= set(ids)


def test_key_messages_come_first_and_carry_intervals(page):
    words = page.text.replace("\u00a0", " ")
    headings = [attributes["id"] for tag, attributes in page.tags if tag == "h2"]
    assert headings[:4] == ["key", "level", "surface", "indicators"]
    assert "mean rate of level from 2016 to 2025: −7.1 cm a year" in words
    assert "90 % interval −13.0 to −1.2 cm a year" in words


def test_refusals_are_shown_with_their_reason(page):
    assert "only 12 of 30 years are complete" in page.text
    assert "Kara-Bogaz-Gol" in page.text


def test_preliminary_values_are_marked_in_the_table(files):
    assert '<span class="tag">preliminary</span>' in files["bulletin-synthetic.html"].decode()


def test_the_page_names_what_is_withheld_and_where_to_get_it(page):
    assert "Rows not handed on: Title of dahiti_water_level" in page.text.replace(" :", ":")
    assert any(a.get("href") == "https://data.example/dahiti_water_level" for _, a in page.tags)


def test_sources_are_cited_with_licence(page):
    for dataset in ("nasa_gwm_lake", "reported_levels", "noaa_oisst_v2_1"):
        assert f"Citation of {dataset}" in page.text
        assert f"Licence of {dataset}" in page.text


def test_every_granule_of_a_shown_number_is_on_the_page(page):
    for granule in granules("noaa_oisst_v2_1", 365):
        assert granule.sha256 in page.text


def test_numbers_of_the_same_granules_stand_together():
    shared = granules("noaa_oisst_v2_1", 3)
    found = evidence([value("a", granules=shared), value("b", granules=shared[::-1]), value("c")], Voice())
    assert [len(entry.labels) for entry in found] == [2, 1]
    sums = "\n".join(sorted(granule.sha256 for granule in shared))
    assert found[0].digest == hashlib.sha256(sums.encode()).hexdigest()


def test_hostile_metadata_is_only_text():
    hostile = "</style></title><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"
    words = {field.name for field in fields(source("x")) if "str" in str(field.type)} - {"dataset_id"}
    b = bulletin()
    references = next(b.figures).references
    evil = bulletin(
        title=hostile,
        code_version=hostile,
        sources=tuple(replace(s, **dict.fromkeys(words, hostile)) for s in b.sources),
        values=tuple(replace(v, title=hostile, statistic=hostile, note=hostile, unit=hostile) for v in b.values),
        refusals=tuple(replace(r, reason=hostile, location_title=hostile) for r in b.refusals),
        level=(altimetry(label=hostile, location_title=hostile, datum_title=hostile),),
        reference_levels=tuple(replace(r, source=hostile) for r in references),
    )
    page = Page(build(evil)["bulletin-synthetic.html"])
    test_nothing_is_fetched_and_only_the_page_s_own_script_runs(page)
    assert "49" not in re.findall(r"\{\{.*?\}\}", page.text)
    assert "{{ 7*7 }}" in page.text


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example"])
def test_only_web_addresses_are_links(address):
    b = bulletin(sources=tuple(replace(s, landing_page=address, granule_url=address) for s in bulletin().sources))
    page = Page(build(b)["bulletin-synthetic.html"])
    assert not any(a.get("href") == address for _, a in page.tags)
    assert address in page.text


def test_a_bulletin_without_any_number_is_still_a_page():
    empty = bulletin(values=(), refusals=(), level=(), surface=(), reference_levels=(), as_of=None)
    words = Page(build(empty)["bulletin-synthetic.html"]).text
    assert "No indicator has a number yet" in words
    assert "As known at the newest collection" in words


def test_a_number_keeps_its_unit_on_the_line():
    assert glue("−7.1 cm a year, 90 % of 3 months") == "−7.1\u00a0cm a year, 90\u00a0% of 3 months"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_aa_in_light_and_dark(files, scheme):
    style = re.search(r"<style>(.*?)</style>", files["bulletin-synthetic.html"].decode(), re.S)[1]
    light, dark = re.findall(r":root \{(.*?)\}", style, re.S)[:2]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))
    paper = luminance(colours["paper"])
    for name in ("ink", "muted", "link", "hue-1", "hue-2", "hue-3", "hue-4"):
        assert contrast(luminance(colours[name]), paper) >= 4.5, name
    assert contrast(luminance(colours["mark-ink"]), luminance(colours["mark"])) >= 4.5


def luminance(colour):
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
