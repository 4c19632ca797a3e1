"""The house holds: who imports whom, lint, types, docstrings, cheap imports."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "caspian_env"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {
    "xarray", "pandas", "scipy", "dask", "matplotlib", "netCDF4", "h5netcdf", "h5py", "shapely", "cf_units", "ioos_qc",
    "httpx", "xclim", "typst", "pyarrow", "psycopg",
}  # fmt: skip


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, env=environment)


def test_imports_point_down_only() -> None:
    checked = run(
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(cache_dir=None))",
    )
    assert checked.returncode == 0, checked.stdout[-3000:]


def test_ruff_has_nothing_to_say() -> None:
    for command in (["check"], ["format", "--check"]):
        checked = run(sys.executable, "-m", "ruff", *command, ".")
        assert checked.returncode == 0, checked.stdout[-3000:]


@pytest.mark.slow
def test_types_are_strict() -> None:
    checked = run(sys.executable, "-m", "mypy")
    assert checked.returncode == 0, checked.stdout[-3000:]


def test_no_module_is_a_drawer_for_everything() -> None:
    names = {path.stem for path in MODULES} | {path.parent.name for path in MODULES}
    assert not names & {"utils", "util", "helpers", "helper", "common", "base", "misc", "platform"}


def test_environment_variables_are_read_in_settings_only() -> None:
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    assert readers == {"settings.py"}


def test_importing_every_module_is_cheap_and_touches_nothing() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in MODULES
        if path.name != "__main__.py"
    ]
    program = f"""
import json, sys, importlib
opened = []
sys.addaudithook(lambda event, args: opened.append(event) if event in ("socket.connect", "socket.bind") else None)
for name in {names!r}:
    importlib.import_module(name)
print(json.dumps([sorted(set(sys.modules) & {HEAVY!r}), opened]))
"""
    answered = run(sys.executable, "-c", program)
    assert answered.returncode == 0, answered.stderr[-2000:]
    assert json.loads(answered.stdout) == [[], []]


def test_help_loads_no_heavy_library() -> None:
    program = f"""
import json, sys
from caspian_env.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print(json.dumps(sorted(set(sys.modules) & {HEAVY | {"sqlalchemy", "alembic", "yaml", "numpy", "jinja2"}!r})))
"""
    answered = run(sys.executable, "-c", program)
    assert answered.returncode == 0, answered.stderr[-2000:]
    assert json.loads(answered.stdout.splitlines()[-1]) == []
