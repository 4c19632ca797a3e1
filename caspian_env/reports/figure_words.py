"""What maps, targets, ports, water balance and heatwaves say: titles, legends and alternative text from their numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from caspian_env.reports import text
from caspian_env.reports.model import Figure, Report, Series
from caspian_env.reports.things import Goal, GoalSource, Mark
from caspian_env.reports.voice import Voice

MAP_LEGEND = (
    "In {unit}, by part of the sea; equal-area projection. The shoreline is that of about −28 m (GSHHG); at a lower level"
    " the shore lies further out, most of all in the north. Triangles: rivers; squares: ports, by their towns."
    " Differences: blue below zero and red above, amounts pale to dark. Hatched: no number."
)
SHORES_LEGEND = (
    "Thick line: the shore at {now} ({when}); dashed: at {before}. Both are modelled from the relief of the bed, not"
    " observed."
)
NO_SHORES = "The shore of the date is not drawn: the grid of the relief is not at hand."
GOALS_LEGEND = (
    "Emissions in per cent of the base year, {places}. Bar: what the target allows. Signs: the newest year of each source"
    " against its own base year; filled where it is on the basis of the target, hollow where it is not and does not"
    " count. Thin line: the spread of the sources."
)
DRAFTS_LEGEND = (
    "In {unit}, {places}. Hollow: as the source prints it; no source says to which zero a depth belongs, so a depth is no"
    " draught. Filled: the draught that the depth allows, where the rule gives one, with its interval."
)
BALANCE_LEGEND = (
    "In {unit} a year, {places}. Above zero: gains, below: losses; diamond: the observed change. Below, the residual, observed"
    " less expected, with its 90 % interval; it is an alarm about the data and no finding."
)
CALENDAR_LEGEND = (
    "Days of marine heatwave in the mean surface temperature, {places}: at least five days above the 90th percentile of"
    " 1991–2020 for their season (Hobday et al. 2016, 2018). The darker and taller, the stronger. Empty: no value."
)
CATEGORIES = ("moderate", "strong", "severe", "extreme")
HALF_90 = 1.645  # standard uncertainties in half of a 90 % interval of a normal error


def is_difference(figure: Figure) -> bool:
    """Whether the numbers of a map are differences, which have zero in the middle of their colours."""
    return any("anomaly" in value.indicator_id or "trend" in value.indicator_id for value in figure.values)


def map_title(report: Report, figure: Figure) -> str:
    """The message of a map: the highest and the lowest part, or what is the same in all of them as it is printed."""
    say, first = Voice(report.language), figure.values[0]
    signed = is_difference(figure)
    ends = sorted(figure.values, key=lambda value: value.value)
    amounts = {v.location_id: say.quantity(v.value, v.decimals, v.unit, signed=signed) for v in ends}
    parts = [f"{say.place(v.location_title)} {amounts[v.location_id]}" for v in dict.fromkeys((ends[-1], ends[0]))]
    if len(ends) > 1 and len(set(amounts.values())) == 1:
        parts = [say.words("{amount} in every part", amount=amounts[first.location_id])]
    return f"{say.name(first.title)}, {say.period(first.period_start, first.period_end)}: {', '.join(parts)}"


def intervals_told(figure: Figure, say: Voice) -> str:
    """Where on a map the intervals stand, and of differences which of them leave the sign open; empty without any."""
    levels = {value.ci_level for value in figure.values if value.ci_low is not None}
    if figure.kind != "map" or len(levels) != 1 or None in levels:
        return ""
    told = [say.words("Small, below each place: its {level} interval.", level=text.level(levels.pop() or 0.0))]
    unsure = [value for value in figure.values if text.contains_zero(value)] if is_difference(figure) else []
    if unsure and len(unsure) == len(figure.values):
        told.append(say.words("Every interval contains zero: no sign is established."))
    elif unsure:
        places = text.listed(say.name(value.location_title) for value in unsure)
        told.append(say.words("The interval contains zero, the sign is not established: {places}.", places=places))
    return " ".join(told)


def shores_told(figure: Figure, say: Voice) -> str:
    """How to read the shores of a map, or why there are none; empty where none are to be drawn."""
    if figure.shores is None:
        return say.words(NO_SHORES)
    if not figure.shores:
        return ""
    now, before = figure.shores
    return say.words(
        SHORES_LEGEND, now=say.quantity(now.level, 2, "m"), when=now.when, before=say.quantity(before.level, 2, "m")
    )


def goals_title(report: Report, figure: Figure) -> str:
    """The message of the targets: the first of them, with the lowest and the highest source."""
    say, goal = Voice(report.language), figure.goals[0]
    ends = [one.percent for one in goal.sources]
    return say.words(
        "{goal}: {low} to {high} % by source",
        goal=goal_label(goal, say), low=say.number(min(ends), 0), high=say.number(max(ends), 0),
    )  # fmt: skip


def goal_label(goal: Goal, say: Voice) -> str:
    """The country and what the target allows."""
    if not goal.allowed:
        return say.words("{place}, net zero in {year}", place=say.name(goal.place), year=goal.target_year)
    words = (
        "{place}, {allowed} % of {base} in {year}, with support"
        if goal.conditional
        else "{place}, {allowed} % of {base} in {year}"
    )
    return say.words(
        words,
        place=say.name(goal.place),
        allowed=say.number(goal.allowed, 0),
        base=goal.base_year,
        year=goal.target_year,
    )


def goal_source(goal: Goal, one: GoalSource, say: Voice) -> str:
    """What one source says of a target, in words."""
    words = "{place}, {source}, {year}: {percent} % of {base}" if one.counted else (
        "{place}, {source}, {year}: {percent} % of {base}, not counted"
    )  # fmt: skip
    return say.words(
        words, place=say.name(goal.place), source=one.label, year=one.year, percent=say.number(one.percent, 0),
        base=goal.base_year,
    )  # fmt: skip


def describe_mark(mark: Mark, say: Voice) -> str:
    """A reported depth or draught in words, with its date."""
    span = say.number(mark.value, 1) + (f"–{say.number(mark.high, 1)}" if mark.high is not None else "")
    dated = f" ({mark.as_of})" if mark.as_of else ""
    return f"{say.name(mark.what)}, {say.name(mark.place)}: {span} {say.unit('m')}{dated}"


def drafts_title(report: Report, figure: Figure) -> str:
    """The message of the ports: the smallest draught that is told, else the smallest depth."""
    say = Voice(report.language)
    chosen = [mark for mark in figure.marks if mark.kind == "draught"] or figure.marks
    return describe_mark(min(chosen, key=lambda mark: mark.value), say)


def named_line(figure: Figure, label: str) -> Series:
    """The line of a figure with that label."""
    return next(line for line in figure.lines if line.label == label)


def balance_years(figure: Figure) -> dict[int, dict[str, float]]:
    """The terms of every year of which all are known; evaporation as a loss, and what else the expected change holds."""
    by_term = {line.label: {at.year: v for at, v in zip(line.times, line.values, strict=True)} for line in figure.lines}
    years = sorted(set.intersection(*(set(found) for found in by_term.values())))
    rows = {}
    for year in years:
        terms = {term: found[year] for term, found in by_term.items()}
        terms["evaporation"] = -terms["evaporation"]
        terms["other terms"] = terms["expected"] - terms["rivers"] - terms["precipitation"] - terms["evaporation"]
        rows[year] = terms
    return rows


def balance_title(report: Report, figure: Figure) -> str:
    """The message of the balance: what of the newest year is left unexplained, with its interval."""
    say, years = Voice(report.language), balance_years(figure)
    year, line = max(years), named_line(figure, "residual")
    at = next(i for i, moment in enumerate(line.times) if moment.year == year)
    value, u = line.values[at], line.std_uncertainty[at]
    amount = say.quantity(value, line.decimals, line.unit, signed=True)
    if u is None:
        return say.words("Water balance of {year}: {amount} are left unexplained", year=year, amount=amount)
    low, high = (say.number(value + side * HALF_90 * u, line.decimals) for side in (-1, 1))
    return say.words(
        "Water balance of {year}: {amount} are left unexplained (90 % interval {low} to {high})",
        year=year, amount=amount, low=low, high=high,
    )  # fmt: skip


def calendar_title(report: Report, figure: Figure) -> str:
    """The message of the calendar: how many days of the newest year were in a heatwave, and in which year most."""
    say, line = Voice(report.language), figure.lines[0]
    counts = heatwave_days(line)
    newest, most = max(counts), max(counts, key=lambda year: (counts[year], year))
    words = (
        "{place}, days of marine heatwave in {year}: {n}, most of all years"
        if newest == most
        else "{place}, days of marine heatwave in {year}: {n}; most in {most}: {days}"
    )
    return say.words(
        words, place=say.place(line.location_title), n=counts[newest], year=newest, most=most, days=counts[most]
    )


def heatwave_days(line: Series) -> dict[int, int]:
    """Days in a heatwave by year."""
    counts: dict[int, int] = {}
    for moment, value in zip(line.times, line.values, strict=True):
        counts[moment.year] = counts.get(moment.year, 0) + (value > 0)
    return counts


def spell(year: int, day: int, length: int, category: int, say: Voice) -> str:
    """A run of days of one category in words; ``day`` counts from 0 in a leap year."""
    first = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=day)
    last = first + timedelta(days=length - 1)
    return f"{say.words(CATEGORIES[category - 1])}, {year}-{first:%m-%d} – {year}-{last:%m-%d}"


def describe(figure: Figure, say: Voice) -> str:
    """Alternative text of what is neither a line over time nor a value: targets, ports, the calendar."""
    told = [
        goal_label(goal, say) + ": " + "; ".join(goal_source(goal, one, say) for one in goal.sources)
        for goal in figure.goals
    ]
    told += [describe_mark(mark, say) for mark in figure.marks]
    if figure.kind == "calendar":
        days = ", ".join(f"{year} {n}" for year, n in heatwave_days(figure.lines[0]).items())
        told.append(say.words("Days of marine heatwave by year: {days}", days=days))
    return " ".join(f"{words}." for words in told)
