"""No file left to open, a clock that jumps, a database that another version changes, a backup older than the archive."""

from __future__ import annotations

import resource
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from caspian_env.catalog import tables as t
from caspian_env.catalog.engine import open_catalog
from caspian_env.errors import NewerDatabase
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.archive_upkeep import prune, verify
from caspian_env.workflows.backup import backup, restore
from caspian_env.workflows.compute import compute
from caspian_env.workflows.examine_surroundings import check_clock
from caspian_env.workflows.ingest import ingest
from tests.command_line import command, environment
from tests.workflows.conftest import history
from tests.workflows.synthetic_co2 import DATASET, averages, co2_table, collect_edition, month_of, opened, publish

AVERAGE = "mole_fraction_of_carbon_dioxide_in_air"
WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.slow
def test_no_file_is_left_to_open(small_mirror_files: Path, tmp_path: Path) -> None:
    """Hardly a file may be opened, then one more and so on: each run ends by itself, and the first whole one has all."""
    home = tmp_path / "home"
    told = environment(HOME=str(home), MIRROR=str(small_mirror_files), DATASETS=DATASET)
    codes = []
    for n in range(4, 13):
        ended = subprocess.run(
            command("ingest", DATASET), cwd=tmp_path, env=told, capture_output=True, timeout=120, check=False,
            preexec_fn=lambda n=n: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n)),
        )  # fmt: skip
        codes.append(ended.returncode)
    assert codes[0] != 0
    assert codes[-1] == 0
    assert codes == sorted(codes, reverse=True), "more files to open never make it worse"
    with open_platform(Settings(home=home, database_url=f"sqlite:///{home / 'caspian.db'}")) as platform:
        assert verify(platform).damages == ()
        assert len(platform.archive.files()) == 1
        assert not list(home.rglob("*.partial*"))


def test_a_clock_that_jumps_back_and_forth_loses_nothing(database_url: str, tmp_path: Path) -> None:
    """A year back, eleven years ahead, and right again: every edition has its vintage, in the order in which they came."""
    moments = [WHEN, WHEN - 400 * DAY, WHEN + 4000 * DAY, WHEN + DAY, WHEN + 2 * DAY]
    now = [WHEN]
    with opened(database_url, tmp_path, clock=lambda: now[0]) as platform:
        dataset = platform.seeds.datasets[DATASET]
        for n, now[0] in enumerate(moments):
            publish(tmp_path / "mirror", co2_table(24, {5: 0.1 * n}))
            assert ingest(platform, dataset).problems == []
        o, s = t.observation.c, t.series.c
        wanted = sa.select(o.known_from, o.known_to, o.value).join(t.series, s.id == o.series_id)
        mine = wanted.where(s.variable_id == AVERAGE, o.time == month_of(5)).order_by(o.known_from)
        with platform.catalog.read() as connection:
            found = connection.execute(mine).all()
        assert [row.value for row in found] == [averages(24, {5: 0.1 * n})[month_of(5)] for n in range(5)]
        assert [row.known_to for row in found] == [*(row.known_from for row in found[1:]), None]
        said = [finding for finding in check_clock(platform) if finding.severity != "ok"]
        assert said, "a catalog that knows more than the clock is told"


def test_another_version_changes_the_database_while_this_one_has_it_open(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as platform:
        collect_edition(platform, co2_table(24))
        before = history(platform.catalog)
        other = open_catalog(database_url)
        with other.write() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        other.dispose()
        publish(tmp_path / "mirror", co2_table(36))
        with pytest.raises(NewerDatabase, match="9999"):
            ingest(platform, platform.seeds.datasets[DATASET])
        with pytest.raises(NewerDatabase, match="9999"):
            compute(platform)
        with pytest.raises(NewerDatabase, match="9999"):
            backup(platform, tmp_path / "backup.zip")
        assert history(platform.catalog) == before
        assert not (tmp_path / "backup.zip").exists()


def test_a_backup_older_than_the_archive_loses_no_value_and_no_byte(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as one:
        collect_edition(one, co2_table(24))
        backup(one, tmp_path / "backup.zip")
        later = collect_edition(one, co2_table(36, {5: 0.3}))  # what the backup does not know
        files = set(one.archive.files())
    settings = Settings(
        home=one.settings.home, database_url=f"sqlite:///{tmp_path / 'two.db'}", mirror=one.settings.mirror
    )
    with open_platform(settings) as two:
        assert restore(two, tmp_path / "backup.zip").missing == ()
        assert verify(two).damages == ()
        assert prune(two).removable == (), "bytes that the restored catalog does not know are kept for now"
        again = ingest(two, two.seeds.datasets[DATASET])
        assert verify(two).damages == ()
        assert set(two.archive.files()) == files
        assert (again.first, again.revised) == (later.first, later.revised), (
            "what the backup did not know comes from the provider again"
        )
