"""Archive, cubes and mirror on an object store: a real S3 server (moto); the files are synthetic, of the small mirror."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caspian_env.demo import DATASETS
from caspian_env.errors import CatalogError
from caspian_env.formats.object_store import ObjectStore
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.archive_upkeep import prune, verify
from caspian_env.workflows.cube import open_cube
from caspian_env.workflows.run import run
from tests.store_server import BUCKET, store_server
from tests.workflows.conftest import history, opened

pytestmark = pytest.mark.slow
STORE = f"s3://{BUCKET}/kept"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, small_mirror_files: Path) -> Iterator[Any]:
    with store_server(monkeypatch) as client:
        for path in small_mirror_files.rglob("*"):
            if path.is_file():
                client.upload_file(str(path), BUCKET, f"mirror/{path.relative_to(small_mirror_files)}")
        yield client


@contextmanager
def in_the_store(home: Path, url: str) -> Iterator[Platform]:
    settings = Settings(home=home, database_url=url, mirror=f"s3://{BUCKET}/mirror", store=STORE, datasets=DATASETS)
    with open_platform(settings) as platform:
        yield platform


def keys(client: Any, prefix: str) -> set[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"kept/{prefix}")
    return {one["Key"] for page in pages for one in page.get("Contents", [])}


def test_a_run_on_a_store_equals_one_on_folders_and_needs_no_copies(
    bucket: Any, small_mirror_files: Path, database_url: str, tmp_path: Path
) -> None:
    with opened(tmp_path / "plain", small_mirror_files) as plain:
        run(plain)
        expected = history(plain.catalog)
        granules = {path.name for path in (plain.settings.archive).glob("??/*")}
        parts = {path.name for path in (plain.settings.home / "cubes").glob("*/??/*.nc")}
        with open_cube(plain, "noaa_oisst_v2_1") as cube:
            grid = cube["sea_surface_temperature"].load()
    home = tmp_path / "home"
    with in_the_store(home, database_url) as platform:
        first = run(platform)
        assert history(platform.catalog) == expected
        assert {key.rpartition("/")[2] for key in keys(bucket, "archive/")} == granules
        assert {key.rpartition("/")[2] for key in keys(bucket, "cubes/")} == parts
        shutil.rmtree(home / "archive")
        shutil.rmtree(home / "cubes")
        assert verify(platform).damages == (), "every granule came back and was hashed"
        with open_cube(platform, "noaa_oisst_v2_1") as cube:
            assert cube["sea_surface_temperature"].load().identical(grid)
        second = run(platform)
        assert (second.exit_code, sum(one.written for one in second.collected)) == (first.exit_code, 0)


def test_what_changed_or_went_in_the_store_is_named(bucket: Any, tmp_path: Path) -> None:
    with in_the_store(tmp_path / "home", f"sqlite:///{tmp_path / 'caspian.db'}") as platform:
        run(platform)
        changed, gone = sorted(keys(bucket, "archive/"))[:2]
        body = bucket.get_object(Bucket=BUCKET, Key=changed)["Body"].read()
        bucket.put_object(Bucket=BUCKET, Key=changed, Body=body[:-1] + b"?")
        bucket.delete_object(Bucket=BUCKET, Key=gone)
        told = {one.sha256: one.problem for one in verify(platform).damages}
        assert told.keys() == {changed.rpartition("/")[2], gone.rpartition("/")[2]}
        assert "the bytes have changed" in told[changed.rpartition("/")[2]]
        assert told[gone.rpartition("/")[2]] == "is missing"
        shutil.rmtree(tmp_path / "home" / "archive")
        with pytest.raises(CatalogError, match=f"{changed}: the bytes have changed"):
            platform.archive.open(changed.rpartition("/")[2])


def test_a_store_that_is_away_loses_nothing_and_the_next_run_repairs(bucket: Any, tmp_path: Path) -> None:
    url, home = f"sqlite:///{tmp_path / 'caspian.db'}", tmp_path / "home"
    with in_the_store(home, url) as platform:
        nowhere = replace(platform.archive, store=ObjectStore("s3://nobody-has-this/kept"))
        broken = run(replace(platform, archive=nowhere))
        assert broken.exit_code in (1, 3)
        said = [problem for one in broken.collected for problem in one.problems]
        assert any("s3://nobody-has-this/kept" in line and "object store" in line for line in said), said
        assert history(platform.catalog) == [], "no value without its bytes"
    with in_the_store(home, url) as platform:
        run(platform)
        assert history(platform.catalog)
        assert verify(platform).damages == ()


def test_what_the_policy_lets_go_goes_from_the_store_too(bucket: Any, tmp_path: Path) -> None:
    with in_the_store(tmp_path / "home", f"sqlite:///{tmp_path / 'caspian.db'}") as platform:
        run(platform)
        kept = keys(bucket, "archive/")
        lost = platform.archive.obtain([b"stored, and its run was killed before it said so"])
        assert len(keys(bucket, "archive/")) == len(kept) + 1
        later = replace(platform, clock=lambda: datetime.now(UTC) + timedelta(days=730))
        went = prune(later, yes=True)
        assert [one.path.name for one in went.removable] == [lost.sha256]
        assert keys(bucket, "archive/") == kept
