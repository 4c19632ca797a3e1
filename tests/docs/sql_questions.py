"""The questions of docs/sql.md: read, asked, and their answers written as tables.

After a question or the demonstration has changed: ``python -m tests.docs.sql_questions`` writes the answers anew.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from caspian_env.catalog.query import Answer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sql.md"
QUESTION = re.compile(r"## (?P<number>\d+)\. (?P<title>.+)\n(?P<text>(?:.*\n)*?)```sql\n(?P<sql>(?:.*\n)*?)```\n\n?")
PARAMETER = re.compile(r"^-- :(\w+) = (.+)$", flags=re.MULTILINE)


@dataclass(frozen=True)
class Question:
    number: int
    title: str
    sql: str
    answer: str
    span: tuple[int, int]

    @property
    def parameters(self) -> dict[str, str]:
        return dict(PARAMETER.findall(self.sql))


def questions(page: str) -> list[Question]:
    found = []
    for match in QUESTION.finditer(page):
        table = re.compile(r"(?:\|.*\n)*").match(page, match.end())
        assert table
        span = (match.end(), table.end())
        found.append(Question(int(match["number"]), match["title"], match["sql"], page[slice(*span)], span))
    return found


def as_table(answer: Answer) -> str:
    lines = [answer.columns, ["---"] * len(answer.columns), *([_cell(cell) for cell in row] for row in answer.rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if f"{cell:%T}" == "00:00:00" else f"{cell:%Y-%m-%d %H:%M}"
    # Six digits: the last ones of a sum depend on the order in which a database adds.
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell).replace("|", "\\|")


def main() -> None:
    """Ask every question on a new SQLite catalog and write the answers into the page."""
    from caspian_env.api import connect
    from caspian_env.catalog.query import ask

    from .demonstration_catalog import build_catalog, write_mirrors

    folder = Path(tempfile.mkdtemp())
    url = f"sqlite:///{folder / 'caspian-synthetic.db'}"
    build_catalog(write_mirrors(folder), url, folder)
    page = PAGE.read_text(encoding="utf-8")
    with connect(url) as cat:
        for question in reversed(questions(page)):
            start, end = question.span
            answer = as_table(ask(cat.catalog, question.sql, question.parameters))
            page = f"{page[:start].rstrip()}\n\n{answer}\n{page[end:].lstrip()}"
    PAGE.write_text(page.rstrip() + "\n", encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")


if __name__ == "__main__":
    main()
