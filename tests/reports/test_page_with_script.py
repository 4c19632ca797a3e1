"""What the script adds, in a real browser: values under pointer and keys, lines on and off, zoom; and who can read the page."""

from __future__ import annotations

import os
import re
import shutil

import pytest

from caspian_env.reports.page import build
from tests.reports.synthetic_bulletin import bulletin
from tests.reports.synthetic_figures import gallery

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        if os.environ.get("CASPIAN_ENV_TEST_NO_SKIP") == "1":
            pytest.fail("no Chromium is installed, and skipping is not allowed")
        pytest.skip("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    for name, content in (build(bulletin()) | build(gallery())).items():
        (folder / name).write_bytes(content)
    return folder / "bulletin-synthetic.html"


@pytest.fixture
def page(browser, path):
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    page.close()


def test_nothing_is_said_and_nothing_is_asked_from_outside(page, path):
    page.locator("svg.chart").first.hover()
    assert page.said == []
    assert [url for url in page.asked if not url.startswith(("data:", path.as_uri()))] == []


def test_the_value_under_the_pointer_is_told(page):
    chart = page.locator("#figure-surface .wide svg.chart")
    chart.scroll_into_view_if_needed()
    x, y, words, _ = chart.evaluate("e => JSON.parse(e.dataset.points).at(-1)")
    scale = chart.evaluate("e => e.getBoundingClientRect().width / e.viewBox.baseVal.width")
    chart.hover(position={"x": x * scale, "y": y * scale})
    tip = page.locator("#figure-surface .wide .tip")
    assert tip.inner_text() == words == "South Caspian, 2025: 19.0 °C, preliminary"


@pytest.mark.parametrize("width", [360, 1200])
def test_maps_targets_ports_balance_and_heatwaves_tell_the_value_under_the_pointer(browser, path, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((path.parent / "gallery-synthetic.html").as_uri())
    for name in ("map", "progress", "drafts", "balance", "heat"):
        place = f"#figure-{name} .{'wide' if width == 1200 else 'narrow'}"
        chart = page.locator(f"{place} svg.chart")
        x, y, words, _ = chart.evaluate("e => JSON.parse(e.dataset.points).at(-1)")
        scale = chart.evaluate("e => e.getBoundingClientRect().width / e.viewBox.baseVal.width")
        chart.hover(position={"x": x * scale, "y": y * scale})
        told = page.locator(f"{place} .tip").inner_text()
        assert told == words
        assert re.search(r"\d", told)
    page.close()
    assert said == []


def test_the_arrow_keys_go_from_value_to_value(page):
    page.locator("#figure-surface .wide svg.chart").focus()
    page.keyboard.press("ArrowRight")
    tip = page.locator("#figure-surface .wide .tip")
    assert tip.inner_text().startswith("North Caspian, 1982: ")
    page.keyboard.press("ArrowRight")
    assert tip.inner_text().startswith("North Caspian, 1983: ")
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_a_line_is_put_out_and_on_again(page):
    button = page.locator("#figure-surface .wide").get_by_role("button", name="Middle Caspian")
    parts = page.locator('#figure-surface .wide [id^="surface-wide-line1-"]')
    assert parts.count() > 1
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert parts.evaluate_all("all => all.every(e => e.style.display === 'none')")
    button.click()
    assert parts.evaluate_all("all => all.every(e => e.style.display === '')")


def test_a_chart_is_made_greater_and_whole_again(page):
    chart = page.locator("#figure-surface .wide svg.chart")
    whole = chart.get_attribute("viewBox")
    chart.focus()
    page.keyboard.press("+")
    assert chart.evaluate("e => e.viewBox.baseVal.width") < float(whole.split()[2])
    page.keyboard.press("0")
    assert [float(n) for n in chart.get_attribute("viewBox").split()] == [float(n) for n in whole.split()]


@pytest.mark.parametrize("name", ["bulletin", "gallery"])
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1200, "light"), (1200, "dark")])
def test_axe_finds_nothing_serious(browser, path, name, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    # The page's own policy forbids a foreign script; the checker is one, so it is let in here alone.
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto((path.parent / f"{name}-synthetic.html").as_uri())
    found = Axe().run(page).response["violations"]
    context.close()
    assert [(v["id"], v["nodes"][0]["failureSummary"]) for v in found if v["impact"] in ("serious", "critical")] == []
