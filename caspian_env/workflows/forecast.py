"""How long a long collection still takes: by the rate of the last minutes, and never faster than a provider is asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from caspian_env.formats.http_pace import PACE_SECONDS

MINUTES = 5
ENOUGH = 3  # granules that say something about a rate


@dataclass(slots=True)
class Forecast:
    """What was done when, of granules that are asked for; ``polite`` where the answers come from a provider itself."""

    clock: Callable[[], float]
    polite: bool
    done: int = 0
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def reached(self, done: int) -> None:
        """Take in that so many granules are done by now."""
        now = self.clock()
        self.done = done
        self._seen.append((now, done))
        while len(self._seen) > ENOUGH and self._seen[1][0] < now - MINUTES * 60:
            self._seen.popleft()

    def rate(self) -> float | None:
        """Granules a second in the last minutes; None as long as too few are done."""
        if not self._seen:
            return None
        (begun, first), (ended, last) = self._seen[0], self._seen[-1]
        return (last - first) / (ended - begun) if last - first >= ENOUGH and ended > begun else None

    def seconds(self, left: int) -> float | None:
        """How long so many granules take; None where nothing is known of it."""
        least = left * PACE_SECONDS if self.polite else 0.0
        if rate := self.rate():
            return max(left / rate, least)
        return least or None

    def words(self, left: int, at_most: bool = False) -> str:
        """How much is left and how long that takes, in words."""
        said = f"{'at most ' if at_most else ''}{left} granule{'' if left == 1 else 's'} left"
        rate, seconds = self.rate(), self.seconds(left)
        if seconds is None:
            return said
        if rate is None:
            return f"{said}, at least {duration(seconds)}, {PACE_SECONDS:g} s between requests"
        speed = f"{rate:.1f} a second" if rate >= 1 else f"{60 * rate:.1f} a minute"
        return f"{said}, about {duration(seconds)} at the {speed} of the last minutes"


def duration(seconds: float) -> str:
    """A time for people: ``40 s``, ``12 min``, ``3.5 h``, ``2.1 days``."""
    for size, unit, digits in ((86_400, "days", 1), (3_600, "h", 1), (60, "min", 0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{max(seconds, 1):.0f} s"
