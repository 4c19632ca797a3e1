"""``caspian-env`` as a user meets it: a process of its own, in a folder of its own, with a clean environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from caspian_env.demo import DATASETS

ROOT = Path(__file__).resolve().parent.parent
# Whoever still tries to leave this machine meets a closed door at once.
CLOSED_DOOR = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}


def environment(**settings: str) -> dict[str, str]:
    """What a process needs to start, plus settings without their prefix."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    # The small mirrors of the tests hold what that of the demonstration holds, unless a test says otherwise.
    settings = {"DATASETS": ",".join(DATASETS), **settings}
    ours = {f"CASPIAN_ENV_{name}": value for name, value in settings.items()}
    return kept | CLOSED_DOOR | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"} | ours


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "caspian_env", *map(str, arguments)]


def caspian_env(
    *arguments: str | Path, cwd: Path, timeout: float = 600, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments), cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=timeout,
        env=environment(**settings),
    )  # fmt: skip
