"""The benchmark of grids still runs, and says what it measured."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
import xarray as xr

from tests.command_line import ROOT

from . import grids
from .grid_peers import with_nco
from .oisst_files import write_days
from .sections import read_marked, write_marked


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the peers
def test_a_small_measurement_writes_its_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, readme = tmp_path / "docs" / "benchmarks.md", tmp_path / "README.md"
    out.parent.mkdir()
    readme.write_text("<!-- speed of grids -->\n<!-- end of speed of grids -->\n", encoding="utf-8")
    sizes = ["--days", "40", "--years", "2", "--cells", "4", "--heatwave-days", "11400", "--repeats", "1"]
    assert grids.main([*sizes, "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert text == capsys.readouterr().out
    assert "CPU time a file, over 40 files: floor" in text
    assert read_marked(readme, grids.MARK) == shown_of(text)
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


def test_the_readme_shows_the_last_table() -> None:
    measured = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert read_marked(ROOT / "README.md", grids.MARK) == shown_of(measured)


def test_what_is_marked_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("a\n<!-- x -->\nold\n<!-- end of x -->\nb\n", encoding="utf-8")
    write_marked(path, "x", "new \\1")
    write_marked(path, "y", "nowhere")
    assert path.read_text(encoding="utf-8") == "a\n<!-- x -->\nnew \\1\n<!-- end of x -->\nb\n"
    write_marked(tmp_path / "none.md", "x", "")
    assert not (tmp_path / "none.md").exists()


def shown_of(measured: str) -> str:
    """What a README must show of a file of benchmarks; nothing as long as grids were not measured."""
    _, found, rest = measured.partition(f"# {grids.TITLE}\n\n")
    if not found:
        return ""
    table = next(part for part in rest.split("\n\n") if part.startswith("| what |"))
    return grids.for_readme(rest, table)
