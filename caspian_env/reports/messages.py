"""What a report says: key messages and figure titles, all made from the numbers.

No sentence is stronger than its number allows. A change between two dates speaks of what was measured; a mean rate
carries its interval with natural variability; an interval that contains zero is said to; no word about significance
is used for spans of less than 20 years; nothing is attributed to a cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from caspian_env.model import FAIL, MISSING, SUSPECT
from caspian_env.reports import figure_words, text
from caspian_env.reports.model import Figure, ReferenceLevel, Report, Series
from caspian_env.reports.numbers import Refusal, Value
from caspian_env.reports.voice import Voice

ENGLISH = Voice()
SYNTHETIC = "SYNTHETIC DEMONSTRATION DATA"
RECONSTRUCTED = "reconstructed from archived editions"


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
    """One for each indicator with a headline, in the report's order: its newest value at its first place, or why not."""
    leading = _leading_locations(report)
    values, refusals = _leading(report.values, leading), _leading(report.refusals, leading)
    return tuple(
        _message(report, values[indicator], refusals.get(indicator))
        if indicator in values
        else _no_number(refusals[indicator], Voice(report.language))
        for indicator in leading
    )


def words(report: Report, figure: Figure) -> Words:
    """Title, subtitle and alternative text of a figure: those of its definition, else made from its numbers."""
    say = Voice(report.language)
    if figure.missing:
        return Words(
            title=figure.title or say.words("No figure"), subtitle=figure.subtitle, description=say.name(figure.missing)
        )
    make_title, subtitle = FIGURES[figure.kind]
    described = description(figure.lines, say) if figure.lines and figure.kind != "calendar" else ""
    described += figure_words.describe(figure, say)
    described += " ".join(describe_value(value, say) for value in figure.values) + _describe_references(
        figure.references, say
    )
    named: list[Series | Value] = [*figure.lines, *figure.values]
    others = [goal.place for goal in figure.goals] + [mark.place for mark in figure.marks]
    places = text.listed(say.name(title) for title in [*(row.location_title for row in named), *others])
    unit = named[0].unit if named else "m"
    beside = f"{figure_words.intervals_told(figure, say)} {figure_words.shores_told(figure, say)}".strip()
    read = figure.subtitle or say.words(subtitle, unit=say.unit(unit), places=places, **_scale(figure, say))
    return Words(
        title=figure.title or make_title(report, figure),
        subtitle=f"{read} {beside}".strip(),
        description=f"{described} {beside}".strip() or say.words("No observations."),
    )


def alternative(report: Report, figure: Figure) -> tuple[str, str]:
    """Title and alternative text as they stand inside the drawing, with the mark of invented data."""
    found, mark = words(report, figure), f"{Voice(report.language).words(SYNTHETIC)}. " if report.synthetic else ""
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
    "One stripe a year, {places}: blue and with a dark foot below, red above the mean of all years drawn ({mean}), pale near"
    " it; the darkest is {widest} away. Years without a value are left empty."
)
CYCLE_LEGEND = (
    "In {unit}, {places}, by month. Grey: mean, lowest and highest of the years before. Orange: the newest year."
)


def intervals_title(report: Report, figure: Figure) -> str:
    """The message of numbers beside each other: the first of them."""
    say = Voice(report.language)
    first = figure.values[0]
    when = say.period(first.period_start, first.period_end)
    return f"{_title_and_place(first, say)}, {when}: {say.with_interval(first)}"


def _scale(figure: Figure, say: Voice) -> dict[str, str]:
    """What the colours of stripes stand for: the mean of all years drawn, and the greatest difference from it."""
    if figure.kind != "stripes":
        return {}
    line = figure.lines[0]
    mean, widest = spread(line)
    return {
        "mean": say.quantity(mean, line.decimals, line.unit), "widest": say.quantity(widest, line.decimals, line.unit),
    }  # fmt: skip


def spread(line: Series) -> tuple[float, float]:
    """The mean of the values that a line may join, and the greatest difference from it."""
    values = [line.values[i] for i in joined(line)]
    mean = sum(values) / len(values)
    return mean, max(abs(value - mean) for value in values)


def stripes_title(report: Report, figure: Figure) -> str:
    """The message of the stripes: the newest year and its place among all years drawn."""
    say = Voice(report.language)
    line = figure.lines[0]
    good = sorted(joined(line), key=lambda i: -line.values[i])
    newest = max(good)
    rank = good.index(newest) + 1
    amount = say.quantity(line.values[newest], line.decimals, line.unit)
    return say.words(
        "{place}, {year}: {amount}, number {rank} of {n} years from the top",
        place=say.place(line.location_title), year=line.times[newest].year, amount=amount, rank=rank, n=len(good),
    )  # fmt: skip


