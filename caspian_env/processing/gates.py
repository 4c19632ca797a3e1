"""Physical gates: what no sea, and no honest file, can show.

A gate on single values quarantines them: they get flag 4 at the position ``physical``, stay visible, and no indicator
takes them. A gate on a whole series quarantines its granule: bytes and reason are kept, and nothing of it is stored. No
gate drops anything. A gate across datasets is a check for a person to read, not a condition of storing.

    range           [low, high]       possible levels in the datum of the series, its units
    annual_change   x                 least impossible change of the annual mean, units per year
    ramp            n                 n values in a row on one exact, sloping line: somebody has filled a gap
    constant_run    n                 n equal values in a row
    repeated_year   n                 a year whose first n values or more all repeat the year before
    whole_axis      true              a series with one value for every step of its time axis
    offset          {against, datum, between}   difference of annual means from another dataset
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from caspian_env.errors import SeedError
from caspian_env.model import FAIL, GOOD, NOT_EVALUATED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]

Gates = Mapping[str, Any]

VALUE_GATES = ("range", "annual_change")
SERIES_GATES = ("ramp", "constant_run", "repeated_year", "whole_axis")
CROSS_GATES = ("offset",)

# Months of a year that must have a value before its mean is one: a missing season is no change of the level.
MONTHS_NEEDED = 11
# Differences of decimal numbers as a computer keeps them; far below the last digit of any provider.
_ROUNDING = 1e-9


def physical_flags(values: ArrayLike, time: ArrayLike, resolution: str, gates: Gates) -> NDArray[np.int8]:
    """The flag of each value by the gates on values: 4 behind a gate, 1 before it, 2 where none applies.

    Parameters
    ----------
    values : array_like (time)
        In the units of the gates; NaN is missing.
    time : array_like (time)
        Ascending.
    resolution : str
        ISO 8601 duration of one value, or ``instant``.

    Raises
    ------
    SeedError
        When a gate is unknown.

    References
    ----------
    Observed changes of the annual level, +0.39 and -0.32 m: IJMS 2017, 7(3).
    """
    import numpy as np

    check_gates(gates)
    numbers, moments = _arrays(values, time)
    there = np.isfinite(numbers)
    flags = np.full(numbers.shape, NOT_EVALUATED, dtype=np.int8)
    if "range" in gates:
        low, high = gates["range"]
        flags[there] = np.where((numbers[there] >= low) & (numbers[there] <= high), GOOD, FAIL)
    if "annual_change" in gates:
        means = annual_means(numbers, moments, resolution)
        impossible = impossible_years(means, gates["annual_change"])
        years = _year(moments)
        judged = there & np.isin(years, list(means) if len(means) > 1 else [])
        flags[judged & (flags != FAIL)] = GOOD
        flags[judged & np.isin(years, list(impossible))] = FAIL
    return flags


def series_faults(values: ArrayLike, time: ArrayLike, resolution: str, gates: Gates) -> list[str]:
    """What the gates on whole series have against one, in words; empty when it may pass.

    Parameters and errors are those of `physical_flags`.
    """
    check_gates(gates)
    numbers, moments = _arrays(values, time)
    found = (_FAULTS[name](numbers, moments, resolution, gates[name]) for name in SERIES_GATES if gates.get(name))
    return [fault for fault in found if fault]


def check_gates(gates: Gates) -> None:
    """Refuse a gate that nobody knows; SeedError names it."""
    known = (*VALUE_GATES, *SERIES_GATES, *CROSS_GATES)
    if unknown := sorted(set(gates) - set(known)):
        raise SeedError("gates", f"unknown gate {', '.join(unknown)}", f"known: {', '.join(known)}")


def annual_means(values: ArrayLike, time: ArrayLike, resolution: str) -> dict[int, float]:
    """Mean of each calendar year from the means of its months; years with fewer than eleven months are left out."""
    import numpy as np

    numbers, moments = _arrays(values, time)
    numbers, moments = numbers[np.isfinite(numbers)], moments[np.isfinite(numbers)]
    needed = 1 if resolution == "P1Y" else MONTHS_NEEDED
    by_year: dict[int, list[float]] = {}
    for _, part in _groups(moments.astype("datetime64[M]").astype(np.int64), numbers, moments):
        by_year.setdefault(int(_year(part[1])[0]), []).append(float(part[0].mean()))
    return {year: sum(months) / len(months) for year, months in by_year.items() if len(months) >= needed}


def impossible_years(means: Mapping[int, float], limit: float) -> set[int]:
    """Years to leave out so that no two neighbouring means differ by ``limit`` a year or more.

    The year at odds with most of its neighbours goes first, then the others are compared across the gap it leaves; of
    two years that contradict each other alone, the later one goes. Which one is right, a person must say.
    """
    left = dict(means)
    gone: set[int] = set()
    while excess := _excess(left, limit):
        worst = max(excess, key=lambda year: (*excess[year], year))
        del left[worst]
        gone.add(worst)
    return gone


def offsets(means: Mapping[int, float], reference: Mapping[int, float]) -> dict[int, float]:
    """Difference of the annual means from those of another dataset, for the years that both have."""
    return {year: means[year] - reference[year] for year in sorted(means.keys() & reference.keys())}


def _excess(means: Mapping[int, float], limit: float) -> dict[int, tuple[float, float]]:
    """Of every year that takes part in an impossible change: the share of its neighbours, and by how much."""
    against: dict[int, list[float]] = {year: [] for year in sorted(means)}
    for before, after in pairwise(list(against)):
        too_much = abs(means[after] - means[before]) / (after - before) - limit
        against[before].append(too_much)
        against[after].append(too_much)
    out = {year: [much for much in found if much >= 0] for year, found in against.items()}
    return {year: (len(much) / len(against[year]), sum(much)) for year, much in out.items() if much}


# ── whole series ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _ramp(values: Floats, time: Times, resolution: str, limit: int) -> str:
    import numpy as np

    for numbers, moments, words in _parts(values, time, resolution):
        steps = np.diff(numbers)
        count, first = _longest_run(_is_zero(np.diff(steps)) & ~_is_zero(steps[1:]))
        if count and count + 2 >= limit:
            return f"{count + 2} values{words} from {_day(moments[first])} on lie on one exact line"
    return ""


def _constant_run(values: Floats, time: Times, resolution: str, limit: int) -> str:
    import numpy as np

    for numbers, moments, words in _parts(values, time, resolution):
        count, first = _longest_run(_is_zero(np.diff(numbers)))
        if count and count + 1 >= limit:
            return f"{count + 1} values{words} from {_day(moments[first])} on are the same"
    return ""


def _repeated_year(values: Floats, time: Times, _: str, limit: int) -> str:
    import numpy as np

    there = np.isfinite(values)
    before, year_before = values[:0], 0
    for year, (numbers, _moments) in _groups(_year(time[there]), values[there], time[there]):
        count = min(len(before), len(numbers))
        if year == year_before + 1 and count >= limit and _is_zero(numbers[:count] - before[:count]).all():
            return f"the first {count} values of {year} repeat those of {year_before}"
        before, year_before = numbers, year
    return ""


def _whole_axis(values: Floats, time: Times, resolution: str, _: bool) -> str:
    import numpy as np

    if resolution not in ("P1D", "P1M", "P1Y") or not time.size:
        return ""
    periods = time.astype(f"datetime64[{resolution[-1]}]").astype(np.int64)
    expected = int(periods[-1] - periods[0]) + 1
    if len(values) == expected:
        return ""
    return f"it has {len(values)} values and its time axis {expected} steps of {resolution}"


_FAULTS: Mapping[str, Callable[[Floats, Times, str, Any], str]] = {
    "ramp": _ramp, "constant_run": _constant_run, "repeated_year": _repeated_year, "whole_axis": _whole_axis,
}  # fmt: skip


def _parts(values: Floats, time: Times, resolution: str) -> Iterator[tuple[Floats, Times, str]]:
    """The values in the order of time and, if monthly, each month down the years, as a spreadsheet fills a column."""
    import numpy as np

    there = np.isfinite(values)
    numbers, moments = values[there], time[there]
    yield numbers, moments, ""
    if resolution == "P1M":
        month = moments.astype("datetime64[M]").astype(np.int64) % 12 + 1
        for number in range(1, 13):
            yield numbers[month == number], moments[month == number], f" of month {number}"


def _groups(keys: NDArray[np.int64], values: Floats, time: Times) -> Iterator[tuple[int, tuple[Floats, Times]]]:
    """Values and times of each key, keys ascending as they come."""
    import numpy as np

    found, first = np.unique(keys, return_index=True)
    for key, begin, end in zip(found, first, np.append(first, len(keys))[1:], strict=True):
        yield int(key), (values[begin:end], time[begin:end])


def _is_zero(numbers: Floats) -> NDArray[np.bool_]:
    import numpy as np

    near: NDArray[np.bool_] = np.abs(numbers) < _ROUNDING
    return near


def _longest_run(held: NDArray[np.bool_]) -> tuple[int, int]:
    """Length and start of the longest run of true values."""
    longest = start = current = 0
    for number, holds in enumerate(held):
        current = current + 1 if holds else 0
        if current > longest:
            longest, start = current, number - current + 1
    return longest, start


def _year(time: Times) -> NDArray[np.int64]:
    import numpy as np

    return time.astype("datetime64[Y]").astype(np.int64) + 1970


def _day(moment: np.datetime64) -> str:
    return str(moment.astype("datetime64[D]"))


def _arrays(values: ArrayLike, time: ArrayLike) -> tuple[Floats, Times]:
    import numpy as np

    return np.asarray(values, dtype=np.float64), np.asarray(time, dtype="datetime64[us]")
