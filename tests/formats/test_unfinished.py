"""Unfinished files bear the name of their owner, by which others know whether they may go."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caspian_env.archive import Archive
from caspian_env.cubes import Cubes
from caspian_env.formats.unfinished import ABANDONED_SECONDS, new_unfinished, nobody_is_gone, owner_of, sweep, untouched
from caspian_env.workflows.holder import holder_of, is_gone


@pytest.mark.parametrize("owner", [holder_of(), "a.host.with.dots:7:ab-?", "a/b%c:1:x-2"], ids=["own", "dots", "signs"])
def test_the_name_of_the_owner_comes_back_from_the_file(tmp_path: Path, owner: str) -> None:
    handle, path = new_unfinished(tmp_path / "incoming", owner)
    os.close(handle)
    assert (path.parent.name, path.suffix) == ("incoming", ".part")
    assert owner_of(path) == owner
    assert ":" not in path.name


def test_without_an_owner_age_alone_tells(tmp_path: Path) -> None:
    handle, path = new_unfinished(tmp_path, "")
    os.close(handle)
    assert owner_of(path) == ""
    now = time.time()
    assert sweep(tmp_path, is_gone, now) == 0
    assert untouched(tmp_path, now + 7, 5) == [path]
    assert sweep(tmp_path, nobody_is_gone, now + ABANDONED_SECONDS + 5) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_the_dead_left_goes_at_once_and_the_living_keep_theirs(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owners = {"child": holder_of(child.pid), "me": holder_of(), "elsewhere": "elsewhere:1:ab-1"}
    for root in (tmp_path / "archive", tmp_path / "cubes"):
        for owner in owners.values():
            os.close(new_unfinished(root / "incoming", owner)[0])
    archive, cubes = Archive(tmp_path / "archive"), Cubes(tmp_path / "cubes")
    assert (archive.sweep(gone=is_gone), cubes.sweep(gone=is_gone)) == (0, 0)
    child.kill()
    child.communicate()
    assert (archive.sweep(), archive.sweep(gone=is_gone), cubes.sweep(gone=is_gone)) == (0, 1, 1)
    left = sorted(owner_of(path) for path in tmp_path.rglob("*.part"))
    assert left == sorted([owners["me"], owners["elsewhere"]] * 2)
