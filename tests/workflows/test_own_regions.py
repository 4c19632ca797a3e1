"""A polygon of the institute: added by a command, averaged from the cube and by the next collection."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box, mapping

from caspian_env.catalog.query import ask
from caspian_env.cli import main
from caspian_env.errors import SeedError
from caspian_env.formats.mirror_addresses import mirror_name
from caspian_env.model import Window
from caspian_env.settings import Settings, load_settings
from caspian_env.wiring import load_seeds, open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.own_regions import add_region, region_means, remove_region
from caspian_env.workflows.report_figures import figure
from caspian_env.workflows.run import run
from caspian_env.workflows.seed import seed
from tests.sources import test_gpcc as gpcc
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


def test_a_region_that_awaits_its_outline_gets_it(tmp_path: Path) -> None:
    """GPCC over the basin of the Volga: nothing is collected, and why, until a polygon is added; synthetic grid and box."""
    home = replace(settings(tmp_path / "home"), datasets=("gpcc_volga",))
    url = f"{gpcc.BASE}full_data_monthly_v2022/10/full_data_monthly_v2022_2011_2020_10.nc.gz"
    granule = home.home / "mirror" / mirror_name(url)
    granule.parent.mkdir(parents=True)
    granule.write_bytes(
        gpcc.packed(gpcc.made_up("precip", [f"2020-{m:02}-01" for m in range(1, 13)]), tmp_path / "a.nc")
    )
    how = "caspian-env region add FILE.geojson --id volga_basin"
    entry = {"id": "x", "kind": "lines", "lines": [{"indicator": "volga_precip_1y_gpcc", "locations": ["volga_basin"]}]}
    with open_platform(home) as platform:
        seed(platform)
        assert how in ingest(platform, platform.seeds.datasets["gpcc_volga"]).skipped
        with platform.catalog.read() as connection:
            assert how in figure(connection, platform, entry, (), (), None).missing
    outline = mapping(box(35.0, 48.0, 55.0, 60.0))
    where = add_region(home, written(tmp_path, outline), name="volga_basin")
    assert json.loads(where.read_text(encoding="utf-8"))["properties"]["title"] == "Basin of the Volga"
    with open_platform(home) as platform:
        seed(platform)
        window = Window.parse("2011-01-01/2021-01-01")
        assert ingest(platform, platform.seeds.datasets["gpcc_volga"], window=window).problems == []
        compute(platform, only={"volga_precip_1m_gpcc", "volga_precip_1y_gpcc"})
        asked = "SELECT value FROM v_indicator WHERE indicator_id = :id ORDER BY period_start"
        (months, years) = (
            ask(platform.catalog, asked, {"id": f"volga_precip_{span}_gpcc"}, limit=None).rows for span in ("1m", "1y")
        )
    # Rain grows by a millimetre a degree eastward from 20 at 50 E, and by one a month: 15 in the middle of the box.
    assert [row[0] for row in months] == pytest.approx(np.arange(15.0, 27.0), abs=0.01)
    assert [row[0] for row in years] == []


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


def test_a_region_of_the_institute_is_removed_and_its_id_is_not_taken_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = settings(tmp_path / "home")
    file = add_region(own, written(tmp_path, BOX), datasets=[OISST])
    with pytest.raises(SystemExit) as ended:
        main(["region", "remove", "off_baku", "--home", str(own.home)])
    assert ended.value.code in (0, None)
    assert "stays in the catalog" in capsys.readouterr().out
    assert not file.exists()
    seeds = load_seeds(own=own.own_files)
    assert "off_baku" not in seeds.locations
    assert "off_baku" not in seeds.datasets[OISST].locations
    with pytest.raises(SeedError, match="off_baku: was removed, and what was computed over it stays"):
        add_region(own, written(tmp_path, BOX))
    for name in ("off_baku", "volga_basin", "caspian_sea", "../off"):
        with pytest.raises(SeedError, match=r"is no region of the institute's own \(its own are: none; "):
            remove_region(own, name)
