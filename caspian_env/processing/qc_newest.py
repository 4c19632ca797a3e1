"""The tests of `processing.qc` for an edition of a single value, among neighbours that are known from other editions.

A daily grid brings one value a region. Handing each to functions made for whole series costs a hundred times the tests
themselves; these are the same tests for one value, and the test suite holds both to the same flags.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caspian_env.model import FAIL, GOOD, NOT_EVALUATED, SUSPECT

_DAY_SECONDS = 86_400
Limits = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Placed:
    """A finite value at position ``at`` of a series in the order of time; all values are finite."""

    values: Sequence[float]
    times: Sequence[datetime]
    at: int

    @property
    def value(self) -> float:
        """The value that is tested."""
        return self.values[self.at]

    def stretch(self, limits: Limits) -> tuple[int, int]:
        """First and last position of the stretch in which each value is a neighbour of the next."""
        begin = end = self.at
        reach = round(limits["within_days"] * _DAY_SECONDS) if "within_days" in limits else math.inf
        while begin > 0 and self._seconds(begin) <= reach:
            begin -= 1
        while end + 1 < len(self.values) and self._seconds(end + 1) <= reach:
            end += 1
        return begin, end

    def _seconds(self, later: int) -> float:
        return (self.times[later] - self.times[later - 1]).total_seconds()


def placed(value: float, time: datetime, times: Sequence[datetime], values: Sequence[float]) -> Placed:
    """A finite value among its neighbours, which are finite and in the order of time; it stands for what they state."""
    before = bisect_left(times, time)
    after = before + (before < len(times) and times[before] == time)
    return Placed([*values[:before], value, *values[after:]], [*times[:before], time, *times[after:]], before)


def test_of(name: str) -> Callable[[Placed, Limits, str | None], int]:
    """The test of this name; KeyError for another."""
    return _TESTS[name]


def _gross_range(one: Placed, limits: Limits, _: str | None) -> int:
    if not _within(one.value, limits["fail"]):
        return FAIL
    return GOOD if _within(one.value, limits.get("suspect", limits["fail"])) else SUSPECT


def _spike(one: Placed, limits: Limits, _: str | None) -> int:
    begin, end = one.stretch(limits)
    newest = end == len(one.values) - 1
    if one.at == begin or (one.at == end and not newest):
        return NOT_EVALUATED
    later = one.value if one.at == end else one.values[one.at + 1]
    return _graded(abs(one.value - (one.values[one.at - 1] + later) / 2), limits)


def _rate_of_change(one: Placed, limits: Limits, _: str | None) -> int:
    begin, _end = one.stretch(limits)
    if one.at == begin:
        return NOT_EVALUATED
    seconds = float(int((one.times[one.at] - one.times[one.at - 1]).total_seconds()))
    change = abs((one.value - one.values[one.at - 1]) / seconds)
    return _graded(change, {grade: limits[grade] / _DAY_SECONDS for grade in ("suspect", "fail") if grade in limits})


def _flat_line(one: Placed, limits: Limits, _: str | None) -> int:
    begin, end = one.stretch(limits)
    steps = one.at - begin
    never = len(one.values) + 1
    suspect, fail = limits.get("suspect", never), limits.get("fail", never)
    if steps < min(suspect, fail):
        return NOT_EVALUATED
    if end - begin + 1 < 3:
        return GOOD
    flag = GOOD
    for count, grade in ((int(suspect), SUSPECT), (int(fail), FAIL)):
        window = one.values[one.at - count : one.at + 1] if steps >= count else ()
        if window and abs(max(window) - min(window)) < limits["tolerance"]:
            flag = grade
    return flag


def _climatology(one: Placed, limits: Limits, place: str | None) -> int:
    suspect = limits["suspect"].get(place)
    if suspect is None:
        return NOT_EVALUATED
    month = one.times[one.at].month - 1
    fail = limits.get("fail", {}).get(place)
    if fail is not None and not _within(one.value, fail[month]):
        return FAIL
    return GOOD if _within(one.value, suspect[month]) else SUSPECT


_TESTS: Mapping[str, Callable[[Placed, Limits, str | None], int]] = {
    "gross_range": _gross_range, "spike": _spike, "rate_of_change": _rate_of_change, "flat_line": _flat_line,
    "climatology": _climatology,
}  # fmt: skip


def _within(value: float, span: Sequence[float]) -> bool:
    return span[0] <= value <= span[1]


def _graded(size: float, limits: Limits) -> int:
    """Fail beyond one limit, suspect beyond the other; a limit that is left out is not reached."""
    if size > limits.get("fail", math.inf):
        return FAIL
    return SUSPECT if size > limits.get("suspect", math.inf) else GOOD
