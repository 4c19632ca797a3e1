"""A table made to fit a terminal: what every row repeats is said once, and cells break where words end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

TOWER_WIDTH, TOWER_LINES = 16, 4  # so narrow and so many breaks: nobody reads it
_AT_WORDS = r"(?<=/)| "  # a period after its slash
_AT_PARTS = r"(?<=[/_])| "  # the parts of an id as well


@dataclass(frozen=True, slots=True)
class Fitted:
    """Columns that fit, and ``said``: a line on the columns that were left out as all their rows agree."""

    said: str
    headings: list[str]
    rows: list[list[str]]
    right: list[bool]
    gap: int


def fit(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], room: int | None) -> Fitted:
    """A table of texts in at most ``room`` characters a line; cells of more than one line hold line breaks.

    Without a ``room`` there is as much as it takes.

    Numbers are never broken. Where a table is too wide, a column that says the same in each of several rows is said
    once above it, an empty one is left out, then the gaps shrink and the widest columns are broken: at spaces and
    slashes, at the parts of ids, and within a word when nothing else is left.
    """
    if room is None:
        return Fitted("", list(headings), [list(row) for row in rows], list(right), 2)
    columns = [[row[i] for row in rows] for i in range(len(headings))]
    keep = list(range(len(headings)))
    said: list[str] = []
    if sum(_natural(headings, columns, keep)) + 2 * (len(keep) - 1) > room and len(rows) > 1:
        alike = [i for i in keep if not right[i] and len(set(columns[i])) == 1]
        said = [f"{headings[i]} {columns[i][0]}" for i in alike if columns[i][0] and headings[i]]
        keep = [i for i in keep if i not in alike] or keep
    natural = _natural(headings, columns, keep)
    gap = 2 if sum(natural) + 2 * (len(keep) - 1) <= room else 1
    least = [
        [
            max(
                _longest([headings[i]], pattern if right[i] else _AT_PARTS),
                _longest(columns[i], "$" if right[i] else pattern),
            )
            for i in keep
        ]
        for pattern in (_AT_WORDS, _AT_PARTS)
    ]
    whole = [_longest(columns[i], "$") if right[i] else 1 for i in keep]
    left = room - gap * (len(keep) - 1)
    cells = [[headings[i], *columns[i]] for i in keep]
    widths, broader = _shared(natural, least, whole, left), _shared(natural, least[-1:], whole, left)
    # One long id that is kept whole may squeeze the sentences beside it into towers; then it is broken at its parts.
    if _lines(cells, broader) * 3 < _lines(cells, widths) * 2:
        widths = broader
    return Fitted(
        said=", ".join(said),
        headings=[broken(headings[i], width) for i, width in zip(keep, widths, strict=True)],
        rows=[[broken(row[i], width) for i, width in zip(keep, widths, strict=True)] for row in rows],
        right=[right[i] for i in keep],
        gap=gap,
    )


def drawn(table: Fitted) -> list[str]:
    """The lines of a table, its headings first if it has any, without the blanks at their ends."""
    cells = [*([table.headings] if any(table.headings) else []), *table.rows]
    split = [[cell.split("\n") for cell in row] for row in cells]
    widths = [max(map(len, lines)) for lines in map(_flat, zip(*split, strict=True))]
    gap = " " * table.gap
    return [
        gap.join(
            text.rjust(width) if numeric else text.ljust(width)
            for text, width, numeric in zip(line, widths, table.right, strict=True)
        ).rstrip()
        for row in split
        for line in zip_longest(*row, fillvalue="")
    ]


def as_pairs(headings: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[str]:
    """Each row as lines of heading and cell, what is empty left out, with a blank line between two rows."""
    inset = max(map(len, headings), default=0) + 2
    lines: list[str] = []
    for row in rows:
        lines += [""] if lines else []
        for heading, cell in zip(headings, row, strict=True):
            first, *rest = broken(cell, max(room - inset, TOWER_WIDTH)).split("\n")
            lines += [f"{heading:{inset}}{first}", *(" " * inset + line for line in rest)] if cell else []
    return lines


def is_squeezed(table: Fitted, headings: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> bool:
    """Whether a table does its words wrong: it is broken within them, made into a tower, or too wide, or one row is broken."""
    if not rows or not all(headings):
        return False
    words = {word for row in rows for cell in row for word in re.split(rf"{_AT_PARTS}|\n", cell)}
    texts = [column for column, right in zip(zip(*table.rows, strict=True), table.right, strict=True) if not right]
    # A line that is no end of a word goes on in the next one, without a blank or an underscore between them.
    within = any(line and re.split(_AT_PARTS, line)[-1] not in words and not line.endswith(("/", "_"))
                 for column in texts for cell in column for line in cell.split("\n")[:-1])  # fmt: skip
    tower = any(
        max(map(len, cell.split("\n"))) <= TOWER_WIDTH and cell.count("\n") >= TOWER_LINES
        for column in texts
        for cell in column
    )
    alone = len(rows) == 1 and any("\n" in cell for cell in (*table.headings, *table.rows[0]))
    return within or tower or alone or max(map(len, drawn(table))) > room


def _flat(column: Iterable[Sequence[str]]) -> list[str]:
    return [line for cell in column for line in cell]


def broken(text: str, width: int) -> str:
    """A text in lines of at most ``width`` characters, broken where a word or a part of an id ends if it can be."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        rest = paragraph
        while len(rest) > width:
            ends = [
                m.end() for m in re.finditer(r"[/_ ]", rest[: width + 1]) if 0 < len(rest[: m.end()].rstrip()) <= width
            ]
            spaces = [end for end in ends if rest[end - 1] == " "]
            at = (spaces or ends or [width])[-1]
            lines.append(rest[:at].rstrip())
            rest = rest[at:].lstrip()
        lines.append(rest)
    return "\n".join(lines)


def _lines(columns: Sequence[Sequence[str]], widths: Sequence[int]) -> int:
    """How many lines a table takes with these widths."""
    heights = (
        [broken(cell, width).count("\n") + 1 for cell in cells] for cells, width in zip(columns, widths, strict=True)
    )
    return sum(max(row) for row in zip(*heights, strict=True))


def _natural(headings: Sequence[str], columns: Sequence[Sequence[str]], keep: Sequence[int]) -> list[int]:
    return [_longest([headings[i], *columns[i]], "$") for i in keep]


def _longest(texts: Sequence[str], pattern: str) -> int:
    return max((len(piece) for text in texts for piece in re.split(pattern, text)), default=0)


def _shared(natural: list[int], least: list[list[int]], whole: list[int], room: int) -> list[int]:
    """Widths: what is needed first, never less than ``whole``; what room is left goes to those that would take more."""
    widths = list(next((one for one in least if sum(one) <= room), least[-1]))
    while sum(widths) > room and (broad := [i for i in range(len(widths)) if widths[i] > whole[i]]):
        # of equals the heading of numbers gives way before a text
        widths[max(broad, key=lambda i: (widths[i], whole[i]))] -= 1
    while sum(widths) < room and (hungry := [i for i in range(len(widths)) if widths[i] < natural[i]]):
        widths[min(hungry, key=lambda i: widths[i])] += 1
    return widths
