"""How numbers are written: rounding, units, periods and intervals, the same in the page, the charts and their text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from caspian_env.reports.numbers import Refusal, Value

MINUS, THIN_SPACE = "−", "\u202f"

# UDUNITS spelling -> print. What is not listed is printed as it is spelled.
UNITS = {
    "degree_Celsius": "°C", "degC": "°C", "celsius": "°C", "K": "K", "1e-6": "ppm", "1e-9": "ppb", "1": "", "km2": "km²",
    "degree_Celsius d": "°C d", "g kW-1 h-1": "g/kWh", "cm year-2": "cm a year²", "km3": "km³", "m s-1": "m/s",
    "%": "%", "percent": "%", "year": "years", "d": "days",
}  # fmt: skip
COUNTED = {"years": "year", "days": "day"}  # whole numbers of them change the word
PER_TIME = {
    "year-1": "a year", "yr-1": "a year", "a-1": "a year", "/yr": "a year", "/year": "a year", "decade-1": "a decade",
    "(10 year)-1": "in 10 years", "/decade": "a decade", "month-1": "a month",
}  # fmt: skip
FLAGS = {1: "good", 2: "not evaluated", 3: "suspect", 4: "fail", 9: "missing"}
NOT_FINAL = ("preliminary", "estimated", "reported")

RowT = TypeVar("RowT", Value, Refusal)


def number(value: float, decimals: int, *, signed: bool = False) -> str:
    """The value rounded for print: true minus sign, no negative zero, thin spaces from 10 000 on."""
    rounded = plain(abs(value), decimals)
    whole, _, rest = rounded.partition(".")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", THIN_SPACE)
    zero = not rounded.strip("0.")
    sign = "" if zero else MINUS if value < 0 else "+" if signed else ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def plain(value: float, decimals: int) -> str:
    """The value rounded as a program reads it: ASCII, no thousands separator, no negative zero."""
    return f"{round(value, decimals) + 0.0:.{max(decimals, 0)}f}"


def unit(spelling: str) -> str:
    """A UDUNITS spelling as it is printed, e.g. ``cm year-1`` as "cm a year"."""
    for ending, words in PER_TIME.items():
        if spelling.endswith(ending):
            start = spelling.removesuffix(ending).strip(" .")
            return f"{UNITS.get(start, start)} {words}".strip()
    return UNITS.get(spelling, spelling)


def quantity(value: float, decimals: int, spelling: str, *, signed: bool = False) -> str:
    """Number and unit, e.g. "−7.1 cm a year"."""
    return f"{number(value, decimals, signed=signed)} {unit(spelling)}".strip()


def uncertainty(value: float | None, decimals: int) -> str:
    """Standard uncertainty at the places of its value; "< 0.01" rather than a zero that is none."""
    if value is None:
        return ""
    if value > 0 and not plain(value, decimals).strip("0."):
        return f"< {number(10.0**-decimals, decimals)}"
    return number(value, decimals)


def polished(words: str) -> str:
    """Prose of the seeds as it is printed: true minus signs, a dash between two years, and °C for degC."""
    words = re.sub(r"(?<![\w.,/–-])-(?=\d)", MINUS, words)
    return re.sub(r"(?<![\w/.:-])(\d{4})-(\d{4})(?![\w/-])", r"\1–\2", words).replace("degC", "°C")


def listed(names: Iterable[str]) -> str:
    """The names, each once, with commas between them; with semicolons where one holds a comma itself."""
    found = list(dict.fromkeys(names))
    return ("; " if any("," in name for name in found) else ", ").join(found)


def cited(source: str) -> list[tuple[str, str]]:
    """What the seeds name as a source, "publisher, title (day) address" with semicolons between: words and address of each.

    The address is empty where there is none.
    """
    parts = [part.rpartition(" ") for part in source.split("; ") if part]
    return [(words, last) if words and "://" in last else (f"{words} {last}".strip(), "") for words, _, last in parts]


def level(share: float) -> str:
    """A probability as a percentage, e.g. "90 %"."""
    return f"{share * 100:g} %"


def span(value: Value) -> str:
    """The interval alone, e.g. "−13.0 to −1.2"; empty where there is none."""
    if value.ci_low is None or value.ci_high is None:
        return ""
    return f"{number(value.ci_low, value.decimals)} to {number(value.ci_high, value.decimals)}"


def interval(value: Value) -> str:
    """The interval with its level, e.g. "90 % interval −13.0 to −1.2"; empty where there is none."""
    return f"{level(value.ci_level)} interval {span(value)}" if value.ci_level is not None else ""


def with_interval(value: Value, *, signed: bool = False) -> str:
    """Value, unit and interval, e.g. "−7.1 cm a year (90 % interval −13.0 to −1.2)"."""
    amount = quantity(value.value, value.decimals, value.unit, signed=signed)
    return f"{amount} ({interval(value)})" if interval(value) else amount


def contains_zero(value: Value) -> bool:
    """Whether the interval leaves the sign open, judged on the unrounded numbers."""
    return value.ci_low is not None and value.ci_high is not None and value.ci_low <= 0 <= value.ci_high


def day(moment: datetime) -> str:
    """A date in words, e.g. "28 September 1992"."""
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip


def period(start: datetime, end: datetime) -> str:
    """A half-open period in words: "2025", "2016–2025", "October 2026" or two dates, the last day included."""
    last = end - timedelta(microseconds=1)
    at_midnight = start.day == 1 and (end.day, end.hour, start.hour) == (1, 0, 0)
    if at_midnight and start.month == end.month == 1:
        return f"{start.year}" if start.year == last.year else f"{start.year}–{last.year}"
    if at_midnight and (start.year, start.month) == (last.year, last.month):
        return f"{MONTHS[start.month - 1]} {start.year}"
    if start.date() == last.date():
        return day(start)
    return f"{day(start)} to {day(last)}"


def years_only(start: datetime, end: datetime) -> bool:
    """Whether a half-open period is made of whole calendar years."""
    return (start.month, start.day, start.hour, end.month, end.day, end.hour) == (1, 1, 0, 1, 1, 0)


def one_month(start: datetime, end: datetime) -> bool:
    """Whether a half-open period is one calendar month."""
    last = end - timedelta(microseconds=1)
    return (start.day, end.day, end.hour) == (1, 1, 0) and (start.year, start.month) == (last.year, last.month)


def ends(start: datetime, end: datetime) -> tuple[str, str]:
    """First and last year of a half-open period in words; whole dates where it is not made of whole years."""
    last = end - timedelta(microseconds=1)
    if (start.month, start.day, end.month, end.day) == (1, 1, 1, 1):
        return str(start.year), str(last.year)
    return day(start), day(last)


def sentence(words: str) -> str:
    """The words as one sentence: capital first letter, one full stop; empty stays empty."""
    return f"{words[:1].upper()}{words[1:].rstrip('. ')}." if words else ""


def lower_first(words: str) -> str:
    """The words to stand inside a sentence: first letter small unless it begins an abbreviation."""
    return words if words[1:2].isupper() or words[1:2].isdigit() else f"{words[:1].lower()}{words[1:]}"


def years(value: Value) -> float:
    """Length of the period in years."""
    return (value.period_end - value.period_start).days / 365.25


def status_mark(status: str) -> str:
    """The word that must stand beside a value that is not final; empty for final ones."""
    return status if status in NOT_FINAL else ""


def qc(flag: int) -> str:
    """A QARTOD flag with its meaning, e.g. "1 good"."""
    return f"{flag} {FLAGS.get(flag, 'unknown')}"


def latest(rows: Iterable[RowT]) -> tuple[RowT, ...]:
    """The newest period of each indicator and location, in the order in which they were first named."""
    newest: dict[tuple[str, str], RowT] = {}
    for row in rows:
        key = (row.indicator_id, row.location_id)
        if key not in newest or row.period_end > newest[key].period_end:
            newest[key] = row
    return tuple(newest.values())
