"""Every report in every language and format, made of real files; its PDFs looked at page by page as pictures."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from PIL import Image

from caspian_env.seeds import load_reports
from caspian_env.settings import data_folder
from caspian_env.workflows.build_reports import build_reports
from caspian_env.workflows.report_files import FORMATS, all_formats
from tests.reports.compliance import shortcomings
from tests.workflows.conftest import Ran, opened

pytestmark = pytest.mark.slow
DOTS = 50  # an inch
EDGE = round(DOTS * 8 / 25.4)  # 8 mm, where nothing is printed
WHITE = 250


@pytest.fixture(scope="module")
def folder(real_run: Ran, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("everything")
    with opened(real_run.home, real_run.mirror) as platform:
        build_reports(platform, made, formats=all_formats())
    return made


def pictures(path: Path, folder: Path) -> list[np.ndarray]:
    """Each page in shades of grey, 0 to 255."""
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm (poppler-utils) is not installed")
    subprocess.run(["pdftoppm", "-r", str(DOTS), "-gray", path, folder / path.stem], check=True)
    found = sorted(folder.glob(f"{path.stem}-*.pgm"))
    return [np.asarray(Image.open(page)) for page in found]


def test_every_report_is_there_in_every_language_and_format(folder: Path) -> None:
    pytest.importorskip("typst", reason="typst is not installed")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    assert all_formats() == list(FORMATS)
    wanted = set()
    for name, definition in load_reports(data_folder("seeds")).items():
        rows = definition.get("rows") or f"{name}-observations"
        wanted |= {f"{name}.csv", f"{rows}.csv", f"{name}.parquet", f"{rows}.parquet", f"{name}.nc"}
        wanted |= {f"{name}-citations.{ending}" for ending in ("bib", "csl.json", "txt")}
        for language in definition.get("languages", ["en"]):
            mark = "" if language == "en" else f".{language}"
            wanted |= {f"{name}{mark}.html", f"{name}{mark}.pdf"}
    assert {path.name for path in folder.iterdir()} == wanted
    assert len(wanted) == 5 * (8 + 2 * 4)
    assert all(path.stat().st_size > 100 for path in folder.iterdir() if not path.name.startswith("quality-citations"))


def test_every_page_of_every_pdf_is_a_whole_page(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("typst", reason="typst is not installed")
    files = sorted(folder.glob("*.pdf"))
    assert len(files) == 20
    for path in files:
        found = pictures(path, tmp_path)
        assert found, path.name
        for number, page in enumerate(found, 1):
            assert abs(page.shape[0] / page.shape[1] - 2**0.5) < 0.01, "A4 on end"
            ink = page < WHITE
            share = ink.mean()
            assert 0.003 < share < 0.5, f"{path.name}, page {number}: {share:.4f} of it is printed"
            frame = ink.copy()
            frame[EDGE:-EDGE, EDGE:-EDGE] = False
            assert not frame.any(), f"{path.name}, page {number}: something runs over the edge"


@pytest.mark.parametrize("checker", ["cf:1.11", "acdd:1.3"])
@pytest.mark.filterwarnings("ignore")  # of the checker's own code
def test_the_compliance_checker_misses_names_that_cf_has_not_and_nothing_else(folder: Path, checker: str) -> None:
    with netCDF4.Dataset(folder / "bulletin.nc") as file:
        nameless = file.comment.partition("none for the quantity: ")[2].partition("; ")[0].split(", ")
    short = shortcomings(folder / "bulletin.nc", checker)
    if checker.startswith("cf"):
        assert [one.msgs for one in short] == []
    # Of these the file says itself that the CF table has no name for them; CF forbids to make one up.
    excused = tuple(f'variable "{name}' for name in nameless)
    assert [(one.name, one.msgs) for one in short if one.weight == 3 and not one.name.startswith(excused)] == []


def test_the_files_hold_the_same_numbers(folder: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    for name in load_reports(data_folder("seeds")):
        rows = pq.read_table(folder / f"{name}.parquet").to_pylist()
        with netCDF4.Dataset(folder / f"{name}.nc") as file:
            for indicator in {row["indicator_id"] for row in rows}:
                told = [row["value"] for row in rows if row["indicator_id"] == indicator]
                held = np.ma.filled(file[indicator][:], np.nan)
                assert np.array_equal(held, np.array([np.nan if v is None else v for v in told]), equal_nan=True)
        lines = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        assert f"# rows: {len(rows)}" in lines
        withheld = {line.split(":")[1].split("(")[0].strip() for line in lines if line.startswith("# withheld")}
        listed = pq.read_schema(folder / f"{name}.parquet").metadata[b"notes"]
        assert all(dataset in json.loads(listed) for dataset in withheld)
