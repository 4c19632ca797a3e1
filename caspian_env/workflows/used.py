"""What went into each result of an indicator: the windows of its inputs, and the flag and status that these lend it.

A suspect observation colours a value that it enters with weight: one that lies in the value's own period, of a year at
most. Of what reaches further (base period, overlap of two records, thirty years of a line) it takes one observation in twenty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from caspian_env.model import FAIL, GOOD, NOT_EVALUATED, STATUSES, SUSPECT
from caspian_env.workflows.arguments import Argument

if TYPE_CHECKING:
    import xarray as xr

WORST_FIRST = (FAIL, SUSPECT, NOT_EVALUATED, GOOD)
OWN_PERIOD = np.timedelta64(366, "D")  # the longest period in which a single observation counts
ONE_IN = 20  # of the observations of an input outside the own period
Moments = np.ndarray[Any, np.dtype[np.datetime64]]
Counts = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Windows:
    """Where the results of one indicator looked: an own period each, and windows of input, in any number of columns."""

    period_start: Moments  # dims (period,)
    period_end: Moments
    start: Moments  # dims (period, window); not a time where a result has fewer windows
    end: Moments


@dataclass(frozen=True, slots=True)
class UsedOf:
    """Of one input: where each window begins and ends, which hold observations, and the marks among these.

    ``flags`` and ``statuses`` give for each mark the numbers of the results (dims (period,), booleans) that it colours.
    """

    argument: Argument
    start: Moments  # dims (period, window)
    end: Moments
    holds: np.ndarray[Any, np.dtype[np.bool_]]
    flags: Mapping[int, np.ndarray[Any, np.dtype[np.bool_]]]
    statuses: Mapping[str, np.ndarray[Any, np.dtype[np.bool_]]]


def windows_of(result: xr.Dataset) -> Windows:
    """The windows that a method wrote beside its values; those of a value that names none are its own period.

    Parameters
    ----------
    result : xarray.Dataset, dims (period, used)
        As every indicator returns it: see `caspian_env.processing.periods.as_dataset`.
    """
    start, end = (_moments(result[name].values) for name in ("period_start", "period_end"))
    if "input_start" not in result:
        return Windows(start, end, start[:, None], end[:, None])
    used = (_moments(result[name].transpose("period", ...).values) for name in ("input_start", "input_end"))
    return Windows(start, end, *(moments.reshape(len(start), -1) for moments in used))


def used_of(argument: Argument, windows: Windows) -> UsedOf:
    """What the results took of one input; a grid that does not change enters every value as a whole."""
    times = _moments(argument.frame.index.to_numpy())
    start, end = windows.start, windows.end
    if argument.grid is not None and len(times) == 1:
        shape = (len(windows.period_start), 1)
        following = np.datetime64(f"{argument.frame.index[0].year + 1:04d}-01-01", "us")
        start, end = np.full(shape, times[0]), np.full(shape, following)
    there = ~np.isnat(start)
    first, last = (times.searchsorted(np.where(there, edge, times[0])) for edge in (start, end))
    last = np.where(there, last, first)
    own = (windows.period_end - windows.period_start <= OWN_PERIOD)[:, None]
    own_first = np.where(own, np.maximum(first, times.searchsorted(windows.period_start)[:, None]), last)
    own_last = np.where(own, np.minimum(last, times.searchsorted(windows.period_end)[:, None]), last)
    own_last = np.maximum(own_first, own_last)

    flag = argument.frame["qc_flag"].to_numpy(dtype=int)
    status = argument.frame["status"].to_numpy(dtype=object)
    kept = flag != FAIL
    counted = _added(kept)
    outside = (_within(counted, first, last) - _within(counted, own_first, own_last)).sum(axis=1)
    flags = {}
    for mark in WORST_FIRST:
        among = _added(kept & (flag == mark))
        inside = _within(among, own_first, own_last).sum(axis=1)
        beyond = _within(among, first, last).sum(axis=1) - inside
        flags[mark] = (inside > 0) | ((beyond > 0) & (beyond * ONE_IN >= outside))
    statuses = {mark: _within(_added(kept & (status == mark)), first, last).sum(axis=1) > 0 for mark in STATUSES}
    return UsedOf(argument, start, end, first < last, flags, statuses)


def worst_flags(used: Sequence[UsedOf], n: int) -> list[int]:
    """The worst flag that colours each of ``n`` results."""
    return [
        next((mark for mark in WORST_FIRST if any(part.flags[mark][k] for part in used)), NOT_EVALUATED)
        for k in range(n)
    ]


def worst_statuses(used: Sequence[UsedOf], estimated: Sequence[bool]) -> list[str]:
    """The least settled status among the observations of each result, itself counted where it was ``estimated``."""
    found = []
    for k, guessed in enumerate(estimated):
        marks = {mark for mark in STATUSES if any(part.statuses[mark][k] for part in used)}
        found.append(max(marks | ({"estimated"} if guessed else set()), key=STATUSES.index, default="final"))
    return found


def _moments(values: Any) -> Moments:
    moments: Moments = np.asarray(values).astype("datetime64[us]")
    return moments


def _added(chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> Counts:
    """How many are chosen before each position, so that a difference counts a stretch."""
    return np.concatenate([[0], np.cumsum(chosen)])


def _within(added: Counts, first: Any, last: Any) -> Counts:
    counts: Counts = added[last] - added[first]
    return counts
