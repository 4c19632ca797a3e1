"""Files on an object store (``s3://BUCKET/PREFIX``, or any other address of fsspec): whole or not at all.

Who may enter is a matter of the store's own library and its settings (for S3 the variables and files of AWS); nothing
of it passes through the platform's settings, so nothing of it can be printed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caspian_env.errors import DiskError, SettingsError, StoreAway
from caspian_env.formats.disk import writing

CHUNK = 1 << 20
# Longest silence of a store in seconds, and how often one request is tried; botocore waits for a minute else.
_S3 = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 3, "mode": "standard"}}
# Stores where a name appears with its last byte; elsewhere a file is written beside its place and then named.
_APPEARS_WHOLE = {"s3", "s3a", "gs", "gcs", "az", "abfs", "memory"}


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store, or a folder, tells of one file: bytes, and seconds since 1970 when it was stored."""

    size: int
    stored_at: float


class ObjectStore:
    """Files below an address of fsspec; the store is asked when the first of them is needed.

    Parameters
    ----------
    url : str
        ``PROTOCOL://PLACE``, without a user name or password.

    Raises
    ------
    SettingsError
        When the address holds a password, or the library of its protocol is not installed.
    StoreAway
        From every function, when the store does not answer or refuses.
    """

    def __init__(self, url: str) -> None:
        if "@" in url.partition("://")[2].partition("/")[0]:
            problem, remedy = "holds a user name or a password", "give it to the library of the store (AWS_… for S3)"
            raise SettingsError("address of an object store", problem, remedy)
        self.url = url.rstrip("/")
        self._opened: tuple[Any, str] | None = None
        _library_of(self.url.partition("://")[0])

    def __str__(self) -> str:
        """Its address."""
        return self.url

    def find(self, name: str) -> Stored | None:
        """What is stored under a name, or None."""
        with self._asking(name) as (system, place):
            try:
                return _stored(system.info(place))
            except FileNotFoundError:
                return None

    def put(self, path: Path, name: str) -> None:
        """Store a complete file under a name, which is seen only when all its bytes are there."""
        with self._asking(name) as (system, place):
            if _protocols(system) & _APPEARS_WHOLE:
                system.put_file(str(path), place)
                return
            system.makedirs(posixpath.dirname(place), exist_ok=True)
            system.put_file(str(path), f"{place}.part")
            system.mv(f"{place}.part", place)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a name in order, none where there is no such file."""
        with self._asking(name) as (system, place):
            if not system.exists(place):
                return
            with system.open(place, "rb", block_size=CHUNK, cache_type="readahead") as file:
                while chunk := file.read(CHUNK):
                    yield chunk

    def keep(self, path: Path, name: str) -> None:
        """Store a complete file, unless the store has one of that name and size."""
        held = self.find(name)
        if held is None or held.size != path.stat().st_size:
            self.put(path, name)

    def fetch(self, name: str, target: Path) -> str | None:
        """Copy what is stored under a name into ``target``; its sha256, or None where there is no such file."""
        if self.find(name) is None:
            return None
        digest = hashlib.sha256()
        with target.open("wb") as file:
            for chunk in self.chunks(name):
                digest.update(chunk)
                with writing(target.parent, "a copy of what the object store has"):
                    file.write(chunk)
            with writing(target.parent, "a copy of what the object store has"):
                file.flush()
                os.fsync(file.fileno())
        return digest.hexdigest()

    def files(self, folder: str) -> dict[str, Stored]:
        """Everything below a folder by its path from there."""
        with self._asking(folder) as (system, place):
            try:
                found = system.find(place, detail=True)
            except FileNotFoundError:
                return {}
            prefix = f"{place}/"
            return {path.removeprefix(prefix): _stored(told) for path, told in found.items()}

    def names(self, folder: str) -> list[str]:
        """Names in a folder, sorted; folders end with ``/``. Empty where there is no such folder."""
        with self._asking(folder) as (system, place):
            try:
                told = system.ls(place, detail=True)
            except (FileNotFoundError, NotADirectoryError):
                return []
            here = {posixpath.basename(one["name"].rstrip("/")) + "/" * (one["type"] == "directory") for one in told}
            return sorted(here - {posixpath.basename(place)})

    def remove(self, name: str) -> None:
        """Let a file go; one that is gone already is none."""
        with self._asking(name) as (system, place), contextlib.suppress(FileNotFoundError):
            system.rm_file(place)

    @contextmanager
    def _asking(self, name: str) -> Iterator[tuple[Any, str]]:
        """The file system and the place of a name; what its library complains of inside becomes a StoreAway."""
        try:
            system, root = self._file_system()
            yield system, f"{root}/{name}".rstrip("/")
        except (SettingsError, DiskError, GeneratorExit):
            raise
        except Exception as error:  # every store's library has errors of its own, not all of them OSError
            said = " ".join(str(error).split())[:160] or type(error).__name__
            remedy = "check its address, the network and the credentials of its library; then run again"
            raise StoreAway(
                f"{self.url}/{name}", f"the object store refuses or does not answer: {said}", remedy
            ) from error

    def _file_system(self) -> tuple[Any, str]:
        if self._opened is None:
            import fsspec

            options = {"config_kwargs": _S3} if self.url.startswith(("s3://", "s3a://")) else {}
            system, root = fsspec.url_to_fs(self.url, use_listings_cache=False, skip_instance_cache=True, **options)
            self._opened = system, root.rstrip("/")
        return self._opened


def _library_of(protocol: str) -> None:
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except (ImportError, ValueError) as error:
        problem = f"nothing here reads it ({' '.join(str(error).split())})"
        remedy = 'name a folder, http(s) or s3; for s3 pip install "caspian-env[object-storage]"'
        raise SettingsError(f"{protocol}://", problem, remedy) from error


def _protocols(system: Any) -> set[str]:
    return {system.protocol} if isinstance(system.protocol, str) else set(system.protocol)


def _stored(told: Any) -> Stored:
    moment = told.get("LastModified") or told.get("mtime") or told.get("created") or 0
    return Stored(int(told["size"]), moment.timestamp() if hasattr(moment, "timestamp") else float(moment))
