"""Mauna Loa: columns by name, fills, interpolated months, the preliminary year, damaged copies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caspian_env.errors import BadGranule
from caspian_env.sources import noaa_gml_co2 as source

from .conftest import Altered

NAME = ("noaa_gml_co2", "co2_mm_mlo.csv")


def test_fills_are_missing_and_nothing_is_zero(altered: Altered) -> None:
    read = source.read_granule(altered(*NAME)).sel(time=slice("1973-11", "1974-06"))
    np.testing.assert_array_equal(read["average"], [300.0, 300.1, np.nan, 300.3, 300.4, 300.5, 300.6, 300.7])
    assert read["deseasonalized"].values[:3].tolist() == [299.0, 299.1, 299.2]
    np.testing.assert_array_equal(read["unc"], [np.nan] * 6 + [0.2, np.nan])
    assert {read[name].attrs["units"] for name in ("average", "deseasonalized", "unc")} == {"1e-6"}


def test_status_final_estimated_and_the_last_twelve_months_preliminary(altered: Altered) -> None:
    status = source.read_granule(altered(*NAME))["status"]
    assert set(status.sel(time=slice("1973-11", "1974-05")).values) == {"final"}
    assert status.sel(time="1974-06-01").item() == "estimated"
    assert set(status.sel(time=slice("1974-07", "1974-10")).values) == {"final"}
    assert set(status.sel(time=slice("1974-11", None)).values) == {"preliminary"}
    assert int((status == "preliminary").sum()) == 12


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (",average,deseasonalized,", ",deseasonalized,average,", "the header is"),
        (",sdev,unc\n", ",sdev\n", "the header is"),
        ("1974,9,1974.7083,", "1974,9,1974.9083,", "decimal date 1974.9083 is not in 1974-09"),
        ("1974,9,1974.7083,", "1974,13,1974.7083,", "'13' is not a month"),
        ("1974,9,1974.7083,301.00,300.00,20,0.40,0.20\n", "", "1974-10 follows 1974-08"),
        ("301.00,300.00,20,0.40,0.20", "301.00,300.00,20,0.40", "line 16 has 7 fields"),
        (",301.00,", ",301,00,", "has 9 fields"),
    ],
)
def test_another_layout_is_refused(altered: Altered, old: str, new: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(altered(*NAME, old, new))


@pytest.mark.parametrize(
    ("vintage", "months", "last", "value"),
    [
        ("2022-08", 773, "2022-07-01", 418.90),
        ("2023-05", 782, "2023-04-01", 423.28),
        ("2026-02", 815, "2026-01-01", 428.62),
    ],
)
def test_real_editions(shared: Callable[..., Path], vintage: str, months: int, last: str, value: float) -> None:
    path = shared("archive", vintage, "gml.noaa.gov", "webdata", "ccgg", "trends", "co2", "co2_mm_mlo.csv")
    read = source.read_granule(path)
    assert (read.sizes["time"], str(read["time"].values[-1])[:10]) == (months, last)
    assert float(read["average"][-1]) == value
    assert int((read["status"] == "preliminary").sum()) == 12
    estimated = read["time"].values[(read["status"] == "estimated").values]
    assert [str(t)[:7] for t in estimated] == ["1975-12", "1984-04"]
    assert int(read["unc"].notnull().sum()) == months - 194 - 2  # 194 months of Scripps data, 2 interpolated ones
    assert float(read["unc"].min()) > 0


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("co2-mm-mlo__header_shifted.csv", "the header is 'Date,Decimal Date"),
        ("co2-mm-gl__header_shifted.csv", "the header is 'Date,Decimal Date"),
        ("co2-mm-mlo__header_only_2026-03-01.csv", "the header is 'Date,Decimal Date"),
        ("co2_mm_mlo__truncated.csv", "line 440 breaks off"),
        ("co2_mm_mlo__html_error_page.csv", "an HTML page in place of text"),
        ("owid-co2-data__lfs_pointer.csv", "a Git LFS pointer in place of text"),
        ("owid-co2__spreadsheet_export.csv", "the header is"),
    ],
)
def test_damaged_copies_are_refused(shared: Callable[..., Path], name: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(shared("samples", "broken", name))
