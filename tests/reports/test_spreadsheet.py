from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from caspian_env.reports import spreadsheet
from caspian_env.reports.page import build
from tests.reports.synthetic_bulletin import altimetry, bulletin, genuine, rate, source, value


def read(content):
    lines = content.decode("utf-8").splitlines(keepends=True)
    notes = [line for line in lines if line.startswith("# ")]
    return notes, list(csv.DictReader(io.StringIO("".join(lines[len(notes) :]))))


def test_values_carry_everything_printed_and_unrounded():
    notes, rows = read(spreadsheet.values_csv(bulletin()))
    row = next(row for row in rows if row["indicator_id"] == "sl_rate_10y")
    assert (row["value_printed"], row["value"], row["unit"]) == ("-7.1", "-7.13", "cm year-1")
    assert (row["ci_low"], row["ci_high"], row["ci_level"], row["n_valid"]) == ("-13.02", "-1.24", "0.9", "12")
    assert (row["status"], row["qc_flag"], row["datum"]) == ("final", "1", "dahiti_39")
    assert row["granule_sha256"] == "0000".rjust(64, "a")
    assert row["url"] == "https://data.example/dahiti_water_level/0.nc"
    assert f"# rows: {len(rows)}\n" in notes


def test_all_sums_of_a_value_are_listed():
    _, rows = read(spreadsheet.values_csv(bulletin()))
    row = next(row for row in rows if row["indicator_id"] == "sst_anomaly_1y")
    assert len(row["granule_sha256"].split()) == 365


def test_a_refusal_is_a_row_without_a_number_and_with_a_reason():
    _, rows = read(spreadsheet.values_csv(bulletin()))
    row = next(row for row in rows if row["indicator_id"] == "sst_trend")
    assert (row["value"], row["value_printed"], row["no_number_because"]) == (
        "",
        "",
        "only 12 of 30 years are complete",
    )


def test_withheld_rows_are_absent_and_the_file_says_why():
    notes, rows = read(spreadsheet.observations_csv(bulletin()))
    assert {row["dataset_id"] for row in rows} == {"nasa_gwm_lake", "reported_levels", "noaa_oisst_v2_1"}
    (notice,) = [note for note in notes if "withheld" in note]
    assert "dahiti_water_level" in notice
    assert "non-commercial use, cite" in notice
    assert "https://data.example/dahiti_water_level" in notice
    assert ("d" * 64).encode() not in spreadsheet.observations_csv(bulletin())


@pytest.mark.parametrize("series_says", [True, False])
def test_one_no_is_enough_to_withhold(series_says):
    licence = source("nasa_gwm_lake", redistributable=not series_says)
    b = bulletin(level=(altimetry(redistributable=series_says),), surface=(), values=(), sources=(licence,))
    notes, rows = read(spreadsheet.observations_csv(b))
    assert rows == []
    assert any("withheld: nasa_gwm_lake" in note for note in notes)


def test_observations_keep_values_flags_and_sums():
    _, rows = read(spreadsheet.observations_csv(bulletin()))
    spike = rows[60]
    assert (spike["qc_flag"], spike["status"], spike["granule_sha256"]) == ("3", "final", "b" * 64)
    assert float(spike["value"]) == altimetry().values[60]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " ="])
def test_text_is_never_a_formula(start):
    hostile = f"{start}HYPERLINK(1)"
    b = bulletin(values=(value(title=hostile, licence=hostile, value=-5.0, ci_low=-6.0, ci_high=-4.0),))
    _, rows = read(spreadsheet.values_csv(b))
    assert rows[0]["title"] == rows[0]["licence"] == f"'{hostile.strip()}"
    assert rows[0]["value"] == "-5.0"  # a number stays a number
    assert rows[0]["value_printed"] == "-5.00"


def test_metadata_cannot_leave_its_comment_line():
    hostile = "a\n=1+1,=2+2;@x"
    b = replace(bulletin(), title=hostile, sources=tuple(replace(s, licence=hostile) for s in bulletin().sources))
    for content in (spreadsheet.values_csv(b), spreadsheet.observations_csv(b)):
        lines = content.decode().splitlines()
        assert not any(line.startswith("=") for line in lines)
        assert not any(part.startswith(("=", "@")) for line in lines if line[0] == "#" for part in line.split(","))


def test_files_say_whether_they_are_synthetic():
    for content in (spreadsheet.values_csv(bulletin()), spreadsheet.observations_csv(bulletin())):
        notes, rows = read(content)
        assert notes[1] == "# SYNTHETIC DEMONSTRATION DATA\n"
        assert {row["synthetic"] for row in rows} == {"true"}
    notes, rows = read(spreadsheet.values_csv(genuine()))
    assert "not synthetic" in notes[1]
    assert {row["synthetic"] for row in rows} == {"false"}


def test_a_rate_without_an_interval_is_in_no_file():
    bare = rate(ci_low=None, ci_high=None, ci_level=None)
    files = build(bulletin(values=(bare,)))
    _, rows = read(files["bulletin-synthetic.csv"])
    assert (rows[-1]["value"], rows[-1]["no_number_because"]) == ("", "a rate is not shown without its interval")
    assert "−7.1" not in files["bulletin-synthetic.html"].decode()
