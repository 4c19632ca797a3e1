"""The benchmark of grids still runs, and says what it measured."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
import xarray as xr

from . import grids
from .grid_peers import with_nco
from .oisst_files import write_days


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the peers
def test_a_small_measurement_writes_its_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "benchmarks.md"
    sizes = ["--days", "40", "--years", "2", "--cells", "4", "--heatwave-days", "11400", "--repeats", "1"]
    assert grids.main([*sizes, "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert text == capsys.readouterr().out
    for number in range(1, 7):
        assert f"| {number}. " in text
    for peer in ("cdo", "ncwa"):
        assert (f"| {peer[:2].upper()}O" in text) == bool(shutil.which(peer))


@pytest.mark.skipif(not (shutil.which("ncecat") and shutil.which("ncwa")), reason="NCO is not installed")
def test_nco_gives_the_mean_of_every_file(tmp_path: Path) -> None:
    files = write_days(tmp_path, date(2019, 1, 1), 3, seasons=1)
    ncecat, ncwa = (str(shutil.which(name)) for name in ("ncecat", "ncwa"))
    means = with_nco(ncecat, ncwa, files)
    expected = []
    for path in files:
        with xr.open_dataset(path, engine="h5netcdf") as day:
            expected.append(float(day["sst"].sel(lat=slice(36, 48), lon=slice(46, 56)).mean()))
    assert means == pytest.approx(expected, rel=1e-5)
