"""What a report says: key messages and figure titles, all made from the numbers.

No sentence is stronger than its number allows. A change between two dates speaks of what was measured; a mean rate
carries its interval with natural variability; an interval that contains zero is said to; no word about significance
is used for spans of less than 20 years; nothing is attributed to a cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from caspian_env.model import FAIL, MISSING, SUSPECT
from caspian_env.reports import text
from caspian_env.reports.model import Figure, ReferenceLevel, Report, Series
from caspian_env.reports.numbers import Refusal, Value

SYNTHETIC = "SYNTHETIC DEMONSTRATION DATA"


@dataclass(frozen=True, slots=True)
class Message:
    """One key message: the number in a sentence, what to know about it, and the anchor it links to."""

    headline: str
    detail: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Words:
    """What stands over and behind a figure: the message, what is drawn and how to read it, and the same in words."""

    title: str
    subtitle: str
    description: str


def key_messages(report: Report) -> tuple[Message, ...]:
    """One message for each indicator with a headline: its newest value at the first location named, or its refusal."""
    leading = _leading_locations(report)
    values, refusals = _leading(report.values, leading), _leading(report.refusals, leading)
    return tuple(
        _message(report, values[indicator], refusals.get(indicator))
        if indicator in values
        else _no_number(refusals[indicator])
        for indicator in leading
    )


def words(report: Report, figure: Figure) -> Words:
    """Title, subtitle and alternative text of a figure: those of its definition, else made from its numbers."""
    if figure.missing:
        return Words(title=figure.title or "No figure", subtitle=figure.subtitle, description=figure.missing)
    title, subtitle = FIGURES[figure.kind]
    described = description(figure.lines) if figure.lines else ""
    described += " ".join(map(describe_value, figure.values)) + _describe_references(figure.references)
    named: list[Series | Value] = [*figure.lines, *figure.values]
    places = ", ".join(dict.fromkeys(row.location_title for row in named))
    return Words(
        title=figure.title or title(report, figure),
        subtitle=figure.subtitle or subtitle.format(unit=text.unit(named[0].unit) if named else "", places=places),
        description=described or "No observations.",
    )


def alternative(report: Report, figure: Figure) -> tuple[str, str]:
    """Title and alternative text as they stand inside the drawing, with the mark of invented data."""
    found, mark = words(report, figure), f"{SYNTHETIC}. " if report.synthetic else ""
    return mark + found.title, mark + found.description


LEVEL_LEGEND = (
    "Height of the water surface in metres, {places}. Each panel has its own datum: heights of different panels cannot"
    " be compared. Band: ± one standard uncertainty as the provider gives it. Dashed and hollow: preliminary. Crosses:"
    " flagged by quality control. Interrupted: more than 45 days without an observation."
)
LINES_LEGEND = (
    "In {unit}, {places}. Band: ± one standard uncertainty. Hollow and dashed: preliminary. Gaps are left out."
)


INTERVALS_LEGEND = "In {unit}, {places}. Line: the interval; no line: none is given. Hollow: not final."
STRIPES_LEGEND = (
    "One stripe a year, {places}: blue below and red above the mean of all years drawn, pale near it; dark is the greatest"
    " difference. Years without a value are left empty."
)
CYCLE_LEGEND = (
    "In {unit}, {places}, by month. Grey: mean, lowest and highest of the years before. Orange: the newest year."
)


def intervals_title(report: Report, figure: Figure) -> str:
    """The message of numbers beside each other: the first of them."""
    first = figure.values[0]
    when = text.period(first.period_start, first.period_end)
    return f"{first.title}, {first.location_title}, {when}: {text.with_interval(first)}"


def stripes_title(report: Report, figure: Figure) -> str:
    """The message of the stripes: the newest year and its place among all years drawn."""
    line = figure.lines[0]
    good = sorted(joined(line), key=lambda i: -line.values[i])
    newest = max(good)
    rank = good.index(newest) + 1
    amount = text.quantity(line.values[newest], line.decimals, line.unit)
    return (
        f"{line.location_title}, {line.times[newest].year}: {amount}, number {rank} of {len(good)} years from the top"
    )


def cycle_title(report: Report, figure: Figure) -> str:
    """The message of the cycle: the newest month against the mean of that month in the years before."""
    line = figure.lines[0]
    newest = joined(line)[-1]
    month, year = line.times[newest].month, line.times[newest].year
    before = [line.values[i] for i in joined(line) if line.times[i].month == month and line.times[i].year < year]
    amount = text.quantity(line.values[newest], line.decimals, line.unit)
    title = f"{line.location_title}, {text.MONTHS[month - 1]} {year}: {amount}"
    if not before:
        return title
    apart = text.quantity(line.values[newest] - sum(before) / len(before), line.decimals, line.unit, signed=True)
    return f"{title}, {apart} from the mean of {len(before)} years before"


def level_title(report: Report, figure: Figure) -> str:
    """The message of the level chart: the observed change, else the mean level, else the newest observation."""
    leading = list(_leading(report.values, _leading_locations(report)).values())
    for headline in ("level_change", "level_mean"):
        for value in leading:
            if value.headline == headline:
                return _headline_of_change(value) if headline == "level_change" else SENTENCES[headline](value)[0]
    for line in figure.lines:
        if good := joined(line):
            amount = text.quantity(line.values[good[-1]], line.decimals, line.unit)
            return f"{line.location_title}: {amount} on {text.day(line.times[good[-1]])} ({line.datum_title})"
    return "No level observations"


def lines_title(report: Report, figure: Figure) -> str:
    """The message of lines on one axis: the newest year at the lowest and the highest line."""
    newest = [(line, good[-1]) for line in figure.lines if (good := joined(line))]
    if not newest:
        return "No surface temperatures"
    year = max(line.times[last].year for line, last in newest)
    ends = sorted((line.values[last], line, last) for line, last in newest if line.times[last].year == year)
    parts = dict.fromkeys(
        f"{text.quantity(value, line.decimals, line.unit)} in the {line.location_title}"
        for value, line, _ in (ends[0], ends[-1])
    )
    marks = {text.status_mark(line.status[last]) for _, line, last in ends} - {""}
    return f"Sea surface in {year}: {' and '.join(parts)}" + (f" ({', '.join(sorted(marks))})" if marks else "")


def joined(line: Series) -> list[int]:
    """Positions of the values a line may join: neither suspect, nor failed, nor missing by their flag."""
    return [i for i, flag in enumerate(line.qc_flags) if flag not in (SUSPECT, FAIL, MISSING)]


def description(lines: Iterable[Series]) -> str:
    """Alternative text: first, last, lowest and highest value of each line, and what is preliminary or flagged."""
    return " ".join(_describe(line) for line in lines) or "No observations."


def _describe(line: Series) -> str:
    good = joined(line)
    where = f"{line.label} ({text.unit(line.unit)}{f', {line.datum_title}' if line.datum_title else ''})"
    if not good:
        return f"{where}: no values."
    low, high = (pick(good, key=lambda i: line.values[i]) for pick in (min, max))
    first, last, low_text, high_text = (
        f"{text.number(line.values[i], line.decimals)} {_when(line, i)}" for i in (good[0], good[-1], low, high)
    )
    marked = [f"{n} {word}" for word in text.NOT_FINAL if (n := sum(line.status[i] == word for i in good))]
    if flagged := len(line.times) - len(good):
        marked.append(f"{flagged} flagged by quality control and not joined")
    counts = f"{len(good)} value{'s' if len(good) > 1 else ''}" + (f", {', '.join(marked)}" if marked else "")
    return f"{where}: from {first} to {last}; lowest {low_text}, highest {high_text}; {counts}."


def describe_value(value: Value) -> str:
    """Name, place, period, number and interval of a value in one sentence."""
    when = text.period(value.period_start, value.period_end)
    return f"{value.title}, {value.location_title}, {when}: {text.with_interval(value)}."


def _describe_references(levels: Iterable[ReferenceLevel]) -> str:
    return "".join(f" {r.label}: {text.quantity(r.value, r.decimals, r.unit)}." for r in levels)


def _when(line: Series, i: int) -> str:
    return f"in {line.times[i].year}" if line.resolution == "P1Y" else f"on {text.day(line.times[i])}"


def _leading_locations(report: Report) -> dict[str, str]:
    found: dict[str, str] = {}
    rows: tuple[Value | Refusal, ...] = (*report.values, *report.refusals)
    for row in rows:
        if row.headline:
            found.setdefault(row.indicator_id, row.location_id)
    return found


def _leading(rows: Iterable[text.RowT], leading: dict[str, str]) -> dict[str, text.RowT]:
    return {row.indicator_id: row for row in text.latest(rows) if leading.get(row.indicator_id) == row.location_id}


def _message(report: Report, value: Value, refusal: Refusal | None) -> Message:
    headline, details = SENTENCES[value.headline](value)
    if mark := text.status_mark(value.status):
        details.append(f"The value is {mark}{' and can change' if mark == 'preliminary' else ''}.")
    if value.qc_flag in (SUSPECT, FAIL):
        details.append(f"Quality flag {text.qc(value.qc_flag)}.")
    if refusal and refusal.period_end > value.period_end:
        when = text.period(refusal.period_start, refusal.period_end)
        details.append(f"No number for {when}: {refusal.reason.rstrip('.')}.")
    return Message(headline, " ".join(details), _anchor(report, value.indicator_id))


def _anchor(report: Report, indicator_id: str) -> str:
    """The first section that shows the indicator; the methods, which name every one, where no section does."""
    return next((section.id for section in report.sections if indicator_id in section.shows), "methods")


def _no_number(refusal: Refusal) -> Message:
    when = text.period(refusal.period_start, refusal.period_end)
    return Message(f"{refusal.title}, {when}: no number", text.sentence(refusal.reason), "no-number")


def _interval(value: Value, meaning: str = "") -> list[str]:
    if value.ci_low is None:
        return ["No interval is given."]
    return [f"{text.interval(value)} {text.unit(value.unit)}".strip() + f"{meaning}."]


def _mean(value: Value) -> tuple[str, list[str]]:
    when = text.period(value.period_start, value.period_end)
    amount = text.quantity(value.value, value.decimals, value.unit)
    datum = [f"Datum: {value.datum_title}."] if value.datum_title else []
    return f"{value.location_title}, mean level in {when}: {amount}", _interval(value) + datum


def _change(value: Value) -> tuple[str, list[str]]:
    details = _interval(value, ", measurement error only: it tells what happened between these years, not a trend")
    if text.contains_zero(value):
        details.append("The interval contains zero: no change is established.")
    return _headline_of_change(value), details


def _headline_of_change(value: Value) -> str:
    first, last = text.ends(value.period_start, value.period_end)
    amount = text.quantity(value.value, value.decimals, value.unit, signed=True)
    return f"{value.location_title}, observed change of level from {first} to {last}: {amount}"


def _rate(value: Value) -> tuple[str, list[str]]:
    first, last = text.ends(value.period_start, value.period_end)
    amount = text.quantity(value.value, value.decimals, value.unit, signed=True)
    details = _interval(value, ", natural variability included")
    if text.contains_zero(value):
        details.append("The interval contains zero: the sign of the mean rate is not established.")
    # N yearly means span N - 1 years: a period of exactly 20 calendar years still falls short of 20.
    if text.years(value) < 20.5:
        details.append("The period is too short for a statement of significance.")
    elif not text.contains_zero(value):
        details.append("The interval does not contain zero.")
    return f"{value.location_title}, mean rate of level from {first} to {last}: {amount}", details


def _anomaly(value: Value) -> tuple[str, list[str]]:
    when = text.period(value.period_start, value.period_end)
    amount = text.quantity(value.value, value.decimals, value.unit, signed=True)
    details = [text.sentence(value.statistic), *_interval(value)]
    if text.contains_zero(value):
        details.append("The interval contains zero.")
    return f"{_place_and_title(value)}, {when}: {amount}", details


def _place_and_title(value: Value) -> str:
    """Place and title, unless the title names the place already ("Global …")."""
    if value.location_title.lower()[:4] in value.title.lower():
        return value.title
    return f"{value.location_title}, {text.lower_first(value.title)}"


def _context(value: Value) -> tuple[str, list[str]]:
    when = text.period(value.period_start, value.period_end)
    amount = text.quantity(value.value, value.decimals, value.unit)
    details = [text.sentence(value.statistic), *_interval(value), "Context: no cause of the level is implied."]
    return f"{_place_and_title(value)}, {when}: {amount}", details


def _number(value: Value) -> tuple[str, list[str]]:
    when = text.period(value.period_start, value.period_end)
    amount = text.quantity(value.value, value.decimals, value.unit)
    datum = [f"Datum: {value.datum_title}."] if value.datum_title else []
    return f"{_place_and_title(value)}, {when}: {amount}", [text.sentence(value.statistic), *_interval(value), *datum]


SENTENCES: dict[str, Callable[[Value], tuple[str, list[str]]]] = {
    "level_mean": _mean, "level_change": _change, "mean_rate": _rate,
    "sst_anomaly": _anomaly, "air_anomaly": _anomaly, "co2": _context, "number": _number,
}  # fmt: skip

FIGURES: dict[str, tuple[Callable[[Report, Figure], str], str]] = {
    "level": (level_title, LEVEL_LEGEND), "lines": (lines_title, LINES_LEGEND), "stripes": (stripes_title, STRIPES_LEGEND),
    "cycle": (cycle_title, CYCLE_LEGEND), "intervals": (intervals_title, INTERVALS_LEGEND),
}  # fmt: skip
