"""A polygon of the institute: added by a command, averaged from the cube and by the next collection."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box, mapping

from caspian_env.catalog.query import ask
from caspian_env.cli import main
from caspian_env.errors import SeedError
from caspian_env.settings import Settings, load_settings
from caspian_env.wiring import load_seeds, open_platform
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.own_regions import add_region, region_means
from caspian_env.workflows.run import run
from tests.workflows.synthetic_grids import OISST, days

BOX = {"type": "Feature", "properties": {"name": "Off Baku"}, "geometry": mapping(box(50.0, 39.0, 51.5, 40.5))}


def written(folder: Path, content: object) -> Path:
    path = folder / "off-baku.geojson"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_commands_of_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "local-data.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"## Regions: .*?```\n(.*?)```", guide, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASPIAN_ENV_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("CASPIAN_ENV_DATASETS", OISST)
    days(tmp_path / "mirror", 1, [date(2024, 12, 30)])
    written(tmp_path, BOX)
    Path("caspian-home").mkdir()
    with open_platform(load_settings()) as platform:
        run(platform)
    for line in block.splitlines():
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(line, comments=True)[1:])
        assert ended.value.code in (0, None), line
    said = capsys.readouterr().out
    assert said.count("2024-12-30") == 2
    assert "sector_kaz" in said


def settings(home: Path) -> Settings:
    home.mkdir(parents=True, exist_ok=True)
    return Settings(home, f"sqlite:///{home / 'caspian.db'}", mirror=str(home / "mirror"), datasets=(OISST,))


@pytest.mark.slow
def test_its_mean_is_observed_from_the_next_collection_on_and_comes_out_of_the_cube(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    days(home / "mirror", 1, [date(2024, 12, 30)])
    before = settings(home)
    with open_platform(before) as platform:
        run(platform, only=[OISST])
    where = add_region(before, written(tmp_path, BOX), datasets=[OISST])
    assert where == home / "local/regions/off_baku.geojson"
    days(home / "mirror", 1, [date(2024, 12, 31)])
    with open_platform(before) as platform:
        run(platform, only=[OISST])
        build_cubes(platform, only=[OISST])
        rows = ask(
            platform.catalog, "SELECT time, value FROM v_observation WHERE location_id = 'off_baku'", {}, limit=None
        ).rows
        means = region_means(platform, OISST, "off_baku")
        assert platform.seeds.locations["off_baku"].title == "Off Baku"
    assert [str(row[0])[:10] for row in rows] == ["2024-12-31"]
    assert means.sizes["time"] == 2
    np.testing.assert_allclose(float(means[1]), float(rows[0][1]), rtol=1e-6)
    with pytest.raises(SystemExit) as ended:
        main(["region", "mean", OISST, "off_baku", "--home", str(home)])
    assert not ended.value.code
    assert f"2024-12-31,{float(rows[0][1]):.4f}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["region", "--json", "--home", str(home)])
    (mine,) = (one for one in json.loads(capsys.readouterr().out) if one["region"] == "off_baku")
    assert mine["area_km2"] == pytest.approx(
        6371.0072**2 * np.deg2rad(1.5) * np.diff(np.sin(np.deg2rad([39, 40.5])))[0], rel=1e-5
    )
    assert mine["datasets"] == 1


@pytest.mark.parametrize(
    ("content", "name", "datasets", "words"),
    [
        ({"type": "Point", "coordinates": [50, 40]}, "x1", (), "not GeoJSON|no polygon"),
        ({"type": "FeatureCollection", "features": [BOX, BOX]}, "x1", (), "2 features"),
        (BOX, "Baku!", (), "no id"),
        (BOX, "caspian_sea", (), "taken"),
        (BOX, "x1", ("nasa_gistemp",), "no gridded dataset"),
        (
            mapping(box(50, 39, 51, 40)) | {"coordinates": [[[50, 39], [51, 40], [51, 39], [50, 40], [50, 39]]]},
            "x1",
            (),
            "valid",
        ),
    ],
)
def test_what_is_no_region_is_refused(
    tmp_path: Path, content: object, name: str, datasets: tuple[str, ...], words: str
) -> None:
    with pytest.raises(SeedError, match=words):
        add_region(settings(tmp_path / "home"), written(tmp_path, content), name=name, datasets=datasets)
    assert not (tmp_path / "home/local").exists()
    assert load_seeds(own=tmp_path / "home/local").locations
