"""Our World in Data: the wide table and the chart, real editions against pandas, damaged copies."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.sources import owid_co2, owid_total_ghg

from .conftest import Collect
from .emission_files import STATES, owid_chart
from .emission_files import owid_co2 as made

URL = "https://owid-public.owid.io/data/co2/owid-co2-data.csv"
CHART = "https://ourworldindata.org/grapher/total-ghg-emissions.csv"
CO2 = "emission_of_carbon_dioxide_without_lulucf"
METHANE = "emission_of_methane_unstated_gwp_with_lulucf"
CAIT, JONES = "Total including LUCF", "Annual greenhouse gas emissions in CO₂ equivalents"
HOSTS = {
    "2020-12": "owid-public.owid.io/data/co2", "2024-11": "nyc3.digitaloceanspaces.com/owid-public/data/co2",
    "2025-12": "owid-public.owid.io/data/co2",
}  # fmt: skip


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "granule"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("world", ["", "OWID_WRL"])
def test_states_and_the_world_are_read_and_empty_is_missing(tmp_path: Path, world: str) -> None:
    read = owid_co2.read_granule(write(tmp_path, made([2001, 2002, 2003], world=world)))
    assert read["location"].values.tolist() == ["AZE", "IRN", "KAZ", "RUS", "TKM", "globe"]
    assert read["time"].values.astype("datetime64[Y]").astype(int).tolist() == [31, 32, 33]
    np.testing.assert_array_equal(read["co2"].sel(location="KAZ"), [250, 251, 252])
    np.testing.assert_array_equal(read["methane"].sel(location="KAZ"), [np.nan, 25.1, 25.2])
    assert read["co2"].sel(location="globe").values[0] == 30000
    assert "co2_including_luc" not in read
    assert {name: read[name].attrs["units"] for name in ("co2", "co2_per_capita")} == {
        "co2": "Mt",
        "co2_per_capita": "t",
    }
    assert read.attrs == {"edition": "2003"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><html></html>", "an HTML page in place of text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a Git LFS pointer in place of text"),
        (made([2001, 2002], scale=0.0001), "12 of 12 values a head do not fit totals and population"),
        (made([2001, 2002])[:-3], "truncated"),
        (made([2001, 2002]).replace(b",8000,50000", b",8000"), "line 14 has 8 cells and not 9"),
        (made([2001]).replace(b",co2,", b",carbon,"), "the header has no co2"),
        (made([2001]).replace(b",gdp,", b",,"), "a column is nameless"),
        (made([2001]).replace(b",", b";"), "the separator is a semicolon"),
        (made([2001]).replace(b"Turkmenistan,2001,TKM", b"Turkmenistan,2001,TKX"), "has no row of TKM"),
        (made([2001]).replace(b",250.000,", b",n/a,"), "'n/a' is not a number"),
        (made([2001]).splitlines()[0] + b"\n", "a header without a single row"),
    ],
)  # fmt: skip
def test_what_is_not_the_table_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        owid_co2.read_granule(write(tmp_path, content))


def test_every_host_may_have_an_edition(window: Window) -> None:
    (ref,) = owid_co2.list_granules(window, None)
    assert (ref.path, ref.editions) == ("owid-co2-data.csv", ())


def test_collected_in_customary_units(collect: Collect) -> None:
    collected = collect("owid_co2", {URL: made([2001, 2002])})
    assert collected.outcome.problems == []
    assert collected.values(CO2, "TKM") == {"2001-01-01": 60, "2002-01-01": 61}
    assert collected.values(METHANE, "AZE") == {"2002-01-01": 3.1}
    assert {row.unit for row in collected.rows} == {"Mt", "t"}
    assert {row.location for row in collected.rows} == {*STATES, "globe"}


@pytest.mark.parametrize(("vintage", "edition", "years"), [("2020-12", "2018", (1990, 2016)),
                                                           ("2024-11", "2023", (2016, 2023)),
                                                           ("2025-12", "2024", (1990, 2023))])  # fmt: skip
def test_real_editions_against_pandas(
    shared: Callable[..., Path], vintage: str, edition: str, years: tuple[int, int]
) -> None:
    path = shared("archive", vintage, *HOSTS[vintage].split("/"), "owid-co2-data.csv")
    read = owid_co2.read_granule(path)
    frame = pd.read_csv(path)
    assert read.attrs["edition"] == edition
    for year in years:
        for code, name in {**STATES, "globe": "World"}.items():
            row = frame[(frame["country"] == name) & (frame["year"] == year)].iloc[0]
            here = read.sel(time=f"{year}-01-01", location=code)
            for column in read.data_vars:
                np.testing.assert_equal(float(here[column]), float(row[str(column)]))


def test_a_revision_by_another_source_is_seen_in_real_files(shared: Callable[..., Path]) -> None:
    paths = [shared("archive", v, *HOSTS[v].split("/"), "owid-co2-data.csv") for v in ("2020-12", "2025-12")]
    methane = [float(owid_co2.read_granule(p)["methane"].sel(time="2016-01-01", location="AZE")) for p in paths]
    assert methane == [44.82, 12.163]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("owid-co2-data__lfs_pointer.csv", "a Git LFS pointer"),
        ("owid-co2__spreadsheet_export.csv", "separator is a semicolon"),
        ("owid-co2__percapita_scale_lost_2020-08-07.csv", "their scale is lost"),
    ],
)
def test_damaged_copies_are_refused(shared: Callable[..., Path], name: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        owid_co2.read_granule(shared("samples", "broken", name))


def test_the_full_file_of_august_2020_lost_its_scale(shared: Callable[..., Path]) -> None:
    path = shared("archive", "2020-08", "raw.githubusercontent.com", "owid", "co2-data", "master", "owid-co2-data.csv")
    with pytest.raises(BadGranule, match="469 of 477 values a head do not fit"):
        owid_co2.read_granule(path)


def test_a_longer_record_does_not_give_way_to_a_part_of_it(collect: Collect) -> None:
    collect("owid_co2", {URL: made(range(1990, 2019))})
    collected = collect("owid_co2", {URL: made(range(2004, 2024))}, twice=False)
    assert re.search("the edition has lost 14 of 29 values known before", collected.outcome.problems[0])
    assert len(collected.values(CO2, "KAZ")) == 29


# ── the chart ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("column", "source"), [(CAIT, "Climate Watch (CAIT)"), (JONES, "Jones et al.")])
def test_the_chart_names_its_source_by_its_column(tmp_path: Path, column: str, source: str) -> None:
    read = owid_total_ghg.read_granule(write(tmp_path, owid_chart([2001, 2002], column)))
    assert read.attrs == {"product_version": f"source {source}", "edition": "2002"}
    np.testing.assert_array_equal(read["total_ghg"].sel(location="KAZ"), [250e6, 251e6])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (owid_chart([2001], "Total GHG"), "none of its columns .* is known"),
        (owid_chart([2001, 2002], JONES).rpartition(b"\n")[0], "the last country ends in 2001 and others in 2002"),
        (owid_chart([2001, 2002], JONES)[:-1], "breaks off at '50001000000.'"),
        (owid_chart([2001, 2002], JONES)[:-3], "the last value is 5000100000, that of the year before 50000000000.0"),
        (owid_chart([2001, 2002], JONES)[:-13], "breaks off at ''"),
        (owid_chart([2001, 2002], JONES)[:-20], "has 3 cells and not 4|has 2 cells and not 4|ends in 2001"),
        (b"", "empty"),
        (b"<html>", "HTML"),
    ],
)
def test_another_chart_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        owid_total_ghg.read_granule(write(tmp_path, content))


def test_the_chart_collected_in_megatonnes_and_another_source_is_a_revision(collect: Collect) -> None:
    collect("owid_total_ghg", {CHART: owid_chart([2001, 2002], CAIT)})
    collected = collect("owid_total_ghg", {CHART: owid_chart([2001, 2002, 2003], JONES, shift=7)})
    assert (collected.outcome.revised, collected.outcome.first, collected.outcome.notes) == (12, 6, [])
    assert collected.values(location="KAZ") == pytest.approx({"2001-01-01": 257, "2002-01-01": 258, "2003-01-01": 259})


@pytest.mark.parametrize(("vintage", "years"), [("2022-10", (1990, 2019)), ("2024-12", (1990, 2023))])
def test_real_charts_against_pandas(shared: Callable[..., Path], vintage: str, years: tuple[int, int]) -> None:
    path = shared("archive", vintage, "ourworldindata.org", "grapher", "total-ghg-emissions.csv")
    read, frame = owid_total_ghg.read_granule(path), pd.read_csv(path).set_index(["Entity", "Year"])
    for year in years:
        for code, name in {**STATES, "globe": "World"}.items():
            assert float(read["total_ghg"].sel(time=f"{year}-01-01", location=code)) == frame.loc[(name, year)].iloc[1]
