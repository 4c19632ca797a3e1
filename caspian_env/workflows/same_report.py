"""Whether the report in a folder is already the one that would be written: it depends on nothing but its input."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from caspian_env.reports import page as code
from caspian_env.reports.model import Report
from caspian_env.settings import VERSION

DRAWN_BY = ("matplotlib", "jinja2")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written last into ``folder``, remembered below ``cache``: a loss of it costs the drawing, no more."""

    cache: Path
    folder: Path

    def same(self, digest: str) -> list[Path] | None:
        """The files of the report of this digest, if they lie in the folder unchanged."""
        try:
            kept = json.loads(self._place().read_bytes())
            files = {self.folder / name: sha256 for name, sha256 in kept["files"].items()}
            if kept["digest"] == digest and all(_sha256(path.read_bytes()) == files[path] for path in files):
                return list(files) or None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return None

    def remember(self, digest: str, files: Sequence[Path]) -> None:
        """Note what lies in the folder now; nothing is noted where nothing can be written."""
        content = {"digest": digest, "files": {path.name: _sha256(path.read_bytes()) for path in files}}
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            self._place().write_text(json.dumps(content), encoding="utf-8")
        except OSError:
            return

    def _place(self) -> Path:
        return self.cache / f"{_sha256(str(self.folder.absolute()).encode())}.json"


def digest_of(report: Report) -> str:
    """A digest of all that a report's files depend on: what is printed, and the code that prints it."""
    folder = Path(code.__file__).parent
    sources = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    parts = [VERSION, *(f"{name} {version(name)}" for name in DRAWN_BY), repr(report)]
    parts += [f"{path.name} {_sha256(path.read_bytes())}" for path in sources]
    return _sha256("\n".join(parts).encode("utf-8", errors="surrogatepass"))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
