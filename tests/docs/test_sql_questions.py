"""docs/sql.md holds what it shows: every question is asked again on both databases, as a reader would."""

from __future__ import annotations

from itertools import pairwise

import pytest

from caspian_env.catalog.query import ask, open_reader

from .sql_questions import PAGE, as_table, questions

QUESTIONS = questions(PAGE.read_text(encoding="utf-8"))


def test_there_are_twenty() -> None:
    assert [question.number for question in QUESTIONS] == list(range(1, 21))
    assert len({question.title for question in QUESTIONS}) == 20


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question.number:02}")
def test_the_answer_is_the_one_shown(documentation_url: str, question) -> None:
    catalog = open_reader(documentation_url)
    answer = ask(catalog, question.sql, question.parameters)
    catalog.dispose()
    assert answer.rows
    assert as_table(answer) == question.answer


def test_only_the_documented_views_are_asked() -> None:
    for question in QUESTIONS:
        words = question.sql.replace("(", " ").split()
        asked = {after for word, after in pairwise(words) if word in ("FROM", "JOIN")}
        assert asked and all(name.startswith("v_") for name in asked), question.title
