"""Cells of exported tables that a spreadsheet program shows, and never executes."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")
_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


def inert(cell: T) -> T | str:
    """The cell as given; a text that a spreadsheet program would take for a formula gets an apostrophe before it.

    Texts come from providers, who may write anything. Numbers, also as text, stay as they are.
    """
    if not isinstance(cell, str) or not cell.startswith(_BEGINNINGS) or cell == "-":
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