def cycle_title(report: Report, figure: Figure) -> str:
    """The message of the cycle: the newest month against the mean of that month in the years before."""
    say = Voice(report.language)
    line = figure.lines[0]
    newest = joined(line)[-1]
    month, year = line.times[newest].month, line.times[newest].year
    before = [line.values[i] for i in joined(line) if line.times[i].month == month and line.times[i].year < year]
    amount = say.quantity(line.values[newest], line.decimals, line.unit)
    title = f"{say.place(line.location_title)}, {say.month_of(year, month)}: {amount}"
    if not before:
        return title
    apart = say.quantity(line.values[newest] - sum(before) / len(before), line.decimals, line.unit, signed=True)
    return say.words("{title}, {apart} from the mean of {n} years before", title=title, apart=apart, n=len(before))


def level_title(report: Report, figure: Figure) -> str:
    """The message of the level chart: the observed change, else the mean level, else the newest observation."""
    say = Voice(report.language)
    leading = list(_leading(report.values, _leading_locations(report)).values())
    for headline in ("level_change", "level_mean"):
        for value in leading:
            if value.headline == headline:
                return (
                    _headline_of_change(value, say)
                    if headline == "level_change"
                    else SENTENCES[headline](value, say)[0]
                )
    for line in figure.lines:
        if good := joined(line):
            amount = say.quantity(line.values[good[-1]], line.decimals, line.unit)
            when = say.day(line.times[good[-1]])
            return say.words(
                "{place}: {amount} on {when} ({datum})",
                place=say.place(line.location_title), amount=amount, when=when, datum=say.name(line.datum_title),
            )  # fmt: skip
    return say.words("No level observations")


def lines_title(report: Report, figure: Figure) -> str:
    """The message of lines on one axis: the newest year at the lowest and the highest line."""
    say = Voice(report.language)
    newest = [(line, good[-1]) for line in figure.lines if (good := joined(line))]
    if not newest:
        return say.words("No surface temperatures")
    year = max(line.times[last].year for line, last in newest)
    ends = sorted((line.values[last], line, last) for line, last in newest if line.times[last].year == year)
    parts = dict.fromkeys(
        say.words(
            "{amount} in the {place}",
            amount=say.quantity(value, line.decimals, line.unit),
            place=say.name(line.location_title),
        )
        for value, line, _ in (ends[0], ends[-1])
        for at in (line.location_title,)
    )
    marks = {say.status(line.status[last]) for _, line, last in ends} - {""}
    if "surface_temperature" not in ends[0][1].variable_id:
        found = f"{year}: {say.words(' and ').join(parts)}"
        return found + (f" ({', '.join(sorted(marks))})" if marks else "")
    found = say.words("Sea surface in {year}: {parts}", year=year, parts=say.words(" and ").join(parts))
    return found + (f" ({', '.join(sorted(marks))})" if marks else "")


def joined(line: Series) -> list[int]:
    """Positions of the values a line may join: neither suspect, nor failed, nor missing by their flag."""
    return [i for i, flag in enumerate(line.qc_flags) if flag not in (SUSPECT, FAIL, MISSING)]


def description(lines: Iterable[Series], say: Voice = ENGLISH) -> str:
    """Alternative text: first, last, lowest and highest value of each line, and what is preliminary or flagged."""
    return " ".join(_describe(line, say) for line in lines) or say.words("No observations.")


def _describe(line: Series, say: Voice) -> str:
    good = joined(line)
    where = (
        f"{say.name(line.label)} ({say.unit(line.unit)}{f', {say.name(line.datum_title)}' if line.datum_title else ''})"
    )
    if not good:
        return say.words("{where}: no values.", where=where)
    low, high = (pick(good, key=lambda i: line.values[i]) for pick in (min, max))
    first, last, low_text, high_text = (
        f"{say.number(line.values[i], line.decimals)} {_when(line, i, say)}" for i in (good[0], good[-1], low, high)
    )
    marked = [f"{n} {say.name(word)}" for word in text.NOT_FINAL if (n := sum(line.status[i] == word for i in good))]
    if flagged := len(line.times) - len(good):
        marked.append(say.words("{n} flagged by quality control and not joined", n=flagged))
    counts = ", ".join([say.words("{n} values" if len(good) > 1 else "{n} value", n=len(good)), *marked])
    return say.words(
        "{where}: from {first} to {last}; lowest {low}, highest {high}; {counts}.",
        where=where, first=first, last=last, low=low_text, high=high_text, counts=counts,
    )  # fmt: skip


