"""EDGAR: totals after which other totals follow, sectors that must add up, warming potentials, the real booklet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.sources import edgar_ghg as source

from .conftest import Collect
from .emission_files import edgar

URL = "https://edgar.jrc.ec.europa.eu/booklet/EDGAR_2024_GHG_booklet_2024.xlsx"
CODES = {**{code: code for code in ("AZE", "IRN", "KAZ", "RUS", "TKM")}, "globe": "GLOBAL TOTAL"}


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "granule"
    path.write_bytes(content)
    return path


def test_totals_sums_of_sectors_and_the_report(tmp_path: Path) -> None:
    read = source.read_granule(write(tmp_path, edgar(2024, [1990, 1991])))
    assert read["location"].values.tolist() == ["AZE", "IRN", "KAZ", "RUS", "TKM", "globe"]
    assert {n: read[n].sel(location="KAZ").values.tolist() for n in ("total", "ch4", "ch4_waste", "co2")} == {
        "total": [250, 251], "ch4": pytest.approx([75, 75.3]), "ch4_waste": [25, pytest.approx(25.1)],
        "co2": [150, pytest.approx(150.6)],
    }  # fmt: skip
    assert read["total"].sel(location="globe").values[0] == 50000
    assert read.attrs == {"product_version": "GHG emissions of all world countries, 2024 Report", "edition": "2024"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"<html>maintenance</html>", "an HTML page in place of a workbook"),
        (b"PK\x03\x04" + b"\x00" * 400, "the workbook is damaged"),
        (edgar(2024, [1990])[:-400], "the workbook is damaged"),
        (edgar(2024, [1990], no_gdp=True), "sheet GHG_per_GDP_by_country begins with \\(\\) and not"),
        (edgar(2024, [1990], gwp="AR6"), "the sheet info does not say 'GWP-100 AR5'"),
        (edgar(2024, [1990], total_off=0.01), "the sectors of AZE in 1990 add up to 30 Mt and the total is 30.3 Mt"),
    ],
)
def test_what_is_not_the_booklet_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(write(tmp_path, content))


def test_every_year_since_the_known_layout_may_have_a_booklet() -> None:
    window = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
    (ref,) = source.list_granules(window, None)
    names = [ref.path, *(ref.editions or ())]
    assert names == [f"booklet/EDGAR_{year}_GHG_booklet_{year}.xlsx" for year in (2026, 2025, 2024)]


def test_collected_in_customary_units(collect: Collect) -> None:
    collected = collect("edgar_ghg", {URL: edgar(2024, [1990, 1991])})
    assert (collected.outcome.problems, len(collected.rows)) == ([], 6 * 6 * 2)
    assert collected.values("emission_of_greenhouse_gases_ar5_without_lulucf", "RUS") == {
        "1990-01-01": 1500,
        "1991-01-01": 1501,
    }
    assert collected.values("emission_of_greenhouse_gases_ar5_without_lulucf_per_capita", "RUS")["1990-01-01"] == 15


@pytest.mark.slow
def test_the_real_booklet_against_pandas(shared: Callable[..., Path]) -> None:
    path = shared("archive", "2024-09", "edgar.jrc.ec.europa.eu", "booklet", URL.rpartition("/")[2])
    read = source.read_granule(path)
    totals = pd.read_excel(path, sheet_name="GHG_totals_by_country").set_index("EDGAR Country Code")
    sectors = pd.read_excel(path, sheet_name="GHG_by_sector_and_country")
    methane = sectors[sectors["Substance"] == "GWP_100_AR5_CH4"]
    waste = methane[methane["Sector"] == "Waste"].set_index("EDGAR Country Code")
    assert read.attrs["edition"] == "2024"
    for year in (1990, 2023):
        here = read.sel(time=f"{year}-01-01")
        for place, code in CODES.items():
            there = here.sel(location=place)
            assert float(there["total"]) == pytest.approx(totals.loc[code, year], rel=1e-12)
            assert float(there["ch4"]) == pytest.approx(
                methane.groupby("EDGAR Country Code")[year].sum()[code], rel=1e-12
            )
            assert float(there["ch4_waste"]) == pytest.approx(waste.loc[code, year], rel=1e-12)
    assert float(read["total"].sel(time="2023-01-01", location="KAZ")) == 320.34998496393
    assert float(read["total"].sel(time="2023-01-01", location="TKM")) == 98.79411982866
