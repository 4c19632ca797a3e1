"""GISTEMP: twelve months a year, exactly in the provider's layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from caspian_env.errors import BadGranule
from caspian_env.sources import nasa_gistemp as source

from .conftest import Altered

NAME = ("nasa_gistemp", "GLB.Ts+dSST.csv")


def test_months_become_one_series(altered: Altered) -> None:
    read = source.read_granule(altered(*NAME))
    assert read.sizes["time"] == 27
    assert (str(read["time"].values[0])[:10], str(read["time"].values[-1])[:10]) == ("1901-01-01", "1903-03-01")
    assert read["anomaly"].values[:4].tolist() == [-0.10, -0.20, -0.30, 0.0]
    assert read["anomaly"].values[-3:].tolist() == [1.05, -0.05, 1.15]
    assert read["anomaly"].attrs["units"] == "degree_Celsius"
    assert "status" not in read


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Land-Ocean: Global Means\n", "", "first line is not"),
        ("Oct,Nov,Dec,J-D", "Oct,Dec,Nov,J-D", "the header is"),
        ("Year,", "Year;", "the header is"),
        ("1901,-.10", "1901,-,10", "line 3 has 20 fields"),
        ("1901,-.10", "1901,-.  10", "is written"),
        ("1901,-.10", "1901,-.100", "Jan 1901 is written '-.100'"),
        ("1901,-.10", "1901,***", "a month is missing"),
        ("1902,", "1912,", "years do not follow"),
        ("1902,", "19O2,", "'19O2' is not a year"),
        (
            ".50,.60,.70,.80,.25",
            "-.50,.60,.70,.80,.25",
            "the months of 1901 have the mean 0.17 and the table says 0.25",
        ),
        ("***,.67,***,***,***\n", "***,.67,*", "breaks off"),
    ],
)
def test_another_layout_is_refused(altered: Altered, old: str, new: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(altered(*NAME, old, new))


@pytest.mark.parametrize(
    ("vintage", "last", "value"),
    [("2022-06", "2022-05-01", 0.82), ("2024-12", "2024-11-01", 1.31), ("2025-08", "2025-07-01", 1.03)],
)
def test_real_editions(shared: Callable[..., Path], vintage: str, last: str, value: float) -> None:
    path = shared("archive", vintage, "data.giss.nasa.gov", "gistemp", "tabledata_v4", "GLB.Ts+dSST.csv")
    read = source.read_granule(path)
    assert (str(read["time"].values[0])[:10], str(read["time"].values[-1])[:10]) == ("1880-01-01", last)
    assert float(read["anomaly"][-1]) == value
    assert not bool(read["anomaly"].isnull().any())


@pytest.mark.parametrize(
    "name",
    [
        "GLB.Ts+dSST__september_autofill.csv",
        "global-temp_monthly__stale.csv",
        "global-temp_annual__stale.csv",
        "co2_mm_mlo__html_error_page.csv",
    ],
)
def test_damaged_copies_are_refused(shared: Callable[..., Path], name: str) -> None:
    with pytest.raises(BadGranule):
        source.read_granule(shared("samples", "broken", name))


def test_a_zonal_table_of_the_same_provider_is_refused(shared: Callable[..., Path]) -> None:
    path = shared("archive", "2024-12", "data.giss.nasa.gov", "gistemp", "tabledata_v4", "ZonAnn.Ts+dSST.csv")
    with pytest.raises(BadGranule, match="first line"):
        source.read_granule(path)