def describe_value(value: Value, say: Voice = ENGLISH) -> str:
    """Name, place, period, number and interval of a value in one sentence."""
    when = say.period(value.period_start, value.period_end)
    return f"{say.name(value.title)}, {say.name(value.location_title)}, {when}: {say.with_interval(value)}."


def _describe_references(levels: Iterable[ReferenceLevel], say: Voice) -> str:
    return "".join(f" {say.name(r.label)}: {say.quantity(r.value, r.decimals, r.unit)}." for r in levels)


def _when(line: Series, i: int, say: Voice) -> str:
    if line.resolution == "P1Y":
        return say.words("in {year}", year=line.times[i].year)
    return say.words("on {day}", day=say.day(line.times[i]))


def _leading_locations(report: Report) -> dict[str, str]:
    found: dict[str, str] = {}
    rows: tuple[Value | Refusal, ...] = (*report.values, *report.refusals)
    for row in rows:
        if row.headline:
            found.setdefault(row.indicator_id, row.location_id)
    place = {name: at for at, name in enumerate(report.leading)}
    return dict(sorted(found.items(), key=lambda pair: place.get(pair[0], len(place))))


def _leading(rows: Iterable[text.RowT], leading: dict[str, str]) -> dict[str, text.RowT]:
    return {row.indicator_id: row for row in text.latest(rows) if leading.get(row.indicator_id) == row.location_id}


def _message(report: Report, value: Value, refusal: Refusal | None) -> Message:
    say = Voice(report.language)
    headline, details = SENTENCES[value.headline](value, say)
    if mark := say.status(value.status):
        changes = "The value is {mark} and can change." if value.status == "preliminary" else "The value is {mark}."
        details.append(say.words(changes, mark=mark))
    if value.qc_flag in (SUSPECT, FAIL):
        details.append(say.words("Quality flag {flag}.", flag=say.qc(value.qc_flag)))
    if refusal and refusal.period_end > value.period_end:
        when = say.period(refusal.period_start, refusal.period_end)
        details.append(
            say.words("No number for {when}: {reason}.", when=when, reason=say.name(refusal.reason.rstrip(".")))
        )
    return Message(headline, " ".join(details), _anchor(report, value.indicator_id))


def _anchor(report: Report, indicator_id: str) -> str:
    """The first section that shows the indicator; the methods, which name every one, where no section does."""
    return next((section.id for section in report.sections if indicator_id in section.shows), "methods")


def _no_number(refusal: Refusal, say: Voice) -> Message:
    when = say.period(refusal.period_start, refusal.period_end)
    headline = say.words("{title}, {when}: no number", title=say.name(refusal.title), when=when)
    return Message(headline, say.sentence(say.name(refusal.reason)), "no-number")


def _interval(value: Value, say: Voice, meaning: str = "") -> list[str]:
    if value.ci_low is None:
        return [say.words("No interval is given.")]
    words = f"{say.interval(value)} {say.unit(value.unit)}".strip()
    return [f"{say.first_upper(words)}{say.words(meaning)}."]


def _datum(value: Value, say: Voice) -> list[str]:
    """The zero of a height; a title that names itself a datum is a sentence of its own."""
    if not value.datum_title:
        return []
    title = say.name(value.datum_title)
    if value.datum_title.startswith("Datum"):
        return [say.sentence(title)]
    return [say.words("Datum: {datum}.", datum=title.rstrip("."))]


def _mean(value: Value, say: Voice = ENGLISH) -> tuple[str, list[str]]:
    when = say.period(value.period_start, value.period_end)
    amount = say.quantity(value.value, value.decimals, value.unit)
    datum = _datum(value, say)
    place = say.place(value.location_title)
    headline = say.words("{place}, mean level in {when}: {amount}", place=place, when=when, amount=amount)
    return headline, _interval(value, say) + datum


def _change(value: Value, say: Voice = ENGLISH) -> tuple[str, list[str]]:
    details = _interval(value, say, ", measurement error only: it tells what happened between these years, not a trend")
    if text.contains_zero(value):
        details.append(say.words("The interval contains zero: no change is established."))
    return _headline_of_change(value, say), details


