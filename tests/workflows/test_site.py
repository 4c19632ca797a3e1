"""The site: index, pages and feeds, drawn again only where something changed."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from caspian_env.workflows.compute import compute
from caspian_env.workflows.run import collect
from caspian_env.workflows.site import write_site
from tests.workflows.conftest import CO2, opened, put
from tests.workflows.synthetic_co2 import co2_table

ATOM = "{http://www.w3.org/2005/Atom}"


def beside(stem: str) -> set[str]:
    """The files that lie beside a page, where every package is installed."""
    rows = f"{stem}-observations"
    cited = {f"{stem}-citations.{ending}" for ending in ("bib", "csl.json", "txt")}
    return cited | {f"{stem}.csv", f"{rows}.csv", f"{stem}.parquet", f"{rows}.parquet", f"{stem}.nc", f"{stem}.pdf"}


@pytest.mark.slow
def test_only_what_changed_is_written_again(small_mirror: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    with opened(tmp_path / "home", small_mirror) as platform:
        collect(platform, only=["noaa_gml_co2"])
        compute(platform)
        first = write_site(platform, folder, address="https://example.org/caspian")
        assert {"index.html", "values.xml", "revisions.xml", "indicator-co2_mean_1y.html", "annual.kk.html"} <= {
            path.name for path in first
        }
        times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
        assert write_site(platform, folder, address="https://example.org/caspian") == []
        assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == times
        (folder / "indicator-co2_mean_1y.html").write_text("edited")
        again = write_site(platform, folder, address="https://example.org/caspian")
        assert {path.name for path in again} == {
            "indicator-co2_mean_1y.html",
            *beside("indicator-co2_mean_1y"),
        }
        untouched = {path: path.read_bytes() for path in folder.iterdir()}
        collect(platform, only=["noaa_ersst_v5"])
        compute(platform)
        later = {path.name for path in write_site(platform, folder, address="https://example.org/caspian")}
        assert any(name.startswith("indicator-sst") for name in later)
        assert "indicator-co2_mean_1y.html" not in later
        assert (folder / "indicator-co2_mean_1y.html").read_bytes() == untouched[folder / "indicator-co2_mean_1y.html"]
    for name, offered in {
        "indicator-co2_mean_1y.html": beside("indicator-co2_mean_1y"),
        "annual.html": beside("annual"), "annual.kk.html": beside("annual") - {"annual.pdf"} | {"annual.kk.pdf"},
    }.items():  # fmt: skip
        page_links = set(re.findall(r'href="([^"#:]+)"', (folder / name).read_text(encoding="utf-8")))
        assert offered <= page_links
        assert [link for link in page_links if not (folder / link).is_file()] == []
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "Annual mean carbon dioxide at Mauna Loa" in page[page.index('id="key"') : page.index('id="reports"')]
    assert {"annual.pdf", "annual.kk.pdf", "annual.nc", "bulletin.parquet"} <= set(re.findall(r'href="([^"]+)"', page))
    links = set(re.findall(r'href="([^"#]+)"', page)) - {"data:,"}
    assert {"index.ru.html", "index.kk.html", "index.az.html"} < links
    for language in ("ru", "kk", "az"):
        other = (folder / f"index.{language}.html").read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in other
        assert "[en]" not in other
        there = set(re.findall(r'href="([^"#]+)"', other)) - {"data:,"}
        assert there == links - {f"index.{language}.html"} | {"index.html"}
        assert "Key messages" not in other
    assert len(links) > 20
    assert [link for link in links if not (folder / link).is_file()] == []
    root = ElementTree.parse(folder / "values.xml").getroot()
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert len(ids) == len(set(ids)) > 2
    assert root.find(f"{ATOM}entry/{ATOM}link").get("href").startswith("https://example.org/caspian/indicator-")


@pytest.mark.slow
def test_a_revision_is_told_by_its_feed_and_on_its_page_alone(small_mirror: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    put(small_mirror, CO2, co2_table(60).encode())
    with opened(tmp_path / "home", small_mirror) as platform:
        collect(platform, only=["noaa_gml_co2", "noaa_ersst_v5"])
        compute(platform)
        write_site(platform, folder)
        put(small_mirror, CO2, co2_table(60, {50: 3.0}).encode())
        collect(platform, only=["noaa_gml_co2"])
        compute(platform)
        written = {path.name for path in write_site(platform, folder)}
    assert {
        "revisions.xml",
        "values.xml",
        "index.html",
        "indicator-co2_mean_1y.html",
        "indicator-co2_mean_1y.nc",
    } <= written
    assert not any(name.startswith("indicator-sst") for name in written)
    entries = list(ElementTree.parse(folder / "revisions.xml").getroot().iter(f"{ATOM}entry"))
    assert entries
    assert {entry.find(f"{ATOM}link").get("href") for entry in entries} <= written
    assert all(" became " in entry.findtext(f"{ATOM}summary") for entry in entries)
    assert " became " in (folder / "indicator-co2_mean_1y.html").read_text(encoding="utf-8")
    assert "No value of it was revised." in (folder / "indicator-sst_mean_1y_ersst.html").read_text(encoding="utf-8")
