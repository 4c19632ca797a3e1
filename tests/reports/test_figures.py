from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from caspian_env.reports import calendar_charts, charts, figure_words, map_charts, messages, page
from caspian_env.reports.model import Section
from caspian_env.reports.voice import Voice
from caspian_env.seeds.sourced import load_ports
from caspian_env.seeds.targets import load_pledges, load_targets
from caspian_env.workflows import report_shapes
from tests.reports.synthetic_bulletin import altimetry, anomaly, bulletin, utc
from tests.reports.synthetic_figures import balance, bare_seabed, gallery, heat, ports, sea_map

KINDS = ("map", "goals", "drafts", "balance", "calendar")


@pytest.fixture(scope="module")
def drawn():
    report = gallery()
    return {figure.kind: charts.draw(report, figure) for figure in report.figures}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_marked_and_described(drawn, kind):
    for drawing in (drawn[kind].wide, drawn[kind].narrow):
        root = ElementTree.fromstring(drawing)
        assert messages.SYNTHETIC in [one.text for one in root.iter("text")]
        assert "data-points" in root.attrib
        assert any(sign.isdigit() for sign in root.find("*[@id]").text)


def test_the_projection_keeps_areas():
    def area(south):
        ring = [(50, south), (52, south), (52, south + 1), (50, south + 1), (50, south)]
        points = [map_charts.projected(point) for point in ring]
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(points))) / 2

    sphere = [math.sin(math.radians(s + 1)) - math.sin(math.radians(s)) for s in (37, 46)]
    assert area(37) / area(46) == pytest.approx(sphere[0] / sphere[1], rel=2e-3)


def test_zero_is_in_the_middle_of_a_map_of_differences():
    values = [
        anomaly(location_id=name, value=v, ci_low=v, ci_high=v) for name, v in (("a", 0.0), ("b", 4.0), ("c", -4.0))
    ]
    hues = map_charts.colours(values, signed=True)
    assert [hues[name] for name in "abc"] == ["#f7f7f7", "#b2182b", "#2166ac"]
    assert map_charts.colours([anomaly(location_id="a", value=0.2)], signed=True)["a"] == "#f7f7f7"


def test_a_part_without_a_number_says_so(drawn):
    assert "no data" in [one.text for one in ElementTree.fromstring(drawn["map"].wide).iter("text")]


def test_a_map_has_a_scale_bar_and_names_rivers_and_ports_in_the_language_of_the_page(drawn):
    said = {one.text for one in ElementTree.fromstring(drawn["map"].wide).iter("text")}
    assert {"200 km", "Volga", "Aktau"} <= said
    narrow = charts.draw(gallery("kk"), next(iter(gallery("kk").figures))).narrow
    said = {one.text for one in ElementTree.fromstring(narrow).iter("text")}
    assert {"200 км", "Еділ", "Ақтау"} <= said


def test_the_shores_of_a_map_are_said_to_be_modelled_or_why_they_are_missing(drawn):
    told = messages.words(gallery(), bare_seabed())
    assert "the shore at −28.23 m (2020); dashed: at −26.62 m. Both are modelled" in told.subtitle
    assert "not observed" in told.description
    assert map_charts.WATERLINE in drawn["map"].wide
    assert map_charts.WATERLINE not in charts.draw(gallery(), sea_map()).wide
    assert (
        "grid of the relief is not at hand" in messages.words(gallery(), replace(bare_seabed(), shores=None)).subtitle
    )
    assert "shore at" not in messages.words(gallery(), sea_map()).subtitle


def test_terms_are_told_apart_by_hatches_and_in_every_colour_of_the_page(drawn):
    patterns = re.findall(r"<pattern .*?</pattern>", drawn["balance"].wide, re.DOTALL)
    assert len(patterns) == 3
    assert all("var(--paper)" in one and "var(--hue-" in one and "#0" not in one for one in patterns)


def test_a_year_without_a_leap_day_has_no_hole_for_it():
    days = [utc(2021) + timedelta(days=i) for i in range(365)]
    line = altimetry(
        times=tuple(days), values=(0.0,) * 365, std_uncertainty=(None,) * 365, status=("final",) * 365,
        qc_flags=(1,) * 365, granule_sha256=(), resolution="P1D",
    )  # fmt: skip
    assert calendar_charts.spans(replace(heat(), lines=(line,))) == [(2021, 0, 366, 0)]


def test_terms_and_the_rest_add_up_to_what_is_expected():
    for terms in figure_words.balance_years(balance()).values():
        stack = terms["rivers"] + terms["precipitation"] + terms["evaporation"] + terms["other terms"]
        assert stack == pytest.approx(terms["expected"])
        assert terms["evaporation"] < 0


def test_the_residual_is_said_with_its_interval():
    assert messages.words(gallery(), balance()).title.endswith("−12 km³ are left unexplained (90 % interval −45 to 21)")


def test_a_source_on_another_basis_is_said_not_to_count():
    (figure,) = (one for one in gallery().figures if one.kind == "goals")
    said = figure_words.describe(figure, Voice())
    assert "Synthetic B, 2023: 88 % of 1990, not counted" in said
    assert "Synthetic A, 2023: 71 % of 1990;" in said


def test_days_without_a_value_have_no_cell_in_the_calendar():
    runs = [run for run in calendar_charts.spans(heat()) if run[0] == 1990]
    days = {day for _, first, length, _ in runs for day in range(first, first + length)}
    assert 75 not in days
    assert {10, 300} <= days


