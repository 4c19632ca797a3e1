"""The archive is verified byte by byte, and pruned of nothing that a value rests on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caspian_env.archive import Kept
from caspian_env.catalog.ledger import Task, claim, finish
from caspian_env.catalog.report_editions import Edition, NeedRow, write_edition
from caspian_env.errors import AlreadyClaimed, SeedError
from caspian_env.model import Retention
from caspian_env.seeds import load_retention
from caspian_env.wiring import Platform
from caspian_env.workflows.archive_upkeep import prune, verify
from caspian_env.workflows.ingest import ingest
from tests.mirror_server import serving
from tests.workflows.synthetic_co2 import DATASET, URL, co2_table, collect_edition, opened, publish

POLICY = Retention("archive", rejected_days=10, unnamed_days=5, temporary_hours=24)
NOW = datetime.now(UTC) + timedelta(days=8)  # files are dated by the disk; this is when they are looked at


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with opened(database_url, tmp_path, clock=lambda: NOW) as made:
        yield made


def placed(platform: Platform, dataset: str = DATASET) -> Path:
    (path,) = (path for path in platform.archive.root.glob("??/*"))
    return path


def age(path: Path, days: float) -> None:
    moment = NOW.timestamp() - days * 86_400
    os.utime(path, (moment, moment))


def test_whole_bytes_are_whole(platform: Platform) -> None:
    collect_edition(platform, co2_table(24))
    found = verify(platform)
    assert (found.n_granules, found.damages, found.n_bytes) == (1, (), placed(platform).stat().st_size)


@pytest.mark.parametrize("deep", [True, False])
def test_missing_and_damaged_bytes_are_named_with_dataset_and_address(platform: Platform, deep: bool) -> None:
    collect_edition(platform, co2_table(24))
    path = placed(platform)
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    damages = verify(platform, deep=deep).damages
    assert len(damages) == deep, "one changed bit is seen only by hashing"
    path.write_bytes(content[:-1])
    (damage,) = verify(platform, deep=deep).damages
    assert damage.problem == f"has {len(content) - 1} of {len(content)} bytes"
    path.unlink()
    (damage,) = verify(platform, deep=deep).damages
    assert (damage.dataset_id, damage.url, damage.problem) == (DATASET, URL, "is missing")


def test_bytes_that_are_gone_are_fetched_again_where_the_provider_still_has_them(
    database_url: str, tmp_path: Path
) -> None:
    pages = tmp_path / "pages"
    publish(pages, co2_table(24))
    with serving(pages) as mirror, opened(database_url, tmp_path, address=mirror.url) as platform:
        dataset = platform.seeds.datasets[DATASET]
        assert ingest(platform, dataset).new_granules == 1
        placed(platform).unlink()
        again = ingest(platform, dataset)
        assert (again.unchanged, again.new_granules, again.problems) == (1, 0, [])
        assert verify(platform).damages == ()
        ingest(platform, dataset)
        assert mirror.statuses(".csv") == [200, 200, 304]
        placed(platform).chmod(0o644)
        placed(platform).write_bytes(b"cut short")
        assert ingest(platform, dataset).problems == []
        assert verify(platform).damages == ()
        placed(platform).unlink()
        publish(pages, co2_table(25))  # the provider has other bytes by now
        assert ingest(platform, dataset).new_granules == 1
        (damage,) = verify(platform).damages
        assert (damage.url is not None and damage.url.endswith(".csv"), damage.problem) == (True, "is missing")


def test_the_policy_lets_go_what_nothing_rests_on(platform: Platform) -> None:
    collect_edition(platform, co2_table(24))
    first = placed(platform)
    collect_edition(platform, co2_table(24, {3: 0.2}))  # the values of the first edition are closed vintages now
    publish(Path(str(platform.settings.mirror)), "<html>no table</html>\n")
    assert ingest(platform, platform.seeds.datasets[DATASET]).rejected == 1
    unnamed = platform.archive.obtain([b"killed before it was recorded"])
    part = platform.archive.root / "incoming" / "half.part"
    part.write_bytes(b"half")
    files = {path.name: path for path in platform.archive.root.glob("??/*")}
    rejected = next(name for name, path in files.items() if path.read_bytes().startswith(b"<html>"))
    for path in files.values():
        age(path, 9)
    age(part, 2)
    assert names(prune(platform, policy=POLICY)) == {unnamed.sha256, "half.part"}
    for path in files.values():
        age(path, 11)
    found = prune(platform, policy=POLICY)
    assert names(found) == {unnamed.sha256, rejected, "half.part"}
    assert (found.removed, found.n_files) == (False, 4)
    assert all(path.exists() for path in (*files.values(), part)), "without --yes nothing goes"
    gone = prune(platform, yes=True, policy=POLICY)
    assert (gone.removed, names(gone), gone.freed) == (True, names(found), found.freed)
    assert first.exists()
    assert verify(platform).damages == ()
    assert names(prune(platform, policy=POLICY)) == set()


def test_bytes_that_a_frozen_report_needs_stay(platform: Platform) -> None:
    collect_edition(platform, co2_table(24))
    publish(Path(str(platform.settings.mirror)), "<html>no table</html>\n")
    assert ingest(platform, platform.seeds.datasets[DATASET]).rejected == 1
    path = next(path for path in platform.archive.root.glob("??/*") if path.read_bytes().startswith(b"<html>"))
    age(path, 999)
    assert names(prune(platform, policy=POLICY)) == {path.name}
    with platform.catalog.write() as connection:
        task = Task("freeze:x", "freeze", "x", "0", "0")
        run = claim(connection, task, holder="somebody", now=NOW, lease_seconds=60, gone=lambda _: False)
        assert isinstance(run, int)
        edition = Edition(
            id="x-1", report_id="x", number=1, title="x", languages="en", formats="html", as_of=NOW, frozen_at=NOW,
            allowed="[]", synthetic=False, template_hash="0", seeds_hash="0", code_version="0", drawn_by="{}",
            citation="x", run_id=run,
        )  # fmt: skip
        write_edition(connection, edition, [], [], [NeedRow("granule", path.name, DATASET)])
        finish(connection, run, status="ok", now=NOW, counts={}, error=None)
    assert names(prune(platform, yes=True, policy=POLICY)) == set()
    assert path.exists()


def test_nothing_goes_while_a_run_may_be_storing(platform: Platform) -> None:
    kept = unnamed(platform)
    with platform.catalog.write() as connection:
        task = Task("ingest:x", "ingest", "x", "0", "0")
        run = claim(connection, task, holder="somebody", now=NOW, lease_seconds=60, gone=lambda _: False)
    with pytest.raises(AlreadyClaimed, match="ingest:x goes on"):
        prune(platform, yes=True, policy=POLICY)
    assert kept.path.exists()
    assert isinstance(run, int)
    with platform.catalog.write() as connection:
        finish(connection, run, status="ok", now=NOW, counts={}, error=None)
    assert names(prune(platform, yes=True, policy=POLICY)) == {kept.sha256}
    assert not kept.path.exists()


def test_bytes_that_one_dataset_rejects_and_another_needs_stay(platform: Platform) -> None:
    collect_edition(platform, co2_table(24))
    path = placed(platform)
    from caspian_env.catalog.provenance import record_granule

    with platform.catalog.write() as connection:
        record_granule(
            connection, dataset_id="nasa_gistemp", sha256=path.name, size=path.stat().st_size, media_type=None,
            rejected="another table",
        )  # fmt: skip
    age(path, 999)
    assert names(prune(platform, yes=True, policy=POLICY)) == set()


def test_the_written_policy_is_one_of_days(tmp_path: Path) -> None:
    assert load_retention().unnamed_days >= 1
    text = "- {id: archive, rejected_days: 9, unnamed_days: 0, temporary_hours: 24}\n"
    (tmp_path / "retention.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SeedError, match="a day at the least"):
        load_retention(tmp_path)


def unnamed(platform: Platform) -> Kept:
    kept = platform.archive.obtain([b"killed before it was recorded"])
    age(kept.path, 9)
    return kept


def names(found: object) -> set[str]:
    return {one.path.name for one in found.removable}
