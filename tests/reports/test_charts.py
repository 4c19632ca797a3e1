from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from caspian_env.reports import charts, line_charts, messages, svg
from tests.reports.synthetic_bulletin import altimetry, bulletin, genuine, reported, surface


@pytest.fixture(scope="module")
def drawings():
    b = bulletin()
    level, sea = (charts.draw(b, figure) for figure in b.figures)
    return {
        "level-wide": level.wide,
        "level-narrow": level.narrow,
        "surface-wide": sea.wide,
        "surface-narrow": sea.narrow,
    }


def level_chart(report):
    return charts.draw(report, next(figure for figure in report.figures if figure.id == "level"))


def surface_chart(report):
    return charts.draw(report, next(figure for figure in report.figures if figure.id == "surface"))


def texts(drawing):
    return [element.text or "" for element in ElementTree.fromstring(drawing).iter("text")]


def test_drawings_are_well_formed_and_scale(drawings):
    for name, drawing in drawings.items():
        root = ElementTree.fromstring(drawing)
        assert "width" not in root.attrib
        assert root.attrib["viewBox"].split()[2] == ("760" if "wide" in name else "340")


def test_every_drawing_is_marked_synthetic_only_if_it_is(drawings):
    assert all(messages.SYNTHETIC in texts(drawing) for drawing in drawings.values())
    assert messages.SYNTHETIC not in level_chart(genuine()).wide


def test_every_drawing_has_alternative_text_from_the_numbers(drawings):
    for drawing in drawings.values():
        root = ElementTree.fromstring(drawing)
        assert root.attrib["role"] == "img"
        labels = [root.find(f"*[@id='{name}']").text for name in root.attrib["aria-labelledby"].split()]
        assert re.search(r"[−\d]\d*\.\d", labels[0])
        assert re.search(r"\d values", labels[1])


def test_no_id_is_used_twice(drawings):
    ids = [name for drawing in drawings.values() for name in re.findall(r'\bid="([^"]+)"', drawing)]
    assert len(ids) == len(set(ids))


def test_every_reference_inside_a_drawing_has_its_target(drawings):
    for drawing in drawings.values():
        ids = set(re.findall(r'\bid="([^"]+)"', drawing))
        assert set(re.findall(r'href="#([^"]+)"', drawing)) | set(re.findall(r"url\(#([^)]+)\)", drawing)) <= ids


def test_colours_come_from_the_page(drawings):
    for drawing in drawings.values():
        assert "var(--hue-1)" in drawing
        assert not re.findall(r"(?:fill|stroke): #(?!000000)[0-9a-f]{6}", drawing)
        assert "#000000" not in re.sub(r"<defs>.*?</defs>", "", drawing)


def test_each_datum_has_its_own_panel_and_names_it(drawings):
    words = " ".join(texts(drawings["level-wide"]))
    assert len(line_charts.by_datum(next(bulletin().figures).lines)) == 3
    assert "m, EGM2008 height" in words
    assert "m, Baltic 1977 height" in words
    assert "m, Datum of DAHITI" in words


def test_extremes_are_drawn_only_on_their_datum(drawings):
    assert "1977 minimum −29.01 m" in texts(drawings["level-wide"])
    assert texts(drawings["level-wide"]).count("1977 minimum −29.01 m") == 1
    without = level_chart(bulletin(level=(altimetry(),))).wide
    assert "1977 minimum −29.01 m" not in texts(without)


def test_a_hole_of_more_than_45_days_stays_a_gap():
    line = altimetry()
    first, second = line_charts.runs(line)
    assert (line.times[second[0]] - line.times[first[-1]]).days == 90
    assert 60 not in first + second


def test_reported_levels_are_never_joined():
    assert [len(run) for run in line_charts.runs(reported())] == [1, 1, 1]


def test_a_missing_year_breaks_the_line_of_years():
    line = surface("North Caspian", 11.0)
    keep = [i for i in range(44) if i != 20]
    columns = ("times", "values", "std_uncertainty", "status", "qc_flags")
    holed = altimetry(
        resolution="P1Y", granule_sha256=(), **{c: tuple(getattr(line, c)[i] for i in keep) for c in columns}
    )
    assert [len(run) for run in line_charts.runs(holed)] == [20, 23]


def test_labels_never_cover_each_other():
    blocks = [(float(wanted), n, [("a", "bold"), ("b", "normal")]) for n, wanted in enumerate((100, 101, 99, 190))]
    tops = sorted(top for top, _ in line_charts._spread(blocks, step=15, height=190))
    assert all(upper - lower >= 30 for lower, upper in pairwise(tops))


@pytest.mark.parametrize("label", ["<b>&\"'", r"$\frac{", "−28 m\nnext", "#010101"])
def test_hostile_labels_are_drawn_as_they_are(label):
    drawing = surface_chart(bulletin(surface=(altimetry(label=label, location_title=label),))).wide
    assert "".join(label.split())[:4] in "".join("".join(texts(drawing)).split())


def test_an_empty_chart_is_drawn():
    empty = altimetry(times=(), values=(), std_uncertainty=(), status=(), qc_flags=(), granule_sha256=())
    assert "no value" in level_chart(bulletin(level=(empty,))).narrow
    assert level_chart(bulletin(level=())).wide.startswith("<svg")


def test_drawing_leaves_no_trace_in_the_settings_of_matplotlib():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with svg.drawing_style("x", 12):
        assert mpl.rcParams["svg.fonttype"] == "none"
    assert dict(mpl.rcParams) == before
