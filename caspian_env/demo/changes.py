"""What the second edition of the demonstration changes, in the words of the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that the second edition states otherwise than the first.

    ``column`` is the provider's own name of the quantity. ``kind`` is ``new``, ``corrected``, ``finalised`` or
    ``withdrawn``; ``old`` is empty for a new value and ``new`` for a withdrawn one. For a grid ``old`` and ``new`` are
    the plain mean over its sea cells, every one of which moved by the same amount.
    """

    dataset: str
    column: str
    time: datetime
    old: float | None
    new: float | None
    kind: str
