"""The balance of the sea put together: year by year, what is left of it, or the evaporation that would close it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan, sqrt
from typing import TYPE_CHECKING, Any

from caspian_env.processing.periods import Result, Span, refusal, year_span
from caspian_env.processing.water_balance import MM_PER_M, Factor, YearSum, mm_from_km3, propagated

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class BalanceTerms:
    """Terms by year, and the uncertain numbers that stay the same; without ``evaporation`` it is what the balance gives.

    ``change`` in mm, ``rivers`` in km3, ``precipitation`` and ``evaporation`` (a loss is positive) in mm; ``shares`` are the
    standard uncertainties of rivers, precipitation and evaporation as shares of the year's value.
    """

    change: Sequence[YearSum]
    rivers: Sequence[YearSum]
    precipitation: Sequence[YearSum]
    evaporation: Sequence[YearSum] | None
    area: Factor
    bay: Factor
    others: Factor
    shares: tuple[float, float, float]
    turn_uncertainty: float


def rest(terms: Mapping[str, Any]) -> Any:
    """Change of the level minus all that explains it, mm."""
    return terms["change"] - _gain(terms) + terms["evaporation"]


def closing_evaporation(terms: Mapping[str, Any]) -> Any:
    """The evaporation that would close the balance, mm."""
    return _gain(terms) - terms["change"]


def _gain(terms: Mapping[str, Any]) -> Any:
    """Inflow without what goes into the bay, and precipitation, mm."""
    return mm_from_km3(terms["rivers"] + terms["others"] - terms["bay"], terms["area"]) + terms["precipitation"]


def balance_rows(terms: BalanceTerms, *, draws: int, seed: int, ci_level: float) -> list[Result]:
    """A row for each year that a term of the balance touches; one that lacks a term is refused with its name."""
    series = {
        "change": terms.change, "rivers": terms.rivers, "precipitation": terms.precipitation,
        "evaporation": terms.evaporation,
    }  # fmt: skip
    tables = {name: {one.year: one for one in years} for name, years in series.items() if years is not None}
    formula = closing_evaporation if terms.evaporation is None else rest
    years = sorted(set().union(*tables.values()))
    if not years:
        return []
    first = max((min(table) for table in tables.values() if table), default=years[0])  # before it a term does not exist
    return [
        _row(year, tables, terms, formula, draws=draws, seed=seed, ci_level=ci_level)
        for year in years
        if year >= first or year == years[-1]
    ]


def _row(
    year: int,
    tables: Mapping[str, Mapping[int, YearSum]],
    terms: BalanceTerms,
    formula: Callable[[Mapping[str, Any]], Any],
    *,
    draws: int,
    seed: int,
    ci_level: float,
) -> Result:
    there = {name: table[year] for name, table in tables.items() if year in table}
    used: tuple[Span, ...] = tuple(span for one in there.values() for span in one.used)
    whole = {name: one.value for name, one in there.items() if not isnan(one.value)}
    row = refusal(year_span(year), "", n_valid=len(whole), n_expected=len(tables), used=used)
    if missing := [name for name in tables if name not in whole]:
        return replace(row, reason=f"not whole in the year: {', '.join(missing)}")
    factors = {name: Factor(value, _error(name, value, terms)) for name, value in whole.items()}
    factors |= {"area": terms.area, "bay": terms.bay, "others": terms.others}
    value, u, low, high = propagated(factors, formula, draws=draws, seed=seed, level=ci_level)
    return replace(row, value=value, std_uncertainty=u, ci_low=low, ci_high=high)


def _error(name: str, value: float, terms: BalanceTerms) -> float:
    """Standard uncertainty of a term of one year, in its unit."""
    if name == "change":
        return sqrt(2) * terms.turn_uncertainty * MM_PER_M
    return abs(value) * dict(zip(("rivers", "precipitation", "evaporation"), terms.shares, strict=True))[name]
