"""The archive keeps bytes once, whole, and under their own hash."""

from __future__ import annotations

import hashlib
import os
import resource
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from caspian_env.archive import Archive
from caspian_env.errors import CaspianError, CatalogError, Unreachable

BYTES = b"date,level\n2020-01-01,-28.1\n"
SHA = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def files(archive: Archive) -> list[str]:
    return sorted(str(p.relative_to(archive.root)) for p in archive.root.rglob("*") if p.is_file())


def test_bytes_are_kept_under_their_hash_and_read_only(archive: Archive) -> None:
    kept = archive.obtain([BYTES[:5], b"", BYTES[5:]])
    assert (kept.sha256, kept.size, kept.new) == (SHA, len(BYTES), True)
    assert kept.path == archive.root / SHA[:2] / SHA == archive.open(SHA) == archive.verify(SHA)
    assert kept.path.read_bytes() == BYTES
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o444
    assert files(archive) == [f"{SHA[:2]}/{SHA}"]


def test_the_same_bytes_are_stored_once(archive: Archive) -> None:
    first = archive.obtain([BYTES])
    inode = first.path.stat().st_ino
    again = archive.obtain(iter([BYTES]))
    assert (again.sha256, again.path, again.new) == (SHA, first.path, False)
    assert first.path.stat().st_ino == inode
    assert files(archive) == [f"{SHA[:2]}/{SHA}"]


def test_many_at_once_leave_one_whole_file(archive: Archive) -> None:
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: archive.obtain([BYTES]), range(24)))
    assert {k.sha256 for k in kept} == {SHA}
    archive.verify(SHA)
    assert files(archive) == [f"{SHA[:2]}/{SHA}"]


@pytest.mark.parametrize("failure", [Unreachable("x", "broke off"), KeyboardInterrupt(), OSError(5, "socket")])
def test_an_interrupted_body_leaves_nothing(archive: Archive, failure: BaseException) -> None:
    def body() -> Iterator[bytes]:
        yield BYTES
        assert len(files(archive)) == 1
        raise failure

    with pytest.raises(type(failure)) as caught:
        archive.obtain(body())
    assert caught.value is failure
    assert files(archive) == []


def test_a_full_disk_is_named_and_leaves_nothing(archive: Archive) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(CaspianError, match=r"no room left.*free space"):
            archive.obtain([b"x" * 9_000, b"y" * 9_000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(archive) == []


def test_an_archive_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(CaspianError, match="cannot be written"):
        Archive(tmp_path / "archive").obtain([BYTES])


def test_missing_bytes_name_the_file_and_the_remedy(archive: Archive) -> None:
    with pytest.raises(CatalogError, match="backup") as caught:
        archive.open(SHA)
    assert caught.value.subject == str(archive.root / SHA[:2] / SHA)


@pytest.mark.parametrize("name", ["", "abc", "../" + "a" * 61, SHA.upper(), SHA + "\n"])
def test_only_a_hash_is_a_name(archive: Archive, name: str) -> None:
    with pytest.raises(CatalogError, match="not a sha256"):
        archive.open(name)


def test_changed_bytes_are_found(archive: Archive) -> None:
    path = archive.obtain([BYTES]).path
    path.chmod(0o644)
    path.write_bytes(BYTES.replace(b"28.1", b"28.2"))
    with pytest.raises(CatalogError, match="have changed"):
        archive.verify(SHA)


def test_a_file_cut_short_on_the_disk_is_replaced(archive: Archive) -> None:
    path = archive.obtain([BYTES]).path
    path.chmod(0o644)
    path.write_bytes(BYTES[:3])
    assert archive.obtain([BYTES]).new
    assert archive.verify(SHA).read_bytes() == BYTES


def test_sweep_removes_only_what_was_abandoned(archive: Archive) -> None:
    archive.obtain([BYTES])
    old, young = archive.root / "incoming" / "old.part", archive.root / "incoming" / "young.part"
    for part in (old, young):
        part.write_bytes(b"half")
    now = time.time()
    os.utime(old, (now - 90_000, now - 90_000))
    assert archive.sweep() == 1
    assert not old.exists()
    assert young.exists()
    assert archive.sweep(now + 90_000) == 1
    assert archive.verify(SHA)


def test_sweep_of_an_archive_that_is_not_there_yet(archive: Archive) -> None:
    assert archive.sweep() == 0
