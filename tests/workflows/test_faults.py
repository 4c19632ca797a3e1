"""When the machine fails: a clear error of ours, nothing half written, and the next attempt repairs. The quick part.

Whole commands and services on failing machines are in `test_faults_of_commands`.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from caspian_env.catalog.engine import open_catalog
from caspian_env.catalog.migrate import back_up, upgrade
from caspian_env.errors import (
    DatabaseFull,
    DiskError,
    DiskFull,
)
from caspian_env.formats.disk import discard, disk_error
from caspian_env.wiring import Platform
from caspian_env.workflows.backup import backup
from caspian_env.workflows.doctor import doctor
from caspian_env.workflows.report import write_bulletin
from tests.workflows.conftest import history
from tests.workflows.fault_bench import SmallDisk, small_disk, unfinished
from tests.workflows.synthetic_co2 import co2_table, collect_edition, opened

LONG = co2_table(400, {n: 0.05 * (n * 37 % 11) for n in range(400)})
ROOM = r"room left.*free space.*caspian-env archive prune"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", "4m") as made:
        yield made


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with opened(database_url, tmp_path) as made:
        collect_edition(made, co2_table(60))
        yield made


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*") if path.name != "ballast"}


def test_a_bulletin_without_room_leaves_the_one_before(platform: Platform, disk: SmallDisk) -> None:
    write_bulletin(platform, disk.folder)
    before = bytes_of(disk.folder)
    collect_edition(platform, co2_table(72))
    disk.fill(leaving=30_000)
    free = disk.free
    with pytest.raises(DiskFull, match=ROOM) as caught:
        write_bulletin(platform, disk.folder)
    assert caught.value.subject == str(disk.folder)
    assert "the bulletin" in caught.value.problem
    assert bytes_of(disk.folder) == before
    assert disk.free == free
    disk.make_room()
    write_bulletin(platform, disk.folder)
    assert bytes_of(disk.folder) != before


def test_a_backup_without_room_leaves_nothing(platform: Platform, disk: SmallDisk) -> None:
    disk.fill(leaving=8_192)
    with pytest.raises(DiskFull, match=ROOM):
        backup(platform, disk.folder / "catalog.zip")
    assert bytes_of(disk.folder) == {}
    assert disk.free == 8_192
    disk.make_room()
    assert backup(platform, disk.folder / "catalog.zip").file.is_file()


def test_the_archive_gives_back_what_it_took_and_a_later_dataset_may_fit(platform: Platform, disk: SmallDisk) -> None:
    archive = type(platform.archive)(disk.folder)
    disk.fill(leaving=64_000)
    free = disk.free
    with pytest.raises(DiskFull, match=ROOM):
        archive.obtain(b"x" * 20_000 for _ in range(10))
    assert disk.free == free
    assert archive.obtain([b"x" * 20_000]).new


def test_a_full_disk_under_sqlite(disk: SmallDisk, tmp_path: Path) -> None:
    with opened(f"sqlite:///{disk.folder / 'caspian.db'}", tmp_path) as platform:
        collect_edition(platform, co2_table(60))
        disk.fill(leaving=4_096)
        with pytest.raises(DatabaseFull, match=ROOM) as caught:
            collect_edition(platform, LONG)
        assert str(disk.folder) in caught.value.problem
        checks = {one.check: one for one in doctor(platform) if one.severity == "error"}
        assert "the disk is full" in checks["disk"].message
        assert "archive prune" in checks["disk"].remedy
        disk.make_room()
        assert collect_edition(platform, LONG).status == "ok"
        repaired = history(platform.catalog)
    (tmp_path / "other").mkdir()
    with opened(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other") as platform:
        collect_edition(platform, co2_table(60))
        collect_edition(platform, LONG)
        assert history(platform.catalog) == repaired


def test_the_copy_before_an_upgrade_leaves_nothing_where_it_does_not_fit(disk: SmallDisk, tmp_path: Path) -> None:
    catalog = open_catalog(f"sqlite:///{tmp_path / 'caspian.db'}")
    upgrade(catalog)
    disk.fill(leaving=8_192)
    with pytest.raises(DatabaseFull, match=ROOM), catalog.connect():
        back_up(tmp_path / "caspian.db", disk.folder / "copy.db")
    assert bytes_of(disk.folder) == {}
    catalog.dispose()


def within_a_quota(work: Callable[[], object]) -> None:
    """Let no file grow beyond a few kilobytes, which is how a quota shows itself where no disk can be mounted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, hard))
    try:
        work()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_quota_stops_a_bulletin_a_backup_and_a_cube(platform: Platform, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    works: list[Callable[[], object]] = [lambda: write_bulletin(platform, out), lambda: backup(platform, out / "b.zip")]
    if platform.catalog.file is not None:  # the quota is that of this process: it would stop the ledger first
        works = works[1:]
    for work in works:
        with pytest.raises(DiskError, match=r"(?i)file too large.*free space"):
            within_a_quota(work)
    assert bytes_of(out) == {}


def test_a_quota_stops_sqlite(tmp_path: Path) -> None:
    catalog = open_catalog(f"sqlite:///{tmp_path / 'caspian.db'}")
    with pytest.raises(DatabaseFull, match=r"refuses.*quota"):
        within_a_quota(lambda: upgrade(catalog))
    upgrade(catalog)
    catalog.dispose()


def test_what_a_library_that_failed_still_holds_open_gives_its_room_back(disk: SmallDisk) -> None:
    free, path = disk.free, disk.folder / "half.part"
    with path.open("wb", buffering=0) as held:
        held.write(b"x" * 100_000)
        discard(path)
        assert disk.free == free
    assert not path.exists()


def test_a_library_that_does_not_say_why_it_failed(disk: SmallDisk, tmp_path: Path) -> None:
    disk.fill(leaving=0)
    assert isinstance(disk_error(RuntimeError("NetCDF: HDF error"), disk.folder / "not" / "there", "a cube"), DiskFull)
    other = disk_error(RuntimeError("NetCDF: HDF error"), tmp_path, "a cube")
    assert type(other) is DiskError
    assert "a cube cannot be written: NetCDF: HDF error" in str(other)


def test_nothing_bears_a_temporary_name_after_all_that(platform: Platform) -> None:
    assert not unfinished(platform.settings.home)
