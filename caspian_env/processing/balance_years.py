"""The years of a water balance from its series: every term of a year, or which of them are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from caspian_env.errors import NotComputable
from caspian_env.processing import annual_amounts as amounts
from caspian_env.processing import completeness
from caspian_env.processing.periods import Span, YearMean, checked, month_span, year_span
from caspian_env.processing.water_balance import Year

if TYPE_CHECKING:
    import xarray as xr

Yearly = Mapping[int, YearMean]


@dataclass(frozen=True, slots=True)
class BalanceYear:
    """A year whose terms all exist, or the ``reason`` why it has no balance; ``used`` is what it rests on."""

    number: int
    terms: Year | None
    reason: str
    n_terms: int
    n_expected: int
    used: tuple[Span, ...]
    estimated: bool


@dataclass(frozen=True, slots=True)
class _Level:
    """Monthly levels (m) from ``first`` (months since 1970-01) on; NaN where there is none."""

    first: int
    months: Sequence[float]

    def at(self, month: int) -> float:
        """The level of a month."""
        place = month - self.first
        return float(self.months[place]) if 0 <= place < len(self.months) else nan

    def mean(self, year: int) -> float:
        """Mean of the twelve months of a year."""
        january = (year - 1970) * 12
        return float(np.mean([self.at(january + k) for k in range(12)]))

    def turn(self, year: int) -> float:
        """The level on the first day of a year: the mean of the months before and after."""
        january = (year - 1970) * 12
        return (self.at(january - 1) + self.at(january)) / 2


def balance_years(
    level: xr.DataArray,
    rivers: Mapping[str, xr.DataArray],
    precipitation: xr.DataArray,
    evaporation: Yearly | None,
    *,
    anchor_year: int,
    min_epochs: int,
) -> list[BalanceYear]:
    """Every year from the first that all series touch to the newest of any.

    Parameters
    ----------
    level : xarray.DataArray, dims (time,), m
        Above any datum that does not change.
    rivers : mapping of name to xarray.DataArray, dims (time,), m3 s-1
        Discharge of each river.
    precipitation : xarray.DataArray, dims (time,), mm or mm d-1
        Mean over the sea.
    evaporation : mapping of year to YearMean (mm), or None
        Over the sea; None where it is what the balance is asked for.
    anchor_year : int
        Year whose mean level has a printed area.
    min_epochs : int
        Fewest altimetric epochs of a month.

    Raises
    ------
    NotComputable
        A series has other units, or times that are not ascending.
    """
    heights = _level(level, min_epochs)
    yearly: dict[str, Yearly] = {name: _by_year(amounts.month_amounts(one, "km3")) for name, one in rivers.items()} | {
        "precipitation": _by_year(amounts.month_amounts(precipitation, "mm"))
    }
    if evaporation is not None:
        yearly["evaporation"] = evaporation
    spans = [[*years] for years in yearly.values() if years]
    if len(spans) < len(yearly) or not heights.months:
        return []
    own = [1970 + heights.first // 12, 1970 + (heights.first + len(heights.months) - 1) // 12]
    first = max(min(span) for span in [*spans, own])
    last = max(max(span) for span in [*spans, own])
    above = heights.mean(anchor_year)
    return [
        _year(number, yearly, list(rivers), heights, above, anchor_year) for number in range(min(first, last), last + 1)
    ]


def _year(
    number: int, yearly: Mapping[str, Yearly], rivers: Sequence[str], level: _Level, anchor: float, anchor_year: int
) -> BalanceYear:
    found = {name: years.get(number) for name, years in yearly.items()}
    missing = [
        f"{name} ({one.n_months if one else 0} of 12 months)"
        for name, one in found.items()
        if one is None or isnan(one.value)
    ]
    change, mean = level.turn(number + 1) - level.turn(number), level.mean(number)
    if isnan(change) or isnan(mean):
        missing.append("level (a month from December before it to January after it)")
    if isnan(anchor):
        missing.append(f"level of {anchor_year}, whose area is printed")
    january, anchor_january = ((year - 1970) * 12 for year in (number, anchor_year))
    used = (month_span(january - 1, 14), month_span(anchor_january, 12))
    n_expected = len(found) + 1
    if missing:
        n = max(0, n_expected - len(missing))
        return BalanceYear(number, None, f"missing: {', '.join(missing)}", n, n_expected, used, False)
    known = {name: one for name, one in found.items() if one is not None}
    terms = Year(
        rivers=sum(known[name].value for name in rivers),
        precipitation=known["precipitation"].value,
        evaporation=known["evaporation"].value if "evaporation" in known else None,
        level_change=change,
        above_anchor=mean - anchor,
    )
    estimated = any(one.estimated for one in known.values())
    return BalanceYear(number, terms, "", n_expected, n_expected, used, estimated)


def span_of(year: BalanceYear) -> Span:
    """The calendar year."""
    return year_span(year.number)


def _by_year(months: xr.DataArray) -> Yearly:
    return {year.year: year for year in amounts.year_amounts(months)}


def _level(level: xr.DataArray, min_epochs: int) -> _Level:
    if checked(level, "m").attrs["resolution"] == "P1Y":
        raise NotComputable(
            str(level.name or "level"), "annual levels have no turn of the year", "give months or epochs"
        )
    months = completeness.monthly(level, min_epochs=min_epochs)
    if not months.size:
        return _Level(0, [])
    return _Level(int(months["time"].values[0].astype("datetime64[M]").astype(int)), months.values.tolist())
