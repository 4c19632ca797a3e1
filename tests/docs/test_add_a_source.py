"""The recipe for a new source, followed literally in a copy of the package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import CLOSED_DOOR, ROOT

RECIPE = (ROOT / "docs" / "add-a-source.md").read_text(encoding="utf-8")
STEP = re.compile(r"(Write|Append\s+to)\s+`([^`]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)
COMMANDS = re.compile(r"```console\n(.*?)```", re.DOTALL)
COPIED = ("caspian_env", "jobs", "seeds", "migrations", "tests", "docs", "pyproject.toml", "README.md", "alembic.ini")


@pytest.mark.slow
def test_a_newcomer_gets_there(tmp_path: Path) -> None:
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, tmp_path / name)
    steps = STEP.findall(RECIPE)
    assert [path.rsplit("/", 1)[1] for _, path, _ in steps] == [
        "stations.csv", "sea_surface.yaml", "example_pier_temperature.py", "test_example_pier_temperature.py",
        "plain_tables.py", "whole_granules.py", "first-live-day.md",
    ]  # fmt: skip
    for verb, path, text in steps:
        with (tmp_path / path).open("a" if verb.startswith("Append") else "x", encoding="utf-8") as file:
            file.write(text)
    # The console script of an installation, for the copy.
    scripts = tmp_path / "bin"
    scripts.mkdir()
    script = scripts / "caspian-env"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m caspian_env "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CASPIAN_ENV_", "PYTEST"))}
    path = os.pathsep.join([str(scripts), str(Path(sys.executable).parent), kept["PATH"]])
    # What mypy knows of the libraries it need not find out twice: the test of all types asks the same.
    kept["MYPY_CACHE_DIR"] = str(ROOT / ".mypy_cache")
    answers = {}
    for line in "\n".join(COMMANDS.findall(RECIPE)).splitlines():
        ran = subprocess.run(
            line.removeprefix("$ "), shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=600,
            env=kept | CLOSED_DOOR | {"PATH": path, "PYTHONPATH": str(tmp_path), "COLUMNS": "160"},
        )  # fmt: skip
        assert ran.returncode == 0 and "no tests ran" not in ran.stdout, f"{line}\n{ran.stdout}\n{ran.stderr}"
        answers[line] = ran.stdout
    (values,) = [text for line, text in answers.items() if "series" in line]
    assert "4.5" in values and "99.9" not in values
    (told,) = [text for line, text in answers.items() if line.endswith("datasets example_pier_temperature")]
    assert "One point of the coast" in told and "unproven" in told
    assert "`example_pier_temperature`" in (tmp_path / "docs" / "sources.md").read_text(encoding="utf-8")
