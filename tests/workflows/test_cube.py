"""Cubes in vintages: only what changed is built, and every date gives the field that was known then."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import CatalogError, SettingsError
from caspian_env.wiring import Platform
from caspian_env.workflows import cube as workflow
from caspian_env.workflows.cube import build_cubes, open_cube, parts_of
from tests.workflows.synthetic_grids import (
    ERSST,
    NEW,
    OISST,
    SETTLED,
    TURNING,
    collected,
    days,
    months,
    platform_at,
)

SST, ERROR = "sea_surface_temperature", "sea_surface_temperature_standard_error"


def provider_says(path: Path, name: str = "sst") -> xr.DataArray:
    """The study area as an independent reader finds it in the provider's file."""
    with xr.open_dataset(path, engine="netcdf4") as ds:
        return ds[name].squeeze("zlev", drop=True).sel(lat=slice(35.8, 48.2), lon=slice(45.8, 56.2)).load()


def field(platform: Platform, day: str, as_of: datetime | None = None, name: str = SST) -> np.ndarray:
    with open_cube(platform, OISST, as_of) as cube:
        return cube[name].sel(time=day).to_numpy()


def words(platform: Platform, as_of: datetime | None = None) -> list[str]:
    with open_cube(platform, OISST, as_of) as cube:
        meanings = cube["status"].attrs["flag_meanings"].split()
        return [meanings[flag] for flag in cube["status"].to_numpy()]


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The granules that the build reads, in order; it reads them as ever."""
    read: list[Path] = []
    real = workflow.source_of

    def counting(dataset: Any) -> SimpleNamespace:
        def read_granule(path: Path) -> xr.Dataset:
            read.append(path)
            return real(dataset).read_granule(path)

        return SimpleNamespace(read_granule=read_granule)

    monkeypatch.setattr(workflow, "source_of", counting)
    return read


def test_cells_are_those_of_the_granule(database_url: str, tmp_path: Path) -> None:
    files = days(tmp_path / "mirror", 1, [SETTLED, TURNING])
    with platform_at(tmp_path / "home", database_url, tmp_path / "mirror") as platform:
        collected(platform, OISST)
        outcome = build_cubes(platform)
        assert (outcome.status, outcome.first, outcome.written) == ("ok", 2, 2)
        with open_cube(platform, OISST, verify=True) as cube:
            assert cube[SST].chunks is not None, "a cube is opened lazily"
            for day, path in files.items():
                for ours, theirs in ((SST, "sst"), (ERROR, "err"), ("ice", "ice")):
                    given = provider_says(path, theirs)
                    np.testing.assert_array_equal(cube[ours].sel(time=str(day)).to_numpy(), given[0].to_numpy())
                    np.testing.assert_array_equal(cube["longitude"], given["lon"])
            assert np.isfinite(cube[SST].isel(time=0)).any()
            start, end = cube["time_bounds"].to_numpy()[0].astype("datetime64[D]")
            assert (str(start), str(end)) == ("2024-12-31", "2025-01-01")
        assert words(platform) == ["final", "preliminary"]


def test_building_again_does_nothing(tmp_path: Path, readings: list[Path]) -> None:
    days(tmp_path / "mirror", 1, [SETTLED])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        collected(platform, OISST)
        build_cubes(platform)
        before = parts_of(platform, OISST)
        readings.clear()
        outcome = build_cubes(platform)
        assert (outcome.written, outcome.unchanged, readings) == (0, 1, [])
        assert parts_of(platform, OISST) == before


def test_a_new_day_touches_one_part_and_reads_one_granule(
    database_url: str, tmp_path: Path, readings: list[Path]
) -> None:
    earlier = [SETTLED, TURNING.replace(day=1), TURNING.replace(day=2)]
    days(tmp_path / "mirror", 1, earlier)
    with platform_at(tmp_path / "home", database_url, tmp_path / "mirror") as platform:
        collected(platform, OISST)
        build_cubes(platform)
        before = {part.period_start.year: part.sha256 for part in parts_of(platform, OISST)}
        days(tmp_path / "mirror", 1, [TURNING.replace(day=3)])
        collected(platform, OISST)
        readings.clear()
        outcome = build_cubes(platform)
        after = {part.period_start.year: part.sha256 for part in parts_of(platform, OISST)}
    assert (outcome.revised, outcome.first, outcome.unchanged, len(readings)) == (1, 0, 1, 1)
    assert after[2024] == before[2024]
    assert after[2025] != before[2025]
    days(tmp_path / "whole", 1, [*earlier, TURNING.replace(day=3)])
    with platform_at(tmp_path / "other", mirror=tmp_path / "whole") as platform:
        collected(platform, OISST)
        build_cubes(platform)
        at_once = {part.period_start.year: part.sha256 for part in parts_of(platform, OISST)}
    assert after == at_once, "day by day, and on another database, the bytes are the same"


def test_preliminary_becomes_final_and_the_old_field_stays(database_url: str, tmp_path: Path) -> None:
    old = days(tmp_path / "first", 1, [TURNING])[TURNING]
    new = days(tmp_path / "second", 2, [TURNING, NEW])
    before, after = provider_says(old)[0].to_numpy(), provider_says(new[TURNING])[0].to_numpy()
    assert not np.array_equal(before, after, equal_nan=True)
    with platform_at(tmp_path / "home", database_url, tmp_path / "first") as platform:
        collected(platform, OISST)
        build_cubes(platform)
        then = platform.clock()
    with platform_at(tmp_path / "home", database_url, tmp_path / "second") as platform:
        collected(platform, OISST)
        outcome = build_cubes(platform)
        assert (outcome.revised, outcome.first) == (1, 1)
        np.testing.assert_array_equal(field(platform, "2025-12-31", then), before)
        np.testing.assert_array_equal(field(platform, "2025-12-31"), after)
        assert (words(platform, then), words(platform)) == (["preliminary"], ["final", "final"])
        with pytest.raises(CatalogError, match="had no cube at 2020"):
            open_cube(platform, OISST, datetime(2020, 1, 1, tzinfo=UTC))


def test_states_between_two_builds_are_not_lost(tmp_path: Path) -> None:
    moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 10, 20)]
    editions = [("a", "2024-01", None), ("b", "2024-02", "2023-12"), ("c", "2024-03", "2023-12")]
    fields = {}
    for moment, (folder, last, warmer) in zip(moments, editions, strict=True):
        path = months(tmp_path / folder, last, warmer=warmer)
        with platform_at(tmp_path / "home", mirror=tmp_path / folder) as platform:
            collected(platform, ERSST, known_at=moment)
        with xr.open_dataset(path, engine="netcdf4") as ds:
            fields[moment] = ds["sst"].sel(lat=slice(50, 34), lon=slice(44, 58)).sortby("lat").load()
    with platform_at(tmp_path / "home") as platform:
        outcome = build_cubes(platform)
        assert outcome.status == "ok"
        for moment, given in fields.items():
            with open_cube(platform, ERSST, moment, verify=True) as cube:
                np.testing.assert_array_equal(cube[SST].to_numpy(), given.to_numpy())
                np.testing.assert_array_equal(cube["time"], given["time"])
        known = {(part.period_start.year, part.known_from) for part in parts_of(platform, ERSST)}
        assert known == {(2023, moments[1]), (2024, moments[2])}
        assert build_cubes(platform).written == 0


def test_a_file_of_many_years_is_read_once(tmp_path: Path, readings: list[Path]) -> None:
    months(tmp_path / "mirror", "2026-01")
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        collected(platform, ERSST)
        outcome = build_cubes(platform)
    assert (outcome.first, len(readings)) == (4, 1)


def test_a_lost_granule_is_told_and_the_next_build_repairs_it(tmp_path: Path) -> None:
    days(tmp_path / "mirror", 1, [SETTLED, TURNING])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        collected(platform, OISST)
        archive = platform.settings.archive
        shutil.move(archive, tmp_path / "elsewhere")
        outcome = build_cubes(platform)
        assert (outcome.status, outcome.rejected) == ("failed", 2)
        assert "archive does not hold" in outcome.problems[0]
        with pytest.raises(CatalogError, match="has no cube yet"):
            open_cube(platform, OISST)
        shutil.move(tmp_path / "elsewhere", archive)
        assert (build_cubes(platform).status, words(platform)) == ("ok", ["final", "preliminary"])


@pytest.mark.parametrize("damage", ["gone", "cut", "changed"])
def test_a_damaged_part_is_never_built_upon(tmp_path: Path, damage: str) -> None:
    def break_it(path: Path) -> None:
        content = bytearray(path.read_bytes())
        path.unlink()
        content[-1] ^= 1
        if damage != "gone":
            path.write_bytes(content[: len(content) // 2] if damage == "cut" else content)

    days(tmp_path / "mirror", 1, [TURNING.replace(day=1)])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        collected(platform, OISST)
        build_cubes(platform)
        (part,) = parts_of(platform, OISST)
        path = workflow.cubes_of(platform).open(OISST, part.sha256, part.size)
        break_it(path)
        with pytest.raises(CatalogError):
            open_cube(platform, OISST, verify=True)
        if damage != "changed":  # what the size tells is built again, under the same name
            outcome = build_cubes(platform)
            assert (outcome.written, len(outcome.notes)) == (0, 1)
            open_cube(platform, OISST, verify=True).close()
            break_it(path)
        files = days(tmp_path / "mirror", 1, [TURNING.replace(day=2)])
        collected(platform, OISST)
        outcome = build_cubes(platform)
        assert (outcome.revised, outcome.problems, len(outcome.notes)) == (1, [], 1)
        np.testing.assert_array_equal(
            field(platform, "2025-12-02"), provider_says(files[TURNING.replace(day=2)])[0].to_numpy()
        )


def test_another_method_builds_every_part_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days(tmp_path / "mirror", 1, [SETTLED])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        collected(platform, OISST)
        build_cubes(platform)
        then = platform.clock()
        monkeypatch.setattr(workflow, "METHOD", "2")
        monkeypatch.setattr("caspian_env.workflows.cube_parts.METHOD", "2")
        assert build_cubes(platform).revised == 1
        for moment, method in ((then, "1"), (None, "2")):
            with open_cube(platform, OISST, moment) as cube:
                assert cube.attrs["method_version"] == method


def test_what_is_no_grid_has_no_cube(tmp_path: Path) -> None:
    with platform_at(tmp_path / "home") as platform:
        with pytest.raises(SettingsError, match="not a gridded dataset"):
            open_cube(platform, "nasa_gistemp")
        with pytest.raises(SettingsError, match="not a gridded dataset"):
            build_cubes(platform, only=["nasa_gistemp"])
        with pytest.raises(CatalogError, match="has no cube yet"):
            open_cube(platform, OISST)


def test_the_real_days(shared: Callable[..., Path], tmp_path: Path) -> None:
    folder = "www.ncei.noaa.gov/data/sea-surface-temperature-optimum-interpolation/v2.1/access/avhrr"
    names = {
        "1981-09-01": ("2020-05", f"{folder}/198109/oisst-avhrr-v02r01.19810901.nc"),
        "2021-10-25": ("2021-11", f"{folder}/202110/oisst-avhrr-v02r01.20211025.nc"),
    }
    files = {}
    for day, (vintage, address) in names.items():
        files[day] = tmp_path / "mirror" / address
        files[day].parent.mkdir(parents=True)
        shutil.copy(shared("archive", vintage, *address.split("/")), files[day])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror", synthetic=False) as platform:
        collected(platform, OISST)
        assert build_cubes(platform).first == 2
        with open_cube(platform, OISST) as cube:
            for day, path in files.items():
                np.testing.assert_array_equal(cube[SST].sel(time=day).to_numpy(), provider_says(path)[0].to_numpy())
            # Only the temperature of the first days of the archive was published with this layout.
            assert np.isnan(cube[ERROR].sel(time="1981-09-01")).all()
            np.testing.assert_array_equal(
                cube[ERROR].sel(time="2021-10-25").to_numpy(), provider_says(files["2021-10-25"], "err")[0].to_numpy()
            )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # distributed warns of ports and of its own shutdown
def test_a_cube_is_computed_on_the_cluster_of_the_settings(tmp_path: Path) -> None:
    from dataclasses import replace

    from distributed import default_client

    from caspian_env.wiring import use_dask

    days(tmp_path / "mirror", 1, [SETTLED])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        collected(platform, OISST)
        build_cubes(platform)
        with open_cube(platform, OISST) as cube:
            here = float(cube[SST].mean())
        on_cluster = replace(platform, settings=replace(platform.settings, dask="local"))
        with open_cube(on_cluster, OISST) as cube:
            there = float(cube[SST].mean())
        client = default_client()
        assert there == pytest.approx(here, rel=1e-12)
        assert len(client.scheduler_info()["workers"]) >= 1
        use_dask(on_cluster.settings)
        assert default_client() is client
        client.shutdown()
    with pytest.raises(SettingsError, match="no scheduler answers"):
        use_dask(replace(on_cluster.settings, dask="tcp://127.0.0.1:1"))
