"""Files on an object store: a real S3 server (moto), a folder and memory behave alike."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from caspian_env.errors import NotPublished, RefusedAnswer, SettingsError, StoreAway, Unreachable
from caspian_env.formats import mirror_store
from caspian_env.formats.object_store import CHUNK, ObjectStore
from tests.store_server import BUCKET, store_server

BODY = bytes(range(256)) * (CHUNK // 128)  # two pieces


@pytest.fixture(params=["s3", "file", "memory"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "s3":
        with store_server(monkeypatch):
            yield ObjectStore(f"s3://{BUCKET}/kept")
        return
    yield ObjectStore(f"file://{tmp_path / 'kept'}" if request.param == "file" else f"memory://{tmp_path.name}")


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body"
    path.write_bytes(BODY)
    return path


def test_what_was_put_is_found_and_comes_back(store: ObjectStore, body: Path, tmp_path: Path) -> None:
    assert store.find("archive/ab/one") is None
    store.put(body, "archive/ab/one")
    found = store.find("archive/ab/one")
    assert found is not None and found.size == len(BODY)
    pieces = list(store.chunks("archive/ab/one"))
    assert b"".join(pieces) == BODY and len(pieces) > 1
    assert store.fetch("archive/ab/one", tmp_path / "copy") == sha256(BODY).hexdigest()
    assert (tmp_path / "copy").read_bytes() == BODY
    assert set(store.files("archive")) == {"ab/one"}
    assert (store.names(""), store.names("archive"), store.names("archive/ab")) == (["archive/"], ["ab/"], ["one"])


def test_a_name_that_is_not_there_is_no_failure(store: ObjectStore, tmp_path: Path) -> None:
    assert list(store.chunks("none")) == []
    assert store.fetch("none", tmp_path / "copy") is None
    assert (store.files("none"), store.names("none")) == ({}, [])
    store.remove("none")


def test_an_object_is_stored_once_and_again_where_it_is_not_whole(store: ObjectStore, body: Path) -> None:
    body.with_name("half").write_bytes(BODY[:9])
    store.put(body.with_name("half"), "one")
    store.keep(body, "one")
    found = store.find("one")
    assert found is not None and found.size == len(BODY)
    body.with_name("other").write_bytes(BODY[::-1])
    store.keep(body.with_name("other"), "one")
    assert b"".join(store.chunks("one")) == BODY, "same size: it is there already"
    store.remove("one")
    assert store.find("one") is None


def test_a_name_is_taken_literally(store: ObjectStore, body: Path) -> None:
    name = "dahiti.dgfi.tum.de/api/v2/download-water-level/%3Fdahiti_id=39&format=json"
    store.put(body, name)
    with mirror_store.opened(store, name, "subject", len(BODY)) as chunks:
        assert b"".join(chunks) == BODY
    with pytest.raises(RefusedAnswer), mirror_store.opened(store, name, "subject", 9):
        pass
    with pytest.raises(NotPublished), mirror_store.opened(store, "dahiti.dgfi.tum.de/none", "subject", 9):
        pass


def test_a_store_that_is_away_is_named_and_may_be_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with store_server(monkeypatch):
        nobody = ObjectStore("s3://nobody-has-this-bucket/kept")
        with pytest.raises(StoreAway, match="s3://nobody-has-this-bucket/kept") as caught:
            nobody.put(Path(__file__), "one")
        assert caught.value.transient
        assert "for-the-local-server" not in str(caught.value)
    away = ObjectStore(f"s3://{BUCKET}/kept")
    with pytest.raises(Unreachable, match="the mirror does not give it"):
        mirror_store.folder_names(away, "host", "https://host/")


def test_an_address_with_a_password_and_one_that_nothing_reads_are_refused() -> None:
    with pytest.raises(SettingsError, match="holds a user name or a password") as caught:
        ObjectStore("s3://name:secret@bucket/kept")
    assert "secret" not in str(caught.value)
    with pytest.raises(SettingsError, match="nothing here reads it"):
        ObjectStore("gopher://bucket/kept")
