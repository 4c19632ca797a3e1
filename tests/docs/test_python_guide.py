"""docs/python.md and the examples in the help texts of the Python API, executed on the synthetic catalog."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import caspian_env
from caspian_env import api

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "python.md"


@pytest.mark.slow
def test_the_guide_is_true(documentation_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(documentation_file.parent)
    tried = doctest.testfile(str(GUIDE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried.attempted > 20
    assert tried.failed == 0


def test_the_examples_of_the_help_texts_are_true(documentation_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(documentation_file.parent)
    with caspian_env.connect(documentation_file) as cat:
        names = {"ce": caspian_env, "cat": cat}
        tried = doctest.testmod(api, extraglobs=names, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried.attempted > 10
    assert tried.failed == 0
