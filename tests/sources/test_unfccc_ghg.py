"""UNFCCC: two layouts, notation keys, land use that was never reported, a dash for a missing year, real workbooks."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.errors import BadGranule, NoIndex, NotPublished, RefusedAnswer, TransportError, Unreachable
from caspian_env.model import Document, Listing, Window
from caspian_env.sources import unfccc_ghg as source

from .conftest import Collect
from .emission_files import unfccc_annex_one, unfccc_profile, workbook

BASE = "https://di.unfccc.int/"
TABLE = "Time%20Series%20-%20GHG%20total%20without%20LULUCF%2C%20in%20kt%20CO%E2%82%82%20equivalent.xlsx"
TOTAL = "emission_of_greenhouse_gases_reported_gwp_without_lulucf"
NET = "emission_of_greenhouse_gases_reported_gwp_with_lulucf"
TKM = unfccc_profile("Turkmenistan", [1994, 2000, 2004], [100.0, "NE", 300.0], [None, None, -8.0])


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "granule"
    path.write_bytes(content)
    return path


class Net:
    def __init__(self, names: list[str] | TransportError) -> None:
        self.names = names

    def listing(self, path: str) -> Listing:
        if isinstance(self.names, TransportError):
            raise self.names
        return Listing(BASE, self.names)

    def document(self, path: str, *, form: object = None) -> Document:
        raise NotImplementedError


def test_a_profile_has_the_reported_years_and_no_land_use_nobody_reported(tmp_path: Path) -> None:
    read = source.read_granule(write(tmp_path, TKM)).sel(location="TKM")
    years = read.sel(time=["1994-01-01", "2000-01-01", "2004-01-01"])
    np.testing.assert_array_equal(years["ghg_without_lulucf"], [100, np.nan, 300])
    np.testing.assert_array_equal(years["ghg_with_lulucf"], [np.nan, np.nan, 292])
    np.testing.assert_array_equal(years["ch4_without_lulucf"], [7, 7, 7])
    assert set(read["status"].values) == {"reported"}


def test_a_profile_is_of_the_day_on_which_its_workbook_was_written(tmp_path: Path, shared: Callable[..., Path]) -> None:
    """Its properties are those of the template, of 2018; the parts of the archive have days of their own."""
    (path,) = shared("archive", "2022-10").rglob("TKM_ghg_profile.xlsx")
    assert source.read_granule(path).attrs["product_version"] == "workbook of 2022-10-04"
    dateless = tmp_path / "dateless.xlsx"
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(dateless, "w") as copy:
        for part in whole.infolist():
            copy.writestr(zipfile.ZipInfo(part.filename), whole.read(part))  # 1980-01-01: no day
    assert "product_version" not in source.read_granule(dateless).attrs


def test_the_table_of_annex_one_has_a_dash_for_a_missing_year_and_its_day(tmp_path: Path) -> None:
    read = source.read_granule(write(tmp_path, unfccc_annex_one()))
    np.testing.assert_array_equal(read["ghg_without_lulucf"].sel(location="KAZ"), [250000, 251000, np.nan])
    np.testing.assert_array_equal(read["ghg_without_lulucf"].sel(location="RUS"), [1500000, 1501000, 1502000])
    assert read.attrs["edition"] == "2023-11-02"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"<html></html>", "an HTML page in place of a workbook"),
        (TKM[:-300], "the workbook is damaged"),
        (workbook({"Sheet1": [["something else"]]}), "the first cell is 'something else'"),
        (unfccc_profile("Peru", [1994], [1.0], [None]), "the profile is about Peru"),
        (unfccc_profile("Azerbaijan", [1994], ["many"], [None]), "'many' is neither a number nor a notation key"),
        (workbook({"Sheet1": [["Time Series - GHG total without LULUCF, in kt CO₂ equivalent"]]}), "no row of Party"),
    ],
)
def test_another_workbook_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(write(tmp_path, content))


def test_the_table_is_listed_where_a_mirror_has_it(window: Window) -> None:
    profiles = [f"ghg_profiles/nonAnnexOne/{code}/{code}_ghg_profile.xlsx" for code in ("AZE", "IRN", "TKM")]
    for nowhere in (NotPublished("time_series/", "is not there"), NoIndex("time_series/", "is a page for people")):
        assert [ref.path for ref in source.list_granules(window, Net(nowhere))] == profiles
    found = list(source.list_granules(window, Net([TABLE, "other.xlsx"])))
    assert [ref.path for ref in found] == [*profiles, f"time_series/{TABLE}"]


@pytest.mark.parametrize("error", [Unreachable, RefusedAnswer])
def test_a_listing_that_fails_is_told_after_the_profiles(window: Window, error: type[TransportError]) -> None:
    found = source.list_granules(window, Net(error("time_series/", "the server failed")))
    assert len([next(found) for _ in range(3)]) == 3
    with pytest.raises(error, match="the server failed"):
        next(found)


def test_the_five_states_collected_in_megatonnes(collect: Collect) -> None:
    made = {
        f"{BASE}ghg_profiles/nonAnnexOne/{code}/{code}_ghg_profile.xlsx": content
        for code, content in {
            "AZE": unfccc_profile("Azerbaijan", [1990], [73000.0], [-3000.0]),
            "IRN": unfccc_profile("Iran (Islamic Republic of)", [1994, 2000], [385000.0, 483000.0], [31000.0, 9000.0]),
            "TKM": TKM,
        }.items()
    }
    collected = collect("unfccc_ghg", {**made, f"{BASE}time_series/{TABLE}": unfccc_annex_one()})
    assert collected.outcome.problems == []
    assert collected.values(TOTAL, "KAZ") == {"1990-01-01": 250, "1991-01-01": 251}
    assert collected.values(TOTAL, "IRN") == {"1994-01-01": 385, "2000-01-01": 483}
    assert collected.values(NET, "AZE") == {"1990-01-01": 70}
    assert collected.values(NET, "TKM") == pytest.approx({"2004-01-01": 0.292})
    assert {row.status for row in collected.rows} == {"reported"}


@pytest.mark.parametrize(("code", "years"), [("AZE", (1990, 2013)), ("IRN", (1994, 2000)), ("TKM", (2004, 2010))])
def test_real_profiles_against_pandas(shared: Callable[..., Path], code: str, years: tuple[int, int]) -> None:
    name = f"{code}_ghg_profile.xlsx"
    path = shared("archive", "2022-10", "di.unfccc.int", "ghg_profiles", "nonAnnexOne", code, name)
    read = source.read_granule(path).sel(location=code)
    frame = pd.read_excel(path, sheet_name="Data_by_sector", header=0, index_col=0, nrows=8)
    for year in years:
        column = frame[str(year)]
        here = read.sel(time=f"{year}-01-01")
        assert float(here["ghg_without_lulucf"]) == column["GHG emissions without LULUCF / LUCF"]
        land = column["GHG net emissions/removals by LULUCF / LUCF"]
        net = column["GHG net emissions/removals with LULUCF / LUCF"] if pd.notna(land) else np.nan
        np.testing.assert_equal(float(here["ghg_with_lulucf"]), float(net))


def test_the_real_table_against_pandas(shared: Callable[..., Path]) -> None:
    path = shared("archive", "2023-11", "di.unfccc.int", "time_series", TABLE)
    read = source.read_granule(path)
    frame = pd.read_excel(path, header=2, index_col=0)
    for code, name in {"KAZ": "Kazakhstan", "RUS": "Russian Federation"}.items():
        for year, column in ((1990, "1990"), (2021, "Last Inventory Year (2021)")):
            assert float(read["ghg_without_lulucf"].sel(location=code, time=f"{year}-01-01")) == frame.loc[name, column]


@pytest.mark.parametrize(("code", "years"), [("IRN", [1994, 2000]), ("TKM", [1994, 2000, 2004, 2010])])
def test_a_real_profile_has_the_years_that_were_reported_and_no_others(
    shared: Callable[..., Path], code: str, years: list[int]
) -> None:
    path = shared(
        "archive", "2022-10", "di.unfccc.int", "ghg_profiles", "nonAnnexOne", code, f"{code}_ghg_profile.xlsx"
    )
    read = source.read_granule(path)["ghg_without_lulucf"].sel(location=code).dropna("time")
    assert (read["time"].values.astype("datetime64[Y]").astype(int) + 1970).tolist() == years
