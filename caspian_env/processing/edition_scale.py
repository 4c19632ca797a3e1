"""Whether an edition states the same quantity in the same unit as the one before."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import exp, log
from statistics import median
from typing import TypeVar

Time = TypeVar("Time", bound=Hashable)

# No honest revision moves the middle value of a record fifty-fold; from a fraction to per cent it is a hundred-fold.
SCALE_LIMIT = 50.0
FEWEST = 5


def scale_break(before: Mapping[Time, float], now: Mapping[Time, float]) -> str:
    """What is wrong, in words, when the middle ratio of an edition to the one before says that the unit is another; or "".

    Parameters
    ----------
    before, now : mapping of time to float
        Values in the customary unit; times that both have count, with values of one sign that are not zero. With fewer
        than ``FEWEST`` of them nothing is said.
    """
    logs = [log(now[time] / before[time]) for time in before.keys() & now.keys() if before[time] * now[time] > 0]
    if len(logs) < FEWEST or abs(middle := median(logs)) < log(SCALE_LIMIT):
        return ""
    return f"the edition has another unit: its values are {exp(middle):.3g} times those of the edition before"
