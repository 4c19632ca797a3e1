"""Measuring on a noisy machine: peers take turns, and a ratio is that of neighbours in time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Seconds = Mapping[str, Sequence[float]]


def take_turns(calls: Mapping[str, Callable[[int], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each call in each round; the first to go changes from round to round.

    A call is given the number of the round. It may return the seconds itself, where only a part of it counts.
    """
    names = list(calls)
    seconds: dict[str, list[float]] = {name: [0.0] * repeats for name in names}
    for round_ in range(repeats):
        turn = round_ % len(names)
        for name in names[turn:] + names[:turn]:
            gc.collect()
            start = time.perf_counter()
            counted = calls[name](round_)
            whole = time.perf_counter() - start
            seconds[name][round_] = counted if isinstance(counted, float) else whole
    return seconds


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our time beside that of a peer, and the ratio that was promised: at least or at most, or none."""

    what: str
    ours: float
    peer_name: str
    peer: float
    ratios: tuple[float, ...]
    at_least: float | None = None
    at_most: float | None = None
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        """Median of the rounds."""
        return median(self.ratios)

    @property
    def verdict(self) -> str:
        """Whether the promise holds, in one word."""
        if self.at_least is None and self.at_most is None:
            return ""
        kept = self.ratio >= (self.at_least or 0.0) and self.ratio <= (self.at_most or float("inf"))
        return "holds" if kept else "MISSED"

    def cells(self) -> tuple[str, ...]:
        """One row of a table."""
        target = f"≥ {self.at_least:g}" if self.at_least else f"≤ {self.at_most:g}" if self.at_most else "–"
        spread = f"{min(self.ratios):.2f}–{max(self.ratios):.2f}"
        ours, peer = f"{self.ours:,.1f} {self.unit}", f"{self.peer_name}: {self.peer:,.1f} {self.unit}"
        return self.what, ours, peer, f"**{self.ratio:.2f}** ({spread})", target, self.verdict


def speed(what: str, seconds: Seconds, ours: str, peer: str, rows: int, *, at_least: float | None = None) -> Comparison:
    """How fast we are, as a share of a peer's speed; times in microseconds a row."""
    ratios = tuple(p / o for o, p in zip(seconds[ours], seconds[peer], strict=True))
    scale = 1e6 / rows
    mine, other = median(seconds[ours]) * scale, median(seconds[peer]) * scale
    return Comparison(what, mine, peer, other, ratios, at_least=at_least, unit="µs/row")


def cost(what: str, seconds: Seconds, ours: str, peer: str, *, at_most: float | None = None) -> Comparison:
    """How long we take, as a multiple of a peer's time; times in milliseconds."""
    ratios = tuple(o / p for o, p in zip(seconds[ours], seconds[peer], strict=True))
    return Comparison(what, median(seconds[ours]) * 1e3, peer, median(seconds[peer]) * 1e3, ratios, at_most=at_most)
