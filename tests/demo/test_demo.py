"""The mirror as a whole: what is there, the same bytes every time, marks of synthetic, what edition 2 changes."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
import xarray as xr

from caspian_env import demo
from caspian_env.demo import co2, dahiti, ersst, gistemp, gwm, oisst
from caspian_env.errors import SettingsError
from caspian_env.sources import (
    dahiti_water_level,
    nasa_gistemp,
    nasa_gwm_lake,
    noaa_ersst_v5,
    noaa_gml_co2,
    noaa_oisst_v2_1,
)

READERS = {
    "dahiti_water_level": (dahiti_water_level, dahiti.ADDRESS),
    "nasa_gistemp": (nasa_gistemp, gistemp.ADDRESS),
    "nasa_gwm_lake": (nasa_gwm_lake, gwm.ADDRESS),
    "noaa_ersst_v5": (noaa_ersst_v5, ersst.ADDRESS),
    "noaa_gml_co2": (noaa_gml_co2, co2.ADDRESS),
}


def fingerprints(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_writes_what_it_lists_and_little_of_it(editions: dict[int, Path]) -> None:
    for folder in editions.values():
        sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
        assert sum(sizes.values()) < 17e6
        assert min(sizes.values()) > 500
    assert len(fingerprints(editions[1])) == 731 + 5 + 1
    assert len(fingerprints(editions[2])) == 731 + 31 + 5 + 1


def test_one_folder_can_go_from_edition_to_edition(editions: dict[int, Path], tmp_path: Path) -> None:
    shutil.copytree(editions[2], tmp_path, dirs_exist_ok=True)
    other = tmp_path / "own.txt"
    other.write_text("not of the demonstration", encoding="utf-8")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("oisst-avhrr-v02r01.2024*.nc")}
    reported: list[tuple[int, int]] = []
    written = demo.write_mirror(tmp_path, 1, lambda done, total: reported.append((done, total)))
    known = fingerprints(tmp_path)
    assert known.pop("own.txt")
    assert known == fingerprints(editions[1])
    assert {str(path.relative_to(tmp_path)) for path in written} == known.keys()
    assert reported == [(done, 737) for done in range(1, 738)]
    # A file whose bytes stay keeps its date.
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_there_is_no_third_edition(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no edition 3"):
        demo.write_mirror(tmp_path / "mirror", 3)
    assert not (tmp_path / "mirror").exists()


def test_every_file_with_room_for_it_says_synthetic(editions: dict[int, Path]) -> None:
    for folder in editions.values():
        silent = [path.name for path in folder.rglob("*") if path.is_file() and b"SYNTHETIC" not in path.read_bytes()]
        assert silent == ["GLB.Ts+dSST.csv"]
        assert "data.giss.nasa.gov" in (folder / demo.NOTE).read_text(encoding="utf-8")


def test_the_source_modules_read_it(editions: dict[int, Path]) -> None:
    for folder in editions.values():
        for module, address in READERS.values():
            assert module.read_granule(folder / address).sizes["time"] > 500
        days = sorted((folder / oisst.FOLDER).rglob("*.nc"))
        for day in (days[0], days[40], days[-1]):
            assert noaa_oisst_v2_1.read_granule(day).sizes["time"] == 1


def _changes(old: xr.DataArray, new: xr.DataArray) -> dict[datetime, tuple[float | None, float | None]]:
    def values(series: xr.DataArray) -> dict[datetime, float]:
        return {time.to_pydatetime(warn=False): float(value) for time, value in series.to_series().dropna().items()}

    before, after = values(old), values(new)
    times = before.keys() | after.keys()
    return {t: (before.get(t), after.get(t)) for t in times if before.get(t) != after.get(t)}


@pytest.mark.parametrize("dataset", ["dahiti_water_level", "nasa_gistemp", "nasa_gwm_lake", "noaa_gml_co2"])
def test_differences_are_those_of_the_tables(dataset: str, editions: dict[int, Path]) -> None:
    module, address = READERS[dataset]
    first, second = (module.read_granule(editions[edition] / address) for edition in (1, 2))
    stated = [d for d in demo.differences() if d.dataset == dataset]
    for column in {d.column for d in stated}:
        expected = {d.time.replace(tzinfo=None): (d.old, d.new) for d in stated if d.column == column}
        assert _changes(first[column], second[column]) == expected


def test_differences_are_those_of_the_grids(editions: dict[int, Path]) -> None:
    def names(edition: int) -> dict[str, Path]:
        return {path.name: path for path in (editions[edition] / oisst.FOLDER).rglob("*.nc")}

    def mean(path: Path) -> float:
        return float(noaa_oisst_v2_1.read_granule(path)["sst"].mean(dtype=float))

    def day(path: Path) -> str:
        found = re.search(r"\d{8}(?=[._])", path.name)
        assert found
        return found[0]

    first, second = names(1), names(2)
    before = {day(path): mean(path) for name, path in first.items() if name not in second}
    after = {day(path): mean(path) for name, path in second.items() if name not in first}
    stated = [d for d in demo.differences() if d.dataset == "noaa_oisst_v2_1"]
    assert {d.time.strftime("%Y%m%d") for d in stated} == after.keys()
    assert {d.time.strftime("%Y%m%d") for d in stated if d.kind == "finalised"} == before.keys()
    for d in stated:
        assert d.new == pytest.approx(after[d.time.strftime("%Y%m%d")], abs=1e-4)
        if d.old is not None:
            assert d.old == pytest.approx(before[d.time.strftime("%Y%m%d")], abs=1e-4)
            assert 0.02 < abs(d.new - d.old) < 0.2 if d.new is not None else False
    shared_names = first.keys() & second.keys()
    assert all(first[name].read_bytes() == second[name].read_bytes() for name in shared_names)


def test_the_monthly_grid_gains_one_month(editions: dict[int, Path]) -> None:
    first, second = (noaa_ersst_v5.read_granule(editions[edition] / ersst.ADDRESS)["sst"] for edition in (1, 2))
    [stated] = [d for d in demo.differences() if d.dataset == "noaa_ersst_v5"]
    assert second.sizes["time"] == first.sizes["time"] + 1
    assert second.isel(time=slice(0, -1)).equals(first)
    assert str(second["time"].values[-1])[:10] == f"{stated.time:%Y-%m-%d}" == "2026-01-01"
    assert float(second[-1].mean(dtype=float)) == pytest.approx(stated.new, abs=1e-6)


def test_each_kind_of_change_occurs() -> None:
    kinds = Counter((d.dataset, d.kind) for d in demo.differences())
    assert kinds["dahiti_water_level", "corrected"] == kinds["dahiti_water_level", "withdrawn"] == 1
    assert kinds["noaa_oisst_v2_1", "finalised"] == oisst.PRELIMINARY_DAYS
    assert kinds["nasa_gwm_lake", "finalised"] == 2 * gwm.PRELIMINARY_ROWS
    assert kinds["nasa_gwm_lake", "withdrawn"] == 2
    assert kinds["nasa_gistemp", "corrected"] == len(gistemp.RECOMPUTED)
    assert kinds["noaa_gml_co2", "corrected"] == 2
    assert {dataset for dataset, kind in kinds if kind == "new"} == {"noaa_oisst_v2_1", *READERS}
    assert all((d.old is None) == (d.kind == "new") for d in demo.differences())
    assert all((d.new is None) == (d.kind == "withdrawn") for d in demo.differences())
