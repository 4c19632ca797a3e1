"""The files of frozen reports: ``home/editions/<edition>/…``, written once, whole or not there.

A folder gets its name when every file in it is on the disk, just before its edition is committed to the catalog. What a
killed process leaves is a folder in ``editions/incoming``, which a later freeze removes, or one that no edition of the
catalog names, which the freeze that needs its name sets aside.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from caspian_env.catalog.report_editions import FileRow
from caspian_env.errors import CatalogError
from caspian_env.formats.disk import sync, writing

WHAT = "the files of a frozen report"


def editions_folder(home: Path) -> Path:
    """Where the editions of a home lie."""
    return home / "editions"


def file_rows(files: Mapping[str, bytes]) -> list[FileRow]:
    """Name, sha256 and size of each file, by name."""
    return [FileRow(name, hashlib.sha256(files[name]).hexdigest(), len(files[name])) for name in sorted(files)]


def receive(home: Path, files: Mapping[str, bytes], owner: str) -> Path:
    """Write the files into a folder that has no name yet; DiskError when the disk does not take them."""
    incoming = editions_folder(home) / "incoming"
    with writing(incoming, WHAT):
        incoming.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{quote(owner, safe='')}.", suffix=".part", dir=incoming))
    try:
        with writing(folder, WHAT):
            for name, content in files.items():
                with (folder / name).open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                (folder / name).chmod(0o444)
            folder.chmod(0o755)
            sync(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def name_it(home: Path, received: Path, edition_id: str) -> Path:
    """Give a received folder the name of its edition, just before the catalog takes the edition.

    A folder that has the name already is none of this catalog: a freeze was killed, or the catalog is restored from an
    older backup. It is set aside, not removed.
    """
    target = editions_folder(home) / edition_id
    with writing(editions_folder(home), WHAT):
        if target.exists():
            aside = editions_folder(home) / "set-aside"
            aside.mkdir(exist_ok=True)
            target.rename(Path(tempfile.mkdtemp(prefix=f"{edition_id}.", dir=aside)) / edition_id)
        received.rename(target)
        sync(target.parent)
    return target


def sweep(home: Path, gone: Callable[[str], bool]) -> int:
    """Remove what killed processes left: folders without a name whose owner is gone; gives how many went."""
    incoming = editions_folder(home) / "incoming"
    left = [f for f in sorted(incoming.glob("*.part")) if gone(unquote(f.name.rsplit(".", 2)[0]))]
    with writing(incoming, WHAT):
        for folder in left:
            shutil.rmtree(folder)
    return len(left)


def open_edition(home: Path, edition_id: str) -> Path:
    """The folder of an edition; CatalogError when it is not there."""
    folder = editions_folder(home) / edition_id
    if not folder.is_dir():
        remedy = f"put the folder back from a backup, or caspian-env report rebuild {edition_id} --out FOLDER"
        raise CatalogError(str(folder), "the catalog names this edition but its files are missing", remedy)
    return folder


def damaged(home: Path, edition_id: str, files: Iterable[FileRow]) -> list[str]:
    """What is wrong with the files of an edition, a line each: missing, or not what was frozen."""
    folder = editions_folder(home) / edition_id
    found = []
    for file in files:
        try:
            content = (folder / file.name).read_bytes()
        except OSError as error:
            found.append(f"{edition_id}/{file.name} cannot be read: {error.strerror}")
            continue
        if hashlib.sha256(content).hexdigest() != file.sha256:
            found.append(f"{edition_id}/{file.name} is not what was frozen")
    return found
