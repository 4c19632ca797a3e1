"""Calendar periods, the windows a value was made from, and the form in which an indicator hands back its results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing.statistics import interval

if TYPE_CHECKING:
    import xarray as xr

Span = tuple[np.datetime64, np.datetime64]
"""A half-open interval of valid time, naive UTC to the second; a written-out period, END excluded."""

NOT_A_TIME = np.datetime64("NaT", "s")


@dataclass(frozen=True, slots=True)
class Result:
    """One value of an indicator for one period, or the reason why its rule refuses one."""

    period: Span
    value: float
    std_uncertainty: float
    ci_low: float
    ci_high: float
    n_valid: int
    n_expected: int
    estimated: bool
    reason: str
    used: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class YearMean:
    """Mean of the months of one calendar year (NaN where too few exist), and what it rests on."""

    year: int
    value: float
    std_uncertainty: float
    n_months: int
    estimated: bool
    filled: bool


def result(
    period: Span,
    value: float,
    u: float,
    *,
    n_valid: int,
    n_expected: int,
    used: Iterable[Span],
    ci_level: float,
    estimated: bool = False,
    dof: float = inf,
) -> Result:
    """A publishable value with its interval."""
    low, high = interval(value, u, ci_level, dof)
    return Result(period, value, u, low, high, n_valid, n_expected, estimated, "", merged(used))


def refusal(period: Span, reason: str, *, n_valid: int, n_expected: int, used: Iterable[Span]) -> Result:
    """No value, and one plain sentence that says why; ``used`` is where the verdict came from."""
    return Result(period, nan, nan, nan, nan, n_valid, n_expected, False, reason, merged(used))


def of_year(
    mean: YearMean, *, u: float, ci_level: float, value: float | None = None, also_used: Iterable[Span] = ()
) -> Result:
    """The result of a calendar year: its mean, or ``value`` made from it; refused where the mean is.

    ``also_used`` are the windows that entered beside the year itself.
    """
    if isnan(mean.value):
        return year_refused(mean, f"{mean.n_months} of 12 months")
    period = year_span(mean.year)
    return result(
        period,
        mean.value if value is None else value,
        u,
        n_valid=mean.n_months,
        n_expected=12,
        used=[period, *also_used],
        ci_level=ci_level,
        estimated=mean.estimated,
    )


def year_refused(mean: YearMean, reason: str, also_used: Iterable[Span] = ()) -> Result:
    """The refusal of a calendar year; ``also_used`` as for `of_year`."""
    period = year_span(mean.year)
    return refusal(period, reason, n_valid=mean.n_months, n_expected=12, used=[period, *also_used])


def refused_once(rows: Sequence[Result], reason: str, also_used: Sequence[Span] = ()) -> list[Result]:
    """Where no result can stand, one refusal, for the newest of their periods; ``also_used`` as for `of_year`."""
    return [
        refusal(row.period, reason, n_valid=row.n_valid, n_expected=row.n_expected, used=[*row.used, *also_used])
        for row in rows[-1:]
    ]


def year_span(year: int) -> Span:
    """The calendar year."""
    return month_span((year - 1970) * 12, 12)


def month_span(month: int, count: int = 1) -> Span:
    """``count`` calendar months from ``month``, counted from January 1970 = 0."""
    start = np.datetime64(month, "M")
    return start.astype("datetime64[s]"), (start + count).astype("datetime64[s]")


def days_in(span: Span) -> int:
    """Whole days of an interval."""
    return int((span[1] - span[0]) / np.timedelta64(1, "D"))


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same moments in the fewest intervals, in order."""
    union: list[Span] = []
    for start, end in sorted(spans):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        else:
            union.append((start, end))
    return tuple(union)


def checked(series: xr.DataArray, units: str) -> xr.DataArray:
    """The series, if it is what an indicator expects.

    Parameters
    ----------
    series : xarray.DataArray, dims (time,)
        Naive UTC times; attrs ``units`` and ``resolution``.
    units : str
        The customary units the function is written for.

    Raises
    ------
    NotComputable
        Other units, no resolution, or times that are not ascending and unique.
    """
    name = str(series.name or "series")
    if series.dims != ("time",) or series.attrs.get("resolution") not in {"instant", "P1D", "P1M", "P1Y"}:
        raise NotComputable(name, "it is no time series of a known resolution", "give one over the dimension time")
    if series.attrs.get("units") != units:
        raise NotComputable(name, f"its units are {series.attrs.get('units')!r}, not {units!r}", "convert it first")
    times = series["time"].values
    if not (times[1:] > times[:-1]).all():
        raise NotComputable(name, "its times are not ascending and unique", "sort it and keep one value per time")
    return series


def as_dataset(results: Sequence[Result], *, units: str, ci_level: float) -> xr.Dataset:
    """Results over the dimension ``period``, in the form that every indicator returns.

    Returns
    -------
    xarray.Dataset, dims (period, used)
        ``value`` (units), ``std_uncertainty``, ``ci_low``, ``ci_high``, ``n_valid``, ``n_expected``, ``estimated``,
        ``reason``; ``input_start`` and ``input_end`` are half-open windows, padded with NaT; attrs ``ci_level``.
    """
    import xarray as xr

    names = ("value", "std_uncertainty", "ci_low", "ci_high", "n_valid", "n_expected", "estimated", "reason")
    kinds = (float, float, float, float, np.int64, np.int64, bool, str)
    table = {
        name: ("period", np.array([getattr(row, name) for row in results], dtype=kind))
        for name, kind in zip(names, kinds, strict=True)
    }
    periods = np.array([row.period for row in results], dtype="datetime64[s]").reshape(len(results), 2)
    windows = np.full((len(results), max((len(row.used) for row in results), default=0), 2), NOT_A_TIME)
    for i, row in enumerate(results):
        if row.used:  # a refusal may rest on nothing
            windows[i, : len(row.used)] = row.used
    dataset = xr.Dataset(
        table
        | {"input_start": (("period", "used"), windows[..., 0]), "input_end": (("period", "used"), windows[..., 1])},
        coords={"period_start": ("period", periods[:, 0]), "period_end": ("period", periods[:, 1])},
        attrs={"ci_level": ci_level},
    )
    dataset["value"].attrs["units"] = units
    return dataset
