"""Parquet and NetCDF of a report: what its CSV says, in files that other programs read, and the same bytes again."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import SettingsError
from caspian_env.reports import parquet, spreadsheet
from caspian_env.reports.model import Report
from caspian_env.reports.netcdf import build_netcdf
from caspian_env.reports.parquet import build_parquet
from caspian_env.workflows.report_files import all_formats, check_formats
from tests.reports.compliance import shortcomings
from tests.reports.synthetic_bulletin import bulletin, rate, utc


def table(content: bytes) -> tuple[list[str], list[dict[str, str]]]:
    lines = content.decode("utf-8").splitlines(keepends=True)
    notes = [line for line in lines if line.startswith("# ")]
    return notes, list(csv.DictReader(io.StringIO("".join(lines[len(notes) :]))))


def written(report: Report, folder: Path) -> Path:
    path = folder / "report.nc"
    path.write_bytes(build_netcdf(report))
    return path


def test_parquet_holds_the_rows_of_the_csv_with_types_and_its_notes() -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    files = build_parquet(bulletin())
    asked = {
        "bulletin-synthetic.parquet": spreadsheet.values_csv(bulletin()),
        "observations-synthetic.parquet": spreadsheet.observations_csv(bulletin()),
    }
    assert set(files) == set(asked)
    for name, content in asked.items():
        notes, rows = table(content)
        read = pq.read_table(io.BytesIO(files[name]))
        assert [f"# {note}\n" for note in json.loads(read.schema.metadata[b"notes"])] == notes[:-1]
        found = read.to_pylist()
        assert len(found) == len(rows) > 5
        for mine, said in zip(found, rows, strict=True):
            for key, cell in mine.items():
                if isinstance(cell, float):
                    assert cell == float(said[key])
                elif hasattr(cell, "utcoffset"):
                    assert f"{cell:%Y-%m-%dT%H:%M:%SZ}" == said[key]
                else:
                    assert ("" if cell is None else str(cell).lower()) == said[key].lower()


def test_netcdf_holds_every_value_and_every_reason(tmp_path: Path) -> None:
    report = bulletin()
    with xr.open_dataset(written(report, tmp_path)) as file:
        for name in {value.indicator_id for value in report.values}:
            mine = [value for value in report.values if value.indicator_id == name]
            assert file[name].to_numpy().tolist() == [value.value for value in mine]
            assert file[name].attrs["units"] == mine[0].unit
            lowest = [value.ci_low for value in mine]
            if any(low is not None for low in lowest):
                assert file[f"{name}_interval_low"].to_numpy().tolist() == lowest
            else:
                assert f"{name}_interval_low" not in file
            when, where, _ = file[name].encoding["coordinates"].split()
            assert file[where].to_numpy().astype(str).tolist() == [value.location_id for value in mine]
            limits = file[f"{when}_bounds"].to_numpy().astype("M8[s]").tolist()
            assert [[a.year, b.year] for a, b in limits] == [[v.period_start.year, v.period_end.year] for v in mine]
        assert np.isnan(file["sst_trend"].to_numpy()).all()
        assert file["sst_trend_no_number_because"].to_numpy().astype(str).tolist() == [
            "only 12 of 30 years are complete"
        ]
        assert file.attrs["title"].startswith("SYNTHETIC DEMONSTRATION DATA")


def test_indicators_of_the_same_places_and_periods_lie_along_one_dimension(tmp_path: Path) -> None:
    pair = (rate(), replace(rate(), indicator_id="sl_rate_10y_other"))
    with netCDF4.Dataset(written(bulletin(values=pair, refusals=()), tmp_path)) as file:
        assert file["sl_rate_10y_other"].dimensions == file["sl_rate_10y"].dimensions == ("sl_rate_10y_number",)
        assert file["sl_rate_10y_other"].coordinates.startswith("sl_rate_10y_time sl_rate_10y_place ")
        assert "sl_rate_10y_other_time" not in file.variables
        assert "sl_rate_10y_no_number_because" not in file.variables
        told = file["sl_rate_10y"].ancillary_variables.split()
        assert [name for name in told if name not in file.variables] == []


def test_the_file_names_the_indicators_that_the_cf_table_has_no_name_for(tmp_path: Path) -> None:
    with netCDF4.Dataset(written(bulletin(), tmp_path)) as file:
        (note,) = [part for part in file.comment.split("; ") if part.startswith("without a standard_name")]
        named = note.partition(": ")[2].split(", ")
        assert "sst_trend" in named
        assert [name for name in named if hasattr(file[name], "standard_name")] == []
        assert "sl_rate_10y" not in named


def test_rows_that_a_licence_keeps_are_in_neither_file_and_it_is_said(tmp_path: Path) -> None:
    with netCDF4.Dataset(written(bulletin(), tmp_path)) as file:
        assert any(name.startswith("rows_nasa_gwm_lake") for name in file.variables)
        assert not any(name.startswith("rows_dahiti") for name in file.variables)
        assert "withheld: dahiti_water_level" in file.comment
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    read = pq.read_table(io.BytesIO(build_parquet(bulletin())["observations-synthetic.parquet"]))
    assert "dahiti_water_level" not in read.column("dataset_id").to_pylist()
    assert b"withheld: dahiti_water_level" in read.schema.metadata[b"notes"]


def test_a_rate_without_an_interval_is_a_reason_here_too(tmp_path: Path) -> None:
    bare = rate(ci_low=None, ci_high=None, ci_level=None)
    with netCDF4.Dataset(written(bulletin(values=(bare,)), tmp_path)) as file:
        assert np.ma.getmaskarray(file["sl_rate_10y"][:]).all() or np.isnan(file["sl_rate_10y"][:]).all()


def test_the_same_report_is_the_same_bytes_in_another_process_and_language(tmp_path: Path) -> None:
    program = (
        "import sys; from dataclasses import replace; from caspian_env.reports.netcdf import build_netcdf;"
        "from caspian_env.reports.parquet import build_parquet; from tests.reports.synthetic_bulletin import bulletin;"
        "report = replace(bulletin(), language='kk', title='x');"
        "sys.stdout.buffer.write(build_netcdf(report) + b''.join(build_parquet(report).values()))"
    )
    root = Path(__file__).resolve().parents[2]
    again = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, check=True).stdout
    assert build_netcdf(bulletin()) + b"".join(build_parquet(bulletin()).values()) == again


def test_an_empty_report_is_a_file_too(tmp_path: Path) -> None:
    empty = bulletin(level=(), surface=(), values=(), refusals=(), sections=(), as_of=utc(2026))
    with netCDF4.Dataset(written(empty, tmp_path)) as file:
        assert not file.variables


def test_without_the_package_the_call_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r'needs the package pyarrow \(pip install "caspian-env\[parquet\]"\)'):
        check_formats(["parquet"])
    assert {"parquet", "netcdf"} <= set(all_formats())


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["cf:1.11", "acdd:1.3"])
@pytest.mark.filterwarnings("ignore")  # of the checker's own code
def test_the_compliance_checker_finds_no_error(tmp_path: Path, checker: str) -> None:
    short = shortcomings(written(bulletin(), tmp_path), checker)
    if checker.startswith("cf"):
        assert [one.msgs for one in short] == [], "not even a warning"
    # The CF table has no name for a trend of the temperature; any other would be untrue.
    assert [(one.name, one.msgs) for one in short if one.weight == 3 and '"sst_trend' not in one.name] == []
