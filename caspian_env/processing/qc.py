"""Quality flags of a series: QARTOD tests, each a pure function of ioos_qc, and their roll-up.

Flags are those of QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing. "Not evaluated" is a statement of its
own: a value that no test has looked at is not good, and neither is a test that could not be made.

Only the values of the edition at hand are flagged. Values known from other granules (`Neighbours`) serve as context,
so that a grid that comes one day at a time is tested like a series; their own flags are never touched. A value is thus
judged by what was known when its granule was read: the newest has no later neighbour yet, and its spike test takes the
later neighbour to be like the value itself, the mildest assumption there is. When a provider replaces the granule, both
neighbours are known and the whole test is made. The same granules in the same order always give the same flags.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from caspian_env.model import FAIL, GOOD, MISSING, NOT_EVALUATED, SUSPECT
from caspian_env.processing.qc_newest import Placed, placed, test_of
from caspian_env.processing.qc_thresholds import checked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.int8]

Thresholds = Mapping[str, Mapping[str, Any]]

# The order of the digits in observation.qc_tests; the last is that of the gates in processing.gates.
TESTS = ("gross_range", "spike", "rate_of_change", "flat_line", "climatology", "physical")

# The roll-up of several tests: a value carries the first of these that any test gave it.
PRECEDENCE = (FAIL, SUSPECT, GOOD, NOT_EVALUATED, MISSING)

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Values of the same series known from other granules, in its units; those that failed a test are no neighbours.

    Parameters
    ----------
    time, values : array_like (time)
    """

    time: Sequence[datetime] | NDArray[np.datetime64]
    values: ArrayLike


def flag(
    values: ArrayLike, time: ArrayLike, thresholds: Thresholds, *, place: str | None = None,
    known: Neighbours | None = None,
) -> Flags:  # fmt: skip
    """One QARTOD flag per value: the gravest that any test gave, 9 for a missing value, 2 where no test was made.

    Parameters and errors are those of `flag_tests`.
    """
    import numpy as np

    tests = flag_tests(values, time, thresholds, place=place, known=known)
    return np.array([roll_up(text) for text in as_digits(values, tests)], dtype=np.int8)


def as_digits(values: ArrayLike, tests: Mapping[str, ArrayLike]) -> list[str]:
    """The flags of all tests as one word per value, a digit each in the order of `TESTS`; 2 where a test was not made.

    Parameters
    ----------
    values : array_like (time)
        NaN is missing: nines throughout.
    tests : mapping of str to array_like (time)
        Flags by name of the test; a test may be left out.
    """
    import numpy as np

    numbers = np.asarray(values, dtype=np.float64)
    columns = np.full((numbers.size, len(TESTS)), NOT_EVALUATED, dtype=np.int8)
    for name, flags in tests.items():
        columns[:, TESTS.index(name)] = flags
    columns[~np.isfinite(numbers)] = MISSING
    words: list[str] = (columns + ord("0")).astype(np.uint8).view(f"S{len(TESTS)}").ravel().astype(str).tolist()
    return words


def roll_up(digits: str) -> int:
    """The flag of a value from those of its tests, by `PRECEDENCE`."""
    return next(grade for grade in PRECEDENCE if str(grade) in digits)


