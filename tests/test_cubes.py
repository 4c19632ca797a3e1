"""The parts of cubes as files: written once, whole or not at all, and exactly what was given."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.cubes import Cubes, export, open_parts, read_part
from caspian_env.errors import CaspianError, CatalogError, SeedError
from caspian_env.processing.describe import describe
from caspian_env.seeds import load_datasets, load_variables
from caspian_env.settings import data_folder

OISST, SST, ERROR = "noaa_oisst_v2_1", "sea_surface_temperature", "sea_surface_temperature_standard_error"
PACKED = {
    "dtype": np.dtype("int16"),
    "scale_factor": np.float32(0.01),
    "add_offset": np.float32(0),
    "_FillValue": np.int16(-999),
}
ROOT = Path(__file__).resolve().parent.parent


def made_up(year: int = 2024, *, first_longitude: float = 46.125, days: int = 5) -> xr.Dataset:
    """Cells in the order of their temperature, land in the first row, as decoded from hundredths in int16."""
    time = (np.datetime64(f"{year}-02-27", "D") + np.arange(days)).astype("datetime64[us]")
    shape = (days, 6, 8)
    hundredths = np.arange(np.prod(shape)).reshape(shape).astype(np.int16) - 60
    cells = hundredths * np.float32(0.01)
    cells[:, 0] = np.nan
    ice = np.where(cells < 0, np.float32(0.5), np.float32(np.nan))
    grid = xr.Dataset(
        {SST: (("time", "latitude", "longitude"), cells), ERROR: (("time", "latitude", "longitude"), cells * 0 + 0.25)},
        {"time": time, "latitude": 37.125 + np.arange(6) / 4, "longitude": first_longitude + np.arange(8) / 4},
    )
    attrs = {"long_name": "Sea ice concentration", "units": "1", "standard_name": "sea_ice_area_fraction"}
    grid["ice"] = (("time", "latitude", "longitude"), ice, attrs)
    grid["status"] = ("time", np.array(["final"] * (days - 1) + ["preliminary"]))
    grid["granule_sha256"] = (
        "time",
        np.array([hashlib.sha256(str(n).encode()).hexdigest() for n in range(days)], "S64"),
    )
    for name in (SST, "ice"):
        grid[name].encoding = dict(PACKED)
    return grid


def described(grid: xr.Dataset) -> xr.Dataset:
    folder = data_folder("seeds")
    return describe(grid, load_datasets(folder)[OISST], load_variables(folder), method="1")


def stored_bytes(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_part_is_named_by_its_bytes_and_the_same_grid_is_the_same_part(tmp_path: Path) -> None:
    cubes = Cubes(tmp_path)
    first = cubes.write(OISST, described(made_up()))
    assert first.path == tmp_path / OISST / first.sha256[:2] / f"{first.sha256}.nc"
    assert (stored_bytes(first.path), first.path.stat().st_size, first.new) == (first.sha256, first.size, True)
    again = cubes.write(OISST, described(made_up()))
    assert (again.sha256, again.new) == (first.sha256, False)
    assert cubes.write(OISST, described(made_up(2025))).sha256 != first.sha256
    assert list(tmp_path.glob("incoming/*")) == []


def test_values_come_back_exactly_and_stay_packed(tmp_path: Path) -> None:
    given = made_up()
    path = Cubes(tmp_path).write(OISST, described(given)).path
    for engine in ("netcdf4", "h5netcdf"):
        with xr.open_dataset(path, engine=engine) as read:
            for name in (SST, ERROR, "ice", "time", "latitude", "longitude"):
                np.testing.assert_array_equal(read[name].to_numpy(), given[name].to_numpy())
    with xr.open_dataset(path, engine="netcdf4", mask_and_scale=False) as raw:
        assert (raw[SST].dtype, raw["ice"].dtype, raw[ERROR].dtype) == (np.int16, np.int16, np.float32)
        assert raw[SST].encoding["chunksizes"] == raw[SST].shape, "a series of a year is one chunk"
        assert (raw[SST].attrs["scale_factor"], raw[SST].attrs["_FillValue"]) == (np.float32(0.01), -999)


def test_packing_that_would_lose_something_is_given_up(tmp_path: Path) -> None:
    grid = made_up()
    grid[SST][1, 3, 3] = np.float32(12.3456)
    path = Cubes(tmp_path).write(OISST, described(grid)).path
    with xr.open_dataset(path, engine="h5netcdf", mask_and_scale=False) as raw:
        assert raw[SST].dtype == np.float32
    np.testing.assert_array_equal(read_part(path)[SST], grid[SST])


def test_a_part_says_what_it_is(tmp_path: Path) -> None:
    part = read_part(Cubes(tmp_path).write(OISST, described(made_up())).path)
    assert part.attrs["Conventions"] == "CF-1.11, ACDD-1.3"
    seed = load_datasets(data_folder("seeds"))[OISST]
    assert (part.attrs["license"], part.attrs["creator_name"]) == (seed.licence, seed.provider)
    assert part.attrs["references"] == seed.citation
    assert part.attrs["time_coverage_start"] == "2024-02-27T00:00:00Z"
    assert part.attrs["time_coverage_end"] == "2024-03-03T00:00:00Z", "the leap day is counted"
    assert part.attrs["time_coverage_duration"] == "P5D"
    assert (part.attrs["geospatial_lat_min"], part.attrs["geospatial_lat_max"]) == (37.0, 38.5)
    assert (part.attrs["geospatial_lon_min"], part.attrs["geospatial_lon_max"]) == (46.0, 48.0)
    assert not [name for name in part.attrs if "date_" in name], "no clock"
    assert part[SST].attrs["ancillary_variables"] == f"{ERROR} status granule_sha256"
    assert part[SST].attrs["cell_methods"] == "time: mean"
    assert part[ERROR].attrs["units_metadata"] == "temperature: difference"
    assert part["crs"].attrs["grid_mapping_name"] == "latitude_longitude"
    meanings = part["status"].attrs["flag_meanings"].split()
    assert [meanings[flag] for flag in part["status"].to_numpy()] == ["final"] * 4 + ["preliminary"]
    np.testing.assert_array_equal(part["latitude_bounds"][0], [37.0, 37.25])


def test_a_grid_of_instants_has_no_bounds() -> None:
    from dataclasses import replace

    folder = data_folder("seeds")
    seed = load_datasets(folder)[OISST]
    instant = replace(seed, variables=tuple(replace(m, resolution="instant") for m in seed.variables))
    with pytest.raises(SeedError, match="needs one resolution"):
        describe(made_up(), instant, load_variables(folder), method="1")


def test_a_killed_writer_leaves_no_part(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from pathlib import Path
from caspian_env import cubes
from tests.test_cubes import OISST, described, made_up
cubes._move = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
cubes.Cubes(Path(sys.argv[1])).write(OISST, described(made_up()))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environment, timeout=120)
    assert killed.returncode == -9
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".part"]
    assert Cubes(tmp_path).write(OISST, described(made_up())).new
    assert (Cubes(tmp_path).sweep(), Cubes(tmp_path).sweep(now=time.time() + 90_000)) == (0, 1)
    assert list(tmp_path.rglob("*.part")) == []


def test_a_part_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "cubes").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(CaspianError, match="cannot be written"):
        Cubes(tmp_path / "cubes").write(OISST, described(made_up()))


def test_opening_tells_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    cubes = Cubes(tmp_path)
    part = cubes.write(OISST, described(made_up()))
    assert cubes.open(OISST, part.sha256, part.size, verify=True) == part.path
    with pytest.raises(CatalogError, match="the file is missing"):
        cubes.open(OISST, "0" * 64, part.size)
    with pytest.raises(CatalogError, match="is not a sha256"):
        cubes.open(OISST, "../../etc", part.size)
    with pytest.raises(CatalogError, match=r"has \d+ bytes and not 1"):
        cubes.open(OISST, part.sha256, 1)
    content = bytearray(part.path.read_bytes())
    content[100] ^= 1
    part.path.chmod(0o644)
    part.path.write_bytes(content)
    assert cubes.open(OISST, part.sha256, part.size) == part.path, "the size alone cannot tell"
    with pytest.raises(CatalogError, match="bytes have changed"):
        cubes.open(OISST, part.sha256, part.size, verify=True)


def test_parts_open_as_one_lazy_cube(tmp_path: Path) -> None:
    older = made_up(2023).drop_vars([ERROR, "ice"])
    paths = [Cubes(tmp_path).write(OISST, described(grid)).path for grid in (older, made_up(2024))]
    with open_parts(paths) as cube:
        assert cube.sizes["time"] == 10
        assert cube[SST].chunksizes["time"] == (5, 5)
        np.testing.assert_array_equal(cube[SST][5:].to_numpy(), made_up(2024)[SST].to_numpy())
        assert np.isnan(cube[ERROR][:5].to_numpy()).all(), "a year without the variable has missing values"
        assert ERROR in cube[SST].attrs["ancillary_variables"], "the newest part describes the cube"
        assert cube["latitude_bounds"].dims == ("latitude", "bounds"), "what does not change has no time"
        assert cube["granule_sha256"].to_numpy()[0] == hashlib.sha256(b"0").hexdigest()
        whole = export(cube, tmp_path / "whole.nc")
    with xr.open_dataset(whole, engine="netcdf4") as read:
        np.testing.assert_array_equal(read[SST][5:].to_numpy(), made_up(2024)[SST].to_numpy())


def test_parts_that_are_alike_open_as_if_each_had_been_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [Cubes(tmp_path).write(OISST, described(made_up(year))).path for year in (2022, 2023, 2024)]
    unpacked = made_up(2021)
    unpacked[SST].encoding = {}
    for chosen in (paths, [Cubes(tmp_path).write(OISST, described(unpacked)).path, *paths]):
        with open_parts(chosen) as quick, monkeypatch.context() as patch:
            patch.setattr("caspian_env.cubes.joined", lambda *_: None)
            with open_parts(chosen) as careful:
                assert quick[SST].data.npartitions == len(chosen)
                assert quick.load().identical(careful.load())
                for name in careful.variables:
                    assert quick[name].dtype == careful[name].dtype, name
                    assert set(quick[name].attrs) == set(careful[name].attrs), name


def test_parts_on_other_grids_or_in_other_units_are_not_joined(tmp_path: Path) -> None:
    cubes = Cubes(tmp_path)
    path = cubes.write(OISST, described(made_up())).path
    shifted = cubes.write(OISST, described(made_up(2025, first_longitude=46.25))).path
    with pytest.raises(CatalogError, match="do not fit together"):
        open_parts([path, shifted])
    kelvin = described(made_up(2025))
    kelvin[SST].attrs["units"] = "K"
    with pytest.raises(CatalogError, match="units differ"):
        open_parts([path, cubes.write(OISST, kelvin).path])


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["cf:1.11", "acdd:1.3"])
@pytest.mark.filterwarnings("ignore")  # of the checker's own code
def test_the_compliance_checker_finds_no_error(tmp_path: Path, checker: str) -> None:
    pytest.importorskip("compliance_checker", reason="compliance-checker is not installed")
    from compliance_checker.runner import CheckSuite

    paths = [Cubes(tmp_path).write(OISST, described(grid)).path for grid in (made_up(2023), made_up(2024))]
    with open_parts(paths) as cube:
        export(cube.assign_attrs(date_created="2024-03-05T00:00:00Z"), tmp_path / "whole.nc")
    suite = CheckSuite()
    suite.load_all_available_checkers()
    for path in (paths[0], tmp_path / "whole.nc"):
        with_file = suite.load_dataset(str(path))
        results, failures = suite.run_all(with_file, [checker], [])[checker]
        with_file.close()
        assert failures == {}
        assert len(results) > 15, "the checker did look"
        errors = [(one.name, one.msgs) for one in results if one.weight == 3 and one.value[0] < one.value[1]]
        assert errors == []
        if checker.startswith("cf"):
            assert [one.msgs for one in results if one.value[0] < one.value[1]] == [], "not even a warning"
