"""NASA Global Water Monitor: rows by pattern, fills, two missions in one minute, another lake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caspian_env.errors import BadGranule
from caspian_env.sources import nasa_gwm_lake as source

from .conftest import Altered

NAME = ("nasa_gwm_lake", "lake000270.10d.2.txt")


def test_heights_in_two_datums_with_error_and_status(altered: Altered) -> None:
    read = source.read_granule(altered(*NAME))
    assert [str(t)[:16] for t in read["time"].values] == [
        "2001-01-11T01:12", "2001-01-21T01:13", "2001-01-31T01:14", "2001-02-10T01:15", "2001-03-02T01:17",
    ]  # fmt: skip
    np.testing.assert_array_equal(read["relative_height"], [0.10, 0.20, 0.31, 0.40, 0.60])
    np.testing.assert_array_equal(read["egm2008_height"], [-26.48, np.nan, -26.27, -26.18, -25.98])
    np.testing.assert_array_equal(read["error"], [0.041, np.nan, 0.044, 0.045, 0.048])
    assert read["status"].values.tolist() == ["final", "final", "final", "final", "preliminary"]
    assert {read[name].attrs["units"] for name in ("relative_height", "egm2008_height", "error")} == {"m"}
    assert read.attrs["product_version"] == "MADEUP.9.9"


def test_a_header_that_grows_moves_nothing(altered: Altered) -> None:
    longer = altered(*NAME, "Column 1: Mission\n", "c one line more\nc and another\nColumn 1: Mission\n")
    assert source.read_granule(longer).sizes["time"] == 5


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("000270 Caspian", "000314 Victoria_1", "target '000314' and not 000270"),
        ("relative to Jason-2", "relative to Sentinel-6", "nothing of Jason-2 for column 6"),
        ("EGM2008 datum", "EGM96 datum", "nothing of EGM2008 for column 15"),
        ("default=9999.99", "default=9999.999", "nothing of default=9999.99"),
        ("Column 16: Source (GDR=0, IGDR=1)\n", "", "names 15 columns"),
        ("   0.60  0.048  11.11 AMR", "   0.60  0.048  AMR", "line 33 is not a row of 16 columns"),
        ("-25.98   1\n", "-25.98   7\n", "line 33 is not a row"),
        ("-25.98   1\n", "-25.9", "line 33 breaks off"),
        ("   0.60  0.048", "   0.6O  0.048", "'0.6O' is not a number"),
    ],
)
def test_another_lake_datum_or_layout_is_refused(altered: Altered, old: str, new: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(altered(*NAME, old, new))


def test_a_header_alone_is_refused(altered: Altered, tmp_path: Path) -> None:
    text = altered(*NAME).read_text(encoding="utf-8")
    path = tmp_path / "header"
    path.write_text(text[: text.index("TOPEX")], encoding="utf-8")
    with pytest.raises(BadGranule, match="no data row"):
        source.read_granule(path)


def test_the_real_file_of_another_lake_is_refused_and_its_rows_can_be_read(shared: Callable[..., Path]) -> None:
    path = shared("archive", "2022-06", "earth.gsfc.nasa.gov", "gwm", "timeseries", "lake000314.10d.2.txt")
    with pytest.raises(BadGranule, match="000314"):
        source.read_granule(path)
    read = source._parse(path.read_text(encoding="utf-8").splitlines())
    assert (read.sizes["time"], read.attrs["product_version"]) == (1121, "TPJOJ.2.4")
    assert str(read["time"].values[0])[:16] == "1992-10-07T17:34"
    last = read.isel(time=-1)
    assert (float(last["relative_height"]), float(last["egm2008_height"])) == (1.60, 1136.72)
    assert str(last["status"].values) == "preliminary"
    offset = read["egm2008_height"] - read["relative_height"]
    assert float(abs(offset - 1135.12).max()) < 0.011


@pytest.mark.parametrize("name", ["lake000314.10d.2.smooth.txt", "lake001597.27b.2.txt"])
def test_real_files_of_other_products_are_refused(shared: Callable[..., Path], name: str) -> None:
    with pytest.raises(BadGranule):
        source.read_granule(shared("archive", "2022-06", "earth.gsfc.nasa.gov", "gwm", "timeseries", name))