def flag_tests(
    values: ArrayLike, time: ArrayLike, thresholds: Thresholds, *, place: str | None = None,
    known: Neighbours | None = None,
) -> dict[str, Flags]:  # fmt: skip
    """The flags of every test asked for, by its QARTOD name.

    Parameters
    ----------
    values : array_like (time)
        In the units of the thresholds; NaN is missing.
    time : array_like (time)
        Ascending.
    thresholds : mapping
        By test; every threshold may be left out, except the fail range and the tolerance:

        - ``gross_range: {fail: [low, high], suspect: [low, high]}``
        - ``spike: {suspect: x, fail: y}``, distance from the mean of the two neighbours;
        - ``rate_of_change: {suspect: x, fail: y}``, units per day against the value before;
        - ``flat_line: {tolerance: z, suspect: m, fail: n}``, steps during which all values stay within the tolerance;
        - ``climatology: {suspect: {place: [[low, high], …]}, fail: …}``, a range for each calendar month.

        The three in the middle take ``within_days``: values further apart than that are no neighbours.
    place : str, optional
        Location, which picks the table of the climatology; without a table there is no such test.
    known : Neighbours, optional
        Context from other granules. Where it states a time of this edition, the edition counts.

    Raises
    ------
    SeedError
        When a test or threshold is unknown, or its numbers contradict each other.
    ValueError
        When the times are not ascending or do not match the values.

    References
    ----------
    IOOS QARTOD, Manual for Real-Time Quality Control of Water Level Data, tests 4 to 8, doi:10.25923/vpsx-dc82.
    """
    import numpy as np

    numbers, moments = np.asarray(values, dtype=np.float64), np.asarray(time)
    if numbers.shape != moments.shape or numbers.ndim != 1 or (moments[1:] <= moments[:-1]).any():
        raise ValueError("values and times must be of one length, times ascending")
    if single := _single(numbers, moments, known):
        return {
            name: np.array([test_of(name)(single, checked(name, given), place)], dtype=np.int8)
            for name, given in thresholds.items()
        }
    all_values, all_times, own = _woven(numbers, moments, known)
    flags: dict[str, Flags] = {}
    for name, given in thresholds.items():
        limits = checked(name, given)
        test = _climatology_at(place) if name == "climatology" else _TESTS[name]
        found = test(all_values, all_times, limits) if numbers.size else np.empty(0, dtype=np.int8)
        flags[name] = found[own] if numbers.size else found
    return flags


def _single(values: Floats, time: NDArray[Any], known: Neighbours | None) -> Placed | None:
    """A single value among neighbours in the order of time, for which the tests need no arrays; else None."""
    import numpy as np

    if values.size != 1 or not np.isfinite(values[0]) or time.dtype.kind != "M":
        return None
    times: Any = known.time if known else []
    others: Any = known.values if known else []
    if not isinstance(times, list) or not isinstance(others, list) or not all(map(math.isfinite, others)):
        return None
    moment: datetime = time.astype("datetime64[us]")[0].item()
    if any(later <= earlier for earlier, later in pairwise(times)):
        return None
    return placed(float(values[0]), moment, times, others)


def _woven(values: Floats, time: NDArray[Any], known: Neighbours | None) -> tuple[Floats, NDArray[Any], NDArray[Any]]:
    """Own and neighbouring values in the order of time, and the positions of the own ones."""
    import numpy as np

    if known is None or not values.size:
        return values, time, np.arange(values.size)
    others = np.asarray(known.time).astype(time.dtype)
    kept = ~np.isin(others, time)
    moments = np.concatenate([time, others[kept]])
    order = np.argsort(moments)
    numbers = np.concatenate([values, np.asarray(known.values, dtype=np.float64)[kept]])
    return numbers[order], moments[order], np.argsort(order)[: values.size]


# ── the tests ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _gross_range(values: Floats, _: NDArray[Any], limits: Mapping[str, Any]) -> Flags:
    """QARTOD test 4: values outside of what the sensor, or the sea, can show."""
    import numpy as np
    from ioos_qc.qartod import gross_range_test

    flags = gross_range_test(values, fail_span=limits["fail"], suspect_span=limits.get("suspect"))
    return np.asarray(flags, dtype=np.int8)


def _spike(values: Floats, time: NDArray[Any], limits: Mapping[str, Any]) -> Flags:
    """QARTOD test 6: distance of a value from the mean of its two neighbours; the first of a stretch has only one."""
    import numpy as np
    from ioos_qc.qartod import spike_test

    flags = _untested(values)
    for part in _stretches(values, time, limits):
        # Nothing is known after the newest value: it stands in for its own later neighbour.
        newest = not np.isfinite(values[part.stop :]).any()
        stretch = np.append(values[part], values[part.stop - 1]) if newest else values[part]
        found = spike_test(stretch, suspect_threshold=limits.get("suspect"), fail_threshold=limits.get("fail"))
        flags[part] = np.asarray(found, dtype=np.int8)[: part.stop - part.start]
    return flags


