"""An edition that was frozen on SQLite is printed again from a copy of the catalog, on another day and another database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.check_report import check
from caspian_env.workflows.copying import copy_database
from caspian_env.workflows.edition_store import editions_folder
from caspian_env.workflows.freeze import freeze
from caspian_env.workflows.rebuild import rebuild
from caspian_env.workflows.report_files import all_formats
from caspian_env.workflows.run import run
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish

ALLOWED = ("refused", "flagged", "no_uncertainty", "unproven")


@pytest.mark.slow
def test_the_same_bytes_from_another_database_on_another_day(database_url: str, tmp_path: Path) -> None:
    mirror, home = tmp_path / "mirror", tmp_path / "home"
    publish(mirror, co2_table(60))
    first = Settings(
        home=home, database_url=f"sqlite:///{tmp_path}/first.db", mirror=str(mirror), datasets=(DATASET,)
    )  # fmt: skip
    with open_platform(first) as platform:
        run(platform)
        name = freeze(platform, "bulletin", allow=ALLOWED, formats=all_formats()).edition.id
        publish(mirror, co2_table(60, {50: 3.0}))
        run(platform)
        moved = check(platform, name).moved
        copy_database(platform, database_url)
    assert moved
    with open_platform(replace(first, database_url=database_url)) as platform:
        later = replace(platform, clock=lambda: datetime(2034, 7, 8, tzinfo=UTC))
        made = rebuild(later, name, out=tmp_path / "again")
        assert check(later, name).moved == moved
    assert (made.different, made.causes) == ((), ())
    frozen = {path.name: path.read_bytes() for path in (editions_folder(home) / name).iterdir()}
    assert frozen == {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert {path.rpartition(".")[2] for path in frozen} >= {"html", "csv", "nc", "bib"}
