"""What a report was printed by: hashes of the code and templates that print and of the seeds, and versions of libraries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from caspian_env import reports
from caspian_env.settings import data_folder
from caspian_env.wiring import Platform

LIBRARIES = ("matplotlib", "jinja2", "babel", "numpy", "pandas", "typst", "pyarrow", "netCDF4")


def template_hash() -> str:
    """A hash of everything in the package that prints: code, templates, catalogues of words."""
    folder = Path(str(reports.__file__)).parent
    return _hash_of(path for path in folder.rglob("*") if path.suffix != ".pyc" and "__pycache__" not in path.parts)


def seeds_hash(platform: Platform) -> str:
    """A hash of the installed seeds and of what the institute declares beside them."""
    own = platform.settings.own_files
    declared = [] if platform.synthetic else [*own.glob("*.yaml"), *own.glob("*.yml"), *own.glob("*.geojson")]
    return _hash_of([*data_folder("seeds").rglob("*"), *declared])


def drawn_by() -> dict[str, str]:
    """Versions of the libraries that draw and write, as far as they are installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _hash_of(paths: Iterable[Path]) -> str:
    lines = [
        f"{path.parent.name}/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(paths, key=lambda path: (path.parent.name, path.name))
        if path.is_file()
    ]
    return hashlib.sha256("\n".join(lines).encode("utf-8", errors="surrogatepass")).hexdigest()
