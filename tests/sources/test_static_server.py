"""Folders of a static server, as most providers have them: indexes, tags and ranges over real HTTP.

Synthetic: the days are those of the demonstration.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

from caspian_env.archive import Archive
from caspian_env.catalog.query import ask
from caspian_env.demo import oisst
from caspian_env.model import Window
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed
from tests.mirror_server import serving

DAYS = [date(2026, 1, day) for day in (1, 2, 3)]
WINDOW = Window.parse("2026-01-01/2026-01-04")


def name(day: date) -> str:
    return f"oisst-avhrr-v02r01.{day:%Y%m%d}.nc"


def test_a_folder_is_listed_a_broken_file_taken_up_and_an_unchanged_one_not_sent_again(
    database_url: str, tmp_path: Path
) -> None:
    folder, made = tmp_path / "served" / "avhrr" / "202601", oisst.files(2)
    folder.mkdir(parents=True)
    for day in DAYS:
        (folder / name(day)).write_bytes(made[oisst.address(day, oisst.is_final(day, 2))]())
    whole = sum(file.stat().st_size for file in folder.iterdir())
    with (
        serving(tmp_path / "served") as served,
        open_platform(Settings(home=tmp_path / "home", database_url=database_url)) as platform,
    ):
        seed(platform)
        dataset = platform.seeds.datasets["noaa_oisst_v2_1"]
        dataset = replace(dataset, hosts=(f"{served.url}/avhrr/",), options={**dataset.options, "erddap": []})
        served.cuts = lambda path: path.endswith(name(DAYS[1])) and served.statuses(name(DAYS[1])) == [200]
        first = ingest(platform, dataset, window=WINDOW)
        assert (first.problems, first.new_granules) == ([], len(DAYS))
        assert served.statuses(name(DAYS[1])) == [200, 206]
        assert served.body_bytes == whole, "no byte is sent twice"
        kept = {row[0] for row in ask(platform.catalog, "SELECT sha256 FROM granule", limit=None).rows}
        assert kept == {hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
        assert all(Archive(tmp_path / "home" / "archive").verify(sha256).is_file() for sha256 in kept)
        served.forget()
        second = ingest(platform, dataset, window=WINDOW)
        assert (second.problems, second.unchanged, second.written) == ([], len(DAYS), 0)
        assert served.statuses(".nc") == [304] * len(DAYS)
        assert served.body_bytes == 0
