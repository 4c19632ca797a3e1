"""CASPCOM posts: workbooks in a zip, centimetres above the zero of each post, two height systems; made-up levels."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from caspian_env.errors import BadGranule
from caspian_env.model import Document, Listing, Window
from caspian_env.seeds import load_datasets, load_locations
from caspian_env.sources import caspcom_gauges as source

from .conftest import Collect
from .old_workbook import old_workbook

DATASET = load_datasets()["caspcom_gauges"]
OPTIONS = DATASET.options
PAGE = "https://www.caspcom.com/%D1%83%D1%80%D0%BE%D0%B2%D0%B5%D0%BD%D1%8C/"
ZIP = "https://caspcom.com/wp-content/uploads/2025/06/Sea-level-EN.zip"
LINK = "<p><a class='x' href=\"http://caspcom.com/wp-content/uploads/{}/Sea-level-EN.zip\">level</a></p>"
Table = list[list[str | float | None]]


def post(name: str = "Made-up", zero: str = "-28,00", years: Mapping[int, Sequence[str | float | None]] = {}) -> Table:
    head: Table = [
        [f"Post ______{name}______"], ["Opening date ____01.01.1900____"], ["Latitude ____40 22____"],
        ["Longitude ____49 53____"], [f"Post datum ____{zero}____ m"], ["Altitude system ____Baltic____"], [],
        ["Year", *[f"{month:02d}" for month in range(1, 13)], "mean"],
    ]  # fmt: skip
    return head + [[float(year), *months] for year, months in years.items()]


def xlsx(rows: Table) -> bytes:
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def packed(members: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(f"Sea-level-EN/{name}", member)
    return content.getvalue()


BAKU = post(years={1900: [250.0, 251.5, None, "-", "250,5", *[250.0] * 7, 250.2], 1901: [249.0]})
ANZALI = post("Anzali", "-26.075", {1941: [100.0] * 12})
WHOLE = packed({
    "AVERAGE/BAKU_av.xls": old_workbook(BAKU), "AVERAGE/ANZALI_av.xlsx": xlsx(ANZALI),
    "AVERAGE/JILOY (Chilov)_av.xls": old_workbook(post(years={1950: [1.0]})),
    "AVERAGE/NEW POST_av.xls": b"left alone", "MAX/BAKU_max.xls": b"left alone", "readme.doc": b"left alone",
})  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> Callable:
    def now(content: bytes) -> object:
        (tmp_path / "granule").write_bytes(content)
        return source.read_granule(tmp_path / "granule", options=OPTIONS)

    return now


def test_level_is_centimetres_above_the_zero_of_the_post(read: Callable) -> None:
    table = read(WHOLE)
    baku = table["level_baltic"].sel(location="caspcom_baku").dropna("time")
    assert [str(t)[:7] for t in baku["time"].values][:4] == ["1900-01", "1900-02", "1900-05", "1900-06"]
    np.testing.assert_allclose(baku.values[:3], [-25.5, -25.485, -25.495])
    assert (str(baku["time"].values[-1])[:7], len(baku)) == ("1901-01", 11)
    assert float(table["level_baltic"].sel(location="caspcom_jiloy").dropna("time")[0]) == -27.99


def test_posts_of_iran_are_another_variable_in_another_datum(read: Callable) -> None:
    table = read(WHOLE)
    np.testing.assert_allclose(table["level_iran"].sel(location="caspcom_anzali").dropna("time"), [-25.075] * 12)
    assert table["level_baltic"].sel(location="caspcom_anzali").isnull().all()
    assert table["level_iran"].sel(location="caspcom_baku").isnull().all()
    assert {m.name: m.datum for m in DATASET.variables} == {"level_baltic": "BS77", "level_iran": "caspcom_iran"}


@pytest.mark.parametrize("sign", ["-", "\N{MINUS SIGN}", "\N{EN DASH}", "- "])
def test_the_sign_of_the_zero_is_kept_however_it_is_written(read: Callable, sign: str) -> None:
    rows = post(zero=f"{sign}28.0", years={1900: [0.0]})
    assert float(read(packed({"BAKU_av.xls": old_workbook(rows)}))["level_baltic"][0, 0]) == -28.0


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (post(zero="28.0", years={1900: [1.0]}), "the zero of BAKU is 28 m, and was -28 m"),
        (post(zero="-27.5", years={1900: [1.0]}), "the zero of BAKU is -27.5 m"),
        (post(years={1900: [1.0]})[5:], "the zero of BAKU is not told"),
        ([*post(years={1900: [1.0]}), [1900.0, 2.0]], "has the year 1900 twice"),
        (post(years={1900: ["low"]}), "BAKU, 1900-01: 'low' is not a number"),
        (post(), "no year with a value"),
    ],
)
def test_a_workbook_that_would_move_the_record_is_refused(read: Callable, rows: Table, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        read(packed({"AVERAGE/BAKU_av.xls": old_workbook(rows)}))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (packed({"AVERAGE/UNKNOWN_av.xls": b"x"}), "no workbook of a known post"),
        (packed({"A/BAKU_av.xls": old_workbook(BAKU), "B/BAKU_av.xls": old_workbook(BAKU)}), "BAKU twice"),
        (packed({"BAKU_av.xls": b"<html>"}), "no workbook by its first bytes"),
        (packed({"BAKU_av.xls": old_workbook(BAKU)[:2000]}), "the workbook is damaged"),
        (packed({"BAKU_av.xlsx": xlsx(BAKU)[:2000]}), "the workbook is damaged"),
        (WHOLE[:-300], "damaged"),
        (b"<html>maintenance</html>", "an HTML page in place of a zip"),
        (b"", "the file is empty"),
    ],
)
def test_what_is_not_promised_is_refused(read: Callable, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        read(content)


class Site:
    """The page, as a source sees it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def listing(self, path: str) -> Listing:
        raise AssertionError(path)

    def document(self, path: str, *, form: object = None) -> Document:
        return Document("https://www.caspcom.com/", self.text)


