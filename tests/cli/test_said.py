"""What is said to a person: lines broken for a terminal, left whole in a pipe; and what a call has to load to say it."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest
from typer.main import get_group

from caspian_env import cli
from caspian_env.cli import show
from caspian_env.errors import not_among
from caspian_env.workflows.outcome import Outcome

LINE = "  gpcc: needs what is told at https://example.org/a/very/long/address/that/nobody/breaks and then another run"


def test_a_line_is_broken_between_words_and_set_in_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    show.say(LINE)
    assert capsys.readouterr().out == LINE + "\n"
    monkeypatch.setattr(show, "_room", lambda stream: 40)
    show.say(LINE, err=True)
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "  gpcc: needs what is told at"
    assert rest[0].strip() == "https://example.org/a/very/long/address/that/nobody/breaks"
    assert all(line.startswith("    ") and not line.startswith("     ") for line in rest)


def test_a_table_on_a_terminal_has_bold_headings_and_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "_room", lambda stream: 30)
    show.show_table(("what", "meaning"), [("a", "one of many words that do not fit"), ("b", None)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["what", "meaning"]  # bold where somebody sees it, and this is a pipe
    assert len(lines) > 3
    assert max(map(len, lines)) <= 30


def test_a_subject_stands_once(capsys: pytest.CaptureFixture[str]) -> None:
    show.show_outcomes([Outcome("gpcc", problems=["gpcc: is away"], notes=["gpcc: nothing", "another"])])
    assert capsys.readouterr().out.splitlines()[-3:] == ["! gpcc: is away", "  gpcc: nothing", "  gpcc: another"]


def test_every_command_is_found_in_the_modules_that_are_named_for_it() -> None:
    for name in cli.COMMANDS:
        import_module(f"caspian_env.cli.{name}")
    from caspian_env.cli.options import app

    found: dict[str, set[str]] = {}
    for word, command in get_group(app).commands.items():
        every = getattr(command, "commands", {}).values() or [command]
        found[word] = {one.callback.__module__.rpartition(".")[2] for one in every}
    named = {word for words in cli.COMMANDS.values() for word in words}
    assert found == {word: {name for name, words in cli.COMMANDS.items() if word in words} for word in named}
    assert {name.split()[0] for name in cli.INSTANT} <= named
    assert set(sys.modules) >= {f"caspian_env.cli.{name}" for name in cli.COMMANDS}


def test_a_name_near_none_is_answered_with_all_only_where_they_are_few() -> None:
    assert "known: aze, irn" in str(not_among(["xyzzy"], "a country", ["aze", "irn"], "caspian-env targets"))
    many = [f"indicator_{n}" for n in range(600)]
    told = str(not_among(["xyzzy"], "an indicator", many, "caspian-env indicators"))
    assert told == "xyzzy: is not an indicator (caspian-env indicators lists all 600)"