def _rate_of_change(values: Floats, time: NDArray[Any], limits: Mapping[str, Any]) -> Flags:
    """QARTOD test 7: change since the value before, per day; the first of a stretch has none before it."""
    import numpy as np
    from ioos_qc.qartod import rate_of_change_test

    flags = _untested(values)
    suspect, fail = (limits.get(name, np.inf) / _DAY_SECONDS for name in ("suspect", "fail"))
    for part in _stretches(values, time, limits):
        found = rate_of_change_test(values[part], time[part], threshold=suspect, fail_threshold=fail)
        flags[part] = np.asarray(found, dtype=np.int8)
        flags[part.start] = NOT_EVALUATED
    return flags


def _flat_line(values: Floats, time: NDArray[Any], limits: Mapping[str, Any]) -> Flags:
    """QARTOD test 8: a value that has stayed the same for too many steps; the first ones have too few before them."""
    import numpy as np
    from ioos_qc.qartod import flat_line_test

    flags = _untested(values)
    never = values.size + 1
    suspect, fail = limits.get("suspect", never), limits.get("fail", never)
    for part in _stretches(values, time, limits):
        count = part.stop - part.start
        # On an axis of one step a second the thresholds count steps, whatever the spacing of the series.
        found = flat_line_test(values[part], np.arange(count), suspect, fail, tolerance=limits["tolerance"])
        flags[part] = np.asarray(found, dtype=np.int8)
        flags[part.start : min(part.start + min(suspect, fail), part.stop)] = NOT_EVALUATED
    return flags


def _climatology_at(place: str | None) -> Callable[[Floats, NDArray[Any], Mapping[str, Any]], Flags]:
    """QARTOD test 5 at a location: values outside of what its calendar month has shown."""

    def climatology(values: Floats, time: NDArray[Any], limits: Mapping[str, Any]) -> Flags:
        import numpy as np
        from ioos_qc.qartod import climatology_test

        suspect = limits["suspect"].get(place)
        if suspect is None:
            return _untested(values)
        fail = limits.get("fail", {}).get(place, [None] * 12)
        present = np.unique(time.astype("datetime64[M]").astype(np.int64) % 12).tolist()
        months = [{"tspan": (n + 1, n + 1), "vspan": suspect[n], "fspan": fail[n], "period": "month"} for n in present]
        flags = np.asarray(climatology_test(months, values, time, np.full(values.size, np.nan)), dtype=np.int8)
        return np.where(np.isfinite(values), flags, MISSING).astype(np.int8)  # it calls a missing value good

    return climatology


_TESTS: Mapping[str, Callable[[Floats, NDArray[Any], Mapping[str, Any]], Flags]] = {
    "gross_range": _gross_range, "spike": _spike, "rate_of_change": _rate_of_change, "flat_line": _flat_line,
}  # fmt: skip


def _untested(values: Floats) -> Flags:
    import numpy as np

    return np.where(np.isfinite(values), NOT_EVALUATED, MISSING).astype(np.int8)


def _stretches(values: Floats, time: NDArray[Any], limits: Mapping[str, Any]) -> Iterator[slice]:
    """The stretches of values, without one missing, in which each is a neighbour of the next."""
    import numpy as np

    there = np.isfinite(values)
    starts = there & np.append(True, ~there[:-1])
    if "within_days" in limits:
        reach = np.timedelta64(round(limits["within_days"] * _DAY_SECONDS), "s")
        starts |= there & np.append(True, np.diff(time) > reach)
    first = np.flatnonzero(starts)
    ends = np.flatnonzero(there & np.append(starts[1:] | ~there[1:], True)) + 1
    yield from (slice(int(begin), int(end)) for begin, end in zip(first, ends, strict=True))
