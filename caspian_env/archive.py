"""The archive: provider bytes under the name of their sha256, written once and never changed.

``root/ab/abcdef…`` holds the bytes; ``root/incoming`` holds what is being received. A file gets its final name only
when it is complete, hashed and on the disk, so whatever bears a hash as its name is whole.

With an object store, that is where the bytes are kept, under ``archive/ab/abcdef…``; ``root`` then holds copies, which
may be deleted at any time and come back when they are needed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from caspian_env.errors import CatalogError
from caspian_env.formats import unfinished
from caspian_env.formats.disk import discard, sync, writing
from caspian_env.formats.hash_names import SHA256, place_of, sha256_of
from caspian_env.formats.object_store import ObjectStore, Stored
from caspian_env.formats.unfinished import Gone, nobody_is_gone

FOLDER = "archive"
_BYTES = "the bytes of a provider"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the archive holds now: name, size in bytes, place, and whether it was not there before."""

    sha256: str
    size: int
    path: Path
    new: bool


@dataclass(frozen=True, slots=True)
class Archive:
    """Provider bytes below the folder ``root``, or in ``store`` with copies below ``root``."""

    root: Path
    store: ObjectStore | None = None

    def obtain(self, body: Iterable[bytes], owner: str = "") -> Kept:
        """Keep the bytes of ``body``; the same bytes are stored once, and an interrupted body leaves nothing.

        Parameters
        ----------
        owner : str, optional
            The process that writes; if it is killed, ``sweep`` knows by this name what it left.

        Raises
        ------
        DiskError
            When the disk is full or cannot be written, or the store does not take it. Errors of ``body`` pass unchanged.
        """
        with self._received(body, owner) as (part, sha256, size):
            kept = self._commit(part, sha256, size)
        if self.store:
            self.store.keep(kept.path, _name(kept.sha256))
        return kept

    def open(self, sha256: str) -> Path:
        """Where the bytes of this hash lie; from the store they are fetched and hashed first.

        Raises
        ------
        CatalogError
            When the name is no sha256, or the archive does not hold it.
        StoreAway
            When the store does not answer.
        """
        path = self._place(sha256)
        if not path.is_file() and not self._fetched(sha256):
            remedy = (
                "put the archive folder back from a backup, or collect the dataset again: it fetches what is missing"
            )
            raise CatalogError(str(path), "the catalog names these bytes but the archive does not hold them", remedy)
        return path

    def holds(self, sha256: str, size: int) -> bool:
        """Whether so many bytes of this name are here or in the store; a copy here is believed without asking the store."""
        path = self._place(sha256)
        if path.is_file() and path.stat().st_size == size:
            return True
        return self.store is not None and self.store.find(_name(sha256)) is not None

    def verify(self, sha256: str) -> Path:
        """The same place, after its bytes were read again and agree with the hash.

        Raises
        ------
        CatalogError
            When the bytes are missing or have changed.
        """
        path = self.open(sha256)
        found = sha256_of(path)
        if found == sha256 and self.store:
            found = _digest(self.store.chunks(_name(sha256)))
        if found != sha256:
            remedy = "put this file back from a backup, or delete it and collect the dataset again"
            raise CatalogError(str(path), f"the bytes have changed, their sha256 is {found}", remedy)
        return path

    def sweep(self, now: float | None = None, *, gone: Gone = nobody_is_gone) -> int:
        """Remove what killed processes left unfinished; gives how many files went.

        Parameters
        ----------
        now : float, optional
            Seconds since 1970 to judge by, the present if left out; what was not touched for a day goes in any case.
        gone : callable, optional
            Whether an owner is known to be dead, so that its files go at once.

        Raises
        ------
        DiskError
            When the disk does not let them go.
        """
        with writing(self.root, "what was left unfinished"):
            return unfinished.sweep(self.root / "incoming", gone, now)

    def files(self) -> dict[str, Stored]:
        """Everything that bears a sha256 as its name, in the store where there is one, with size and time of storing."""
        if self.store:
            return {
                name.rpartition("/")[2]: stored
                for name, stored in self.store.files(FOLDER).items()
                if SHA256.fullmatch(name.rpartition("/")[2])
            }
        found = (path for path in self.root.glob("??/*") if SHA256.fullmatch(path.name))
        told = {path.name: path.stat() for path in found if path.parent.name == path.name[:2]}
        return {name: Stored(status.st_size, status.st_mtime) for name, status in told.items()}

    def remove(self, sha256: str) -> None:
        """Let the bytes of this hash go, the copy first."""
        self._place(sha256).unlink(missing_ok=True)
        if self.store:
            self.store.remove(_name(sha256))

    def parts(self, now: float, seconds: float) -> list[Path]:
        """What was left unfinished in ``incoming`` and has not been touched for so long."""
        return unfinished.untouched(self.root / "incoming", now, seconds)

    def _place(self, sha256: str) -> Path:
        return place_of(self.root, sha256)

    def _fetched(self, sha256: str) -> bool:
        """Whether the store gave the bytes of this hash; what it has under the name but is not them is an error."""
        if not self.store or self.store.find(_name(sha256)) is None:
            return False
        with self._received(self.store.chunks(_name(sha256))) as (part, found, size):
            if found != sha256:
                problem = f"the bytes have changed, their sha256 is {found}"
                remedy = "put this object back from a backup, or delete it and collect the dataset again"
                raise CatalogError(f"{self.store}/{_name(sha256)}", problem, remedy)
            self._commit(part, sha256, size)
        return True

    @contextmanager
    def _received(self, body: Iterable[bytes], owner: str = "") -> Iterator[tuple[Path, str, int]]:
        """All of ``body`` in an unfinished file, its sha256 and size; the file is gone after the block unless it moved."""
        with writing(self.root, _BYTES):
            handle, part = unfinished.new_unfinished(self.root / "incoming", owner)
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                for chunk in body:
                    digest.update(chunk)
                    size += len(chunk)
                    with writing(self.root, _BYTES):
                        _write_all(file.fileno(), chunk)
                with writing(self.root, _BYTES):
                    os.fsync(file.fileno())
            yield part, digest.hexdigest(), size
        finally:
            discard(part)

    def _commit(self, part: Path, sha256: str, size: int) -> Kept:
        path = self._place(sha256)
        with writing(self.root, _BYTES):
            # A file of another size is what a failing disk left behind: the good bytes take its place.
            if path.is_file() and path.stat().st_size == size:
                return Kept(sha256, size, path, new=False)
            path.parent.mkdir(exist_ok=True)
            part.chmod(0o444)
            part.replace(path)
            sync(path.parent)
            sync(self.root)
        return Kept(sha256, size, path, new=True)


def _name(sha256: str) -> str:
    """Where a store has the bytes of this hash."""
    return f"{FOLDER}/{sha256[:2]}/{sha256}"


def _digest(body: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in body:
        digest.update(chunk)
    return digest.hexdigest()


def _write_all(descriptor: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
