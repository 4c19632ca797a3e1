"""The thresholds of the QARTOD tests, as seeds write them, and whether they make sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from caspian_env.errors import SeedError

NAMES = ("gross_range", "spike", "rate_of_change", "flat_line", "climatology")


@dataclass(frozen=True, eq=False, slots=True)
class _Given:
    """Thresholds as one object of the seeds, which nobody changes: the same object need be looked at once."""

    limits: Any

    def __hash__(self) -> int:
        return id(self.limits)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Given) and self.limits is other.limits


def checked(name: str, limits: Any) -> Mapping[str, Any]:
    """The thresholds of a test, if they make sense; SeedError if not.

    Thresholds that were sound once are taken as they are, for a grid asks again with each of its days.
    """
    found: Mapping[str, Any] = _checked(name, _Given(limits))
    return found


@lru_cache(maxsize=1024)  # it holds what it has seen, so that no other object can take its id
def _checked(name: str, given: _Given) -> Mapping[str, Any]:
    limits = given.limits
    allowed = {"suspect", "fail"} | ({"within_days"} if name in ("spike", "rate_of_change", "flat_line") else set())
    allowed |= {"tolerance"} if name == "flat_line" else set()
    if name not in NAMES or not isinstance(limits, Mapping) or not set(limits) <= allowed:
        known = ", ".join(NAMES)
        raise SeedError("quality control", f"{name}: {limits} is no known test", f"use {known} with {sorted(allowed)}")
    sound = {"gross_range": _sound_range, "climatology": _sound_tables}.get(name, _sound_steps)
    if not sound(limits) or (name == "flat_line" and "tolerance" not in limits):
        raise SeedError("quality control", f"{name} cannot use {dict(limits)}", "see processing.qc.flag_tests")
    return limits


def _sound_range(limits: Mapping[str, Any]) -> bool:
    fail: Any = limits.get("fail")
    suspect: Any = limits.get("suspect", fail)
    return _is_span(fail) and _is_span(suspect) and bool(fail[0] <= suspect[0] and suspect[1] <= fail[1])


def _sound_steps(limits: Mapping[str, Any]) -> bool:
    numbers = all(isinstance(limit, int | float) and limit > 0 for limit in limits.values())
    named = "suspect" in limits or "fail" in limits
    return named and numbers and limits.get("suspect", 0) <= limits.get("fail", float("inf"))


def _sound_tables(limits: Mapping[str, Any]) -> bool:
    tables = [table for grade in limits.values() for table in (grade.values() if isinstance(grade, Mapping) else [()])]
    return "suspect" in limits and all(len(table) == 12 and all(map(_is_span, table)) for table in tables)


def _is_span(span: Any) -> bool:
    pair = isinstance(span, Sequence) and not isinstance(span, str) and len(span) == 2
    return pair and all(isinstance(end, int | float) for end in span) and span[0] < span[1]
