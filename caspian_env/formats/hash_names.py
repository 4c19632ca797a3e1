"""Files that bear the sha256 of their bytes as their name, in folders of its first two digits: ``ab/abcdef…``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from caspian_env.errors import CatalogError

SHA256 = re.compile(r"[0-9a-f]{64}")


def place_of(root: Path, sha256: str, suffix: str = "") -> Path:
    """Where the bytes of a hash lie below a folder; CatalogError where it is no hash."""
    if not SHA256.fullmatch(sha256):
        raise CatalogError(repr(sha256), "is not a sha256", "write its 64 digits in lower case")
    return root / sha256[:2] / f"{sha256}{suffix}"


def sha256_of(path: Path) -> str:
    """The hash of a whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
