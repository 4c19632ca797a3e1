"""Tables have exactly the header that the source promises."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from caspian_env.errors import BadGranule
from caspian_env.formats.table_text import number, read_lines, read_table, time_series

HEADER = ("year", "value")


def test_lines_whatever_their_ends(tmp_path: Path) -> None:
    path = tmp_path / "granule"
    path.write_bytes(b"a,b\r\n1,2\r\n")
    assert read_lines(path, "ds") == ["a,b", "1,2"]


def test_a_last_line_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "granule"
    path.write_bytes(b"a,b\n1,2\n3,4")
    with pytest.raises(BadGranule, match="line 3 breaks off"):
        read_lines(path, "ds")


def test_rows_are_mappings_by_name() -> None:
    lines = ["# note, with comma", "year,value", "", "2001,1", '2002,"a, b"']
    assert read_table(lines, HEADER, "ds", comment="#") == [
        {"year": "2001", "value": "1"},
        {"year": "2002", "value": "a, b"},
    ]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "no header"),
        (["# only a comment"], "no header"),
        (["year;value", "2001;1"], "the header is 'year;value'"),
        (["value,year", "1,2001"], "the header is"),
        (["year,value,", "2001,1,"], "the header is"),
        (["year,value"], "without a single row"),
        (["year,value", "2001,1", "2002"], "line 3 has 1 fields"),
        (["year,value", "2001,1,7"], "line 2 has 3 fields"),
    ],
)
def test_another_layout_is_refused(lines: list[str], problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        read_table(lines, HEADER, "ds", comment="#")


def test_the_title_must_be_there() -> None:
    assert read_table(["T", "year,value", "1,2"], HEADER, "ds", title="T")
    with pytest.raises(BadGranule, match="first line is not 'T'"):
        read_table(["year,value", "1,2"], HEADER, "ds", title="T")


def test_fills_are_missing_and_not_numbers() -> None:
    assert number("-9.99", "ds") == -9.99
    assert math.isnan(number("-9.99", "ds", [-9.99]))
    for text in ("", "n/a", "nan", "inf", "-.  27"):
        with pytest.raises(BadGranule, match="number"):
            number(text, "ds")


def test_a_series_ascends_and_keeps_words_beside_their_values() -> None:
    times = [datetime(2001, 3, 1), datetime(2001, 1, 1), datetime(2001, 2, 1)]
    columns = {"a": [3.0, 1.0, math.nan], "b": [math.nan, 10.0, math.nan]}
    series = time_series(
        times,
        columns,
        "ds",
        units={"a": "m", "b": "m"},
        words={"status": ["final", "reported", "x"]},
        product_version="7",
    )
    assert series["time"].dtype == np.dtype("datetime64[ns]")
    assert [str(t)[:7] for t in series["time"].values] == ["2001-01", "2001-03"]
    assert series["a"].values.tolist() == [1.0, 3.0]
    assert series["status"].values.tolist() == ["reported", "final"]
    assert (series["a"].attrs["units"], series.attrs["product_version"]) == ("m", "7")


def test_a_time_that_stands_twice_or_no_value_at_all_is_refused() -> None:
    twice = [datetime(2001, 1, 1), datetime(2001, 1, 1)]
    with pytest.raises(BadGranule, match="2001-01-01T00:00 stands twice"):
        time_series(twice, {"a": [1.0, 1.0]}, "ds", units={"a": "m"})
    with pytest.raises(BadGranule, match="no row with a value"):
        time_series(twice[:1], {"a": [math.nan]}, "ds", units={"a": "m"})
    with pytest.raises(BadGranule, match="no row with a value"):
        time_series([], {"a": []}, "ds", units={"a": "m"})
