"""A backup of the catalog in one file that both databases can write and read, and the way back.

The file is a ZIP archive: ``manifest.json``; ``tables/NAME.jsonl`` with the rows as `catalog.dump` writes them; and
``archive.jsonl``, the archive position: every granule that the catalog names, and whether its bytes were there. Provider
bytes are not in it: they never change, so any copy of the archive folder that is as new as the backup will do.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from caspian_env.catalog.dump import Layout, insert_lines, layouts, loading, write_lines
from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.migrate import current_of, make_folder, require_current
from caspian_env.catalog.reference import is_synthetic
from caspian_env.catalog.stored import stored_granules
from caspian_env.errors import CaspianError
from caspian_env.formats.disk import discard, disk_error
from caspian_env.settings import DATABASE_NAME, SYNTHETIC_DATABASE_NAME, VERSION, Settings
from caspian_env.wiring import Platform
from caspian_env.workflows.seed import SYNTHETIC_HOME, keep_apart

FORMAT = "caspian-env catalog 1"
MANIFEST, POSITION = "manifest.json", "archive.jsonl"


@dataclass(frozen=True, slots=True)
class Missing:
    """Bytes that the catalog names and the archive does not hold."""

    dataset_id: str
    sha256: str
    size: int
    url: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """What a backup holds, or what was restored from it, and which bytes the archive beside it lacks."""

    file: Path
    revision: str
    created_at: str
    rows: Mapping[str, int]
    n_granules: int
    missing: tuple[Missing, ...]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self) | {"file": str(self.file), "total_rows": sum(self.rows.values())}


def backup(platform: Platform, target: Path) -> Account:
    """Write a consistent backup, also while others write; the file gets its name when it is complete.

    Raises
    ------
    CaspianError
        When the file is there already, or cannot be written.
    """
    require_current(platform.catalog)
    if target.exists():
        raise CaspianError(str(target), "is there already", "name another file; a backup is never written over")
    if not target.parent.is_dir():
        raise CaspianError(str(target), "cannot be written: its folder is not there", "make it, or name another file")
    partial = target.with_name(target.name + ".partial")
    try:
        with partial.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, platform.catalog.read() as connection:
                manifest: dict[str, Any] = {
                    "format": FORMAT, "code_version": VERSION, "created_at": platform.clock().isoformat(),
                    "revision": current_of(connection), "synthetic": is_synthetic(connection), "tables": [],
                }  # fmt: skip
                for layout in layouts():
                    rows, digest = _member(archive, _name(layout), write_lines(connection, layout))
                    manifest["tables"].append(asdict(layout) | {"rows": rows, "sha256": digest})
                granules = stored_granules(connection)
                missing = _missing(platform, granules)
                _member(archive, POSITION, _position(granules, {one.sha256 for one in missing}))
                _member(archive, MANIFEST, [json.dumps(manifest, indent=1, ensure_ascii=False).encode()])
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    except OSError as error:
        raise disk_error(error, target.parent, f"the backup {target.name}") from error
    finally:
        discard(partial)
    counts = {one["name"]: one["rows"] for one in manifest["tables"]}
    return Account(target, manifest["revision"], manifest["created_at"], counts, _needed(granules), missing)


def read_manifest(file: Path) -> dict[str, Any]:
    """What a backup says of itself; CaspianError when it is none."""
    with _opened(file) as archive:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    if manifest.get("format") != FORMAT:
        raise CaspianError(str(file), f"is of the format {manifest.get('format')!r}", "a newer version may read it")
    return manifest


def database_for(settings: Settings, manifest: Mapping[str, Any]) -> Settings:
    """The settings with the database that a home of such data has, where no other is named."""
    if manifest["synthetic"] and settings.database_url == f"sqlite:///{settings.home / DATABASE_NAME}":
        return replace(settings, database_url=f"sqlite:///{settings.home / SYNTHETIC_DATABASE_NAME}")
    return settings


def restore(platform: Platform, file: Path) -> Account:
    """Fill an empty database from a backup, read every row back, and compare; all of it or nothing.

    Where nothing is restored, no file or folder is left that was not there before.
    The archive may hold more bytes than the backup knows; bytes that it lacks are named.

    Raises
    ------
    CaspianError
        When the file is damaged or no backup, or what was read back differs.
    CatalogError
        When the database is not empty, or data of another kind are in this home.
    NewerDatabase
        When a newer version wrote the backup.
    """
    manifest = read_manifest(file)
    catalog = platform.catalog
    with leaving_no_trace(platform):
        keep_apart(platform.settings, manifest["synthetic"])
        if catalog.file:
            make_folder(catalog.file.parent)
        _load(catalog, file, manifest)
    with catalog.read() as connection:
        granules = stored_granules(connection)
    counts = {one["name"]: one["rows"] for one in manifest["tables"]}
    return Account(
        file, manifest["revision"], manifest["created_at"], counts, _needed(granules), _missing(platform, granules)
    )


def _load(catalog: Catalog, file: Path, manifest: Mapping[str, Any]) -> None:
    with _opened(file) as archive, loading(catalog, manifest["revision"]) as connection:
        for table in manifest["tables"]:
            layout = _layout(table)
            with archive.open(_name(layout)) as lines:
                insert_lines(connection, layout, lines)
        for table in manifest["tables"]:
            found = _counted(write_lines(connection, _layout(table)))
            if found != (table["rows"], table["sha256"]):
                problem = (
                    f"{found[0]} of {table['rows']} rows of {table['name']} came back, or not as they were written"
                )
                raise CaspianError(str(file), problem, "take another backup; nothing was restored")


@contextmanager
def leaving_no_trace(platform: Platform) -> Iterator[None]:
    """Take away what the block made when it fails: the database file, the mark of a home, and folders for them."""
    places = [platform.settings.home / SYNTHETIC_HOME]
    if file := platform.catalog.file:
        places += [file.absolute().with_name(f"{file.name}{end}") for end in ("", "-wal", "-shm", "-journal")]
    made = [place for place in places if not place.exists()]
    folders = [folder for place in places for folder in place.parents if not folder.exists()]
    try:
        yield
    except BaseException:
        platform.catalog.dispose()
        for place in made:
            place.unlink(missing_ok=True)
        for folder in sorted(set(folders), key=lambda one: len(one.parts), reverse=True):
            with suppress(OSError):  # never made, or somebody has put something there
                folder.rmdir()
        raise


def _needed(granules: Iterable[Any]) -> int:
    """How many granules are to be in the archive, as `archive verify` counts them."""
    return sum(bool(row.needed) for row in granules)


def _missing(platform: Platform, granules: Iterable[Any]) -> tuple[Missing, ...]:
    """Needed granules whose bytes are not in the archive, or not in their size."""
    files = platform.archive.files()
    return tuple(
        Missing(row.dataset_id, row.sha256, row.size, row.url)
        for row in granules
        if row.needed and (row.sha256 not in files or files[row.sha256].size != row.size)
    )


def _position(granules: Iterable[Any], missing: set[str]) -> Iterator[bytes]:
    for row in granules:
        line = {"dataset_id": row.dataset_id, "sha256": row.sha256, "size": row.size, "needed": bool(row.needed)}
        yield (json.dumps(line | {"present": row.sha256 not in missing}) + "\n").encode()


def _member(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes]) -> tuple[int, str]:
    """Write one file of the backup; how many lines it has, and its sha256."""
    member = zipfile.ZipInfo(name)  # of 1980: when a backup was made is said in its manifest
    member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    with archive.open(member, "w", force_zip64=True) as target:
        return _counted(chunks, target.write)


def _counted(chunks: Iterable[bytes], keep: Any = lambda _chunk: None) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        count += chunk.count(b"\n")  # a line break inside a text is written as an escape
        keep(chunk)
    return count, digest.hexdigest()


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except FileNotFoundError:
        raise CaspianError(str(file), "does not exist", "name a file that caspian-env db backup wrote") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError) as error:
        problem = f"is no whole backup: {' '.join(str(error).split())[:120]}"
        raise CaspianError(str(file), problem, "take another one; nothing was restored") from error


def _layout(table: Mapping[str, Any]) -> Layout:
    fields = ("columns", "times", "booleans", "key")
    return Layout(table["name"], *(tuple(table[name]) for name in fields))


def _name(layout: Layout) -> str:
    return f"tables/{layout.name}.jsonl"
