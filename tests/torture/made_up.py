"""The made-up files that the tests of the readers write: samples for readers of which no small real file is at hand.

As a plugin of pytest it keeps every file that a reader took: ``CASPIAN_ENV_TEST_MADE=FOLDER pytest -p tests.torture.made_up
tests/sources``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import caspian_env.sources

FOLDER = "CASPIAN_ENV_TEST_MADE"
MINUTES = 15
TESTS = ("tests/sources", "tests/workflows/test_surges_at_posts.py")
ROOT = Path(__file__).resolve().parents[2]


def collect(folder: Path, largest: int) -> None:
    """Run the tests of the readers once and keep what they read, a folder for each module; RuntimeError when they fail."""
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    words = [sys.executable, "-m", "pytest", "-n", "2", "-p", "tests.torture.made_up", *TESTS]
    given = {**os.environ, FOLDER: f"{unfinished.resolve()}{os.pathsep}{largest}"}
    done = subprocess.run(words, cwd=ROOT, env=given, timeout=60 * MINUTES, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:])
    unfinished.rename(folder)


def pytest_configure() -> None:
    """Have every reader keep what it is given, where the folder is named."""
    if given := os.environ.get(FOLDER):
        folder, _, largest = given.rpartition(os.pathsep)
        for found in iter_modules(caspian_env.sources.__path__):
            module = import_module(f"caspian_env.sources.{found.name}")
            if reader := getattr(module, "read_granule", None):
                vars(module)["read_granule"] = _keeping(reader, Path(folder) / found.name, int(largest))


def _keeping(reader: Callable[..., Any], folder: Path, largest: int) -> Callable[..., Any]:
    @wraps(reader)
    def kept(path: Path, *arguments: Any, **options: Any) -> Any:
        read = reader(path, *arguments, **options)
        if path.is_file() and 0 < path.stat().st_size <= largest:
            content = path.read_bytes()
            folder.mkdir(parents=True, exist_ok=True)
            (folder / sha256(content).hexdigest()[:16]).write_bytes(content)
        return read

    return kept