def _headline_of_change(value: Value, say: Voice = ENGLISH) -> str:
    first, last = say.ends(value.period_start, value.period_end)
    amount = say.quantity(value.value, value.decimals, value.unit, signed=True)
    return say.words(
        "{place}, observed change of level from {first} to {last}: {amount}",
        place=say.place(value.location_title), first=first, last=last, amount=amount,
    )  # fmt: skip


def _rate(value: Value, say: Voice = ENGLISH) -> tuple[str, list[str]]:
    first, last = say.ends(value.period_start, value.period_end)
    amount = say.quantity(value.value, value.decimals, value.unit, signed=True)
    details = _interval(value, say, ", natural variability included")
    if text.contains_zero(value):
        details.append(say.words("The interval contains zero: the sign of the mean rate is not established."))
    # N yearly means span N - 1 years: a period of exactly 20 calendar years still falls short of 20.
    if text.years(value) < 20.5:
        details.append(say.words("The period is too short for a statement of significance."))
    elif not text.contains_zero(value):
        details.append(say.words("The interval does not contain zero."))
    headline = say.words(
        "{place}, mean rate of level from {first} to {last}: {amount}",
        place=say.place(value.location_title), first=first, last=last, amount=amount,
    )  # fmt: skip
    return headline, details


def _anomaly(value: Value, say: Voice = ENGLISH) -> tuple[str, list[str]]:
    when = say.period(value.period_start, value.period_end)
    amount = say.quantity(value.value, value.decimals, value.unit, signed=True)
    details = [say.sentence(say.name(value.statistic)), *_interval(value, say)]
    if text.contains_zero(value):
        details.append(say.words("The interval contains zero."))
    return f"{_place_and_title(value, say)}, {when}: {amount}", details


def _place_and_title(value: Value, say: Voice = ENGLISH) -> str:
    """Place and title, unless the title names the place already ("Global …")."""
    if value.location_title.lower()[:4] in value.title.lower():
        return say.name(value.title)
    title = say.name(value.title)
    return f"{say.name(value.location_title)}, {title if title[:1] == '[' else say.first_lower(title)}"


def _title_and_place(value: Value, say: Voice) -> str:
    """Title and place, unless the title names the place already ("… of the Caspian Sea …")."""
    title = say.name(value.title)
    place = value.location_title.removesuffix(" without Kara-Bogaz-Gol")
    return title if place in value.title else f"{title}, {say.place(value.location_title)}"


def _context(value: Value, say: Voice = ENGLISH) -> tuple[str, list[str]]:
    when = say.period(value.period_start, value.period_end)
    amount = say.quantity(value.value, value.decimals, value.unit)
    details = [
        say.sentence(say.name(value.statistic)),
        *_interval(value, say),
        say.words("Context: no cause of the level is implied."),
    ]
    return f"{_place_and_title(value, say)}, {when}: {amount}", details


def _number(value: Value, say: Voice = ENGLISH) -> tuple[str, list[str]]:
    when = say.period(value.period_start, value.period_end)
    amount = say.quantity(value.value, value.decimals, value.unit)
    datum = _datum(value, say)
    return f"{_place_and_title(value, say)}, {when}: {amount}", [
        say.sentence(say.name(value.statistic)),
        *_interval(value, say),
        *datum,
    ]


SENTENCES: dict[str, Callable[[Value, Voice], tuple[str, list[str]]]] = {
    "level_mean": _mean, "level_change": _change, "mean_rate": _rate,
    "sst_anomaly": _anomaly, "air_anomaly": _anomaly, "co2": _context, "number": _number,
}  # fmt: skip

FIGURES: dict[str, tuple[Callable[[Report, Figure], str], str]] = {
    "level": (level_title, LEVEL_LEGEND), "lines": (lines_title, LINES_LEGEND), "stripes": (stripes_title, STRIPES_LEGEND),
    "cycle": (cycle_title, CYCLE_LEGEND), "intervals": (intervals_title, INTERVALS_LEGEND),
    "map": (figure_words.map_title, figure_words.MAP_LEGEND), "goals": (figure_words.goals_title, figure_words.GOALS_LEGEND),
    "drafts": (figure_words.drafts_title, figure_words.DRAFTS_LEGEND),
    "balance": (figure_words.balance_title, figure_words.BALANCE_LEGEND),
    "calendar": (figure_words.calendar_title, figure_words.CALENDAR_LEGEND),
}  # fmt: skip