@pytest.mark.parametrize(
    ("page", "paths"),
    [
        (LINK.format("2025/06"), [ZIP]),
        (LINK.format("2023/11") + LINK.format("2025/06") + LINK.format("2024/01"), [ZIP]),
        ("<a href='/files/Sea-level-EN-1.zip'>", ["https://www.caspcom.com/files/Sea-level-EN-1.zip"]),
        ("<a href='Sea-level-RU.zip'>", []),
    ],
)
def test_the_address_is_taken_from_the_page(window: Window, page: str, paths: list[str]) -> None:
    refs = source.list_granules(window, Site(page), options=OPTIONS)
    assert [ref.path for ref in refs] == paths


def test_every_post_of_the_list_has_its_zero_and_its_place(shared: Callable[..., Path]) -> None:
    with shared("samples", "caspcom", "post_info.csv").open(encoding="utf-8") as file:
        listed = {row["file_name"].removesuffix(".csv"): float(row["H"]) for row in csv.DictReader(file)}
    assert {code: told["zero"] for code, told in OPTIONS["posts"].items()} == listed
    assert {code for code, told in OPTIONS["posts"].items() if told.get("system") == "iran"} == {
        code for code, zero in listed.items() if zero != -28.0
    }
    assert {told["location"] for told in OPTIONS["posts"].values()} == set(DATASET.locations)
    assert set(DATASET.locations) <= set(load_locations())


def test_it_is_collected_on_both_databases(collect: Collect) -> None:
    collected = collect("caspcom_gauges", {PAGE: LINK.format("2025/06").encode(), ZIP: WHOLE})
    assert (collected.outcome.problems, collected.outcome.first) == ([], 24)
    assert collected.values(location="caspcom_jiloy") == {"1950-01-01": pytest.approx(-27.99)}
    datums = {(row.location, row.datum) for row in collected.rows}
    assert datums == {("caspcom_baku", "BS77"), ("caspcom_jiloy", "BS77"), ("caspcom_anzali", "caspcom_iran")}
    baku = post(years={1900: [240.0, 251.5, None, "-", "250,5", *[250.0] * 7]})
    revised = packed({"AVERAGE/BAKU_av.xls": old_workbook(baku), "AVERAGE/ANZALI_av.xls": old_workbook(ANZALI)})
    again = collect("caspcom_gauges", {PAGE: LINK.format("2025/06").encode(), ZIP: revised})
    assert (again.outcome.problems, again.outcome.revised, again.outcome.withdrawn) == ([], 1, 1)
