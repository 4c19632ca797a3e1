"""What leaves the house of a cube: exported files, the command line, the account of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.cli import main
from caspian_env.errors import CaspianError
from caspian_env.workflows.cube import build_cubes, export_cube, open_cube
from caspian_env.workflows.run import run
from tests.workflows.synthetic_grids import ERSST, OISST, SETTLED, TURNING, collected, days, months, platform_at

SST = "sea_surface_temperature"


def test_an_export_is_one_file_with_the_same_values(tmp_path: Path) -> None:
    days(tmp_path / "mirror", 1, [SETTLED, TURNING])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        collected(platform, OISST)
        build_cubes(platform)
        target = export_cube(platform, OISST, tmp_path / "out.nc")
        with open_cube(platform, OISST) as cube, xr.open_dataset(target, engine="netcdf4") as exported:
            np.testing.assert_array_equal(exported[SST], cube[SST])
            assert exported[SST].encoding["dtype"] == np.int16
            assert exported.attrs["time_coverage_end"] == "2026-01-01T00:00:00Z"
            assert exported.attrs["title"].startswith("SYNTHETIC")
        assert [path.name for path in tmp_path.glob("*.part")] == []


def test_what_may_not_be_passed_on_is_not_exported(tmp_path: Path) -> None:
    days(tmp_path / "mirror", 1, [SETTLED])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        collected(platform, OISST)
        build_cubes(platform)
        closed = replace(platform.seeds.datasets[OISST], redistributable=False, licence="For members only")
        seeds = replace(platform.seeds, datasets={**platform.seeds.datasets, OISST: closed})
        with pytest.raises(CaspianError, match=r"may not be passed on.*For members only"):
            export_cube(replace(platform, seeds=seeds), OISST, tmp_path / "out.nc")
    assert not (tmp_path / "out.nc").exists()


@pytest.mark.slow
def test_a_run_builds_cubes_and_the_command_shows_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    days(tmp_path / "mirror", 1, [SETTLED])
    months(tmp_path / "mirror", "2024-01")
    with platform_at(home, mirror=tmp_path / "mirror") as platform:
        first, second = (run(platform, only=[OISST, ERSST], out=tmp_path / "reports") for _ in range(2))
    assert first.as_dict()["cubes"]["written"] == 3
    assert (first.changed, second.changed, second.cubes.unchanged, second.exit_code) == (True, False, 3, 0)
    with pytest.raises(SystemExit) as ended:
        main(["cube", OISST, "--home", str(home), "--out", str(tmp_path / "out.nc"), "--json"])
    assert not ended.value.code
    shown = json.loads(capsys.readouterr().out)
    assert shown["dimensions"] == {"time": 1, "latitude": 50, "longitude": 42}
    assert [part["year"] for part in shown["parts"]] == [2024]
    assert (shown["status"], Path(shown["file"]).is_file()) == ("1 final", True)
    with pytest.raises(SystemExit) as ended:
        main(["cube", OISST, "--home", str(home), "--as-of", "2020-01-01"])
    assert ended.value.code == 1
    assert "had no cube at 2020-01-01" in capsys.readouterr().err
