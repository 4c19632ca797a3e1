"""The guide to an institute's own data, followed literally: its declarations, files and command."""

from __future__ import annotations

import re
from pathlib import Path

from caspian_env.catalog.engine import open_catalog
from caspian_env.catalog.query import ask
from caspian_env.settings import Settings
from caspian_env.wiring import load_seeds, open_platform
from caspian_env.workflows.own_regions import add_region
from caspian_env.workflows.run import collect
from tests.command_line import ROOT, caspian_env

GUIDE = (ROOT / "docs" / "local-data.md").read_text(encoding="utf-8")
FILES = re.findall(r"`(local/[^`]+)`:\n\n```\w+\n(.*?)```", GUIDE, re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
(COMMAND,) = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
ROWS = (
    "SELECT dataset_id, location_id, time, value, std_uncertainty, status, datum, qc_flag, unit, source_note"
    " FROM v_observation WHERE dataset_id LIKE 'example_%' OR dataset_id = 'gauge_levels_hourly'"
    " ORDER BY dataset_id, location_id, time"
)


def follow(home: Path) -> None:
    assert len(FILES) == 7
    assert len(PROGRAMS) == 2
    for name, text in FILES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    for folder in ("seals", "buoy"):
        (home / "local" / folder).mkdir()
    for program in PROGRAMS:
        exec(program, {"local": home / "local"})


def check(rows: list[tuple[object, ...]]) -> None:
    told = [(r[0], r[1], f"{r[2]:%Y-%m-%d %H:%M}", *r[3:]) for r in rows]
    water, count = "example_aktau_post", "Aerial photographs, two readers; Observer: "
    gauge, seals, buoy = "example_aktau_gauge", "example_seal_counts", "example_buoy_temperature"
    staff, line = "Staff gauge, readings at 08:00 and 20:00", "example_{}_transect".format
    handed_in, post = "Level of a post, handed in by the institute", ("gauge_levels_hourly", "caspcom_aktau")
    thermistor = "Thermistor, calibrated 2026-04"
    expected = [
        (gauge, water, "2026-01-01 00:00", -29.215, 0.02, "final", "BS77", 1, "m", staff),
        (gauge, water, "2026-02-01 00:00", -29.23, 0.02, "final", "BS77", 1, "m", f"{staff}; remark: ice at the staff"),
        (gauge, water, "2026-04-01 00:00", -25.1, 0.02, "preliminary", "BS77", 3, "m", staff),
        (buoy, "example_buoy", "2026-05-01 00:00", 14.0, None, "final", None, 1, "degree_Celsius", thermistor),
        (buoy, "example_buoy", "2026-05-01 01:00", 14.5, None, "final", None, 1, "degree_Celsius", thermistor),
        (seals, line("north"), "2026-02-14 00:00", 312.0, None, "final", None, 1, "1", f"{count}A. Example"),
        (seals, line("north"), "2026-02-21 00:00", 287.0, None, "final", None, 1, "1", f"{count}B. Example"),
        (seals, line("south"), "2026-02-14 00:00", 41.0, None, "final", None, 1, "1", f"{count}A. Example"),
        (*post, "2026-01-01 00:00", -29.31, None, "final", "BS77", 1, "m", handed_in),
        (*post, "2026-01-01 06:00", -29.28, None, "final", "BS77", 1, "m", handed_in),
        (*post, "2026-01-01 18:00", -29.22, None, "final", "BS77", 1, "m", handed_in),
    ]
    rounded = [(*r[:3], round(r[3], 6), *r[4:]) for r in told]
    assert rounded == expected


def test_by_the_command_of_the_guide(tmp_path: Path) -> None:
    home = tmp_path / "home"
    follow(home)
    _, *arguments = COMMAND.split()
    ran = caspian_env(*arguments, "--home", home, cwd=tmp_path, DATASETS="")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for line in re.findall(r"^caspian-env ((?:compute|report build) [^#\n]*)", GUIDE, re.MULTILINE):
        ran = caspian_env(*line.replace("--format pdf", "").split(), "--home", home, cwd=tmp_path)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    russian = (tmp_path / "port" / "example_port.ru.html").read_text(encoding="utf-8")
    assert "Уровень моря для порта (пример)" in russian
    catalog = open_catalog(f"sqlite:///{home / 'caspian.db'}")
    check([tuple(row) for row in ask(catalog, ROWS, limit=None).rows])
    catalog.dispose()


def test_the_polygon_of_the_guide_becomes_a_region(tmp_path: Path) -> None:
    (polygon,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "off-baku.geojson").write_text(polygon, encoding="utf-8")
    settings = Settings(home=tmp_path / "home", database_url="")
    where = add_region(settings, tmp_path / "off-baku.geojson", source="the guide", datasets=["noaa_oisst_v2_1"])
    seeds = load_seeds(own=settings.own_files)
    assert where.stem in seeds.datasets["noaa_oisst_v2_1"].locations
    assert 13_000 < (seeds.locations["off_baku"].area_km2 or 0) < 13_500


def test_on_both_databases_and_once_only(database_url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    follow(home)
    names = COMMAND.split()[2:]
    with open_platform(Settings(home=home, database_url=database_url)) as platform:
        assert [outcome.problems for outcome in collect(platform, only=names)] == [[]] * 4
        again = collect(platform, only=names)
        assert [(outcome.written, outcome.fetched, outcome.unchanged) for outcome in again] == [(0, 0, 1)] * 4
        check([tuple(row) for row in ask(platform.catalog, ROWS, limit=None).rows])
