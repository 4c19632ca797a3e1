"""The page on the COP29 agenda: its commands run as they stand, and it names what exports hold back."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.command_line import ROOT, caspian_env

PAGE = (ROOT / "docs" / "cop29.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    block = re.search(r"<!-- commands: run by the tests -->\n```sh\n(.*?)```", PAGE, flags=re.DOTALL)
    signed = re.search(r"<!-- reported.csv: used by the tests -->\n```csv\n(.*?)```", PAGE, flags=re.DOTALL)
    assert block and signed
    (tmp_path / "reported.csv").write_text(signed[1], encoding="utf-8")
    made = caspian_env("init", "--home", "home", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    lines = [shlex.split(line, comments=True) for line in block[1].splitlines()]
    assert len(lines) == 11
    for name, *arguments in lines:
        done = caspian_env(*arguments, cwd=tmp_path, HOME="home")
        assert (name, done.returncode) == ("caspian-env", 0), (arguments, done.stdout + done.stderr)
        assert done.stdout.strip()
    assert {p.name for p in (tmp_path / "out" / "sdmx").iterdir()} == {
        "indicators.csv",
        "reported.csv",
        "withheld.csv",
        "structure.xml",
    }
