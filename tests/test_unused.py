"""Nothing lies about that nothing uses: neither code nor dependencies."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Called by a library by this name.
CALLED = {
    "__getattr__", "isolation_level", "impl", "cache_ok", "load_dialect_impl", "process_bind_param", "seekable",
    "handle_starttag", "msg", "args", "converter", "of_run", "create_system", "get_next_fire_time", "daemon_threads",
    "block_on_close", "address_family", "server_name", "handle_error", "client_address", "server_version", "sys_version",
    "do_HEAD", "log_message",
}  # fmt: skip
# Read by name, as a setting, a column of a table of the catalog or a placeholder of a text.
SHOWN = {
    "relative_to_datum", "u_*", "granule_url", "agreement", "assigned_by", "sdg", "tehran", "gcos", "wmo", "models", "baseline",
    "filed_on", "hashed", "HUMAN",
}  # fmt: skip


def test_every_function_and_name_is_used() -> None:
    from vulture import Vulture

    seeded = {
        function.rpartition(".")[2]
        for path in (ROOT / "seeds").rglob("*.yaml")
        for function in re.findall(r"\bfunction: ([\w.]+)", path.read_text(encoding="utf-8"))
    }
    assert seeded
    found = Vulture(ignore_names=sorted(CALLED | SHOWN | seeded), ignore_decorators=["@*.command", "@*.callback"])
    found.scavenge([ROOT / "caspian_env", ROOT / "jobs", ROOT / "tests"])
    ours = [item for item in found.get_unused_code(min_confidence=60) if "tests" not in Path(item.filename).parts]
    assert [f"{item.filename}:{item.first_lineno}: {item.name}" for item in ours] == []


@pytest.mark.slow
def test_every_dependency_is_declared_and_used() -> None:
    looked = subprocess.run(
        [sys.executable, "-m", "deptry", "."], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert looked.returncode == 0, looked.stderr[-3000:]
