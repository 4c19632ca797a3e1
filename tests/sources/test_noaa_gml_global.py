"""Global means of NOAA GML: fills, the preliminary year, the gas of the file, editions, real tables against pandas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.seeds import load_datasets
from caspian_env.sources import noaa_gml_global as source

from .conftest import Collect
from .emission_files import gml

DATASETS = {
    name: load_datasets()[name] for name in load_datasets() if name.startswith("noaa_gml_") and name != "noaa_gml_co2"
}
METHANE = DATASETS["noaa_gml_ch4"].options
MONTHLY, ANNUAL = "year,month,decimal,average,average_unc,trend,trend_unc", "year,mean,unc"
URL = "https://gml.noaa.gov/webdata/ccgg/trends/ch4/ch4_mm_gl.csv"


def months(count: int, *, shift: float = 0.0, unc: str = "1.10") -> list[str]:
    """Invented months since January 2000, wavy enough for the gates; the last two have no uncertainty yet."""
    rows = []
    for n in range(count):
        year, month = 2000 + n // 12, n % 12 + 1
        value = 1750 + n * 0.53 + (n * n % 7) * 0.37 + shift
        doubt = "-9.99" if n >= count - 2 else unc
        rows.append(f"{year},{month},{year + (month - 0.5) / 12:.3f},{value:.2f},{doubt},{value - 1:.2f},{doubt}")
    return rows


def methane(count: int, created: str = "Thu Feb  5 04:05:10 2026", shift: float = 0.0) -> bytes:
    return gml("CH4", "ppb", months(count, shift=shift), header=MONTHLY, created=created)


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "granule"
    path.write_bytes(content)
    return path


def test_fills_status_unit_and_the_day_of_the_file(tmp_path: Path) -> None:
    read = source.read_granule(write(tmp_path, methane(30)), options=METHANE)
    np.testing.assert_array_equal(read["average_unc"].values[-3:], [1.1, np.nan, np.nan])
    assert (read["status"].values == ["final"] * 18 + ["preliminary"] * 12).all()
    assert (read["average"].attrs["units"], read.attrs["edition"]) == ("1e-9", "2026-02-05")


def test_an_annual_table_has_one_preliminary_year(tmp_path: Path) -> None:
    content = gml("CO2", "ppm", ["2001,370.5,0.1", "2002,372.5,0.1", "2003,375.0,-9.99"], header=ANNUAL)
    read = source.read_granule(write(tmp_path, content), options=DATASETS["noaa_gml_co2_global_annual"].options)
    assert read["status"].values.tolist() == ["final", "final", "preliminary"]
    assert str(read["time"].values[0])[:10] == "2001-01-01"
    np.testing.assert_array_equal(read["unc"], [0.1, 0.1, np.nan])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html>", "HTML"),
        (gml("N2O", "ppb", months(3), header=MONTHLY), "the file is about N2O and not CH4"),
        (methane(30)[:-5], "truncated: line 37 breaks off"),
        (methane(3).replace(b"average_unc", b"unc"), "the header is"),
        (methane(3).replace(b"# File Creation", b"# File"), "the preamble does not say"),
        (methane(3).replace(b"2000,2,2000.125", b"2000,2,2000.925"), "decimal date 2000.925 is not in 2000-02"),
        (methane(3).replace(b"2000,2,", b"2000,14,"), "'14' is not a month"),
        (gml("CH4", "ppb", [months(5)[n] for n in (0, 1, 3)], header=MONTHLY), "2000-04 follows 2000-02"),
        (gml("CH4", "ppb", [], header=MONTHLY), "a header without a single row"),
    ],
)
def test_another_table_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(write(tmp_path, content), options=METHANE)


@pytest.mark.parametrize("name", DATASETS)
def test_one_address_is_listed(window: Window, name: str) -> None:
    options = DATASETS[name].options
    (ref,) = source.list_granules(window, None, options=options)
    assert ref.path == f"webdata/ccgg/trends/{options['file']}"
    assert options["dataset"] == name


def test_methane_collected_and_a_stale_copy_put_off(collect: Collect) -> None:
    collected = collect("noaa_gml_ch4", {URL: methane(30)})
    values = collected.values("mole_fraction_of_methane_in_air")
    assert (len(values), values["2000-01-01"], collected.outcome.problems) == (30, 1750, [])
    assert {row.unit for row in collected.rows} == {"1e-9"}
    stale = collect("noaa_gml_ch4", {URL: methane(24, "Fri May  5 04:05:12 2023", shift=1)})
    assert (stale.outcome.status, stale.outcome.written) == ("ok", 0)
    assert "edition 2023-05-05 is no newer edition than 2026-02-05" in stale.outcome.notes[0]
    assert stale.values("mole_fraction_of_methane_in_air") == values


@pytest.mark.parametrize(
    ("name", "vintage", "rows", "edition"),
    [
        ("noaa_gml_ch4", "2023-05", 475, "2023-05-05"),
        ("noaa_gml_ch4", "2025-08", 502, "2025-08-05"),
        ("noaa_gml_ch4", "2026-02", 508, "2026-02-05"),
        ("noaa_gml_n2o", "2023-05", 265, "2023-05-05"),
        ("noaa_gml_n2o", "2025-08", 292, "2025-08-05"),
        ("noaa_gml_co2_global", "2025-08", 557, "2025-08-05"),
        ("noaa_gml_co2_global_annual", "2025-08", 46, "2025-08-05"),
    ],
)
def test_real_tables_against_pandas(
    shared: Callable[..., Path], name: str, vintage: str, rows: int, edition: str
) -> None:
    options = DATASETS[name].options
    path = shared("archive", vintage, "gml.noaa.gov", "webdata", "ccgg", "trends", *options["file"].split("/"))
    read, frame = source.read_granule(path, options=options), pd.read_csv(path, comment="#")
    assert (read.sizes["time"], read.attrs["edition"]) == (rows, edition)
    for column in frame.columns.difference(["year", "month", "decimal"]):
        expected = frame[column].where(frame[column] > 0).to_numpy()
        np.testing.assert_array_equal(read[column], expected)