def daily(years, warm):
    times = tuple(utc(1991) + timedelta(days=i) for i in range(int(years * 365.25)))
    values = tuple(
        14 + 8 * math.sin(i / 365.25 * math.tau) + 0.5 * math.sin(i * 1.7) + (4.0 if at in warm else 0.0)
        for i, at in enumerate(times)
    )
    n = len(times)
    return altimetry(
        unit="degree_Celsius", resolution="P1D", times=times, values=values, std_uncertainty=(None,) * n,
        status=("final",) * n, qc_flags=(1,) * n, granule_sha256=(),
    )  # fmt: skip


def test_the_calendar_shows_the_heatwave_that_is_in_the_days():
    warm = {utc(2021, 7, 1) + timedelta(days=i) for i in range(12)}
    found = report_shapes.heatwave_days(daily(31, warm))
    inside = {at for at, category in zip(found.times, found.values, strict=True) if category and at.year == 2021}
    assert warm <= inside


def test_no_calendar_without_the_base_period():
    assert report_shapes.heatwave_days(daily(15, set())) is None


@pytest.mark.parametrize("language", ["ru", "kk", "az"])
def test_countries_ports_and_what_is_reported_are_translated(language):
    say = Voice(language)
    places = (
        "Azerbaijan",
        "Kazakhstan",
        "Russian Federation",
        "Turkmenistan",
        "Islamic Republic of Iran",
        "North Caspian",
        "Volga, head of the delta",
    )
    said = (*places, "Draught in use", report_shapes.NO_BASE)
    assert [words for words in said if say.find(words) is None] == []


def test_what_ports_rest_on_is_named_so_that_a_reader_finds_it():
    mark = replace(ports().marks[0], source="An agency, Its title (2025-04-24) https://example.org/a; Another, page 3")
    figure = replace(ports(), marks=(mark,), values=())
    assert page.figure_sources(gallery(), figure) == [
        ("An agency, Its title (2025-04-24)", "https://example.org/a"), ("Another, page 3", ""),
    ]  # fmt: skip
    assert (
        '<a href="https://example.org/a" rel="noopener noreferrer">An agency, Its title (2025-04-24)</a>'
        in page.page(bulletin(sections=(Section(id="all", heading="All", figures=(figure,)),)))
    )
    told = {source for row in load_ports().values() if row.mark != "U" for source in row.source.split("; ")}
    assert len(told) > 8
    bare = [one for one in told if not re.search(r"https?://\S+$|was not kept$", one)]
    assert bare == [], "a code tells a reader nothing"


def test_what_declarations_and_targets_rest_on_is_named_so_that_a_reader_finds_it():
    rows = [*load_pledges().values(), *(target for target in load_targets().values() if target.mark == "S")]
    told = {source for row in rows if row.mark != "U" for source in row.source.split("; ")}
    assert len(told) > 15
    bare = [one for one in told if not re.search(r"https?://\S+$|was not kept$|title not known$", one)]
    assert bare == [], "a code tells a reader nothing"


def test_a_map_is_of_one_indicator_and_one_period():
    older = anomaly(location_id="north_caspian", period_start=utc(2020), period_end=utc(2021))
    chosen = report_shapes.mapped((*sea_map().values, older))
    assert {value.location_id for value in chosen} == {"middle_caspian", "south_caspian"}


def test_a_map_says_which_signs_are_open_and_claims_no_difference_that_is_not_printed():
    wide = {"ci_low": -0.5, "ci_high": 1.9}
    first, second = sea_map().values
    unsure = replace(sea_map(), values=(replace(first, **wide), replace(second, value=0.8, **wide)))
    assert "Every interval contains zero" in messages.words(gallery(), unsure).subtitle
    (one,) = re.findall(r"sign is not established: (.+?)\.", messages.words(gallery(), sea_map()).subtitle)
    assert one == "South Caspian", "its interval ends at zero"
    alike = replace(sea_map(), values=(first, replace(second, value=first.value + 0.01)))
    assert messages.words(gallery(), alike).title.endswith("2025: +1.2 °C in every part")
    amounts = tuple(replace(v, indicator_id="geom_exposed_seabed") for v in sea_map().values)
    assert "zero" not in messages.words(gallery(), replace(sea_map(), values=amounts)).subtitle.split("Small")[1]


def test_intervals_stand_on_the_map_in_both_sizes():
    drawing = charts.draw(gallery(), sea_map())
    assert all("−0.6 to 0.0" in one for one in (drawing.wide, drawing.narrow))


def words_of(drawing):
    return " ".join(one.text or "" for one in ElementTree.fromstring(drawing).iter("text"))


def test_ports_of_one_interval_share_a_row_that_names_them():
    report = bulletin()
    names = ("Port of Aktau", "Port of Kuryk", "Port of Turkmenbashi")
    alike = tuple(anomaly(location_id=name, location_title=name) for name in names)
    figure = replace(sea_map(), id="alike", kind="intervals", outlines=(), spots=(), values=alike)
    drawing = charts.draw(report, figure)
    for one in (drawing.wide, drawing.narrow):
        assert words_of(one).count("Port of ") == 3
        assert words_of(one).count("+1.1") + words_of(one).count("1.1 °C") == 1


def test_no_label_of_a_row_is_cut():
    long = (
        "Draught in use, written of nearly all ports of the Caspian Sea by one source after another, as reported there"
    )
    figure = ports()
    figure = replace(figure, marks=tuple(replace(mark, what=long) for mark in figure.marks))
    drawing = charts.draw(gallery(), figure)
    for one in (drawing.wide, drawing.narrow):
        assert words_of(one).count("as reported there") == len(figure.marks)
